// Package bundle is the file format of the vendored schemas: what the refresh
// program writes and what schemacheck reads.
//
// A bundle holds the schemas of one release of one project, as that project
// publishes them, less everything that judges no object (descriptions,
// examples). Making them strict is schemacheck's work, not the file's: the file
// stays comparable with its source.
package bundle

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
)

// Bundle is the schemas of one release of one project.
type Bundle struct {
	// Source names project and release as a message should, e.g. "Argo CD v2.14.21".
	Source string `json:"source"`
	// Custom says that the schemas are those of CustomResourceDefinitions. They
	// know two things differently: `metadata` is a bare object that stands for
	// ObjectMeta, and an object without fields has none.
	Custom bool `json:"custom,omitempty"`
	// Kinds maps KindKey to what is known of the kind.
	Kinds map[string]Kind `json:"kinds"`
	// Schemas maps a name to an OpenAPI schema object. `$ref`s in it read
	// "#/components/schemas/NAME".
	Schemas map[string]json.RawMessage `json:"schemas"`
}

// Kind is one kind of object in one version of its API.
type Kind struct {
	Schema     string `json:"schema"`     // key of Bundle.Schemas
	Namespaced bool   `json:"namespaced"` // lives in a namespace
}

// KindKey is the key of Bundle.Kinds: "apps/v1 Deployment".
func KindKey(apiVersion, kind string) string { return apiVersion + " " + kind }

// RefPrefix is what precedes a schema's name in a `$ref`.
const RefPrefix = "#/components/schemas/"

// JSON is the content of a bundle's file before compression: stable, because
// encoding/json sorts the keys of maps, and compact, because an ApplicationSet's
// schema repeats itself at a distance that the compressor only sees when no
// spaces lie between. Compare two releases with `zcat FILE | jq .`.
func (b *Bundle) JSON() ([]byte, error) {
	raw, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("encoding the schemas of %s: %w", b.Source, err)
	}
	return append(raw, '\n'), nil
}

// Write writes b compressed. The same bundle gives the same bytes under the
// same Go release; the compressor may change between releases, which is why
// SOURCES.md records the digest of the content, not of the file.
func (b *Bundle) Write(w io.Writer) error {
	raw, err := b.JSON()
	if err != nil {
		return err
	}
	zw, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := zw.Write(raw); err != nil {
		return fmt.Errorf("compressing the schemas of %s: %w", b.Source, err)
	}
	return zw.Close()
}

// Content returns the decompressed content of a bundle's file.
func Content(r io.Reader) ([]byte, error) {
	zr, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("opening a schema bundle: %w", err)
	}
	raw, err := io.ReadAll(zr)
	if err != nil {
		return nil, fmt.Errorf("decompressing a schema bundle: %w", err)
	}
	return raw, zr.Close()
}

// Read reads what Write wrote.
func Read(r io.Reader) (*Bundle, error) {
	raw, err := Content(r)
	if err != nil {
		return nil, err
	}
	b := new(Bundle)
	if err := json.Unmarshal(raw, b); err != nil {
		return nil, fmt.Errorf("decoding a schema bundle: %w", err)
	}
	return b, nil
}
