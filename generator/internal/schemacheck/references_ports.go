package schemacheck

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func (cl *cluster) ofService(s *corev1.Service) []string {
	if len(s.Spec.Selector) == 0 {
		return nil // its endpoints come from elsewhere
	}
	if s.Spec.Type == corev1.ServiceTypeLoadBalancer && !cl.names[named("Namespace", "", s.Namespace)] &&
		len(cl.selected(s.Namespace, labels.Everything())) == 0 {
		return nil // so do those of a load balancer in another's namespace: a gateway's pods
	}
	backing := cl.selected(s.Namespace, labels.SelectorFromSet(s.Spec.Selector))
	if len(backing) == 0 {
		return []string{"selects no pods"}
	}
	var wrong []string
	for _, p := range s.Spec.Ports {
		target := p.TargetPort
		if (target == intstr.IntOrString{}) {
			target = intstr.FromInt32(p.Port)
		}
		for _, pods := range backing {
			if !listens(pods, target) {
				wrong = append(wrong, fmt.Sprintf("port %d goes to port %s, which the pods of %s do not have", p.Port, target.String(), pods.owner))
			}
		}
	}
	return wrong
}

// listens says whether pods declare a port of that name or number. Declaring is
// voluntary: pods that declare none may listen on any number, but on no name.
func listens(p pods, target intstr.IntOrString) bool {
	ports := p.ports()
	if target.Type == intstr.Int && len(ports) == 0 {
		return true
	}
	return slices.ContainsFunc(ports, func(port corev1.ContainerPort) bool {
		if target.Type == intstr.String {
			return port.Name == target.StrVal
		}
		return port.ContainerPort == target.IntVal
	})
}

// monitor is the part of a ServiceMonitor or PodMonitor that names other objects.
type monitor struct {
	metav1.ObjectMeta `json:"metadata"`

	Kind string `json:"kind"`
	Spec struct {
		Selector          metav1.LabelSelector `json:"selector"`
		NamespaceSelector struct {
			Any        bool     `json:"any"`
			MatchNames []string `json:"matchNames"`
		} `json:"namespaceSelector"`
		Endpoints []struct {
			Port string `json:"port"`
		} `json:"endpoints"`
		PodMetricsEndpoints []struct {
			Port string `json:"port"`
		} `json:"podMetricsEndpoints"`
	} `json:"spec"`
}

// scrapes says whether the monitor looks into a namespace.
func (m *monitor) scrapes(namespace string) bool {
	n := m.Spec.NamespaceSelector
	if n.Any || len(n.MatchNames) > 0 {
		return n.Any || slices.Contains(n.MatchNames, namespace)
	}
	return namespace == m.Namespace
}

func (cl *cluster) ofMonitor(m *monitor) []string {
	selector, err := metav1.LabelSelectorAsSelector(&m.Spec.Selector)
	if err != nil {
		return []string{err.Error()}
	}
	targets := 0
	names := map[string]bool{} // of the ports of what it selects
	for _, s := range cl.services {
		if m.Kind == "ServiceMonitor" && m.scrapes(s.Namespace) && selector.Matches(labels.Set(s.Labels)) {
			targets++
			for _, p := range s.Spec.Ports {
				names[p.Name] = true
			}
		}
	}
	for _, p := range cl.pods {
		if m.Kind == "PodMonitor" && m.scrapes(p.namespace) && selector.Matches(p.labels) {
			targets++
			for _, port := range p.ports() {
				names[port.Name] = true
			}
		}
	}
	if targets == 0 {
		return []string{"selects nothing to scrape"}
	}
	var wrong []string
	for _, e := range slices.Concat(m.Spec.Endpoints, m.Spec.PodMetricsEndpoints) {
		if e.Port != "" && !names[e.Port] {
			wrong = append(wrong, fmt.Sprintf("scrapes a port called %q, which nothing that it selects has", e.Port))
		}
	}
	return wrong
}
