package traffic

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
)

// alb begins the annotations by which the AWS load balancer controller makes an
// application load balancer of Ingresses ("Ingress annotations").
const alb = "alb.ingress.kubernetes.io/"

// annotationDNSSource has external-dns take names from the annotation alone, and not
// from the rules, whose records are DNSRecords'.
const annotationDNSSource = "external-dns.alpha.kubernetes.io/ingress-hostname-source"

// applicationLoadBalancer is what an Ingress says of the load balancer that it shares
// with all others of its group, and of its own target groups.
func applicationLoadBalancer(p *fleet.Placement, m *fleet.Model) map[string]string {
	ingress, entrance := p.Cluster.Spec.Ingress, m.Spec.Expose.Entrance()
	annotations := map[string]string{
		alb + "group.name":       gatewayName(entrance),
		alb + "scheme":           scheme(entrance),
		alb + "target-type":      "ip",
		alb + "listen-ports":     encoded([]map[string]int32{{"HTTP": portHTTP}}),
		alb + "healthcheck-path": contract.ReadyPath,
		annotationDNSHostname:    ingress.Address(entrance),
		annotationDNSSource:      "annotation-only",
	}
	if ingress.TLS != nil {
		annotations[alb+"listen-ports"] = encoded([]map[string]int32{{"HTTPS": portHTTPS}})
		annotations[alb+"certificate-arn"] = ingress.TLS.Certificate
		annotations[alb+"ssl-policy"] = tlsPolicy
	}
	if public := ingress.Public; public != nil && entrance == fleet.Public && public.WAF != "" {
		annotations[alb+"wafv2-acl-arn"] = public.WAF
	}
	if cf := ingress.CloudFrontAt(entrance); cf != nil {
		annotations[alb+"security-group-prefix-lists"] = cf.PrefixList
	}
	if sticky := m.Spec.Expose.Sticky.Duration; sticky > 0 {
		annotations[alb+"target-group-attributes"] = "stickiness.enabled=true,stickiness.type=lb_cookie," +
			"stickiness.lb_cookie.duration_seconds=" + strconv.Itoa(int(sticky/time.Second))
	}
	for _, s := range splits(p, m) {
		s.annotate(annotations, m.Spec.Expose.Sticky.Duration)
	}
	return annotations
}

// LoadBalancerShare is what an exposed model takes of the load balancer that it shares:
// target groups, one for each Service that gets requests, and rules, one for each name,
// path and split (AWS load balancer controller, pkg/ingress, "buildListenerRules"). Both
// are 0 where no load balancer reaches pods by itself.
func LoadBalancerShare(p *fleet.Placement, m *fleet.Model) (targetGroups, rules int) {
	if !routed(p, m) || !p.Cluster.Spec.Ingress.LoadBalanced() {
		return 0, 0
	}
	ways := splits(p, m)
	services := map[string]bool{}
	for _, s := range ways {
		for _, b := range s.backends {
			services[b.service] = true
		}
	}
	return len(services), len(hostnames(p, m)) * len(paths(m)) * len(ways)
}

// plain says whether a Service alone tells where the requests go.
func (s split) plain() bool { return len(s.headers) == 0 && len(s.backends) == 1 }

// action names what is done with the requests, by who gets them.
func (s split) action() string {
	if len(s.backends) == 1 {
		return "to-" + s.backends[0].service
	}
	return "split"
}

// annotate says what the split's action does, and when.
func (s split) annotate(annotations map[string]string, sticky time.Duration) {
	if s.plain() {
		return
	}
	action := albAction{Type: "forward"}
	for _, b := range s.backends {
		action.Forward.TargetGroups = append(action.Forward.TargetGroups, albTargetGroup{b.service, contract.PortHTTP, b.weight})
	}
	if sticky > 0 && len(s.backends) > 1 {
		action.Forward.Stickiness = &albStickiness{Enabled: true, Seconds: int(sticky / time.Second)}
	}
	annotations[alb+"actions."+s.action()] = encoded(action)
	var conditions []albCondition
	for _, h := range s.headers {
		conditions = append(conditions, albCondition{"http-header", albHeader{h.name, []string{h.value}}})
	}
	if conditions != nil {
		annotations[alb+"conditions."+s.action()] = encoded(conditions)
	}
}

// albAction is the value of an actions annotation.
type albAction struct {
	Type    string     `json:"type"`
	Forward albForward `json:"forwardConfig"`
}

type albForward struct {
	TargetGroups []albTargetGroup `json:"targetGroups"`
	// Stickiness keeps a client with the target group that it got first.
	Stickiness *albStickiness `json:"targetGroupStickinessConfig,omitempty"`
}

type albTargetGroup struct {
	Service string `json:"serviceName"`
	Port    int32  `json:"servicePort"`
	Weight  int32  `json:"weight"`
}

type albStickiness struct {
	Enabled bool `json:"enabled"`
	Seconds int  `json:"durationSeconds"`
}

// albCondition is an element of a conditions annotation.
type albCondition struct {
	Field  string    `json:"field"`
	Header albHeader `json:"httpHeaderConfig"`
}

type albHeader struct {
	Name   string   `json:"httpHeaderName"`
	Values []string `json:"values"`
}

// encoded is a value as JSON, which the controller reads.
func encoded(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("%T always marshals: %v", v, err))
	}
	return string(data)
}
