// Package schemas carries the CUE schemas of a fleet's inputs inside the
// binary, so that the generator needs no files of its own where it runs.
//
// The rules about a single document stand in CUE and nowhere else: bounds,
// formats, closedness, and what one field demands of another. The schemas hold
// no defaults, because in CUE a default is a disjunction and disjunctions are
// what checking spends its time on; the defaults are plain data beside the
// schemas (defaults.cue), which the loader takes as the lowest of its layers.
package schemas

import (
	"embed"
	"fmt"
	"io/fs"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/parser"
)

// Files holds the schemas (*.cue).
//
//go:embed *.cue
var Files embed.FS

// Parse returns the syntax of every schema file, sorted by name, with comments.
func Parse() ([]*ast.File, error) {
	entries, err := fs.ReadDir(Files, ".")
	if err != nil {
		return nil, fmt.Errorf("listing the schemas: %w", err)
	}
	files := make([]*ast.File, 0, len(entries))
	for _, entry := range entries {
		src, err := Files.ReadFile(entry.Name())
		if err != nil {
			return nil, fmt.Errorf("reading schema %s: %w", entry.Name(), err)
		}
		file, err := parser.ParseFile("cue/"+entry.Name(), src, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("parsing schema %s: %w", entry.Name(), err)
		}
		files = append(files, file)
	}
	return files, nil
}

// Build compiles the schemas in a context. The value holds the definitions:
// #Fleet, #Environment, #ImagePins, #Region, #Tenant, #Model, #EffectiveModel;
// and the data: modelDefaults, gpuDefaults, imageDefaults, trafficDefaults, catalogue,
// gpuClasses.
func Build(ctx *cue.Context) (cue.Value, error) {
	files, err := Parse()
	if err != nil {
		return cue.Value{}, err
	}
	return Compile(ctx, files)
}

// Compile compiles parsed schema files as one package.
func Compile(ctx *cue.Context, files []*ast.File) (cue.Value, error) {
	instance := build.NewContext().NewInstance("cue", nil)
	for _, file := range files {
		if err := instance.AddSyntax(file); err != nil {
			return cue.Value{}, fmt.Errorf("adding schema %s: %w", file.Filename, err)
		}
	}
	value := ctx.BuildInstance(instance)
	if err := value.Err(); err != nil {
		return cue.Value{}, fmt.Errorf("compiling the schemas: %w", err)
	}
	return value, nil
}
