package schemas

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"
)

// equivalents are the mutants that no document can tell from the original, by
// what they change, with the reason.
var equivalents = map[string]string{
	"storage is open": "of #EffectiveModel, where #Storage, which is closed, meets it",
}

// TestEveryRuleMatters takes the schemas' rules away one at a time. A rule whose
// loss no case of testdata/rules notices is not tested.
func TestEveryRuleMatters(t *testing.T) {
	cases := ruleCases(t)
	slices.SortStableFunc(cases, func(a, b ruleCase) int { return min(len(a.at), 1) - min(len(b.at), 1) }) // the few good ones first
	likely := likelyCases(t, cases)
	total := len(mutations(parse(t)))
	var unkilled []string
	for i := range total {
		files := parse(t)
		m := mutations(files)[i]
		m.apply()
		if killed(files, slices.Concat(likely[m.line()], likely[m.field], likely[m.pos.Filename()], cases)) {
			continue
		}
		if _, known := equivalents[m.what]; !known {
			unkilled = append(unkilled, fmt.Sprintf("%s: %s", m.line(), m.what))
		}
	}
	for _, mutant := range unkilled {
		t.Error(mutant)
	}
	t.Logf("%d mutants, %d not killed", total, len(unkilled))
}

func parse(tb testing.TB) []*ast.File {
	tb.Helper()
	files, err := Parse()
	if err != nil {
		tb.Fatal(err)
	}
	return files
}

// likelyCases maps a line of the schemas to the cases that its rules refuse, a
// field to the cases about it and the fields in it, and a file to the cases of
// its definitions: the likeliest to notice that a rule is gone.
func likelyCases(tb testing.TB, cases []ruleCase) map[string][]ruleCase {
	tb.Helper()
	ctx, schemas := compile(tb)
	likely := map[string][]ruleCase{}
	for _, c := range cases {
		file := schemas.LookupPath(cue.ParsePath(c.definition)).Pos().Filename()
		likely[file] = append(likely[file], c)
		for _, err := range errors.Errors(check(ctx, schemas, c.definition, c.doc)) {
			for _, pos := range errors.Positions(err) {
				likely[place(pos)] = append(likely[place(pos)], c)
			}
		}
		path := strings.FieldsFunc(c.at, func(r rune) bool { return r == '/' || '0' <= r && r <= '9' })
		for _, step := range path[max(0, len(path)-2):] {
			likely[step] = append(likely[step], c)
		}
	}
	return likely
}

// killed says whether a case has another outcome under mutated schemas.
func killed(files []*ast.File, cases []ruleCase) bool {
	ctx := cuecontext.New()
	schemas, err := Compile(ctx, files)
	if err != nil {
		return true // the mutant does not compile, so nobody can write it by mistake
	}
	return slices.ContainsFunc(cases, func(c ruleCase) bool {
		err := check(ctx, schemas, c.definition, c.doc)
		return !asExpected(err, c)
	})
}

// mutation is one rule taken away.
type mutation struct {
	what  string
	field string // the field that the rule is about
	pos   token.Pos
	apply func()
}

func (m mutation) line() string { return place(m.pos) }

func place(pos token.Pos) string { return pos.Filename() + ":" + strconv.Itoa(pos.Line()) }

// mutations lists what can be taken away of the schemas: every operand of &,
// every alternative of |, every value, every !, every "if" and the condition it
// ends in, every closed struct, every pattern's key, and every anchor, upper bound
// and alternative inside a pattern.
func mutations(files []*ast.File) []mutation {
	var found mutator
	for _, file := range files {
		for _, decl := range file.Decls {
			field, ok := decl.(*ast.Field)
			if !ok || !isRule(field) {
				continue
			}
			found.field(field)
		}
	}
	return found.all
}

// isRule tells definitions and hidden parts of them from data such as modelDefaults.
func isRule(field *ast.Field) bool {
	name, _, err := ast.LabelName(field.Label)
	return err == nil && (strings.HasPrefix(name, "#") || strings.HasPrefix(name, "_"))
}

type mutator struct{ all []mutation }

func (m *mutator) add(what string, node ast.Node, apply func()) {
	name, _, _ := strings.Cut(what, " ")
	name = strings.TrimSuffix(strings.TrimPrefix(name, "#"), ":")
	if name != "" {
		name = strings.ToLower(name[:1]) + name[1:]
	}
	m.all = append(m.all, mutation{what: what, field: name, pos: node.Pos(), apply: apply})
}

func (m *mutator) field(f *ast.Field) {
	name := describe(f.Label)
	if f.Constraint == token.NOT {
		m.add(name+" is optional", f, func() { f.Constraint = token.OPTION })
	}
	if list, ok := f.Label.(*ast.ListLit); ok && len(list.Elts) == 1 {
		m.add(name+" takes any key", f, func() { list.Elts[0] = ast.NewIdent("string") })
	}
	if !isTop(f.Value) {
		m.add(name+" is anything", f, func() { f.Value = ast.NewIdent("_") })
	}
	m.expr(name, f.Value, func(e ast.Expr) { f.Value = e })
}

func (m *mutator) expr(name string, e ast.Expr, set func(ast.Expr)) {
	switch x := e.(type) {
	case *ast.BinaryExpr:
		if x.Op == token.AND || x.Op == token.OR {
			m.add(fmt.Sprintf("%s without %s", name, describe(x.X)), x.X, func() { set(x.Y) })
			m.add(fmt.Sprintf("%s without %s", name, describe(x.Y)), x.Y, func() { set(x.X) })
			m.expr(name, x.X, func(e ast.Expr) { x.X = e })
			m.expr(name, x.Y, func(e ast.Expr) { x.Y = e })
		}
	case *ast.UnaryExpr:
		if lit, ok := x.X.(*ast.BasicLit); ok && (x.Op == token.MAT || x.Op == token.NMAT) {
			m.pattern(name, lit)
		}
	case *ast.BasicLit:
		if strings.HasPrefix(name, "_") { // a part of #Cron's pattern
			m.pattern(name, x)
		}
	case *ast.ListLit:
		for _, elt := range x.Elts {
			if more, ok := elt.(*ast.Ellipsis); ok && more.Type != nil {
				m.add(name+" has any elements", more, func() { more.Type = nil })
				m.expr(name, more.Type, func(e ast.Expr) { more.Type = e })
			}
		}
	case *ast.StructLit:
		m.structure(name, x)
	case *ast.ParenExpr:
		m.expr(name, x.X, func(e ast.Expr) { x.X = e })
	}
}

func (m *mutator) structure(name string, s *ast.StructLit) {
	if closes(s) {
		m.add(name+" is open", s, func() { s.Elts = append(s.Elts, &ast.Ellipsis{}) })
	}
	for i, elt := range s.Elts {
		switch x := elt.(type) {
		case *ast.Field:
			m.field(x)
		case *ast.Comprehension:
			m.add(name+" without if", x, func() { s.Elts = slices.Delete(s.Elts, i, i+1) })
			if last := len(x.Clauses) - 1; last > 0 && !isPresence(x.Clauses[last]) {
				m.add(name+" whatever the last if says", x, func() { x.Clauses = x.Clauses[:last] })
			}
			if body, ok := x.Value.(*ast.StructLit); ok {
				for _, elt := range body.Elts {
					if f, ok := elt.(*ast.Field); ok {
						m.field(f)
					}
				}
			}
		case *ast.EmbedDecl:
			m.add(name+" without "+describe(x.Expr), x, func() { s.Elts = slices.Delete(s.Elts, i, i+1) })
		}
	}
}

// closes says whether a struct of its own decides which fields there may be. One
// that only says which of them must be there, or may not, leaves that to the
// definition it refines.
func closes(s *ast.StructLit) bool {
	return !slices.ContainsFunc(s.Elts, func(elt ast.Decl) bool {
		_, open := elt.(*ast.Ellipsis)
		return open
	}) && !refines(s)
}

func refines(s *ast.StructLit) bool {
	return len(s.Elts) > 0 && !slices.ContainsFunc(s.Elts, func(elt ast.Decl) bool {
		f, ok := elt.(*ast.Field)
		return !ok || !isTop(f.Value) && !isCall(f.Value, "error") && !isRefinement(f.Value)
	})
}

func isRefinement(e ast.Expr) bool {
	s, ok := e.(*ast.StructLit)
	return ok && refines(s)
}

func isCall(e ast.Expr, fun string) bool {
	call, ok := e.(*ast.CallExpr)
	return ok && describe(call.Fun) == fun
}

// isPresence tells "if field != _|_": without it a rule waits for the field in
// vain, which no document shows.
func isPresence(c ast.Clause) bool {
	guard, ok := c.(*ast.IfClause)
	if !ok {
		return false
	}
	compare, ok := guard.Condition.(*ast.BinaryExpr)
	if !ok || compare.Op != token.NEQ {
		return false
	}
	_, ok = compare.Y.(*ast.BottomLit)
	return ok
}

func isTop(e ast.Expr) bool {
	ident, ok := e.(*ast.Ident)
	return ok && ident.Name == "_"
}

func describe(n ast.Node) string {
	switch x := n.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.BasicLit:
		return x.Value
	case *ast.UnaryExpr:
		return x.Op.String() + describe(x.X)
	case *ast.BinaryExpr:
		return describe(x.X) + " " + x.Op.String() + " " + describe(x.Y)
	case *ast.SelectorExpr:
		return describe(x.X) + "." + describe(x.Sel)
	case *ast.CallExpr:
		args := make([]string, len(x.Args))
		for i, arg := range x.Args {
			args[i] = describe(arg)
		}
		return describe(x.Fun) + "(" + strings.Join(args, ", ") + ")"
	case *ast.ListLit:
		if len(x.Elts) == 1 {
			return "[" + describe(x.Elts[0]) + "]"
		}
		return "[…]"
	case *ast.Ellipsis:
		if x.Type == nil {
			return "..."
		}
		return "..." + describe(x.Type)
	case *ast.StructLit:
		return "{…}"
	case *ast.Interpolation:
		return "an interpolation"
	}
	return fmt.Sprintf("%T", n)
}
