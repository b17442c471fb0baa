package image_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/mlfleet/mlfleet/ci/image"
	"github.com/mlfleet/mlfleet/ci/registry"
)

// local is a registry on this machine that stands for example.com.
func local(t *testing.T) *registry.Client {
	t.Helper()
	l, err := registry.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := registry.New(registry.Config{
		Mirrors: map[string]string{"example.com": l.Address()}, Cache: t.TempDir(), Attempts: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// push pushes something to example.com/NAME.
func push(t *testing.T, c *registry.Client, repository string, m registry.Manifest, tags ...string) name.Digest {
	t.Helper()
	repo, err := name.NewRepository("example.com/" + repository)
	if err != nil {
		t.Fatal(err)
	}
	pushed, err := c.Push(t.Context(), repo, m, tags...)
	if err != nil {
		t.Fatal(err)
	}
	return pushed
}

// vendors is a base image as vendors publish them: Docker's media types, an
// environment that matters, an entrypoint that does not, labels of both kinds.
func vendors(t *testing.T, architecture string) v1.Image {
	t.Helper()
	img, err := random.Image(1000, 2)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", architecture
	config.Config = v1.Config{
		User: "root", Entrypoint: []string{"/nvidia_entrypoint.sh"}, Cmd: []string{"bash"},
		Env:    []string{"LD_LIBRARY_PATH=/usr/local/nvidia/lib64", "PATH=/usr/local/cuda/bin:/usr/bin"},
		Labels: map[string]string{"com.nvidia.cudnn.version": "9.1", "org.opencontainers.image.title": "CUDA"},
	}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	return img
}

// of is an index of images.
func of(t *testing.T, architectures ...string) v1.ImageIndex {
	t.Helper()
	var idx v1.ImageIndex = empty.Index
	for _, a := range architectures {
		idx = mutate.AppendManifests(idx, mutate.IndexAddendum{Add: vendors(t, a), Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: "linux", Architecture: a},
		}})
	}
	return idx
}

func TestBaseFromARegistry(t *testing.T) {
	client := local(t)
	base := push(t, client, "nvidia/cuda", of(t, "amd64", "arm64"))
	r := build(t, image.Build{Root: checkout(t), Cache: downloads, Client: client, Base: base.Name(), Architectures: []string{"amd64"}})
	img := r.Images[0].Image
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i, l := range r.Layers {
		names = append(names, l.Name)
		if l.Name == image.LayerBase && !l.Reused {
			t.Error("a layer of the base counts as built")
		}
		if m := manifest.Layers[i]; m.MediaType != types.OCILayer || m.Digest != l.Digest {
			t.Errorf("layer %d is %s %s, want %s %s", i, m.MediaType, m.Digest, types.OCILayer, l.Digest)
		}
	}
	if want := []string{image.LayerBase, image.LayerBase, image.LayerRuntime, image.LayerServer, image.LayerModel}; !slices.Equal(names, want) {
		t.Errorf("layers %q, want %q", names, want)
	}
	for _, want := range []string{"LD_LIBRARY_PATH=/usr/local/nvidia/lib64", "PATH=/usr/local/cuda/bin:/usr/bin", "MODEL_REPOSITORY=/models"} {
		if !slices.Contains(config.Config.Env, want) {
			t.Errorf("the environment is %q; want %s in it", config.Config.Env, want)
		}
	}
	for key, want := range map[string]string{
		"com.nvidia.cudnn.version":             "9.1",
		"org.opencontainers.image.title":       r.Metadata.Title,
		"org.opencontainers.image.base.name":   "example.com/nvidia/cuda",
		"org.opencontainers.image.base.digest": base.DigestStr(),
	} {
		if got := config.Config.Labels[key]; got != want {
			t.Errorf("label %s is %q, want %q", key, got, want)
		}
	}
	if got := manifest.Annotations["org.opencontainers.image.base.digest"]; got != base.DigestStr() {
		t.Errorf("the annotation of the base's digest is %q", got)
	}
	if config.Config.User != "65532:65532" || !slices.Equal(config.Config.Entrypoint, []string{"/mlfleet-inference"}) {
		t.Errorf("user %s, entrypoint %q: those of the base?", config.Config.User, config.Config.Entrypoint)
	}
	// Layers of the base come to the other repository as well.
	pushed := push(t, client, "inference", r.Index)
	back, err := client.Index(t.Context(), pushed)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(back); err != nil {
		t.Error(err)
	}
}

func TestBaseThatCannotBeOneIsRefused(t *testing.T) {
	client := local(t)
	amd64 := push(t, client, "amd64", of(t, "amd64")).Name()
	single := push(t, client, "single", vendors(t, "arm64")).Name()
	root := checkout(t)
	for what, c := range map[string]struct{ base, want string }{
		"an index that lacks a platform":     {amd64, "no image for linux/arm64"},
		"one image, for another platform":    {single, "is for linux/arm64, and linux/amd64 is to be built"},
		"a digest that the registry lacks":   {"example.com/amd64@sha256:" + strings.Repeat("1", 64), "check that the image was pushed there"},
		"a digest that is too short":         {"example.com/amd64@sha256:1234", "example.com/amd64@sha256:1234"},
		"a repository that is not there":     {strings.Replace(amd64, "/amd64@", "/other@", 1), "example.com/other"},
		"a registry that does not answer it": {"localhost:1/x@sha256:" + strings.Repeat("1", 64), "localhost:1"},
	} {
		t.Run(what, func(t *testing.T) {
			architectures := []string{"amd64"}
			if c.base == amd64 {
				architectures = []string{"arm64"}
			}
			_, err := image.Build{Root: root, Cache: downloads, Client: client, Base: c.base, Architectures: architectures}.Run(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v; want %q in it", err, c.want)
			}
		})
	}
}

func TestIndexValidatesAfterPushAndPull(t *testing.T) {
	client := local(t)
	r := build(t, image.Build{Root: checkout(t), Cache: downloads})
	pushed := push(t, client, "mlfleet/inference", r.Index, r.Metadata.Tag())
	if pushed.DigestStr() != r.Digest.String() {
		t.Fatalf("pushed %s, built %s", pushed.DigestStr(), r.Digest)
	}
	tag, err := client.Reference("example.com/mlfleet/inference:" + r.Metadata.Tag())
	if err != nil {
		t.Fatal(err)
	}
	found, err := client.Resolve(t.Context(), tag)
	if err != nil || found != pushed {
		t.Fatalf("the tag names %s (%v), want %s", found, err, pushed)
	}
	back, err := client.Index(t.Context(), found)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(back); err != nil {
		t.Fatal(err)
	}
	manifest, err := back.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"source": image.Repository, "revision": r.Metadata.Revision, "version": r.Metadata.Tag(),
		"created": "2026-01-02T03:04:05Z", "title": "mlfleet inference server", "licenses": "Apache-2.0",
	} {
		if got := manifest.Annotations["org.opencontainers.image."+key]; got != want {
			t.Errorf("annotation %s of the index is %q, want %q", key, got, want)
		}
	}
	var platforms []string
	for _, m := range manifest.Manifests {
		platforms = append(platforms, m.Platform.String())
	}
	if !slices.Equal(platforms, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("platforms %q", platforms)
	}
	for _, p := range r.Images {
		inspect(t, r, p)
	}
}

// inspect compares an image with docs/contract.md and with OCI's annotations.
func inspect(t *testing.T, r *image.Result, p image.Platform) {
	t.Helper()
	config, err := p.Image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := p.Image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	c := config.Config
	if config.Architecture != p.Arch || config.OS != "linux" || !config.Created.Equal(r.Metadata.Created) {
		t.Errorf("%s: config is for %s/%s, created %s", p.Arch, config.OS, config.Architecture, config.Created)
	}
	if c.User != "65532:65532" || !slices.Equal(c.Entrypoint, []string{"/mlfleet-inference"}) || !slices.Equal(c.Cmd, []string{"serve"}) {
		t.Errorf("%s: user %s, entrypoint %q, command %q", p.Arch, c.User, c.Entrypoint, c.Cmd)
	}
	if got := slices.Sorted(maps.Keys(c.ExposedPorts)); !slices.Equal(got, []string{"8000/tcp", "8001/tcp", "8002/tcp"}) {
		t.Errorf("%s: ports %q", p.Arch, got)
	}
	if !slices.Contains(c.Env, "ORT_DISABLE_TELEMETRY=1") {
		t.Errorf("%s: environment %q; without ORT_DISABLE_TELEMETRY ONNX Runtime crashes where there is no shell", p.Arch, c.Env)
	}
	for key, want := range map[string]string{
		"org.opencontainers.image.source": image.Repository, "org.opencontainers.image.revision": r.Metadata.Revision,
		"org.opencontainers.image.version": r.Metadata.Tag(), "dev.mlfleet.base.debian.suite": "bookworm",
	} {
		if c.Labels[key] != want || manifest.Annotations[key] != want {
			t.Errorf("%s: %s is %q as a label and %q as an annotation, want %q", p.Arch, key, c.Labels[key], manifest.Annotations[key], want)
		}
	}
	var layers []string
	for _, h := range config.History {
		layers = append(layers, h.Comment)
	}
	if want := []string{image.LayerBase, image.LayerRuntime, image.LayerServer, image.LayerModel}; !slices.Equal(layers, want) {
		t.Errorf("%s: layers %q, want %q", p.Arch, layers, want)
	}
}
