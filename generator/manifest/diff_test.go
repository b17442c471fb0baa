package manifest

import (
	"fmt"
	"slices"
	"testing"
)

func parse(t testing.TB, s string) []Object {
	t.Helper()
	objects, err := ParseYAML([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func TestDiff(t *testing.T) {
	old := parse(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: sentiment, namespace: tenant-acme, labels: {app.kubernetes.io/name: a, team: x}}
spec:
  args: [a, b]
  env: [{name: A, value: "1"}, {name: B, value: "2"}, {name: C}]
  ports: [{containerPort: 8000}, {containerPort: 8001}]
  same: {deep: [1, 2]}
`)[0].Root
	new := parse(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: sentiment, namespace: tenant-acme, labels: {app.kubernetes.io/name: b}}
spec:
  args: [a, c]
  env: [{name: B, value: "3"}, {name: A, value: "1"}, {name: D}]
  ports: [{containerPort: 8000}, {containerPort: 8002}]
  same: {deep: [1, 2]}
`)[0].Root
	var got []string
	for _, c := range Diff(old, new) {
		got = append(got, fmt.Sprintf("%s: %q -> %q", c.Path, inline(c.Old), inline(c.New)))
	}
	want := []string{
		`metadata.labels[app.kubernetes.io/name]: "a\n" -> "b\n"`,
		`metadata.labels.team: "x\n" -> ""`,
		`spec.args: "- a\n- b\n" -> "- a\n- c\n"`,
		`spec.env[B].value: "\"2\"\n" -> "\"3\"\n"`,
		`spec.env[C]: "name: C\n" -> ""`,
		`spec.env[D]: "" -> "name: D\n"`,
		`spec.env[]: "- A\n- B\n" -> "- B\n- A\n"`,
		`spec.ports[1].containerPort: "8001\n" -> "8002\n"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", lines(got), lines(want))
	}
	if again := Diff(new, new); again != nil {
		t.Errorf("an object differs from itself: %v", again)
	}
}

func inline(n Node) string {
	if !n.Exists() {
		return ""
	}
	return string(n.AppendYAML(nil))
}

func lines(s []string) (text string) {
	for _, line := range s {
		text += line + "\n"
	}
	return text
}

func TestParseYAMLRefuses(t *testing.T) {
	for _, s := range []string{
		"a: b", "apiVersion: v1\nkind: A\nmetadata: {name: a}\nx: &a 1\ny: *a", "1: 2",
		"apiVersion: v1\nkind: A\nmetadata: {name: a}\nx: 1\nx: 2", "apiVersion: v1\nkind: A\nmetadata: {name: a}\nx: .inf", "- a",
	} {
		if objects, err := ParseYAML([]byte(s)); err == nil {
			t.Errorf("%q was read as %v", s, objects)
		}
	}
}

func TestNodeEdits(t *testing.T) {
	n := Strings(map[string]string{"b": "1", "name": "x"})
	m := n.With("a", Int(2)).With("b", String("3")).With("kind", Null())
	if got, want := string(m.AppendYAML(nil)), "kind: null\nname: x\na: 2\nb: \"3\"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := string(n.AppendYAML(nil)), "name: x\nb: \"1\"\n"; got != want {
		t.Errorf("With changed its receiver: %q, want %q", got, want)
	}
	if got := m.With("kind", Node{}).Without("a", "name"); !Equal(got, Map(Field{"b", String("3")})) {
		t.Errorf("Without left %s", got.AppendYAML(nil))
	}
}
