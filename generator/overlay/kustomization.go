package overlay

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/mlfleet/mlfleet/generator/manifest"
)

// kustomization is the part of Kustomize's file of that name that we write.
type kustomization struct {
	resources []string
	common    Common
	patches   []manifest.Node
}

func (k kustomization) file() File {
	fields := []manifest.Field{
		{Key: "apiVersion", Value: manifest.String("kustomize.config.k8s.io/v1beta1")},
		{Key: "kind", Value: manifest.String("Kustomization")},
		{Key: "resources", Value: stringList(k.resources)},
		// The order of the files is the order of the objects: nothing is sorted by kind.
		{Key: "sortOptions", Value: manifest.Map(manifest.Field{Key: "order", Value: manifest.String("fifo")})},
	}
	if len(k.common.Labels) > 0 {
		fields = append(fields, manifest.Field{Key: "labels", Value: manifest.List(manifest.Map(
			manifest.Field{Key: "pairs", Value: manifest.Strings(k.common.Labels)},
			manifest.Field{Key: "includeTemplates", Value: manifest.Bool(true)},
		))})
	}
	if len(k.common.Images) > 0 {
		images := make([]manifest.Node, 0, len(k.common.Images))
		for _, image := range k.common.Images {
			images = append(images, manifest.Map(
				manifest.Field{Key: "name", Value: manifest.String(image.Name)},
				manifest.Field{Key: "newName", Value: manifest.String(image.NewName)},
				manifest.Field{Key: "digest", Value: manifest.String(image.Digest)},
			))
		}
		fields = append(fields, manifest.Field{Key: "images", Value: manifest.List(images...)})
	}
	if len(k.patches) > 0 {
		fields = append(fields, manifest.Field{Key: "patches", Value: manifest.List(k.patches...)})
	}
	data := append([]byte(manifest.Header), '\n')
	return File{kustomizationFile, manifest.Map(fields...).AppendYAML(data)}
}

func stringList(texts []string) manifest.Node {
	items := make([]manifest.Node, len(texts))
	for i, s := range texts {
		items[i] = manifest.String(s)
	}
	return manifest.List(items...)
}

// Base gives the files of a base: its objects in their order, and the
// kustomization that lists them file by file. It fails when there are no items
// (Kustomize builds no empty base), two items are the same object, a file is no
// clean path below the base, or items of one file do not follow each other.
func Base(items []Item) ([]File, error) {
	if len(items) == 0 {
		return nil, fmt.Errorf("a base without objects")
	}
	if _, err := index(items); err != nil {
		return nil, fmt.Errorf("base: %w", err)
	}
	files, err := resourceFiles(items)
	if err != nil {
		return nil, fmt.Errorf("base: %w", err)
	}
	k := kustomization{resources: paths(files)}
	return append([]File{k.file()}, files...), nil
}

func paths(files []File) []string {
	p := make([]string, len(files))
	for i, f := range files {
		p[i] = f.Path
	}
	return p
}

// index finds an item by the object that it holds.
func index(items []Item) (map[manifest.ID]int, error) {
	byID := make(map[manifest.ID]int, len(items))
	for i, item := range items {
		if _, twice := byID[item.Object.ID]; twice {
			return nil, fmt.Errorf("%s is there twice", item.Object.ID)
		}
		byID[item.Object.ID] = i
	}
	return byID, nil
}

// resourceFiles prints the items into their files.
func resourceFiles(items []Item) ([]File, error) {
	var files []File
	for start := 0; start < len(items); {
		name := items[start].File
		end := start + 1
		for end < len(items) && items[end].File == name {
			end++
		}
		if err := checkPath(name); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(files, func(f File) bool { return f.Path == name }) {
			return nil, fmt.Errorf("the objects of %s do not follow each other", name)
		}
		objects := make([]manifest.Object, 0, end-start)
		for _, item := range items[start:end] {
			objects = append(objects, item.Object)
		}
		files = append(files, File{name, manifest.File(objects...)})
		start = end
	}
	return files, nil
}

func checkPath(name string) error {
	switch {
	case name == "" || path.Clean(name) != name || path.IsAbs(name) || name == ".." || strings.HasPrefix(name, "../"):
		return fmt.Errorf("%q is no clean path below its kustomization", name)
	case name == kustomizationFile || name == patchesFile:
		return fmt.Errorf("%s is not a place for objects", name)
	}
	return nil
}
