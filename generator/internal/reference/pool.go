package reference

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/mlfleet/mlfleet/generator/input"
)

// pool is valid values, by where they may stand.
type pool struct {
	byRule   map[string][]*input.Value // of fields, by the place of their rule
	byFormat map[string][]*input.Value // of scalars, by the definition of their format
	seen     map[string]bool
}

// add takes what a value holds of a type, and of what is below it.
func (p *pool) add(v *input.Value, t *Type, rule string) {
	if v == nil {
		return
	}
	p.keep(p.byRule, rule, v)
	if v.Kind != input.Map && v.Kind != input.List {
		p.keep(p.byFormat, t.Format, v)
	}
	for _, f := range v.Fields {
		if field := t.field(f.Name); field != nil {
			p.add(f.Value, field.Type, field.Rule)
		} else if t.Elem != nil {
			p.add(f.Value, t.Elem, rule+each)
		}
	}
	for i := range v.Items {
		if t.Elem != nil {
			p.add(&v.Items[i], t.Elem, rule+each)
		}
	}
}

func (p *pool) keep(in map[string][]*input.Value, key string, v *input.Value) {
	id := key + " " + text(v)
	if key == "" || p.seen[id] {
		return
	}
	p.seen[id] = true
	in[key] = append(in[key], v)
}

// addCases takes the good documents and cases of the schemas' own tests, whose form
// cue/testdata/rules/README.md tells.
func (p *pool) addCases(repository fs.FS, types map[string]*Type) error {
	files, err := fs.Glob(repository, "cue/testdata/rules/*.yaml")
	if err != nil {
		return fmt.Errorf("listing the cases of the schemas: %w", err)
	}
	for _, file := range files {
		cases, err := parse(repository, file)
		if err != nil {
			return err
		}
		t := types[strings.TrimPrefix(cases.Get("definition").Text, "#")]
		if t == nil {
			continue // no document's
		}
		base, err := parse(repository, path.Join("cue/testdata/good", cases.Get("base").Text))
		if err != nil {
			return err
		}
		p.add(base, t, "")
		good := cases.Get("good")
		for i := range good.Items {
			for _, change := range good.Items[i].Fields {
				if at, rule := t.at(strings.Split(change.Name, "/")); at != nil {
					p.add(change.Value, at, rule)
				}
			}
		}
	}
	return nil
}

// parse reads a YAML file of the repository's own.
func parse(repository fs.FS, file string) (*input.Value, error) {
	data, err := fs.ReadFile(repository, file)
	if err != nil {
		return nil, fmt.Errorf("reading values for the reference: %w", err)
	}
	v, findings := input.Parse(file, data)
	if v == nil {
		return nil, fmt.Errorf("reading values for the reference: %w", findings)
	}
	return v, nil
}

// at is the type at a path of names and numbers, and the rule of the field there.
func (t *Type) at(path []string) (*Type, string) {
	rule := ""
	for _, part := range path {
		if f := t.field(part); f != nil {
			t, rule = f.Type, f.Rule
		} else if t.Elem != nil {
			t, rule = t.Elem, rule+each
		} else {
			return nil, ""
		}
	}
	return t, rule
}

// alternatives are values to try in place of one, best first; the schema has to judge
// them. v is nil where the field is not set.
func (p *pool) alternatives(f *Field, v *input.Value) []*input.Value {
	var out []*input.Value
	for _, text := range f.Type.Enum {
		out = append(out, scalar(v, input.String, text))
	}
	known := append(slices.Clone(p.byRule[f.Rule]), p.byFormat[f.Type.Format]...)
	if f.Type.Format == "#Name" { // one that nothing has refers to nothing
		out, known = append(out, known...), nil
	}
	if v != nil {
		out = append(out, p.near(f, v)...)
	}
	if v == nil { // what says most first
		slices.SortStableFunc(known, func(a, b *input.Value) int { return cmp.Compare(len(text(b)), len(text(a))) })
	}
	out = append(out, known...)
	return slices.DeleteFunc(out, func(o *input.Value) bool { return v != nil && text(o) == text(v) })
}

// near are values like one that is there: so little else, such as a check, speaks
// against them.
func (p *pool) near(f *Field, v *input.Value) []*input.Value {
	switch v.Kind {
	case input.Bool:
		return []*input.Value{scalar(v, input.Bool, strconv.FormatBool(v.Text != "true"))}
	case input.Int:
		n, _ := strconv.ParseInt(v.Text, 10, 64) // Parse let no other text through
		var out []*input.Value
		for _, other := range []int64{n + 1, n - 1, 2 * n} {
			out = append(out, scalar(v, input.Int, strconv.FormatInt(other, 10)))
		}
		return out
	case input.String:
		var out []*input.Value
		for _, other := range nearText(v.Text) {
			out = append(out, scalar(v, input.String, other))
		}
		return out
	case input.List:
		if f.Type.Elem != nil {
			return p.nearList(f, v)
		}
	case input.Map:
		if f.Type.Elem != nil {
			return p.nearMap(f, v)
		}
	}
	return nil
}

// nearText are texts that differ in little: the last letter or digit is another, or a
// few are added.
func nearText(s string) []string {
	var out []string
	if n := len(s); n > 0 {
		for _, last := range "28ae" {
			if other := s[:n-1] + string(last); other != s {
				out = append(out, other)
			}
		}
		if s[0] >= '1' && s[0] <= '8' { // of quantities and times the number is at the front
			out = append([]string{string(s[0]+1) + s[1:]}, out...)
		}
	}
	return append(out, s+"-2", s+"2")
}

func (p *pool) nearList(f *Field, v *input.Value) []*input.Value {
	var out []*input.Value
	for _, item := range p.items(f) {
		out = append(out, setAt(v, []string{strconv.Itoa(len(v.Items))}, item))
	}
	if n := len(v.Items); n > 0 {
		out = append(out, setAt(v, []string{strconv.Itoa(n - 1)}, nil))
	}
	return out
}

func (p *pool) nearMap(f *Field, v *input.Value) []*input.Value {
	var out []*input.Value
	for _, old := range v.Fields {
		for _, other := range p.near(&Field{Type: f.Type.Elem}, old.Value) {
			out = append(out, setAt(v, []string{old.Name}, other))
		}
	}
	for _, item := range p.items(f) {
		for _, key := range p.byFormat[f.Type.KeyFormat] {
			if v.Get(key.Text) == nil {
				out = append(out, setAt(v, []string{key.Text}, item))
			}
		}
	}
	for _, old := range v.Fields {
		out = append(out, v.Without(old.Name))
	}
	return out
}

// items are a few that a list or map may hold.
func (p *pool) items(f *Field) []*input.Value {
	const few = 8
	items := append(slices.Clone(p.byRule[f.Rule+each]), p.byFormat[f.Type.Elem.Format]...)
	for _, text := range f.Type.Elem.Enum {
		items = append(items, scalar(nil, input.String, text))
	}
	return items[:min(few, len(items))]
}
