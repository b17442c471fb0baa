// Package preview shows what Argo CD will make of a fleet's golden/argocd before it is
// merged: the Applications, what is wrong with them, and what becomes of those that
// the hub has.
//
// The way of the data:
//
//	files     the bytes, from the working tree or from a Git revision
//	argotree  Argo CD's own types, strictly decoded
//	expand    the Applications, by Argo CD's own engine
//	check     findings; with hub (which clusters are registered), root (which
//	          files reach it) and render (what a path builds to)
//	change    what becomes of the Applications of another revision
//	report    text, markdown, JSON
//
// One direction, no step calls back. It talks to no server and no network.
package preview

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/mlfleet/mlfleet/preview/argotree"
	"github.com/mlfleet/mlfleet/preview/change"
	"github.com/mlfleet/mlfleet/preview/check"
	"github.com/mlfleet/mlfleet/preview/expand"
	"github.com/mlfleet/mlfleet/preview/files"
	"github.com/mlfleet/mlfleet/preview/finding"
	"github.com/mlfleet/mlfleet/preview/hub"
	"github.com/mlfleet/mlfleet/preview/report"
)

// Options choose what is looked at.
type Options struct {
	// Against is a Git revision to compare with; empty for none.
	Against string
	// Build has every Application's path built, and its objects checked.
	Build bool
}

// Run previews the fleet in the folder dir. What is wrong with the tree is in the
// report; the error is a folder that cannot be read, a revision that does not exist
// (a [files.UnknownRevisionError]), or the context's.
func Run(ctx context.Context, dir string, o Options) (*report.Report, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // it was only read
	read, unreadable, err := files.Folder(root.FS(), argotree.Folder, hub.Folder, hub.File)
	if err != nil {
		return nil, err
	}
	registered, err := hub.Read(read)
	if err != nil {
		return nil, err
	}
	now, err := side(ctx, read)
	if err != nil {
		return nil, err
	}
	now.Tree.Findings = append(unreadable, now.Tree.Findings...)
	if now.Tree.Objects() == 0 && len(now.Tree.Findings) == 0 {
		return nil, empty(dir)
	}
	fleet := check.Fleet{Tree: now.Tree, Applications: now.Applications, Hub: registered, FS: root.FS(), Build: o.Build}
	found, err := fleet.Run(ctx)
	if err != nil {
		return nil, err
	}
	r := &report.Report{
		Engine:       "Argo CD " + expand.Version,
		Projects:     len(now.Tree.Projects),
		Sets:         len(now.Tree.Sets),
		Applications: now.Applications,
		Findings:     slices.Concat(now.Tree.Findings, now.Findings, found),
		Built:        o.Build,
	}
	if o.Against != "" {
		if err := against(ctx, dir, o.Against, now, r); err != nil {
			return nil, err
		}
	}
	finding.Sort(r.Findings)
	return r, nil
}

// empty is the error about a folder without a tree, which may be a part of a fleet.
func empty(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, hub.File)); err == nil {
		return fmt.Errorf("%s holds no %s: run 'mlfleet generate' first", dir, argotree.Folder)
	}
	at, err := filepath.Abs(dir)
	for err == nil && at != filepath.Dir(at) {
		at = filepath.Dir(at)
		if info, err := os.Stat(filepath.Join(at, argotree.Folder)); err == nil && info.IsDir() {
			return fmt.Errorf("%s holds no %s, but is inside a fleet that does: choose that with -C %s", dir, argotree.Folder, at)
		}
	}
	return fmt.Errorf("%s holds no %s: run 'mlfleet generate' first, or choose the fleet with -C", dir, argotree.Folder)
}

func side(ctx context.Context, f files.Files) (*change.Side, error) {
	tree := argotree.Read(f)
	expanded, err := expand.Tree(ctx, tree)
	if err != nil {
		return nil, err
	}
	return &change.Side{Tree: tree, Result: expanded}, nil
}

// against adds what becomes of the Applications of a revision. Findings about that
// revision's tree are notes: what could not be read there is not compared, but a change
// that mends it must not fail for it.
func against(ctx context.Context, dir, name string, now *change.Side, r *report.Report) error {
	read, unreadable, err := files.Revision(ctx, dir, name, argotree.Folder)
	if err != nil {
		return err
	}
	then, err := side(ctx, read)
	if err != nil {
		return err
	}
	r.Against = name
	r.Changes = change.Between(then, now)
	for _, f := range slices.Concat(unreadable, then.Tree.Findings, then.Findings) {
		f.File = name + ":" + f.File
		r.Notes = append(r.Notes, f)
	}
	finding.Sort(r.Notes)
	return nil
}
