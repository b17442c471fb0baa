package render

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// closure copies kustomizations and what they lead to.
type closure struct {
	from fs.FS
	to   filesys.FileSystem
	seen map[string]bool
}

// kustomization has the fields that mlfleet writes, those of them that lead to other
// files spelled out. Fields that load or run something else (generators, Helm charts,
// remote CRDs) are refused, because each would need its own look at what it loads.
type kustomization struct {
	APIVersion  string   `json:"apiVersion"`
	Kind        string   `json:"kind"`
	Resources   []string `json:"resources"`
	Patches     []patch  `json:"patches"`
	Images      any      `json:"images"`
	Labels      any      `json:"labels"`
	Namespace   any      `json:"namespace"`
	Replicas    any      `json:"replicas"`
	SortOptions any      `json:"sortOptions"`
}

type patch struct {
	Path    string `json:"path"`
	Patch   any    `json:"patch"`
	Target  any    `json:"target"`
	Options any    `json:"options"`
}

func (c closure) folder(folder string) error {
	if c.seen[folder] {
		return nil // a cycle is Kustomize's to report
	}
	c.seen[folder] = true
	file, err := kustomized(c.from, folder)
	if err != nil {
		return err
	}
	data, err := c.copy(file)
	if err != nil {
		return err
	}
	var k kustomization
	if err := yaml.UnmarshalStrict(data, &k); err != nil {
		return fmt.Errorf("reading %s: %s", file, oneLine(err.Error()))
	}
	for _, p := range k.Patches {
		if p.Path != "" {
			k.Resources = append(k.Resources, p.Path)
		}
	}
	for _, r := range k.Resources {
		if err := c.entry(folder, r); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// entry copies a file, or a folder with a kustomization of its own.
func (c closure) entry(folder, entry string) error {
	name := path.Join(folder, entry)
	if path.IsAbs(entry) || !fs.ValidPath(name) || strings.ContainsAny(entry, ":?@") {
		return fmt.Errorf("%q is no relative path in the repository, and a preview fetches nothing", entry)
	}
	info, err := fs.Stat(c.from, name)
	switch {
	case err != nil:
		return fmt.Errorf("%s %s", name, problem(c.from, name, err))
	case info.IsDir():
		return c.folder(name)
	}
	_, err = c.copy(name)
	return err
}

func (c closure) copy(file string) ([]byte, error) {
	data, err := fs.ReadFile(c.from, file)
	if err != nil {
		return nil, fmt.Errorf("%s %s", file, problem(c.from, file, err))
	}
	return data, c.to.WriteFile("/"+file, data)
}
