package scaling

import (
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
	"github.com/mlfleet/mlfleet/generator/workload/serving"
)

// triggerNamed is the model's trigger of that name.
func triggerNamed(t *testing.T, p *fleet.Placement, m *fleet.Model, name string) Trigger {
	t.Helper()
	for _, trigger := range ModelScaler(p, m).Spec.Triggers {
		if trigger.Name == name {
			return trigger
		}
	}
	t.Fatalf("%s has no trigger %q", m.Name, name)
	return Trigger{}
}

// KEDA is the rule, and the HPA the exception; a model never has both.
func TestKEDAScalesUnlessThereIsAnAdapter(t *testing.T) {
	f, p, adapter := workloadtest.Fixture(t)
	adapter.Cluster.Spec.Scaling.MetricsAdapter = true
	for _, tc := range []struct {
		placement *fleet.Placement
		keda      bool
	}{{f.Tenants[0].Base, true}, {p, true}, {adapter, false}} {
		for _, m := range tc.placement.Models {
			keda, hpa := ModelScaler(tc.placement, m) != nil, HorizontalPodAutoscaler(tc.placement, m) != nil
			scaled := !m.Spec.Replicas.Fixed()
			if keda != (scaled && tc.keda) || hpa != (scaled && !tc.keda) {
				t.Errorf("%s: ScaledObject %v, HPA %v", m.Name, keda, hpa)
			}
		}
	}
}

// The ScaledObject names things in other objects; a wrong name leaves it blind.
func TestScalerReferences(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	m := workloadtest.Model(t, p, "sentiment")
	d := serving.Deployment(p, m)
	scaler := ModelScaler(p, m)
	if want := (ScaleTarget{APIVersion: d.APIVersion, Kind: d.Kind, Name: d.Name}); scaler.Spec.ScaleTargetRef != want {
		t.Errorf("scales %+v", scaler.Spec.ScaleTargetRef)
	}
	if got := triggerNamed(t, p, m, "cpu").Metadata["containerName"]; got != d.Spec.Template.Spec.Containers[0].Name {
		t.Errorf("measures container %q", got)
	}
	// The HPA of a cluster that changes over has the name that KEDA's will have.
	before := adapterPlacement(t)
	hpa := HorizontalPodAutoscaler(before, workloadtest.Model(t, before, "sentiment"))
	if scaler.Spec.Advanced.HorizontalPodAutoscalerConfig.Name != hpa.Name || scaler.Annotations[transferHPA] != "true" {
		t.Errorf("KEDA takes over %q, the HPA is %q", scaler.Spec.Advanced.HorizontalPodAutoscalerConfig.Name, hpa.Name)
	}
	if !reflect.DeepEqual(scaler.Spec.Advanced.HorizontalPodAutoscalerConfig.Behavior, hpa.Spec.Behavior) {
		t.Error("KEDA's HPA moves at another pace")
	}
}

func TestScalerTriggers(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	const here = "http://prometheus-operated.monitoring.svc:9090"
	sentiment, vision := workloadtest.Model(t, p, "sentiment"), workloadtest.Model(t, p, "vision")
	sentiment.Spec.Scaling.Also = append(sentiment.Spec.Scaling.Also, fleet.ScalingMetric{Metric: "gpu", Target: 80})
	vision.Spec.Scaling.Also = []fleet.ScalingMetric{{Metric: "gpu", Target: 80}}
	prometheus := func(query, threshold string) map[string]string {
		return map[string]string{"serverAddress": here, "query": query, "threshold": threshold, "ignoreNullValues": "false"}
	}
	for _, tc := range []struct {
		model *fleet.Model
		want  Trigger
	}{
		{sentiment, Trigger{"prometheus", "queue-depth", "AverageValue", prometheus(`sum(inference_queue_length{tenant="acme",model="sentiment"})`, "10")}},
		{vision, Trigger{"prometheus", "queue-depth", "AverageValue", prometheus(`sum(nv_inference_pending_request_count{tenant="acme",model="vision"})`, "10")}},
		{sentiment, Trigger{"prometheus", "latency-p99", "Value", prometheus(
			`(histogram_quantile(0.99, sum by (le) (rate(inference_request_duration_seconds_bucket{tenant="acme",model="sentiment"}[2m]))) > 0) or vector(0)`, "0.1")}},
		{vision, Trigger{"prometheus", "latency-p99", "Value", prometheus(
			`(max(nv_inference_request_summary_us{tenant="acme",model="vision",quantile="0.99"}) / 1e6 > 0) or vector(0)`, "0.1")}},
		{sentiment, Trigger{"prometheus", "gpu", "Value", prometheus(
			`avg(`+contract.GPUSeries("DCGM_FI_DEV_GPU_UTIL", "tenant-acme", "sentiment-[a-z0-9]{1,10}-?[a-z0-9]{5}")+`)`, "80")}},
		{vision, Trigger{"prometheus", "gpu", "Value", prometheus(
			`100 * avg(`+contract.GPUSeries("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "tenant-acme", "vision-[a-z0-9]{1,10}-?[a-z0-9]{5}")+`)`, "80")}},
		{sentiment, Trigger{"memory", "memory", "Utilization", map[string]string{"containerName": "server", "value": "80"}}},
	} {
		if got := triggerNamed(t, p, tc.model, tc.want.Name); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", tc.model.Name, got, tc.want)
		}
	}
}

// Where Prometheus is only a cluster knows; the base says nothing, so that nobody
// scales by another cluster's numbers.
func TestScalerAsksTheClustersPrometheus(t *testing.T) {
	f, p, other := workloadtest.Fixture(t)
	other.Cluster.Spec.Observability.Prometheus = "https://metrics.example/eu"
	for placement, want := range map[*fleet.Placement]string{
		f.Tenants[0].Base: "", p: "http://prometheus-operated.monitoring.svc:9090", other: "https://metrics.example/eu",
	} {
		m := workloadtest.Model(t, placement, "sentiment")
		for _, trigger := range ModelScaler(placement, m).Spec.Triggers {
			if trigger.Type != "prometheus" {
				continue
			}
			if got := trigger.Metadata["serverAddress"]; got != want {
				t.Errorf("%s asks %q, want %q", trigger.Name, got, want)
			}
			without := maps.Clone(trigger.Metadata)
			delete(without, "serverAddress")
			if len(without) != 3 {
				t.Errorf("%s: %v", trigger.Name, trigger.Metadata)
			}
		}
	}
}

// A canary scales by what waits for itself, between its shares of the model's
// replicas, beside a model that does not notice.
func TestCanariesScaleByThemselves(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	m := workloadtest.Model(t, p, "sentiment")
	m.Spec.Replicas = fleet.Replicas{Min: 3, Max: 11}
	m.Spec.Canary = &fleet.Canary{Version: "4", Weight: 50}
	canary := m.AsCanary()
	spec := ModelScaler(p, canary).Spec
	if spec.MinReplicaCount != 2 || spec.MaxReplicaCount != 6 || spec.ScaleTargetRef.Name != "sentiment-canary" {
		t.Errorf("the canary has %d to %d replicas of %s", spec.MinReplicaCount, spec.MaxReplicaCount, spec.ScaleTargetRef.Name)
	}
	// The series carry the model label of the Service that the monitor scrapes.
	labels := serving.Service(p, canary).Labels
	for server, want := range map[*fleet.Model]string{m: `model="sentiment"`, canary: `model="` + labels["mlfleet.dev/model"] + `"`} {
		if query := triggerNamed(t, p, server, fleet.QueueDepth).Metadata["query"]; !strings.Contains(query, want) {
			t.Errorf("%s is scaled by %s", server.Name, query)
		}
	}
	m.Spec.Canary.Weight = 0 // one replica, for those who ask
	if scaler := ModelScaler(p, m.AsCanary()); scaler != nil {
		t.Errorf("one replica is scaled by %+v", scaler)
	}
}

// A model that may have no replicas is kept awake by requests, those that the gateway
// could not send included, and is not expected to be measured while it sleeps.
func TestScalerOfAModelThatSleeps(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	m := workloadtest.Model(t, p, "sentiment")
	if got := ModelScaler(p, m).Spec.CooldownPeriod; got != nil {
		t.Errorf("a model that never sleeps cools down for %d s", *got)
	}
	m.Spec.Replicas.Min = 0
	scaler := ModelScaler(p, m)
	if scaler.Spec.MinReplicaCount != 0 || *scaler.Spec.CooldownPeriod != 300 {
		t.Errorf("sleeps at %d replicas after %d s", scaler.Spec.MinReplicaCount, *scaler.Spec.CooldownPeriod)
	}
	const answered = `(sum(increase(inference_requests_total{tenant="acme",model="sentiment"}[2m])) or vector(0)) + ` +
		`(sum(inference_requests_total{tenant="acme",model="sentiment"} unless inference_requests_total{tenant="acme",model="sentiment"} offset 2m) or vector(0))`
	const sent = `istio_requests_total{destination_service_namespace="tenant-acme",destination_service_name="sentiment"}`
	activity := triggerNamed(t, p, m, "activity")
	if got := activity.Metadata["query"]; got != "clamp_max("+answered+", 1)" || activity.Metadata["threshold"] != "1" {
		t.Errorf("awake while %s", got)
	}
	p.Cluster.Spec.Scaling.WakeBy = "istio"
	want := "clamp_max(" + answered + " + (sum(increase(" + sent + "[2m])) or vector(0)) + (sum(" + sent + " unless " + sent + " offset 2m) or vector(0)), 1)"
	if got := triggerNamed(t, p, m, "activity").Metadata["query"]; got != want {
		t.Errorf("awake while %s", got)
	}
	for _, trigger := range ModelScaler(p, m).Spec.Triggers {
		if got := trigger.Metadata["ignoreNullValues"]; trigger.Type == "prometheus" && got != "true" {
			t.Errorf("%s: nothing is an error while the model sleeps", trigger.Name)
		}
	}
}

func TestScalerSchedules(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	m := workloadtest.Model(t, p, "sentiment")
	m.Spec.Scaling.Schedules = []fleet.Schedule{
		{Days: "mon-fri", From: "07:30", To: "19:00", TimeZone: "Europe/Dublin", Min: 4},
		{Start: "0 0 24 11 *", End: "0 0 2 12 *", TimeZone: "UTC", Min: 8},
	}
	for name, want := range map[string]map[string]string{
		"schedule-1": {"timezone": "Europe/Dublin", "start": "30 7 * * 1-5", "end": "0 19 * * 1-5", "desiredReplicas": "4"},
		"schedule-2": {"timezone": "UTC", "start": "0 0 24 11 *", "end": "0 0 2 12 *", "desiredReplicas": "8"},
	} {
		if got := triggerNamed(t, p, m, name); got.Type != "cron" || !maps.Equal(got.Metadata, want) {
			t.Errorf("%s is %+v", name, got)
		}
	}
}

// Recommendations are looked at, never applied, and leave out what the number of
// replicas follows.
func TestRecommender(t *testing.T) {
	f, p, _ := workloadtest.Fixture(t)
	sentiment := workloadtest.Model(t, p, "sentiment") // scaled on CPU and memory too
	reranker := workloadtest.Model(t, p, "reranker")
	tagger := workloadtest.Model(t, p, "tagger") // not scaled
	if ModelRecommender(p, reranker) != nil {
		t.Error("a cluster without a recommender has something to recommend")
	}
	p.Cluster.Spec.Scaling.VPA = true
	if ModelRecommender(f.Tenants[0].Base, reranker) != nil {
		t.Error("the base has something to recommend")
	}
	if ModelRecommender(p, sentiment) != nil {
		t.Error("recommends what the autoscaler of replicas looks at")
	}
	sentiment.Spec.Scaling.Also = []fleet.ScalingMetric{{Metric: "cpu", Target: 70}}
	for m, want := range map[*fleet.Model][]string{reranker: {"cpu", "memory"}, tagger: {"cpu", "memory"}, sentiment: {"memory"}} {
		vpa := ModelRecommender(p, m)
		d := serving.Deployment(p, m)
		if vpa.Spec.UpdatePolicy.UpdateMode != "Off" || vpa.Spec.TargetRef != (ScaleTarget{d.APIVersion, d.Kind, d.Name}) {
			t.Errorf("%s: %+v", m.Name, vpa.Spec)
		}
		server := vpa.Spec.ResourcePolicy.ContainerPolicies[0]
		if server.ContainerName != d.Spec.Template.Spec.Containers[0].Name || !reflect.DeepEqual(server.ControlledResources, want) {
			t.Errorf("%s: recommends %+v", m.Name, server)
		}
	}
}
