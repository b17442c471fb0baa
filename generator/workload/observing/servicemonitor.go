package observing

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ServiceMonitor is the part of monitoring.coreos.com/v1 that we write. The
// prometheus-operator's own module would bring its versions of Kubernetes along;
// its CRD's schema checks this one in the tests.
type ServiceMonitor struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              ServiceMonitorSpec `json:"spec"`
}

// ServiceMonitorSpec says which Services Prometheus scrapes, and how.
type ServiceMonitorSpec struct {
	Selector  metav1.LabelSelector `json:"selector"`
	Endpoints []MonitorEndpoint    `json:"endpoints"`
	// SampleLimit fails a scrape that yields more series.
	SampleLimit uint64 `json:"sampleLimit,omitempty"`
}

// MonitorEndpoint is one port to scrape.
type MonitorEndpoint struct {
	Port        string              `json:"port"`
	Path        string              `json:"path"`
	Interval    string              `json:"interval"`
	Relabelings []MonitorRelabeling `json:"relabelings,omitempty"`
}

// MonitorRelabeling copies a label of the target onto its series.
type MonitorRelabeling struct {
	Action       string   `json:"action"`
	SourceLabels []string `json:"sourceLabels"`
	TargetLabel  string   `json:"targetLabel"`
}
