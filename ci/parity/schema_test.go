package parity_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mlfleet/mlfleet/ci/advisory"
	"github.com/mlfleet/mlfleet/ci/sbom"
	"github.com/mlfleet/mlfleet/ci/scan"
	"github.com/mlfleet/mlfleet/ci/scan/testimage"
)

// TestCycloneDXSchema holds our CycloneDX document to the schema that its makers publish; it travels in the module cyclonedx-go.
func TestCycloneDXSchema(t *testing.T) {
	cache := t.TempDir()
	if _, err := advisory.Build(filepath.Join(cache, "db"), advisories(t), now); err != nil {
		t.Fatal(err)
	}
	db, err := advisory.Open(filepath.Join(cache, "db"), now, 90*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := scan.Image(t.Context(), testimage.Vulnerable(t), db, scan.Options{Name: "example.com/server:test", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	var document bytes.Buffer
	if err := sbom.CycloneDX(&document, r); err != nil {
		t.Fatal(err)
	}
	schema := compile(t)
	check := func(data []byte) error {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(value)
	}
	if err := check(document.Bytes()); err != nil {
		t.Errorf("the document is not valid: %v", err)
	}
	// The schema is really asked: a document with a field too many is refused.
	if err := check(bytes.Replace(document.Bytes(), []byte("{"), []byte(`{"nonsense": 1,`), 1)); err == nil {
		t.Error("a document with a nonsense field is valid")
	}
}

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	for _, name := range []string{"bom-1.6.schema.json", "spdx.schema.json", "jsf-0.82.schemax.json"} {
		data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "schema", name))
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		var head struct {
			ID string `json:"$id"`
		}
		if err := json.Unmarshal(data, &head); err != nil {
			t.Fatal(err)
		}
		if err := compiler.AddResource(head.ID, value); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := compiler.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}
