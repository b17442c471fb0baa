package object

// Annotations that tell people and tools about a model.
const (
	// AnnotationConfigHash changes when the model's ConfigMap does, and so makes new pods.
	AnnotationConfigHash = "mlfleet.dev/config-hash"
	// AnnotationHostname is the full DNS name under which a model is exposed.
	AnnotationHostname = "mlfleet.dev/hostname"
	// AnnotationDescription is the tenant's own description of the model.
	AnnotationDescription = "mlfleet.dev/description"
	// AnnotationLatencyP99 is the promised 99th percentile, as a Go duration.
	AnnotationLatencyP99 = "mlfleet.dev/slo-latency-p99"
	// AnnotationAvailability is the promised availability in percent.
	AnnotationAvailability = "mlfleet.dev/slo-availability"
)
