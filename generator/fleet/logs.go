package fleet

import "cmp"

// Logs is where a cluster's Fluent Bit sends what the models' pods write. One of Loki
// and CloudWatch is set.
type Logs struct {
	// Namespace is that of Fluent Bit's pods.
	Namespace  string      `json:"namespace"`
	Loki       *Loki       `json:"loki,omitempty"`
	CloudWatch *CloudWatch `json:"cloudwatch,omitempty"`
}

// Loki is a Service of the cluster that takes log lines.
type Loki struct {
	Service   string `json:"service"`
	Namespace string `json:"namespace"`
	// Port is 0 for Loki's own, see Address.
	Port int `json:"port,omitempty"`
}

// Address is where Loki takes log lines; without a word about the port, at the one that
// Loki listens on by default.
func (l *Loki) Address() (host string, port int) {
	return l.Service + "." + l.Namespace + ".svc", cmp.Or(l.Port, 3100)
}

// CloudWatch is CloudWatch Logs of the cluster's region.
type CloudWatch struct {
	// RetentionDays is 0 for ever.
	RetentionDays int `json:"retentionDays,omitempty"`
}
