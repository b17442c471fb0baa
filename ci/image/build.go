package image

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/mlfleet/mlfleet/ci/debian"
	"github.com/mlfleet/mlfleet/ci/layer"
	"github.com/mlfleet/mlfleet/ci/onnxruntime"
	"github.com/mlfleet/mlfleet/ci/registry"
)

// StepCompile is the step that is no layer: the Go and C compilers at work.
const StepCompile = "go build"

// Build says what to build.
type Build struct {
	// Root is the repository's folder.
	Root string
	// Architectures are as GOARCH has them; none is amd64 and arm64, with GPU
	// amd64 alone.
	Architectures []string
	// Base is Debian (or ""), for the packages in ci/debian.lock, or
	// NAME@sha256:… at a registry.
	Base string
	// GPU adds ONNX Runtime's CUDA and TensorRT providers; the base must be one
	// that has CUDA.
	GPU bool
	// AllowDirty builds files that are not committed; the tag and the labels say
	// so.
	AllowDirty bool
	// Cache is the folder that keeps layers and downloads; "" is ci/.cache in
	// Root.
	Cache string
	// Client fetches the base; nil is registry.New's with its defaults.
	Client *registry.Client
	// Debian is where packages come from; nil is the mirror that
	// MLFLEET_DEBIAN_MIRROR names.
	Debian *debian.Archive
	// Progress, if not nil, is told of each step when it is done: the layers' names
	// and StepCompile, with the architecture.
	Progress func(step string, took time.Duration)
}

// A DirtyError is a build refused because what it would build is in no commit.
type DirtyError struct{ Files []string }

func (e *DirtyError) Error() string {
	few := e.Files[:min(3, len(e.Files))]
	more := ""
	if n := len(e.Files) - len(few); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("%s%s differ from the last commit, and an image must be what a commit says; commit them, or allow a dirty build, which marks the image", strings.Join(few, ", "), more)
}

// Run builds the image for every architecture and the index of them. The same
// commit, base and compilers give the same digest.
func (b Build) Run(ctx context.Context) (*Result, error) {
	result, err := b.run(ctx)
	if err != nil {
		return nil, fmt.Errorf("build the image: %w", err)
	}
	return result, nil
}

func (b Build) run(ctx context.Context) (*Result, error) {
	b, err := b.defaults()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(b.Cache, 0o755); err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp(b.Cache, "build-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	r, err := b.prepare(ctx, scratch)
	if err != nil {
		return nil, err
	}
	return r.build(ctx)
}

// run is a build with everything that it needs.
type run struct {
	Build
	metadata   Metadata
	scratch    string // a folder of this run's own
	source     string // the folder with what goes in: the commit's files, or Root
	foundation foundation
	runtimes   *onnxruntime.Source
	pins       onnxruntime.Pins
	tools      *toolchain
	compilers  map[string]compiler // by architecture
	cache      *layer.Cache
	materials  map[string]Material // by URI
}

// defaults fills in what is not said.
func (b Build) defaults() (_ Build, err error) {
	if b.Root, err = filepath.Abs(b.Root); err != nil {
		return b, err
	}
	b.Base = cmp.Or(b.Base, Debian)
	// Absolute, because the compiler runs in another folder.
	if b.Cache, err = filepath.Abs(cmp.Or(b.Cache, filepath.Join(b.Root, "ci", ".cache"))); err != nil {
		return b, err
	}
	b.Architectures, err = b.architectures()
	return b, err
}

// prepare fails on whatever can be known to fail before anything is compiled.
func (b Build) prepare(ctx context.Context, scratch string) (_ *run, err error) {
	r := &run{Build: b, scratch: scratch, cache: layer.NewCache(filepath.Join(b.Cache, "layers")), materials: map[string]Material{}}
	if r.metadata, err = ReadMetadata(ctx, b.Root); err != nil {
		return nil, err
	}
	if r.metadata.Dirty && !b.AllowDirty {
		return nil, &DirtyError{Files: r.metadata.Changed}
	}
	if r.source, err = r.sources(ctx); err != nil {
		return nil, err
	}
	if r.compilers, err = findCompilers(b.Architectures); err != nil {
		return nil, err
	}
	if r.foundation, err = r.open(); err != nil {
		return nil, err
	}
	r.runtimes = onnxruntime.NewSource(filepath.Join(b.Cache, "onnxruntime"), os.Getenv)
	if r.pins, err = onnxruntime.ReadPins(filepath.Join(r.source, filepath.FromSlash(onnxruntime.PinsFile))); err != nil {
		return nil, err
	}
	if r.tools, err = findToolchain(ctx, filepath.Join(r.source, "inference")); err != nil {
		return nil, err
	}
	return r, r.inputs()
}

// sources gives the folder with what goes into the image. Of a commit it holds the
// commit's bytes and nothing else: Git can be told to overlook files in a working
// tree, and the compiler overlooks none.
func (r *run) sources(ctx context.Context) (string, error) {
	if r.metadata.Dirty {
		return r.Root, nil
	}
	dir := filepath.Join(r.scratch, "source")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	if err := repository(r.Root).export(ctx, r.metadata.Revision, Inputs, dir); err != nil {
		return "", fmt.Errorf("take what goes into the image out of its commit: %w", err)
	}
	return dir, nil
}

// architectures are those to build for, sorted.
func (b Build) architectures() ([]string, error) {
	wanted := slices.Sorted(slices.Values(b.Architectures))
	switch {
	case len(wanted) == 0 && b.GPU:
		wanted = []string{"amd64"}
	case len(wanted) == 0:
		wanted = []string{"amd64", "arm64"}
	}
	if len(slices.Compact(slices.Clone(wanted))) != len(wanted) {
		return nil, fmt.Errorf("an architecture is named twice: %s", strings.Join(wanted, ", "))
	}
	return wanted, nil
}

// build makes the images and their index.
func (r *run) build(ctx context.Context) (*Result, error) {
	result := &Result{Metadata: r.metadata}
	for _, architecture := range r.Architectures {
		img, layers, err := r.platform(ctx, architecture)
		if err != nil {
			return nil, err
		}
		result.Images = append(result.Images, Platform{Arch: architecture, Image: img})
		result.Layers = append(result.Layers, layers...)
	}
	var err error
	if result.Index, err = index(result.Images, r.metadata); err != nil {
		return nil, err
	}
	if result.Digest, err = result.Index.Digest(); err != nil {
		return nil, fmt.Errorf("compute the digest of the index: %w", err)
	}
	result.Materials = r.sortedMaterials()
	return result, nil
}

// platform makes the image for one architecture.
func (r *run) platform(ctx context.Context, architecture string) (v1.Image, []Layer, error) {
	var b *base
	var program string
	var parts []part
	add := func(p part, err error) error {
		parts = append(parts, p)
		return err
	}
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{LayerBase, func() (err error) { b, err = r.ground(ctx, architecture, &parts); return err }},
		{LayerRuntime, func() error { return add(r.library(ctx, architecture)) }},
		{StepCompile, func() (err error) { program, err = r.compile(ctx, architecture); return err }},
		{LayerServer, func() error { return add(r.server(program)) }},
		{LayerModel, func() error { return add(r.model()) }},
	} {
		began := time.Now()
		if err := step.do(); err != nil {
			return nil, nil, fmt.Errorf("%s for %s: %w", step.name, architecture, err)
		}
		if r.Progress != nil {
			r.Progress(step.name+" "+architecture, time.Since(began))
		}
	}
	img, err := assemble(architecture, b, parts, r.metadata)
	if err != nil {
		return nil, nil, err
	}
	layers, err := list(architecture, parts)
	return img, layers, err
}

// ground gives the base, and puts its layers first.
func (r *run) ground(ctx context.Context, architecture string, parts *[]part) (*base, error) {
	b, err := r.foundation.base(ctx, architecture)
	if err != nil {
		return nil, err
	}
	for _, m := range b.materials {
		r.material(m)
	}
	*parts = b.layers
	return b, nil
}

// list says of each layer what it is.
func list(architecture string, parts []part) ([]Layer, error) {
	var layers []Layer
	for _, p := range parts {
		digest, err := p.layer.Digest()
		if err != nil {
			return nil, fmt.Errorf("layer %s for %s: %w", p.name, architecture, err)
		}
		size, err := p.layer.Size()
		if err != nil {
			return nil, fmt.Errorf("layer %s for %s: %w", p.name, architecture, err)
		}
		layers = append(layers, Layer{Name: p.name, Architecture: architecture, Digest: digest, Size: size, Reused: p.reused})
	}
	return layers, nil
}
