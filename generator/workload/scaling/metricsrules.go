package scaling

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// Names under which the adapter serves what is computed from several series. Each is
// one rule's: of several rules with a name and a kind of object, the adapter keeps the
// last that found a series, for the whole cluster (pkg/custom-provider,
// series_registry.go).
const (
	servedLatency        = "mlfleet_latency_p99_seconds"
	servedTritonLatency  = "mlfleet_triton_latency_p99_seconds"
	servedGPUUtilization = "mlfleet_gpu_utilization_percent"
	servedEngineActive   = "mlfleet_gpu_engine_active_percent"
)

// MetricsRules is what the metrics adapter of a cluster must serve for the models'
// HPAs, as the ConfigMap that prometheus-adapter's Helm chart takes under
// rules.existing. It stands where the adapter does, beside Prometheus. A cluster
// without an adapter has none, and neither has the platform's base.
func MetricsRules(c *fleet.Cluster) *corev1.ConfigMap {
	if c == nil || !c.Spec.Scaling.MetricsAdapter {
		return nil
	}
	config, err := yaml.Marshal(adapterConfig{Rules: adapterRules()})
	if err != nil {
		panic("marshalling the adapter's rules, which are plain text: " + err.Error())
	}
	meta := object.PlatformMeta("mlfleet-metrics-rules")
	meta.Namespace = c.Spec.Observability.Namespace
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: meta,
		Data:       map[string]string{"config.yaml": string(config)},
	}
}

// adapterConfig is the configuration of prometheus-adapter (its docs/config.md).
type adapterConfig struct {
	Rules []adapterRule `json:"rules"`
}

// adapterRule makes one metric of the custom.metrics.k8s.io API from series.
type adapterRule struct {
	// SeriesQuery finds the series, by which the adapter knows what there is.
	SeriesQuery string `json:"seriesQuery"`
	// Resources says which label of a series names which object.
	Resources adapterResources `json:"resources"`
	// Name is the metric's; the series' own without it.
	Name *adapterName `json:"name,omitempty"`
	// MetricsQuery is a template that the adapter fills in.
	MetricsQuery string `json:"metricsQuery"`
}

type adapterResources struct {
	Overrides map[string]adapterResource `json:"overrides"`
}

type adapterResource struct {
	Resource string `json:"resource"`
}

type adapterName struct {
	As string `json:"as"`
}

// adapterRules are the same in every cluster: the queries of query.go, for all
// models at once.
func adapterRules() []adapterRule {
	const perPod = `sum by (<<.GroupBy>>) (<<.Series>>{<<.LabelMatchers>>})`
	return []adapterRule{
		{fleet.ONNX.QueueMetric() + ofPods, labels("pod"), nil, perPod},
		{fleet.Triton.QueueMetric() + ofPods, labels("pod"), nil, perPod},
		{
			histogramSeries + ofServices, labels("service"), &adapterName{servedLatency},
			`histogram_quantile(0.99, sum by (le, <<.GroupBy>>) (rate(<<.Series>>{<<.LabelMatchers>>}[` + rateWindow + `])))`,
		},
		{
			summarySeries + ofServices, labels("service"), &adapterName{servedTritonLatency},
			`max by (<<.GroupBy>>) (<<.Series>>{<<.LabelMatchers>>,quantile="0.99"}) / 1e6`,
		},
		{contract.GPUUtilization + ofPods, labels("pod"), &adapterName{servedGPUUtilization}, averageOfGPUs},
		{contract.GPUEngineActive + ofPods, labels("pod"), &adapterName{servedEngineActive}, "100 * " + averageOfGPUs},
	}
}

// What a series has that can be told of an object.
const (
	ofPods     = `{namespace!="",pod!=""}`
	ofServices = `{namespace!="",service!=""}`
)

// averageOfGPUs is contract.GPUSeries for the pods that the adapter asks about. Whether
// Prometheus moved the holder's labels aside is found out by the query and not by the
// rule: then the exporter's own pod is in the labels by which the adapter finds the
// series, and a rule by the others could not tell an idle GPU from one whose labels were kept.
const averageOfGPUs = `avg by (<<.GroupBy>>) (` +
	`label_replace(<<.Series>>{exported_namespace="<<index .LabelValuesByName "namespace">>",exported_pod=~"<<index .LabelValuesByName "pod">>"}, "pod", "$1", "exported_pod", "(.+)")` +
	` or <<.Series>>{<<.LabelMatchers>>})`

// labels says which label names the namespace, and which the object of a kind: the
// kind's name does.
func labels(resource string) adapterResources {
	return adapterResources{Overrides: map[string]adapterResource{"namespace": {"namespace"}, resource: {resource}}}
}
