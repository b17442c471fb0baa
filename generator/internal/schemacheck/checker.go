package schemacheck

import (
	"embed"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/mlfleet/mlfleet/generator/internal/schemacheck/bundle"
)

//go:embed testdata/*.json.gz
var vendored embed.FS

// ErrNoSchema is what errors.Is finds in Check's answer when no vendored schema
// describes the object.
var ErrNoSchema = errors.New("no schema")

// Error is one thing that a vendored schema has against an object.
type Error struct {
	Path   string // of the field, e.g. "spec.template.spec.containers[0].image"; "" is the object itself
	Detail string // what is wrong there
	Source string // whose schema says so, e.g. "Argo CD v2.14.21"
}

func (e *Error) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("%s (%s)", e.Detail, e.Source)
	}
	return fmt.Sprintf("%s: %s (%s)", e.Path, e.Detail, e.Source)
}

// Checker holds objects against the vendored schemas. It may be used by several
// goroutines at once. A kind's schema is prepared when the first object of that
// kind comes.
type Checker struct {
	kinds map[string][]*kind // by bundle.KindKey, one for each release that defines the kind
}

// kind is one kind of one release.
type kind struct {
	source     string
	namespaced bool
	schema     func() (*spec.Schema, error) // strict and without references; prepared once
}

// New reads the vendored schemas.
func New() (*Checker, error) {
	files, err := vendored.ReadDir("testdata")
	if err != nil {
		return nil, fmt.Errorf("listing the vendored schemas: %w", err)
	}
	var bundles []*bundle.Bundle
	for _, entry := range files {
		b, err := readBundle(entry.Name())
		if err != nil {
			return nil, fmt.Errorf("reading the vendored schemas in %s: %w", entry.Name(), err)
		}
		bundles = append(bundles, b)
	}
	metadata, err := objectMeta(bundles)
	if err != nil {
		return nil, err
	}
	c := &Checker{kinds: map[string][]*kind{}}
	for _, b := range bundles {
		s := &stricter{bundle: b, metadata: metadata}
		for key, k := range b.Kinds {
			c.kinds[key] = append(c.kinds[key], &kind{
				source:     b.Source,
				namespaced: k.Namespaced,
				schema:     sync.OnceValues(func() (*spec.Schema, error) { return s.kind(k) }),
			})
		}
	}
	return c, nil
}

func readBundle(name string) (*bundle.Bundle, error) {
	file, err := vendored.Open(path.Join("testdata", name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return bundle.Read(file)
}

// Kinds lists what New found, as "apiVersion Kind", sorted.
func (c *Checker) Kinds() []string {
	var kinds []string
	for key := range c.kinds {
		kinds = append(kinds, key)
	}
	slices.Sort(kinds)
	return kinds
}

// Check says what the schemas have against obj, a decoded JSON or YAML object
// (map[string]any, []any, string, bool, nil, and any of Go's numbers). Its errors
// are of type *Error and sorted by path; one that is ErrNoSchema means that nothing
// was checked. An empty answer means valid under every release that defines the kind.
func (c *Checker) Check(obj map[string]any) []error {
	kinds, err := c.lookup(obj)
	if err != nil {
		return []error{err}
	}
	var found []error
	for _, k := range kinds {
		schema, err := k.schema()
		if err != nil {
			found = append(found, fmt.Errorf("preparing the schema of %s: %w", k.source, err))
			continue
		}
		for _, e := range validate(schema, obj) {
			e.Source = k.source
			found = append(found, e)
		}
	}
	return found
}

// lookup finds what is known of the object's kind.
func (c *Checker) lookup(obj map[string]any) ([]*kind, error) {
	kinds := c.kinds[keyOf(obj)]
	if len(kinds) == 0 {
		apiVersion, name := typeOf(obj)
		return nil, fmt.Errorf("%w for apiVersion %q, kind %q%s", ErrNoSchema, apiVersion, name, c.otherVersions(apiVersion, name))
	}
	return kinds, nil
}

// otherVersions helps with the commonest reason for a missing schema: an old apiVersion.
func (c *Checker) otherVersions(apiVersion, name string) string {
	for _, key := range c.Kinds() {
		if other, kindName, _ := strings.Cut(key, " "); kindName == name && other != apiVersion {
			return fmt.Sprintf(" (there is one for %s)", other)
		}
	}
	return " (refresh/sources.go lists the kinds that are vendored)"
}

// typeOf is the object's apiVersion and kind, "" where they are missing or no strings.
func typeOf(obj map[string]any) (apiVersion, kind string) {
	apiVersion, _ = obj["apiVersion"].(string)
	kind, _ = obj["kind"].(string)
	return apiVersion, kind
}

// keyOf is the bundle.KindKey of the object.
func keyOf(obj map[string]any) string { return bundle.KindKey(typeOf(obj)) }
