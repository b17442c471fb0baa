package serving

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// tracedShare is the share of requests that are traced where the caller does not say: traces are
// for finding out where time goes, for which one in a hundred is plenty, and every one costs.
const tracedShare = "0.01"

// tracing has the included server send traces to the cluster's collector. OpenTelemetry takes an
// empty endpoint for none, so the variables are there in any case and the list keeps its shape.
func tracing(p *fleet.Placement) []corev1.EnvVar {
	endpoint := ""
	if p.Cluster != nil && p.Cluster.Spec.Observability.Traces != nil {
		endpoint = p.Cluster.Spec.Observability.Traces.Endpoint()
	}
	return []corev1.EnvVar{
		literal("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
		// A caller that traces its request decides for the server too.
		literal("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
		literal("OTEL_TRACES_SAMPLER_ARG", tracedShare),
	}
}
