// Package schema holds the CUE rules of the inputs, compiled. It takes a value
// and the name of the definition that it must meet, and gives findings that an
// ML engineer can act on, each at its line of the input and with the place of
// the rule behind it.
//
// Every rule about a field stands in cue/ and nowhere else; this package knows
// how CUE reports, not what the rules are. Checking a good value is the hot path
// and asks CUE one question. Only for a bad value does it ask again, leaving out
// what is already reported, because CUE stops at the first kind of error it meets.
package schema

import (
	"fmt"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/cuecontext"

	schemas "github.com/mlfleet/mlfleet/cue"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/input"
)

// lifetime is how many values a CUE context checks before a new one takes its
// place: a context keeps some 30 KB of each value it has seen.
const lifetime = 500

// Schema is the compiled rules. It is not safe for concurrent use.
type Schema struct {
	files    []*ast.File
	rules    rulebook
	ctx      *cue.Context
	root     cue.Value
	anything cue.Value // what every rule accepts
	plain    cue.Value // the rules that hold whatever other fields say, once they are needed
	singles  cue.Value // and with those under conditions, but none over several fields
	defs     map[string]cue.Value
	checked  int
}

// New compiles the rules that the binary carries.
func New() (*Schema, error) {
	files, err := schemas.Parse()
	if err != nil {
		return nil, err
	}
	s := &Schema{files: files, rules: newRulebook(files)}
	return s, s.renew()
}

func (s *Schema) renew() error {
	ctx := cuecontext.New()
	root, err := schemas.Compile(ctx, s.files)
	if err != nil {
		return err
	}
	s.ctx, s.root, s.defs, s.checked = ctx, root, map[string]cue.Value{}, 0
	s.anything, s.plain, s.singles = ctx.CompileString("_"), cue.Value{}, cue.Value{}
	return nil
}

// Check holds a value against a definition such as "#Model". path is where the
// value stands in its document, for messages: "spec" for a part of one. The
// findings are in no particular order.
func (s *Schema) Check(definition string, value *input.Value, path ...string) (fleet.Findings, error) {
	def, err := s.definition(definition)
	if err != nil {
		return nil, err
	}
	if s.validate(def, value) == nil {
		return nil, nil
	}
	plain, single, err := s.fewer(definition)
	if err != nil {
		return nil, err
	}
	r := report{schema: s, def: def, plain: plain, single: single, whole: value, prefix: path, reported: map[string]mark{}}
	return r.run(), nil
}

func (s *Schema) definition(name string) (cue.Value, error) {
	if s.checked++; s.checked > lifetime {
		if err := s.renew(); err != nil {
			return cue.Value{}, err
		}
	}
	def, ok := s.defs[name]
	if !ok {
		def = s.root.LookupPath(cue.ParsePath(name))
		if err := def.Err(); err != nil {
			return cue.Value{}, fmt.Errorf("looking up schema %s: %w", name, err)
		}
		s.defs[name] = def
	}
	return def, nil
}

func (s *Schema) validate(def cue.Value, value *input.Value) error {
	encoded := s.ctx.Encode(value.Any())
	return def.Unify(encoded).Validate(cue.Concrete(true))
}

// Data returns data that stands beside the rules, such as "modelDefaults", with
// its places in the CUE files.
func (s *Schema) Data(name string) (*input.Value, error) {
	v := s.root.LookupPath(cue.ParsePath(name))
	if err := v.Validate(cue.Concrete(true)); err != nil {
		return nil, fmt.Errorf("reading %s from the schemas: %w", name, err)
	}
	return s.data(v)
}

func (s *Schema) data(v cue.Value) (*input.Value, error) {
	out := &input.Value{Position: s.rules.place(v)}
	var err error
	switch v.Kind() {
	case cue.StructKind:
		out.Kind = input.Map
		fields, _ := v.Fields() // v is a struct
		for fields.Next() {
			child, err := s.data(fields.Value())
			if err != nil {
				return nil, err
			}
			out.Fields = append(out.Fields, input.Field{Position: child.Position, Name: fields.Selector().Unquoted(), Value: child})
		}
	case cue.ListKind:
		out.Kind = input.List
		items, _ := v.List() // v is a list
		for items.Next() {
			child, err := s.data(items.Value())
			if err != nil {
				return nil, err
			}
			out.Items = append(out.Items, *child)
		}
	case cue.StringKind:
		out.Kind = input.String
		out.Text, err = v.String()
	case cue.IntKind:
		out.Kind = input.Int
		var n int64
		n, err = v.Int64()
		out.Text = strconv.FormatInt(n, 10)
	case cue.FloatKind, cue.NumberKind:
		out.Kind = input.Float
		var f float64
		f, err = v.Float64()
		out.Text = strconv.FormatFloat(f, 'g', -1, 64)
	case cue.BoolKind:
		out.Kind = input.Bool
		var b bool
		b, err = v.Bool()
		out.Text = strconv.FormatBool(b)
	default:
		err = fmt.Errorf("%s is neither data nor a map or list of data", strings.TrimPrefix(v.Path().String(), "#"))
	}
	return out, err
}
