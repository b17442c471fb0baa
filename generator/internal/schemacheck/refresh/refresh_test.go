package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/generator/internal/schemacheck/bundle"
)

func decoded(t *testing.T, text string) map[string]any {
	t.Helper()
	var value map[string]any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestTrim(t *testing.T) {
	got := trim(decoded(t, `{"type":"object","description":"x","title":"x","default":{"description":"x"},
		"properties":{"description":{"type":"string","description":"x"},"a":{"type":"array","items":{"type":"object","example":1}}}}`))
	want := decoded(t, `{"type":"object","default":{"description":"x"},
		"properties":{"description":{"type":"string"},"a":{"type":"array","items":{"type":"object"}}}}`)
	if !reflect.DeepEqual(got, any(want)) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestAddSchemaWantsDocumentsToAgree(t *testing.T) {
	all := map[string]map[string]any{}
	for _, tc := range []struct {
		schema string
		ok     bool
	}{
		{`{"type":"string"}`, true},
		{`{"type":"string","x-kubernetes-group-version-kind":[]}`, true}, // differs between documents, and is dropped
		{`{"type":"integer"}`, false},
	} {
		if err := addSchema(all, "it", decoded(t, tc.schema)); (err == nil) != tc.ok {
			t.Errorf("%s: %v", tc.schema, err)
		}
	}
}

func TestKeepReferred(t *testing.T) {
	all := map[string]map[string]any{
		"kind":   decoded(t, `{"properties":{"a":{"$ref":"#/components/schemas/one"},"b":{"items":{"allOf":[{"$ref":"#/components/schemas/two"}]}}}}`),
		"one":    decoded(t, `{"additionalProperties":{"$ref":"#/components/schemas/two"}}`),
		"two":    decoded(t, `{"type":"string"}`),
		"nobody": decoded(t, `{"type":"string"}`),
	}
	into := &bundle.Bundle{Kinds: map[string]bundle.Kind{"v1 It": {Schema: "kind"}}, Schemas: map[string]json.RawMessage{}}
	if err := keepReferred(all, into); err != nil {
		t.Fatal(err)
	}
	if _, kept := into.Schemas["nobody"]; kept || len(into.Schemas) != 3 {
		t.Errorf("kept %v", into.Schemas)
	}
	delete(all, "two")
	clear(into.Schemas)
	if err := keepReferred(all, into); err == nil || !strings.Contains(err.Error(), "no schema is called two") {
		t.Errorf("a reference to nothing: %v", err)
	}
}

// TestAddEnumsNoticesAnotherForm wants a generated source that is not understood any
// more to be an error: otherwise the enums would silently be gone.
func TestAddEnumsNoticesAnotherForm(t *testing.T) {
	for source, want := range map[string]string{
		"package p\nfunc schema_k8sio_api_core_v1_It() any {\n\treturn S{P: map[string]spec.Schema{\"a\": {X: P{Enum: []any{\"x\"}}}}}\n}\n": "only 1 enums found",
		"package p\nfunc schema_k8sio_api_core_v1_It() any {\n\treturn S{P: map[string]spec.Schema{\"b\": {X: P{Enum: []any{\"x\"}}}}}\n}\n": "does not have it",
		"package p\nfunc schema_k8sio_api_core_v1_It() any {\n\treturn S{P: map[string]spec.Schema{\"a\": {X: P{Enum: []any{One}}}}}\n}\n":   "not a literal",
		"not Go": "expected 'package'",
	} {
		schemas := map[string]map[string]any{"io.k8s.api.core.v1.It": decoded(t, `{"properties":{"a":{"type":"string"}}}`)}
		if err := addEnums([]byte(source), schemas); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", source, err, want)
		}
	}
}
