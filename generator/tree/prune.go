package tree

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"
)

// sweep removes what killed runs left half-written.
func (r *run) sweep() error {
	if r.DryRun {
		return nil
	}
	for _, p := range r.leftovers {
		if err := r.root.Remove(p); err != nil {
			return ioError("remove", r.name(p), err)
		}
	}
	return nil
}

// prune removes what the stream, now at its end, did not name: files first,
// then the folders that hold nothing any more.
func (r *run) prune(ctx context.Context) error {
	for files := range slices.Chunk(slices.Sorted(maps.Keys(r.stale)), pruneStep) {
		if err := r.going(ctx); err != nil {
			return err
		}
		if err := r.removeFiles(files); err != nil {
			return err
		}
	}
	var empty []string
	for dir, used := range r.folders {
		if !used {
			empty = append(empty, dir)
		}
	}
	return r.removeFolders(empty)
}

// pruneStep is how many files are removed between two looks at the context.
const pruneStep = 64

// removeFiles removes stale files, given in the order of their paths, and
// forgets them.
func (r *run) removeFiles(paths []string) error {
	for _, p := range paths {
		if !r.DryRun {
			dir, err := r.enter(path.Dir(p))
			if err == nil {
				err = dir.Remove(path.Base(p))
			}
			if err != nil {
				return ioError("remove", r.name(p), err)
			}
		}
		delete(r.stale, p)
		r.res.Removed = append(r.res.Removed, p)
	}
	return nil
}

// removeFolders removes empty folders, the inner before the outer, and forgets
// them. One that somebody has just put a file into is not empty and stays: the
// removal fails.
func (r *run) removeFolders(dirs []string) error {
	r.leave()
	slices.SortFunc(dirs, func(a, b string) int { return strings.Compare(b, a) })
	for _, dir := range dirs {
		if !r.DryRun {
			if err := r.root.Remove(dir); err != nil {
				return ioError("remove", r.name(dir), err)
			}
		}
		delete(r.folders, dir)
	}
	return nil
}
