package schema

import (
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// rulebook answers what the schema files say about a place in them: which
// field's rule stands there, what its comment says, and whether it holds only
// under a condition.
type rulebook struct {
	rules []rule
}

// rule is a field of a schema file, from its comment to its end.
type rule struct {
	file       string
	start, end int // byte offsets
	doc        string
	label      string   // the field's name; format for the definition of one
	condition  bool     // an if clause, not a field
	decides    []string // of an if clause: the names in its conditions
	defines    string   // the definition's name, of one whose label is format
	reads      []string // of a hidden field: the names in its rule
}

func newRulebook(files []*ast.File) rulebook {
	var b rulebook
	for _, file := range files {
		ast.Walk(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Field:
				b.add(file, n, newRule(n))
			case *ast.Comprehension:
				b.add(file, n, rule{condition: true, decides: conditions(n)})
			}
			return true
		}, nil)
	}
	return b
}

// format is the label of every definition that is not a struct: of the shape of
// a text or a number.
const format = "#"

func newRule(f *ast.Field) rule {
	label, _, _ := ast.LabelName(f.Label)
	r := rule{label: label, doc: docOf(f)}
	switch {
	case strings.HasPrefix(label, "#"):
		if isStruct(f.Value) {
			return rule{} // its comment is about all of its fields
		}
		r.label, r.defines = format, label
	case strings.HasPrefix(label, "_"):
		r.reads = namesIn(f.Value)
	}
	return r
}

// isStruct says whether an expression is a struct, or a conjunction with one.
func isStruct(x ast.Expr) bool {
	if both, ok := x.(*ast.BinaryExpr); ok && both.Op == token.AND {
		return isStruct(both.X) || isStruct(both.Y)
	}
	_, ok := x.(*ast.StructLit)
	return ok
}

// conditions lists the names in the conditions of an if clause.
func conditions(c *ast.Comprehension) []string {
	var out []string
	for _, clause := range c.Clauses {
		if guard, ok := clause.(*ast.IfClause); ok {
			out = append(out, namesIn(guard.Condition)...)
		}
	}
	return out
}

// namesIn lists the names that an expression refers to, in the order in which
// they stand.
func namesIn(x ast.Expr) []string {
	var out []string
	ast.Walk(x, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			out = append(out, namesIn(n.X)...)
			return false
		case *ast.Ident:
			out = append(out, n.Name)
		}
		return true
	}, nil)
	return out
}

func (b *rulebook) add(file *ast.File, n ast.Node, r rule) {
	r.file, r.start, r.end = file.Filename, n.Pos().Offset(), n.End().Offset()
	b.rules = append(b.rules, r)
}

func docOf(f *ast.Field) string {
	var lines []string
	for _, group := range ast.Comments(f) {
		if group.Doc {
			lines = append(lines, group.Text())
		}
	}
	return phrase(strings.Join(lines, " "))
}

// format returns what the innermost definition around a place says a value of
// it is: "a name of at most 40 small letters, …" of "#Name is a name of …".
func (b *rulebook) format(pos token.Pos) string {
	doc := ""
	b.around(pos, func(r rule) {
		if r.label != format {
			return
		}
		if _, is, ok := strings.Cut(r.doc, " is "); ok {
			doc = is
		}
	})
	return doc
}

// defines says whether one of the places lies in the definition of a format.
func (b *rulebook) defines(places []token.Pos, name string) bool {
	found := false
	for _, pos := range places {
		b.around(pos, func(r rule) { found = found || r.defines == name })
	}
	return found
}

// doc returns the comment of the innermost field around a place.
func (b *rulebook) doc(pos token.Pos) string {
	doc := ""
	b.around(pos, func(r rule) {
		if r.doc != "" && r.label != format {
			doc = r.doc
		}
	})
	return doc
}

// label returns the label of the innermost field around a place.
func (b *rulebook) label(pos token.Pos) string {
	label := ""
	b.around(pos, func(r rule) {
		if !r.condition {
			label = r.label
		}
	})
	return label
}

// reads lists the names in the innermost hidden rule around a place.
func (b *rulebook) reads(pos token.Pos) []string {
	var names []string
	b.around(pos, func(r rule) {
		if r.reads != nil {
			names = r.reads
		}
	})
	return names
}

// conditional says whether a place lies under an if clause.
func (b *rulebook) conditional(pos token.Pos) bool {
	under := false
	b.around(pos, func(r rule) { under = under || r.condition })
	return under
}

// decides lists the fields that decide whether the rule at a place holds.
func (b *rulebook) decides(pos token.Pos) []string {
	var names []string
	b.around(pos, func(r rule) { names = append(names, r.decides...) })
	return names
}

// around calls f for every rule around a place, outermost first.
func (b *rulebook) around(pos token.Pos, f func(rule)) {
	file, offset := pos.Filename(), pos.Offset()
	for _, r := range b.rules { // in the order of ast.Walk: parents before children
		if r.file == file && r.start <= offset && offset < r.end {
			f(r)
		}
	}
}

// place is where a value of the schema files is written.
func (b *rulebook) place(v cue.Value) fleet.Position {
	pos := v.Pos()
	return fleet.Position{File: pos.Filename(), Line: pos.Line(), Column: pos.Column()}
}
