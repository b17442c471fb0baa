package observing

import (
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
)

// told says to which Secrets an alert of a severity goes, in order.
func told(c *AlertmanagerConfig, severity string) string {
	receivers := map[string]Receiver{}
	for _, r := range c.Spec.Receivers {
		receivers[r.Name] = r
	}
	var out []string
	for _, route := range c.Spec.Route.Routes {
		if route.Matchers[0] != (Matcher{"severity", severity, "="}) {
			continue
		}
		for _, to := range receivers[route.Receiver].SlackConfigs {
			out = append(out, to.APIURL.Name+"/"+to.APIURL.Key+" "+to.Channel)
		}
		for _, to := range receivers[route.Receiver].PagerDutyConfigs {
			out = append(out, to.RoutingKey.Name+"/"+to.RoutingKey.Key+" "+to.Severity)
		}
		if !route.Continue {
			break // Alertmanager looks no further
		}
	}
	return strings.Join(out, ", ")
}

func TestRouting(t *testing.T) {
	both := &fleet.Alerts{PagerDuty: "duty", Slack: &fleet.Slack{Secret: "slack", Channel: "#ml"}}
	for name, test := range map[string]struct {
		owners            []fleet.Owner
		critical, warning string
	}{
		"both": {
			[]fleet.Owner{{Group: "a", Alerts: both}},
			"slack/url #ml, duty/routing-key critical", "slack/url #ml",
		},
		"PagerDuty only": {
			[]fleet.Owner{{Group: "a", Alerts: &fleet.Alerts{PagerDuty: "duty"}}},
			"duty/routing-key critical", "duty/routing-key warning",
		},
		"Slack only": {
			[]fleet.Owner{{Group: "a", Alerts: &fleet.Alerts{Slack: &fleet.Slack{Secret: "s", Channel: "#c"}}}},
			"s/url #c", "s/url #c",
		},
		"two owners of one group, and one who wants none": {
			[]fleet.Owner{{Group: "a", Alerts: &fleet.Alerts{PagerDuty: "one"}}, {Group: "b"}, {Group: "a", Alerts: &fleet.Alerts{PagerDuty: "two"}}},
			"one/routing-key critical, two/routing-key critical", "one/routing-key warning, two/routing-key warning",
		},
	} {
		_, p, _ := workloadtest.Fixture(t)
		p.Tenant.Spec.Owners = test.owners
		c := Routing(p)
		if got := told(c, SeverityCritical); got != test.critical {
			t.Errorf("%s: critical goes to %q, want %q", name, got, test.critical)
		}
		if got := told(c, SeverityWarning); got != test.warning {
			t.Errorf("%s: warning goes to %q, want %q", name, got, test.warning)
		}
		names := map[string]bool{}
		for _, r := range c.Spec.Receivers {
			if names[r.Name] {
				t.Errorf("%s: two receivers are named %s", name, r.Name)
			}
			names[r.Name] = true
		}
	}
	_, p, _ := workloadtest.Fixture(t)
	p.Tenant.Spec.Owners = []fleet.Owner{{Group: "a"}}
	if Routing(p) != nil {
		t.Error("there is routing although nobody wants it")
	}
}

// A tenant's clusters have one route each, all of one text, and tell one channel and one service.
func TestClustersAreToldApart(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	p.Tenant.Spec.Owners = []fleet.Owner{{Group: "a", Alerts: &fleet.Alerts{PagerDuty: "duty", Slack: &fleet.Slack{Secret: "slack", Channel: "#ml"}}}}
	c := Routing(p)
	if !slices.Contains(c.Spec.Route.GroupBy, "cluster") {
		t.Errorf("alerts of two clusters are one incident: they are grouped by %v", c.Spec.Route.GroupBy)
	}
	for _, r := range c.Spec.Receivers {
		for _, to := range r.SlackConfigs {
			saysWhere(t, r.Name, to.Title)
		}
		for _, to := range r.PagerDutyConfigs {
			saysWhere(t, r.Name, to.Description)
		}
	}
}

// saysWhere fills a text in as Alertmanager does, whose templates are Go's.
func saysWhere(t *testing.T, receiver, text string) {
	t.Helper()
	var out strings.Builder
	if err := template.Must(template.New("").Parse(text)).Execute(&out, map[string]any{
		"Status":            "firing",
		"CommonLabels":      map[string]string{"cluster": "us-east-staging", "severity": "critical"},
		"CommonAnnotations": map[string]string{"summary": "sentiment fails"},
	}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(out.String(), "us-east-staging: sentiment fails") {
		t.Errorf("%s is told %q", receiver, out.String())
	}
}

// The operator hides alerts of other namespaces from a tenant's configuration, so ours have to name it.
func TestAlertsReachTheirTenantsRouting(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	for _, m := range p.Models {
		for _, g := range ModelAlerts(p, m).Spec.Groups {
			if g.Labels["namespace"] != p.Tenant.Namespace() {
				t.Errorf("group %s has namespace %q", g.Name, g.Labels["namespace"])
			}
		}
	}
}
