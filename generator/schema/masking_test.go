package schema

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/input"
)

// good are documents of the sample fleet that use much of the schemas.
var good = []struct{ definition, file string }{
	{"#Fleet", "fleet.yaml"},
	{"#Region", "regions/us-east.yaml"},
	{"#Region", "regions/ap-southeast.yaml"},
	{"#Environment", "environments/production/environment.yaml"},
	{"#ImagePins", "environments/staging/images.yaml"},
	{"#Tenant", "tenants/borealis/tenant.yaml"},
	{"#Model", "tenants/acme/models/ranker.yaml"},
	{"#Model", "tenants/acme/models/sentiment.yaml"},
	{"#Model", "tenants/deltamed/models/radiology.yaml"},
}

func goodDocument(t testing.TB, file string) *input.Value {
	t.Helper()
	data, err := os.ReadFile("../../" + file)
	if err != nil {
		t.Fatal(err)
	}
	v, findings := input.Parse(file, data)
	if findings != nil {
		t.Fatal(findings)
	}
	return v
}

// One bad value must never hide another: what is found of each alone is found of
// all together, in one run.
func TestNoErrorHidesAnother(t *testing.T) {
	rules := newSchema(t)
	random := rand.New(rand.NewPCG(1, 2))
	const together = 6
	checked := 0
	for _, doc := range good {
		value := goodDocument(t, doc.file)
		places := scalars(value, nil)
		for range 4 {
			bad, edits := value, map[string]fleet.Position{}
			for _, i := range random.Perm(len(places))[:min(together, len(places))] {
				path := places[i]
				wrong := wrongAt(value.At(path...).Position, random.IntN(len(wrongs)))
				alone := find(t, rules, doc.definition, replaced(value, path, wrong))
				for _, f := range alone {
					legible(t, f)
				}
				if slices.ContainsFunc(alone, func(f fleet.Finding) bool { return f.Position == wrong.Position }) {
					edits[strings.Join(path, ".")] = wrong.Position
					bad = replaced(bad, path, wrong)
				}
			}
			findings := find(t, rules, doc.definition, bad)
			for path, position := range edits {
				checked++
				if !slices.ContainsFunc(findings, func(f fleet.Finding) bool { return f.Position == position }) {
					t.Errorf("%s: nothing is said of %s among %v:\n%v", doc.file, path, edits, findings)
				}
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d bad values were checked", checked)
	}
}

// wrongs are values that hardly any field takes.
var wrongs = []input.Value{
	{Kind: input.Null},
	{Kind: input.Int, Text: "-7"},
	{Kind: input.String, Text: "{{ no }} $(way)"},
	{Kind: input.List, Items: []input.Value{{Kind: input.Bool, Text: "true"}}},
	{Kind: input.Map, Fields: []input.Field{{Name: "nobody", Value: &input.Value{Kind: input.String, Text: "x"}}}},
}

// wrongAt is one of wrongs, standing at a place with all its parts.
func wrongAt(at fleet.Position, i int) input.Value {
	v := wrongs[i]
	v.Position = at
	v.Items, v.Fields = slices.Clone(v.Items), slices.Clone(v.Fields)
	for i := range v.Items {
		v.Items[i].Position = at
	}
	for i := range v.Fields {
		v.Fields[i].Position = at
	}
	return v
}

// Whatever stands in place of a value, the answer is a list of findings that a
// person can read.
func TestEveryFindingIsLegible(t *testing.T) {
	rules := newSchema(t)
	for _, doc := range good {
		value := goodDocument(t, doc.file)
		for i, path := range scalars(value, nil) {
			if i%2 == 1 { // half of them are enough, and cost half
				continue
			}
			wrong := wrongAt(value.At(path...).Position, i/2%len(wrongs))
			for _, f := range find(t, rules, doc.definition, replaced(value, path, wrong)) {
				legible(t, f)
				if len(f.Message) > 300 {
					t.Errorf("%s: a message of %d characters: %s", doc.file, len(f.Message), f.Message)
				}
			}
		}
	}
}

// A good document passes.
func TestGoodDocuments(t *testing.T) {
	rules := newSchema(t)
	for _, doc := range good {
		if findings := find(t, rules, doc.definition, goodDocument(t, doc.file)); len(findings) > 0 {
			t.Errorf("%s: %v", doc.file, findings)
		}
	}
}

// A file in which much is wrong is told all of it; one in which as much is wrong
// as fits costs a bounded number of rounds, and says that there may be more.
func TestManyErrors(t *testing.T) {
	rules := newSchema(t)
	for _, tc := range []struct {
		name, definition, data string
		least                  int
		more                   bool
	}{
		{"unknown fields", "#Model", "spec:\n  " + strings.Join(numbered("x%: 1", 300), "\n  "), 300, false},
		{"overrides", "#Model", "spec:\n  overrides:\n" + strings.Join(numbered("  - {match: {}, gpu: %, replicas: {min: -1, mox: 3}, version: %}", 10), "\n"), 50, false},
		{"many overrides", "#Model", "spec:\n  overrides:\n" + strings.Join(numbered("  - {match: {}, gpu: %, replicas: {min: -1, mox: 3}, version: %}", 60), "\n"), 10, true},
	} {
		findings := check(t, rules, tc.definition, []byte(tc.data))
		more := slices.ContainsFunc(findings, func(f fleet.Finding) bool { return f.Message == "more may be wrong with this file" })
		if len(findings) < tc.least || more != tc.more {
			t.Errorf("%s: %d findings, more %v; want %d at least, more %v", tc.name, len(findings), more, tc.least, tc.more)
		}
	}
}

func numbered(format string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = strings.ReplaceAll(format, "%", strconv.Itoa(i))
	}
	return out
}

func find(t testing.TB, rules *Schema, definition string, v *input.Value) fleet.Findings {
	t.Helper()
	findings, err := rules.Check(definition, v)
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

// scalars lists the paths of a document's texts, numbers and booleans.
func scalars(v *input.Value, path []string) [][]string {
	var out [][]string
	switch v.Kind {
	case input.Map:
		for _, f := range v.Fields {
			out = append(out, scalars(f.Value, append(slices.Clone(path), f.Name))...)
		}
	case input.List:
		for i := range v.Items {
			out = append(out, scalars(&v.Items[i], append(slices.Clone(path), strconv.Itoa(i)))...)
		}
	default:
		out = append(out, path)
	}
	return out
}

// replaced is a copy of a document with another value at a path.
func replaced(v *input.Value, path []string, value input.Value) *input.Value {
	if len(path) == 0 {
		return &value
	}
	out := *v
	out.Fields, out.Items = slices.Clone(v.Fields), slices.Clone(v.Items)
	for i := range out.Fields {
		if out.Fields[i].Name == path[0] {
			out.Fields[i].Value = replaced(out.Fields[i].Value, path[1:], value)
		}
	}
	if v.Kind == input.List {
		i, _ := strconv.Atoi(path[0])
		out.Items[i] = *replaced(&out.Items[i], path[1:], value)
	}
	return &out
}
