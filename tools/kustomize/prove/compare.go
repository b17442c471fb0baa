package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"
)

// object is one Kubernetes object as its YAML says it.
type object map[string]any

// String is the object as a reader knows it: "Deployment tenant-acme/ranker".
func (o object) String() string {
	metadata, _ := o["metadata"].(map[string]any)
	name := fmt.Sprint(metadata["name"])
	if namespace, ok := metadata["namespace"]; ok {
		name = fmt.Sprintf("%v/%s", namespace, name)
	}
	return fmt.Sprintf("%v %s", o["kind"], name)
}

// objects decodes a YAML stream. Comments and the layout do not count; types do:
// "1" is not 1.
func objects(text []byte) ([]object, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var all []object
	for {
		var o map[string]any
		err := decoder.Decode(&o)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if o != nil { // a document of comments alone
			all = append(all, o)
		}
	}
}

// differences compares two lists of objects in order, and says of each pair that
// differs at which field it first does.
func differences(got, want []object) []string {
	var found []string
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(want):
			found = append(found, fmt.Sprintf("object %d, %s, is built and not in the manifests", i+1, got[i]))
		case i >= len(got):
			found = append(found, fmt.Sprintf("object %d, %s, is in the manifests and not built", i+1, want[i]))
		default:
			if at, ok := differ("", map[string]any(got[i]), map[string]any(want[i])); ok {
				found = append(found, fmt.Sprintf("object %d, %s: %s", i+1, want[i], at))
			}
		}
	}
	return found
}

// differ finds a place where two values differ, and says what stands there.
func differ(path string, got, want any) (string, bool) {
	if reflect.DeepEqual(got, want) {
		return "", false
	}
	switch want := want.(type) {
	case map[string]any:
		if got, ok := got.(map[string]any); ok {
			return differInMap(path, got, want)
		}
	case []any:
		if got, ok := got.([]any); ok && len(got) == len(want) {
			for i := range want {
				if at, ok := differ(fmt.Sprintf("%s[%d]", path, i), got[i], want[i]); ok {
					return at, true
				}
			}
		}
	}
	return fmt.Sprintf("%s is built as %#v, the manifests have %#v", path, got, want), true
}

func differInMap(path string, got, want map[string]any) (string, bool) {
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[key]; !ok {
			return fmt.Sprintf("%s.%s is built and not in the manifests", path, key), true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if _, ok := got[key]; !ok {
			return fmt.Sprintf("%s.%s is in the manifests and not built", path, key), true
		}
		if at, ok := differ(path+"."+key, got[key], want[key]); ok {
			return at, true
		}
	}
	return "", false
}
