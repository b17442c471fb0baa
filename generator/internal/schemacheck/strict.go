package schemacheck

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/mlfleet/mlfleet/generator/internal/schemacheck/bundle"
)

const (
	extPreserve    = "x-kubernetes-preserve-unknown-fields"
	extEmbedded    = "x-kubernetes-embedded-resource"
	extIntOrString = "x-kubernetes-int-or-string"
	extListType    = "x-kubernetes-list-type"
	extListKeys    = "x-kubernetes-list-map-keys"

	objectMetaName = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
)

// stricter turns published schemas into ones that kube-openapi's validator
// understands and that know no more fields than they name.
type stricter struct {
	bundle   *bundle.Bundle
	metadata *spec.Schema // ObjectMeta, strict; nil while it is being made
}

// objectMeta is the strict schema of metadata, for the CRDs, which leave it out.
func objectMeta(bundles []*bundle.Bundle) (*spec.Schema, error) {
	for _, b := range bundles {
		if _, ok := b.Schemas[objectMetaName]; ok {
			s := &stricter{bundle: b}
			return s.named(objectMetaName, nil)
		}
	}
	return nil, fmt.Errorf("the vendored schemas have no %s", objectMetaName)
}

// kind is the strict schema of a kind.
func (s *stricter) kind(k bundle.Kind) (*spec.Schema, error) {
	schema, err := s.named(k.Schema, nil)
	if err != nil {
		return nil, err
	}
	if s.bundle.Custom {
		return s.resource(schema)
	}
	return schema, nil
}

// resource gives a custom resource what every object has and no CRD needs to say.
func (s *stricter) resource(schema *spec.Schema) (*spec.Schema, error) {
	out := *schema
	out.Properties = map[string]spec.Schema{}
	maps.Copy(out.Properties, schema.Properties)
	for _, name := range []string{"apiVersion", "kind"} {
		out.Properties[name] = spec.Schema{SchemaProps: spec.SchemaProps{Type: spec.StringOrArray{"string"}}}
	}
	out.Properties["metadata"] = *s.metadata
	out.Required = slices.Concat(schema.Required, []string{"apiVersion", "kind", "metadata"})
	slices.Sort(out.Required)
	out.Required = slices.Compact(out.Required)
	return &out, nil
}

// named is the strict form of the bundle's schema of that name. within holds the
// names on the way to it: a schema that contains itself has no finite form, and
// no kind that is vendored needs one.
func (s *stricter) named(name string, within []string) (*spec.Schema, error) {
	if slices.Contains(within, name) {
		return nil, fmt.Errorf("schema %s contains itself", name)
	}
	raw, ok := s.bundle.Schemas[name]
	if !ok {
		return nil, fmt.Errorf("no schema is called %s", name)
	}
	schema := new(spec.Schema)
	if err := json.Unmarshal(raw, schema); err != nil {
		return nil, fmt.Errorf("decoding schema %s: %w", name, err)
	}
	strict, err := s.strict(schema, append(slices.Clone(within), name))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.TrimPrefix(name, "io.k8s."), err)
	}
	return strict, nil
}

// strict copies schema with references filled in and unknown fields refused.
func (s *stricter) strict(schema *spec.Schema, within []string) (*spec.Schema, error) {
	if ref := referred(schema); ref != "" {
		out, err := s.named(strings.TrimPrefix(ref, bundle.RefPrefix), within)
		if err != nil {
			return nil, err
		}
		out.Default = schema.Default // list keys have defaults; see lists.go
		return out, nil
	}
	out := *schema
	unite(&out)
	if err := s.inside(&out, within); err != nil {
		return nil, err
	}
	checkFormat(&out)
	s.close(&out)
	if embedded, _ := schema.Extensions.GetBool(extEmbedded); embedded {
		return s.resource(&out)
	}
	return &out, nil
}

// referred is the target of a reference, in either of the two ways that
// Kubernetes writes one: bare, or as the only member of an allOf when the field
// has a default or description of its own. "" if schema is no reference.
func referred(schema *spec.Schema) string {
	if ref := schema.Ref.String(); ref != "" {
		return ref
	}
	if len(schema.AllOf) == 1 && len(schema.Type) == 0 {
		return schema.AllOf[0].Ref.String()
	}
	return ""
}

// unite writes a choice between types as a list of types. Publishers write it in
// several ways: a quantity is oneOf string and number, a port an anyOf, or an
// extension, or a format, of which the validator takes the last for a type and
// refuses everything, and lets null pass where a schema has no type of its own.
func unite(out *spec.Schema) {
	if marked, _ := out.Extensions.GetBool(extIntOrString); marked || out.Format == "int-or-string" {
		out.Type, out.AnyOf, out.OneOf, out.Format = spec.StringOrArray{"integer", "string"}, nil, nil, ""
		return
	}
	if types, ok := onlyTypes(out.OneOf); ok && len(out.Type) == 0 {
		out.Type, out.OneOf = types, nil
	}
}

// onlyTypes lists the types of alternatives that say nothing else; false if one does.
func onlyTypes(alternatives []spec.Schema) (spec.StringOrArray, bool) {
	var types spec.StringOrArray
	for _, a := range alternatives {
		if !reflect.DeepEqual(a, spec.Schema{SchemaProps: spec.SchemaProps{Type: a.Type}}) {
			return nil, false
		}
		types = append(types, a.Type...)
	}
	return types, len(types) > 0
}

// inside makes the schemas of fields and elements strict. Those under anyOf, oneOf,
// allOf and not stay as they are: they add conditions to the fields named outside.
func (s *stricter) inside(out *spec.Schema, within []string) error {
	fields := out.Properties
	if fields != nil {
		out.Properties = make(map[string]spec.Schema, len(fields))
	}
	for name, field := range fields {
		strict, err := s.strict(&field, within)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		out.Properties[name] = *strict
	}
	if out.Items != nil {
		if out.Items.Schema == nil {
			return fmt.Errorf("a list with a schema for each element is not known to Kubernetes")
		}
		strict, err := s.strict(out.Items.Schema, within)
		if err != nil {
			return err
		}
		out.Items = &spec.SchemaOrArray{Schema: strict}
	}
	if extra := out.AdditionalProperties; extra != nil && extra.Schema != nil {
		strict, err := s.strict(extra.Schema, within)
		if err != nil {
			return err
		}
		out.AdditionalProperties = &spec.SchemaOrBool{Allows: true, Schema: strict}
	}
	return nil
}

// checkFormat moves the format of a string into an allOf: with both in one place
// the validator takes a list for a well-formed string (it leaves the type to the
// format and the format looks at strings only).
func checkFormat(out *spec.Schema) {
	if out.Format == "" || !slices.Equal(out.Type, spec.StringOrArray{"string"}) {
		return
	}
	format := spec.Schema{SchemaProps: spec.SchemaProps{Format: out.Format}}
	out.Format = ""
	out.AllOf = append(slices.Clone(out.AllOf), format)
}

// close refuses fields that the schema does not name. An object schema that names
// none means "anything" in Kubernetes' own API (RawExtension, FieldsV1) and
// "nothing" in a CRD, where the API server would prune whatever is there.
func (s *stricter) close(out *spec.Schema) {
	preserve, _ := out.Extensions.GetBool(extPreserve)
	if preserve || out.AdditionalProperties != nil || !out.Type.Contains("object") {
		return
	}
	if len(out.Properties) == 0 && !s.bundle.Custom {
		return
	}
	out.AdditionalProperties = &spec.SchemaOrBool{Allows: false}
}
