package contract

import "strconv"

// The DCGM exporter's metrics, from its default list (etc/default-counters.csv of
// NVIDIA/dcgm-exporter).
const (
	// GPUUtilization is percent of the time; DCGM has none for MIG instances.
	GPUUtilization = "DCGM_FI_DEV_GPU_UTIL"
	// GPUEngineActive is the like as 0 to 1, also of a MIG instance.
	GPUEngineActive = "DCGM_FI_PROF_GR_ENGINE_ACTIVE"
	// GPUMemoryUsed and GPUMemoryFree are MiB of frame buffer.
	GPUMemoryUsed = "DCGM_FI_DEV_FB_USED"
	GPUMemoryFree = "DCGM_FI_DEV_FB_FREE"
)

// podTail is what a ReplicaSet and a Deployment add to a pod's name: a hash of the
// template, and five characters (k8s.io/apimachinery/pkg/util/rand, whose alphabet has no
// hyphen). The second hyphen falls away where a name would be too long: names are made of
// at most 58 characters and those five (k8s.io/apiserver/pkg/storage/names).
const podTail = "-[a-z0-9]{1,10}-?[a-z0-9]{5}"

// PodPattern is a regular expression for the names of a model's pods: "ranker" has those
// of neither "ranker-large" nor "ranker-canary". model may be an expression itself.
func PodPattern(model string) string { return model + podTail }

// GPUSeries is a PromQL expression for a DCGM metric of the GPUs that pods of a namespace
// hold. Whose GPU it is stands in labels that Prometheus either moves aside, because the
// exporter is a pod itself (the default of the exporter's chart and of the GPU operator's),
// or keeps (honorLabels); one of the two has series. In both cases their label pod is the
// name of the pod that holds the GPU.
func GPUSeries(metric, namespace, pods string) string {
	namespace, pods = strconv.Quote(namespace), strconv.Quote(pods)
	return `(label_replace(` + metric + `{exported_namespace=` + namespace + `,exported_pod=~` + pods + `}, "pod", "$1", "exported_pod", "(.+)")` +
		` or ` + metric + `{namespace=` + namespace + `,pod=~` + pods + `})`
}
