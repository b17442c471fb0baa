package reference

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/mlfleet/mlfleet/generator/manifest"
)

// held is an object and the file of golden/ that holds it.
type held struct {
	file   string
	object manifest.Object
}

// golden reads the objects of golden/ in the files where a reader looks for them: bases
// first, then what only a cluster has, what Argo CD is told, and the manifests, which have
// everything again. Patches are no objects, and kustomization.yaml is none of a cluster.
func golden(repository fs.FS) ([]held, error) {
	var sources, built []held
	err := fs.WalkDir(repository, "golden", func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || path.Ext(file) != ".yaml" ||
			path.Base(file) == "patches.yaml" || path.Base(file) == "kustomization.yaml" {
			return err
		}
		data, err := fs.ReadFile(repository, file)
		if err != nil {
			return err
		}
		objects, err := manifest.ParseYAML(data)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for _, o := range objects {
			if strings.HasPrefix(file, "golden/manifests/") {
				built = append(built, held{file, o})
			} else {
				sources = append(sources, held{file, o})
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading golden/: %w", err)
	}
	slices.SortStableFunc(sources, func(a, b held) int { return rank(a.file) - rank(b.file) })
	return append(sources, built...), nil
}

func rank(file string) int {
	switch {
	case strings.Contains(file, "/base/"):
		return 0
	case strings.Contains(file, "/overlays/"):
		return 1
	}
	return 2
}

// pattern is a path in golden/ with names for what differs from tenant to tenant and
// cluster to cluster.
func pattern(file string) string {
	parts := strings.Split(file, "/")
	for i := 1; i < len(parts); i++ {
		switch before := parts[i-1]; {
		case before == "tenants" && parts[1] == "argocd" && i+1 < len(parts):
			parts[i], parts[i+1] = "<shard>", "<tenant>"
		case before == "tenants":
			parts[i] = "<tenant>"
		case before == "overlays":
			parts[i] = "<cluster>"
		case i == len(parts)-2 && (before == "base" || before == "<cluster>"):
			parts[i] = "<model>"
		case i == len(parts)-1 && strings.HasPrefix(parts[i], "models-"):
			parts[i] = "models-<environment>.yaml"
		}
	}
	return strings.Join(parts, "/")
}
