package overlay

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/mlfleet/mlfleet/generator/manifest"
)

// TestRulesAreKustomizes compares what we know about each kind's lists with the
// schema that Kustomize merges by.
func TestRulesAreKustomizes(t *testing.T) {
	versions := map[string]string{"autoscaling": "v2"}
	for gk, r := range kindRules {
		version := versions[gk[0]]
		if version == "" {
			version = "v1"
		}
		apiVersion := strings.TrimPrefix(gk[0]+"/"+version, "/")
		var want, got []string
		schema := openapi.SchemaForResourceType(yaml.TypeMeta{APIVersion: apiVersion, Kind: gk[1]})
		if schema == nil && r != replaced {
			t.Errorf("%s %s: Kustomize knows nothing of it, we do", apiVersion, gk[1])
			continue
		}
		kustomizeLists("", schema, &want)
		want = slices.DeleteFunc(want, func(s string) bool { return strings.HasPrefix(s, ".status.") })
		ourLists("", r, &got)
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s %s: Kustomize merges\n%s\nwe think\n%s", apiVersion, gk[1], strings.Join(want, "\n"), strings.Join(got, "\n"))
		}
	}
}

func kustomizeLists(path string, schema *openapi.ResourceSchema, lists *[]string) {
	if schema == nil || schema.Schema == nil || strings.Count(path, ".") > 16 {
		return
	}
	if schema.Schema.Type.Contains("array") {
		if strategy, keys := schema.PatchStrategyAndKeyList(); strings.Contains(strategy, "merge") {
			*lists = append(*lists, fmt.Sprint(path, keys))
		}
		kustomizeLists(path, schema.Elements(), lists)
		return
	}
	for name := range schema.Schema.Properties {
		kustomizeLists(path+"."+name, schema.Field(name), lists)
	}
}

func ourLists(path string, r *rules, lists *[]string) {
	if r.merged {
		*lists = append(*lists, fmt.Sprint(path, append([]string{}, r.keys...)))
	}
	for _, name := range slices.Sorted(maps.Keys(r.fields)) {
		ourLists(path+"."+name, r.fields[name], lists)
	}
}

func TestRulesForOtherKinds(t *testing.T) {
	for apiVersion, want := range map[string]*rules{
		"monitoring.coreos.com/v1":        replaced,
		"argoproj.io/v1alpha1":            replaced,
		"v1":                              unknownRules,
		"batch/v1":                        unknownRules,
		"gateway.networking.k8s.io/v1":    unknownRules,
		"admissionregistration.k8s.io/v1": unknownRules,
	} {
		o := manifest.Object{ID: manifest.ID{APIVersion: apiVersion, Kind: "Thing"}}
		if got := rulesFor(o); got != want {
			t.Errorf("%s: %+v", apiVersion, got)
		}
	}
}
