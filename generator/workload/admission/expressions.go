package admission

import (
	"strconv"

	admissionv1 "k8s.io/api/admissionregistration/v1"
)

// Expressions are in CEL. The objects are of many kinds, so they go through dyn():
// otherwise the API server would check each path against each kind and warn of all
// that only other kinds have.

// specChanges lets updates pass that leave the spec as it is, also those of objects
// that a policy came too late for.
const specChanges = `oldObject == null || dyn(object).spec != dyn(oldObject).spec`

// podVariables are the pod's spec wherever the object has it, its containers with the
// init containers, and all containers, with those that were added while it ran.
func podVariables() []admissionv1.Variable {
	return []admissionv1.Variable{
		{Name: "pod", Expression: `dyn(object).kind == 'Pod' ? dyn(object).spec : ` +
			`dyn(object).kind == 'CronJob' ? dyn(object).spec.jobTemplate.spec.template.spec : ` +
			`dyn(object).spec.template.spec`},
		{Name: "containers", Expression: `variables.pod.containers + ` +
			`(has(variables.pod.initContainers) ? variables.pod.initContainers : [])`},
		{Name: "all", Expression: `variables.containers + ` +
			`(has(variables.pod.ephemeralContainers) ? variables.pod.ephemeralContainers : [])`},
		{Name: "volumes", Expression: `has(variables.pod.volumes) ? variables.pod.volumes : []`},
	}
}

// noneOf holds where the variable, a list of things with names, is empty. The message
// is the problem, the names and what to do about them.
func noneOf(variable, problem, remedy string) admissionv1.Validation {
	return admissionv1.Validation{
		Expression: `size(variables.` + variable + `) == 0`,
		// The API server falls back to this one when the other grows too long.
		Message: problem + ". " + remedy,
		MessageExpression: strconv.Quote(problem+": ") + ` + variables.` + variable + `.map(x, x.name).join(", ") + ` +
			strconv.Quote(". "+remedy),
	}
}
