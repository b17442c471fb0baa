package reference

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
)

// Type is what a field may hold.
type Type struct {
	// Kinds are the kinds of values that it takes.
	Kinds cue.Kind
	// Format is the definition that tells the shape of a scalar, such as "#Name"; or "".
	Format string
	// Enum are the literal strings that it takes, when it takes no others.
	Enum []string
	// Bounds put what else is asked of a value in words: "at least 1".
	Bounds []string
	// Says is the format's comment: "a name of at most 40 small letters, …".
	Says string
	// Fields are those of a map with fixed keys.
	Fields []*Field
	// Elem is of the items of a list, or the entries of a map with free keys, whose
	// names KeySays describes and KeyFormat defines.
	Elem               *Type
	KeySays, KeyFormat string
}

// typeOf is the type of a value that stands at a path.
func (s schemas) typeOf(v cue.Value, path []string) *Type {
	t := &Type{}
	s.add(t, v, path)
	return t
}

// add adds to a type what one side of a conjunction says.
func (s schemas) add(t *Type, v cue.Value, path []string) {
	if def := reference(v); def != "" {
		target := s.root.LookupPath(cue.ParsePath(def))
		s.add(t, target, path)
		if says := formatDoc(def, target); says != "" && len(t.Fields) == 0 { // the outermost says most
			t.Format, t.Says = def, says
		}
		return
	}
	op, args := v.Expr()
	switch op {
	case cue.AndOp:
		s.addFields(t, v, path) // first, for the whole knows what is required
		for _, arg := range args {
			s.add(t, arg, path)
		}
	case cue.OrOp:
		for _, arg := range args {
			s.add(t, arg, path)
		}
	case cue.GreaterThanEqualOp:
		t.bound("at least", args[0])
	case cue.LessThanEqualOp:
		t.bound("at most", args[0])
	case cue.GreaterThanOp:
		t.bound("more than", args[0])
	case cue.LessThanOp:
		t.bound("less than", args[0])
	case cue.RegexMatchOp:
		t.Kinds |= cue.StringKind
		if t.Format == "" { // else the format's comment says it
			if pattern, err := args[0].String(); err == nil {
				t.Bounds = append(t.Bounds, "matching `"+pattern+"`")
			}
		}
	case cue.CallOp:
		t.call(args)
	default:
		s.addPlain(t, v, path)
	}
}

// addPlain adds a literal, a basic type, a list or a struct.
func (s schemas) addPlain(t *Type, v cue.Value, path []string) {
	switch kind := v.IncompleteKind(); kind {
	case cue.StructKind:
		t.Kinds |= kind
		s.addFields(t, v, path)
	case cue.ListKind:
		t.Kinds |= kind
		if elem := v.LookupPath(cue.MakePath(cue.AnyIndex)); elem.Exists() && t.Elem == nil {
			t.Elem = s.typeOf(elem, append(slices.Clone(path), each))
		}
	case cue.StringKind:
		t.Kinds |= kind
		if text, err := v.String(); err == nil {
			t.Enum = append(t.Enum, text)
		}
	case cue.BoolKind:
		t.Kinds |= kind
		if b, err := v.Bool(); err == nil {
			t.Bounds = append(t.Bounds, fmt.Sprintf("only %t", b))
		}
	case cue.IntKind, cue.FloatKind, cue.NumberKind:
		t.Kinds |= kind
	}
}

// addFields adds a struct's declared fields, and what its free keys hold.
func (s schemas) addFields(t *Type, v cue.Value, path []string) {
	for _, f := range s.fields(v, path) {
		t.Kinds |= cue.StructKind
		if t.field(f.Path[len(f.Path)-1]) == nil {
			t.Fields = append(t.Fields, f)
		}
	}
	patterns, err := v.Fields(cue.Patterns(true))
	if err != nil {
		return
	}
	for patterns.Next() {
		if patterns.Selector().ConstraintType() != cue.PatternConstraint || t.Elem != nil {
			continue
		}
		if patterns.Selector().Pattern().IncompleteKind()&cue.StringKind == 0 {
			continue // the items of a list
		}
		t.Kinds |= cue.StructKind
		t.Elem = s.typeOf(patterns.Value(), append(slices.Clone(path), entry))
		key := s.typeOf(patterns.Selector().Pattern(), nil)
		t.KeySays, t.KeyFormat = key.Says, key.Format
	}
}

func (t *Type) bound(words string, limit cue.Value) {
	n, err := limit.Int64()
	if err != nil || n < -1<<31 && words == "at least" || n >= 1<<31 { // int's own bounds
		return
	}
	t.Bounds = append(t.Bounds, words+" "+strconv.FormatInt(n, 10))
}

// call adds a validator such as list.MaxItems(20).
func (t *Type) call(args []cue.Value) {
	name := fmt.Sprint(args[0])
	var n int64
	if len(args) > 1 {
		n, _ = args[1].Int64() // those without a number name none
	}
	switch {
	case strings.HasSuffix(name, "MinItems"), strings.HasSuffix(name, "MinFields"):
		t.Bounds = append(t.Bounds, fmt.Sprintf("at least %d of them", n))
	case strings.HasSuffix(name, "MaxItems"):
		t.Bounds = append(t.Bounds, fmt.Sprintf("at most %d of them", n))
	case strings.HasSuffix(name, "UniqueItems"):
		t.Bounds = append(t.Bounds, "each once")
	}
}

// reference is the definition that a value is nothing but a reference to, or "".
func reference(v cue.Value) string {
	_, path := v.ReferencePath()
	if selectors := path.Selectors(); len(selectors) == 1 && selectors[0].IsDefinition() {
		return path.String()
	}
	return ""
}

// formatDoc is what a format's comment says a value is: "a name of …" of "#Name is a
// name of …".
func formatDoc(name string, def cue.Value) string {
	_, is, _ := strings.Cut(docOf(def), name+" is ")
	return is
}

// words put a type in plain English.
func (t *Type) words() string {
	var alternatives []string
	for _, text := range t.Enum {
		alternatives = append(alternatives, "`"+text+"`")
	}
	switch {
	case t.Elem != nil && t.Kinds&cue.ListKind != 0:
		alternatives = append(alternatives, "a list, of "+t.Elem.words())
	case t.Elem != nil:
		keys := t.KeySays
		if keys == "" {
			keys = "names"
		}
		alternatives = append(alternatives, "a map, from "+keys+" to "+t.Elem.words())
	case len(t.Fields) > 0:
		alternatives = append(alternatives, "a map of the fields below")
	case t.Says != "" && len(t.Enum) == 0:
		return t.Says
	case len(t.Enum) > 0 && len(t.Bounds) == 0:
	case t.Kinds&cue.StringKind != 0:
		alternatives = append(alternatives, "text")
	case t.Kinds == cue.BoolKind:
		alternatives = append(alternatives, "true or false")
	case t.Kinds == cue.IntKind:
		alternatives = append(alternatives, "a whole number")
	case t.Kinds&cue.NumberKind != 0:
		alternatives = append(alternatives, "a number")
	}
	out := oneOf(alternatives)
	if len(t.Bounds) > 0 {
		out += ", " + strings.Join(t.Bounds, ", ")
	}
	return out
}

// oneOf joins alternatives as a sentence does.
func oneOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
