package serving

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// environmentOf is what a container sees, with the references resolved as the
// kubelet resolves them.
func environmentOf(t *testing.T, p *fleet.Placement, model, container string) map[string]string {
	t.Helper()
	template := podOf(t, p, model)
	config := ConfigMap(p, workloadtest.Model(t, p, model))
	labels := template.Labels
	if p.Cluster != nil { // the base has no overlay
		maps.Copy(labels, object.ClusterLabels(p.Cluster)) // what the overlay adds
	}
	env := map[string]string{}
	for _, c := range containers(template.Spec) {
		if c.Name != container {
			continue
		}
		for _, e := range c.Env {
			if _, ok := env[e.Name]; ok {
				t.Errorf("%s: %s is set twice", container, e.Name)
			}
			switch {
			case e.ValueFrom == nil:
				env[e.Name] = strings.ReplaceAll(e.Value, "$$", "$")
			case e.ValueFrom.ConfigMapKeyRef != nil:
				ref := e.ValueFrom.ConfigMapKeyRef
				value, ok := config.Data[ref.Key]
				if !ok || ref.Name != config.Name {
					t.Errorf("%s: %s refers to %s in %s, which is not there", container, e.Name, ref.Key, ref.Name)
				}
				env[e.Name] = value
			case e.ValueFrom.FieldRef != nil:
				path := e.ValueFrom.FieldRef.FieldPath
				label, isLabel := strings.CutPrefix(path, "metadata.labels['")
				if !isLabel {
					env[e.Name] = "<" + path + ">"
					continue
				}
				env[e.Name] = labels[strings.TrimSuffix(label, "']")]
			}
		}
	}
	return env
}

func TestServerEnvironmentIsTheContracts(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	for _, c := range []struct {
		model string
		want  map[string]string
	}{
		{"sentiment", map[string]string{"MODEL_VERSION": "3", "DEVICE": "cuda", "GPU_MEMORY_LIMIT": "0"}},
		// A quarter of the 90 % of 24 GiB that can be used, without 768 MiB for CUDA.
		{"reranker", map[string]string{"MODEL_VERSION": "7", "DEVICE": "cuda", "GPU_MEMORY_LIMIT": "4736Mi"}},
		{"tagger", map[string]string{"MODEL_VERSION": "1.4.0", "DEVICE": "cpu", "GPU_MEMORY_LIMIT": "0"}},
		{"vision", map[string]string{"MODEL_VERSION": "12", "DEVICE": "cuda", "POD_UID": "<metadata.uid>"}},
	} {
		want := map[string]string{
			"TENANT": "acme", "MODEL_NAME": c.model, "REGION": "us-east", "CLUSTER": "us-east-production",
			"MODEL_REPOSITORY": "/models", "MAX_BATCH_SIZE": "8", "MAX_QUEUE_DELAY": "5ms",
			"DRAIN_TIMEOUT": "40s", "HOME": "/tmp",
		}
		if c.model != "vision" { // Triton has other ways to trace
			maps.Copy(want, map[string]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.tracing.svc:4317",
				"OTEL_TRACES_SAMPLER":         "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01",
			})
		}
		maps.Copy(want, c.want)
		if got := environmentOf(t, p, c.model, "server"); !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", c.model, got, want)
		}
	}
}

// Where there is no collector the server is told of none, by the same variables.
func TestNoTracesWithoutACollector(t *testing.T) {
	f, _, podIdentity := workloadtest.Fixture(t)
	for _, p := range []*fleet.Placement{podIdentity, f.Tenants[0].Base} {
		if got, ok := environmentOf(t, p, "sentiment", "server")["OTEL_EXPORTER_OTLP_ENDPOINT"]; !ok || got != "" {
			t.Errorf("the endpoint is %q, there is one: %t", got, ok)
		}
	}
}

func TestFetchEnvironment(t *testing.T) {
	_, irsa, podIdentity := workloadtest.Fixture(t)
	for p, region := range map[*fleet.Placement]string{irsa: "us-east-1", podIdentity: "eu-west-1"} {
		want := map[string]string{
			"TENANT": "acme", "MODEL_NAME": "sentiment", "MODEL_VERSION": "3", "MODEL_REPOSITORY": "/models",
			"ARTIFACT_URI": "s3://acme-models/sentiment/3", "ARTIFACT_SHA256": strings.Repeat("9f", 32),
			"AWS_REGION": region, "HOME": "/tmp", "NVIDIA_VISIBLE_DEVICES": "void",
		}
		if got := environmentOf(t, p, "sentiment", "fetch"); !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", p.Cluster.Name, got, want)
		}
	}
}

// The version that a server looks for must be the one that its own pod fetched,
// whatever the ConfigMap has become in the meantime.
func TestVersionLivesInThePod(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	for _, c := range containers(podOf(t, p, "sentiment").Spec) {
		for _, e := range c.Env {
			if slices.Contains([]string{"MODEL_NAME", "MODEL_VERSION", "ARTIFACT_URI", "ARTIFACT_SHA256"}, e.Name) && e.ValueFrom != nil {
				t.Errorf("%s of %s comes from elsewhere: %+v", e.Name, c.Name, e.ValueFrom)
			}
		}
	}
}

// The kubelet would put the value of TENANT, or of any other variable, in the place
// of $(TENANT).
func TestTenantTextIsNotExpanded(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	m := workloadtest.Model(t, p, "sentiment")
	m.Spec.Artifact.URI = "s3://acme/$(TENANT)/$$/a$"
	for _, e := range fetch(p, m).Env {
		if e.Name == "ARTIFACT_URI" && e.Value != "s3://acme/$$(TENANT)/$$$$/a$$" {
			t.Errorf("the kubelet would expand %q", e.Value)
		}
	}
}

func TestServerCommands(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	sentiment := podOf(t, p, "sentiment").Spec
	if got := sentiment.Containers[0]; got.Command != nil || !slices.Equal(got.Args, []string{"serve"}) {
		t.Errorf("onnx runs %q %q", got.Command, got.Args)
	}
	if got := sentiment.InitContainers[0]; got.Command != nil || !slices.Equal(got.Args, []string{"fetch"}) {
		t.Errorf("fetch runs %q %q", got.Command, got.Args)
	}
	vision := podOf(t, p, "vision").Spec
	if got := vision.InitContainers[0]; !slices.Equal(got.Args, []string{"fetch"}) {
		t.Errorf("Triton's fetch runs %q", got.Args)
	}
	triton := vision.Containers[0]
	if !slices.Equal(triton.Command, []string{"tritonserver"}) {
		t.Errorf("triton runs %q", triton.Command)
	}
	defined := map[string]bool{}
	for _, e := range triton.Env {
		defined[e.Name] = true
	}
	flags := map[string]string{}
	for _, arg := range triton.Args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || flags[name] != "" {
			t.Errorf("argument %q has no value, or stands twice", arg)
		}
		flags[name] = value
		// The kubelet leaves a reference to an unknown variable as it is.
		if _, after, ok := strings.Cut(value, "$("); ok {
			if variable, _, _ := strings.Cut(after, ")"); !defined[variable] {
				t.Errorf("%q refers to %s, which is not set", arg, variable)
			}
		}
	}
	for name, want := range map[string]string{
		"--model-repository": "/models", "--http-port": "8000", "--grpc-port": "8001", "--metrics-port": "8002",
		"--strict-readiness": "true", "--exit-timeout-secs": "40", "--allow-metrics": "true", "--metrics-config": "summary_latencies=true",
		// Anything else lets a client unload the model.
		"--model-control-mode": "none",
	} {
		if flags[name] != want {
			t.Errorf("%s is %q, want %q", name, flags[name], want)
		}
	}
	for _, name := range []string{"--http-restricted-api", "--grpc-restricted-protocol"} {
		for _, restricted := range []string{"model-repository", "shared-memory", "trace", "logging"} {
			if !strings.Contains(flags[name], restricted) {
				t.Errorf("%s leaves %s open to every client", name, restricted)
			}
		}
	}
}

// A Service addresses ports by name, probes too.
func TestPortsMatch(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	for _, m := range p.Models {
		ports := map[string]int32{}
		for _, port := range podOf(t, p, m.Name).Spec.Containers[0].Ports {
			ports[port.Name] = port.ContainerPort
		}
		if want := map[string]int32{"http": 8000, "grpc": 8001, "metrics": 8002}; !maps.Equal(ports, want) {
			t.Errorf("%s listens on %v", m.Name, ports)
		}
		offered := map[string]string{}
		for _, port := range Service(p, m).Spec.Ports {
			if ports[port.TargetPort.String()] != port.Port {
				t.Errorf("%s: Service port %s leads to %s", m.Name, port.Name, port.TargetPort.String())
			}
			offered[port.Name] = *port.AppProtocol
		}
		if want := map[string]string{"http": "http", "grpc": "kubernetes.io/h2c", "metrics": "http"}; !maps.Equal(offered, want) {
			t.Errorf("%s: protocols %v", m.Name, offered)
		}
	}
}

func TestProbes(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	m := workloadtest.Model(t, p, "sentiment")
	for _, timeout := range []time.Duration{0, time.Second, 5 * time.Second, 5001 * time.Millisecond, 299 * time.Second, time.Hour} {
		m.Spec.Startup.Timeout = metav1.Duration{Duration: timeout}
		c := server(p, m)
		startup := c.StartupProbe
		window := time.Duration(startup.PeriodSeconds*startup.FailureThreshold) * time.Second
		if window < timeout || window >= timeout+2*time.Duration(startup.PeriodSeconds)*time.Second {
			t.Errorf("a startup of %s gets %s", timeout, window)
		}
		if window <= 0 {
			t.Errorf("a startup of %s gets no probe", timeout)
		}
		if deadline := *Deployment(p, m).Spec.ProgressDeadlineSeconds; time.Duration(deadline)*time.Second <= window {
			t.Errorf("a rollout gives up after %ds, before a start of %s may have failed", deadline, window)
		}
	}
	c := server(p, m)
	for _, probe := range []struct {
		*corev1.Probe
		path string
	}{{c.StartupProbe, "/v2/health/ready"}, {c.ReadinessProbe, "/v2/health/ready"}, {c.LivenessProbe, "/v2/health/live"}} {
		if got := probe.HTTPGet; got.Path != probe.path || got.Port.String() != "http" {
			t.Errorf("probe asks %s on %s, want %s", got.Path, got.Port.String(), probe.path)
		}
	}
	patience := func(p *corev1.Probe) int32 { return p.PeriodSeconds * p.FailureThreshold }
	if patience(c.LivenessProbe) < 3*patience(c.ReadinessProbe) {
		t.Error("a busy server would be restarted soon after it was taken out")
	}
}

// preStop, drain and exit fit into the grace period, in whole seconds.
func TestShutdownFits(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	m := workloadtest.Model(t, p, "vision")
	for _, c := range []struct {
		preStop, grace time.Duration
		wantSleep      int64 // 0 = no hook
		wantDrain      time.Duration
	}{
		{15 * time.Second, 60 * time.Second, 15, 40 * time.Second},
		{0, 30 * time.Second, 0, 25 * time.Second},
		{2500 * time.Millisecond, 30500 * time.Millisecond, 3, 23 * time.Second},
		{100 * time.Millisecond, 10 * time.Second, 1, 4 * time.Second},
		{10 * time.Second, 12 * time.Second, 10, time.Second}, // no room for the margin
	} {
		m.Spec.Shutdown = fleet.Shutdown{PreStop: metav1.Duration{Duration: c.preStop}, GracePeriod: metav1.Duration{Duration: c.grace}}
		pod := podSpec(p, m)
		var sleep int64
		if hook := pod.Containers[0].Lifecycle; hook != nil {
			sleep = hook.PreStop.Sleep.Seconds
		}
		drain, err := time.ParseDuration(environmentOf(t, p, "vision", "server")["DRAIN_TIMEOUT"])
		if err != nil {
			t.Fatal(err)
		}
		if sleep != c.wantSleep || drain != c.wantDrain {
			t.Errorf("preStop %s, grace %s: sleeps %ds, drains %s; want %ds, %s", c.preStop, c.grace, sleep, drain, c.wantSleep, c.wantDrain)
		}
		if total := time.Duration(sleep)*time.Second + drain; total > time.Duration(*pod.TerminationGracePeriodSeconds)*time.Second {
			t.Errorf("preStop %s, grace %s: killed before the drain ends (%s)", c.preStop, c.grace, total)
		}
	}
}
