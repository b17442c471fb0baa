package reference

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mlfleet/mlfleet/generator/manifest"
)

// feature is something that a fleet can have, and how to recognise an object that shows
// it: by its kind and, if that is not enough, by pieces of its YAML, all of which it has.
type feature struct {
	name  string
	kind  string
	holds []string
}

// features are in the order in which a reader would ask for them. A line is all that a
// new feature needs: the first file of golden/ that has such an object is found, and none
// is an error.
var features = []struct {
	subject string
	list    []feature
}{
	{"GPUs", []feature{
		{"a model on one whole GPU", "Deployment", []string{`nvidia.com/gpu: "1"`}},
		{"a model on several GPUs", "Deployment", []string{`nvidia.com/gpu: "4"`}},
		{"a model on a MIG instance", "Deployment", []string{`nvidia.com/mig-3g.20gb: "1"`}},
		{"a model that shares a GPU by MPS or time-slicing", "Deployment", []string{`nvidia.com/gpu.shared: "1"`}},
		{"its share of the GPU's memory", "Deployment", []string{"name: GPU_MEMORY_LIMIT\n          value: 2"}},
		{"spreading over zones and hosts", "Deployment", []string{"topologySpreadConstraints:"}},
		{"zone-local traffic", "Service", []string{"trafficDistribution: PreferSameZone"}},
	}},
	{"Nodes", []feature{
		{"a Karpenter node pool: taints, limits, consolidation, scaling to no node", "NodePool", []string{"consolidateAfter:", "taints:", "limits:"}},
		{"the machines of a node pool", "EC2NodeClass", nil},
		{"reserved capacity first, then on demand", "NodePool", []string{"- reserved\n        - on-demand"}},
		{"spot first, then on demand", "NodePool", []string{"- spot\n        - on-demand"}},
		{"what shared and divided GPUs look like to Karpenter", "NodeOverlay", nil},
		{"the cluster autoscaler's order of preference", "ConfigMap", []string{"priorities:"}},
		{"MIG layouts of the GPU operator", "ConfigMap", []string{"mig-devices:"}},
		{"time-slicing of the GPU operator", "ConfigMap", []string{"timeSlicing:"}},
		{"MPS of the GPU operator", "ConfigMap", []string{"mps:"}},
	}},
	{"Scaling", []feature{
		{"autoscaling on queue depth, by KEDA", "ScaledObject", []string{"name: queue-depth"}},
		{"latency as a guardrail of scaling", "ScaledObject", []string{"name: latency-p99"}},
		{"autoscaling on CPU and memory", "ScaledObject", []string{"type: cpu", "type: memory"}},
		{"autoscaling on the utilisation of GPUs (DCGM)", "ScaledObject", []string{"DCGM_FI_"}},
		{"up at once, down slowly", "ScaledObject", []string{"scaleDown:", "stabilizationWindowSeconds: 300"}},
		{"autoscaling by an HPA, where a cluster has a metrics adapter", "HorizontalPodAutoscaler", nil},
		{"the rules of that metrics adapter", "ConfigMap", []string{"seriesQuery"}},
		{"more replicas at certain times", "ScaledObject", []string{"type: cron", "name: schedule-1"}},
		{"a model that sleeps with no replica until a request wakes it", "ScaledObject", []string{"minReplicaCount: 0", "istio_requests_total"}},
		{"replicas and schedules computed from declared traffic", "ScaledObject", []string{"mlfleet.dev/plan:", "type: cron"}},
		{"replicas and schedules computed from measurements, with the error of the forecast", "ScaledObject", []string{"mlfleet.dev/forecast:", "type: cron"}},
		{"recommendations of CPU and memory, which nobody applies", "VerticalPodAutoscaler", []string{`updateMode: "Off"`}},
	}},
	{"Models", []feature{
		{"a model repository in S3, verified by sha256", "Deployment", []string{"name: ARTIFACT_URI", "name: ARTIFACT_SHA256"}},
		{"name, version and batch size for the server", "ConfigMap", []string{"MODEL_VERSION:", "MAX_BATCH_SIZE:"}},
		{"a model repository in MinIO, inside the cluster", "Deployment", []string{"http://minio.minio.svc:9000"}},
		{"a volume of one replica's own", "PersistentVolumeClaim", []string{"- ReadWriteOnce"}},
		{"a volume that all replicas read", "PersistentVolumeClaim", []string{"- ReadOnlyMany"}},
	}},
	{"Secrets and audit", []feature{
		{"secrets from AWS Secrets Manager", "SecretStore", []string{"service: SecretsManager"}},
		{"secrets from Vault", "SecretStore", []string{"vault:"}},
		{"the secrets that a model asks for, by name", "ExternalSecret", nil},
		{"who owns a tenant, who answers for it, and what it was allowed", "Namespace", []string{"mlfleet.dev/agreement:", "mlfleet.dev/allowances:", "mlfleet.dev/contacts:", "mlfleet.dev/owner:"}},
		{"what a grant is for, and to whom", "Role", []string{"mlfleet.dev/purpose:", "mlfleet.dev/grantee: owners"}},
	}},
	{"Requests", []feature{
		{"inside the cluster only, by default", "Service", []string{"type: ClusterIP"}},
		{"a canary by weight, through the Gateway API", "HTTPRoute", []string{"weight: 10", "weight: 90"}},
		{"a canary by header, through the Gateway API", "HTTPRoute", []string{"x-model-version"}},
		{"a model through Istio", "VirtualService", nil},
		{"a canary by weight, through Istio", "VirtualService", []string{"weight: 20", "weight: 80"}},
		{"a canary by header, through Istio", "VirtualService", []string{"x-model-version:"}},
		{"blue-green: a new version with every request, the old one standing by", "VirtualService", []string{"host: triage-notes-canary.", "weight: 100"}},
		{"a public entrance behind a network load balancer", "Gateway", []string{"aws-load-balancer-type"}},
		{"a public entrance behind an application load balancer with AWS WAF", "Ingress", []string{"wafv2-acl-arn"}},
		{"TLS by cert-manager", "Gateway", []string{"certificateRefs:"}},
		{"TLS by AWS Certificate Manager", "Ingress", []string{"certificate-arn"}},
		{"a CloudFront distribution in front", "HTTPRoute", []string{"x-distribution"}},
		{"sticky sessions, by Istio", "DestinationRule", []string{"httpCookie:"}},
		{"sticky sessions, by the application load balancer", "Ingress", []string{"stickiness"}},
		{"a name that leads to the nearest region", "DNSEndpoint", []string{"aws/region", "aws/health-check-id"}},
		{"a name that shares requests out by weight", "DNSEndpoint", []string{"aws/weight"}},
		{"a name that fails over", "DNSEndpoint", []string{"aws/failover"}},
	}},
	{"Observing", []feature{
		{"metrics of every model", "ServiceMonitor", nil},
		{"alerts on latency, errors, queues, replicas, CPU and memory, each with a runbook", "PrometheusRule", []string{"ModelLatencyP95High", "ModelErrorRateHigh", "ModelNotReady", "ModelRestarts", "ModelPending", "ModelMemoryHigh", "runbook_url"}},
		{"alerts on the error budget's burn rate, in several windows", "PrometheusRule", []string{"ModelErrorBudgetBurn", `long_window: "3d"`}},
		{"an alert on the utilisation of GPUs", "PrometheusRule", []string{"ModelGPUHigh"}},
		{"what was promised, as series", "PrometheusRule", []string{"record: model:slo_latency_seconds:p99"}},
		{"alerts to the owner's PagerDuty and Slack", "AlertmanagerConfig", []string{"pagerdutyConfigs:", "slackConfigs:"}},
		{"a Grafana dashboard of the tenant's models", "ConfigMap", []string{"grafana_dashboard", "GPU utilisation", "Memory per pod"}},
		{"traces to an OpenTelemetry collector", "Deployment", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", ".svc:4317"}},
		{"the way to that collector", "NetworkPolicy", []string{"name: allow-traces", "port: 4317"}},
		{"logs to Loki, by tenant", "ConfigMap", []string{"fluent-bit.yaml", "tenant_id_key"}},
		{"logs to CloudWatch, a log group a tenant", "ConfigMap", []string{"fluent-bit.yaml", "log_group_template"}},
	}},
}

const howToReadFeatures = `How to read this page:

- Every line is something that a fleet can have, and the first file of ` + "`golden/`" + ` that shows it.
- A file below ` + "`base/`" + ` holds what all clusters share, one below ` + "`overlays/<cluster>/`" + ` what only that
  cluster has; one below ` + "`golden/manifests/`" + ` is what Kustomize builds of both.
- The inputs that ask for a feature are those of the sample fleet: a file below
  ` + "`golden/tenants/acme/`" + ` comes from ` + "`tenants/acme/`" + `.
- [Objects](objects.md) tells, kind by kind, who builds an object and which fields of the inputs shape it.
- The page is made by looking for the features in ` + "`golden/`" + `; one that no file shows fails the tests.
`

func (s *Survey) featuresPage() (string, error) {
	var b strings.Builder
	var errs []error
	b.WriteString(generated + "# Features\n\n" + howToReadFeatures)
	for _, group := range features {
		fmt.Fprintf(&b, "\n## %s\n\n| feature | object | file |\n| --- | --- | --- |\n", group.subject)
		for _, f := range group.list {
			h, k, err := s.shown(f)
			errs = append(errs, err)
			if err == nil {
				fmt.Fprintf(&b, "| %s | [%s](objects.md#%s) | [%s](../../%s) |\n", f.name, k.Kind, anchor(s.title(k)), strings.TrimPrefix(h.file, "golden/"), h.file)
			}
		}
	}
	return b.String(), errors.Join(errs...)
}

// shown is the first object that shows a feature.
func (s *Survey) shown(f feature) (held, Kind, error) {
	for _, h := range s.golden {
		if h.object.Kind != f.kind {
			continue
		}
		text := string(manifest.File(h.object))
		if !slices.ContainsFunc(f.holds, func(piece string) bool { return !strings.Contains(text, piece) }) {
			return h, Kind{h.object.APIVersion, h.object.Kind}, nil
		}
	}
	return held{}, Kind{}, fmt.Errorf("no %s in golden/ shows %q: none holds %q; use it in the sample fleet, or correct features.go", f.kind, f.name, f.holds)
}
