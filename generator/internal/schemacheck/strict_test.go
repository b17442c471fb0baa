package schemacheck

import (
	"encoding/json"
	"strings"
	"testing"

	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/mlfleet/mlfleet/generator/internal/schemacheck/bundle"
)

// strictOf makes a schema strict as if it were a CRD's (or Kubernetes' own) kind;
// others are schemas that it may refer to.
func strictOf(custom bool, schema string, others map[string]string) (*spec.Schema, error) {
	b := &bundle.Bundle{Source: "test", Custom: custom, Schemas: map[string]json.RawMessage{"it": json.RawMessage(schema)}}
	for name, other := range others {
		b.Schemas[name] = json.RawMessage(other)
	}
	s := &stricter{bundle: b, metadata: &spec.Schema{SchemaProps: spec.SchemaProps{Type: spec.StringOrArray{"object"}}}}
	return s.kind(bundle.Kind{Schema: "it"})
}

// TestStrict is about the parts of schemas that the vendored ones use rarely or
// not yet: a refreshed release may bring them.
func TestStrict(t *testing.T) {
	const rest = `"apiVersion":"v1","kind":"It","metadata":{},`
	for _, tc := range []struct {
		name, schema string
		obj          string // its fields beside the usual ones
		want         string // the errors, joined; "" is valid
	}{
		{"known field", `{"type":"object","properties":{"a":{"type":"string"}}}`, `"a":"x"`, ""},
		{"unknown field", `{"type":"object","properties":{"a":{"type":"string"}}}`, `"b":"x"`, "b: unknown field"},
		{"object without fields", `{"type":"object","properties":{"a":{"type":"object"}}}`, `"a":{"b":1}`, "a.b: unknown field"},
		{"preserved fields", `{"type":"object","properties":{"a":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}`, `"a":{"b":1}`, ""},
		{"preserved beside known", `{"type":"object","properties":{"a":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"b":{"type":"string"}}}}}`,
			`"a":{"b":1,"c":1}`, `a.b: must be of type string: "number"`},
		{"embedded resource", `{"type":"object","properties":{"a":{"type":"object","x-kubernetes-embedded-resource":true}}}`,
			`"a":{"apiVersion":"v1","kind":"X","metadata":{}}`, ""},
		{"embedded resource without kind", `{"type":"object","properties":{"a":{"type":"object","x-kubernetes-embedded-resource":true}}}`,
			`"a":{"apiVersion":"v1","metadata":{},"b":1}`, "a.b: unknown field\na.kind: required field is missing"},
		{"int-or-string by extension", `{"type":"object","properties":{"a":{"x-kubernetes-int-or-string":true,"pattern":"^x$"}}}`, `"a":"y"`, "a: should match '^x$'"},
		{"int-or-string of neither", `{"type":"object","properties":{"a":{"x-kubernetes-int-or-string":true}}}`, `"a":true`, `a: must be of type integer,string: "boolean"`},
		{"conditions close nothing", `{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"string"},"c":{"type":"string"}},"oneOf":[{"required":["b"]},{"required":["c"]}]}}}`, `"a":{"b":"x"}`, ""},
		{"conditions hold", `{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"string"},"c":{"type":"string"}},"oneOf":[{"required":["b"]},{"required":["c"]}]}}}`,
			`"a":{}`, "a: must validate one and only one schema (oneOf). Found none valid\na.b: required field is missing"},
		{"set", `{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}}}}`, `"a":["x","y","x"]`, `a[2]: duplicate of element 0: "x"`},
		{"plain list", `{"type":"object","properties":{"a":{"type":"array","items":{"type":"string"}}}}`, `"a":["x","x"]`, ""},
		{"list in a map", `{"type":"object","properties":{"a":{"type":"object","additionalProperties":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}}}}}`,
			`"a":{"b":["x","x"]}`, `a.b[1]: duplicate of element 0: "x"`},
		{"nullable", `{"type":"object","properties":{"a":{"type":"string","nullable":true}}}`, `"a":null`, ""},
		{"null", `{"type":"object","properties":{"a":{"type":"string"}}}`, `"a":null`, `a: must be of type string: "null"`},
		{"format takes no list for a string", `{"type":"object","properties":{"a":{"type":"string","format":"date-time"}}}`, `"a":["x"]`, `a: must be of type string: "array"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			schema, err := strictOf(true, tc.schema, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range validate(schema, parse(t, "{"+rest+tc.obj+"}")) {
				got = append(got, e.Path+": "+e.Detail)
			}
			if strings.Join(got, "\n") != tc.want {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), tc.want)
			}
		})
	}
}

// TestStrictRefuses wants a schema that cannot be judged by to be an error, not to pass everything.
func TestStrictRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		schema, other string
		want          string
	}{
		"recursion":        {`{"type":"object","properties":{"a":{"$ref":"#/components/schemas/other"}}}`, `{"type":"array","items":{"$ref":"#/components/schemas/other"}}`, "contains itself"},
		"missing":          {`{"type":"object","additionalProperties":{"allOf":[{"$ref":"#/components/schemas/none"}],"default":{}}}`, `{}`, "no schema is called none"},
		"list of schemas":  {`{"type":"object","properties":{"a":{"type":"array","items":[{"type":"string"}]}}}`, `{}`, "a list with a schema for each element"},
		"not a schema":     {`[]`, `{}`, "decoding schema it"},
		"in a list's item": {`{"type":"object","properties":{"a":{"type":"array","items":{"$ref":"#/components/schemas/other"}}}}`, `"x"`, "decoding schema other"},
	} {
		if _, err := strictOf(false, tc.schema, map[string]string{"other": tc.other}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
	if _, err := objectMeta([]*bundle.Bundle{{Source: "test"}}); err == nil {
		t.Error("bundles without ObjectMeta passed")
	}
}
