package observing

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// PrometheusRule is the part of monitoring.coreos.com/v1 that we write.
type PrometheusRule struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              PrometheusRuleSpec `json:"spec"`
}

// PrometheusRuleSpec holds groups, each of which Prometheus evaluates in its order.
type PrometheusRuleSpec struct {
	Groups []RuleGroup `json:"groups"`
}

// RuleGroup is a list of rules; a rule sees what those above it have recorded.
type RuleGroup struct {
	Name string `json:"name"`
	// Labels are put on what every rule of the group gives (Prometheus 3.0 and later).
	Labels map[string]string `json:"labels,omitempty"`
	Rules  []Rule            `json:"rules"`
}

// Rule records a series or raises an alert: one of Record and Alert is set.
type Rule struct {
	Record      string            `json:"record,omitempty"`
	Alert       string            `json:"alert,omitempty"`
	Expr        string            `json:"expr"`
	For         string            `json:"for,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}
