package apiserver

import (
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

var tenants = &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "tenant-acme", Labels: map[string]string{"mlfleet.dev/tenant": "acme"}}}

// What the generator writes keeps the promises that the policies hold others to.
func TestEverythingGeneratedIsLetIn(t *testing.T) {
	j := newJudge(t)
	files, err := filepath.Glob(golden + "manifests/*/*/*/manifests.yaml")
	if err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, file := range files {
		namespace := &corev1.Namespace{}
		for _, o := range read(t, filepath.Dir(filepath.Dir(file))+"/guardrails/manifests.yaml") {
			if o.GetKind() == "Namespace" {
				into(t, o, namespace)
			}
		}
		for _, o := range read(t, file) {
			if o.GetNamespace() == "" {
				continue
			}
			if o.GetKind() == "Deployment" {
				judged++
			}
			for _, refusal := range j.refusals(t, request{object: o, namespace: namespace}) {
				t.Errorf("%s: %s %s: %s", file, o.GetKind(), o.GetName(), refusal)
			}
		}
	}
	if judged == 0 {
		t.Error("no Deployment was judged")
	}
}

const digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// good is a pod that keeps every promise, with an init container.
func good() map[string]any {
	requests := func() map[string]any {
		return map[string]any{"requests": map[string]any{"cpu": "1", "memory": "1Gi"}}
	}
	probe := map[string]any{"httpGet": map[string]any{"port": "http"}}
	return map[string]any{
		"initContainers": []any{map[string]any{"name": "fetch", "image": "r/fetch" + digest, "resources": requests()}},
		"containers": []any{map[string]any{
			"name": "server", "image": "r/server:1" + digest, "resources": requests(),
			"startupProbe": probe, "readinessProbe": probe, "livenessProbe": probe,
			"ports": []any{map[string]any{"containerPort": int64(8000)}},
		}},
		"volumes": []any{map[string]any{"name": "tmp", "emptyDir": map[string]any{}}},
	}
}

// carriers put a pod's spec into each kind that makes pods.
var carriers = map[string]func(spec map[string]any) *unstructured.Unstructured{
	"Pod":                   func(spec map[string]any) *unstructured.Unstructured { return object("v1", "Pod", spec) },
	"Deployment":            templated("apps/v1", "Deployment"),
	"StatefulSet":           templated("apps/v1", "StatefulSet"),
	"DaemonSet":             templated("apps/v1", "DaemonSet"),
	"ReplicaSet":            templated("apps/v1", "ReplicaSet"),
	"ReplicationController": templated("v1", "ReplicationController"),
	"Job":                   templated("batch/v1", "Job"),
	"CronJob": func(spec map[string]any) *unstructured.Unstructured {
		return object("batch/v1", "CronJob", map[string]any{"jobTemplate": map[string]any{"spec": map[string]any{"template": map[string]any{"spec": spec}}}})
	},
}

func templated(apiVersion, kind string) func(map[string]any) *unstructured.Unstructured {
	return func(spec map[string]any) *unstructured.Unstructured {
		return object(apiVersion, kind, map[string]any{"template": map[string]any{"spec": spec}})
	}
}

func object(apiVersion, kind string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": apiVersion, "kind": kind,
		"metadata": map[string]any{"name": "x", "namespace": "tenant-acme"},
		"spec":     spec,
	}}
}

// container is the first container of a list of the pod.
func container(pod map[string]any, list string) map[string]any {
	return pod[list].([]any)[0].(map[string]any)
}

var broken = []struct {
	name        string
	change      func(pod map[string]any)
	policy      string // the one that refuses, and no other
	says        []string
	serversOnly bool // Pods, Jobs and CronJobs are let in
}{
	{"a tag", func(p map[string]any) { container(p, "containers")["image"] = "r/server:latest" }, "mlfleet-image-digests", []string{"server", "mlfleet pin"}, false},
	{"no image", func(p map[string]any) { delete(container(p, "containers"), "image") }, "mlfleet-image-digests", []string{"server"}, false},
	{"a short digest", func(p map[string]any) { container(p, "containers")["image"] = "r/server@sha256:01" }, "mlfleet-image-digests", []string{"server"}, false},
	{"a tag of an init container", func(p map[string]any) { container(p, "initContainers")["image"] = "r/fetch:1" }, "mlfleet-image-digests", []string{"fetch"}, false},
	{"a tag of an image volume", func(p map[string]any) {
		p["volumes"] = []any{map[string]any{"name": "weights", "image": map[string]any{"reference": "r/weights:1"}}}
	}, "mlfleet-image-digests", []string{"weights"}, false},
	{"no resources", func(p map[string]any) { delete(container(p, "containers"), "resources") }, "mlfleet-resource-requests", []string{"server", "resources"}, false},
	{"limits only", func(p map[string]any) {
		container(p, "containers")["resources"] = map[string]any{"limits": map[string]any{"cpu": "1", "memory": "1Gi"}}
	}, "mlfleet-resource-requests", []string{"server"}, false},
	{"no memory in an init container", func(p map[string]any) {
		container(p, "initContainers")["resources"] = map[string]any{"requests": map[string]any{"cpu": "1"}}
	}, "mlfleet-resource-requests", []string{"fetch"}, false},
	{"no startup probe", func(p map[string]any) { delete(container(p, "containers"), "startupProbe") }, "mlfleet-probes", []string{"server", "Job"}, true},
	{"no readiness probe", func(p map[string]any) { delete(container(p, "containers"), "readinessProbe") }, "mlfleet-probes", []string{"server"}, true},
	{"no liveness probe", func(p map[string]any) { delete(container(p, "containers"), "livenessProbe") }, "mlfleet-probes", []string{"server"}, true},
	{"privileged", func(p map[string]any) {
		container(p, "containers")["securityContext"] = map[string]any{"privileged": true}
	}, "mlfleet-no-host-access", []string{"server"}, false},
	{"a privileged init container", func(p map[string]any) {
		container(p, "initContainers")["securityContext"] = map[string]any{"privileged": true}
	}, "mlfleet-no-host-access", []string{"fetch"}, false},
	{"host network", func(p map[string]any) { p["hostNetwork"] = true }, "mlfleet-no-host-access", []string{"hostNetwork"}, false},
	{"host processes", func(p map[string]any) { p["hostPID"] = true }, "mlfleet-no-host-access", []string{"hostPID"}, false},
	{"host memory", func(p map[string]any) { p["hostIPC"] = true }, "mlfleet-no-host-access", []string{"hostIPC"}, false},
	{"a host path", func(p map[string]any) {
		p["volumes"] = []any{map[string]any{"name": "etc", "hostPath": map[string]any{"path": "/etc"}}}
	}, "mlfleet-no-host-access", []string{"etc"}, false},
	{"a host port", func(p map[string]any) {
		container(p, "containers")["ports"] = []any{map[string]any{"containerPort": int64(80), "hostPort": int64(80)}}
	}, "mlfleet-no-host-access", []string{"server"}, false},
}

func TestBrokenPromisesAreRefused(t *testing.T) {
	j := newJudge(t)
	once := map[string]bool{"Pod": true, "Job": true, "CronJob": true} // what may run and end
	for kind, carry := range carriers {
		if got := j.refusals(t, request{object: carry(good()), namespace: tenants}); got != nil {
			t.Errorf("a good %s is refused: %q", kind, got)
		}
		for _, test := range broken {
			pod := good()
			test.change(pod)
			got := j.refusals(t, request{object: carry(pod), namespace: tenants})
			if test.serversOnly && once[kind] {
				if got != nil {
					t.Errorf("%s, %s: refused by %q", kind, test.name, got)
				}
				continue
			}
			if len(got) != 1 || !strings.HasPrefix(got[0], test.policy+": ") {
				t.Errorf("%s, %s: %q, want a refusal by %s", kind, test.name, got, test.policy)
				continue
			}
			for _, word := range test.says {
				if !strings.Contains(got[0], word) {
					t.Errorf("%s, %s: %q does not say %q", kind, test.name, got[0], word)
				}
			}
		}
	}
}

// An ephemeral container runs by digest and without privileges, and needs nothing
// that it cannot have.
func TestEphemeralContainers(t *testing.T) {
	j := newJudge(t)
	debug := func(container map[string]any) request {
		with := good()
		container["name"] = "debug"
		with["ephemeralContainers"] = []any{container}
		return request{object: carriers["Pod"](with), old: carriers["Pod"](good()), subresource: "ephemeralcontainers", namespace: tenants}
	}
	if got := j.refusals(t, debug(map[string]any{"image": "r/debug" + digest})); got != nil {
		t.Errorf("one by digest is refused: %q", got)
	}
	if got := j.refusals(t, debug(map[string]any{"image": "busybox"})); len(got) != 1 || !strings.Contains(got[0], "debug") {
		t.Errorf("one by tag: %q", got)
	}
	privileged := map[string]any{"image": "r/debug" + digest, "securityContext": map[string]any{"privileged": true}}
	if got := j.refusals(t, debug(privileged)); len(got) != 1 || !strings.Contains(got[0], "debug") {
		t.Errorf("a privileged one: %q", got)
	}
}

// An object from before the policies can still lose a finalizer, and cannot get worse.
func TestUpdates(t *testing.T) {
	j := newJudge(t)
	bad := func() map[string]any {
		pod := good()
		container(pod, "containers")["image"] = "r/server:1"
		return pod
	}
	for kind, carry := range carriers {
		relabelled := carry(bad())
		relabelled.SetLabels(map[string]string{"a": "b"})
		if got := j.refusals(t, request{object: relabelled, old: carry(bad()), namespace: tenants}); got != nil {
			t.Errorf("%s: a label is refused: %q", kind, got)
		}
		if got := j.refusals(t, request{object: carry(bad()), old: carry(good()), namespace: tenants}); len(got) != 1 {
			t.Errorf("%s: the change to a tag: %q", kind, got)
		}
	}
}

// The platform's own namespaces are not judged.
func TestOtherNamespaces(t *testing.T) {
	j := newJudge(t)
	system := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "kube-system"}}
	for _, test := range broken {
		pod := good()
		test.change(pod)
		if got := j.refusals(t, request{object: carriers["Pod"](pod), namespace: system}); got != nil {
			t.Errorf("%s in kube-system: %q", test.name, got)
		}
	}
}
