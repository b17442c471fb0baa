package observing

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// settings is a Fluent Bit configuration as Fluent Bit reads it: every value is a scalar,
// and of a section's plugins each has a name.
type settings struct {
	Service  map[string]string `yaml:"service"`
	Pipeline struct {
		Inputs  []map[string]string `yaml:"inputs"`
		Filters []map[string]string `yaml:"filters"`
		Outputs []map[string]string `yaml:"outputs"`
	} `yaml:"pipeline"`
}

func (s settings) plugins() []map[string]string {
	return slices.Concat(s.Pipeline.Inputs, s.Pipeline.Filters, s.Pipeline.Outputs)
}

// routed reads the settings of a cluster, and fails on a section that Fluent Bit lacks.
func routed(t *testing.T, c *fleet.Cluster) settings {
	t.Helper()
	config := LogRouting(c)
	if config.Namespace != c.Spec.Observability.Logs.Namespace {
		t.Errorf("the settings are in %s", config.Namespace)
	}
	var s settings
	d := yaml.NewDecoder(strings.NewReader(config.Data["fluent-bit.yaml"]))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// clusters has one of each kind of place for logs, lines kept for ever included.
func clusters(t *testing.T) map[string]*fleet.Cluster {
	t.Helper()
	_, irsa, podIdentity := workloadtest.Fixture(t)
	_, forEver, _ := workloadtest.Fixture(t)
	forEver.Cluster.Spec.Observability.Logs = &fleet.Logs{Namespace: "logging", CloudWatch: &fleet.CloudWatch{}}
	return map[string]*fleet.Cluster{"loki": irsa.Cluster, "cloudwatch": podIdentity.Cluster, "cloudwatch, for ever": forEver.Cluster}
}

// Fluent Bit ends where it is given a setting that it does not know.
func TestFluentBitKnowsEverySetting(t *testing.T) {
	data, err := os.ReadFile("testdata/fluentbit/settings.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var documented map[string]string
	if err := yaml.Unmarshal(data, &documented); err != nil {
		t.Fatal(err)
	}
	for name, c := range clusters(t) {
		s := routed(t, c)
		s.Service["name"] = "service"
		for _, plugin := range append(s.plugins(), s.Service) {
			known := strings.Fields(documented[plugin["name"]])
			for setting, value := range plugin {
				if setting != "name" && !slices.Contains(known, setting) {
					t.Errorf("%s: %s has no setting %s", name, plugin["name"], setting)
				}
				if value == "" {
					t.Errorf("%s: %s of %s is empty", name, setting, plugin["name"])
				}
			}
		}
		if len(s.plugins()) != 3 {
			t.Errorf("%s: %d plugins", name, len(s.plugins()))
		}
	}
}

// line is what the filter makes of a line that a container of acme's wrote.
var line = map[string]string{
	"$kubernetes['namespace_name']":               "tenant-acme",
	"$kubernetes['pod_name']":                     "sentiment-7d4b9c6f5-x2x4z",
	"$kubernetes['container_name']":               "server",
	"$kubernetes['labels']['mlfleet.dev/tenant']": "acme",
	"$kubernetes['labels']['mlfleet.dev/model']":  "sentiment",
}

// accessor is a variable of a template, with what follows: Fluent Bit finds the end of one at a
// dot or a comma only (its manual, "Limitations of record_accessor syntax").
var accessor = regexp.MustCompile(`(\$[a-z_]+(?:\['[^']+'\])*)(.?)`)

func filledIn(t *testing.T, template string) string {
	t.Helper()
	return accessor.ReplaceAllStringFunc(template, func(found string) string {
		parts := accessor.FindStringSubmatch(found)
		value, ok := line[parts[1]]
		if !ok {
			t.Errorf("no line has %s", parts[1])
		}
		if parts[2] != "" && parts[2] != "." && parts[2] != "," {
			t.Errorf("%s does not end at %q in %s", parts[1], parts[2], template)
		}
		return value + parts[2]
	})
}

func TestLogsGoToTheirTenantsPlace(t *testing.T) {
	of := clusters(t)
	loki := routed(t, of["loki"]).Pipeline.Outputs[0]
	if got := loki["host"] + ":" + loki["port"]; got != "loki-gateway.loki.svc:3100" {
		t.Errorf("Loki is at %s", got)
	}
	if got := filledIn(t, loki["tenant_id_key"]); got != "tenant-acme" {
		t.Errorf("Loki's tenant is %s", got)
	}
	const labels = "cluster=us-east-production, region=us-east, environment=production, tenant=acme, model=sentiment, namespace=tenant-acme, container=server"
	if got := filledIn(t, loki["labels"]); got != labels {
		t.Errorf("lines are labelled\n%s\nwant\n%s", got, labels)
	}
	for name, days := range map[string]string{"cloudwatch": "30", "cloudwatch, for ever": ""} {
		c := of[name]
		out := routed(t, c).Pipeline.Outputs[0]
		if out["region"] != c.Region.Cloud || out["log_retention_days"] != days || out["auto_create_group"] != "true" {
			t.Errorf("%s: %v", name, out)
		}
		if got, want := filledIn(t, out["log_group_template"]), "/mlfleet/"+c.Name+"/tenant-acme"; got != want {
			t.Errorf("%s: the group is %s, want %s", name, got, want)
		}
		if got := filledIn(t, out["log_stream_template"]); got != "sentiment-7d4b9c6f5-x2x4z.server" {
			t.Errorf("%s: the stream is %s", name, got)
		}
	}
}

// The labels that lines are sorted by are those of the pods.
func TestLinesAreLabelledAsPodsAre(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	labels := object.ModelLabels(p.Tenant, workloadtest.Model(t, p, "sentiment"))
	for label, want := range map[string]string{object.LabelTenant: "acme", object.LabelModel: "sentiment"} {
		if got := line[lineLabel(label)]; got != want || labels[label] != want {
			t.Errorf("%s is %q in lines and %q on pods, want %s", label, got, labels[label], want)
		}
	}
}

// A tenant's pod may neither hide nor pass for another's.
func TestTenantsCannotSteerTheirLogs(t *testing.T) {
	for name, c := range clusters(t) {
		s := routed(t, c)
		filter := s.Pipeline.Filters[0]
		if filter["merge_log"] == "true" && filter["merge_log_key"] == "" {
			t.Errorf("%s: a line of JSON may name its own namespace", name)
		}
		for _, annotation := range []string{"k8s-logging.parser", "k8s-logging.exclude"} {
			if filter[annotation] != "false" { // without it Fluent Bit's default would count
				t.Errorf("%s: %s is %q", name, annotation, filter[annotation])
			}
		}
		tail := s.Pipeline.Inputs[0]
		for file, want := range map[string]bool{
			"sentiment-7d4b9c6f5-x2x4z_tenant-acme_server-%s.log":     true,
			"sentiment-7d4b9c6f5-x2x4z_tenant-acme_fetch-%s.log":      true,
			"tenant-acme-7d4b9c6f5-x2x4z_kube-system_server-%s.log":   false,
			"prometheus-0_monitoring_prometheus-%s.log":               false,
			"tenant-acme_default_tenant-acme-%s.log":                  false,
			"sentiment-7d4b9c6f5-x2x4z_not-tenant-acme_server-%s.log": false,
		} {
			file = path.Dir(tail["path"]) + "/" + fmt.Sprintf(file, strings.Repeat("a", 64))
			if got, err := path.Match(tail["path"], file); got != want || err != nil {
				t.Errorf("%s: %s is read: %t, want %t (%v)", name, file, got, want, err)
			}
		}
		if !strings.HasSuffix(tail["tag"], "*") {
			t.Errorf("%s: files share the tag %s, and so their chunks", name, tail["tag"])
		}
	}
}

func TestNoLogsWithoutAWord(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	p.Cluster.Spec.Observability.Logs = nil
	for _, c := range []*fleet.Cluster{nil, p.Cluster} {
		if LogRouting(c) != nil {
			t.Error("logs are routed although nobody says where")
		}
	}
}
