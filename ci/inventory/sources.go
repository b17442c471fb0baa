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

// kustomization is what mlfleet writes of a kustomization.yaml. A field that is not
// here could bring in images from elsewhere (components, charts, replacements).
type kustomization struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Images     []struct {
		Name    string `yaml:"name"`
		NewName string `yaml:"newName"`
		NewTag  string `yaml:"newTag"`
		Digest  string `yaml:"digest"`
	} `yaml:"images"`
	Labels []struct {
		IncludeTemplates bool              `yaml:"includeTemplates"`
		Pairs            map[string]string `yaml:"pairs"`
	} `yaml:"labels"`
	Patches []struct {
		Path   string         `yaml:"path"`
		Patch  string         `yaml:"patch"`
		Target map[string]any `yaml:"target"`
	} `yaml:"patches"`
	Resources   []string       `yaml:"resources"`
	SortOptions map[string]any `yaml:"sortOptions"`
}

// readSources reads what Argo CD syncs: the overlays of golden/platform and
// golden/tenants, each with its base. golden/manifests holds the same, built; who
// edits one and not the other is found out here.
func readSources(fsys fs.FS) ([]use, error) {
	var all []use
	for _, dir := range []string{"golden/platform", "golden/tenants"} {
		err := files(fsys, dir, func(file string) error {
			folder, name := path.Split(file)
			if name != "kustomization.yaml" {
				return nil
			}
			root, cluster, ok := strings.Cut(path.Clean(folder), "/overlays/")
			if !ok {
				_, err := readKustomization(fsys, file)
				return err
			}
			uses, err := readOverlay(fsys, root, cluster, file)
			all = append(all, uses...)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("reading what Argo CD syncs: %w", err)
		}
	}
	return all, nil
}

// readOverlay gives the images of one cluster's overlay over root/base.
func readOverlay(fsys fs.FS, root, cluster, file string) ([]use, error) {
	k, err := readKustomization(fsys, file)
	if err != nil {
		return nil, err
	}
	gone, err := deleted(fsys, path.Dir(file), k)
	if err != nil {
		return nil, err
	}
	var refs []string
	for _, dir := range []string{root + "/base", path.Dir(file)} {
		found, err := containers(fsys, dir)
		if err != nil {
			return nil, err
		}
		for _, u := range found {
			if !gone[u.object] {
				refs = append(refs, u.ref)
			}
		}
	}
	environment := ""
	for _, l := range k.Labels {
		environment = l.Pairs["mlfleet.dev/environment"]
	}
	// What the overlay sets counts even where nothing was found that it is set for.
	for _, i := range k.Images {
		refs = append(refs, i.Name)
	}
	slices.Sort(refs)
	var all []use
	for _, ref := range slices.Compact(refs) {
		all = append(all, use{ref: k.image(ref), cluster: cluster, environment: environment, file: file})
	}
	return all, nil
}

// image is what a container's image becomes.
func (k *kustomization) image(ref string) string {
	name, _, _, err := split(ref)
	if err != nil {
		return ref
	}
	for _, i := range k.Images {
		if i.Name != name {
			continue
		}
		if i.NewName != "" {
			name = i.NewName
		}
		switch {
		case i.Digest != "":
			return name + "@" + i.Digest
		case i.NewTag != "":
			return name + ":" + i.NewTag
		}
		return name
	}
	return ref
}

// readKustomization reads a kustomization.yaml, which must stay in its folder: what
// it takes from elsewhere would not be looked at.
func readKustomization(fsys fs.FS, file string) (*kustomization, error) {
	data, err := read(fsys, file, maxManifests)
	if err != nil {
		return nil, err
	}
	k := &kustomization{}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := errors.Join(plain(data), decoder.Decode(k)); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, r := range k.Resources {
		if r == "../../base" && strings.Contains(file, "/overlays/") {
			continue
		}
		if info, err := fs.Stat(fsys, path.Join(path.Dir(file), r)); !below(r) || err != nil || !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s: the resource %.100q is neither ../../base nor a file below", file, r)
		}
	}
	for _, p := range k.Patches {
		if p.Path != "" && !below(p.Path) {
			return nil, fmt.Errorf("%s: the patch %.100q is no YAML file in its folder", file, p.Path)
		}
		if p.Patch == "" {
			continue
		}
		uses, err := parseManifests([]byte(p.Patch))
		if err != nil {
			return nil, fmt.Errorf("%s: a patch: %w", file, err)
		}
		if len(uses) > 0 {
			return nil, fmt.Errorf("%s: a patch sets the image %.100q: only 'images' does", file, uses[0].ref)
		}
	}
	return k, nil
}

// below tells whether a file that a kustomization.yaml names is one that files
// visits with it.
func below(name string) bool { return fs.ValidPath(name) && path.Ext(name) == ".yaml" }

// deleted gives the objects of the base that an overlay's patches take away.
func deleted(fsys fs.FS, dir string, k *kustomization) (map[string]bool, error) {
	gone := map[string]bool{}
	for _, p := range k.Patches {
		data, where := []byte(p.Patch), path.Join(dir, "kustomization.yaml")
		if p.Path != "" {
			where = path.Join(dir, p.Path)
			var err error
			if data, err = read(fsys, where, maxManifests); err != nil {
				return nil, err
			}
		}
		err := documents(data, func(document *yaml.Node) error {
			if text(document, "$patch") == "delete" {
				gone[object(document)] = true
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
	}
	return gone, nil
}

// containers gives the images in all files of a folder, as they stand there.
func containers(fsys fs.FS, dir string) ([]use, error) {
	var all []use
	err := files(fsys, dir, func(file string) error {
		if path.Base(file) == "kustomization.yaml" {
			return nil
		}
		data, err := read(fsys, file, maxManifests)
		if err != nil {
			return err
		}
		uses, err := parseManifests(data)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, uses...)
		return nil
	})
	return all, err
}

// files visits every file below a folder that Argo CD reads. What has another name
// than mlfleet gives its files is refused: Kustomize reads a kustomization.yml and a
// Kustomization too, and Argo CD a .argocd-source.yaml, a Chart.yaml and *.jsonnet.
func files(fsys fs.FS, dir string, visit func(file string) error) error {
	return walk(fsys, dir, func(file string) error {
		name := path.Base(file)
		if path.Ext(name) != ".yaml" || strings.HasPrefix(name, ".") || name != strings.ToLower(name) {
			return fmt.Errorf("%s has a name that mlfleet gives no file, and Kustomize or Argo CD may read it", file)
		}
		return visit(file)
	})
}
