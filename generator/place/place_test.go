package place_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/internal/fleettest"
	"github.com/mlfleet/mlfleet/generator/load"
	"github.com/mlfleet/mlfleet/generator/place"
)

func placed(t *testing.T, inputs fstest.MapFS) (*fleet.Fleet, []string) {
	t.Helper()
	docs, err := load.Read(inputs)
	if err != nil {
		t.Fatal(err)
	}
	f, findings, err := place.Fleet(docs)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, finding := range append(findings, docs.Findings...).Sorted() {
		said = append(said, finding.String())
	}
	return f, said
}

func good(t *testing.T, inputs fstest.MapFS) *fleet.Fleet {
	t.Helper()
	f, said := placed(t, inputs)
	if len(said) > 0 {
		t.Fatal(strings.Join(said, "\n"))
	}
	return f
}

func model(t *testing.T, p *fleet.Placement, name string) *fleet.Model {
	t.Helper()
	i := slices.IndexFunc(p.Models, func(m *fleet.Model) bool { return m.Name == name })
	if i < 0 {
		t.Fatalf("no model %s", name)
	}
	return p.Models[i]
}

// Files of the small fleet.
const (
	acme       = "tenants/acme/tenant.yaml"
	sentiment  = "tenants/acme/models/sentiment.yaml"
	ranker     = "tenants/acme/models/ranker.yaml"
	fraud      = "tenants/borealis/models/fraud.yaml"
	production = "environments/production/environment.yaml"
	staging    = "environments/staging/environment.yaml"
)

// layered has a value in every layer: each sets latencyP99 less the layers
// before it, so that seven models show which layer wins.
var layers = []struct {
	layer, file, old, new string
	value                 string
}{
	{layer: "schema default", file: "cue/defaults.cue", value: "500ms"},
	{"environment production", production, "  tiers:\n", "  defaults: {slo: {latencyP99: 1ms}}\n  tiers:\n", "1ms"},
	{"tier gold", production, "      defaults: {slo: {availability: \"99.9\"}}\n", "      defaults: {slo: {latencyP99: 2ms}}\n", "2ms"},
	{"tenant acme", acme, "    batching: {maxSize: 16}\n", "    slo: {latencyP99: 3ms}\n", "3ms"},
	{"model ranker", ranker, "  gpu: none\n", "  gpu: none\n  slo: {latencyP99: 4ms}\n", "4ms"},
	{"override 1 of model ranker", ranker, "    batching: {maxSize: 64}\n", "    slo: {latencyP99: 5ms}\n", "5ms"},
	{"override 2 of model ranker", ranker, "    version: \"13\"\n", "    slo: {latencyP99: 6ms}\n", "6ms"},
	{"override 3 of model ranker", ranker, "    replicas: {max: 12}\n", "    slo: {latencyP99: 7ms}\n", "7ms"},
}

// Layers are laid in the order of design, and each value tells which one set it
// and on which line.
func TestTheLastLayerWins(t *testing.T) {
	for n := 1; n <= len(layers); n++ {
		inputs := fleettest.Small(t)
		for _, l := range layers[1:n] {
			fleettest.Edit(t, inputs, l.file, l.old, l.new)
		}
		top := layers[n-1]
		m := model(t, good(t, inputs).Tenant("acme").Placement("north-production"), "ranker")
		if got := m.Spec.SLO.LatencyP99.Duration.String(); got != top.value {
			t.Errorf("under %s it is %s, want %s", top.layer, got, top.value)
		}
		origin := m.Origins.Origin("slo", "latencyP99")
		if origin.Layer != top.layer || origin.File != top.file {
			t.Errorf("under %s it comes from %+v", top.layer, origin)
		}
		if n == 1 {
			continue
		}
		line := strings.Split(string(inputs[top.file].Data), "\n")[origin.Line-1]
		if !strings.HasPrefix(line[origin.Column-1:], top.value) {
			t.Errorf("%s does not stand at %s", top.value, origin.Position)
		}
	}
}

// Maps merge field by field, and lists and scalars as wholes.
func TestMerge(t *testing.T) {
	inputs := fleettest.Small(t)
	fleettest.Edit(t, inputs, acme, "    batching: {maxSize: 16}\n", "    scaling: {metric: cpu, target: 60, also: [{metric: memory, target: 80}, {metric: queue-depth, target: 5}]}\n")
	fleettest.Edit(t, inputs, ranker, "  gpu: none\n", "  gpu: none\n  scaling: {also: [{metric: memory, target: 90}], up: {pods: 9}}\n")
	m := model(t, good(t, inputs).Tenant("acme").Placement("south-staging"), "ranker")
	got := fmt.Sprintf("%+v", m.Spec.Scaling)
	want := "{ScalingMetric:{Metric:cpu Target:60} Also:[{Metric:memory Target:90}] Schedules:[] Up:{Percent:100 Pods:9 Period:{Duration:15s}} Down:{Percent:50 Period:{Duration:1m0s} Window:{Duration:5m0s}}}"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if origin := m.Origins.Origin("scaling", "up", "percent"); origin.Layer != fleet.SchemaDefault {
		t.Errorf("percent comes from %+v", origin)
	}
}

// The base has no environment, region or override in it: it is what overlays share.
func TestBase(t *testing.T) {
	f := good(t, fleettest.Small(t))
	base := f.Tenant("acme").Base
	if base.Cluster != nil || len(base.Models) != 2 {
		t.Fatalf("%+v", base)
	}
	m := model(t, base, "ranker")
	if m.Spec.Version != "12" || m.Spec.Replicas != (fleet.Replicas{Min: 2, Max: 10}) || m.Spec.Batching.MaxSize != 16 ||
		m.Spec.SLO.Availability != "99.5" || m.Spec.SLO.LatencyP99.Duration.String() != "500ms" || m.Spec.Image != "inference" {
		t.Errorf("%+v", m.Spec)
	}
}

// The base of a model that runs nowhere in some form is still there when only a
// merged form is wrong, so that other findings can be made.
func TestEveryClusterHasItsOwnSettings(t *testing.T) {
	f := good(t, fleettest.Small(t))
	for cluster, want := range map[string]string{
		"north-production": `13 {4 12} 64 500ms 99.9`,
		"north-staging":    `13 {1 2} 16 1s 99`,
		"south-production": `12 {4 8} 64 500ms 99.9`,
		"south-staging":    `12 {1 2} 16 1s 99`,
	} {
		s := model(t, f.Tenant("acme").Placement(cluster), "ranker").Spec
		got := fmt.Sprintf("%s %v %d %v %s", s.Version, s.Replicas, s.Batching.MaxSize, s.SLO.LatencyP99.Duration, s.SLO.Availability)
		if got != want {
			t.Errorf("%s: %s, want %s", cluster, got, want)
		}
	}
	// Clusters that differ in nothing share a model, and those that do never.
	acme := f.Tenant("acme")
	if model(t, acme.Placement("north-staging"), "sentiment") != model(t, acme.Placement("south-staging"), "sentiment") {
		t.Error("two clusters of one environment that no override tells apart do not share a model")
	}
	if model(t, acme.Placement("north-staging"), "ranker") == model(t, acme.Placement("south-staging"), "ranker") {
		t.Error("two clusters that an override tells apart share a model")
	}
	if f.Tenant("borealis").Placement("south-production") != nil || f.Tenant("borealis").Placement("north-staging") != nil {
		t.Error("borealis is where it has no grant")
	}
}

// A GPU is a word or a map, and an override may change the one into the other.
// It replaces the whole: a count belongs to its class.
func TestGPUComesAndGoes(t *testing.T) {
	inputs := fleettest.Small(t)
	fleettest.Add(inputs, sentiment, string(inputs[sentiment].Data)+`  overrides:
  - match: {environment: staging}
    gpu: none
  - match: {region: north}
    gpu: {class: a10g, count: 2}
  - match: {cluster: north-production}
    gpu: {sharing: exclusive, class: t4}
`)
	fleettest.Edit(t, inputs, ranker, "    version: \"13\"\n", "    gpu: {class: t4}\n")
	f := good(t, inputs)
	for _, tc := range []struct{ cluster, model, want string }{
		{"south-production", "sentiment", "{a10g 1 exclusive}"},
		{"south-staging", "sentiment", "none"},
		{"north-staging", "sentiment", "{a10g 2 exclusive}"},
		{"north-production", "sentiment", "{t4 1 exclusive}"},
		{"south-production", "ranker", "none"},
		{"north-production", "ranker", "{t4 1 exclusive}"},
		{"", "sentiment", "{a10g 1 exclusive}"},
		{"", "ranker", "none"},
	} {
		p := f.Tenant("acme").Base
		if tc.cluster != "" {
			p = f.Tenant("acme").Placement(tc.cluster)
		}
		got := "none"
		if gpu := model(t, p, tc.model).Spec.GPU; gpu != nil {
			got = fmt.Sprint(*gpu)
		}
		if got != tc.want {
			t.Errorf("%s in %q has %s, want %s", tc.model, tc.cluster, got, tc.want)
		}
	}
	replaced := model(t, f.Tenant("acme").Placement("north-production"), "sentiment").Origins
	for field, layer := range map[string]string{"class": "override 3 of model sentiment", "count": fleet.SchemaDefault} {
		if origin := replaced.Origin("gpu", field); origin.Layer != layer {
			t.Errorf("%s comes from %+v, want %s", field, origin, layer)
		}
	}
}

// What a DNS policy needs belongs to that policy, so an override replaces both.
func TestDNSPolicyIsReplaced(t *testing.T) {
	inputs := fleettest.Small(t)
	fleettest.Edit(t, inputs, sentiment, "expose: {hostname: sentiment}", `expose: {hostname: sentiment, dns: {policy: weighted, weights: {north: 2, south: 1}}}
  overrides:
  - match: {environment: staging}
    expose: {hostname: sentiment, dns: {policy: failover, primary: north, secondary: south}}
  - match: {region: north}
    expose: {hostname: other}`)
	f := good(t, inputs)
	for cluster, want := range map[string]string{
		"south-production": "{sentiment weighted map[north:2 south:1]  }", "south-staging": "{sentiment failover map[] north south}",
		"north-production": "{other weighted map[north:2 south:1]  }", "north-staging": "{other failover map[] north south}",
	} {
		e := model(t, f.Tenant("acme").Placement(cluster), "sentiment").Spec.Expose
		if got := fmt.Sprint("{", e.Hostname, " ", e.DNS.Policy, " ", e.DNS.Weights, " ", e.DNS.Primary, " ", e.DNS.Secondary, "}"); got != want {
			t.Errorf("%s: got %s, want %s", cluster, got, want)
		}
	}
	origins := model(t, f.Tenant("acme").Placement("south-staging"), "sentiment").Origins
	if o := origins.Origin("expose", "dns", "weights"); o.Layer != "override 1 of model sentiment" {
		t.Errorf("weights that are gone come from %+v", o)
	}
	if o := origins.Origin("expose", "hostname"); o.Layer != "override 1 of model sentiment" {
		t.Errorf("the hostname comes from %+v", o)
	}
}

// Defaults that depend on what a model says follow it through the layers.
func TestImageFollowsTheRuntime(t *testing.T) {
	inputs := fleettest.Small(t)
	fleettest.Edit(t, inputs, ranker, "    version: \"13\"\n", "    runtime: triton\n")
	fleettest.Edit(t, inputs, fraud, "  runtime: triton\n", "  runtime: triton\n  image: inference\n")
	f := good(t, inputs)
	for cluster, want := range map[string]string{"north-staging": "triton", "south-staging": "inference"} {
		if got := model(t, f.Tenant("acme").Placement(cluster), "ranker").Spec.Image; got != want {
			t.Errorf("%s runs %s, want %s", cluster, got, want)
		}
	}
	if got := model(t, f.Tenant("borealis").Base, "fraud").Spec.Image; got != "inference" {
		t.Errorf("a named image is replaced by %s", got)
	}
}

// A model may run in fewer places than its tenant, never in more.
func TestPlacement(t *testing.T) {
	for _, tc := range []struct {
		placement string
		clusters  []string
		said      []string
	}{
		{"{regions: [north]}", []string{"north-production", "north-staging"}, nil},
		{"{environments: [staging]}", []string{"north-staging", "south-staging"}, nil},
		{"{environments: [production], regions: [south]}", []string{"south-production"}, nil},
		{"{}", []string{"north-production", "north-staging", "south-production", "south-staging"}, nil},
		{"{regions: [north, east]}", []string{"north-production", "north-staging"},
			[]string{sentiment + `:14:32: tenant acme has no grant for region "east" (granted are north, south) — remove it, or ask the platform team to add it to ` + acme}},
	} {
		inputs := fleettest.Small(t)
		fleettest.Add(inputs, sentiment, string(inputs[sentiment].Data)+"  placement: "+tc.placement+"\n")
		f, said := placed(t, inputs)
		var clusters []string
		for _, p := range f.Tenant("acme").Placements {
			if slices.ContainsFunc(p.Models, func(m *fleet.Model) bool { return m.Name == "sentiment" }) {
				clusters = append(clusters, p.Cluster.Name)
			}
		}
		if !slices.Equal(clusters, tc.clusters) || !slices.Equal(said, tc.said) {
			t.Errorf("%s: runs in %v, and it is said\n%s", tc.placement, clusters, strings.Join(said, "\n"))
		}
		if len(f.Tenant("acme").Placements) != 4 {
			t.Error("the tenant's fence went with its model")
		}
	}
}

// Layers that are right by themselves can be wrong together. That is told once,
// at the line of the last layer that had a say.
func TestWrongTogether(t *testing.T) {
	for _, tc := range []struct {
		name           string
		file, old, new string
		want           []string
	}{
		{"an override's max below the model's min", ranker, "    replicas: {max: 12}\n", "    replicas: {max: 3}\n", []string{
			`tenants/acme/models/ranker.yaml:19:21: spec.replicas.max is 3, and spec.replicas.min is 4 from override 1 of model ranker (at least 4: the most; not below the fewest; with all defaults and overrides of cluster north-production) — set spec.replicas.min too`,
		}},
		{"a model's min above an environment's max", sentiment, "  replicas: {min: 2, max: 4}\n", "  replicas: {min: 3}\n", []string{
			`tenants/acme/models/sentiment.yaml:12:19: spec.replicas.min is 3, and spec.replicas.max is 2 from environment staging (spec.replicas.max has to be at least 3: the most; not below the fewest; with all defaults and overrides of cluster north-staging; spec.replicas.max is set at environments/staging/environment.yaml:17:29) — set spec.replicas.max too`,
		}},
		{"a preStop above a default's gracePeriod", sentiment, "  expose:", "  shutdown: {preStop: 2m}\n  expose:", []string{
			`tenants/acme/models/sentiment.yaml:13:23: spec.shutdown.preStop is "2m", and spec.shutdown.gracePeriod is "60s" by default (spec.shutdown.gracePeriod has to be longer than preStop, which it includes; with all defaults and overrides of cluster north-production) — set spec.shutdown.gracePeriod too`,
		}},
		{"a gracePeriod below a default's preStop", sentiment, "  expose:", "  shutdown: {gracePeriod: 10s}\n  expose:", []string{
			`tenants/acme/models/sentiment.yaml:13:27: spec.shutdown.gracePeriod is "10s", and spec.shutdown.preStop is "15s" by default (longer than preStop, which it includes; with all defaults and overrides of cluster north-production) — set spec.shutdown.preStop too`,
		}},
		{"an override's min above another's max", ranker, "    replicas: {max: 12}\n", "    replicas: {min: 40}\n", []string{
			`tenants/acme/models/ranker.yaml:19:21: spec.replicas.min is 40, and spec.replicas.max is 8 from override 1 of model ranker (spec.replicas.max has to be at least 40: the most; not below the fewest; with all defaults and overrides of cluster north-production) — set spec.replicas.max too`,
		}},
		{"a tenant's default against the schema's", acme, "    batching: {maxSize: 16}\n", "    shutdown: {preStop: 90s}\n", []string{
			`tenants/acme/tenant.yaml:23:25: spec.shutdown.preStop is "90s", and spec.shutdown.gracePeriod is "60s" by default (spec.shutdown.gracePeriod has to be longer than preStop, which it includes; with all defaults and overrides of model ranker in cluster north-production) — set spec.shutdown.gracePeriod too`,
		}},
		{"a model's min above a default's max", fraud, "  replicas: {min: 2, max: 2}\n", "  replicas: {min: 40}\n", []string{
			`tenants/borealis/models/fraud.yaml:12:19: spec.replicas.min is 40, and spec.replicas.max is 10 by default (spec.replicas.max has to be at least 40: the most; not below the fewest; with all defaults and overrides of cluster north-production) — set spec.replicas.max too`,
		}},
		{"a canary that no request reaches", sentiment, "  expose: {hostname: sentiment}\n", "  canary: {version: \"4\", artifact: {uri: \"s3://acme-models/sentiment/4\", sha256: " + strings.Repeat("b", 64) + "}, weight: 10}\n", []string{
			`tenants/acme/models/sentiment.yaml:13:11: spec.canary does not belong here (only with expose, through which its share of the requests comes; with all defaults and overrides of cluster north-production)`,
		}},
		{"no resources anywhere", sentiment, "  resources: {cpu: \"3\", memory: 10Gi}\n", "", []string{
			`tenants/acme/models/sentiment.yaml:5:3: spec.resources is missing (CPU and memory of a replica: requested, and not exceeded; with all defaults and overrides of cluster north-production) — add it`,
		}},
		{"half of the resources", sentiment, "  resources: {cpu: \"3\", memory: 10Gi}\n", "  resources: {cpu: \"3\"}\n", []string{
			`tenants/acme/models/sentiment.yaml:11:3: spec.resources.memory is missing (memory; with all defaults and overrides of cluster north-production) — add it`,
		}},
		{"a measure in two layers", ranker, "    version: \"13\"\n", "    scaling: {also: [{metric: queue-depth, target: 5}]}\n", []string{
			`tenants/acme/models/ranker.yaml:17:14: spec.scaling contradicts itself (every measure stands once, in scaling or in scaling.also; with all defaults and overrides of cluster north-production)`,
		}},
		{"a target for another measure", acme, "    batching: {maxSize: 16}\n", "    scaling: {metric: cpu, target: 50, also: [{metric: cpu, target: 60}]}\n", []string{
			`tenants/acme/models/ranker.yaml:5:3: spec.scaling contradicts itself (every measure stands once, in scaling or in scaling.also; with all defaults and overrides of cluster north-production; it is set at tenants/acme/tenant.yaml:23:14)`,
			`tenants/acme/models/sentiment.yaml:5:3: spec.scaling contradicts itself (every measure stands once, in scaling or in scaling.also; with all defaults and overrides of cluster north-production; it is set at tenants/acme/tenant.yaml:23:14)`,
		}},
		{"an override that matches nothing", ranker, "{region: north}", "{region: north, cluster: south-staging}", []string{
			`tenants/acme/models/ranker.yaml:16:5: override 2 matches none of the clusters that the model runs in — correct its match, or remove it`,
		}},
		{"an override where the model does not run", ranker, "  gpu: none\n", "  gpu: none\n  placement: {environments: [staging]}\n", []string{
			`tenants/acme/models/ranker.yaml:14:5: override 1 matches none of the clusters that the model runs in — correct its match, or remove it`,
			`tenants/acme/models/ranker.yaml:19:5: override 3 matches none of the clusters that the model runs in — correct its match, or remove it`,
		}},
		{"a model nowhere", ranker, "  gpu: none\n", "  gpu: none\n  placement: {regions: [south]}\n", []string{
			`tenants/acme/models/ranker.yaml:17:5: override 2 matches none of the clusters that the model runs in — correct its match, or remove it`,
			`tenants/acme/models/ranker.yaml:19:5: override 3 matches none of the clusters that the model runs in — correct its match, or remove it`,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inputs := fleettest.Small(t)
			fleettest.Edit(t, inputs, tc.file, tc.old, tc.new)
			_, said := placed(t, inputs)
			if !slices.Equal(said, tc.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}

// What could not be read is left out, and what refers to it is not reported a
// second time.
func TestWhatCouldNotBeReadIsReportedOnce(t *testing.T) {
	for _, path := range slices.Sorted(func(yield func(string) bool) {
		for path := range fleettest.Small(t) {
			if !yield(path) {
				return
			}
		}
	}) {
		inputs := fleettest.Small(t)
		fleettest.Add(inputs, path, "a: 1\na: 2\n")
		_, said := placed(t, inputs)
		if len(said) != 1 || !strings.HasPrefix(said[0], path+`:2:1: field "a" stands twice`) {
			t.Errorf("%s is broken, and it is said\n%s", path, strings.Join(said, "\n"))
		}
	}
}

// What an environment's defaults would have been is unknown where its file is wrong, so
// nothing is said of settings that may have come from there.
func TestSettingsOfAnEnvironmentThatCouldNotBeRead(t *testing.T) {
	inputs := fleettest.Small(t)
	const resources = "  resources: {cpu: \"3\", memory: 10Gi}\n"
	fleettest.Edit(t, inputs, sentiment, resources, "  placement: {environments: [production]}\n")
	fleettest.Edit(t, inputs, production, "  tiers:\n", "  defaults: {resources: {cpu: \"3\", memory: 10Gi}}\n  tiers:\n")
	good(t, inputs)
	fleettest.Edit(t, inputs, production, "  tiers:\n", "  tears:\n")
	_, said := placed(t, inputs)
	if slices.ContainsFunc(said, func(s string) bool { return !strings.HasPrefix(s, production) }) || len(said) == 0 {
		t.Error(strings.Join(said, "\n"))
	}
}

func TestSampleFleet(t *testing.T) {
	f := good(t, fleettest.Copy(t, os.DirFS("../..")))
	if len(f.Clusters()) != 8 || len(f.Regions) != 4 || len(f.Environments) != 2 || len(f.Tenants) < 5 {
		t.Errorf("the sample fleet has %d clusters, %d regions, %d environments and %d tenants", len(f.Clusters()), len(f.Regions), len(f.Environments), len(f.Tenants))
	}
}
