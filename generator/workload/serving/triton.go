package serving

import (
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
)

const envPodUID = "POD_UID"

// tritonArguments start Triton on the one model that fetch put into the
// repository. How it batches and how many instances it runs is the model's own
// config.pbtxt's to say; only for a model without one does Triton complete the
// configuration itself, with the batch size given here.
//
// The control mode is none, not explicit: the repository holds nothing else to
// choose from, and clients cannot unload the model or load another ("Secure
// Deployment Considerations" of Triton's documentation: dynamic updates can lead
// to the execution of arbitrary code). The remaining interfaces that change the
// server ask for a header with the pod's UID, which only those know who may read
// the pod.
func tritonArguments(m *fleet.Model) []string {
	const administration = "model-repository,shared-memory,trace,logging:mlfleet-admin=$(" + envPodUID + ")"
	return []string{
		"--model-repository=" + contract.ModelRepository,
		"--model-control-mode=none",
		"--exit-on-error=true",
		"--strict-readiness=true",
		"--backend-config=default-max-batch-size=$(" + contract.EnvMaxBatchSize + ")",
		"--http-port=" + strconv.Itoa(int(contract.PortHTTP)),
		"--http-restricted-api=" + administration,
		"--grpc-port=" + strconv.Itoa(int(contract.PortGRPC)),
		"--grpc-restricted-protocol=" + administration,
		"--allow-metrics=true",
		"--metrics-port=" + strconv.Itoa(int(contract.PortMetrics)),
		// Without it there is no percentile of latency to see or to alert on.
		"--metrics-config=summary_latencies=true",
		"--exit-timeout-secs=" + strconv.Itoa(int(drainTimeout(m)/time.Second)),
	}
}

// tritonEnvironment is what the arguments refer to; the kubelet puts it in.
func tritonEnvironment() []corev1.EnvVar {
	return []corev1.EnvVar{fromField(envPodUID, "metadata.uid")}
}
