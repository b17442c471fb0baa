package reference

import (
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue"
)

// Field is a field of an input document.
type Field struct {
	// Path is from the document's root: spec, clusters, [], name. "[]" is any item of a
	// list, "*" any entry of a map whose keys are free.
	Path     []string
	Doc      string // the comment in CUE, one paragraph
	Required bool
	Type     *Type
	// Rule is where the schema declares the field; what several documents share has
	// one rule.
	Rule string
}

// Name is the path as a person writes it: spec.clusters[].name.
func (f *Field) Name() string { return dotted(f.Path) }

// dotted joins a path of fields, items and entries.
func dotted(path []string) string {
	var b strings.Builder
	for _, part := range path {
		if part == each {
			b.WriteString(each)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(part)
	}
	return strings.ReplaceAll(b.String(), "."+entry, ".<name>")
}

const (
	each  = "[]" // any item of a list
	entry = "*"  // any entry of a map
)

// schemas reads types out of the compiled schemas.
type schemas struct{ root cue.Value }

// document is the type of a kind of document, such as "Model".
func (s schemas) document(kind string) (*Type, error) {
	def := s.root.LookupPath(cue.MakePath(cue.Def(kind)))
	if err := def.Err(); err != nil {
		return nil, fmt.Errorf("looking up schema #%s: %w", kind, err)
	}
	return s.typeOf(def, nil), nil
}

// fields are those that a struct declares, in the order of the schema.
func (s schemas) fields(v cue.Value, path []string) []*Field {
	iter, err := v.Fields(cue.Optional(true))
	if err != nil {
		return nil
	}
	var out []*Field
	for iter.Next() {
		selector, value := iter.Selector(), iter.Value()
		below := append(slices.Clone(path), selector.Unquoted())
		out = append(out, &Field{
			Path:     below,
			Doc:      docOf(value),
			Required: selector.ConstraintType() == cue.RequiredConstraint,
			Type:     s.typeOf(value, below),
			Rule:     ruleOf(value),
		})
	}
	return out
}

// ruleOf is the place of a field's comment, which stands where the field is declared:
// the place of its value may be that of a definition it refers to.
func ruleOf(v cue.Value) string {
	for _, group := range v.Doc() {
		pos := group.Pos()
		return fmt.Sprintf("%s:%d", pos.Filename(), pos.Line())
	}
	return ""
}

func docOf(v cue.Value) string {
	var lines []string
	for _, group := range v.Doc() {
		lines = append(lines, group.Text())
	}
	return strings.Join(strings.Fields(strings.Join(lines, " ")), " ")
}

// all lists a type's fields and those below, each before its own.
func (t *Type) all() []*Field {
	var out []*Field
	for _, f := range t.Fields {
		out = append(out, f)
		out = append(out, f.Type.all()...)
	}
	if t.Elem != nil {
		out = append(out, t.Elem.all()...)
	}
	return out
}

// field is the field of that name, or nil.
func (t *Type) field(name string) *Field {
	for _, f := range t.Fields {
		if last := f.Path[len(f.Path)-1]; last == name {
			return f
		}
	}
	return nil
}
