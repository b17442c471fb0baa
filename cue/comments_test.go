package schemas

import (
	"strings"
	"testing"

	"cuelang.org/go/cue/ast"
)

// Comments become the reference, the editors' hints and the "expected" of error
// messages, so every definition and every field of one has its own. A format's
// begins "#Format is", which messages quote.
func TestEveryFieldHasAComment(t *testing.T) {
	for _, file := range parse(t) {
		for _, decl := range file.Decls {
			field, ok := decl.(*ast.Field)
			if !ok {
				continue
			}
			name := describe(field.Label)
			switch doc := comment(field); {
			case strings.HasSuffix(file.Filename, "formats.cue") && strings.HasPrefix(name, "#") && !isStruct(field.Value):
				if !strings.HasPrefix(doc, name+" is ") {
					t.Errorf("%s: the comment of %s does not begin with %q", place(field.Pos()), name, name+" is ")
				}
			case strings.HasPrefix(name, "#") && doc == "":
				t.Errorf("%s: %s has no comment", place(field.Pos()), name)
			}
			if isRule(field) {
				commented(t, field.Value)
			}
		}
	}
}

func isStruct(e ast.Expr) bool {
	_, ok := e.(*ast.StructLit)
	return ok
}

// commented checks the fields that a rule declares; a refinement (field: _)
// has its comment where the field is declared.
func commented(t *testing.T, e ast.Expr) {
	switch x := e.(type) {
	case *ast.BinaryExpr:
		commented(t, x.X)
		commented(t, x.Y)
	case *ast.StructLit:
		for _, elt := range x.Elts {
			field, ok := elt.(*ast.Field)
			if !ok || isTop(field.Value) || isRefinement(field.Value) {
				continue
			}
			_, pattern := field.Label.(*ast.ListLit)
			if comment(field) == "" && !pattern {
				t.Errorf("%s: %s has no comment", place(field.Pos()), describe(field.Label))
			}
			commented(t, field.Value)
		}
	}
}

func comment(field *ast.Field) string {
	for _, group := range ast.Comments(field) {
		if group.Doc {
			return group.Text()
		}
	}
	return ""
}
