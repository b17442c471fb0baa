package observing

import (
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// Keys of the Secrets that owners name.
const (
	pagerDutyKey = "routing-key"
	slackKey     = "url"
)

// headline is a group of alerts in a line: every cluster tells the same people.
const headline = "{{ .CommonLabels.cluster }}: {{ .CommonAnnotations.summary }}"

// nobody receives what no owner asked for.
const nobody = "nobody"

// Routing tells a tenant's owners of alerts on its models, each where they want it; nil where none
// wants it. What wakes people goes to PagerDuty and to Slack, what can wait to Slack alone, or to
// PagerDuty as a warning where there is no channel. Its name has a dot, as the dashboard's.
func Routing(p *fleet.Placement) *AlertmanagerConfig {
	var routes []Route
	receivers := []Receiver{{Name: nobody}}
	for i, owner := range p.Tenant.Spec.Owners {
		if owner.Alerts == nil {
			continue
		}
		for _, severity := range []string{SeverityCritical, SeverityWarning} {
			receiver := receiverOf(owner, strconv.Itoa(i+1)+"."+owner.Group+"."+severity, severity)
			receivers = append(receivers, receiver)
			routes = append(routes, Route{Receiver: receiver.Name, Matchers: severityIs(severity), Continue: true})
		}
	}
	if len(routes) == 0 {
		return nil
	}
	return &AlertmanagerConfig{
		TypeMeta:   metav1.TypeMeta{APIVersion: "monitoring.coreos.com/v1alpha1", Kind: "AlertmanagerConfig"},
		ObjectMeta: object.TenantMeta(p, "alerts.owners"),
		Spec: AlertmanagerConfigSpec{
			Route: Route{
				Receiver: nobody,
				// PagerDuty knows an incident by its route and these labels' values (Alertmanager,
				// notify/pagerduty, the deduplication key): the same in every cluster's Alertmanager,
				// if it were not for the cluster.
				GroupBy:        []string{"cluster", "alertname", "model", "severity"},
				GroupWait:      "30s",
				GroupInterval:  "5m",
				RepeatInterval: "4h",
				Routes:         routes,
			},
			Receivers: receivers,
			// Who is told that 5 % fail need not be told that 1 % do.
			InhibitRules: []InhibitRule{{
				SourceMatch: severityIs(SeverityCritical),
				TargetMatch: severityIs(SeverityWarning),
				Equal:       []string{"namespace", "model", "alertname"},
			}},
		},
	}
}

func severityIs(severity string) []Matcher {
	return []Matcher{{Name: "severity", Value: severity, MatchType: "="}}
}

func receiverOf(owner fleet.Owner, name, severity string) Receiver {
	r := Receiver{Name: name}
	if slack := owner.Alerts.Slack; slack != nil {
		r.SlackConfigs = []SlackConfig{{
			SendResolved: true,
			APIURL:       SecretKey{Name: slack.Secret, Key: slackKey},
			Channel:      slack.Channel,
			Title:        "[{{ .Status }}] {{ .CommonLabels.severity }}: " + headline,
			Text:         `{{ range .Alerts }}{{ .Annotations.description }} <{{ .Annotations.runbook_url }}|Runbook>{{ "\n" }}{{ end }}`,
		}}
	}
	if owner.Alerts.PagerDuty != "" && (severity == SeverityCritical || owner.Alerts.Slack == nil) {
		r.PagerDutyConfigs = []PagerDutyConfig{{
			SendResolved: true,
			RoutingKey:   SecretKey{Name: owner.Alerts.PagerDuty, Key: pagerDutyKey},
			Severity:     severity,
			Description:  headline,
			Details:      []KeyValue{{Key: "runbook", Value: "{{ .CommonAnnotations.runbook_url }}"}},
		}}
	}
	return r
}
