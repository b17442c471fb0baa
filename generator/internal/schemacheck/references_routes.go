package schemacheck

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ofBackend wants a Service with a port of that name (or, without a name, number).
func (cl *cluster) ofBackend(namespace, service, name string, number int32) []string {
	i := slices.IndexFunc(cl.services, func(s corev1.Service) bool { return s.Namespace == namespace && s.Name == service })
	if i < 0 {
		return cl.want("Service", namespace, service)
	}
	if !slices.ContainsFunc(cl.services[i].Spec.Ports, func(p corev1.ServicePort) bool {
		return name != "" && p.Name == name || number != 0 && p.Port == number
	}) {
		return []string{fmt.Sprintf("names a port of the Service %s that it does not have", service)}
	}
	return nil
}

func (cl *cluster) ofIngress(in *networkingv1.Ingress) []string {
	var wrong []string
	backend := func(b *networkingv1.IngressServiceBackend) {
		switch {
		case b == nil:
		case b.Port.Name == "use-annotation":
			wrong = append(wrong, cl.ofAction(in, b.Name)...)
		default:
			wrong = append(wrong, cl.ofBackend(in.Namespace, b.Name, b.Port.Name, b.Port.Number)...)
		}
	}
	if in.Spec.DefaultBackend != nil {
		backend(in.Spec.DefaultBackend.Service)
	}
	for _, rule := range in.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		for _, path := range rule.HTTP.Paths {
			backend(path.Backend.Service)
		}
	}
	slices.Sort(wrong)
	return slices.Compact(wrong) // several paths have one backend
}

// ofAction looks at an action that an annotation for the AWS load balancer controller
// describes.
func (cl *cluster) ofAction(in *networkingv1.Ingress, name string) []string {
	key := "alb.ingress.kubernetes.io/actions." + name
	text, ok := in.Annotations[key]
	if !ok {
		return []string{"names the action " + name + ", and has no annotation " + key}
	}
	var action struct {
		ForwardConfig struct {
			TargetGroups []struct {
				ServiceName string `json:"serviceName"`
				ServicePort int32  `json:"servicePort"`
			} `json:"targetGroups"`
		} `json:"forwardConfig"`
	}
	if err := json.Unmarshal([]byte(text), &action); err != nil {
		return []string{fmt.Sprintf("annotation %s: %v", key, err)}
	}
	if len(action.ForwardConfig.TargetGroups) == 0 {
		return []string{"annotation " + key + " sends requests nowhere"}
	}
	var wrong []string
	for _, group := range action.ForwardConfig.TargetGroups {
		wrong = append(wrong, cl.ofBackend(in.Namespace, group.ServiceName, "", group.ServicePort)...)
	}
	return wrong
}

// httpRoute is the part of an HTTPRoute that names other objects.
type httpRoute struct {
	metav1.ObjectMeta `json:"metadata"`

	Spec struct {
		ParentRefs []struct{ Kind, Namespace, Name string } `json:"parentRefs"`
		Rules      []struct {
			BackendRefs []struct {
				Name string `json:"name"`
				Port int32  `json:"port"`
			} `json:"backendRefs"`
		} `json:"rules"`
	} `json:"spec"`
}

func (cl *cluster) ofHTTPRoute(r *httpRoute) []string {
	var wrong []string
	for _, parent := range r.Spec.ParentRefs {
		wrong = append(wrong, cl.want(parent.Kind, parent.Namespace, parent.Name)...)
	}
	for _, rule := range r.Spec.Rules {
		for _, b := range rule.BackendRefs {
			wrong = append(wrong, cl.ofBackend(r.Namespace, b.Name, "", b.Port)...)
		}
	}
	return wrong
}

// virtualService is the part of a VirtualService that names other objects.
type virtualService struct {
	metav1.ObjectMeta `json:"metadata"`

	Spec struct {
		Gateways []string `json:"gateways"`
		HTTP     []struct {
			Route []struct {
				Destination struct {
					Host string `json:"host"`
					Port struct {
						Number int32 `json:"number"`
					} `json:"port"`
				} `json:"destination"`
			} `json:"route"`
		} `json:"http"`
	} `json:"spec"`
}

func (cl *cluster) ofVirtualService(v *virtualService) []string {
	var wrong []string
	for _, gateway := range v.Spec.Gateways {
		namespace, name, _ := strings.Cut(gateway, "/")
		wrong = append(wrong, cl.want("Gateway", namespace, name)...)
	}
	for _, http := range v.Spec.HTTP {
		for _, route := range http.Route {
			service, found := strings.CutSuffix(route.Destination.Host, "."+v.Namespace+".svc.cluster.local")
			if !found {
				wrong = append(wrong, "sends requests to "+route.Destination.Host+", which is not in its namespace")
				continue
			}
			wrong = append(wrong, cl.ofBackend(v.Namespace, service, "", route.Destination.Port.Number)...)
		}
	}
	return wrong
}
