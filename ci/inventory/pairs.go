package inventory

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// comparePairs refuses a tree in which an overlay lacks what it builds, or what was
// built lacks its overlay: one of the two was taken away or put there by hand, and
// what Argo CD makes of the rest is not on the list.
func comparePairs(fsys fs.FS) error {
	built, err := matching(fsys, "golden/manifests/*/*", "golden/manifests/*/*/*")
	if err != nil {
		return err
	}
	overlays, err := matching(fsys, "golden/platform/overlays/*", "golden/tenants/*/*/overlays/*")
	if err != nil {
		return err
	}
	var all []error
	missing := func(what, file string) {
		all = append(all, fmt.Errorf("%s: there is no %s to it: run 'mlfleet generate', and look at who changed that", what, file))
	}
	var wanted []string
	for _, folder := range built {
		wanted = append(wanted, overlayOf(folder))
		if file := overlayOf(folder) + "/kustomization.yaml"; !exists(fsys, file) {
			missing(folder, file)
		}
	}
	for _, overlay := range overlays {
		if !exists(fsys, overlay+"/kustomization.yaml") {
			missing(overlay, overlay+"/kustomization.yaml")
		} else if !slices.Contains(wanted, overlay) {
			missing(overlay, "manifests.yaml in golden/manifests/"+path.Base(overlay))
		}
	}
	if err := errors.Join(all...); err != nil {
		return fmt.Errorf("comparing the overlays with the generated manifests: %w", err)
	}
	return nil
}

// overlayOf is the overlay that a folder of golden/manifests/<cluster> is built of:
// platform, or <tenant>/<component>.
func overlayOf(folder string) string {
	cluster, what, _ := strings.Cut(strings.TrimPrefix(folder, "golden/manifests/"), "/")
	if what != "platform" {
		what = path.Join("tenants", what)
	}
	return path.Join("golden", what, "overlays", cluster)
}

// matching gives the folders that match: of golden/manifests those with a
// manifests.yaml, of the overlays all.
func matching(fsys fs.FS, patterns ...string) ([]string, error) {
	var all []string
	for _, pattern := range patterns {
		found, err := fs.Glob(fsys, pattern)
		if err != nil {
			return nil, err
		}
		for _, folder := range found {
			if !strings.HasPrefix(folder, "golden/manifests/") || exists(fsys, folder+"/manifests.yaml") {
				all = append(all, folder)
			}
		}
	}
	return all, nil
}

func exists(fsys fs.FS, file string) bool {
	_, err := fs.Stat(fsys, file)
	return err == nil
}
