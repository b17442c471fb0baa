package sign

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// entry is something to attach.
type entry struct {
	content     []byte
	annotations map[string]string
	// same finds the entry among what is there already: word for word, by the same
	// key. A signature of ECDSA differs each time that it is made.
	same func(attachment) bool
	// replaces finds what the entry takes the place of; nil: nothing.
	replaces func(attachment) bool
}

// attach adds entries to an image, unless they are there: first as referrers,
// then in cosign's list, so that a failure in between leaves the old list. What
// they replace goes last.
func (s *shelf) attach(ctx context.Context, k kind, subject *v1.Descriptor, entries []entry) (Changes, error) {
	f, err := s.attachments(ctx, k)
	if err != nil {
		return Changes{}, err
	}
	if f.broken {
		return Changes{}, fmt.Errorf("%s holds something that is no list of %ss, and others' %ss may be in it: look at it, and delete the tag", s.tag(k.suffix), k.word, k.word)
	}
	var changes Changes
	list := newList(k, f)
	for i := range entries {
		e := &entries[i]
		if there := slices.IndexFunc(f.union(), e.same); there >= 0 {
			old := f.union()[there]
			e.content, e.annotations = old.content, old.descriptor.Annotations
			changes.Kept++
		} else {
			changes.Written++
		}
		layer, err := s.put(ctx, k, e)
		if err != nil {
			return Changes{}, fmt.Errorf("pushing a %s of %s: %w", k.word, s.image, err)
		}
		if !slices.ContainsFunc(f.referrers, e.same) {
			if err := s.refer(ctx, k, subject, layer); err != nil {
				return Changes{}, fmt.Errorf("pushing a referrer of %s: %w", s.image, err)
			}
		}
		list.add(layer)
	}
	obsolete := func(a attachment) bool {
		return slices.ContainsFunc(entries, func(e entry) bool { return e.replaces != nil && e.replaces(a) }) &&
			!slices.ContainsFunc(entries, func(e entry) bool { return e.same(a) })
	}
	for _, a := range f.tagged {
		if obsolete(a) {
			list.remove(a.descriptor)
		}
	}
	if err := s.write(ctx, list); err != nil {
		return Changes{}, fmt.Errorf("pushing the %ss of %s: %w", k.word, s.image, err)
	}
	for _, a := range f.referrers {
		if a.alone && obsolete(a) {
			s.discard(ctx, a.referrer)
		}
	}
	return changes, nil
}

// put pushes an entry's blob and gives its descriptor.
func (s *shelf) put(ctx context.Context, k kind, e *entry) (v1.Descriptor, error) {
	d, err := s.upload(ctx, e.content, k.mediaType)
	d.Annotations = e.annotations
	return d, err
}

func (s *shelf) upload(ctx context.Context, content []byte, mediaType types.MediaType) (v1.Descriptor, error) {
	digest, size, err := v1.SHA256(bytes.NewReader(content))
	if err != nil {
		return v1.Descriptor{}, err
	}
	return v1.Descriptor{MediaType: mediaType, Digest: digest, Size: size}, s.pusher.Upload(ctx, s.evidence, static.NewLayer(content, mediaType))
}

// refer pushes a referrer with one layer. Its type stands in the manifest (OCI
// 1.1) and as the config's media type, where older registries look for it.
func (s *shelf) refer(ctx context.Context, k kind, subject *v1.Descriptor, layer v1.Descriptor) error {
	config, err := s.upload(ctx, []byte("{}"), types.MediaType(k.artifact))
	if err != nil {
		return err
	}
	raw, err := json.Marshal(v1.Manifest{
		SchemaVersion: 2,
		MediaType:     types.OCIManifestSchema1,
		ArtifactType:  k.artifact,
		Config:        config,
		Layers:        []v1.Descriptor{layer},
		Subject:       subject,
		Annotations:   predicateAnnotation(layer.Annotations),
	})
	if err != nil {
		return err
	}
	digest, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	return s.pusher.Put(ctx, s.evidence.Digest(digest.String()), rawManifest(raw))
}

// predicateAnnotation repeats a statement's type on its manifest, where lists of
// referrers show it (in-toto's name for it, which BuildKit uses too).
func predicateAnnotation(layer map[string]string) map[string]string {
	if layer[predicateKey] == "" {
		return nil
	}
	return map[string]string{"in-toto.io/predicate-type": layer[predicateKey]}
}

// discard deletes a referrer that was replaced. A registry that deletes nothing
// keeps it, which harms nobody: the newest statement counts.
func (s *shelf) discard(ctx context.Context, referrer string) {
	_ = s.pusher.Delete(ctx, s.evidence.Digest(referrer))
}

// list is the manifest that cosign's tag points to.
type list struct {
	kind     kind
	manifest v1.Manifest
	changed  bool
}

// newList takes over the list that is there with everything in it, also what
// cannot be read here.
func newList(k kind, f *found) *list {
	l := &list{kind: k}
	if f.tag != nil {
		l.manifest.Layers = slices.Clone(f.tag.Layers)
		l.manifest.Annotations = f.tag.Annotations
	}
	l.manifest.SchemaVersion = 2
	l.manifest.MediaType = types.OCIManifestSchema1
	return l
}

// add puts a layer into the list, unless it is there.
func (l *list) add(layer v1.Descriptor) {
	if !slices.ContainsFunc(l.manifest.Layers, func(d v1.Descriptor) bool { return sameLayer(d, layer) }) {
		l.manifest.Layers = append(l.manifest.Layers, layer)
		l.changed = true
	}
}

// remove takes a layer out of the list.
func (l *list) remove(layer v1.Descriptor) {
	before := len(l.manifest.Layers)
	l.manifest.Layers = slices.DeleteFunc(l.manifest.Layers, func(d v1.Descriptor) bool { return sameLayer(d, layer) })
	l.changed = l.changed || len(l.manifest.Layers) != before
}

// sameLayer tells whether two layers are the same attachment. Two signers'
// signatures are one payload with two annotations.
func sameLayer(a, b v1.Descriptor) bool {
	return a.Digest == b.Digest && a.Annotations[signatureAnnotation] == b.Annotations[signatureAnnotation]
}

// write moves the tag to the list.
func (s *shelf) write(ctx context.Context, l *list) error {
	if !l.changed {
		return nil
	}
	if len(l.manifest.Layers) > maxLayers {
		return fmt.Errorf("%s would have %d layers, and at most %d are read: delete the tag, and sign again", s.tag(l.kind.suffix), len(l.manifest.Layers), maxLayers)
	}
	config := v1.ConfigFile{RootFS: v1.RootFS{Type: "layers"}}
	for _, d := range l.manifest.Layers {
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, d.Digest)
		config.History = append(config.History, v1.History{})
	}
	content, err := json.Marshal(config)
	if err != nil {
		return err
	}
	if l.manifest.Config, err = s.upload(ctx, content, types.OCIConfigJSON); err != nil {
		return err
	}
	raw, err := json.Marshal(l.manifest)
	if err != nil {
		return err
	}
	return s.pusher.Put(ctx, s.tag(l.kind.suffix), rawManifest(raw))
}

// rawManifest is an OCI image manifest as it is pushed.
type rawManifest []byte

// RawManifest implements remote.Taggable.
func (m rawManifest) RawManifest() ([]byte, error) { return m, nil }

// MediaType says what it is to remote.Put.
func (m rawManifest) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }
