package contract

// Paths are those of the Open Inference Protocol and of Triton, so that gateways,
// probes and monitors need not know which runtime it is.
const (
	LivePath    = "/v2/health/live"
	ReadyPath   = "/v2/health/ready"
	MetricsPath = "/metrics"

	// ModelsPath is followed by a model's name; below it are the requests of the Open
	// Inference Protocol. The repository extension, which loads and unloads, is not.
	ModelsPath = "/v2/models/"
	// PredictPath takes texts, where the model answers them.
	PredictPath = "/predict"

	// ModelRepository holds <model>/<version>/, as both servers expect it.
	ModelRepository = "/models"
	// SecretsPath is the folder with the secrets that a model wants as files.
	SecretsPath = "/run/secrets/mlfleet"
)

// The pins and containers of a model's pod.
const (
	// FetchPin is the pin of the image whose fetch command brings the artifact,
	// whichever server then loads it. Every placement with a model uses it.
	FetchPin = "inference"

	FetchContainer  = "fetch"
	ServerContainer = "server"
)

// Names of ports, for Services, probes and monitors.
const (
	HTTPPortName    = "http"
	GRPCPortName    = "grpc"
	MetricsPortName = "metrics"
)

// Environment variables of the contract.
const (
	EnvTenant          = "TENANT"
	EnvModelName       = "MODEL_NAME"
	EnvModelVersion    = "MODEL_VERSION"
	EnvRegion          = "REGION"
	EnvCluster         = "CLUSTER"
	EnvDevice          = "DEVICE"
	EnvGPUMemoryLimit  = "GPU_MEMORY_LIMIT"
	EnvMaxBatchSize    = "MAX_BATCH_SIZE"
	EnvMaxQueueDelay   = "MAX_QUEUE_DELAY"
	EnvDrainTimeout    = "DRAIN_TIMEOUT"
	EnvModelRepository = "MODEL_REPOSITORY"
	EnvArtifactURI     = "ARTIFACT_URI"
	EnvArtifactSHA256  = "ARTIFACT_SHA256"

	// What fetch needs for an object store that is not S3, as AWS' own clients call it.
	EnvS3Endpoint      = "AWS_ENDPOINT_URL_S3"
	EnvAccessKeyID     = "AWS_ACCESS_KEY_ID"
	EnvSecretAccessKey = "AWS_SECRET_ACCESS_KEY"
)
