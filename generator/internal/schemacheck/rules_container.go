package schemacheck

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// podContext is what a container's fields may refer to in its pod.
type podContext struct {
	volumes []string
	grace   int64           // seconds between SIGTERM and SIGKILL
	names   map[string]bool // of the containers so far, init containers included
}

func (pod *podContext) container(c *corev1.Container, path *field.Path) field.ErrorList {
	found := messages(path.Child("name"), c.Name, validation.IsDNS1123Label(c.Name))
	if pod.names[c.Name] {
		found = append(found, field.Duplicate(path.Child("name"), c.Name))
	}
	pod.names[c.Name] = true
	if c.Image == "" || strings.TrimSpace(c.Image) != c.Image {
		found = append(found, field.Invalid(path.Child("image"), c.Image, "must not be empty and not begin or end with a space"))
	}
	for i, port := range c.Ports {
		found = append(found, containerPort(port, path.Child("ports").Index(i))...)
	}
	for i, env := range c.Env {
		found = append(found, envVar(env, path.Child("env").Index(i))...)
	}
	for i, from := range c.EnvFrom {
		if setPointers(from) != 1 {
			found = append(found, field.Invalid(path.Child("envFrom").Index(i), "", "must have exactly one of configMapRef and secretRef"))
		}
	}
	found = append(found, pod.mounts(c.VolumeMounts, path.Child("volumeMounts"))...)
	found = append(found, requirements(c.Resources.Requests, c.Resources.Limits, path.Child("resources"))...)
	found = append(found, probe(c.StartupProbe, c.Ports, true, path.Child("startupProbe"))...)
	found = append(found, probe(c.ReadinessProbe, c.Ports, false, path.Child("readinessProbe"))...)
	found = append(found, probe(c.LivenessProbe, c.Ports, true, path.Child("livenessProbe"))...)
	found = append(found, pod.lifecycle(c.Lifecycle, path.Child("lifecycle"))...)
	if s := c.SecurityContext; s != nil {
		at := path.Child("securityContext")
		found = append(found, userAndGroup(s.RunAsUser, s.RunAsGroup, s.SeccompProfile, at)...)
		mayNot := s.AllowPrivilegeEscalation != nil && !*s.AllowPrivilegeEscalation
		if mayNot && s.Privileged != nil && *s.Privileged {
			found = append(found, field.Invalid(at, "", "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"))
		}
		if mayNot && s.Capabilities != nil && (slices.Contains(s.Capabilities.Add, "SYS_ADMIN") || slices.Contains(s.Capabilities.Add, "CAP_SYS_ADMIN")) {
			found = append(found, field.Invalid(at, "", "cannot set `allowPrivilegeEscalation` to false and add CAP_SYS_ADMIN"))
		}
	}
	return found
}

func containerPort(p corev1.ContainerPort, path *field.Path) field.ErrorList {
	found := messages(path.Child("containerPort"), p.ContainerPort, validation.IsValidPortNum(int(p.ContainerPort)))
	if p.Name != "" {
		found = append(found, messages(path.Child("name"), p.Name, validation.IsValidPortName(p.Name))...)
	}
	if p.HostPort != 0 {
		found = append(found, messages(path.Child("hostPort"), p.HostPort, validation.IsValidPortNum(int(p.HostPort)))...)
	}
	return found
}

func envVar(e corev1.EnvVar, path *field.Path) field.ErrorList {
	// Since 1.34 nearly any name is taken; no shell can read most of those.
	found := messages(path.Child("name"), e.Name, validation.IsEnvVarName(e.Name))
	if e.ValueFrom == nil {
		return found
	}
	if e.Value != "" {
		found = append(found, field.Invalid(path.Child("valueFrom"), "", "may not be specified when `value` is not empty"))
	}
	if setPointers(*e.ValueFrom) != 1 {
		found = append(found, field.Invalid(path.Child("valueFrom"), "", "must have exactly one source"))
	}
	return found
}

func (pod *podContext) mounts(list []corev1.VolumeMount, path *field.Path) field.ErrorList {
	var found field.ErrorList
	for i, m := range list {
		at := path.Index(i)
		if !slices.Contains(pod.volumes, m.Name) {
			found = append(found, field.NotFound(at.Child("name"), m.Name))
		}
		if m.MountPath == "" {
			found = append(found, field.Required(at.Child("mountPath"), ""))
		}
		for name, p := range map[string]string{"subPath": m.SubPath, "subPathExpr": m.SubPathExpr} {
			if strings.HasPrefix(p, "/") || slices.Contains(strings.Split(p, "/"), "..") {
				found = append(found, field.Invalid(at.Child(name), p, "must be a relative path without '..'"))
			}
		}
	}
	return found
}

// probe judges a probe; once says that one success is enough by definition.
func probe(p *corev1.Probe, ports []corev1.ContainerPort, once bool, path *field.Path) field.ErrorList {
	if p == nil {
		return nil
	}
	found := handler(p.ProbeHandler, ports, path)
	for name, n := range map[string]int32{
		"initialDelaySeconds": p.InitialDelaySeconds, "timeoutSeconds": p.TimeoutSeconds, "periodSeconds": p.PeriodSeconds,
		"successThreshold": p.SuccessThreshold, "failureThreshold": p.FailureThreshold,
	} {
		found = append(found, atLeast(path.Child(name), &n, 0)...)
	}
	if once && p.SuccessThreshold > 1 {
		found = append(found, field.Invalid(path.Child("successThreshold"), p.SuccessThreshold, "must be 1"))
	}
	return found
}

func handler(h corev1.ProbeHandler, ports []corev1.ContainerPort, path *field.Path) field.ErrorList {
	var found field.ErrorList
	if setPointers(h) != 1 {
		found = append(found, field.Invalid(path, "", "must have exactly one handler type"))
	}
	switch {
	case h.HTTPGet != nil:
		found = append(found, portOf(h.HTTPGet.Port, ports, path.Child("httpGet", "port"))...)
	case h.TCPSocket != nil:
		found = append(found, portOf(h.TCPSocket.Port, ports, path.Child("tcpSocket", "port"))...)
	case h.GRPC != nil:
		found = append(found, messages(path.Child("grpc", "port"), h.GRPC.Port, validation.IsValidPortNum(int(h.GRPC.Port)))...)
	case h.Exec != nil && len(h.Exec.Command) == 0:
		found = append(found, field.Required(path.Child("exec", "command"), ""))
	}
	return found
}

// portOf wants a number or the name of one of the container's ports. The API server
// takes any name; the kubelet then fails the probe.
func portOf(port intstr.IntOrString, ports []corev1.ContainerPort, path *field.Path) field.ErrorList {
	if port.Type == intstr.Int {
		return messages(path, port.IntVal, validation.IsValidPortNum(int(port.IntVal)))
	}
	if slices.ContainsFunc(ports, func(p corev1.ContainerPort) bool { return p.Name == port.StrVal }) {
		return nil
	}
	return field.ErrorList{field.Invalid(path, port.StrVal, "the container has no port of this name")}
}

func (pod *podContext) lifecycle(l *corev1.Lifecycle, path *field.Path) field.ErrorList {
	if l == nil {
		return nil
	}
	var found field.ErrorList
	for name, h := range map[string]*corev1.LifecycleHandler{"postStart": l.PostStart, "preStop": l.PreStop} {
		if h == nil {
			continue
		}
		at := path.Child(name)
		if setPointers(*h) != 1 {
			found = append(found, field.Invalid(at, "", "must have exactly one handler type"))
		}
		if h.Sleep != nil && (h.Sleep.Seconds < 0 || h.Sleep.Seconds > pod.grace) {
			found = append(found, field.Invalid(at.Child("sleep", "seconds"), h.Sleep.Seconds,
				fmt.Sprintf("must be between 0 and terminationGracePeriodSeconds (%d)", pod.grace)))
		}
	}
	return found
}

// requirements judges what a container asks for.
func requirements(requests, limits corev1.ResourceList, path *field.Path) field.ErrorList {
	found := amounts(requests, path.Child("requests"))
	found = append(found, amounts(limits, path.Child("limits"))...)
	for name, request := range requests {
		at := path.Child("requests").Key(string(name))
		limit, limited := limits[name]
		switch {
		case extended(name) && !limited:
			found = append(found, field.Required(path.Child("limits").Key(string(name)), "limit must be set for non overcommitable resources"))
		case extended(name) && request.Cmp(limit) != 0:
			found = append(found, field.Invalid(at, request.String(), fmt.Sprintf("must be equal to %s limit of %s", name, limit.String())))
		case limited && request.Cmp(limit) > 0:
			found = append(found, field.Invalid(at, request.String(), fmt.Sprintf("must be less than or equal to %s limit of %s", name, limit.String())))
		}
	}
	return found
}

// amounts judges the names and amounts of a container's resources.
func amounts(list corev1.ResourceList, path *field.Path) field.ErrorList {
	var found field.ErrorList
	for name, amount := range list {
		at := path.Key(string(name))
		found = append(found, metavalidation.ValidateLabelName(string(name), at)...)
		native := name == corev1.ResourceCPU || name == corev1.ResourceMemory || name == corev1.ResourceEphemeralStorage ||
			strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix)
		if !native && !extended(name) {
			found = append(found, field.Invalid(at, name, "must be a standard resource for containers"))
		}
		found = append(found, amountOf(name, amount, at)...)
	}
	return found
}
