package world

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// vendored is the folder of the schemas that the generator's tests judge objects by;
// its SOURCES.md says where each is from.
const vendored = "generator/internal/schemacheck/testdata"

// bundle is the format of those files.
type bundle struct {
	Custom bool `json:"custom"` // of CustomResourceDefinitions
	Kinds  map[string]struct {
		Schema     string `json:"schema"`
		Namespaced bool   `json:"namespaced"`
	} `json:"kinds"`
	Schemas map[string]map[string]any `json:"schemas"`
}

// kinds makes CustomResourceDefinitions of all vendored schemas but Argo CD's, which
// belongs on the hub and brings its own, and lists their kinds.
func kinds(source string) ([]*unstructured.Unstructured, []schema.GroupKind, error) {
	files, err := filepath.Glob(filepath.Join(source, vendored, "*.json.gz"))
	if err != nil {
		return nil, nil, err
	}
	var all []*unstructured.Unstructured
	var names []schema.GroupKind
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), "argo-cd-") {
			continue
		}
		b, err := readBundle(file)
		if err != nil {
			return nil, nil, fmt.Errorf("reading the kinds in %s: %w", file, err)
		}
		if !b.Custom {
			continue
		}
		for name, kind := range b.Kinds {
			all = append(all, definition(name, b.Schemas[kind.Schema], kind.Namespaced))
			names = append(names, groupKind(name))
		}
	}
	slices.SortFunc(all, func(a, b *unstructured.Unstructured) int { return strings.Compare(a.GetName(), b.GetName()) })
	return all, names, nil
}

// groupKind reads "group/version Kind".
func groupKind(name string) schema.GroupKind {
	apiVersion, kind, _ := strings.Cut(name, " ")
	group, _, _ := strings.Cut(apiVersion, "/")
	return schema.GroupKind{Group: group, Kind: kind}
}

func readBundle(file string) (*bundle, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	var b bundle
	return &b, json.NewDecoder(content).Decode(&b)
}

// definition is the CustomResourceDefinition of one version of a kind, named as
// "group/version Kind".
func definition(name string, openAPI map[string]any, namespaced bool) *unstructured.Unstructured {
	apiVersion, kind, _ := strings.Cut(name, " ")
	group, version, _ := strings.Cut(apiVersion, "/")
	plural := plural(kind)
	v := map[string]any{
		"name": version, "served": true, "storage": true,
		"schema": map[string]any{"openAPIV3Schema": openAPI},
	}
	if properties, ok := openAPI["properties"].(map[string]any); ok && properties["status"] != nil {
		v["subresources"] = map[string]any{"status": map[string]any{}}
	}
	scope := "Cluster"
	if namespaced {
		scope = "Namespaced"
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1",
		"kind":       "CustomResourceDefinition",
		"metadata": map[string]any{
			"name": plural + "." + group,
			// The API server wants proof that somebody has agreed to a kind below k8s.io.
			"annotations": map[string]any{"api-approved.kubernetes.io": "https://github.com/kubernetes/enhancements/pull/1111"},
		},
		"spec": map[string]any{
			"group": group, "scope": scope,
			"names":    map[string]any{"kind": kind, "plural": plural, "singular": strings.ToLower(kind), "listKind": kind + "List"},
			"versions": []any{v},
		},
	}}
}

// plural is the resource of a kind, by the rule that Kubernetes guesses it by
// (k8s.io/apimachinery, meta.UnsafeGuessKindToResource).
func plural(kind string) string {
	s := strings.ToLower(kind)
	switch {
	case strings.HasSuffix(s, "s"):
		return s + "es"
	case strings.HasSuffix(s, "y"):
		return strings.TrimSuffix(s, "y") + "ies"
	}
	return s + "s"
}
