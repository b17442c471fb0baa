package argocd

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// autoscalerHealth judges an HPA by whether it has found what it scales. Argo CD's
// own check also wants metrics.
const autoscalerHealth = `hs = {status = "Progressing", message = "waiting for the autoscaler"}
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    if condition.type == "AbleToScale" and condition.status == "True" then
      hs.status = "Healthy"
      hs.message = condition.message
    end
  end
end
return hs
`

// existence judges an object of a kind whose controller does not run here, so that
// nobody ever writes its status: it is healthy as soon as it is there.
const existence = `return {status = "Healthy", message = "no controller of this kind runs here"}
`

// define gives the hub Argo CD's kinds.
func (a *ArgoCD) define(ctx context.Context, bin string) error {
	files, err := filepath.Glob(filepath.Join(bin, "crds", "*.yaml"))
	if err != nil {
		return err
	}
	var crds []*unstructured.Unstructured
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("reading Argo CD's kinds: %w", err)
		}
		crd := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(content, &crd.Object); err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		crds = append(crds, crd)
	}
	return a.hub.Define(ctx, crds)
}

// configure creates what Argo CD's installation manifests and an operator would.
func (a *ArgoCD) configure(ctx context.Context, o Options) error {
	core := a.hub.Client.CoreV1()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: Namespace}}
	if _, err := core.Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return err
	}
	const health = "resource.customizations.health."
	cm := map[string]string{
		"application.resourceTrackingMethod":           "annotation",
		"timeout.reconciliation":                       fmt.Sprintf("%ds", resync),
		health + "autoscaling_HorizontalPodAutoscaler": autoscalerHealth,
	}
	for _, kind := range o.Unattended {
		cm[health+kind.Group+"_"+kind.Kind] = existence
	}
	settings := map[string]map[string]string{
		"argocd-cm":                 cm,
		"argocd-rbac-cm":            nil,
		"argocd-tls-certs-cm":       nil,
		"argocd-ssh-known-hosts-cm": nil,
		"argocd-gpg-keys-cm":        nil,
	}
	for name, data := range settings {
		if _, err := core.ConfigMaps(Namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: meta(name), Data: data}, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	secrets := []*corev1.Secret{{ObjectMeta: meta("argocd-secret"), StringData: map[string]string{"server.secretkey": rand.Text()}}}
	for _, c := range o.Clusters {
		connection, err := c.ArgoConnection()
		if err != nil {
			return err
		}
		s := &corev1.Secret{
			ObjectMeta: meta("cluster-" + c.Name),
			StringData: map[string]string{"name": c.Name, "server": c.URL(), "config": connection},
		}
		s.Labels["argocd.argoproj.io/secret-type"] = "cluster"
		secrets = append(secrets, s)
	}
	for _, s := range secrets {
		if _, err := core.Secrets(Namespace).Create(ctx, s, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// meta names an object of Argo CD's; it watches only those with the label.
func meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Labels: map[string]string{"app.kubernetes.io/part-of": "argocd"}}
}
