package observing

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AlertmanagerConfig is the part of monitoring.coreos.com/v1alpha1 that we write.
type AlertmanagerConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              AlertmanagerConfigSpec `json:"spec"`
}

// AlertmanagerConfigSpec says who is told of what. The Prometheus Operator adds to route and
// inhibitRules that an alert's label namespace is the object's own.
type AlertmanagerConfigSpec struct {
	Route        Route         `json:"route"`
	Receivers    []Receiver    `json:"receivers"`
	InhibitRules []InhibitRule `json:"inhibitRules,omitempty"`
}

// Route sends what matches to a receiver, and on to further routes.
type Route struct {
	Receiver       string    `json:"receiver"`
	Matchers       []Matcher `json:"matchers,omitempty"`
	GroupBy        []string  `json:"groupBy,omitempty"`
	GroupWait      string    `json:"groupWait,omitempty"`
	GroupInterval  string    `json:"groupInterval,omitempty"`
	RepeatInterval string    `json:"repeatInterval,omitempty"`
	Continue       bool      `json:"continue,omitempty"`
	Routes         []Route   `json:"routes,omitempty"`
}

// Matcher is a condition on an alert's label.
type Matcher struct {
	Name      string `json:"name"`
	Value     string `json:"value"`
	MatchType string `json:"matchType"`
}

// Receiver is who is told; one without configs tells nobody.
type Receiver struct {
	Name             string            `json:"name"`
	PagerDutyConfigs []PagerDutyConfig `json:"pagerdutyConfigs,omitempty"`
	SlackConfigs     []SlackConfig     `json:"slackConfigs,omitempty"`
}

// PagerDutyConfig is a service of PagerDuty.
type PagerDutyConfig struct {
	SendResolved bool       `json:"sendResolved"`
	RoutingKey   SecretKey  `json:"routingKey"`
	Severity     string     `json:"severity"`
	Description  string     `json:"description"`
	Details      []KeyValue `json:"details,omitempty"`
}

// SlackConfig is a channel of Slack.
type SlackConfig struct {
	SendResolved bool      `json:"sendResolved"`
	APIURL       SecretKey `json:"apiURL"`
	Channel      string    `json:"channel"`
	Title        string    `json:"title"`
	Text         string    `json:"text"`
}

// SecretKey is a key of a Secret in the object's namespace.
type SecretKey struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// KeyValue is a detail of an incident.
type KeyValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// InhibitRule mutes targets while a source fires that equals them in some labels.
type InhibitRule struct {
	SourceMatch []Matcher `json:"sourceMatch"`
	TargetMatch []Matcher `json:"targetMatch"`
	Equal       []string  `json:"equal"`
}
