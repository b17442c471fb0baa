package admission

import admissionv1 "k8s.io/api/admissionregistration/v1"

// ResourceRequests has every container say how much CPU and memory it needs. The
// tenant's LimitRange gives small amounts to those that do not, in the pod and unseen
// by the author of its controller; a model server that runs on them is evicted later,
// under load.
func ResourceRequests() *admissionv1.ValidatingAdmissionPolicy {
	return policy("mlfleet-resource-requests", "containers say what they need, so that they are placed and counted by it",
		everyPod(),
		[]admissionv1.Variable{
			{Name: "unsized", Expression: `variables.containers.filter(c, !has(c.resources) || !has(c.resources.requests) || ` +
				`!('cpu' in c.resources.requests) || !('memory' in c.resources.requests))`},
		},
		noneOf("unsized", "These containers do not request CPU and memory",
			"Without, a server gets almost nothing and is the first to be evicted: "+
				"set resources in the model's file (resources.requests.cpu and resources.requests.memory of the container)."),
	)
}
