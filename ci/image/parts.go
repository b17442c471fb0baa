package image

import (
	"context"
	"path"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/mlfleet/mlfleet/ci/layer"
	"github.com/mlfleet/mlfleet/ci/onnxruntime"
)

// A part is a layer with what is said of it.
type part struct {
	name   string // LayerBase and so on
	by     string // in the image's history
	layer  v1.Layer
	reused bool
}

// cached makes a layer through the cache and notes whether that was needed.
func cached(cache *layer.Cache, name, by string, build func() (v1.Layer, error)) (part, error) {
	before := cache.Written()
	l, err := build()
	if err != nil {
		return part{}, err
	}
	return part{name: name, by: by, layer: l, reused: cache.Written() == before}, nil
}

// library is the layer with ONNX Runtime, where docs/contract.md says that the
// server looks for it.
func (r *run) library(ctx context.Context, architecture string) (part, error) {
	variants := []string{onnxruntime.CPU}
	if r.GPU {
		variants = append(variants, onnxruntime.GPU)
	}
	const folder = "opt/onnxruntime"
	sources := []layer.Source{{
		Path: filepath.Join(r.source, "ci", "onnxruntime", "LICENSE"), Name: path.Join(folder, "LICENSE"), Mode: 0o644,
	}}
	packages := []string{"ONNX Runtime:"}
	for _, variant := range variants {
		l, err := r.runtimes.Fetch(ctx, r.pins, variant, architecture)
		if err != nil {
			return part{}, err
		}
		files, err := layer.Folder(l.Dir, path.Join(folder, "lib"), 0o644)
		if err != nil {
			return part{}, err
		}
		sources = append(sources, files...)
		packages = append(packages, l.Package+"@"+l.Version)
		r.material(Material{URI: l.URI(), Digest: map[string]string{"sha512": l.SHA512}})
	}
	return cached(r.cache, LayerRuntime, strings.Join(packages, " "), func() (v1.Layer, error) { return r.cache.Files(sources) })
}

// compile makes the server, and notes which compiler did.
func (r *run) compile(ctx context.Context, architecture string) (string, error) {
	c := r.compilers[architecture]
	used, err := c.material(ctx)
	if err != nil {
		return "", err
	}
	r.material(used)
	return r.tools.compile(ctx, c, r.metadata, r.scratch)
}

// server is the layer with the server's binary.
func (r *run) server(file string) (part, error) {
	return cached(r.cache, LayerServer, "go build "+binary, func() (v1.Layer, error) {
		return r.cache.Files([]layer.Source{
			{Path: file, Name: binary, Mode: 0o755},
			{Path: filepath.Join(r.source, "LICENSE"), Name: "usr/share/doc/mlfleet-inference/LICENSE", Mode: 0o644},
		})
	})
}

// model is the layer with the sample model, so that the image answers /predict
// with nothing mounted.
func (r *run) model() (part, error) {
	files, err := modelFiles(filepath.Join(r.source, filepath.FromSlash(models)))
	if err != nil {
		return part{}, err
	}
	return cached(r.cache, LayerModel, "sample model", func() (v1.Layer, error) { return r.cache.Files(files) })
}
