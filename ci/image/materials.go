package image

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// material notes something that goes into the image, once.
func (r *run) material(m Material) { r.materials[m.URI] = m }

// inputs notes the commit, the files of it that decide what is fetched, and the
// Go toolchain.
func (r *run) inputs() error {
	r.material(Material{
		URI:    "git+" + r.metadata.Source + "@" + r.metadata.Revision,
		Digest: map[string]string{"gitCommit": r.metadata.Revision},
	})
	// A glob of fs.FS, because the folder's own name may hold what a glob means
	// something by.
	sums, err := fs.Glob(os.DirFS(r.source), path.Join(models, "*", "*", sumsFile))
	if err != nil {
		return fmt.Errorf("find the models: %w", err)
	}
	for _, name := range append(sums, "inference/go.mod", "inference/go.sum") {
		sum, err := hashFile(filepath.Join(r.source, filepath.FromSlash(name)))
		if err != nil {
			return fmt.Errorf("hash what goes into the image: %w", err)
		}
		r.material(Material{
			URI:    fmt.Sprintf("%s/blob/%s/%s", r.metadata.Source, r.metadata.Revision, name),
			Digest: map[string]string{"sha256": sum},
		})
	}
	tools, err := r.tools.material()
	if err != nil {
		return err
	}
	r.material(tools)
	return nil
}

func (r *run) sortedMaterials() []Material {
	var all []Material
	for _, uri := range slices.Sorted(maps.Keys(r.materials)) {
		all = append(all, r.materials[uri])
	}
	return all
}
