// Package generator is mlfleet as a library: it loads a fleet's inputs, renders
// them to the files of golden/, compares those with what is there, and writes
// them.
//
//	fleet, err := generator.Load(os.DirFS("."))
//	files := generator.Render(fleet)
//	result, err := generator.Write(ctx, "golden", files)
//
// Load is the only step that can find fault with an input, and Render is a pure
// function of what Load returns, so a program that has loaded a fleet knows that
// it can be rendered.
package generator

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"time"

	"github.com/mlfleet/mlfleet/generator/check"
	"github.com/mlfleet/mlfleet/generator/diff"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/load"
	"github.com/mlfleet/mlfleet/generator/manifest"
	"github.com/mlfleet/mlfleet/generator/place"
	"github.com/mlfleet/mlfleet/generator/render"
	"github.com/mlfleet/mlfleet/generator/tree"
)

// Load reads the inputs of a fleet (fleet.yaml, regions/, environments/,
// tenants/) from the root of fsys and checks them. Where they are wrong, the
// error is a fleet.Findings with everything that is, sorted by place; nothing is
// returned beside it. Warnings alone are no error: they are in Fleet.Warnings.
func Load(fsys fs.FS) (*fleet.Fleet, error) {
	docs, err := load.Read(fsys)
	if err != nil {
		return nil, fmt.Errorf("loading the fleet: %w", err)
	}
	f, findings, err := place.Fleet(docs)
	if err != nil {
		return nil, fmt.Errorf("loading the fleet: %w", err)
	}
	findings = append(findings, docs.Findings...)
	findings = append(findings, check.Fleet(f)...)
	findings = findings.Sorted()
	if len(findings.Errors()) > 0 {
		return nil, findings
	}
	f.Warnings = findings
	return f, nil
}

// Render streams the files of golden/, with paths relative to it, in a fixed
// order. The same Fleet gives the same bytes on every machine.
func Render(f *fleet.Fleet) iter.Seq2[tree.File, error] { return render.Fleet(f) }

// Diff says what files would change in a tree as it was: golden/ on disk, or of a
// Git revision (package revision). The stream is read to its end; memory holds
// what differs, not the trees.
func Diff(old fs.FS, files iter.Seq2[tree.File, error]) (*diff.Diff, error) {
	return diff.Trees(old, files)
}

// lockWait is how long a run waits for another one on the same tree.
const lockWait = 10 * time.Second

// Write makes the folder dir hold exactly the files: it writes what changed,
// removes what is stale, and leaves the rest untouched. Package tree documents
// what it promises when it fails.
func Write(ctx context.Context, dir string, files iter.Seq2[tree.File, error]) (tree.Result, error) {
	return tree.Writer{Root: dir, Header: manifest.Header, Wait: lockWait}.Write(ctx, files)
}
