package observing

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

const (
	// logSettings is what Fluent Bit's Helm chart is told as existingConfigMap.
	logSettings = "mlfleet-fluent-bit"

	// waveCollectors comes after what needs no add-on's namespace, so that a cluster whose
	// Fluent Bit is not there yet has everything else.
	waveCollectors = 1

	// tags of the lines of containers; Fluent Bit puts a file's path for the asterisk.
	containerTags = "kube.*"

	// containerFiles are the logs of tenants' pods on a node, which are named
	// <pod>_<namespace>_<container>-<id>.log. No name has an underscore.
	containerFiles = "/var/log/containers/*_tenant-*_*.log"

	// written is where a line that is JSON goes. Beside the others' its fields could call
	// themselves "kubernetes", and a tenant could write into another's log.
	written = "written"
)

// Fields of a line, as Fluent Bit's record accessors.
const (
	lineNamespace = "$kubernetes['namespace_name']"
	linePod       = "$kubernetes['pod_name']"
	lineContainer = "$kubernetes['container_name']"
)

// LogRouting has a cluster's Fluent Bit send what models' pods write where the cluster says;
// nil where it says nothing, and for the base. A tenant's lines have a place of their own:
// of Loki's tenants that of its namespace, of CloudWatch's log groups its own. It is known by the
// namespace that the kubelet wrote them under, and by nothing that stands in a line.
func LogRouting(c *fleet.Cluster) *corev1.ConfigMap {
	if c == nil || c.Spec.Observability.Logs == nil {
		return nil
	}
	meta := object.PlatformMeta(logSettings)
	meta.Namespace = c.Spec.Observability.Logs.Namespace
	meta.Annotations = map[string]string{object.AnnotationSyncWave: strconv.Itoa(waveCollectors)}
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: meta,
		Data:       map[string]string{"fluent-bit.yaml": object.Document(logPipeline(c))},
	}
}

func logPipeline(c *fleet.Cluster) fluentBit {
	return fluentBit{
		Service: fluentService{Flush: 1, LogLevel: "info", HTTPServer: true, HTTPPort: 2020, HealthCheck: true},
		Pipeline: fluentPipeline{
			Inputs: []any{tailInput{
				Name: "tail", Tag: containerTags, Path: containerFiles, MultilineParser: "cri", MemBufLimit: "64MB", SkipLongLines: true,
			}},
			Filters: []any{kubernetesFilter{
				Name: "kubernetes", Match: containerTags, MergeLog: true, MergeLogKey: written, Labels: true,
			}},
			Outputs: []any{logOutput(c)},
		},
	}
}

func logOutput(c *fleet.Cluster) any {
	if loki := c.Spec.Observability.Logs.Loki; loki != nil {
		return toLoki(c, loki)
	}
	return toCloudWatch(c, c.Spec.Observability.Logs.CloudWatch)
}

// toLoki labels lines by what few values there are of, and leaves of a line what the
// container wrote. Chunks are of one file, so that the tenant of one line is that of all.
func toLoki(c *fleet.Cluster, loki *fleet.Loki) lokiOutput {
	host, port := loki.Address()
	return lokiOutput{
		Name: "loki", Match: containerTags, Host: host, Port: port,
		TenantIDKey: lineNamespace,
		Labels: strings.Join([]string{
			"cluster=" + c.Name,
			"region=" + c.Region.Name,
			"environment=" + c.Environment.Name,
			"tenant=" + lineLabel(object.LabelTenant),
			"model=" + lineLabel(object.LabelModel),
			"namespace=" + lineNamespace,
			"container=" + lineContainer,
		}, ", "),
		StructuredMetadata: "pod=" + linePod,
		RemoveKeys:         "kubernetes, stream, time, _p",
		DropSingleKey:      "raw",
		LineFormat:         "json",
	}
}

// toCloudWatch gives each tenant a log group and each container a stream in it. A line whose
// pod is unknown goes to the group "unknown", because the names above are then not to be had.
func toCloudWatch(c *fleet.Cluster, to *fleet.CloudWatch) cloudWatchOutput {
	group := "/mlfleet/" + c.Name + "/"
	return cloudWatchOutput{
		Name: "cloudwatch_logs", Match: containerTags, Region: c.Region.Cloud,
		LogGroupName:     group + "unknown",
		LogGroupTemplate: group + lineNamespace,
		StreamPrefix:     "from-",
		StreamTemplate:   linePod + "." + lineContainer,
		AutoCreateGroup:  true,
		RetentionDays:    to.RetentionDays,
	}
}

// lineLabel is a label of the pod that wrote a line.
func lineLabel(label string) string { return "$kubernetes['labels']['" + label + "']" }
