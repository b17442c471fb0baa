package workload

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
	"github.com/mlfleet/mlfleet/generator/workload/serving"
)

// eachPod calls check with every model's pod, in both clusters.
func eachPod(t *testing.T, check func(t *testing.T, p *fleet.Placement, m *fleet.Model, pod corev1.PodTemplateSpec)) {
	t.Helper()
	_, irsa, podIdentity := workloadtest.Fixture(t)
	for _, p := range []*fleet.Placement{irsa, podIdentity} {
		for _, m := range p.Models {
			t.Run(p.Cluster.Name+"/"+m.Name, func(t *testing.T) {
				check(t, p, m, workloadtest.Find[*appsv1.Deployment](t, Models(p), m.Name).Spec.Template)
			})
		}
	}
}

// The fence and what lives inside it are built apart and synced apart; a pod that
// its own fence refuses would be found out in the cluster.
func TestEveryModelsPodPassesItsFence(t *testing.T) {
	eachPod(t, func(t *testing.T, p *fleet.Placement, m *fleet.Model, pod corev1.PodTemplateSpec) {
		guardrails := Guardrails(p)
		workloadtest.Find[*corev1.ServiceAccount](t, guardrails, pod.Spec.ServiceAccountName)
		if quota := workloadtest.Find[*corev1.ResourceQuota](t, guardrails, "no-other-priority"); !workloadtest.Admits(t, quota, pod.Spec.PriorityClassName) {
			t.Errorf("quota %s refuses class %q", quota.Name, pod.Spec.PriorityClassName)
		}
		if pod.Spec.Affinity != nil {
			t.Errorf("affinity %v was not checked against quota no-cross-namespace-affinity", pod.Spec.Affinity)
		}
		hard := workloadtest.Find[*corev1.ResourceQuota](t, guardrails, "grant").Spec.Hard
		most := workloadtest.Find[*corev1.LimitRange](t, guardrails, "pods").Spec.Limits[0].Max
		for name, request := range serving.PodRequests(m) {
			if granted := hard["requests."+name]; granted.Cmp(request) < 0 {
				t.Errorf("requests %s %s, of which the quota has %s", request.String(), name, granted.String())
			}
			if limit, ok := most[name]; ok && limit.Cmp(request) < 0 {
				t.Errorf("requests %s %s, more than a pod's %s", request.String(), name, limit.String())
			}
		}
	})
}

func TestEveryContainerPassesTheLimits(t *testing.T) {
	eachPod(t, func(t *testing.T, p *fleet.Placement, _ *fleet.Model, pod corev1.PodTemplateSpec) {
		item := workloadtest.Find[*corev1.LimitRange](t, Guardrails(p), "containers").Spec.Limits[0]
		for _, c := range append(pod.Spec.InitContainers, pod.Spec.Containers...) {
			for name, ratio := range item.MaxLimitRequestRatio {
				limit, request, least := c.Resources.Limits[name], c.Resources.Requests[name], item.Min[name]
				if request.Cmp(least) < 0 {
					t.Errorf("%s requests %s %s, the least is %s", c.Name, request.String(), name, least.String())
				}
				if limit.AsApproximateFloat64() > request.AsApproximateFloat64()*ratio.AsApproximateFloat64() {
					t.Errorf("%s: limit %s of %s for a request of %s", c.Name, limit.String(), name, request.String())
				}
			}
		}
	})
}

func TestTheGatewayReachesExposedModelsAndNoOthers(t *testing.T) {
	eachPod(t, func(t *testing.T, p *fleet.Placement, m *fleet.Model, pod corev1.PodTemplateSpec) {
		selector, err := metav1.LabelSelectorAsSelector(&workloadtest.Policies(Guardrails(p))["allow-gateway"].Spec.PodSelector)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := selector.Matches(labels.Set(pod.Labels)), m.Spec.Expose != nil; got != want {
			t.Errorf("allow-gateway selects the pod: %t, but the model is exposed: %t", got, want)
		}
	})
}
