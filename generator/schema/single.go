package schema

import (
	"fmt"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"

	schemas "github.com/mlfleet/mlfleet/cue"
)

// single returns a definition without its rules over several fields (those in
// hidden ones). A broken one hides what is wrong elsewhere, and it can only be
// opened together with all that lies below the fields it is about, so a report
// asks about those rules last. It is compiled when the first bad value comes.
func (s *Schema) single(definition string) (cue.Value, error) {
	if !s.singles.Exists() {
		files, err := schemas.Parse()
		if err != nil {
			return cue.Value{}, err
		}
		for _, file := range files {
			ast.Walk(file, func(n ast.Node) bool {
				if n, ok := n.(*ast.StructLit); ok {
					n.Elts = withoutHidden(n.Elts)
				}
				return true
			}, nil)
		}
		if s.singles, err = schemas.Compile(s.ctx, files); err != nil {
			return cue.Value{}, fmt.Errorf("without rules over several fields: %w", err)
		}
	}
	return s.singles.LookupPath(cue.ParsePath(definition)), nil
}

func withoutHidden(fields []ast.Decl) []ast.Decl {
	var out []ast.Decl
	for _, decl := range fields {
		if f, ok := decl.(*ast.Field); ok {
			if label, _, _ := ast.LabelName(f.Label); strings.HasPrefix(label, "_") {
				continue
			}
		}
		out = append(out, decl)
	}
	return out
}
