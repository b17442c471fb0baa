package serving

import (
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
)

// mount is how a container sees the model repository.
func mount(t *testing.T, c corev1.Container) corev1.VolumeMount {
	t.Helper()
	i := slices.IndexFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == "/models" })
	if i < 0 {
		t.Fatalf("%s has no /models", c.Name)
	}
	return c.VolumeMounts[i]
}

func TestModelsInAVolume(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	for _, tc := range []struct {
		name     string
		storage  *fleet.Storage
		claim    string
		readOnly bool // for fetch too
		strategy appsv1.DeploymentStrategyType
		surge    int32
	}{
		{"a node's disk", nil, "", false, appsv1.RollingUpdateDeploymentStrategyType, 1},
		{"written by one replica", &fleet.Storage{Access: fleet.ReadWriteOnce, Size: resource.MustParse("1Gi")}, "sentiment", false, appsv1.RecreateDeploymentStrategyType, 0},
		{"read by many", &fleet.Storage{Access: fleet.ReadOnlyMany, Size: resource.MustParse("1Gi"), Volume: "v"}, "sentiment.v", true, appsv1.RollingUpdateDeploymentStrategyType, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := workloadtest.Model(t, p, "sentiment")
			m.Spec.Storage = tc.storage
			d := Deployment(p, m)
			pod := d.Spec.Template.Spec
			source := pod.Volumes[0].VolumeSource
			if tc.claim == "" {
				if source.EmptyDir == nil || source.PersistentVolumeClaim != nil {
					t.Errorf("models are in %+v", source)
				}
			} else if c := source.PersistentVolumeClaim; c == nil || c.ClaimName != tc.claim || c.ReadOnly != tc.readOnly {
				t.Errorf("models are in %+v", source)
			}
			fetch, server := mount(t, pod.InitContainers[0]), mount(t, pod.Containers[0])
			if fetch.ReadOnly != tc.readOnly || !server.ReadOnly {
				t.Errorf("read-only for fetch: %t, for the server: %t", fetch.ReadOnly, server.ReadOnly)
			}
			want := ""
			if tc.storage != nil {
				want = "3-" + strings.Repeat("9f", 6)
			}
			if fetch.SubPath != want || server.SubPath != want {
				t.Errorf("fetch sees %q of the volume and the server %q, want %q", fetch.SubPath, server.SubPath, want)
			}
			if d.Spec.Strategy.Type != tc.strategy || SurgePods(m) != tc.surge {
				t.Errorf("a rollout is a %s with %d pods more", d.Spec.Strategy.Type, SurgePods(m))
			}
			if tc.strategy == appsv1.RecreateDeploymentStrategyType && d.Spec.Strategy.RollingUpdate != nil {
				t.Error("Recreate knows no rollingUpdate")
			}
		})
	}
}

// What a volume keeps of another version, or of an artifact made anew under the same
// version, is not in the repository of this one.
func TestEachArtifactHasItsOwnFolder(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	seen := map[string]string{}
	for _, a := range []struct{ version, sha256 string }{{"3", strings.Repeat("9f", 32)}, {"4", strings.Repeat("9f", 32)}, {"3", strings.Repeat("a0", 32)}} {
		m := workloadtest.Model(t, p, "sentiment")
		m.Spec.Storage = &fleet.Storage{Access: fleet.ReadWriteOnce}
		m.Spec.Version, m.Spec.Artifact.SHA256 = a.version, a.sha256
		folder := mount(t, podSpec(p, m).InitContainers[0]).SubPath
		if other, taken := seen[folder]; taken {
			t.Errorf("%v and %s share folder %s", a, other, folder)
		}
		seen[folder] = a.version
	}
}

func TestFetchFromMinIO(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	p.Cluster.Spec.ObjectStore = &fleet.ObjectStore{Endpoint: "http://minio.minio.svc:9000"}
	pod := podOf(t, p, "sentiment").Spec
	env := map[string]corev1.EnvVar{}
	for _, e := range pod.InitContainers[0].Env {
		env[e.Name] = e
	}
	if got := env["AWS_ENDPOINT_URL_S3"].Value; got != "http://minio.minio.svc:9000" {
		t.Errorf("fetch asks %q", got)
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		ref := env[name].ValueFrom
		if ref == nil || ref.SecretKeyRef == nil || ref.SecretKeyRef.Name != "object-store.credentials" || ref.SecretKeyRef.Key != name || ref.SecretKeyRef.Optional != nil {
			t.Errorf("%s is %+v", name, env[name])
		}
	}
	for _, e := range pod.Containers[0].Env {
		if strings.HasPrefix(e.Name, "AWS_") {
			t.Errorf("the server gets %s, and never asks the object store", e.Name)
		}
	}
}
