package storage

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
)

func TestClaim(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	size := resource.MustParse("20Gi")
	for _, tc := range []struct {
		name    string
		storage *fleet.Storage
		claim   string
		class   *string
		volume  string
		source  string
	}{
		{"the cluster's class", &fleet.Storage{Access: fleet.ReadWriteOnce, Size: size}, "sentiment", nil, "", ""},
		{"a class", &fleet.Storage{Access: fleet.ReadWriteOnce, Size: size, Class: "gp3"}, "sentiment", new("gp3"), "", ""},
		// With the cluster's default class, the claim would never be bound to it.
		{"a volume", &fleet.Storage{Access: fleet.ReadOnlyMany, Size: size, Volume: "voices"}, "sentiment.voices", new(""), "tenant-acme.voices", ""},
		{"a volume of a class", &fleet.Storage{Access: fleet.ReadOnlyMany, Size: size, Class: "efs", Volume: "voices"}, "sentiment.voices", new("efs"), "tenant-acme.voices", ""},
		{"a snapshot", &fleet.Storage{Access: fleet.ReadOnlyMany, Size: size, Class: "zfs", Snapshot: "voices-7"}, "sentiment.voices-7", new("zfs"), "", "snapshot.storage.k8s.io VolumeSnapshot voices-7"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := workloadtest.Model(t, p, "sentiment")
			m.Spec.Storage = tc.storage
			claim := Claim(p, m)
			if claim.Name != tc.claim || claim.Namespace != "tenant-acme" || claim.Spec.VolumeName != tc.volume {
				t.Errorf("claim %s/%s of volume %q", claim.Namespace, claim.Name, claim.Spec.VolumeName)
			}
			if got := claim.Spec.StorageClassName; (got == nil) != (tc.class == nil) || got != nil && *got != *tc.class {
				t.Errorf("its class is %v", got)
			}
			source := ""
			if s := claim.Spec.DataSource; s != nil {
				source = *s.APIGroup + " " + s.Kind + " " + s.Name
			}
			if source != tc.source {
				t.Errorf("it is made of %q, want %q", source, tc.source)
			}
			got := claim.Spec.Resources.Requests[corev1.ResourceStorage]
			if got.Cmp(size) != 0 || len(claim.Spec.AccessModes) != 1 || string(claim.Spec.AccessModes[0]) != string(tc.storage.Access) {
				t.Errorf("%s, %v", got.String(), claim.Spec.AccessModes)
			}
			// What took hours to download, or somebody filled by hand, a person gives up.
			if got := claim.Annotations["argocd.argoproj.io/sync-options"]; got != "Prune=confirm,Delete=confirm" {
				t.Errorf("sync options %q", got)
			}
		})
	}
}

// One volume has one claim, and one node mounts a volume that is written to.
func TestCanaryClaims(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	m := workloadtest.Model(t, p, "sentiment")
	m.Spec.Canary = &fleet.Canary{Version: "9", Weight: 10}
	if Claim(p, m) != nil {
		t.Error("a claim for a model without storage")
	}
	m.Spec.Storage = &fleet.Storage{Access: fleet.ReadOnlyMany, Volume: "voices"}
	if canary := m.AsCanary(); Claim(p, canary) != nil || canary.Claim() != Claim(p, m).Name {
		t.Errorf("the canary does not read its model's volume: %s", canary.Claim())
	}
	m.Spec.Storage = &fleet.Storage{Access: fleet.ReadWriteOnce}
	if canary := m.AsCanary(); Claim(p, canary).Name != "sentiment-canary" || canary.Claim() != "sentiment-canary" {
		t.Errorf("the canary writes to its model's volume: %s", canary.Claim())
	}
}
