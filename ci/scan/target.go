package scan

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/aquasecurity/trivy/pkg/dependency"
	ftypes "github.com/aquasecurity/trivy/pkg/fanal/types"
	"github.com/aquasecurity/trivy/pkg/purl"
	"github.com/aquasecurity/trivy/pkg/types"

	"github.com/mlfleet/mlfleet/ci/rootfs"
)

// target says what is installed in the container, in the form that Trivy's detectors take.
func (c *collector) target(name string, tree *rootfs.Tree) (types.ScanTarget, error) {
	for id, where := range c.foreign {
		if shown, ok := tree.Shown(id); ok {
			return types.ScanTarget{}, fmt.Errorf("%w: it has a %s database (%s): only dpkg's is read; scan this image with Trivy itself",
				ErrUnsupported, foreignDatabase(where), shown)
		}
	}
	t := types.ScanTarget{Name: name, OS: c.detectOS(tree)}
	packages, err := c.packages(tree)
	if err != nil {
		return t, err
	}
	switch {
	case t.OS.Family == "" && len(packages) > 0:
		return t, fmt.Errorf("%w: it has dpkg packages, but neither %s nor os-release says of which system", ErrUnsupported, debianVersion)
	case t.OS.Family != "" && t.OS.Family != ftypes.Debian && t.OS.Family != ftypes.Ubuntu:
		return t, fmt.Errorf("%w: it is %s %s; Debian and Ubuntu are read; scan this image with Trivy itself", ErrUnsupported, t.OS.Family, t.OS.Name)
	case t.OS.Family != "" && len(packages) == 0:
		return t, fmt.Errorf("%w: it is %s %s, but %s and %s are missing: without a list of packages nothing can be found",
			ErrUnsupported, t.OS.Family, t.OS.Name, statusFile, statusFolder)
	}
	for _, p := range packages {
		if err := identify(t.OS.Family, &t.OS, "", &p.Package); err != nil {
			return t, err
		}
		t.Packages = append(t.Packages, p.Package)
	}
	t.Applications, err = c.applications(tree, c.owned(tree, packages))
	return t, err
}

// shownTexts gives the kept files that the container has, by the path under which it has them, in order.
func (c *collector) shownTexts(tree *rootfs.Tree, want func(string) bool) []text {
	var all []text
	for id, t := range c.texts {
		if shown, ok := tree.Shown(id); ok && want(shown) {
			t.path = shown
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(a, b text) int { return cmp.Compare(a.path, b.path) })
	return all
}

func isStatus(name string) bool {
	return name == statusFile || path.Dir(name) == statusFolder && !strings.HasSuffix(name, md5sums)
}

// packages gives the installed Debian packages, each once, with the layer that first had this version of it.
func (c *collector) packages(tree *rootfs.Tree) ([]installed, error) {
	var all []installed
	byID := map[string]bool{}
	byName := map[string]string{}
	first := c.firstLayers()
	for _, list := range c.shownTexts(tree, isStatus) {
		packages, err := parseStatus(list.data)
		if err != nil {
			return nil, &rootfs.Error{Layer: list.layer, Entry: list.path, Err: fmt.Errorf("a package list that cannot be read: %w", err)}
		}
		for _, p := range packages {
			if byID[p.ID] {
				continue
			}
			byID[p.ID], byName[p.Name] = true, p.ID
			p.Layer = first[p.ID]
			all = append(all, p)
		}
	}
	for i := range all {
		for _, name := range all[i].depends {
			if id := byName[name]; id != "" {
				all[i].DependsOn = append(all[i].DependsOn, id)
			}
		}
		slices.Sort(all[i].DependsOn)
	}
	slices.SortFunc(all, func(a, b installed) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// firstLayers says which layer first listed each package. Every layer that installs something carries the whole list again.
func (c *collector) firstLayers() map[string]ftypes.Layer {
	lowest := map[string]rootfs.Layer{}
	for _, t := range c.texts {
		if !isStatus(t.path) {
			continue
		}
		packages, err := parseStatus(t.data)
		if err != nil {
			continue // a hidden list that cannot be read tells nothing; a shown one is an error elsewhere
		}
		for _, p := range packages {
			if known, ok := lowest[p.ID]; !ok || t.layer.Index < known.Index {
				lowest[p.ID] = t.layer
			}
		}
	}
	first := map[string]ftypes.Layer{}
	for id, l := range lowest {
		first[id] = ftypes.Layer{Digest: l.Digest.String(), DiffID: l.DiffID.String()}
	}
	return first
}

// owned gives the files that the distribution's own packages installed. A Go program among them is judged as a package: its makers
// mend it without raising the versions of its modules.
func (c *collector) owned(tree *rootfs.Tree, packages []installed) map[string]bool {
	official := map[string]bool{}
	for _, p := range packages {
		if p.Repository.Class == ftypes.RepositoryClassOfficial {
			official[p.Name], official[p.Name+":"+p.Arch] = true, true
		}
	}
	files := map[string]bool{}
	for _, t := range c.shownTexts(tree, func(name string) bool { return strings.HasSuffix(name, md5sums) }) {
		if !official[strings.TrimSuffix(path.Base(t.path), md5sums)] {
			continue
		}
		for _, name := range parseMD5Sums(t.data) {
			files[name] = true
		}
	}
	return files
}

// applications gives the Go programs that the container has and that no Debian package owns.
func (c *collector) applications(tree *rootfs.Tree, owned map[string]bool) ([]ftypes.Application, error) {
	var all []ftypes.Application
	for id, app := range c.binaries {
		shown, ok := tree.Shown(id)
		if !ok || owned[shown] || owned[app.FilePath] {
			continue
		}
		app.FilePath = shown
		for i := range app.Packages {
			if err := identify(app.Type, nil, shown, &app.Packages[i]); err != nil {
				return nil, err
			}
		}
		all = append(all, app)
	}
	slices.SortFunc(all, func(a, b ftypes.Application) int { return cmp.Compare(a.FilePath, b.FilePath) })
	return all, nil
}

// identify gives a package its URL and the identifier under which SBOMs and findings meet.
func identify(kind ftypes.TargetType, os *ftypes.OS, file string, p *ftypes.Package) error {
	u, err := purl.New(kind, types.Metadata{OS: os}, *p)
	if err != nil {
		return fmt.Errorf("making a package URL for %s: %w", p.ID, err)
	}
	p.Identifier.PURL = u.Unwrap()
	p.Identifier.UID = dependency.UID(file, *p)
	return nil
}
