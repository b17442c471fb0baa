package cases

import (
	"context"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/e2e/world"
)

// breach is a Deployment that breaks a promise of the generator, and the
// ValidatingAdmissionPolicy that must refuse it.
type breach struct {
	name   string
	change func(server, fetch *corev1.Container, pod *corev1.PodSpec)
	policy string
}

func breaches() []breach {
	const tag = "ghcr.io/mlfleet/inference:v0.1.0"
	return []breach{
		{"a tag without a digest", func(server, _ *corev1.Container, _ *corev1.PodSpec) { server.Image = tag }, "mlfleet-image-digests"},
		{"a tag in an init container", func(_, fetch *corev1.Container, _ *corev1.PodSpec) { fetch.Image = tag }, "mlfleet-image-digests"},
		{"no startup probe", func(server, _ *corev1.Container, _ *corev1.PodSpec) { server.StartupProbe = nil }, "mlfleet-probes"},
		{"no readiness probe", func(server, _ *corev1.Container, _ *corev1.PodSpec) { server.ReadinessProbe = nil }, "mlfleet-probes"},
		{"no liveness probe", func(server, _ *corev1.Container, _ *corev1.PodSpec) { server.LivenessProbe = nil }, "mlfleet-probes"},
		{"no requests", func(server, _ *corev1.Container, _ *corev1.PodSpec) { server.Resources = corev1.ResourceRequirements{} }, "mlfleet-resource-requests"},
		{"no memory request", func(_, fetch *corev1.Container, _ *corev1.PodSpec) {
			delete(fetch.Resources.Requests, corev1.ResourceMemory)
			delete(fetch.Resources.Limits, corev1.ResourceMemory) // its default would be the request
		}, "mlfleet-resource-requests"},
		{"a privileged container", func(server, _ *corev1.Container, _ *corev1.PodSpec) {
			server.SecurityContext.Privileged = new(true)
			server.SecurityContext.AllowPrivilegeEscalation = new(true)
		}, "mlfleet-no-host-access"},
		{"the node's network", func(_, _ *corev1.Container, pod *corev1.PodSpec) { pod.HostNetwork = true }, "mlfleet-no-host-access"},
	}
}

// admissionPolicies puts Deployments that break promises to every API server, in every
// tenant's namespace, and the good one that they are made from; and the bad ones once
// more in a namespace that is no tenant's, which the policies leave alone.
func admissionPolicies(t *testing.T) int {
	return eachCluster(t, func(t *testing.T, c *world.Cluster, tenants []world.Tenant) int {
		ctx, count := testContext(t), 0
		for _, tenant := range tenants {
			good, err := modelDeployment(ctx, c, tenant)
			if err != nil {
				t.Error(err)
				continue
			}
			if err := tryDeployment(ctx, c, good); err != nil {
				t.Errorf("%s refuses the good Deployment of %s: %v", c.Name, tenant.Name, err)
			}
			for _, b := range breaches() {
				bad := good.DeepCopy()
				pod := &bad.Spec.Template.Spec
				b.change(&pod.Containers[0], &pod.InitContainers[0], pod)
				if err := refused(tryDeployment(ctx, c, bad), fmt.Sprintf("ValidatingAdmissionPolicy '%s'", b.policy)); err != nil {
					t.Errorf("%s, namespace %s, Deployment with %s: %v", c.Name, bad.Namespace, b.name, err)
				}
				bad.Namespace = "default"
				if err := tryDeployment(ctx, c, bad); err != nil {
					t.Errorf("%s, namespace default, Deployment with %s: %v", c.Name, b.name, err)
				}
				count += 2
			}
			count++
		}
		return count
	})
}

// tryDeployment asks an API server to create a Deployment, and not to keep it.
func tryDeployment(ctx context.Context, c *world.Cluster, d *appsv1.Deployment) error {
	_, err := c.Client.AppsV1().Deployments(d.Namespace).Create(ctx, d, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

// modelDeployment is a new Deployment like the first of the tenant's models in the cluster.
func modelDeployment(ctx context.Context, c *world.Cluster, tenant world.Tenant) (*appsv1.Deployment, error) {
	deployments, err := c.Client.AppsV1().Deployments(tenant.Namespace()).List(ctx, metav1.ListOptions{LabelSelector: "mlfleet.dev/model"})
	if err != nil {
		return nil, fmt.Errorf("listing the models of %s in %s: %w", tenant.Name, c.Name, err)
	}
	if len(deployments.Items) == 0 {
		return nil, fmt.Errorf("%s has no models in %s", tenant.Name, c.Name)
	}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "e2e", Namespace: tenant.Namespace()},
		Spec:       deployments.Items[0].Spec,
	}, nil
}
