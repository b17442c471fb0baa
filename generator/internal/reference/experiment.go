package reference

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/mlfleet/mlfleet/generator/check"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/input"
)

// experiment changes fields of the sample fleet and looks at what becomes of it.
type experiment struct {
	*world
	pool *pool
}

// changes are new values of documents, by their files.
type changes map[string]*input.Value

// untried is why a field's effect is not known.
type untried struct{ kind, field string }

func (u untried) Error() string {
	return fmt.Sprintf("%s %s: no valid other value is known, so nobody can say what the field does: "+
		"set it in the sample fleet, or add a good case with another value to cue/testdata/rules/", u.kind, u.field)
}

// try finds out what a field of a kind of document does. It changes the field at every
// place of the sample fleet at once: to another value, and whether it is there.
func (e *experiment) try(kind string, f *Field) (Effect, error) {
	var effect Effect
	rendered := 0
	round := func(change func(string, *Field) changes) error {
		more, ok, err := e.run(change(kind, f))
		if ok {
			rendered++
		}
		effect.merge(more)
		return err
	}
	if f.Name() == "metadata.name" {
		err := round(e.rename)
		return effect, err
	}
	within := len(f.Type.Fields) > 0 && f.Type.Elem == nil && len(f.Type.Enum) == 0 // its fields have other values
	if !within {
		if err := round(e.other(0)); err != nil {
			return effect, err
		}
	}
	if within || !e.somewhereAbsent(kind, f) {
		if err := round(e.presence); err != nil {
			return effect, err
		}
	}
	for skip := 1; !within && skip < mostTried && len(effect.Objects) == 0 && rendered < e.enough(effect); skip++ {
		if err := round(e.other(skip)); err != nil {
			return effect, err
		}
	}
	if !within && len(effect.Objects) == 0 {
		if err := round(e.together); err != nil {
			return effect, err
		}
	}
	// What a map that has to be there does is what its fields do: with a document in which
	// it is another, all that stands beside it would be, too.
	apart := !within || !f.Required
	for skip := 0; apart && skip < mostTried && rendered == 0; skip++ {
		if err := round(e.wholes(skip)); err != nil {
			return effect, err
		}
	}
	if rendered == 0 {
		return effect, untried{kind, f.Name()}
	}
	return effect, nil
}

// mostTried is how many other values of a field are looked at until one can be placed
// and does something.
const mostTried = 10

// enough is how often the fleet is rendered for a field that does nothing: less often
// where it is known what the field does instead.
func (e *experiment) enough(so Effect) int {
	if so.Checked {
		return 3
	}
	return 6
}

// other changes a field, where it is set or could be, to the first valid value after some.
func (e *experiment) other(skip int) func(string, *Field) changes {
	return func(kind string, f *Field) changes {
		return e.change(kind, f, skip, func(v *input.Value) []*input.Value { return e.pool.alternatives(f, v) })
	}
}

// somewhereAbsent says whether the field could be set somewhere in the sample fleet and is
// not. Then what it does by being there shows when it is given another value everywhere.
func (e *experiment) somewhereAbsent(kind string, f *Field) bool {
	for _, d := range documents(e.docs, kind) {
		for _, at := range e.places(kind, d.Value, f) {
			if d.Value.At(at...) == nil {
				return true
			}
		}
	}
	return false
}

// presence takes a field away where it is set, and sets it where it is not.
func (e *experiment) presence(kind string, f *Field) changes {
	if last := f.Path[len(f.Path)-1]; last == each || last == entry {
		return nil
	}
	return e.change(kind, f, 0, func(v *input.Value) []*input.Value {
		if v != nil {
			return []*input.Value{nil}
		}
		return e.pool.alternatives(f, nil)
	})
}

// change gives a field other values, wherever it stands or could, in every document of
// the kind: the first that leave the document valid, after some.
func (e *experiment) change(kind string, f *Field, skip int, values func(*input.Value) []*input.Value) changes {
	out := changes{}
	for _, d := range documents(e.docs, kind) {
		places := e.places(kind, d.Value, f)
		next := e.atOnce(kind, d.Value, places, skip, values)
		if next == nil {
			next = e.oneByOne(kind, d.Value, places, skip, values)
		}
		if next != d.Value {
			out[d.File] = next
		}
	}
	return out
}

// atOnce changes all places of a document and then asks, which is cheap; it is nil where
// the first values are not valid together.
func (e *experiment) atOnce(kind string, doc *input.Value, places [][]string, skip int, values func(*input.Value) []*input.Value) *input.Value {
	const few = 3
	for i := range few + skip {
		next := doc
		for _, at := range places {
			if list := values(doc.At(at...)); i < len(list) {
				next = setAt(next, at, list[i])
			}
		}
		if next == doc {
			return nil
		}
		if e.judge.accepts(kind, next) {
			if skip--; skip < 0 {
				return next
			}
		}
	}
	return nil
}

// oneByOne changes place after place, each to the first value that the changes before it
// leave valid.
func (e *experiment) oneByOne(kind string, doc *input.Value, places [][]string, skip int, values func(*input.Value) []*input.Value) *input.Value {
	for _, at := range places {
		left := skip
		for _, value := range values(doc.At(at...)) {
			if next := setAt(doc, at, value); e.judge.accepts(kind, next) {
				if left--; left < 0 {
					doc = next
					break
				}
			}
		}
	}
	return doc
}

// places are where a field stands, or could: at its path, and where a model's overrides
// say the same.
func (e *experiment) places(kind string, doc *input.Value, f *Field) [][]string {
	out := places(doc, f.Path)
	for _, other := range e.types[kind].all() {
		if n := len(other.Path) - len(f.Path); other.Rule == f.Rule && n > 0 && slices.Equal(other.Path[n+1:], f.Path[1:]) && other.Path[n] == each {
			out = append(out, places(doc, other.Path)...)
		}
	}
	return out
}

// rename gives the first document of a kind another name, and everything that refers to
// it by a name the new one.
func (e *experiment) rename(kind string, _ *Field) changes {
	if kind == "ImagePins" { // pins are called after their environment
		return nil
	}
	old := documents(e.docs, kind)[0].Value.At("metadata", "name").Text
	own := documents(e.docs, kind)[0].File
	out := changes{}
	for _, k := range kinds {
		for _, d := range documents(e.docs, k.Kind) {
			v := d.Value
			if d.File == own {
				v = setAt(v, []string{"metadata", "name"}, scalar(nil, input.String, old+"-2"))
			}
			if kind != "Model" && kind != "Fleet" { // nothing refers to those
				v = renamed(v, e.types[k.Kind], old)
			}
			if v != d.Value {
				out[d.File] = v
			}
		}
	}
	return out
}

// renamed is a value in which a name is another wherever it stands as a name or as a
// part of one.
func renamed(v *input.Value, t *Type, old string) *input.Value {
	const format = "#Name"
	if v.Kind == input.String {
		if name := "-" + v.Text + "-"; t.Format == format && strings.Contains(name, "-"+old+"-") && !strings.Contains(name, "-"+old+"-2-") {
			return scalar(v, input.String, strings.Trim(strings.Replace(name, "-"+old+"-", "-"+old+"-2-", 1), "-"))
		}
		return v
	}
	out := v
	for _, f := range v.Fields {
		below := t.Elem
		if field := t.field(f.Name); field != nil {
			below = field.Type
		}
		if below == nil {
			continue
		}
		if changed := renamed(f.Value, below, old); changed != f.Value {
			out = setAt(out, []string{f.Name}, changed)
		}
		if f.Name == old && t.KeyFormat == format {
			out = setAt(setAt(out, []string{old}, nil), []string{old + "-2"}, f.Value)
		}
	}
	for i := range v.Items {
		if changed := renamed(&v.Items[i], t.Elem, old); changed != &v.Items[i] {
			out = setAt(out, []string{strconv.Itoa(i)}, changed)
		}
	}
	return out
}

// run renders the fleet with changes and compares. Documents with which it can then not
// be placed or rendered keep their old values; ok is false where none is left.
func (e *experiment) run(values changes) (effect Effect, ok bool, err error) {
	for len(values) > 0 {
		f, findings, err := e.place(changed(e.docs, values))
		if err != nil {
			return Effect{}, false, fmt.Errorf("placing a changed fleet: %w", err)
		}
		// Measurements that no model reads any more are no obstacle.
		findings = slices.DeleteFunc(findings, func(f fleet.Finding) bool { return path.Ext(f.File) == ".csv" })
		if len(findings) == 0 {
			if effect, rendered := e.compare(f); rendered {
				return effect, true, nil
			}
			findings = check.Fleet(f)
		}
		left := maps.Clone(values)
		for _, finding := range findings {
			delete(left, finding.File)
		}
		if len(left) == len(values) {
			return e.each(values)
		}
		values = left
	}
	return Effect{}, false, nil
}

// each runs changes one by one, where one of them, and the findings do not say which,
// asks too much of the others.
func (e *experiment) each(values changes) (effect Effect, ok bool, err error) {
	if len(values) == 1 {
		return Effect{}, false, nil
	}
	for _, file := range slices.Sorted(maps.Keys(values)) {
		more, one, err := e.run(changes{file: values[file]})
		if err != nil {
			return Effect{}, false, err
		}
		effect.merge(more)
		ok = ok || one
	}
	return effect, ok, nil
}

// compare renders a fleet and says what differs from the sample. Builders may rely on
// what the checks between documents refuse, and most changes that those refuse render all
// the same; ok is false for the others.
func (e *experiment) compare(f *fleet.Fleet) (effect Effect, ok bool) {
	defer func() {
		if recover() != nil {
			effect, ok = Effect{}, false
		}
	}()
	objects, err := objectsOf(f)
	if err != nil {
		return Effect{}, false
	}
	effect = e.sample.against(objects)
	effect.Checked = !slices.Equal(e.findings, said(check.Fleet(f)))
	return effect, true
}
