package admission

import admissionv1 "k8s.io/api/admissionregistration/v1"

// NoHostAccess keeps pods inside their walls: whoever is on the node is with every
// other tenant's pods there. Pod Security "restricted" refuses the same by a label of
// the namespace; this stands when somebody takes the label off.
func NoHostAccess() *admissionv1.ValidatingAdmissionPolicy {
	const remedy = "Nodes are shared with other tenants: take it out. A model needs none of it."
	return policy("mlfleet-no-host-access", "pods cannot reach the node that they share with other tenants",
		everyPod(),
		[]admissionv1.Variable{
			{Name: "privileged", Expression: `variables.all.filter(c, ` +
				`has(c.securityContext) && has(c.securityContext.privileged) && c.securityContext.privileged)`},
			{Name: "hostPaths", Expression: `variables.volumes.filter(v, has(v.hostPath))`},
			{Name: "hostPorts", Expression: `variables.containers.filter(c, ` +
				`has(c.ports) && c.ports.exists(p, has(p.hostPort) && p.hostPort != 0))`},
		},
		admissionv1.Validation{
			Expression: `!(has(variables.pod.hostNetwork) && variables.pod.hostNetwork) && ` +
				`!(has(variables.pod.hostPID) && variables.pod.hostPID) && ` +
				`!(has(variables.pod.hostIPC) && variables.pod.hostIPC)`,
			Message: "The pod asks for the node's network, processes or memory (hostNetwork, hostPID, hostIPC). " + remedy,
		},
		noneOf("privileged", "These containers are privileged", remedy),
		noneOf("hostPaths", "These volumes are paths of the node (hostPath)", remedy),
		noneOf("hostPorts", "These containers take ports of the node (hostPort)", remedy),
	)
}
