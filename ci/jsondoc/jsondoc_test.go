package jsondoc_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/ci/jsondoc"
)

type document struct {
	Passed bool           `json:"passed"`
	Kind   string         `json:"kind"`
	Inner  []document     `json:"inner"`
	Other  map[string]any `json:"other"`
}

// A document with one meaning is read, also where one word is a field of several
// objects, a value, or both.
func TestDecode(t *testing.T) {
	for _, text := range []string{
		`{}`, `{"passed":true,"kind":"passed","inner":[{"passed":true},{"passed":false,"inner":[]}]}`,
		`{"other":{"kind":"kind","passed":{"passed":["passed","passed"]}},"kind":"x"}`,
		` {"kind":"a","inner":[],"other":{"":""}} `,
	} {
		got, err := jsondoc.DecodeStrict[document]([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var want document
		if err := json.Unmarshal([]byte(text), &want); err != nil || got.Passed != want.Passed || got.Kind != want.Kind || len(got.Inner) != len(want.Inner) {
			t.Errorf("%s: %+v, want %+v (%v)", text, got, want, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for text, says := range map[string]string{
		``:                                       "cut off after 0 bytes",
		`{"kind":`:                               "cut off after 8 bytes",
		`{"kind":7}`:                             "it is no such JSON",
		`nonsense`:                               "it is no such JSON",
		`{} {}`:                                  "something follows",
		`{"passed":false,"passed":true}`:         `the field "passed" stands twice`,
		`{"passed":false,"Passed":true}`:         `the field "Passed" stands twice`,
		`{"\u0070assed":1}`:                      "it is no such JSON",
		`{"passed":true,"\u0070assed":true}`:     `the field "passed" stands twice`,
		"{\"kind\":\"a\",\"\u212aind\":\"b\"}":   "stands twice", // the Kelvin sign, which Go takes for a k
		"{\"passed\":true,\"pa\u017fsed\":true}": "stands twice", // the long s
		`{"inner":[{},{"other":{"a":{"b":1,"b":2}}}]}`: `the field "b" stands twice`,
		`{"other":{"a":[{"c":1}],"a":[]}}`:             `the field "a" stands twice`,
		strings.Repeat(`[`, 20000):                     "it is no such JSON",
	} {
		if got, err := jsondoc.Decode[document]([]byte(text)); err == nil || got != nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.60s: %+v, %v, want %q", text, got, err, says)
		}
	}
	if _, err := jsondoc.Decode[document]([]byte(`{"kid":1}`)); err != nil {
		t.Error(err)
	}
	if _, err := jsondoc.DecodeStrict[document]([]byte(`{"kid":1}`)); err == nil || !strings.Contains(err.Error(), `unknown field "kid"`) {
		t.Error(err)
	}
}

// What is taken means the same to a reader that takes the first of two fields, and
// tells cases apart.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"passed":true,"inner":[{"kind":"x"}]}`))
	f.Add([]byte(`{"passed":true,"PASSED":false}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := jsondoc.Decode[document](data)
		if err != nil {
			return
		}
		var exact map[string]json.RawMessage
		if err := json.Unmarshal(data, &exact); err != nil {
			return // null, which is a document without fields
		}
		if raw, ok := exact["passed"]; ok && strings.TrimSpace(string(raw)) != "null" && got.Passed != (string(raw) == "true") {
			t.Fatalf("%s: passed is %v", data, got.Passed)
		}
	})
}
