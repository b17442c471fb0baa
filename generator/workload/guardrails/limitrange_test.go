package guardrails_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
)

func TestContainersAreGuaranteed(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	item := workloadtest.Find[*corev1.LimitRange](t, workload.Guardrails(irsa), "containers").Spec.Limits[0]
	if item.Type != corev1.LimitTypeContainer {
		t.Errorf("type is %s", item.Type)
	}
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		limit, request, least, ratio := item.Default[name], item.DefaultRequest[name], item.Min[name], item.MaxLimitRequestRatio[name]
		if limit.IsZero() || limit.Cmp(request) != 0 {
			t.Errorf("default %s: limit %s, request %s", name, limit.String(), request.String())
		}
		if least.IsZero() || least.Cmp(request) > 0 {
			t.Errorf("minimal %s is %s, the default %s", name, least.String(), request.String())
		}
		if ratio.Cmp(resource.MustParse("1")) != 0 {
			t.Errorf("%s: limits may be %s times the requests", name, ratio.String())
		}
	}
}

func TestPodsStayWithinTheEnvironment(t *testing.T) {
	_, irsa, podIdentity := workloadtest.Fixture(t)
	podIdentity.Cluster.Environment.Spec.Limits.CPU = resource.MustParse("4")
	podIdentity.Cluster.Environment.Spec.Limits.Memory = resource.MustParse("16Gi")
	for _, test := range []struct {
		name        string
		placement   *fleet.Placement
		cpu, memory string
	}{
		{"base", irsa.Tenant.Base, "0", "0"},
		{"production", irsa, "32", "128Gi"},
		{"staging", podIdentity, "4", "16Gi"},
	} {
		t.Run(test.name, func(t *testing.T) {
			limits := workloadtest.Find[*corev1.LimitRange](t, workload.Guardrails(test.placement), "pods").Spec.Limits
			if len(limits) != 1 || limits[0].Type != corev1.LimitTypePod {
				t.Fatalf("limits are %v", limits)
			}
			most := limits[0].Max
			if most.Cpu().Cmp(resource.MustParse(test.cpu)) != 0 || most.Memory().Cmp(resource.MustParse(test.memory)) != 0 {
				t.Errorf("a pod may have %s CPU and %s memory, want %s and %s", most.Cpu(), most.Memory(), test.cpu, test.memory)
			}
		})
	}
}

// A maximum becomes the default limit of containers that name none, so one for
// GPUs would give a GPU to every container.
func TestLimitsLeaveGPUsAlone(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	for _, o := range workload.Guardrails(irsa) {
		limits, ok := o.Value.(*corev1.LimitRange)
		if !ok {
			continue
		}
		for _, item := range limits.Spec.Limits {
			for _, list := range []corev1.ResourceList{item.Max, item.Min, item.Default, item.DefaultRequest} {
				for name := range list {
					if name != corev1.ResourceCPU && name != corev1.ResourceMemory {
						t.Errorf("limits %s are about %s", limits.Name, name)
					}
				}
			}
		}
	}
}
