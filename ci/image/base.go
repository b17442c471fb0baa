package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/mlfleet/mlfleet/ci/debian"
	"github.com/mlfleet/mlfleet/ci/layer"
	"github.com/mlfleet/mlfleet/ci/registry"
)

// Debian names the base that is made of the packages in ci/debian.lock.
const Debian = "debian"

// base is what the image stands on, for one architecture.
type base struct {
	layers    []part
	env       []string
	labels    map[string]string
	materials []Material
}

// foundation gives bases: one of packages or one from a registry.
type foundation interface {
	base(ctx context.Context, architecture string) (*base, error)
}

// open finds the base, and fails where it cannot be one.
func (r *run) open() (foundation, error) {
	if r.Base != Debian {
		if r.Client == nil {
			client, err := registry.New(registry.Config{})
			if err != nil {
				return nil, err
			}
			r.Client = client
		}
		_, err := r.Client.Digest(r.Base)
		return remote{r.Build}, err
	}
	if r.GPU {
		return nil, errors.New("the base of Debian packages has no CUDA; name a CUDA runtime image by its digest as the base")
	}
	file := filepath.Join(r.source, "ci", "debian.lock")
	lock, err := debian.ReadLock(file)
	if err != nil {
		return nil, err
	}
	sum, err := hashFile(file)
	if err != nil {
		return nil, fmt.Errorf("hash the lock of Debian packages: %w", err)
	}
	archive := r.Debian
	if archive == nil {
		archive = debian.NewArchive(os.Getenv(debian.MirrorVariable), filepath.Join(r.Cache, "debian"))
	}
	return packages{archive: archive, lock: lock, sum: sum, cache: r.cache}, nil
}

// packages is the base made of Debian packages.
type packages struct {
	archive *debian.Archive
	lock    *debian.Lock
	sum     string // SHA-256 of the lock file
	cache   *layer.Cache
}

func (p packages) base(ctx context.Context, architecture string) (*base, error) {
	locked, err := p.lock.For(architecture)
	if err != nil {
		return nil, err
	}
	layers, err := cached(p.cache, LayerBase, "Debian packages of ci/debian.lock", func() (v1.Layer, error) {
		return p.archive.Base(ctx, p.lock, architecture, p.cache)
	})
	if err != nil {
		return nil, err
	}
	b := &base{layers: []part{layers}, labels: map[string]string{
		// base.name and base.digest name an image, and there is none.
		"dev.mlfleet.base.debian.suite": p.lock.Suite,
		"dev.mlfleet.base.debian.lock":  "sha256:" + p.sum,
	}}
	for _, l := range locked {
		b.materials = append(b.materials, Material{
			URI:    strings.ReplaceAll(fmt.Sprintf("pkg:deb/debian/%s@%s?arch=%s&distro=%s", l.Name, l.Version, architecture, p.lock.Suite), "+", "%2B"),
			Digest: map[string]string{"sha256": l.SHA256},
		})
	}
	return b, nil
}

// remote is the base at a registry.
type remote struct {
	build Build
}

func (r remote) base(ctx context.Context, architecture string) (*base, error) {
	ref, err := r.build.Client.Digest(r.build.Base)
	if err != nil {
		return nil, fmt.Errorf("the base: %w", err)
	}
	want := v1.Platform{OS: "linux", Architecture: architecture}
	img, err := r.build.Client.Image(ctx, ref, want)
	if err != nil {
		return nil, fmt.Errorf("the base: %w", err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("the base %s: read its config: %w", ref, err)
	}
	// A reference to one image rather than an index is that image for everybody.
	if !config.Platform().Satisfies(want) {
		return nil, fmt.Errorf("the base %s is for %s, and %s is to be built; name the index of several platforms, or build for that one", ref, config.Platform(), want)
	}
	layers, err := img.Layers()
	if err != nil {
		return nil, fmt.Errorf("the base %s: %w", ref, err)
	}
	b := &base{
		env: config.Config.Env, labels: others(config.Config.Labels),
		materials: []Material{{URI: "oci://" + ref.Name(), Digest: map[string]string{"sha256": strings.TrimPrefix(ref.DigestStr(), "sha256:")}}},
	}
	b.labels["org.opencontainers.image.base.name"] = ref.Context().Name()
	b.labels["org.opencontainers.image.base.digest"] = ref.DigestStr()
	for _, l := range layers {
		b.layers = append(b.layers, part{name: LayerBase, by: "base " + ref.Name(), layer: ociLayer{l}, reused: true})
	}
	return b, nil
}

// others are the labels of the base that stay true: what it says of itself with
// OCI's own keys would be said of the image.
func others(labels map[string]string) map[string]string {
	kept := map[string]string{}
	for k, v := range labels {
		if !strings.HasPrefix(k, "org.opencontainers.image.") {
			kept[k] = v
		}
	}
	return kept
}

// ociLayer names a layer's type as the OCI specification does. NVIDIA's images
// have Docker's names for the same bytes, and a manifest should not mix them.
type ociLayer struct{ v1.Layer }

func (l ociLayer) MediaType() (types.MediaType, error) {
	t, err := l.Layer.MediaType()
	switch t {
	case types.DockerLayer:
		return types.OCILayer, err
	case types.DockerUncompressedLayer:
		return types.OCIUncompressedLayer, err
	case types.DockerForeignLayer:
		return types.OCIRestrictedLayer, err
	}
	return t, err
}
