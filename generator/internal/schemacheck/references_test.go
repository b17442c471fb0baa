package schemacheck

import (
	"slices"
	"strings"
	"testing"
)

func TestSamplesReferToEachOther(t *testing.T) {
	for _, err := range References(samples(t)) {
		t.Error(err)
	}
}

// TestReferencesBroken changes one object of the samples; value nil removes the field,
// path "" the object.
func TestReferencesBroken(t *testing.T) {
	type m = map[string]any
	type l = []any
	for _, tc := range []struct {
		id, path string
		value    any
		want     string // one of the errors
	}{
		{"ConfigMap tenant-acme/sentiment", "", nil, "Deployment tenant-acme/sentiment: names the ConfigMap tenant-acme/sentiment, which does not exist"},
		{"ServiceAccount tenant-acme/models", "", nil, "Deployment tenant-acme/sentiment: names the ServiceAccount tenant-acme/models, which does not exist"},
		{"ServiceAccount tenant-acme/models", "", nil, "RoleBinding tenant-acme/owner-read: names the ServiceAccount tenant-acme/models, which does not exist"},
		{"Role tenant-acme/owner-read", "", nil, "RoleBinding tenant-acme/owner-read: names the Role tenant-acme/owner-read, which does not exist"},
		{"PriorityClass mlfleet-gold", "", nil, "Deployment tenant-acme/sentiment: names the PriorityClass mlfleet-gold, which does not exist"},
		{"Pod tenant-acme/probe", "spec.priorityClassName", "nope", "Pod tenant-acme/probe: names the PriorityClass nope, which does not exist"},
		{"Job tenant-acme/warm", "spec.template.spec.volumes", l{m{"name": "c", "persistentVolumeClaim": m{"claimName": "nope"}}},
			"Job tenant-acme/warm: names the PersistentVolumeClaim tenant-acme/nope, which does not exist"},
		{"Job tenant-acme/warm", "spec.template.spec.volumes", l{m{"name": "c", "configMap": m{"name": "nope"}}},
			"Job tenant-acme/warm: names the ConfigMap tenant-acme/nope, which does not exist"},
		{"Job tenant-acme/warm", "spec.template.spec.volumes", l{m{"name": "c", "configMap": m{"name": "nope", "optional": true}}}, ""},
		{"DaemonSet kube-system/device-plugin", "spec.template.spec.containers[0].env", l{m{"name": "A", "valueFrom": m{"configMapKeyRef": m{"name": "nope", "key": "a"}}}},
			"DaemonSet kube-system/device-plugin: names the ConfigMap kube-system/nope, which does not exist"},
		{"StatefulSet tenant-acme/cache", "spec.template.spec.containers[0].envFrom", l{m{"configMapRef": m{"name": "nope"}}},
			"StatefulSet tenant-acme/cache: names the ConfigMap tenant-acme/nope, which does not exist"},
		{"Job tenant-acme/warm", "spec.template.spec.volumes", l{m{"name": "c", "secret": m{"secretName": "nope"}}},
			"Job tenant-acme/warm: names the Secret tenant-acme/nope, which nothing makes"},
		{"Job tenant-acme/warm", "spec.template.spec.volumes", l{m{"name": "c", "secret": m{"secretName": "nope", "optional": true}}}, ""},
		{"Job tenant-acme/warm", "spec.template.spec.volumes", l{m{"name": "c", "secret": m{"secretName": "token"}}}, ""},
		{"Job tenant-acme/warm", "spec.template.spec.volumes", l{m{"name": "c", "secret": m{"secretName": "fraud", "items": l{m{"key": "nope", "path": "x"}}}}},
			"Job tenant-acme/warm: names the key nope of the Secret tenant-acme/fraud, which does not get it"},
		{"StatefulSet tenant-acme/cache", "spec.template.spec.containers[0].envFrom", l{m{"secretRef": m{"name": "nope"}}},
			"StatefulSet tenant-acme/cache: names the Secret tenant-acme/nope, which nothing makes"},
		{"DaemonSet kube-system/device-plugin", "spec.template.spec.containers[0].env", l{m{"name": "A", "valueFrom": m{"secretKeyRef": m{"name": "fraud", "key": "a"}}}},
			"DaemonSet kube-system/device-plugin: names the Secret kube-system/fraud, which nothing makes"},
		{"ExternalSecret tenant-acme/fraud", "spec.secretStoreRef.name", "other", "ExternalSecret tenant-acme/fraud: names the SecretStore tenant-acme/other, which does not exist"},
		{"ExternalSecret tenant-acme/fraud", "spec.secretStoreRef.kind", "ClusterSecretStore", "ExternalSecret tenant-acme/fraud: names the ClusterSecretStore secrets, which does not exist"},
		{"SecretStore tenant-acme/secrets", "spec.provider.aws.auth.jwt.serviceAccountRef.name", "other", "SecretStore tenant-acme/secrets: names the ServiceAccount tenant-acme/other, which does not exist"},
		{"SecretStore tenant-acme/vault", "spec.provider.vault.auth.kubernetes.serviceAccountRef.name", "other", "SecretStore tenant-acme/vault: names the ServiceAccount tenant-acme/other, which does not exist"},
		{"Service tenant-acme/sentiment", "spec.selector", m{"mlfleet.dev/model": "other"}, "Service tenant-acme/sentiment: selects no pods"},
		{"Service tenant-acme/sentiment", "metadata.namespace", "tenant-other", "Service tenant-other/sentiment: selects no pods"},
		{"Service tenant-acme/sentiment", "spec.ports[0].targetPort", "htpp", "Service tenant-acme/sentiment: port 8000 goes to port htpp, which the pods of Deployment tenant-acme/sentiment do not have"},
		{"Service tenant-acme/sentiment", "spec.ports[1].targetPort", 9, "Service tenant-acme/sentiment: port 8001 goes to port 9, which the pods of Deployment tenant-acme/sentiment do not have"},
		{"Service tenant-acme/sentiment", "spec.ports[2].targetPort", "http-metrics", "Service tenant-acme/sentiment: port 8002 goes to port http-metrics, which the pods of Deployment tenant-acme/sentiment do not have"},
		{"ServiceMonitor tenant-acme/sentiment", "spec.endpoints[0].port", "metric", `ServiceMonitor tenant-acme/sentiment: scrapes a port called "metric", which nothing that it selects has`},
		{"ServiceMonitor tenant-acme/sentiment", "spec.selector.matchLabels", m{"a": "b"}, "ServiceMonitor tenant-acme/sentiment: selects nothing to scrape"},
		{"ServiceMonitor tenant-acme/sentiment", "spec.namespaceSelector.matchNames", l{"other"}, "ServiceMonitor tenant-acme/sentiment: selects nothing to scrape"},
		{"PodMonitor tenant-acme/sentiment", "spec.podMetricsEndpoints[0].port", "metric", `PodMonitor tenant-acme/sentiment: scrapes a port called "metric", which nothing that it selects has`},
		{"PodMonitor tenant-acme/sentiment", "metadata.namespace", "monitoring", "PodMonitor monitoring/sentiment: selects nothing to scrape"},
		{"ScaledObject tenant-acme/sentiment", "spec.scaleTargetRef.name", "sentimental", "ScaledObject tenant-acme/sentiment: names the Deployment tenant-acme/sentimental, which does not exist"},
		{"HorizontalPodAutoscaler tenant-acme/sentiment", "spec.scaleTargetRef.name", "sentimental", "HorizontalPodAutoscaler tenant-acme/sentiment: names the Deployment tenant-acme/sentimental, which does not exist"},
		{"PodDisruptionBudget tenant-acme/sentiment", "spec.selector.matchLabels", m{"a": "b"}, "PodDisruptionBudget tenant-acme/sentiment: selects no pods"},
		{"Ingress tenant-acme/sentiment", "spec.rules[0].http.paths[0].backend.service.name", "x", "Ingress tenant-acme/sentiment: names the Service tenant-acme/x, which does not exist"},
		{"Ingress tenant-acme/sentiment", "spec.rules[0].http.paths[0].backend.service.port", m{"number": 80}, "Ingress tenant-acme/sentiment: names a port of the Service sentiment that it does not have"},
		{"Ingress tenant-acme/sentiment", "spec.defaultBackend", m{"service": m{"name": "x", "port": m{"number": 80}}}, "Ingress tenant-acme/sentiment: names the Service tenant-acme/x, which does not exist"},
		// What is right, though it looks otherwise.
		{"Service tenant-acme/sentiment", "spec.ports[0].targetPort", nil, ""},          // 8000, which the pods have
		{"Service tenant-acme/sentiment", "spec.selector", nil, ""},                     // somebody writes its endpoints
		{"Pod tenant-acme/probe", "spec.priorityClassName", "system-node-critical", ""}, // Kubernetes makes it
		{"Pod tenant-acme/probe", "spec.serviceAccountName", "default", ""},             // so with this
		{"Pod tenant-acme/probe", "metadata.labels", m{"mlfleet.dev/model": "sentiment"}, // declares no ports
			"Service tenant-acme/sentiment: port 8000 goes to port http, which the pods of Pod tenant-acme/probe do not have"},
		{"StatefulSet tenant-acme/cache", "spec.template.spec.volumes", l{m{"name": "data", "persistentVolumeClaim": m{"claimName": "data"}}}, ""},
		{"RoleBinding tenant-acme/owner-read", "subjects[1].namespace", "argocd", ""},
		{"PodMonitor tenant-acme/sentiment", "spec.namespaceSelector", m{"any": true}, ""},
		{"HTTPRoute tenant-acme/sentiment", "spec.parentRefs[0].name", "mlfleet-private", "HTTPRoute tenant-acme/sentiment: names the Gateway istio-ingress/mlfleet-private, which does not exist"},
		{"HTTPRoute tenant-acme/sentiment", "spec.rules[1].backendRefs[0].port", 8003, "HTTPRoute tenant-acme/sentiment: names a port of the Service sentiment that it does not have"},
		{"VirtualService tenant-acme/sentiment", "spec.gateways", l{"istio-ingress/other"}, "VirtualService tenant-acme/sentiment: names the Gateway istio-ingress/other, which does not exist"},
		{"VirtualService tenant-acme/sentiment", "spec.http[0].route[0].destination.host", "sentiment.tenant-fern.svc.cluster.local",
			"VirtualService tenant-acme/sentiment: sends requests to sentiment.tenant-fern.svc.cluster.local, which is not in its namespace"},
		{"VirtualService tenant-acme/sentiment", "spec.http[0].route[0].destination.host", "eta.tenant-acme.svc.cluster.local",
			"VirtualService tenant-acme/sentiment: names the Service tenant-acme/eta, which does not exist"},
		{"Secret tenant-acme/token", "metadata.name", "other", ""},
	} {
		t.Run(tc.id+" "+tc.path, func(t *testing.T) {
			objs := samples(t)
			i := slices.IndexFunc(objs, func(o map[string]any) bool { return identify(o) == tc.id })
			if i < 0 {
				t.Fatalf("no sample %s", tc.id)
			}
			if tc.path == "" {
				objs = slices.Delete(objs, i, i+1)
			} else {
				put(t, objs[i], tc.path, tc.value)
			}
			wantError(t, References(objs), tc.want)
		})
	}
}

func wantError(t *testing.T, got []error, want string) {
	t.Helper()
	if want == "" {
		if len(got) != 0 {
			t.Errorf("refused: %v", got)
		}
		return
	}
	if !slices.ContainsFunc(got, func(err error) bool { return err.Error() == want }) {
		t.Errorf("got %v\nwant %s", got, want)
	}
}

func TestReferencesTwice(t *testing.T) {
	objs := samples(t)
	second := sample(t, "PodDisruptionBudget")
	wantError(t, References(append(slices.Clone(objs), second)), "PodDisruptionBudget tenant-acme/sentiment: stands there twice")
	put(t, second, "metadata.name", "second")
	wantError(t, References(append(slices.Clone(objs), second)),
		"PodDisruptionBudget tenant-acme/second: selects the pods of Deployment tenant-acme/sentiment, as PodDisruptionBudget tenant-acme/sentiment does")
}

// TestReferencesOfWhatCannotBeRead wants an object that does not decode to be an
// error, not to be left out.
func TestReferencesOfWhatCannotBeRead(t *testing.T) {
	for _, kind := range []string{"Deployment", "Service", "HorizontalPodAutoscaler"} {
		obj := sample(t, kind)
		obj["spec"] = "x"
		errs := References([]map[string]any{obj})
		if len(errs) == 0 || !strings.Contains(errs[0].Error(), "decoding") {
			t.Errorf("%s: %v", kind, errs)
		}
	}
}
