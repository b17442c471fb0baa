package overlay

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/mlfleet/mlfleet/generator/manifest"
)

// Overlay gives the files of an overlay that lies at basePath from its base
// ("../../base"): kustomization.yaml, patches.yaml when anything differs by more
// than what is common, and the files of objects that the base lacks.
//
// base are the objects of the base; final are the objects exactly as they must be
// in the cluster, in any order, with the labels and image references of common.
// It fails when final contradicts common: an object without a common label, or
// with an image that Kustomize would replace and final does not want replaced.
func Overlay(basePath string, base, final []Item, common Common) ([]File, error) {
	undo, err := newUndo(common)
	if err != nil {
		return nil, err
	}
	finals, err := index(final)
	if err != nil {
		return nil, fmt.Errorf("final objects: %w", err)
	}
	bases, err := index(base)
	if err != nil {
		return nil, fmt.Errorf("base: %w", err)
	}
	var (
		merges    []manifest.Object // documents of patches.yaml
		deletions []manifest.Node   // of whole objects, entries of the kustomization
		edits     []manifest.Node   // JSON 6902 patches, entries of the kustomization
	)
	for _, item := range base {
		b := item.Object
		i, ok := finals[b.ID]
		if !ok {
			deletions = append(deletions, deletion(b))
			continue
		}
		f, err := undo.object(final[i].Object, b.Root)
		if err != nil {
			return nil, err
		}
		merge, ops := diff(b, f)
		if merge.Exists() {
			merges = append(merges, manifest.Object{ID: b.ID, Root: merge})
		}
		if len(ops) > 0 {
			edits = append(edits, edit(b, base, ops))
		}
	}
	var own []Item
	for _, item := range final {
		if _, ok := bases[item.Object.ID]; ok {
			continue
		}
		root, err := undo.object(item.Object, manifest.Node{})
		if err != nil {
			return nil, err
		}
		item.Object.Root = root
		own = append(own, item)
	}
	resources, err := resourceFiles(own)
	if err != nil {
		return nil, fmt.Errorf("objects that the base lacks: %w", err)
	}
	k := kustomization{resources: append([]string{basePath}, paths(resources)...), common: undo.common}
	files := make([]File, 1, 2+len(resources))
	if len(merges) > 0 {
		k.patches = append(k.patches, manifest.Map(manifest.Field{Key: "path", Value: manifest.String(patchesFile)}))
		files = append(files, File{patchesFile, manifest.File(merges...)})
	}
	k.patches = slices.Concat(k.patches, deletions, edits)
	files[0] = k.file()
	return append(files, resources...), nil
}

// Built are the final objects in the order in which Kustomize builds them: those
// of the base in its order, then those that the base lacks in theirs.
func Built(base, final []Item) []Item {
	places := make(map[manifest.ID]int, len(final))
	for i, item := range final {
		places[item.Object.ID] = i
	}
	built := make([]Item, 0, len(final))
	for _, item := range base {
		if i, ok := places[item.Object.ID]; ok {
			built = append(built, final[i])
			delete(places, item.Object.ID)
		}
	}
	for _, item := range final {
		if _, ok := places[item.Object.ID]; ok {
			built = append(built, item)
		}
	}
	return built
}

// deletion is the entry of a kustomization that takes an object of the base away.
// Each is an entry of its own: before 5.7 (Argo CD 2.14 brings 5.4.3) Kustomize looks
// for the object of a file's next patch among the remains of what the last one
// deleted, and panics.
func deletion(o manifest.Object) manifest.Node {
	patch := identified(o, manifest.Map(manifest.Field{Key: "$patch", Value: manifest.String("delete")}))
	return manifest.Map(manifest.Field{Key: "patch", Value: manifest.String(string(patch.AppendYAML(nil)))})
}

// identified is the patch with what Kustomize finds its object by.
func identified(o manifest.Object, patch manifest.Node) manifest.Node {
	meta := patch.Get("metadata")
	if !meta.Exists() {
		meta = manifest.Map()
	}
	meta = meta.With("name", manifest.String(o.Name))
	if o.Namespace != "" {
		meta = meta.With("namespace", manifest.String(o.Namespace))
	}
	return patch.
		With("apiVersion", manifest.String(o.APIVersion)).
		With("kind", manifest.String(o.Kind)).
		With("metadata", meta)
}

// edit is the entry of a kustomization that applies ops to the object o of base.
func edit(o manifest.Object, base []Item, ops []op) manifest.Node {
	group, version := groupVersion(o.APIVersion)
	fields := []manifest.Field{
		{Key: "version", Value: manifest.String(version)},
		{Key: "kind", Value: manifest.String(o.Kind)},
		// Kustomize takes these for regular expressions and anchors them.
		{Key: "name", Value: manifest.String(regexp.QuoteMeta(o.Name))},
	}
	if o.Namespace != "" {
		fields = append(fields, manifest.Field{Key: "namespace", Value: manifest.String(regexp.QuoteMeta(o.Namespace))})
	}
	if group == "" && hasNamesake(o, base) {
		group = "()" // an empty group would match every group
	}
	if group != "" {
		fields = append(fields, manifest.Field{Key: "group", Value: manifest.String(group)})
	}
	return manifest.Map(
		manifest.Field{Key: "target", Value: manifest.Map(fields...)},
		manifest.Field{Key: "patch", Value: manifest.String(inlinePatch(ops))},
	)
}

// hasNamesake reports whether base has an object that only its group tells from
// o, such as Knative's Service beside Kubernetes'.
func hasNamesake(o manifest.Object, base []Item) bool {
	for _, item := range base {
		if n := item.Object; n.APIVersion != o.APIVersion && n.Kind == o.Kind && n.Name == o.Name && n.Namespace == o.Namespace {
			return true
		}
	}
	return false
}
