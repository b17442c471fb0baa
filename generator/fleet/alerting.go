package fleet

// Alerts is where an owner wants to be told of a model in trouble. At least one is set.
type Alerts struct {
	// PagerDuty is a Secret in the tenant's namespace; its key "routing-key" is a service's
	// integration key.
	PagerDuty string `json:"pagerduty,omitempty"`
	Slack     *Slack `json:"slack,omitempty"`
}

// Slack is a channel, and the Secret in the tenant's namespace whose key "url" is an incoming
// webhook.
type Slack struct {
	Secret  string `json:"secret"`
	Channel string `json:"channel"` // "#acme-alerts"
}
