package generator_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mlfleet/mlfleet/generator/internal/fleettest"
	"github.com/mlfleet/mlfleet/generator/tree"
)

// A tenant is its own folders and nothing else: CODEOWNERS and reviews rest on it.
func TestAddingATenantChangesOnlyItsFiles(t *testing.T) {
	_, before := sample(t)
	inputs := sampleInputs(t)
	addGull(t, inputs)
	paths := changed(before, rendered(t, inputs))
	for _, path := range paths {
		if before[path] != nil {
			t.Errorf("%s was there and changed", path)
		}
		if !slices.Contains(strings.Split(path, "/"), "gull") {
			t.Errorf("%s is not in a folder of the tenant", path)
		}
	}
	for _, prefix := range []string{"argocd/tenants/00/gull/", "tenants/gull/guardrails/base/", "tenants/gull/models/overlays/us-west-staging/", "manifests/us-west-production/gull/models/"} {
		if !slices.ContainsFunc(paths, func(path string) bool { return strings.HasPrefix(path, prefix) }) {
			t.Errorf("nothing was added below %s", prefix)
		}
	}
	t.Logf("%d files:\n%s", len(paths), strings.Join(paths, "\n"))
}

// addGull adds a tenant: fern under another name.
func addGull(t *testing.T, inputs fstest.MapFS) {
	t.Helper()
	for _, file := range []string{"tenant.yaml", "models/plant-id.yaml"} {
		text := string(inputs["tenants/fern/"+file].Data)
		text = strings.NewReplacer("fern", "gull", "hostname: plant-id", "hostname: bird-id", "name: plant-id", "name: bird-id").Replace(text)
		fleettest.Add(inputs, "tenants/gull/"+strings.Replace(file, "plant", "bird", 1), text)
	}
}

// An override for one region reaches that region's clusters and no base.
func TestAnOverrideForARegionChangesOnlyThatRegion(t *testing.T) {
	_, before := sample(t)
	inputs := sampleInputs(t)
	const model = "tenants/acme/models/ranker.yaml"
	fleettest.Add(inputs, model, string(inputs[model].Data)+
		"  - match: {region: eu-west}\n    version: \"13\"\n    resources: {cpu: \"3\"}\n    expose: {hostname: ranker-eu}\n    batching: {maxDelay: 3ms}\n")
	paths := changed(before, rendered(t, inputs))
	allowed := []string{
		"tenants/acme/models/overlays/eu-west-production/",
		"tenants/acme/models/overlays/eu-west-staging/",
		"manifests/eu-west-production/acme/models/",
		"manifests/eu-west-staging/acme/models/",
	}
	for _, path := range paths {
		if !slices.ContainsFunc(allowed, func(prefix string) bool { return strings.HasPrefix(path, prefix) }) {
			t.Errorf("%s changed", path)
		}
	}
	for _, prefix := range allowed {
		if !slices.ContainsFunc(paths, func(path string) bool { return strings.HasPrefix(path, prefix) }) {
			t.Errorf("nothing changed below %s", prefix)
		}
	}
	t.Logf("%d files:\n%s", len(paths), strings.Join(paths, "\n"))
}

// A region that a tenant moves into changes, of what was there, only objects
// that name the region.
func TestAddingARegionChangesOnlyWhatNamesIt(t *testing.T) {
	_, before := sample(t)
	inputs := sampleInputs(t)
	addSouthAmerica(t, inputs)
	platform := rendered(t, inputs)
	reaches(t, before, platform, "sa-east")

	fleettest.Edit(t, inputs, "tenants/fern/tenant.yaml", "regions: [us-west]", "regions: [us-west, sa-east]")
	moved := rendered(t, inputs)
	paths := reaches(t, before, moved, "sa-east")
	for _, path := range changed(platform, moved) {
		if !slices.Contains(strings.Split(path, "/"), "fern") {
			t.Errorf("tenant fern moved in, and %s changed", path)
		}
	}
	if moved["manifests/sa-east-production/fern/models/manifests.yaml"] == nil || moved["manifests/sa-east-staging/platform/manifests.yaml"] == nil {
		t.Error("the region's clusters get no manifests")
	}
	t.Logf("%d files:\n%s", len(paths), strings.Join(paths, "\n"))
}

// addSouthAmerica adds a region: us-west under another name.
func addSouthAmerica(t *testing.T, inputs fstest.MapFS) {
	t.Helper()
	text := string(inputs["regions/us-west.yaml"].Data)
	text = strings.NewReplacer("us-west-2", "sa-east-1", "us-west", "sa-east", "https://E02E", "https://B02E", "https://C794", "https://B794",
		"6a2d9c4e", "5a2d9c4e").Replace(text) // a health check is of one way in
	fleettest.Add(inputs, "regions/sa-east.yaml", text)
}

// reaches requires of every changed object that it names something, and of a
// new file that its path does. It returns the changed paths.
func reaches(t *testing.T, before, after tree.Tree, name string) []string {
	t.Helper()
	paths := changed(before, after)
	for _, path := range paths {
		if strings.Contains(path, name) {
			if before[path] != nil {
				t.Errorf("%s was there before", path)
			}
			continue
		}
		if before[path] == nil || after[path] == nil {
			t.Errorf("%s came or went, and its path does not name %s", path, name)
			continue
		}
		old := documents(before[path])
		for i, document := range documents(after[path]) {
			if (i >= len(old) || document != old[i]) && !strings.Contains(document, name) {
				t.Errorf("%s: an object changed that does not name %s:\n%s", path, name, document)
			}
		}
	}
	if len(paths) == 0 {
		t.Error("nothing changed")
	}
	return paths
}

func documents(data []byte) []string { return strings.Split(string(data), "\n---\n") }

// A tenant's free text becomes annotations and nothing that Argo CD evaluates,
// and templates refer to the fields of their elements alone.
func TestNoTenantTextInTemplates(t *testing.T) {
	inputs := sampleInputs(t)
	for old, secret := range map[string]string{
		"displayName: Acme Retail":    "displayName: Zebra One",
		"costCenter: retail-4711":     "costCenter: zebra-two",
		"group: acme-ml":              "group: zebra-three",
		"contact: ml@acme.example":    "contact: zebra@four.example",
		"name: feature-store":         "name: zebra-five",
		"cidrs: [10.200.16.0/22]":     "cidrs: [10.201.16.0/22]",
		"tier: gold":                  "tier: zebra-six",
		"environments: [staging, pro": "environments: [staging, pro",
	} {
		fleettest.Edit(t, inputs, "tenants/acme/tenant.yaml", old, secret)
	}
	for _, environment := range []string{"staging", "production"} {
		path := "environments/" + environment + "/environment.yaml"
		text := string(inputs[path].Data)
		at := strings.Index(text, "    gold:")
		end := strings.Index(text, "    silver:")
		fleettest.Add(inputs, path, text[:end]+strings.Replace(text[at:end], "gold", "zebra-six", 1)+text[end:])
	}
	fleettest.Edit(t, inputs, "tenants/acme/models/ranker.yaml", "description: Orders search results.", "description: Zebra seven.")
	files := rendered(t, inputs)
	all := 0
	for path := range below(files, "") {
		all += strings.Count(strings.ToLower(string(files[path])), "zebra")
	}
	if all == 0 {
		t.Fatal("the text reaches no file, so this test proves nothing")
	}
	fields := []string{"name", "cluster", "destination", "environment", "path", "region"}
	sets := 0
	for path := range below(files, "argocd/") {
		for _, o := range objects(t, files[path]) {
			if o.text("kind") != "ApplicationSet" {
				continue
			}
			sets++
			for _, element := range elements(o) {
				for key, value := range element {
					if text, ok := value.(string); !ok || !slices.Contains(fields, key) || strings.Contains(text, "{{") {
						t.Errorf("%s: element %s is %v", path, key, value)
					}
				}
			}
			if text := string(files[path]); strings.Contains(strings.ToLower(text), "zebra") {
				t.Errorf("%s holds a tenant's text:\n%s", path, text)
			}
		}
		for i, part := range strings.Split(string(files[path]), "{{") {
			if i == 0 {
				continue
			}
			expression, _, _ := strings.Cut(part, "}}")
			if !slices.Contains(fields, strings.TrimPrefix(expression, ".")) {
				t.Errorf("%s: template {{%s}}", path, expression)
			}
		}
	}
	if sets == 0 {
		t.Error("no ApplicationSet was seen")
	}
}
