package object

// What nodes of a GPU pool say of themselves. Whoever makes the nodes sets these
// (the NodePools of package pools, or a managed node group's settings), and the
// models' pods ask for them.
const (
	// LabelGPUClass is on every node of a GPU pool.
	LabelGPUClass = "mlfleet.dev/gpu-class"
	// LabelGPUSharing is on the nodes of a pool whose GPUs are shared: mps or time-slicing.
	LabelGPUSharing = "mlfleet.dev/gpu-sharing"
	// TaintTenant keeps other tenants' pods off nodes that are dedicated to one. The
	// nodes have a label of the same name.
	TaintTenant = "mlfleet.dev/tenant"
	// TaintGPU keeps everything without a GPU request off nodes that cost many times
	// as much. Its key is the resource's name, as Kubernetes advises for such nodes
	// ("Taints and Tolerations", nodes with special hardware) and as NVIDIA's own
	// DaemonSets tolerate it.
	TaintGPU = "nvidia.com/gpu"
)

// Namespaces of the operators that the platform configures.
const (
	NamespaceGPUOperator = "gpu-operator"
	// NamespaceClusterAutoscaler is also where the cluster autoscaler looks for its
	// order of preference.
	NamespaceClusterAutoscaler = "kube-system"
)
