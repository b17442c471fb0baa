package serving

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// podOf is the pod that the Deployment of the named model makes in a placement.
func podOf(t *testing.T, p *fleet.Placement, model string) corev1.PodTemplateSpec {
	t.Helper()
	return Deployment(p, workloadtest.Model(t, p, model)).Spec.Template
}

func containers(pod corev1.PodSpec) []corev1.Container {
	return slices.Concat(pod.InitContainers, pod.Containers)
}

// qosClass follows Kubernetes' rule ("Pod Quality of Service Classes"): Guaranteed
// where every container, init containers included, has limits for CPU and memory
// that equal its requests.
func qosClass(pod corev1.PodSpec) corev1.PodQOSClass {
	for _, c := range containers(pod) {
		for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			request, limit := c.Resources.Requests[name], c.Resources.Limits[name]
			if limit.Sign() <= 0 || request.Cmp(limit) != 0 {
				return corev1.PodQOSBurstable
			}
		}
	}
	return corev1.PodQOSGuaranteed
}

func TestPodsAreGuaranteed(t *testing.T) {
	workloadtest.EachPlacement(t, func(t *testing.T, p *fleet.Placement) {
		for _, m := range p.Models {
			pod := podOf(t, p, m.Name).Spec
			if got := qosClass(pod); got != corev1.PodQOSGuaranteed {
				t.Errorf("%s is %s", m.Name, got)
			}
			if pod.Overhead != nil || pod.Resources != nil {
				t.Errorf("%s sets resources of the pod, which change the rule", m.Name)
			}
		}
	})
}

// The controls of Pod Security "restricted" (Kubernetes, "Pod Security
// Standards"), and a root file system that cannot be written to.
func TestPodsAreRestricted(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	for _, m := range p.Models {
		pod := podOf(t, p, m.Name).Spec
		sc := pod.SecurityContext
		if !*sc.RunAsNonRoot || *sc.RunAsUser == 0 || sc.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
			t.Errorf("%s: pod security context %+v", m.Name, sc)
		}
		if pod.HostNetwork || pod.HostPID || pod.HostIPC {
			t.Errorf("%s uses a namespace of the host", m.Name)
		}
		for _, v := range pod.Volumes {
			if v.EmptyDir == nil {
				t.Errorf("%s: volume %s is no emptyDir", m.Name, v.Name)
			} else if v.EmptyDir.SizeLimit == nil || v.EmptyDir.SizeLimit.Sign() <= 0 {
				t.Errorf("%s: volume %s may fill the node's disk", m.Name, v.Name)
			}
		}
		for _, c := range containers(pod) {
			sc := c.SecurityContext
			if *sc.AllowPrivilegeEscalation || !*sc.ReadOnlyRootFilesystem || sc.Privileged != nil ||
				!slices.Equal(sc.Capabilities.Drop, []corev1.Capability{"ALL"}) || sc.Capabilities.Add != nil {
				t.Errorf("%s: security context of %s: %+v", m.Name, c.Name, sc)
			}
		}
	}
}

func TestOnlyFetchHasCredentialsAndWritesModels(t *testing.T) {
	workloadtest.EachPlacement(t, func(t *testing.T, p *fleet.Placement) {
		for _, m := range p.Models {
			template := podOf(t, p, m.Name)
			pod := template.Spec
			if pod.ServiceAccountName != object.ModelsServiceAccount || *pod.AutomountServiceAccountToken || *pod.EnableServiceLinks {
				t.Errorf("%s: account %q, token %v, links %v", m.Name,
					pod.ServiceAccountName, *pod.AutomountServiceAccountToken, *pod.EnableServiceLinks)
			}
			// The webhook reads names of containers; a name it does not know skips nothing.
			if skipped := template.Annotations["eks.amazonaws.com/skip-containers"]; skipped != pod.Containers[0].Name {
				t.Errorf("%s: credentials are kept from %q, not from the server", m.Name, skipped)
			}
			if len(pod.InitContainers) != 1 || len(pod.Containers) != 1 {
				t.Fatalf("%s: %d init containers, %d containers", m.Name, len(pod.InitContainers), len(pod.Containers))
			}
			if mount := mountAt(pod.InitContainers[0], "/models"); mount == nil || mount.ReadOnly {
				t.Errorf("%s: fetch cannot write the models: %+v", m.Name, mount)
			}
			if mount := mountAt(pod.Containers[0], "/models"); mount == nil || !mount.ReadOnly {
				t.Errorf("%s: the server can write the models: %+v", m.Name, mount)
			}
			for _, c := range containers(pod) {
				if mountAt(c, "/tmp") == nil {
					t.Errorf("%s: %s has no place for temporary files", m.Name, c.Name)
				}
			}
		}
	})
}

func mountAt(c corev1.Container, path string) *corev1.VolumeMount {
	for i := range c.VolumeMounts {
		if c.VolumeMounts[i].MountPath == path {
			return &c.VolumeMounts[i]
		}
	}
	return nil
}

// An image here is the name of a pin: the overlay knows its digest.
func TestImagesArePins(t *testing.T) {
	f, p, _ := workloadtest.Fixture(t)
	pins := f.Environment("production").Pins
	for _, m := range p.Models {
		for _, c := range containers(podOf(t, p, m.Name).Spec) {
			if _, ok := pins[c.Image]; !ok {
				t.Errorf("%s: image %q of %s is no pin", m.Name, c.Image, c.Name)
			}
			if c.ImagePullPolicy != corev1.PullIfNotPresent {
				t.Errorf("%s: %s pulls %s: a digest never changes", m.Name, c.Name, c.ImagePullPolicy)
			}
		}
	}
	vision := podOf(t, p, "vision").Spec
	if vision.Containers[0].Image != "triton" || vision.InitContainers[0].Image != "inference" {
		t.Errorf("vision runs %q after %q", vision.Containers[0].Image, vision.InitContainers[0].Image)
	}
}

func TestPriorityFollowsTier(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	if got := podOf(t, p, "sentiment").Spec.PriorityClassName; got != "mlfleet-gold" {
		t.Errorf("priority class %q", got)
	}
}

// Triton gets shared memory, within its memory limit, but not under MPS, whose
// daemon brings the one that clients must see.
func TestSharedMemory(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	vision := workloadtest.Model(t, p, "vision")
	for _, c := range []struct {
		runtime fleet.Runtime
		sharing string
		memory  string
		want    string // "" = none
	}{
		{fleet.Triton, "mig-1g.5gb", "8Gi", "1Gi"},
		{fleet.Triton, fleet.Exclusive, "2Gi", "512Mi"},
		{fleet.Triton, "time-slicing", "4Gi", "1Gi"},
		{fleet.Triton, "mps", "8Gi", ""},
		{fleet.ONNX, fleet.Exclusive, "8Gi", ""},
	} {
		vision.Spec.Runtime = c.runtime
		vision.Spec.GPU.Sharing = c.sharing
		vision.Spec.Resources.Memory = resource.MustParse(c.memory)
		pod := podOf(t, p, "vision").Spec
		got := ""
		for _, v := range pod.Volumes {
			if v.EmptyDir.Medium == corev1.StorageMediumMemory {
				got = v.EmptyDir.SizeLimit.String()
			}
		}
		if got != c.want || (mountAt(pod.Containers[0], "/dev/shm") != nil) != (c.want != "") {
			t.Errorf("%s, %s, %s: shared memory %q, want %q", c.runtime, c.sharing, c.memory, got, c.want)
		}
	}
}

// Every mount has its volume, and every volume somebody who mounts it.
func TestVolumesAreMounted(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	for _, m := range p.Models {
		pod := podOf(t, p, m.Name).Spec
		mounted := map[string]bool{}
		for _, c := range containers(pod) {
			for _, mount := range c.VolumeMounts {
				mounted[mount.Name] = true
			}
		}
		for _, v := range pod.Volumes {
			if !mounted[v.Name] {
				t.Errorf("%s: nobody mounts %s", m.Name, v.Name)
			}
			delete(mounted, v.Name)
		}
		for name := range mounted {
			t.Errorf("%s: no volume %s", m.Name, name)
		}
	}
}
