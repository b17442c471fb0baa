package argotree

import (
	"cmp"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"golang.org/x/sync/errgroup"

	"github.com/mlfleet/mlfleet/preview/files"
	"github.com/mlfleet/mlfleet/preview/finding"
)

// Folder is where the tree lies below a fleet's root.
const Folder = "golden/argocd"

// Project is an AppProject and where it is from.
type Project struct {
	Document
	*v1alpha1.AppProject
}

// Set is an ApplicationSet and where it is from.
type Set struct {
	Document
	*v1alpha1.ApplicationSet
}

// Application is an Application that no set makes, and where it is from.
type Application struct {
	Document
	*v1alpha1.Application
}

// Tree holds all objects, in the order of their files.
type Tree struct {
	Projects     []Project
	Sets         []Set
	Applications []Application
	// Findings are about objects that are not in the tree, and about unknown fields of
	// those that are.
	Findings []finding.Finding
}

// Read decodes all files below Folder.
func Read(f files.Files) *Tree {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if strings.HasPrefix(name, Folder+"/") {
			names = append(names, name)
		}
	}
	parts := make([]Tree, len(names))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range names {
		work.Go(func() error {
			for _, d := range split(name, f[name]) {
				parts[i].add(d)
			}
			return nil
		})
	}
	_ = work.Wait() // what can go wrong is a finding
	t := &Tree{}
	for _, p := range parts {
		t.Projects = append(t.Projects, p.Projects...)
		t.Sets = append(t.Sets, p.Sets...)
		t.Applications = append(t.Applications, p.Applications...)
		t.Findings = append(t.Findings, p.Findings...)
	}
	return t
}

// Documents gives the first document of every file that has objects in the tree.
func (t *Tree) Documents() []Document {
	first := map[string]Document{}
	add := func(d Document) {
		if known, ok := first[d.File]; !ok || d.Line < known.Line {
			first[d.File] = d
		}
	}
	for _, p := range t.Projects {
		add(p.Document)
	}
	for _, s := range t.Sets {
		add(s.Document)
	}
	for _, a := range t.Applications {
		add(a.Document)
	}
	return slices.SortedFunc(maps.Values(first), func(a, b Document) int { return cmp.Compare(a.File, b.File) })
}

// Objects counts what is in the tree.
func (t *Tree) Objects() int { return len(t.Projects) + len(t.Sets) + len(t.Applications) }
