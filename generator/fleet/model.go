package fleet

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Model is one model as it runs in one placement: defaults filled in, overrides applied.
type Model struct {
	Name string
	// Position is where the model's file begins.
	Position
	Spec ModelSpec
	// Origins tells where each value of Spec came from.
	Origins Origins
	// CanaryOf is the name of the model that this one is the canary of; "" for every
	// model that stands in a file.
	CanaryOf string
	// Plan is where Spec.Replicas and the schedules are from, nil where somebody set them.
	Plan *CapacityPlan
}

// SleepsAtZero says whether the model may have no replicas. Then nothing that counts
// its pods can expect one.
func (m *Model) SleepsAtZero() bool { return m.Spec.Replicas.Min == 0 }

// Origins answers where a value came from.
type Origins interface {
	// Origin returns the origin of the value at a path of field names, such as
	// "replicas", "max"; of the nearest enclosing value where that one is not set.
	Origin(path ...string) Origin
}

// Origin is the input line, or the default, that gave a value.
type Origin struct {
	Position
	// Layer names who set it: "schema default", "environment production", "tier
	// gold", "tenant acme", "model sentiment", "override 2 of model sentiment".
	Layer string
}

// SchemaDefault is the layer of the defaults that stand in cue/.
const SchemaDefault = "schema default"

// TrafficLayer begins the name of the layer of replicas and schedules that were
// computed from the traffic of another layer, whose name follows.
const TrafficLayer = "traffic of the "

// Runtime is the server that runs a model.
type Runtime string

// The runtimes.
const (
	ONNX   Runtime = "onnx"   // mlfleet's own inference server
	Triton Runtime = "triton" // NVIDIA Triton Inference Server
)

// QueueMetric is the runtime's own gauge of waiting requests, which autoscaling and alerts read.
func (r Runtime) QueueMetric() string {
	if r == Triton {
		return "nv_inference_pending_request_count" // Triton's metrics.md, "Pending Request Count"
	}
	return "inference_queue_length" // docs/contract.md
}

// ModelSpec is a model's settings in one placement.
type ModelSpec struct {
	Description string   `json:"description,omitempty"`
	Version     string   `json:"version"`
	Runtime     Runtime  `json:"runtime"`
	Image       string   `json:"image"` // the pin's name
	Artifact    Artifact `json:"artifact"`
	// GPU is nil for a model that runs on CPUs.
	GPU *GPU `json:"-"`
	// Capacity restricts the nodes to one capacity type; empty = any.
	Capacity  CapacityType `json:"capacity,omitempty"`
	Resources Resources    `json:"resources"`
	Replicas  Replicas     `json:"replicas"`
	Scaling   Scaling      `json:"scaling"`
	Batching  Batching     `json:"batching"`
	Startup   Startup      `json:"startup"`
	Shutdown  Shutdown     `json:"shutdown"`
	SLO       SLO          `json:"slo"`
	Expose    *Expose      `json:"expose,omitempty"`
	Canary    *Canary      `json:"canary,omitempty"`
	Secrets   []Secret     `json:"secrets,omitempty"`
	// Storage is nil where every replica downloads to its node's disk.
	Storage *Storage `json:"storage,omitempty"`
}

// Artifact is a folder of model files in an object store, with a SHA256SUMS file.
type Artifact struct {
	URI string `json:"uri"`
	// SHA256 is the sha256 (64 hex digits) of the SHA256SUMS file.
	SHA256 string `json:"sha256"`
}

// Exclusive is the sharing mode of whole GPUs.
const Exclusive = "exclusive"

// GPU is what one replica asks for.
type GPU struct {
	Class string `json:"class"`
	Count int    `json:"count"`
	// Sharing is exclusive, mps, time-slicing or mig-<profile>.
	Sharing string `json:"sharing"`
}

// MIGProfile is the MIG profile asked for ("1g.10gb"), or "".
func (g *GPU) MIGProfile() string {
	profile, ok := strings.CutPrefix(g.Sharing, "mig-")
	if !ok {
		return ""
	}
	return profile
}

// Shared says whether the replica shares its GPU without isolation.
func (g *GPU) Shared() bool { return g.Sharing == "mps" || g.Sharing == "time-slicing" }

// Resource is the extended resource that a container requests, as NVIDIA's
// device plugin names it (MIG strategy "mixed"; sharing with renameByDefault).
func (g *GPU) Resource() string {
	switch {
	case g.MIGProfile() != "":
		return "nvidia.com/mig-" + g.MIGProfile()
	case g.Shared():
		return "nvidia.com/gpu.shared"
	default:
		return "nvidia.com/gpu"
	}
}

// Resources are requested and, being equal to the limits, guaranteed.
type Resources struct {
	CPU    Quantity `json:"cpu"`
	Memory Quantity `json:"memory"`
}

// Replicas bound the number of pods. Equal numbers mean that nothing scales them.
type Replicas struct {
	Min int32 `json:"min"`
	Max int32 `json:"max"`
}

// Fixed says whether the number of replicas never changes.
func (r Replicas) Fixed() bool { return r.Min == r.Max }

// Batching is how the server collects requests.
type Batching struct {
	MaxSize  int32           `json:"maxSize"`  // requests
	MaxDelay metav1.Duration `json:"maxDelay"` // what a request waits for company
}

// Startup is how long a pod may take from start to ready: download, load, warm-up.
type Startup struct {
	Timeout metav1.Duration `json:"timeout"`
}

// Shutdown is how a pod ends: it keeps serving for PreStop, while the load
// balancers forget it, then drains, and is killed after GracePeriod (which
// includes PreStop).
type Shutdown struct {
	PreStop     metav1.Duration `json:"preStop"`
	GracePeriod metav1.Duration `json:"gracePeriod"`
}

// SLO is what the tenant was promised.
type SLO struct {
	LatencyP99   metav1.Duration `json:"latencyP99"`
	Availability string          `json:"availability"` // percent: "99.9"
}
