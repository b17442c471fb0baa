package manifest

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"cuelang.org/go/cue/cuecontext"
	cueyaml "cuelang.org/go/encoding/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

func TestStrings(t *testing.T) {
	for s, want := range map[string]string{
		"":            `""`,
		"sentiment":   `sentiment`,
		"a b":         `a b`,
		" a":          `" a"`,
		"a ":          `"a "`,
		"yes":         `"yes"`,
		"Off":         `"Off"`,
		"y":           `"y"`,
		"NULL":        `"NULL"`,
		"~":           `"~"`,
		"no":          `"no"`,
		"note":        `note`,
		"1":           `"1"`,
		"-1":          `"-1"`,
		"1e3":         `"1e3"`,
		"0x1f":        `"0x1f"`,
		"0o17":        `"0o17"`,
		"0123":        `"0123"`,
		"1:30":        `"1:30"`,
		"1_000":       `"1_000"`,
		"99.9":        `"99.9"`,
		"2026-11-23":  `"2026-11-23"`,
		".inf":        `".inf"`,
		"8Gi":         `8Gi`,
		"500m":        `500m`,
		"100ms":       `100ms`,
		"10.0.0.0/16": `10.0.0.0/16`,
		"50%":         `50%`,
		"../../base":  `../../base`,
		"...":         `"..."`,
		"=":           `"="`,
		"<<":          `"<<"`,
		"---":         `"---"`,
		"- a":         `"- a"`,
		"-c":          `-c`,
		"--port=80":   `--port=80`,
		"a: b":        `"a: b"`,
		"a:":          `"a:"`,
		"a:b":         `a:b`,
		"a #b":        `"a #b"`,
		"a#b":         `a#b`,
		"{}":          `"{}"`,
		"*a":          `"*a"`,
		"/models/x":   `/models/x`,
		`"`:           `"\""`,
		`a\b`:         `a\b`,
		`'a\`:         `"'a\\"`,
		"a\tb":        `"a\tb"`,
		"a\u0085b":    `"a\x85b"`,
		"a\u2028b":    `"a\u2028b"`,
		"\ufeffa":     `"\ufeffa"`,
		"a\u200eb":    `"a\u200eb"`,
		"a\x00b":      `"a\x00b"`,
		"zwölf 🚀":     `"zwölf 🚀"`,
		"s3://a/b":    `s3://a/b`,
	} {
		if got := string(appendString(nil, s)); got != want {
			t.Errorf("%q is written %s, want %s", s, got, want)
		}
	}
}

func TestBlocks(t *testing.T) {
	for s, want := range map[string]string{
		"a\nb":         "k: |-\n  a\n  b\n",
		"a\nb\n":       "k: |\n  a\n  b\n",
		"a\n\n  b\n\n": "k: |+\n  a\n\n    b\n\n",
		" a\nb":        `k: " a\nb"` + "\n",
		"\na":          `k: "\na"` + "\n",
		"a\n \nb":      `k: "a\n \nb"` + "\n",
		"a \nb":        `k: "a \nb"` + "\n",
		"a\n\tb":       `k: "a\n\tb"` + "\n",
		"a\r\nb":       `k: "a\r\nb"` + "\n",
		"#a\n---\n: ":  `k: "#a\n---\n: "` + "\n",
		"#a\n---\n":    "k: |\n  #a\n  ---\n",
		"\n":           `k: "\n"` + "\n",
	} {
		n := Map(Field{"k", String(s)})
		if got := string(n.AppendYAML(nil)); got != want {
			t.Errorf("%q is written\n%swant\n%s", s, got, want)
		}
	}
}

func TestLayout(t *testing.T) {
	n := Map(
		Field{"spec", Map(
			Field{"zone", Null()},
			Field{"list", List(
				Map(Field{"value", Int(1)}, Field{"name", String("a")}, Field{"deep", List(List(Bool(true), List()), Map())}),
				String("x\ny"),
				List(Map(Field{"b", Int(2)}, Field{"a", Int(1)})),
			)},
		)},
		Field{"metadata", Map(Field{"labels", Strings(map[string]string{"b": "1", "a": "2"})}, Field{"namespace", String("ns")}, Field{"name", String("thing")})},
		Field{"kind", String("Thing")},
		Field{"apiVersion", String("example.com/v1")},
	)
	const want = `apiVersion: example.com/v1
kind: Thing
metadata:
  name: thing
  namespace: ns
  labels:
    a: "2"
    b: "1"
spec:
  list:
  - name: a
    deep:
    - - true
      - []
    - {}
    value: 1
  - |-
    x
    y
  - - a: 1
      b: 2
  zone: null
`
	if got := string(n.AppendYAML(nil)); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	o, err := NewObject(n)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseYAML(File(o, o))
	if err != nil {
		t.Fatal(err)
	}
	if len(back) != 2 || !Equal(back[0].Root, n) || !Equal(back[1].Root, n) || back[0].ID != o.ID {
		t.Errorf("a file of two documents came back as %+v", back)
	}
}

// FuzzYAML builds a tree from the fuzzer's bytes and holds what is printed to
// what two independent readers make of it: Kubernetes' (YAML 1.1) and CUE's.
func FuzzYAML(f *testing.F) {
	for _, seed := range []string{
		"m\x03kkey\x00svalue\x00", "sa\nb\n\n\x00", "l\x03sa\nb\x00s-\x00l\x01s\x00", "m\x02kyes\x00sno\x00k1:30\x00s0o7\x00",
		"m\x01k" + strings.Repeat("long", 300) + "\x00m\x01k? a\x00sx: y\x00", "l\x01l\x01l\x01m\x01k\x00s#\x00",
		"sa\n\tb\n c\n\x00", "s\u2028\u0085\ufeff\x00", "m\x02k<<\x00s=\x00k<<x\x00s!!str\x00", "n12\x00", "sa\r\nb\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b := builder{rest: data}
		n := Map(Field{"spec", b.node(0)})
		printed := n.AppendYAML(nil)
		want := goValue(n)

		asJSON, err := sigsyaml.YAMLToJSONStrict(printed)
		if err != nil {
			t.Fatalf("Kubernetes' parser refuses\n%s\n%v", printed, err)
		}
		checkJSON(t, "Kubernetes' parser", printed, asJSON, want)

		file, err := cueyaml.Extract("fuzz.yaml", printed)
		if err != nil {
			t.Fatalf("CUE's parser refuses\n%s\n%v", printed, err)
		}
		asJSON, err = cuecontext.New().BuildFile(file).MarshalJSON()
		if err != nil {
			t.Fatalf("CUE's value of\n%s\n%v", printed, err)
		}
		checkJSON(t, "CUE's parser", printed, asJSON, want)
	})
}

func checkJSON(t *testing.T, reader string, printed, asJSON []byte, want any) {
	t.Helper()
	var got any
	if err := json.Unmarshal(asJSON, &got); err != nil {
		t.Fatal(err)
	}
	g, _ := json.Marshal(got)
	w, _ := json.Marshal(want)
	if string(g) != string(w) {
		t.Fatalf("%s reads\n%s\nas   %s\nwant %s", reader, printed, g, w)
	}
}

// goValue is the tree as encoding/json decodes it into an any.
func goValue(n Node) any {
	switch n.Type() {
	case MapType:
		m := map[string]any{}
		for _, f := range n.Fields() {
			m[f.Key] = goValue(f.Value)
		}
		return m
	case ListType:
		l := []any{}
		for _, f := range n.Fields() {
			l = append(l, goValue(f.Value))
		}
		return l
	case StringType:
		return n.Text()
	case BoolType:
		return n.Text() == "true"
	case NumberType:
		x, _ := strconv.ParseFloat(n.Text(), 64)
		return x
	}
	return nil
}

// A builder makes a tree of any bytes: a letter for the type, then its content.
type builder struct{ rest []byte }

func (b *builder) node(depth int) Node {
	kind, n := b.next(), 0
	if kind == 'm' || kind == 'l' {
		n = int(b.next() % 6)
	}
	switch {
	case depth > 12:
		return Null()
	case kind == 'm':
		fields := map[string]Node{}
		for range n {
			b.next()
			fields[b.text()] = b.node(depth + 1)
		}
		m := Map()
		for key, value := range fields {
			m = m.With(key, value)
		}
		return m
	case kind == 'l':
		var items []Node
		for range n {
			items = append(items, b.node(depth+1))
		}
		return List(items...)
	case kind == 't':
		return Bool(b.next()%2 == 0)
	case kind == 'z':
		return Null()
	case kind == 'n':
		i, err := strconv.ParseInt(b.text(), 10, 64)
		if err != nil || i > 1<<53 || i < -1<<53 {
			i = math.MaxInt32
		}
		return Int(i)
	case kind == 'f':
		x, err := strconv.ParseFloat(b.text(), 64)
		if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
			x = 1e21
		}
		n, _ := Tree(x)
		return n
	}
	return String(b.text())
}

func (b *builder) next() byte {
	if len(b.rest) == 0 {
		return 's'
	}
	c := b.rest[0]
	b.rest = b.rest[1:]
	return c
}

// text is the bytes up to the next zero byte, or all of them, as valid UTF-8; two
// zero bytes stand for one in the text.
func (b *builder) text() string {
	var s []byte
	for len(b.rest) > 0 {
		c := b.next()
		if c == 0 {
			if len(b.rest) == 0 || b.rest[0] != 0 {
				break
			}
			b.next()
		}
		s = append(s, c)
	}
	return strings.ToValidUTF8(string(s), "")
}
