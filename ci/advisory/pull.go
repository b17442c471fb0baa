package advisory

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/klauspost/compress/gzip"
)

// layerType is the media type of the one layer of Trivy's database artifact.
const layerType = "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip"

const (
	// maxDatabase is the most bytes that a database may have uncompressed, and with it the archive that it is in. Trivy's
	// had 0.9 GiB in 2026.
	maxDatabase = 8 << 30
	// maxMetadata is the most that metadata.json may have: it holds four values.
	maxMetadata = 64 << 10
)

// DefaultRepositories is where Aqua publishes the database, every six hours: the origin, then the mirror on AWS.
func DefaultRepositories() []string {
	return []string{"ghcr.io/aquasecurity/trivy-db:2", "public.ecr.aws/aquasecurity/trivy-db:2"}
}

// Source says where to pull from.
type Source struct {
	// Repositories are tried in turn until one answers; nil means [DefaultRepositories].
	Repositories []string
	// Names are options of the references: name.Insecure for a registry without TLS.
	Names []name.Option
	// Remote are the registry's options: keychain, transport, retries. The context is added to them.
	Remote []remote.Option
}

// Pull replaces the database in dir by the newest one of the source. It does not judge its age: [Open] does.
// The layer's digest is checked on the way; a database that is not whole never gets into dir.
func Pull(ctx context.Context, dir string, now time.Time, from Source) (Metadata, error) {
	repositories := from.Repositories
	if repositories == nil {
		repositories = DefaultRepositories()
	}
	var failed []error
	for _, repository := range repositories {
		metadata, err := install(dir, func(staging string) (Metadata, error) {
			return pull(ctx, staging, now, repository, from)
		})
		if err == nil {
			return metadata, nil
		}
		failed = append(failed, fmt.Errorf("pulling the vulnerability database from %s: %w", repository, err))
		if ctx.Err() != nil {
			break
		}
	}
	if failed == nil {
		return Metadata{}, errors.New("pulling the vulnerability database: no repository is named")
	}
	return Metadata{}, errors.Join(failed...)
}

func pull(ctx context.Context, staging string, now time.Time, repository string, from Source) (Metadata, error) {
	reference, err := name.ParseReference(repository, from.Names...)
	if err != nil {
		return Metadata{}, err
	}
	img, err := remote.Image(reference, append([]remote.Option{remote.WithContext(ctx)}, from.Remote...)...)
	if err != nil {
		return Metadata{}, err
	}
	layer, err := onlyLayer(img)
	if err != nil {
		return Metadata{}, err
	}
	if err := unpack(layer, staging, maxDatabase); err != nil {
		return Metadata{}, err
	}
	data, err := os.ReadFile(filepath.Join(staging, metadataFile))
	if err != nil {
		return Metadata{}, fmt.Errorf("%w: the artifact holds no %s", ErrCorrupt, metadataFile)
	}
	var m Metadata
	if err := json.Unmarshal(data, &m); err != nil {
		return Metadata{}, fmt.Errorf("%w: %s: %w", ErrCorrupt, metadataFile, err)
	}
	m.DownloadedAt = now.UTC()
	return m, nil
}

func onlyLayer(img v1.Image) (v1.Layer, error) {
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	if len(layers) != 1 {
		return nil, fmt.Errorf("%w: the artifact has %d layers instead of one", ErrSchema, len(layers))
	}
	kind, err := layers[0].MediaType()
	if err != nil {
		return nil, err
	}
	if kind != layerType {
		return nil, fmt.Errorf("%w: the artifact's layer is %s instead of %s", ErrSchema, kind, layerType)
	}
	return layers[0], nil
}

// unpack writes the database's two files. Whatever else the archive holds, and wherever it wants to put it, is left out:
// names are compared, never joined. An archive of more than that many bytes, and room for
// metadata.json, is not read to its end.
func unpack(layer v1.Layer, staging string, most int64) error {
	blob, err := layer.Compressed() // go-containerregistry checks size and digest while it is read to its end
	if err != nil {
		return err
	}
	defer blob.Close()
	unzipped, err := gzip.NewReader(blob)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	bounded := &io.LimitedReader{R: unzipped, N: most + maxMetadata}
	archive := tar.NewReader(bounded)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if bounded.N <= 0 {
			return fmt.Errorf("%w: the archive has more than %d bytes, and no database does", ErrCorrupt, most)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		if h.Typeflag != tar.TypeReg || (h.Name != databaseFile && h.Name != metadataFile) {
			continue
		}
		if limit := map[string]int64{databaseFile: most, metadataFile: maxMetadata}[h.Name]; h.Size > limit {
			return fmt.Errorf("%w: %s has %d bytes, at most %d are read", ErrCorrupt, h.Name, h.Size, limit)
		}
		if err := save(archive, filepath.Join(staging, h.Name)); err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, blob); err != nil { // the digest is known only at the end
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if _, err := os.Stat(filepath.Join(staging, databaseFile)); err != nil {
		return fmt.Errorf("%w: the artifact holds no %s", ErrCorrupt, databaseFile)
	}
	return nil
}

func save(from io.Reader, path string) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing the vulnerability database: %w", err)
	}
	if _, err := io.Copy(f, from); err != nil {
		return errors.Join(fmt.Errorf("%w: %w", ErrCorrupt, err), f.Close())
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("writing the vulnerability database: %w", err)
	}
	return nil
}
