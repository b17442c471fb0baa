package fleet

import "strconv"

// Traces is the OpenTelemetry collector that a cluster's pods send traces to.
type Traces struct {
	Service   string `json:"service"`
	Namespace string `json:"namespace"`
}

// PortOTLP is where a collector takes traces over gRPC (OpenTelemetry protocol exporter
// specification).
const PortOTLP int32 = 4317

// Endpoint is the collector's URL, for OTEL_EXPORTER_OTLP_ENDPOINT.
func (t *Traces) Endpoint() string {
	return "http://" + t.Service + "." + t.Namespace + ".svc:" + strconv.Itoa(int(PortOTLP))
}
