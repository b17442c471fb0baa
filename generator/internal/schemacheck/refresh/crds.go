package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/mlfleet/mlfleet/generator/internal/schemacheck/bundle"
)

// crd is the part of a CustomResourceDefinition that is wanted.
type crd struct {
	Spec struct {
		Group string `json:"group"`
		Scope string `json:"scope"`
		Names struct {
			Kind string `json:"kind"`
		} `json:"names"`
		Versions []struct {
			Name   string `json:"name"`
			Served bool   `json:"served"`
			Schema struct {
				OpenAPIV3Schema map[string]any `json:"openAPIV3Schema"`
			} `json:"schema"`
		} `json:"versions"`
	} `json:"spec"`
}

// extractCRDs takes the schemas of src's kinds out of files of
// CustomResourceDefinitions. Their schemas refer to nothing.
func extractCRDs(src source, read func(string) ([]byte, error), into *bundle.Bundle) error {
	for _, path := range src.paths {
		raw, err := read(path)
		if err != nil {
			return err
		}
		for _, document := range bytes.Split(raw, []byte("\n---")) {
			var def crd
			if err := yaml.Unmarshal(document, &def); err != nil {
				return fmt.Errorf("decoding %s: %w", path, err)
			}
			if err := def.extract(src.kinds, into); err != nil {
				return err
			}
		}
	}
	return nil
}

// extract takes out the schema of each served version that is wanted.
func (def crd) extract(kinds []string, into *bundle.Bundle) error {
	for _, version := range def.Spec.Versions {
		key := bundle.KindKey(def.Spec.Group+"/"+version.Name, def.Spec.Names.Kind)
		if !version.Served || !slices.Contains(kinds, key) {
			continue
		}
		schema, err := json.Marshal(trim(version.Schema.OpenAPIV3Schema))
		if err != nil {
			return fmt.Errorf("encoding the schema of %s: %w", key, err)
		}
		into.Schemas[key] = schema
		into.Kinds[key] = bundle.Kind{Schema: key, Namespaced: def.Spec.Scope == "Namespaced"}
	}
	return nil
}
