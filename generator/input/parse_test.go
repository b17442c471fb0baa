package input

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct{ name, data, want string }{
		{"empty", " \n", "t.yaml: the file is empty — write one YAML document, or delete the file"},
		{"only comments", "# nothing\n", "t.yaml: the file holds only comments"},
		{"large", "a: " + strings.Repeat("x", 300<<10), "t.yaml: the file has 301 KiB (at most 256 KiB)"},
		{"not UTF-8", "a: 1\nb: caf\xe9\n", "t.yaml:2:7: byte 0xe9 is not UTF-8"},
		{"control character", "a: 1\nb: x\x07\n", "t.yaml:2:5: control character U+0007"},
		{"nested flow", "a: " + strings.Repeat("[", 20000), "t.yaml: the file is nested too deeply"},
		{"nested flow maps", strings.Repeat("{a: ", 20000), "t.yaml: the file is nested too deeply"},
		{"nested lists", strings.Repeat("- ", 20000) + "a", "t.yaml: the file is nested too deeply"},
		{"nested blocks", nestedBlocks(40), "nested too deeply (at most 32 levels)"},
		{"long list", "a: [" + strings.Repeat("x, ", 501) + "]", "t.yaml:1:4: a list or map with too many entries (at most 500)"},
		{"large map", "a:\n" + many(501), "t.yaml:2:3: a list or map with too many entries (at most 500)"},
		{"two documents", "a: 1\n---\nb: 2\n", "t.yaml:2:1: the file holds several documents (one document a file)"},
		{"second document broken", "a: 1\n---\nb: [\n", "the file holds several documents"},
		{"syntax", "a: 1\n  b: 2\n", "t.yaml:2:3: not valid YAML: mapping values are not allowed in this context"},
		{"tab", "a:\n\tb: 2\n", "not valid YAML: found character that cannot start any token"},
		{"anchor", "a: &x 1\n", "t.yaml:1:4: anchor &x (no anchors or aliases)"},
		{"alias", "a: &x 1\nb: *x\n", "t.yaml:2:4: alias *x (no anchors or aliases)"},
		{"merge key", "a: {c: 1}\nb:\n  <<: {d: 2}\n", "t.yaml:3:3: merge key << (no merge keys)"},
		{"tag", "a: !!str 1\n", "t.yaml:1:4: tag !!str (no tags)"},
		{"binary", "a: !!binary aGk=\n", "t.yaml:1:4: tag !!binary (no tags)"},
		{"own tag", "a: !secret x\n", "t.yaml:1:4: tag !secret (no tags)"},
		{"duplicate key", "a: 1\nb: 2\na: 1\n", `t.yaml:3:1: field "a" stands twice (first on line 1) — keep one of them`},
		{"duplicate key, other spelling", "a: 1\n\"a\": 1\n", `t.yaml:2:1: field "a" stands twice`},
		{"map as key", "{a: 1}: 2\n", "t.yaml:1:1: a field name that is not a plain string"},
		{"a list", "- a\n", "t.yaml:1:1: the file holds a list"},
		{"a string", "hello\n", "t.yaml:1:1: the file holds a string"},
		{"too many values", "a:\n" + strings.Repeat("- ["+strings.Repeat("1,", 400)+"1]\n", 15), "t.yaml: the file has 6032 fields and list items (at most 5000)"},
		{"too many items", "a: [" + strings.Repeat("1,", 600) + "1]", "t.yaml:1:4: a list or map with too many entries (at most 500)"},
		{"infinity", "a: .inf\n", "t.yaml:1:4: .inf is not a finite number"},
		{"octal number", "a: 010\n", "t.yaml:1:4: 010 begins with 0: YAML takes it for 8"},
		{"octal number, negative", "a: -010\n", "t.yaml:1:4: -010 begins with 0: YAML takes it for -8"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v, findings := Parse("t.yaml", []byte(tc.data))
			if v != nil {
				t.Fatal("was accepted")
			}
			if !strings.Contains(findings.Error(), tc.want) {
				t.Errorf("got  %s\nwant %s", findings.Error(), tc.want)
			}
		})
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  f%d: 1\n", i)
	}
	return b.String()
}

func nestedBlocks(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String() + strings.Repeat(" ", n) + "a: 1\n"
}

func TestParseKeepsPlaces(t *testing.T) {
	v, findings := Parse("t.yaml", []byte("# ------------------------------------------------\nspec:\n  replicas: {min: 2, max: 0x10}\n  list:\n  - name: b\n  on: yes\n  date: 2026-01-02\n  ratio: 1.50\n  nothing: ~\n"))
	if findings != nil {
		t.Fatal(findings)
	}
	for _, tc := range []struct {
		path  string
		place string
		kind  Kind
		text  string
	}{
		{"spec.replicas.min", "t.yaml:3:14", Int, "2"},
		{"spec.replicas.max", "t.yaml:3:22", Int, "16"},
		{"spec.list.0.name", "t.yaml:5:5", String, "b"},
		{"spec.on", "t.yaml:6:3", String, "yes"},
		{"spec.date", "t.yaml:7:3", String, "2026-01-02"},
		{"spec.ratio", "t.yaml:8:3", Float, "1.5"},
		{"spec.nothing", "t.yaml:9:3", Null, ""},
	} {
		path := strings.Split(tc.path, ".")
		got := v.At(path...)
		if got == nil || got.Kind != tc.kind || got.Text != tc.text {
			t.Errorf("%s: got %+v", tc.path, got)
		}
		if place := v.Place(path...).String(); place != tc.place {
			t.Errorf("%s: place %s, want %s", tc.path, place, tc.place)
		}
	}
	if got := v.Place("spec", "list", "3", "name").String(); got != "t.yaml:4:3" {
		t.Errorf("a missing path's place is %s", got)
	}
	if got := string(v.AppendJSON(nil)); got != `{"spec":{"replicas":{"min":2,"max":16},"list":[{"name":"b"}],"on":"yes","date":"2026-01-02","ratio":1.5,"nothing":null}}` {
		t.Error(got)
	}
}

func TestMergeKeepsPlaces(t *testing.T) {
	parse := func(file, data string) *Value {
		v, findings := Parse(file, []byte(data))
		if findings != nil {
			t.Fatal(findings)
		}
		return v
	}
	base := parse("base.yaml", "replicas: {min: 2, max: 10}\nlist: [1, 2]\ngpu: {class: t4}\n")
	over := parse("over.yaml", "replicas: {max: 4}\nlist: [3]\ngpu: none\nnew: x\n")
	before := string(base.AppendJSON(nil))
	got := base.Merge(over)
	if j := string(got.AppendJSON(nil)); j != `{"replicas":{"min":2,"max":4},"list":[3],"gpu":"none","new":"x"}` {
		t.Error(j)
	}
	if file := got.At("replicas", "min").File; file != "base.yaml" {
		t.Error("min comes from", file)
	}
	if file := got.At("replicas", "max").File; file != "over.yaml" {
		t.Error("max comes from", file)
	}
	if after := string(base.AppendJSON(nil)); after != before {
		t.Error("Merge changed its receiver:", after)
	}
}

// FuzzParse: no input panics, and what is accepted is within the limits.
func FuzzParse(f *testing.F) {
	f.Add([]byte("apiVersion: mlfleet.dev/v1alpha1\nkind: Model\nmetadata: {name: a}\nspec: {replicas: {min: 1}}\n"))
	f.Add([]byte("a: &x [*x]\n"))
	f.Add([]byte("? [a]\n: b\n"))
	f.Add([]byte("a: |\n  x\n\n---\n...\n"))
	f.Add([]byte("{a: {a: {a: [1, 2.5, ~, \"\\u0000\"]}}}"))
	f.Add([]byte("- - - - a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, findings := Parse("f.yaml", data)
		if (v == nil) != (len(findings) > 0) {
			t.Fatal("a value and findings, or neither")
		}
		if v == nil {
			for _, finding := range findings {
				if finding.Severity != fleet.Error || finding.Message == "" || finding.File != "f.yaml" {
					t.Fatalf("%+v", finding)
				}
			}
			return
		}
		var back any
		if err := v.Decode(&back); err != nil {
			t.Fatal(err)
		}
	})
}

// What a number was before it became one is kept, for messages that quote it.
func TestParseKeepsTheSource(t *testing.T) {
	v, findings := Parse("t.yaml", []byte("a: 0x10\nb: 1.50\nc: 012345678901\nd: True\ne: \"1.50\"\nf: 3\n"))
	if findings != nil {
		t.Fatal(findings)
	}
	for name, want := range map[string]string{"a": "0x10", "b": "1.50", "c": "012345678901", "d": "True", "e": "1.50", "f": "3"} {
		if got := v.Get(name).Written(); got != want {
			t.Errorf("%s is written %q, want %q", name, got, want)
		}
	}
}
