package render

import (
	"fmt"
	"io/fs"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
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
		out = append(out, object(r.GetApiVersion(), r.GetKind(), r.GetNamespace(), r.GetName()))
	}
	return out, nil
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
