package traffic_test

import (
	"testing"
	"time"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/mlfleet/mlfleet/generator/workload"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
	"github.com/mlfleet/mlfleet/generator/workload/traffic"
)

func TestALoadBalancersIngressSplitsLikeARoute(t *testing.T) {
	_, p := exposed(t)
	m := workloadtest.Model(t, p, "sentiment")
	m.Spec.Expose.Sticky.Duration = time.Hour
	p.Cluster.Spec.Ingress.Public.WAF = "arn:waf"
	in := workloadtest.Find[*networkingv1.Ingress](t, workload.Models(p), "sentiment")
	for key, want := range map[string]string{
		"actions.to-sentiment-canary":    `{"type":"forward","forwardConfig":{"targetGroups":[{"serviceName":"sentiment-canary","servicePort":8000,"weight":100}]}}`,
		"conditions.to-sentiment-canary": `[{"field":"http-header","httpHeaderConfig":{"httpHeaderName":"x-model-version","values":["4"]}}]`,
		"actions.split": `{"type":"forward","forwardConfig":{"targetGroups":[{"serviceName":"sentiment","servicePort":8000,"weight":90},` +
			`{"serviceName":"sentiment-canary","servicePort":8000,"weight":10}],"targetGroupStickinessConfig":{"enabled":true,"durationSeconds":3600}}}`,
		"conditions.split":        "",
		"scheme":                  "internet-facing",
		"group.name":              "mlfleet-public",
		"certificate-arn":         "arn:certificate",
		"wafv2-acl-arn":           "arn:waf",
		"listen-ports":            `[{"HTTPS":443}]`,
		"target-group-attributes": "stickiness.enabled=true,stickiness.type=lb_cookie,stickiness.lb_cookie.duration_seconds=3600",
	} {
		if got := in.Annotations["alb.ingress.kubernetes.io/"+key]; got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
	if len(in.Spec.Rules) != 2 {
		t.Fatalf("rules are for %d names, want the cluster's and all regions'", len(in.Spec.Rules))
	}
	for _, rule := range in.Spec.Rules {
		first := rule.HTTP.Paths[0].Backend.Service
		if first.Name != "to-sentiment-canary" || first.Port.Name != "use-annotation" {
			t.Errorf("%s looks first at %+v", rule.Host, first)
		}
	}
	m.Spec.Canary, m.Spec.Expose.Public = nil, false
	if in := traffic.ModelIngress(p, m); in.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name != "sentiment" || in.Annotations["alb.ingress.kubernetes.io/scheme"] != "internal" || in.Annotations["alb.ingress.kubernetes.io/wafv2-acl-arn"] != "" {
		t.Errorf("an internal model without canary has %+v %v", in.Spec.Rules, in.Annotations)
	}
}

// What the fleet's sums are made of is what the controller will make of the Ingress.
func TestAModelsShareOfALoadBalancer(t *testing.T) {
	gateway, p := exposed(t)
	m := workloadtest.Model(t, p, "sentiment")
	canary := *m.Spec.Canary
	for _, tc := range []struct {
		name                string
		edit                func()
		targetGroups, rules int
	}{
		{"canary with a header", func() {}, 2, 8},
		{"canary by weight", func() { m.Spec.Canary.Header = "" }, 2, 4},
		{"all at the canary", func() { m.Spec.Canary.Weight, m.Spec.Canary.Header = 100, "" }, 1, 4},
		{"no canary", func() { m.Spec.Canary = nil }, 1, 4},
		{"internal", func() { m.Spec.Canary, m.Spec.Expose.Public = nil, false }, 1, 2},
	} {
		m.Spec.Canary, m.Spec.Expose.Public = new(canary), true
		tc.edit()
		targetGroups, rules := traffic.LoadBalancerShare(p, m)
		if targetGroups != tc.targetGroups || rules != tc.rules {
			t.Errorf("%s: %d target groups and %d rules, want %d and %d", tc.name, targetGroups, rules, tc.targetGroups, tc.rules)
		}
		made := 0
		for _, rule := range traffic.ModelIngress(p, m).Spec.Rules {
			made += len(rule.HTTP.Paths)
		}
		if made != rules {
			t.Errorf("%s: the Ingress has %d rules, counted are %d", tc.name, made, rules)
		}
	}
	if targetGroups, rules := traffic.LoadBalancerShare(gateway, workloadtest.Model(t, gateway, "sentiment")); targetGroups+rules != 0 {
		t.Errorf("behind a gateway a model takes %d target groups and %d rules", targetGroups, rules)
	}
}
