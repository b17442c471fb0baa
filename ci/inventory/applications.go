package inventory

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// repository is where Argo CD finds the fleet, as fleet.yaml says.
type repository struct {
	URL      string `yaml:"url"`
	Revision string `yaml:"revision"`
	Path     string `yaml:"path"` // of the fleet, in the repository
}

// maxFleet bounds fleet.yaml, bytes: what mlfleet takes.
const maxFleet = 256 << 10

func readRepository(fsys fs.FS) (*repository, error) {
	data, err := read(fsys, "fleet.yaml", maxFleet)
	if err != nil {
		return nil, err
	}
	var fleet struct {
		Spec struct {
			Repository repository `yaml:"repository"`
		} `yaml:"spec"`
	}
	if err := errors.Join(plain(data), yaml.NewDecoder(bytes.NewReader(data)).Decode(&fleet)); err != nil {
		return nil, fmt.Errorf("fleet.yaml: %w", err)
	}
	r := &fleet.Spec.Repository
	if r.URL == "" || r.Revision == "" {
		return nil, errors.New("fleet.yaml: spec.repository lacks its url or its revision")
	}
	return r, nil
}

// applications is what golden/argocd may have Argo CD sync.
type applications struct {
	fsys       fs.FS
	repository *repository
}

// readApplications refuses Applications that change images on the way from Git to
// the cluster, or that take them from elsewhere than the generated tree: nobody
// would see it there.
func readApplications(fsys fs.FS) error {
	a := &applications{fsys: fsys}
	err := files(fsys, "golden/argocd", func(file string) (err error) {
		if a.repository == nil {
			if a.repository, err = readRepository(fsys); err != nil {
				return err
			}
		}
		data, err := read(fsys, file, maxManifests)
		if err != nil {
			return err
		}
		if err := documents(data, a.check); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the Applications: %w", err)
	}
	return nil
}

// check looks at one document.
func (a *applications) check(document *yaml.Node) error {
	kind := text(document, "kind")
	if !strings.HasPrefix(text(document, "apiVersion"), "argoproj.io/") || !slices.Contains([]string{"Application", "ApplicationSet", "AppProject"}, kind) {
		return fmt.Errorf("line %d: %.100q is no Application, ApplicationSet or AppProject", document.Line, kind)
	}
	return a.walk(document, 0)
}

// walk looks at every mapping of a document.
func (a *applications) walk(n *yaml.Node, depth int) error {
	if err := sober(n, depth); err != nil {
		return err
	}
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if err := a.field(n, n.Content[i], n.Content[i+1]); err != nil {
				return fmt.Errorf("line %d: %w", n.Content[i].Line, err)
			}
		}
	}
	for _, child := range n.Content {
		if err := a.walk(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// field refuses the fields of an Application's source that build something else
// than what lies in Git (Argo CD, "Application Specification"), and those that lead
// to another place in it than where the generated tree is.
func (a *applications) field(in, key, value *yaml.Node) error {
	switch key.Value {
	case "kustomize", "helm", "plugin", "chart", "templatePatch":
		return fmt.Errorf("%q changes what lies in Git on its way to the cluster", key.Value)
	case "repoURL":
		return same(key, value, a.repository.URL)
	case "targetRevision":
		return same(key, value, a.repository.Revision)
	case "directory":
		if value.Kind == yaml.MappingNode && text(in, "path") != a.at("golden/argocd") {
			return errors.New(`"directory" takes what lies in Git unbuilt, without its digests`)
		}
	case "path":
		return a.leads(in, value)
	}
	return nil
}

// same refuses a value that is not fleet.yaml's.
func same(key, value *yaml.Node, want string) error {
	if value.Kind != yaml.ScalarNode || value.Value != want {
		return fmt.Errorf("%s is %.100q, and fleet.yaml says %q", key.Value, value.Value, want)
	}
	return nil
}

// at is where a folder of the fleet is in the repository.
func (a *applications) at(folder string) string { return path.Join(a.repository.Path, folder) }

// leads refuses a path that is neither that of the Applications themselves nor an
// overlay that was read, of the cluster that the Application is for.
func (a *applications) leads(in, value *yaml.Node) error {
	switch value.Value {
	case "{{.path}}", a.at("golden/argocd"): // the first is an element's, which is looked at itself
		return nil
	}
	folder, ok := strings.CutPrefix(value.Value, strings.TrimPrefix(a.at("golden")+"/", "./"))
	overlay := path.Join("golden", folder)
	root, cluster, under := strings.Cut(overlay, "/overlays/")
	if !ok || !under || !fs.ValidPath("golden/"+folder) || strings.Contains(cluster, "/") ||
		!strings.HasPrefix(root, "golden/tenants/") && root != "golden/platform" {
		return fmt.Errorf("the path %.100q is no overlay of the generated tree", value.Value)
	}
	if named := text(in, "cluster"); named != cluster {
		return fmt.Errorf("the path %.100q is that of the cluster %q, and the Application is for %.100q", value.Value, cluster, named)
	}
	if _, err := fs.Stat(a.fsys, overlay+"/kustomization.yaml"); err != nil {
		return fmt.Errorf("the path %.100q leads nowhere: %w", value.Value, err)
	}
	return nil
}
