package cases

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/e2e/world"
)

// abuse is a change to a good pod that must be refused.
type abuse struct {
	name   string
	change func(*corev1.Pod)
	refuse string // what the refusal must say
}

// escapes are ways out of a container, which Pod Security's level "restricted" closes.
func escapes() []abuse {
	const refusal = `violates PodSecurity "restricted`
	return []abuse{
		{"privileged", func(p *corev1.Pod) {
			p.Spec.Containers[0].SecurityContext.Privileged = new(true)
			p.Spec.Containers[0].SecurityContext.AllowPrivilegeEscalation = new(true)
		}, refusal},
		{"host network", func(p *corev1.Pod) { p.Spec.HostNetwork = true }, refusal},
		{"host processes", func(p *corev1.Pod) { p.Spec.HostPID = true }, refusal},
		{"host files", func(p *corev1.Pod) {
			p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: "host", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}})
		}, refusal},
		{"root", func(p *corev1.Pod) {
			p.Spec.SecurityContext.RunAsNonRoot = new(false)
			p.Spec.SecurityContext.RunAsUser = new(int64(0))
		}, refusal},
		{"capability", func(p *corev1.Pod) {
			p.Spec.Containers[0].SecurityContext.Capabilities.Add = []corev1.Capability{"SYS_ADMIN"}
		}, refusal},
		{"system calls", func(p *corev1.Pod) { p.Spec.SecurityContext.SeccompProfile.Type = corev1.SeccompProfileTypeUnconfined }, refusal},
	}
}

// podSecurity puts pods that try to escape to every API server, in every tenant's
// namespace; and the good pod that they were made from, which must be let in.
func podSecurity(t *testing.T) int {
	return eachTenant(t, func(t *testing.T, c *world.Cluster, _ world.Tenant, good *corev1.Pod) int {
		return judge(t, c, good, escapes())
	})
}

// eachTenant runs a check with a good pod of every tenant in every cluster, and adds up
// what they counted.
func eachTenant(t *testing.T, check func(t *testing.T, c *world.Cluster, tenant world.Tenant, good *corev1.Pod) int) int {
	return eachCluster(t, func(t *testing.T, c *world.Cluster, tenants []world.Tenant) int {
		ctx, count := testContext(t), 0
		for _, tenant := range tenants {
			good, err := modelPod(ctx, c, tenant)
			if err != nil {
				t.Error(err)
				continue
			}
			count += check(t, c, tenant, good)
		}
		return count
	})
}

// judge asks an API server about a good pod and about each abuse of it, without
// keeping any of them, and gives the number of pods.
func judge(t *testing.T, c *world.Cluster, good *corev1.Pod, abuses []abuse) int {
	ctx := testContext(t)
	try := func(p *corev1.Pod) error {
		_, err := c.Client.CoreV1().Pods(p.Namespace).Create(ctx, p, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	if err := try(good); err != nil {
		t.Errorf("%s refuses the good pod of %s: %v", c.Name, good.Namespace, err)
	}
	for _, a := range abuses {
		bad := good.DeepCopy()
		a.change(bad)
		if err := try(bad); refused(err, a.refuse) != nil {
			t.Errorf("%s, namespace %s, pod with %s: %v", c.Name, good.Namespace, a.name, refused(err, a.refuse))
		}
	}
	return 1 + len(abuses)
}

// refused holds the answer to a bad request: it must be a refusal that says why.
func refused(err error, text string) error {
	switch {
	case err == nil:
		return fmt.Errorf("it was let in; want %q", text)
	case !apierrors.IsForbidden(err) && !apierrors.IsInvalid(err):
		return fmt.Errorf("neither let in nor refused: %w", err)
	case !strings.Contains(err.Error(), text):
		return fmt.Errorf("refused, but not by %q: %w", text, err)
	}
	return nil
}

// modelPod is a pod as one of the tenant's Deployments in the cluster makes it,
// without what makes it one of the Deployment's own.
func modelPod(ctx context.Context, c *world.Cluster, tenant world.Tenant) (*corev1.Pod, error) {
	deployment, err := modelDeployment(ctx, c, tenant)
	if err != nil {
		return nil, err
	}
	template := deployment.Spec.Template
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "e2e", Namespace: tenant.Namespace(), Labels: template.Labels, Annotations: template.Annotations},
		Spec:       template.Spec,
	}
	delete(p.Labels, "mlfleet.dev/model")
	return p, nil
}
