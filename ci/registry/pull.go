package registry

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/sync/errgroup"
)

// Index pulls an index by its digest and checks it: each image in it as Image
// does. Entries that are no images (attestations of other tools) are left alone.
func (c *Client) Index(ctx context.Context, ref name.Digest) (v1.ImageIndex, error) {
	desc, err := c.get(ctx, ref)
	if err != nil {
		return nil, err
	}
	if !desc.MediaType.IsIndex() {
		return nil, fmt.Errorf("pull %s: it is %s, and an index of images was expected", ref, desc.MediaType)
	}
	plain, err := desc.ImageIndex()
	if err != nil {
		return nil, fmt.Errorf("pull %s: %w", ref, err)
	}
	manifest, err := plain.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("pull %s: read the index: %w", ref, err)
	}
	checked := &index{unchecked: plain, images: map[v1.Hash]v1.Image{}}
	for _, child := range manifest.Manifests {
		if !child.MediaType.IsImage() {
			continue
		}
		if checked.images[child.Digest], err = c.child(ctx, ref, child); err != nil {
			return nil, fmt.Errorf("pull %s: %w", ref, err)
		}
	}
	return checked, nil
}

// unchecked is an index as go-containerregistry pulls it; the name keeps the
// field of index apart from the interface's method ImageIndex.
type unchecked = v1.ImageIndex

// index is an index whose images were checked.
type index struct {
	unchecked
	images map[v1.Hash]v1.Image
}

func (i *index) Image(h v1.Hash) (v1.Image, error) {
	if img, ok := i.images[h]; ok {
		return img, nil
	}
	return nil, fmt.Errorf("the index names no image %s", h)
}

// Image pulls an image by its digest; from an index, the one for a platform.
// The manifest, the config, and that every layer is there with the size that
// the manifest says are checked now; a layer's contents when it is first read,
// before a byte of it is handed out. The context must live as long as the image
// is used.
func (c *Client) Image(ctx context.Context, ref name.Digest, platform v1.Platform) (v1.Image, error) {
	desc, err := c.get(ctx, ref)
	if err != nil {
		return nil, err
	}
	if !desc.MediaType.IsIndex() {
		return c.image(ctx, ref, desc)
	}
	plain, err := desc.ImageIndex()
	if err != nil {
		return nil, fmt.Errorf("pull %s: %w", ref, err)
	}
	manifest, err := plain.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("pull %s: read the index: %w", ref, err)
	}
	var offered []string
	for _, child := range manifest.Manifests {
		if !child.MediaType.IsImage() || child.Platform == nil {
			continue
		}
		if child.Platform.Satisfies(platform) {
			return c.child(ctx, ref, child)
		}
		offered = append(offered, child.Platform.String())
	}
	return nil, fmt.Errorf("pull %s: it has no image for %s, only for %q", ref, platform, offered)
}

func (c *Client) child(ctx context.Context, ref name.Digest, child v1.Descriptor) (v1.Image, error) {
	at := ref.Context().Digest(child.Digest.String())
	desc, err := c.get(ctx, at)
	if err != nil {
		return nil, err
	}
	if desc.Size != child.Size {
		return nil, fmt.Errorf("manifest %s has %d bytes, the index says %d", child.Digest, desc.Size, child.Size)
	}
	return c.image(ctx, at, desc)
}

// get fetches a manifest. Its digest is checked by go-containerregistry.
func (c *Client) get(ctx context.Context, ref name.Digest) (*remote.Descriptor, error) {
	if _, err := v1.NewHash(ref.DigestStr()); err != nil {
		return nil, fmt.Errorf("pull %s: %w", ref, err)
	}
	var desc *remote.Descriptor
	err := c.Do(ctx, "pull "+ref.Name(), ref.Context().RegistryStr(), func(options []remote.Option) (err error) {
		desc, err = remote.Get(ref, options...)
		return err
	})
	return desc, err
}

func (c *Client) image(ctx context.Context, ref name.Digest, desc *remote.Descriptor) (v1.Image, error) {
	if !desc.MediaType.IsImage() {
		return nil, fmt.Errorf("pull %s: it is %s, and an image was expected", ref, desc.MediaType)
	}
	plain, err := desc.Image()
	if err != nil {
		return nil, fmt.Errorf("pull %s: %w", ref, err)
	}
	manifest, err := plain.Manifest()
	if err != nil {
		return nil, fmt.Errorf("pull %s: read the manifest: %w", ref, err)
	}
	var config *v1.ConfigFile
	if err := c.Do(ctx, "pull the config of "+ref.Name(), ref.Context().RegistryStr(), func([]remote.Option) (err error) {
		config, err = plain.ConfigFile()
		return err
	}); err != nil {
		return nil, err
	}
	if got, want := len(config.RootFS.DiffIDs), len(manifest.Layers); got != want {
		return nil, fmt.Errorf("pull %s: the config knows %d layers, the manifest names %d", ref, got, want)
	}
	img := &image{Image: plain}
	g, checks := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, layer := range manifest.Layers {
		b := &blob{
			client: c, ctx: ctx, desc: layer, diffID: config.RootFS.DiffIDs[i],
			ref: ref.Context().Digest(layer.Digest.String()), label: fmt.Sprintf("layer %d of %s", i+1, ref),
		}
		img.layers = append(img.layers, &remote.MountableLayer{Layer: b, Reference: b.ref})
		g.Go(func() error { return b.there(checks) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return img, nil
}

// image is an image whose layers are checked.
type image struct {
	v1.Image
	layers []v1.Layer
}

func (i *image) Layers() ([]v1.Layer, error) { return i.layers, nil }

func (i *image) LayerByDigest(h v1.Hash) (v1.Layer, error) {
	for _, l := range i.layers {
		if d, err := l.Digest(); err == nil && d == h {
			return l, nil
		}
	}
	return i.Image.LayerByDigest(h) // the config, which go-containerregistry treats as a layer too
}

func (i *image) LayerByDiffID(h v1.Hash) (v1.Layer, error) {
	for _, l := range i.layers {
		if d, err := l.DiffID(); err == nil && d == h {
			return l, nil
		}
	}
	return nil, fmt.Errorf("the image has no layer with diff ID %s", h)
}

// there asks the registry whether it has the blob, in the size that the
// manifest says.
func (b *blob) there(ctx context.Context) error {
	if !b.desc.MediaType.IsDistributable() {
		return nil // a foreign layer lies where its vendor has it
	}
	var size int64
	if err := b.client.Do(ctx, "look up "+b.label, b.ref.RegistryStr(), func(options []remote.Option) error {
		l, err := remote.Layer(b.ref, options...)
		if err != nil {
			return err
		}
		size, err = l.Size()
		return err
	}); err != nil {
		if isNotFound(err) {
			return fmt.Errorf("%s: the manifest names blob %s, which the registry does not have: %w", b.label, b.desc.Digest, err)
		}
		return err
	}
	if size != b.desc.Size {
		return fmt.Errorf("%s: blob %s has %d bytes, the manifest says %d; it is truncated or not the one that was pushed", b.label, b.desc.Digest, size, b.desc.Size)
	}
	return nil
}
