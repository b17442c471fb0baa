package reference

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	cueschemas "github.com/mlfleet/mlfleet/cue"
	"github.com/mlfleet/mlfleet/generator/input"
	"github.com/mlfleet/mlfleet/generator/schema"
)

// Survey is all that the pages tell.
type Survey struct {
	Inputs   []Input
	Builders map[Kind][]Builder
	golden   []held
}

// Input is a kind of document.
type Input struct {
	Kind, Page, File, Doc string
	Entries               []Entry
}

// Entry is a field and what is known of it.
type Entry struct {
	*Field
	Presence string // "required", "optional", …
	Default  string // "" where there is none
	// As is the field of a model that has the same rule, of a field that sets that
	// field for several models.
	As *Field
	// Below is whether only its fields do something.
	Below bool
	Effect
	// Reason is why the field shapes no object.
	Reason string
}

// Make surveys the fleet of a repository. It takes some twenty seconds of a processor. The
// error says what of the fields and of the sample fleet has to change, field by field;
// the survey beside it has the rest.
func Make(repository fs.FS) (*Survey, error) {
	w, err := newWorld(repository)
	if err != nil {
		return nil, err
	}
	p := &pool{byRule: map[string][]*input.Value{}, byFormat: map[string][]*input.Value{}, seen: map[string]bool{}}
	for _, k := range slices.Backward(kinds) { // what others name comes before what names it
		for _, d := range documents(w.docs, k.Kind) {
			p.add(d.Value, w.types[k.Kind], "")
		}
	}
	if err := p.addCases(repository, w.types); err != nil {
		return nil, err
	}
	s := &surveyor{experiment: &experiment{world: w, pool: p}}
	if s.conditional, err = conditional(); err != nil {
		return nil, err
	}
	if err := s.readDefaults(); err != nil {
		return nil, err
	}
	out := &Survey{}
	var wrong []error
	for _, k := range kinds {
		in, err := s.input(k.Kind)
		wrong = append(wrong, err)
		in.Page, in.File = k.Page, k.File
		out.Inputs = append(out.Inputs, in)
	}
	f, _, err := w.place(w.docs)
	if err != nil {
		return nil, fmt.Errorf("placing the sample fleet: %w", err)
	}
	if out.Builders, err = builders(repository, f); err != nil {
		return nil, err
	}
	out.golden, err = golden(repository)
	return out, errors.Join(append(wrong, err)...)
}

type surveyor struct {
	*experiment
	defaults *input.Value
	parts    map[string]*input.Value // the defaults of a field that not every model has
	// conditional are the fields, by their rules, that are required in some cases.
	conditional map[string]bool
}

func (s *surveyor) readDefaults() error {
	rules, err := schema.New()
	if err != nil {
		return fmt.Errorf("compiling the schemas: %w", err)
	}
	if s.defaults, err = rules.Data("modelDefaults"); err != nil {
		return err
	}
	s.parts = map[string]*input.Value{}
	for _, part := range []string{"gpu", "traffic"} {
		if s.parts[part], err = rules.Data(part + "Defaults"); err != nil {
			return err
		}
	}
	return nil
}

func (s *surveyor) input(kind string) (Input, error) {
	in := Input{Kind: kind, Doc: docOf(s.judge.root.LookupPath(cue.MakePath(cue.Def(kind))))}
	model := s.types["Model"].field("spec").Type
	var wrong []error
	shared := "" // fields below this one repeat a model's
	for _, f := range s.types[kind].all() {
		if shared != "" && strings.HasPrefix(f.Name(), shared+".") {
			continue
		}
		entry := Entry{Field: f, Presence: s.presenceOf(f), As: sharedWith(model, f), Default: s.defaultOf(kind, f)}
		switch {
		case entry.As != nil:
			shared = f.Name()
		case constant(f):
			entry.Reason = "always the same"
		default:
			wrong = append(wrong, s.survey(kind, &entry))
		}
		in.Entries = append(in.Entries, entry)
	}
	return in, errors.Join(wrong...)
}

// survey tries a field, and holds what comes out against the exceptions.
func (s *surveyor) survey(kind string, e *Entry) error {
	name := kind + " " + e.Name()
	reason, excepted := shapeNothing[name]
	effect, err := s.try(kind, e.Field)
	e.Effect = effect
	_, isUntried := errors.AsType[untried](err)
	switch {
	case isUntried && len(e.Type.Fields) > 0 && e.Type.Elem == nil:
		e.Below = true
		return nil
	case isUntried && excepted:
		e.Reason = reason
		return nil
	case err != nil:
		return err
	case len(effect.Objects) > 0 && excepted:
		return fmt.Errorf("%s shapes objects now: remove its line from generator/internal/reference/exceptions.go", name)
	case len(effect.Objects) > 0:
		return nil
	case excepted:
		e.Reason = reason
		return nil
	case effect.Checked:
		e.Reason = "the checks between documents hold others against it"
		return nil
	case len(e.Type.Fields) > 0 && e.Type.Elem == nil:
		e.Below = true
		return nil
	}
	return fmt.Errorf("%s: changing it changes no object of the sample fleet: use it there so that it does; "+
		"a field that is meant to shape none needs a line with the reason in generator/internal/reference/exceptions.go", name)
}

// sharedWith is the setting of a model that a field sets from elsewhere, by its rule.
func sharedWith(model *Type, f *Field) *Field {
	for _, own := range model.Fields {
		if own.Rule == f.Rule && own.Name() != f.Name() {
			return own
		}
	}
	return nil
}

// constant says whether a field can have one value only.
func constant(f *Field) bool {
	return f.Name() == "apiVersion" || f.Name() == "kind"
}

func (s *surveyor) presenceOf(f *Field) string {
	switch {
	case f.Required && s.conditional[f.Rule]:
		return "required or not, by other fields"
	case f.Required:
		return "required"
	}
	return "optional"
}

func (s *surveyor) defaultOf(kind string, f *Field) string {
	if kind != "Model" || f.Path[0] != "spec" {
		return ""
	}
	v := s.defaults.At(f.Path[1:]...)
	if len(f.Path) == 3 && s.parts[f.Path[1]] != nil {
		v = s.parts[f.Path[1]].Get(f.Path[2])
	}
	if v == nil || v.Kind == input.Map || v.Kind == input.List {
		return ""
	}
	return v.Text
}

// conditional reads from the schemas which fields are declared optional and not made
// required but under conditions: CUE's values show them as required, for the conditions
// hold where nothing is set.
func conditional() (map[string]bool, error) {
	files, err := cueschemas.Parse()
	if err != nil {
		return nil, err
	}
	out, required := map[string]string{}, map[string]bool{}
	for _, file := range files {
		ast.Walk(file, func(n ast.Node) bool {
			f, ok := n.(*ast.Field)
			if !ok {
				_, condition := n.(*ast.Comprehension)
				return !condition
			}
			label, _, _ := ast.LabelName(f.Label)
			required[label] = required[label] || f.Constraint == token.NOT && top(f.Value)
			for _, group := range ast.Comments(f) {
				if pos := group.Pos(); group.Doc && f.Constraint == token.OPTION {
					out[fmt.Sprintf("%s:%d", pos.Filename(), pos.Line())] = label
				}
			}
			return true
		}, nil)
	}
	rules := map[string]bool{}
	for rule, label := range out {
		rules[rule] = !required[label]
	}
	return rules, nil
}

func top(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == "_"
}

// shapers are the fields that shape a kind of object, by page.
func (s *Survey) shapers(k Kind) map[string][]Entry {
	out := map[string][]Entry{}
	for _, in := range s.Inputs {
		for _, e := range in.Entries {
			if e.Objects[k] != nil {
				out[in.Page] = append(out[in.Page], e)
			}
		}
	}
	return out
}

// objectKinds are the kinds of objects in golden/, by name.
func (s *Survey) objectKinds() []Kind {
	var out []Kind
	for _, h := range s.golden {
		if k := (Kind{h.object.APIVersion, h.object.Kind}); !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b Kind) int { return strings.Compare(a.Kind+a.APIVersion, b.Kind+b.APIVersion) })
	return out
}
