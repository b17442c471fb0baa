package registry

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/sync/errgroup"
)

// Manifest is a v1.Image or a v1.ImageIndex.
type Manifest interface {
	remote.Taggable
	Digest() (v1.Hash, error)
}

// Push uploads an image or index, then moves the tags to it, and returns its
// name by digest. Blobs come first, manifests after what they name, tags when
// everything is there: a push that fails at any point has changed nothing that
// anybody sees, and the next one goes on with what is missing. Blobs that the
// registry has are not sent again.
func (c *Client) Push(ctx context.Context, repo name.Repository, m Manifest, tags ...string) (name.Digest, error) {
	digest, err := m.Digest()
	if err != nil {
		return name.Digest{}, fmt.Errorf("compute the digest of what is to be pushed to %s: %w", repo, err)
	}
	var targets []name.Tag
	for _, tag := range tags {
		target, err := name.NewTag(repo.Name()+":"+tag, name.StrictValidation)
		if err != nil {
			return name.Digest{}, fmt.Errorf("push %s: %q cannot be a tag: %w", repo, tag, err)
		}
		targets = append(targets, target)
	}
	pushed := repo.Digest(digest.String())
	if err := c.Do(ctx, "push "+pushed.Name(), repo.RegistryStr(), func(options []remote.Option) error {
		pusher, err := remote.NewPusher(options...)
		if err != nil {
			return err
		}
		if err := blobsOf(ctx, pusher, repo, m); err != nil {
			return err
		}
		return pusher.Push(ctx, pushed, m)
	}); err != nil {
		return name.Digest{}, err
	}
	for _, target := range targets {
		if err := c.Do(ctx, "tag "+pushed.Name()+" as "+target.TagStr(), repo.RegistryStr(), func(options []remote.Option) error {
			return remote.Tag(target, m, options...)
		}); err != nil {
			return name.Digest{}, err
		}
	}
	return pushed, nil
}

// blobsOf uploads what an image is made of, or every image of an index, where
// the registry does not have it. go-containerregistry alone takes a manifest that
// is there for a sign that its blobs are; after a disk was harmed, or a cleaning
// took too much, they are not, and a tag would name what nobody can pull.
func blobsOf(ctx context.Context, pusher *remote.Pusher, repo name.Repository, m remote.Taggable) error {
	switch m := m.(type) {
	case v1.ImageIndex:
		list, err := m.IndexManifest()
		if err != nil {
			return err
		}
		for _, d := range list.Manifests {
			if !d.MediaType.IsImage() {
				continue // pushed with the index, as what it is
			}
			img, err := m.Image(d.Digest)
			if err != nil {
				return err
			}
			if err := blobsOf(ctx, pusher, repo, img); err != nil {
				return err
			}
			if err := pusher.Push(ctx, repo.Digest(d.Digest.String()), img); err != nil {
				return err
			}
		}
	case v1.Image:
		layers, err := m.Layers()
		if err != nil {
			return err
		}
		config, err := partial.ConfigLayer(m)
		if err != nil {
			return err
		}
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(4)
		for _, l := range slices.Concat(layers, []v1.Layer{config}) {
			g.Go(func() error {
				// A foreign layer stays where its vendor has it.
				if media, err := l.MediaType(); err != nil || !media.IsDistributable() {
					return err
				}
				return pusher.Upload(ctx, repo, l)
			})
		}
		return g.Wait()
	}
	return nil
}

// Resolve asks what a tag points to now. A reference that has a digest is
// looked up too: it fails when the registry does not have it.
func (c *Client) Resolve(ctx context.Context, ref name.Reference) (name.Digest, error) {
	var digest v1.Hash
	err := c.Do(ctx, "look up "+ref.Name(), ref.Context().RegistryStr(), func(options []remote.Option) error {
		d, err := remote.Head(ref, options...)
		if err != nil {
			return err
		}
		digest = d.Digest
		return nil
	})
	if err != nil {
		return name.Digest{}, err
	}
	return ref.Context().Digest(digest.String()), nil
}
