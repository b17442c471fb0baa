package workload

// What the generator and the servers have agreed on (docs/contract.md), beside
// the ports. Paths are those of the Open Inference Protocol and of Triton, so that
// gateways, probes and monitors need not know which runtime it is.
const (
	livePath    = "/v2/health/live"
	readyPath   = "/v2/health/ready"
	metricsPath = "/metrics"

	// modelRepository holds <model>/<version>/, as both servers expect it.
	modelRepository = "/models"
)

// The pins and containers of a model's pod.
const (
	// FetchPin is the pin of the image whose fetch command brings the artifact,
	// whichever server then loads it. Every placement with a model uses it.
	FetchPin = "inference"

	fetchContainer  = "fetch"
	serverContainer = "server"
)

// Names of ports, for Services, probes and monitors.
const (
	httpPortName    = "http"
	grpcPortName    = "grpc"
	metricsPortName = "metrics"
)

// Environment variables of the contract.
const (
	envTenant          = "TENANT"
	envModelName       = "MODEL_NAME"
	envModelVersion    = "MODEL_VERSION"
	envRegion          = "REGION"
	envCluster         = "CLUSTER"
	envDevice          = "DEVICE"
	envMaxBatchSize    = "MAX_BATCH_SIZE"
	envMaxQueueDelay   = "MAX_QUEUE_DELAY"
	envDrainTimeout    = "DRAIN_TIMEOUT"
	envModelRepository = "MODEL_REPOSITORY"
	envArtifactURI     = "ARTIFACT_URI"
	envArtifactSHA256  = "ARTIFACT_SHA256"
)

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
