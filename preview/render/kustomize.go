package render

import (
	"fmt"
	"io/fs"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// build runs Kustomize on a copy of all that a folder's kustomization leads to.
func build(fsys fs.FS, folder string) (out []Object, err error) {
	defer func() {
		// It does on a patch file that deletes several objects.
		if value := recover(); value != nil {
			out, err = nil, fmt.Errorf("kustomize build panicked: %v", value)
		}
	}()
	c := closure{from: fsys, to: filesys.MakeFsInMemory(), seen: map[string]bool{}}
	if err := c.folder(folder); err != nil {
		return nil, err
	}
	// As the command line does without flags: nothing from outside of a kustomization's
	// own folder but other kustomizations, no plugins, no Helm, no order but its own.
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified
	resources, err := krusty.MakeKustomizer(options).Run(c.to, "/"+folder)
	if err != nil {
		return nil, fmt.Errorf("kustomize build: %s", oneLine(err.Error()))
	}
	for _, r := range resources.Resources() {
		out = append(out, object(r.GetApiVersion(), r.GetKind(), r.GetNamespace(), r.GetName(), size(r.YNode())))
	}
	return out, nil
}

// size is the length of a value as JSON, without a copy of it.
func size(node *yaml.Node) int {
	punctuation, inside := 2, 0 // two brackets or quotes, and a comma or colon after each value
	for _, n := range node.Content {
		inside += size(n) + 1
	}
	switch {
	case node.Kind == yaml.ScalarNode && node.Tag != yaml.NodeTagString:
		return len(node.Value)
	case node.Kind == yaml.ScalarNode:
		return punctuation + len(node.Value)
	case inside > 0:
		inside-- // there is none after the last
	}
	return punctuation + inside
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
