package overlay

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/mlfleet/mlfleet/generator/manifest"
)

// undo takes from a final object what Kustomize will put there after the patches.
type undo struct {
	common Common // images sorted by name
	labels []string
}

// imageName is what a pin may be called: Kustomize takes an image's name for a
// regular expression, so it must hold nothing that one would read otherwise.
var imageName = regexp.MustCompile(`^[a-zA-Z0-9/_-]+$`)

func newUndo(common Common) (undo, error) {
	u := undo{common: common, labels: slices.Sorted(maps.Keys(common.Labels))}
	u.common.Images = slices.SortedFunc(slices.Values(common.Images), func(a, b Image) int { return cmp.Compare(a.Name, b.Name) })
	for i, image := range u.common.Images {
		switch {
		case !imageName.MatchString(image.Name):
			return undo{}, fmt.Errorf("the image name %q: want letters, digits, '/', '_' and '-' only", image.Name)
		case i > 0 && u.common.Images[i-1].Name == image.Name:
			return undo{}, fmt.Errorf("the image %s has two references: %s and %s", image.Name, u.common.Images[i-1].reference(), image.reference())
		case image.NewName == "" || image.Digest == "":
			return undo{}, fmt.Errorf("the image %s has no name or no digest", image.Name)
		}
		for _, other := range u.common.Images {
			if other.Name == image.NewName {
				return undo{}, fmt.Errorf("the image %s is renamed to %s, which is the name of another", image.Name, image.NewName)
			}
		}
	}
	return u, nil
}

// object is the root of the final object o before labels and images; base is the
// root of the same object in the base, or absent.
func (u undo) object(o manifest.Object, base manifest.Node) (manifest.Node, error) {
	root := o.Root
	for _, way := range LabelPaths(o) {
		if len(u.labels) == 0 {
			break
		}
		var err error
		if root, err = u.mapAt(root, base, way); err != nil {
			return manifest.Node{}, fmt.Errorf("%s: %s: %w", o.ID, strings.Join(way, "."), err)
		}
	}
	if o.Kind == "CustomResourceDefinition" { // Kustomize leaves those alone
		return root, nil
	}
	root, err := u.images(root)
	if err != nil {
		return manifest.Node{}, fmt.Errorf("%s: %w", o.ID, err)
	}
	return root, nil
}

// LabelPaths are where Kustomize writes labels with includeTemplates
// (its builtinpluginconsts/metadatalabels.go): on the object, and on the templates of
// Kubernetes' own kinds. The templates of other kinds get none, not even a
// NodePool's, which looks like a pod's.
func LabelPaths(o manifest.Object) [][]string {
	group, _ := groupVersion(o.APIVersion)
	switch {
	case o.Kind == "Deployment", o.Kind == "ReplicaSet", o.Kind == "DaemonSet",
		o.Kind == "StatefulSet" && group == "apps", o.Kind == "Job" && group == "batch":
		return podTemplateLabels
	case o.Kind == "CronJob" && group == "batch":
		return cronJobLabels
	}
	return podTemplateLabels[:1]
}

var (
	podTemplateLabels = [][]string{
		{"metadata", "labels"},
		{"spec", "template", "metadata", "labels"},
	}
	cronJobLabels = [][]string{
		{"metadata", "labels"},
		{"spec", "jobTemplate", "metadata", "labels"},
		{"spec", "jobTemplate", "spec", "template", "metadata", "labels"},
	}
)

// mapAt is the tree n with the common labels of the map at way undone. A map
// that only the labels made, with the maps around it, goes with them.
func (u undo) mapAt(n, base manifest.Node, way []string) (manifest.Node, error) {
	if len(way) == 0 {
		return u.labelMap(n, base)
	}
	inner, err := u.mapAt(n.Get(way[0]), base.Get(way[0]), way[1:])
	if err != nil {
		return manifest.Node{}, err
	}
	if inner.Len() == 0 && !base.Get(way[0]).Exists() {
		return n.Without(way[0]), nil
	}
	return n.With(way[0], inner), nil
}

func (u undo) labelMap(labels, base manifest.Node) (manifest.Node, error) {
	kept := make([]manifest.Field, 0, labels.Len())
	found := 0
	for _, f := range labels.Fields() {
		want, common := u.common.Labels[f.Key]
		if !common {
			kept = append(kept, f)
			continue
		}
		if got := f.Value; !got.IsString() || got.Text() != want {
			return manifest.Node{}, fmt.Errorf("the label %s is %q, but common to the overlay as %q", f.Key, got.Text(), want)
		}
		found++
		// Whatever the base says, Kustomize overwrites it.
		if was := base.Get(f.Key); was.Exists() {
			kept = append(kept, manifest.Field{Key: f.Key, Value: was})
		}
	}
	if found < len(u.labels) {
		for _, key := range u.labels {
			if !labels.Get(key).Exists() {
				return manifest.Node{}, fmt.Errorf("the label %s=%s, common to the overlay, is missing", key, u.common.Labels[key])
			}
		}
	}
	if len(kept) == 0 {
		return manifest.Node{}, nil
	}
	return manifest.Map(kept...), nil
}

// images is the tree n with each image reference that Kustomize will write
// replaced by the name it writes it for.
func (u undo) images(n manifest.Node) (manifest.Node, error) {
	if len(u.common.Images) == 0 {
		return n, nil
	}
	for i, f := range n.Fields() {
		if f.Value.Len() == 0 {
			continue
		}
		inner, err := u.images(f.Value)
		if err == nil {
			switch f.Key {
			case "containers", "initContainers":
				inner, err = u.imagesOf(inner, "image")
			case "volumes":
				inner, err = u.imagesOf(inner, "image", "reference")
			}
		}
		if err != nil {
			return manifest.Node{}, err
		}
		if !same(inner, f.Value) {
			n = n.WithItem(i, inner)
		}
	}
	return n, nil
}

// imagesOf undoes the image at way in every item of a list.
func (u undo) imagesOf(list manifest.Node, way ...string) (manifest.Node, error) {
	if !list.IsList() {
		return list, nil
	}
	for i, f := range list.Fields() {
		image := f.Value.Get(way...)
		if !image.IsString() {
			continue
		}
		name, err := u.imageName(image.Text())
		if err != nil {
			return manifest.Node{}, err
		}
		if name != image.Text() {
			list = list.WithItem(i, set(f.Value, manifest.String(name), way...))
		}
	}
	return list, nil
}

func (u undo) imageName(reference string) (string, error) {
	for _, image := range u.common.Images {
		if reference == image.reference() {
			return image.Name, nil
		}
		if name := reference[:nameLength(reference)]; name == image.Name {
			return "", fmt.Errorf("the image %s is final, but Kustomize would make it %s", reference, image.reference())
		}
	}
	return reference, nil
}

// nameLength is how much of an image reference is before its tag and digest.
func nameLength(reference string) int {
	slash := strings.LastIndexByte(reference, '/') + 1
	if i := strings.IndexAny(reference[slash:], ":@"); i >= 0 {
		return slash + i
	}
	return len(reference)
}

// set is the map n with the value at way, which exists, replaced.
func set(n, value manifest.Node, way ...string) manifest.Node {
	if len(way) == 0 {
		return value
	}
	return n.With(way[0], set(n.Get(way[0]), value, way[1:]...))
}

// same reports whether two nodes share their entries, so that nothing was undone.
func same(a, b manifest.Node) bool {
	return a.Len() == b.Len() && (a.Len() == 0 || &a.Fields()[0] == &b.Fields()[0])
}

func groupVersion(apiVersion string) (group, version string) {
	if group, version, ok := strings.Cut(apiVersion, "/"); ok {
		return group, version
	}
	return "", apiVersion
}
