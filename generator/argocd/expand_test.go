package argocd

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	texttemplate "text/template"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// expand makes the Applications of a set as Argo CD does: every string of the template
// is a Go template over an element, and a missing key is an error. There are no
// functions in it, so a template that called one would not parse.
func expand(t *testing.T, s *ApplicationSet) []*Application {
	t.Helper()
	if !s.Spec.GoTemplate || len(s.Spec.GoTemplateOptions) != 1 || s.Spec.GoTemplateOptions[0] != "missingkey=error" {
		t.Fatalf("%s: a misspelt key would print as <no value>", s.Metadata.Name)
	}
	var out []*Application
	for _, g := range s.Spec.Generators {
		for _, e := range g.List.Elements {
			var app Application
			strict(t, render(t, tree(t, s.Spec.Template), tree(t, e)), &app)
			out = append(out, &app)
		}
	}
	return out
}

// applications are all those that the fleet's sets make, and the roots.
func applications(t *testing.T, f *fleet.Fleet) []*Application {
	t.Helper()
	out := values[*Application](all(f))
	for _, s := range values[*ApplicationSet](all(f)) {
		out = append(out, expand(t, s)...)
	}
	return out
}

func render(t *testing.T, v, element any) any {
	t.Helper()
	switch v := v.(type) {
	case string:
		tmpl, err := texttemplate.New("").Option("missingkey=error").Parse(v)
		if err != nil {
			t.Fatalf("parsing %q: %v", v, err)
		}
		var b strings.Builder
		if err := tmpl.Execute(&b, element); err != nil {
			t.Fatalf("executing %q: %v", v, err)
		}
		return b.String()
	case []any:
		for i := range v {
			v[i] = render(t, v[i], element)
		}
		return v
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			out[render(t, k, element).(string)] = render(t, x, element)
		}
		return out
	}
	return v
}

// tree is v as JSON knows it.
func tree(t *testing.T, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// strict reads v into the typed value to, and fails on a field that it does not have.
func strict(t *testing.T, v, to any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		t.Fatal(err)
	}
}

// eachString calls visit with every string in v, map keys included.
func eachString(v any, visit func(string)) {
	switch v := v.(type) {
	case string:
		visit(v)
	case []any:
		for _, x := range v {
			eachString(x, visit)
		}
	case map[string]any:
		for k, x := range v {
			visit(k)
			eachString(x, visit)
		}
	}
}
