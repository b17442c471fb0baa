package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mlfleet/mlfleet/generator/internal/schemacheck/bundle"
)

// openAPI is the part of a Kubernetes OpenAPI v3 document that is wanted.
type openAPI struct {
	Paths map[string]map[string]json.RawMessage `json:"paths"`

	Components struct {
		Schemas map[string]map[string]any `json:"schemas"`
	} `json:"components"`
}

// groupVersionKind is the value of the x-kubernetes-group-version-kind of an operation.
type groupVersionKind struct{ Group, Version, Kind string }

func (g groupVersionKind) key() string {
	apiVersion := g.Version
	if g.Group != "" {
		apiVersion = g.Group + "/" + g.Version
	}
	return bundle.KindKey(apiVersion, g.Kind)
}

// extractOpenAPI takes src's kinds, and every schema that they refer to, out of
// Kubernetes' published documents, one a group and version.
func extractOpenAPI(src source, read func(string) ([]byte, error), into *bundle.Bundle) error {
	all := map[string]map[string]any{}
	for _, path := range src.paths {
		raw, err := read(path)
		if err != nil {
			return err
		}
		var doc openAPI
		if err := json.Unmarshal(raw, &doc); err != nil {
			return fmt.Errorf("decoding %s: %w", path, err)
		}
		if err := addKinds(src, doc, into); err != nil {
			return fmt.Errorf("reading the kinds of %s: %w", path, err)
		}
		for name, schema := range doc.Components.Schemas {
			if err := addSchema(all, name, trim(schema).(map[string]any)); err != nil {
				return fmt.Errorf("reading %s: %w", path, err)
			}
		}
	}
	enums, err := read(src.enums)
	if err != nil {
		return err
	}
	if err := addEnums(enums, all); err != nil {
		return fmt.Errorf("taking the enums from %s: %w", src.enums, err)
	}
	return keepReferred(all, into)
}

// addKinds records src's kinds that doc can create: the schema of the body that
// is posted, and whether the path has a namespace in it.
func addKinds(src source, doc openAPI, into *bundle.Bundle) error {
	for path, operations := range doc.Paths {
		raw, ok := operations["post"]
		if !ok {
			continue
		}
		var post struct {
			Action string           `json:"x-kubernetes-action"`
			GVK    groupVersionKind `json:"x-kubernetes-group-version-kind"`
			Body   struct {
				Content map[string]struct {
					Schema map[string]any `json:"schema"`
				} `json:"content"`
			} `json:"requestBody"`
		}
		if err := json.Unmarshal(raw, &post); err != nil {
			return fmt.Errorf("decoding POST %s: %w", path, err)
		}
		// A subresource (/scale, /eviction) has its parent's name in its path.
		if post.Action != "post" || strings.Contains(path, "{name}") || !slices.Contains(src.kinds, post.GVK.key()) {
			continue
		}
		named := map[string]bool{}
		for _, content := range post.Body.Content {
			refs(content.Schema, named)
		}
		names := slices.Collect(maps.Keys(named))
		if len(names) != 1 {
			return fmt.Errorf("POST %s has %d schemas instead of one", path, len(names))
		}
		into.Kinds[post.GVK.key()] = bundle.Kind{Schema: names[0], Namespaced: strings.Contains(path, "/namespaces/{namespace}/")}
	}
	return nil
}

// addSchema adds a schema; the documents repeat what they share, and must agree on it.
// The list of groups that one type serves is as long as the API and says nothing here.
func addSchema(all map[string]map[string]any, name string, schema map[string]any) error {
	delete(schema, "x-kubernetes-group-version-kind")
	if known, ok := all[name]; ok {
		one, err := json.Marshal(known)
		if err != nil {
			return err
		}
		two, err := json.Marshal(schema)
		if err != nil {
			return err
		}
		if !bytes.Equal(one, two) {
			return fmt.Errorf("schema %s differs from the one of an earlier file", name)
		}
	}
	all[name] = schema
	return nil
}

// keepReferred moves the schemas of the kinds, and what they refer to, into the bundle.
func keepReferred(all map[string]map[string]any, into *bundle.Bundle) error {
	wanted := map[string]bool{}
	for _, kind := range into.Kinds {
		wanted[kind.Schema] = true
	}
	for len(wanted) > 0 {
		next := map[string]bool{}
		for name := range wanted {
			schema, ok := all[name]
			if !ok {
				return fmt.Errorf("no schema is called %s", name)
			}
			raw, err := json.Marshal(schema)
			if err != nil {
				return err
			}
			into.Schemas[name] = raw
			refs(schema, next)
		}
		maps.DeleteFunc(next, func(name string, _ bool) bool { _, have := into.Schemas[name]; return have })
		wanted = next
	}
	return nil
}
