package fleet

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Adapt points the fleet to this repository and to the addresses of the clusters, by
// name, and takes the sync windows away.
func (r *Repository) Adapt(servers map[string]string) error {
	err := r.Edit("fleet.yaml", func(d Document) { d.At("spec", "repository")["url"] = r.URL() })
	if err != nil {
		return err
	}
	err = r.each("regions/*.yaml", func(_ string, d Document) {
		for _, cluster := range items(d.At("spec")["clusters"]) {
			cluster.At("argocd")["server"] = servers[cluster["name"].(string)]
		}
	})
	if err != nil {
		return err
	}
	return r.each("environments/*/environment.yaml", func(_ string, d Document) { delete(d.At("spec"), "windows") })
}

// Keep cuts the fleet to some regions: other regions' clusters go, and tenants, models
// and overrides that are for others only. How a model's name is shared among regions goes
// too, because weights and fail-over are refused where the others are missing.
func (r *Repository) Keep(regions ...string) error {
	var clusters, gone []string
	err := r.each("regions/*.yaml", func(path string, d Document) {
		if !slices.Contains(regions, strings.TrimSuffix(filepath.Base(path), ".yaml")) {
			gone = append(gone, path)
			return
		}
		for _, cluster := range items(d.At("spec")["clusters"]) {
			clusters = append(clusters, cluster["name"].(string))
		}
	})
	if err != nil {
		return err
	}
	err = r.each("tenants/*/tenant.yaml", func(path string, d Document) {
		if !keep(d.At("spec", "placement"), regions) {
			gone = append(gone, filepath.Dir(path))
		}
	})
	if err != nil {
		return err
	}
	err = r.each("tenants/*/models/*.yaml", func(path string, d Document) {
		spec := d.At("spec")
		if placement, ok := spec["placement"].(map[string]any); ok && !keep(placement, regions) {
			gone = append(gone, path)
		}
		unshare(spec)
		var overrides []any
		for _, o := range items(spec["overrides"]) {
			unshare(o)
			match := o.At("match")
			if among(match["region"], regions) && among(match["cluster"], clusters) {
				overrides = append(overrides, map[string]any(o))
			}
		}
		if delete(spec, "overrides"); overrides != nil {
			spec["overrides"] = overrides
		}
	})
	if err != nil {
		return err
	}
	for _, path := range gone {
		if err := r.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

func unshare(spec Document) {
	if expose, ok := spec["expose"].(map[string]any); ok {
		delete(expose, "dns")
	}
}

// keep cuts the list of regions of a placement, and says whether one is left. A
// placement without a list is in all of them.
func keep(placement Document, regions []string) bool {
	list, ok := placement["regions"].([]any)
	if !ok {
		return true
	}
	list = slices.DeleteFunc(list, func(region any) bool { return !among(region, regions) })
	placement["regions"] = list
	return len(list) > 0
}

// among says whether a name is one of those; no name stands for all.
func among(name any, names []string) bool {
	return name == nil || slices.Contains(names, name.(string))
}

// Remove removes an input or a folder of inputs.
func (r *Repository) Remove(path string) error {
	if err := os.RemoveAll(filepath.Join(r.Dir, path)); err != nil {
		return fmt.Errorf("removing %s: %w", path, err)
	}
	return nil
}

// each edits all inputs whose path matches a pattern.
func (r *Repository) each(pattern string, change func(path string, d Document)) error {
	files, err := filepath.Glob(filepath.Join(r.Dir, pattern))
	if err != nil {
		return err
	}
	for _, file := range files {
		path, err := filepath.Rel(r.Dir, file)
		if err != nil {
			return err
		}
		if err := r.Edit(path, func(d Document) { change(path, d) }); err != nil {
			return err
		}
	}
	return nil
}
