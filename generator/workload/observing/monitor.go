package observing

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

const (
	// scrapeInterval is the fastest that scaling up can react.
	scrapeInterval = "15s"

	// sampleLimit is many times what a server exposes (some hundred series), and
	// keeps one tenant's runaway labels from filling everybody's Prometheus.
	sampleLimit = 5000

	// releaseLabel is what the Prometheus of kube-prometheus-stack selects monitors and
	// rules by.
	releaseLabel = "release"
)

// ModelMonitor has Prometheus scrape every replica. It puts tenant, model,
// environment and cluster on all series, from the Service's labels: what a server
// says of itself under these names does not count and ends up in exported_*.
func ModelMonitor(p *fleet.Placement, m *fleet.Model) *ServiceMonitor {
	meta := object.ModelMeta(p, m)
	selectedByPrometheus(&meta, p)
	return &ServiceMonitor{
		TypeMeta:   metav1.TypeMeta{APIVersion: "monitoring.coreos.com/v1", Kind: "ServiceMonitor"},
		ObjectMeta: meta,
		Spec: ServiceMonitorSpec{
			Selector: metav1.LabelSelector{MatchLabels: object.ModelSelector(p.Tenant, m)},
			Endpoints: []MonitorEndpoint{{
				Port:     contract.MetricsPortName,
				Path:     contract.MetricsPath,
				Interval: scrapeInterval,
				Relabelings: []MonitorRelabeling{
					fromServiceLabel(object.LabelTenant, "tenant"),
					fromServiceLabel(object.LabelModel, "model"),
					fromServiceLabel(object.LabelEnvironment, "environment"),
					fromServiceLabel(object.LabelCluster, "cluster"),
				},
			}},
			SampleLimit: sampleLimit,
		},
	}
}

// selectedByPrometheus labels what the cluster's Prometheus should take up.
func selectedByPrometheus(meta *metav1.ObjectMeta, p *fleet.Placement) {
	if p.Cluster != nil && p.Cluster.Spec.Observability.Release != "" {
		meta.Labels[releaseLabel] = p.Cluster.Spec.Observability.Release
	}
}

// fromServiceLabel reads a label of the Service as Prometheus' service discovery
// names it: characters that a Prometheus label cannot have become underscores.
func fromServiceLabel(label, series string) MonitorRelabeling {
	escaped := strings.NewReplacer(".", "_", "/", "_", "-", "_").Replace(label)
	return MonitorRelabeling{
		Action:       "replace",
		SourceLabels: []string{"__meta_kubernetes_service_label_" + escaped},
		TargetLabel:  series,
	}
}
