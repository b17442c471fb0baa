package hub

import (
	"strings"
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"

	"github.com/mlfleet/mlfleet/preview/files"
)

const regionFile = `kind: Region
spec:
  clusters:
  - name: us-west-staging
    argocd: {name: us-west-staging, server: https://staging.example}
`

func fleetFile(name, server string) []byte {
	return []byte("spec: {argocd: {hub: {name: " + name + ", server: " + server + "}}}")
}

// The hub's own cluster has the name that the fleet gives it.
func TestHubsName(t *testing.T) {
	for _, test := range []struct {
		name             string
		fleet            []byte
		known, unknown   string
		serverOfTheKnown string
	}{
		{"no fleet.yaml", nil, "in-cluster", "hub", local.Server},
		{"the usual name", fleetFile("in-cluster", local.Server), "in-cluster", "hub", local.Server},
		{"renamed", fleetFile("hub", local.Server), "hub", "in-cluster", local.Server},
		{"registered by another address", fleetFile("hub", "https://hub.example"), "hub", "nub", "https://hub.example"},
		{"local beside a registration", fleetFile("hub", "https://hub.example"), "in-cluster", "nub", local.Server},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := files.Files{"regions/us-west.yaml": []byte(regionFile)}
			if test.fleet != nil {
				f[File] = test.fleet
			}
			h, err := Read(f)
			if err != nil {
				t.Fatal(err)
			}
			for name, server := range map[string]string{test.known: test.serverOfTheKnown, "us-west-staging": "https://staging.example"} {
				d := v1alpha1.ApplicationDestination{Name: name}
				if err := h.Resolve(t.Context(), &d); err != nil || d.Server != server {
					t.Errorf("%s is at %q: %v", name, d.Server, err)
				}
			}
			if err := h.Resolve(t.Context(), &v1alpha1.ApplicationDestination{Name: test.unknown}); err == nil {
				t.Errorf("%s is known", test.unknown)
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	for want, f := range map[string]files.Files{
		"fleet.yaml: it lacks argocd.hub.name": {File: []byte("spec: {}")},
		"reading the hub of fleet.yaml: ":      {File: []byte("spec: [")},
		`"a" lacks argocd.name`:                {"regions/r.yaml": []byte("kind: Region\nspec: {clusters: [{name: a}]}")},
		"reading the clusters of regions/r":    {"regions/r.yaml": []byte("spec: [")},
	} {
		if _, err := Read(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
