package serving

import (
	"math"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/object"
	"github.com/mlfleet/mlfleet/generator/workload/seconds"
)

// server is the container that serves the model.
func server(p *fleet.Placement, m *fleet.Model) corev1.Container {
	c := corev1.Container{
		Name:  contract.ServerContainer,
		Image: m.Spec.Image,
		Env:   append(serverEnvironment(p, m), secretEnvironment(m)...),
		Ports: []corev1.ContainerPort{
			{Name: contract.HTTPPortName, ContainerPort: contract.PortHTTP, Protocol: corev1.ProtocolTCP},
			{Name: contract.GRPCPortName, ContainerPort: contract.PortGRPC, Protocol: corev1.ProtocolTCP},
			{Name: contract.MetricsPortName, ContainerPort: contract.PortMetrics, Protocol: corev1.ProtocolTCP},
		},
		Resources:                guaranteed(serverResources(m)),
		VolumeMounts:             serverMounts(m),
		StartupProbe:             startupProbe(m),
		ReadinessProbe:           readinessProbe(),
		LivenessProbe:            livenessProbe(),
		Lifecycle:                preStop(m),
		SecurityContext:          containerSecurityContext(),
		ImagePullPolicy:          corev1.PullIfNotPresent,
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
	if m.Spec.Runtime == fleet.Triton {
		c.Command = []string{"tritonserver"}
		c.Args = tritonArguments(m)
		c.Env = append(c.Env, tritonEnvironment()...)
		return c
	}
	c.Args = []string{"serve"}
	c.Env = append(c.Env, gpuMemoryLimit(p, m))
	c.Env = append(c.Env, tracing(p)...)
	return c
}

// serverEnvironment is the contract's environment. What must agree with the files
// that fetch brought stands here literally, so that it lives and dies with the
// ReplicaSet: read from the ConfigMap, an old pod that restarts in the middle of a
// rollout would look for the new version and never come back.
func serverEnvironment(p *fleet.Placement, m *fleet.Model) []corev1.EnvVar {
	return []corev1.EnvVar{
		literal(contract.EnvTenant, p.Tenant.Name),
		literal(contract.EnvModelName, m.Served()),
		literal(contract.EnvModelVersion, m.Spec.Version),
		literal(contract.EnvModelRepository, contract.ModelRepository),
		fromField(contract.EnvRegion, "metadata.labels['"+object.LabelRegion+"']"),
		fromField(contract.EnvCluster, "metadata.labels['"+object.LabelCluster+"']"),
		literal(contract.EnvDevice, device(m)),
		fromConfigMap(contract.EnvMaxBatchSize, m),
		fromConfigMap(contract.EnvMaxQueueDelay, m),
		literal(contract.EnvDrainTimeout, drainTimeout(m).String()),
		// Libraries keep caches (compiled kernels) below HOME, and the root is read-only.
		literal("HOME", tmpPath),
	}
}

// device is what the server must run on: with cuda it fails to start rather than
// fall back to the CPU unseen.
func device(m *fleet.Model) string {
	if m.Spec.GPU == nil {
		return "cpu"
	}
	return "cuda"
}

// gpuMemoryLimit keeps the server to its share of a GPU that others use as well:
// the driver gives memory to whoever asks first. 0 is no limit. How Triton uses
// memory is the model's own configuration's to say.
func gpuMemoryLimit(p *fleet.Placement, m *fleet.Model) corev1.EnvVar {
	return literal(contract.EnvGPUMemoryLimit, resource.NewQuantity(memoryShare(p, m), resource.BinarySI).String())
}

// memoryShare is the smallest share that a pool offers which may take the replica;
// 0 where the replica shares no GPU, or the share is too small, which is reported.
func memoryShare(p *fleet.Placement, m *fleet.Model) int64 {
	if p.Cluster == nil || m.Spec.GPU == nil || !m.Spec.GPU.Shared() {
		return 0
	}
	least := int64(math.MaxInt64)
	for _, pool := range p.Cluster.Spec.GPUPools {
		if pool.Offers(m.Spec.GPU, m.Spec.Capacity, p.Tenant.Name) {
			least = min(least, pool.MemoryShare(pool.Sharing.Replicas))
		}
	}
	if least == math.MaxInt64 {
		return 0
	}
	return max(least, 0)
}

// literal is a variable with exactly this value. The kubelet expands $(NAME) in
// values, and takes $$ for a dollar; a tenant's text must not reach other variables.
func literal(name, value string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, Value: strings.ReplaceAll(value, "$", "$$")}
}

func fromField(name, path string) corev1.EnvVar {
	return corev1.EnvVar{
		Name: name,
		ValueFrom: &corev1.EnvVarSource{
			FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: path},
		},
	}
}

func fromConfigMap(name string, m *fleet.Model) corev1.EnvVar {
	return corev1.EnvVar{
		Name: name,
		ValueFrom: &corev1.EnvVarSource{
			ConfigMapKeyRef: &corev1.ConfigMapKeySelector{
				LocalObjectReference: corev1.LocalObjectReference{Name: m.Name},
				Key:                  name,
			},
		},
	}
}

func serverMounts(m *fleet.Model) []corev1.VolumeMount {
	mounts := []corev1.VolumeMount{
		modelsMount(m, true),
		{Name: tmpVolume, MountPath: tmpPath},
	}
	if needsSharedMemory(m) {
		mounts = append(mounts, corev1.VolumeMount{Name: shmVolume, MountPath: shmPath})
	}
	if len(secretFiles(m)) > 0 {
		mounts = append(mounts, corev1.VolumeMount{Name: secretsVolume, MountPath: contract.SecretsPath, ReadOnly: true})
	}
	return mounts
}

const (
	// startupPeriod is short: every second of it is a second that a scaled-up pod
	// stands ready and unused.
	startupPeriod = 5 * time.Second

	readinessPeriod = 5 * time.Second
	// readinessFailures takes a pod out after 15 s, not for one slow answer.
	readinessFailures = 3

	livenessPeriod = 10 * time.Second
	// livenessFailures is a whole minute: a restart throws loaded weights and a warm
	// GPU away, so that only a server that is really stuck should get one.
	livenessFailures = 6

	// probeTimeout leaves a server under full load the time to answer.
	probeTimeout = 5 * time.Second
)

// startupProbe gives the server its whole startup timeout before the other
// probes begin.
func startupProbe(m *fleet.Model) *corev1.Probe {
	failures := max(seconds.Ceil(m.Spec.Startup.Timeout.Duration, startupPeriod), 1)
	return probe(contract.ReadyPath, startupPeriod, int32(failures))
}

func readinessProbe() *corev1.Probe {
	return probe(contract.ReadyPath, readinessPeriod, readinessFailures)
}

func livenessProbe() *corev1.Probe {
	return probe(contract.LivePath, livenessPeriod, livenessFailures)
}

func probe(path string, period time.Duration, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler: corev1.ProbeHandler{
			HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromString(contract.HTTPPortName)},
		},
		PeriodSeconds:    seconds.Whole(period),
		TimeoutSeconds:   seconds.Whole(probeTimeout),
		FailureThreshold: failures,
	}
}

// preStop keeps the server serving while load balancers and kube-proxies forget
// the pod. The kubelet itself sleeps: the images have no shell.
func preStop(m *fleet.Model) *corev1.Lifecycle {
	if m.Spec.Shutdown.PreStop.Duration <= 0 {
		return nil
	}
	return &corev1.Lifecycle{
		PreStop: &corev1.LifecycleHandler{
			Sleep: &corev1.SleepAction{Seconds: int64(seconds.Whole(m.Spec.Shutdown.PreStop.Duration))},
		},
	}
}

// exitMargin is left between the end of the drain and the kill, for a server to
// free its GPU in order.
const exitMargin = 5 * time.Second

// drainTimeout is how long the server may finish accepted requests after SIGTERM,
// in whole seconds: what the grace period (which begins with preStop) leaves. At
// least a second, at the cost of the margin.
func drainTimeout(m *fleet.Model) time.Duration {
	left := time.Duration(seconds.Whole(m.Spec.Shutdown.GracePeriod.Duration)) * time.Second
	if hook := preStop(m); hook != nil {
		left -= time.Duration(hook.PreStop.Sleep.Seconds) * time.Second
	}
	return max(left-exitMargin, time.Second)
}
