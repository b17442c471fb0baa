package admission

import admissionv1 "k8s.io/api/admissionregistration/v1"

// Probes has everything that keeps running be probed: without a readiness probe
// clients reach a server that has not loaded its model, without a liveness probe one
// that hangs stays, and without a startup probe a slow load is taken for a hang.
func Probes() *admissionv1.ValidatingAdmissionPolicy {
	return policy("mlfleet-probes", "servers are probed, so that clients reach only those that answer",
		servers(),
		[]admissionv1.Variable{
			{Name: "unprobed", Expression: `variables.pod.containers.filter(c, ` +
				`!has(c.startupProbe) || !has(c.readinessProbe) || !has(c.livenessProbe))`},
		},
		noneOf("unprobed", "These containers lack a probe",
			"Clients would reach a server before its model is loaded, or one that hangs: "+
				"set startupProbe, readinessProbe and livenessProbe (what runs once and ends belongs into a Job)."),
	)
}
