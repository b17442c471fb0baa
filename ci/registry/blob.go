package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/renameio/v2"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// blob is a layer at a registry. It is fetched whole and checked before a byte
// of it is used: a reader of tar stops at the archive's end, and would never
// see the checksum of what follows.
type blob struct {
	client *Client
	ctx    context.Context //nolint:containedctx // v1.Layer's methods take none
	ref    name.Digest
	desc   v1.Descriptor
	diffID v1.Hash
	label  string // "layer 2 of ghcr.io/…", for errors
}

func (b *blob) Digest() (v1.Hash, error)            { return b.desc.Digest, nil }
func (b *blob) DiffID() (v1.Hash, error)            { return b.diffID, nil }
func (b *blob) Size() (int64, error)                { return b.desc.Size, nil }
func (b *blob) MediaType() (types.MediaType, error) { return b.desc.MediaType, nil }

// Compressed opens the blob as it is at the registry.
func (b *blob) Compressed() (io.ReadCloser, error) {
	path := filepath.Join(b.client.cache, b.desc.Digest.Hex)
	if f, err := os.Open(path); err == nil {
		if got, size, err := v1.SHA256(f); err == nil && got == b.desc.Digest && size == b.desc.Size {
			if _, err = f.Seek(0, io.SeekStart); err == nil {
				return f, nil
			}
		}
		f.Close()
	}
	if err := os.MkdirAll(b.client.cache, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder for pulled layers: %w", err)
	}
	if err := b.client.Do(b.ctx, "pull "+b.label, b.ref.RegistryStr(), func(options []remote.Option) error {
		return b.fetch(path, options)
	}); err != nil {
		return nil, err
	}
	return os.Open(path)
}

// fetch downloads the blob into a file, whole or not at all.
func (b *blob) fetch(path string, options []remote.Option) error {
	l, err := remote.Layer(b.ref, options...)
	if err != nil {
		return err
	}
	body, err := l.Compressed()
	if err != nil {
		return err
	}
	defer body.Close()
	file, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o644))
	if err != nil {
		return err
	}
	defer file.Cleanup() //nolint:errcheck // after CloseAtomicallyReplace there is nothing left to clean
	// One byte more than there may be shows that there is more. go-containerregistry
	// checks the digest at the end of the body.
	switch n, err := io.Copy(file, io.LimitReader(body, b.desc.Size+1)); {
	case err != nil:
		return fmt.Errorf("blob %s: %w", b.desc.Digest, err)
	case n != b.desc.Size:
		return fmt.Errorf("blob %s has other than the %d bytes that the manifest says", b.desc.Digest, b.desc.Size)
	}
	return file.CloseAtomicallyReplace()
}

// Uncompressed opens the layer's tar archive. A read at its end fails when the
// contents are not those that the image's config names.
func (b *blob) Uncompressed() (io.ReadCloser, error) {
	file, err := b.Compressed()
	if err != nil {
		return nil, err
	}
	u := &unpacked{file: file, want: b.diffID, sum: sha256.New(), label: b.label}
	switch b.desc.MediaType {
	case types.OCILayer, types.DockerLayer, types.OCIRestrictedLayer, types.DockerForeignLayer:
		zr, err := gzip.NewReader(file)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", b.label, err), file.Close())
		}
		u.plain = zr
	case types.OCILayerZStd:
		zr, err := zstd.NewReader(file, zstd.WithDecoderMaxMemory(256<<20), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", b.label, err), file.Close())
		}
		u.plain, u.stop = zr, zr.Close
	default:
		u.plain = file
	}
	return u, nil
}

// unpacked is a layer read through its decompressor.
type unpacked struct {
	file  io.ReadCloser
	plain io.Reader
	stop  func()
	sum   hash.Hash
	want  v1.Hash
	label string
}

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.plain.Read(p)
	u.sum.Write(p[:n])
	switch {
	case err == io.EOF:
		if got := hex.EncodeToString(u.sum.Sum(nil)); got != u.want.Hex {
			return n, fmt.Errorf("%s: its contents have the diff ID sha256:%s, the config says %s", u.label, got, u.want)
		}
	case err != nil:
		return n, fmt.Errorf("%s: unpack: %w", u.label, err)
	}
	return n, err
}

func (u *unpacked) Close() error {
	if u.stop != nil {
		u.stop()
	}
	return u.file.Close()
}

// isNotFound says whether the registry answered that it has no such thing.
func isNotFound(err error) bool {
	var answer *transport.Error
	return errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound
}
