package rootfs

import (
	"context"
	"fmt"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"
)

// Walk reads every layer of an image once, hashes it, and calls visit for each regular file in it, also for files that
// a later layer hides: they are still in the image. Layers are read at the same time, so visit is called by
// several goroutines, but in order within one layer. The returned tree says what is left.
//
// An error of visit ends the walk and is returned wrapped, with its layer and entry. Errors about the
// image itself are an [*Error].
func Walk(ctx context.Context, img v1.Image, limits Limits, visit func(File) error) (*Tree, error) {
	limits = limits.withDefaults()
	layers, err := describe(img, limits)
	if err != nil {
		return nil, err
	}

	// Read: hash, decompress and check each layer by itself.
	budget := &budget{limits: limits}
	listings := make([][]entry, len(layers))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(2, runtime.GOMAXPROCS(0)))
	for i := range layers {
		group.Go(func() error {
			r := &layerReader{Layer: layers[i].Layer, limits: limits, budget: budget, visit: visit}
			listing, err := r.read(ctx, layers[i].source)
			listings[i] = listing
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}

	// Stack: base first, each layer's whiteouts before its files.
	t := newTree()
	for i, listing := range listings {
		t.layers = append(t.layers, layers[i].Layer)
		if err := t.stack(layers[i].Layer, listing); err != nil {
			return nil, err
		}
	}
	t.index()
	return t, nil
}

type sourced struct {
	Layer
	source v1.Layer
}

// describe lists the layers with the digests that the manifest and the configuration promise. The two lists must agree in
// length: a layer without a diff ID could not be checked.
func describe(img v1.Image, limits Limits) ([]sourced, error) {
	manifest, err := img.Manifest()
	if err != nil {
		return nil, fmt.Errorf("reading the image's manifest: %w", err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("reading the image's configuration: %w", err)
	}
	blobs, err := img.Layers()
	if err != nil {
		return nil, fmt.Errorf("listing the image's layers: %w", err)
	}
	n := len(manifest.Layers)
	if len(blobs) != n || len(config.RootFS.DiffIDs) != n {
		return nil, fmt.Errorf("%w: the manifest lists %d layers, the configuration %d", ErrFormat, n, len(config.RootFS.DiffIDs))
	}
	if n > limits.Layers {
		return nil, fmt.Errorf("%w: the image has %d layers, at most %d are read", ErrLimit, n, limits.Layers)
	}
	layers := make([]sourced, n)
	for i, d := range manifest.Layers {
		layers[i] = sourced{
			Layer:  Layer{Index: i, Count: n, Digest: d.Digest, DiffID: config.RootFS.DiffIDs[i], Size: d.Size},
			source: blobs[i],
		}
	}
	return layers, nil
}

// stack puts one layer on top of the tree. Whiteouts speak of lower layers only and come first whatever their place in
// the tar file (OCI image spec, layer.md, "Whiteouts").
func (t *Tree) stack(l Layer, listing []entry) error {
	for _, e := range listing {
		var err error
		switch e.does {
		case deletes:
			err = t.remove(e.path)
		case empties:
			err = t.empty(e.path)
		}
		if err != nil {
			return &Error{Layer: l, Entry: e.name, Err: err}
		}
	}
	for _, e := range listing {
		var err error
		switch e.does {
		case adds:
			err = t.add(e.path, &node{kind: e.kind, link: e.link, id: e.id})
		case hardlinks:
			err = t.link(e.path, e.link)
		}
		if err != nil {
			return &Error{Layer: l, Entry: e.name, Err: err}
		}
	}
	return nil
}
