package schemacheck

import (
	"fmt"
	"slices"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// References says what the objects of one cluster name that is not among them, in
// the order of the objects. objs should be everything that the generator puts into
// that cluster; an object that is there already (the ServiceAccount "default", the
// ClusterRole "view", priority classes that begin with "system-") is taken to be.
// Each error begins with the object, as "Kind namespace/name".
//
//   - no object stands there twice;
//   - a pod's ServiceAccount, ConfigMaps, volume claims and PriorityClass exist;
//   - a pod's Secrets stand there or are made by an ExternalSecret, with the keys that it
//     wants; an ExternalSecret's store exists, and a SecretStore's ServiceAccount;
//   - a Service selects pods, and its target ports are ports of those;
//   - a ServiceMonitor selects Services, a PodMonitor pods, with ports of the names
//     they scrape;
//   - an autoscaler's target exists;
//   - a PodDisruptionBudget selects pods, and no pod is in two: the eviction API
//     then refuses every eviction, and nodes cannot be drained;
//   - a binding's Role exists, and its ServiceAccounts;
//   - an Ingress' Services exist with their ports, and so do those of its actions
//     (annotations of the AWS load balancer controller), of an HTTPRoute and of a
//     VirtualService, whose gateways exist too.
func References(objs []map[string]any) []error {
	cl, errs := newCluster(objs)
	for _, obj := range objs {
		wrong, err := cl.references(obj)
		if err != nil {
			wrong = append(wrong, err.Error())
		}
		for _, text := range wrong {
			errs = append(errs, fmt.Errorf("%s: %s", identify(obj), text))
		}
	}
	return errs
}

// cluster is the objects by what they are found by.
type cluster struct {
	names    map[string]bool // "Kind namespace/name"
	pods     []pods
	services []corev1.Service
	secrets  map[string][]string // "Secret namespace/name" that is made in the cluster to its keys
	budgets  map[string]string   // "Kind namespace/name" of the pods' owner to the first budget's name
}

// pods are those of one template.
type pods struct {
	owner     string // "Kind namespace/name"
	namespace string
	labels    labels.Set
	spec      corev1.PodSpec
	claims    []string // names of a StatefulSet's claim templates
}

// ports are those of all containers.
func (p pods) ports() []corev1.ContainerPort {
	var all []corev1.ContainerPort
	for _, c := range p.spec.Containers {
		all = append(all, c.Ports...)
	}
	return all
}

// identify names an object in messages and in cluster.names.
func identify(obj map[string]any) string {
	meta, _ := obj["metadata"].(map[string]any)
	_, kind := typeOf(obj)
	namespace, _ := meta["namespace"].(string)
	name, _ := meta["name"].(string)
	return named(kind, namespace, name)
}

func named(kind, namespace, name string) string {
	if namespace == "" {
		return kind + " " + name
	}
	return kind + " " + namespace + "/" + name
}

func newCluster(objs []map[string]any) (*cluster, []error) {
	cl := &cluster{names: map[string]bool{}, secrets: map[string][]string{}, budgets: map[string]string{}}
	var errs []error
	for _, obj := range objs {
		id := identify(obj)
		if cl.names[id] {
			errs = append(errs, fmt.Errorf("%s: stands there twice", id))
		}
		cl.names[id] = true
		if err := cl.add(obj); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", id, err))
		}
	}
	return cl, errs
}

// add remembers an object that others select.
func (cl *cluster) add(obj map[string]any) error {
	switch keyOf(obj) {
	case "v1 Service":
		s, err := decode[corev1.Service](obj)
		if err != nil {
			return err
		}
		cl.services = append(cl.services, *s)
	case "external-secrets.io/v1 ExternalSecret":
		e, err := decode[externalSecret](obj)
		if err != nil {
			return err
		}
		cl.addSecret(e)
	case "v1 Pod":
		p, err := decode[corev1.Pod](obj)
		if err != nil {
			return err
		}
		cl.pods = append(cl.pods, pods{owner: identify(obj), namespace: p.Namespace, labels: p.Labels, spec: p.Spec})
	case "apps/v1 Deployment", "apps/v1 StatefulSet", "apps/v1 DaemonSet", "batch/v1 Job":
		// What these four have in common.
		w, err := decode[struct {
			metav1.ObjectMeta `json:"metadata"`

			Spec struct {
				Template             corev1.PodTemplateSpec         `json:"template"`
				VolumeClaimTemplates []corev1.PersistentVolumeClaim `json:"volumeClaimTemplates"`
			} `json:"spec"`
		}](obj)
		if err != nil {
			return err
		}
		p := pods{owner: identify(obj), namespace: w.Namespace, labels: w.Spec.Template.Labels, spec: w.Spec.Template.Spec}
		for _, claim := range w.Spec.VolumeClaimTemplates {
			p.claims = append(p.claims, claim.Name)
		}
		cl.pods = append(cl.pods, p)
	}
	return nil
}

// references finds what obj names in vain.
func (cl *cluster) references(obj map[string]any) ([]string, error) {
	switch keyOf(obj) {
	case "v1 Pod", "apps/v1 Deployment", "apps/v1 StatefulSet", "apps/v1 DaemonSet", "batch/v1 Job":
		id := identify(obj)
		i := slices.IndexFunc(cl.pods, func(p pods) bool { return p.owner == id })
		if i < 0 {
			return nil, nil // add has said why
		}
		return cl.ofPods(cl.pods[i]), nil
	case "v1 Service":
		return judgeReferences(obj, cl.ofService)
	case "monitoring.coreos.com/v1 ServiceMonitor", "monitoring.coreos.com/v1 PodMonitor":
		return judgeReferences(obj, cl.ofMonitor)
	}
	return cl.otherReferences(obj)
}

func (cl *cluster) otherReferences(obj map[string]any) ([]string, error) {
	switch keyOf(obj) {
	case "autoscaling/v2 HorizontalPodAutoscaler":
		return judgeReferences(obj, func(h *autoscalingv2.HorizontalPodAutoscaler) []string {
			return cl.want(h.Spec.ScaleTargetRef.Kind, h.Namespace, h.Spec.ScaleTargetRef.Name)
		})
	case "keda.sh/v1alpha1 ScaledObject":
		return judgeReferences(obj, func(o *scaledObject) []string {
			return cl.want(o.Spec.ScaleTargetRef.Kind, o.Namespace, o.Spec.ScaleTargetRef.Name)
		})
	case "policy/v1 PodDisruptionBudget":
		return judgeReferences(obj, cl.ofBudget)
	case "rbac.authorization.k8s.io/v1 RoleBinding", "rbac.authorization.k8s.io/v1 ClusterRoleBinding":
		return judgeReferences(obj, cl.ofBinding)
	case "networking.k8s.io/v1 Ingress":
		return judgeReferences(obj, cl.ofIngress)
	case "external-secrets.io/v1 ExternalSecret":
		return judgeReferences(obj, cl.ofExternalSecret)
	case "external-secrets.io/v1 SecretStore":
		return judgeReferences(obj, cl.ofSecretStore)
	case "gateway.networking.k8s.io/v1 HTTPRoute":
		return judgeReferences(obj, cl.ofHTTPRoute)
	case "networking.istio.io/v1 VirtualService":
		return judgeReferences(obj, cl.ofVirtualService)
	}
	return nil, nil
}

// judgeReferences decodes obj and looks at what it names.
func judgeReferences[T any](obj map[string]any, rules func(*T) []string) ([]string, error) {
	typed, err := decode[T](obj)
	if err != nil {
		return nil, err
	}
	return rules(typed), nil
}

// want answers with a message unless the object exists.
func (cl *cluster) want(kind, namespace, name string) []string {
	if id := named(kind, namespace, name); !cl.names[id] {
		return []string{"names the " + id + ", which does not exist"}
	}
	return nil
}

// selected are the pods of a namespace that a selector finds.
func (cl *cluster) selected(namespace string, selector labels.Selector) []pods {
	var found []pods
	for _, p := range cl.pods {
		if p.namespace == namespace && selector.Matches(p.labels) {
			found = append(found, p)
		}
	}
	return found
}

func (cl *cluster) ofPods(p pods) []string {
	var wrong []string
	if name := p.spec.ServiceAccountName; name != "" && name != "default" {
		wrong = append(wrong, cl.want("ServiceAccount", p.namespace, name)...)
	}
	if name := p.spec.PriorityClassName; name != "" && !strings.HasPrefix(name, "system-") {
		wrong = append(wrong, cl.want("PriorityClass", "", name)...)
	}
	for _, v := range p.spec.Volumes {
		if m := v.ConfigMap; m != nil && !isTrue(m.Optional) {
			wrong = append(wrong, cl.want("ConfigMap", p.namespace, m.Name)...)
		}
		if c := v.PersistentVolumeClaim; c != nil && !slices.Contains(p.claims, v.Name) {
			wrong = append(wrong, cl.want("PersistentVolumeClaim", p.namespace, c.ClaimName)...)
		}
	}
	for _, c := range slices.Concat(p.spec.InitContainers, p.spec.Containers) {
		for _, from := range c.EnvFrom {
			if m := from.ConfigMapRef; m != nil && !isTrue(m.Optional) {
				wrong = append(wrong, cl.want("ConfigMap", p.namespace, m.Name)...)
			}
		}
		for _, env := range c.Env {
			if env.ValueFrom != nil && env.ValueFrom.ConfigMapKeyRef != nil && !isTrue(env.ValueFrom.ConfigMapKeyRef.Optional) {
				wrong = append(wrong, cl.want("ConfigMap", p.namespace, env.ValueFrom.ConfigMapKeyRef.Name)...)
			}
		}
	}
	wrong = append(wrong, cl.secretsOf(p)...)
	slices.Sort(wrong)
	return slices.Compact(wrong) // a ConfigMap may be named twice
}

func isTrue(b *bool) bool { return b != nil && *b }

func (cl *cluster) ofBinding(b *rbacv1.RoleBinding) []string {
	var wrong []string
	if b.RoleRef.Kind == "Role" {
		wrong = cl.want("Role", b.Namespace, b.RoleRef.Name)
	}
	for _, s := range b.Subjects {
		// Other namespaces' accounts (Argo CD's, an operator's) are others' to make.
		if s.Kind == rbacv1.ServiceAccountKind && s.Namespace == b.Namespace && s.Name != "default" {
			wrong = append(wrong, cl.want("ServiceAccount", s.Namespace, s.Name)...)
		}
	}
	return wrong
}

func (cl *cluster) ofBudget(b *policyv1.PodDisruptionBudget) []string {
	selector, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
	if err != nil {
		return []string{err.Error()}
	}
	guarded := cl.selected(b.Namespace, selector)
	if len(guarded) == 0 {
		return []string{"selects no pods"}
	}
	var wrong []string
	for _, p := range guarded {
		if first, ok := cl.budgets[p.owner]; ok {
			wrong = append(wrong, fmt.Sprintf("selects the pods of %s, as %s does", p.owner, first))
		}
		cl.budgets[p.owner] = named("PodDisruptionBudget", b.Namespace, b.Name)
	}
	return wrong
}
