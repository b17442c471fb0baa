package schema

import (
	"fmt"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"

	schemas "github.com/mlfleet/mlfleet/cue"
)

// fewer returns a definition without its rules under conditions, and without those over
// several fields (those in hidden ones). A broken one hides what is wrong elsewhere,
// and one over several fields can only be opened together with all that lies below
// them, so a report asks about those rules last. They are compiled when the first bad
// value comes.
func (s *Schema) fewer(definition string) (plain, single cue.Value, err error) {
	if !s.singles.Exists() {
		if s.plain, err = s.compile(unconditional); err != nil {
			return plain, single, fmt.Errorf("without rules under conditions: %w", err)
		}
		if s.singles, err = s.compile(func(ast.Node) {}); err != nil {
			return plain, single, fmt.Errorf("without rules over several fields: %w", err)
		}
	}
	path := cue.ParsePath(definition)
	return s.plain.LookupPath(path), s.singles.LookupPath(path), nil
}

// compile compiles the rules without those over several fields, each node changed.
func (s *Schema) compile(change func(ast.Node)) (cue.Value, error) {
	files, err := schemas.Parse()
	if err != nil {
		return cue.Value{}, err
	}
	for _, file := range files {
		ast.Walk(file, func(n ast.Node) bool {
			if n, ok := n.(*ast.StructLit); ok {
				n.Elts = withoutHidden(n.Elts)
			}
			change(n)
			return true
		}, nil)
	}
	return schemas.Compile(s.ctx, files)
}

// unconditional empties an if clause; its conditions stay, for an import may be used
// in them only.
func unconditional(n ast.Node) {
	clause, ok := n.(*ast.Comprehension)
	if !ok {
		return
	}
	if _, isIf := clause.Clauses[0].(*ast.IfClause); !isIf { // a list's
		return
	}
	if body, ok := clause.Value.(*ast.StructLit); ok {
		body.Elts = nil
	}
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
