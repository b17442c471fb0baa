package cases

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/e2e/world"
)

const gpu corev1.ResourceName = "nvidia.com/gpu"

// quotas asks every API server, in every tenant's namespace, for more than the tenant was
// granted.
func quotas(t *testing.T) int {
	return eachTenant(t, func(t *testing.T, c *world.Cluster, tenant world.Tenant, good *corev1.Pod) int {
		ctx := testContext(t)
		if err := podTooMany(ctx, c, tenant, good); err != nil {
			t.Errorf("%s, tenant %s: %v", c.Name, tenant.Name, err)
		}
		others := otherObjects(ctx, c, tenant)
		for name, err := range others {
			if err := refused(err, "exceeded quota: grant"); err != nil {
				t.Errorf("%s, tenant %s, %s: %v", c.Name, tenant.Name, name, err)
			}
		}
		return 2 + judge(t, c, good, overreaches(good)) + len(others)
	})
}

// overreaches are pods that take what is not the tenant's: a place before others, a
// word in where others' pods run, a node's size, memory that is not reserved.
func overreaches(good *corev1.Pod) []abuse {
	other := "mlfleet-gold"
	if good.Spec.PriorityClassName == other {
		other = "mlfleet-silver"
	}
	withPriority := func(name string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Spec.PriorityClassName = name }
	}
	withResources := func(change func(*corev1.ResourceRequirements)) func(*corev1.Pod) {
		return func(p *corev1.Pod) { change(&p.Spec.Containers[0].Resources) }
	}
	return []abuse{
		{"another tier's priority", withPriority(other), "exceeded quota: no-other-priority"},
		{"no priority", withPriority(""), "exceeded quota: no-other-priority"},
		{"the system's priority", withPriority("system-node-critical"), "exceeded quota: no-other-priority"},
		{"affinity to all namespaces", func(p *corev1.Pod) {
			p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
					TopologyKey: corev1.LabelHostname, NamespaceSelector: &metav1.LabelSelector{}, LabelSelector: &metav1.LabelSelector{},
				}},
			}}
		}, "exceeded quota: no-cross-namespace-affinity"},
		{"a whole data centre", withResources(func(r *corev1.ResourceRequirements) {
			r.Requests[corev1.ResourceCPU] = resource.MustParse("1000")
			r.Limits[corev1.ResourceCPU] = resource.MustParse("1000")
		}), "maximum cpu usage per Pod"},
		{"more memory than it reserves", withResources(func(r *corev1.ResourceRequirements) {
			r.Requests[corev1.ResourceMemory] = resource.MustParse("64Mi")
		}), "memory max limit to request ratio per Container"},
	}
}

// podTooMany takes all GPUs that are left of what tenant.yaml grants, with one real pod,
// and then asks for one more.
func podTooMany(ctx context.Context, c *world.Cluster, tenant world.Tenant, good *corev1.Pod) error {
	pods := c.Client.CoreV1().Pods(good.Namespace)
	quota, err := c.Client.CoreV1().ResourceQuotas(good.Namespace).Get(ctx, "grant", metav1.GetOptions{})
	if err != nil {
		return err
	}
	left := *resource.NewQuantity(tenant.GPUs, resource.DecimalSI)
	left.Sub(quota.Status.Used["requests."+gpu])
	if left.Sign() <= 0 {
		return fmt.Errorf("nothing is left of the grant, so the test shows nothing: %v", quota.Status)
	}
	last := withGPUs(good, "e2e-last", left)
	if _, err := pods.Create(ctx, last, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("asking for the last %s GPUs of the grant: %w", left.String(), err)
	}
	_, err = pods.Create(ctx, withGPUs(good, "e2e-too-many", resource.MustParse("1")), metav1.CreateOptions{})
	gone := pods.Delete(ctx, last.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))})
	if err := refused(err, "exceeded quota: grant"); err != nil {
		return fmt.Errorf("asking for one GPU more than the grant: %w", err)
	}
	return gone
}

// withGPUs is a small pod with some GPUs.
func withGPUs(good *corev1.Pod, name string, count resource.Quantity) *corev1.Pod {
	p := good.DeepCopy()
	p.Name = name
	r := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("128Mi")}
	p.Spec.InitContainers[0].Resources = corev1.ResourceRequirements{Requests: r, Limits: r}
	r = r.DeepCopy()
	r[gpu] = count
	p.Spec.Containers[0].Resources = corev1.ResourceRequirements{Requests: r, Limits: r}
	return p
}

// otherObjects tries to create what no tenant was granted, and gives the answers.
func otherObjects(ctx context.Context, c *world.Cluster, tenant world.Tenant) map[string]error {
	core, dryRun := c.Client.CoreV1(), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	service := func(kind corev1.ServiceType) error {
		_, err := core.Services(tenant.Namespace()).Create(ctx, &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: "e2e"},
			Spec:       corev1.ServiceSpec{Type: kind, Ports: []corev1.ServicePort{{Port: 80}}},
		}, dryRun)
		return err
	}
	_, volume := core.PersistentVolumeClaims(tenant.Namespace()).Create(ctx, &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: "e2e"},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("100Ti")}},
		},
	}, dryRun)
	return map[string]error{
		"a load balancer": service(corev1.ServiceTypeLoadBalancer),
		"a node port":     service(corev1.ServiceTypeNodePort),
		"a volume":        volume,
	}
}
