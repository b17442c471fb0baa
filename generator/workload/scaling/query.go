package scaling

import (
	"strconv"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
)

// Series beside the queue's, which fleet.Runtime names.
const (
	// histogramSeries is the included server's (docs/contract.md).
	histogramSeries = "inference_request_duration_seconds_bucket"
	// summarySeries is Triton's, which the Deployment switches on (Triton's
	// metrics.md, "Summaries").
	summarySeries = "nv_inference_request_summary_us"
)

// rateWindow is long enough for several scrapes, and for one that is lost.
const rateWindow = "2m"

// selector selects the series of a model, by the labels that its ServiceMonitor puts
// on them. Queries are made of constants and of names as quoted values, and of
// nothing else that a tenant writes.
func selector(t *fleet.Tenant, m *fleet.Model, further string) string {
	return "{tenant=" + strconv.Quote(t.Name) + ",model=" + strconv.Quote(m.Name) + further + "}"
}

// queueQuery is the requests that wait, in all replicas together.
func queueQuery(t *fleet.Tenant, m *fleet.Model) string {
	return "sum(" + m.Spec.Runtime.QueueMetric() + selector(t, m, "") + ")"
}

// latencyQuery is the 99th percentile of a request's time in the server, in seconds;
// of Triton's replicas the worst, because percentiles do not add up. Without
// requests there is none (NaN), and nothing to guard: 0.
func latencyQuery(t *fleet.Tenant, m *fleet.Model) string {
	percentile := "histogram_quantile(0.99, sum by (le) (rate(" + histogramSeries + selector(t, m, "") + "[" + rateWindow + "])))"
	if m.Spec.Runtime == fleet.Triton {
		percentile = "max(" + summarySeries + selector(t, m, `,quantile="0.99"`) + ") / 1e6"
	}
	return "(" + percentile + " > 0) or vector(0)"
}

// activityQuery is 1 while requests come, else 0: those that the server answered,
// and, where the cluster's gateway counts, those that the gateway sent or, there
// being no replica, refused.
func activityQuery(p *fleet.Placement, m *fleet.Model) string {
	answered := "inference_requests_total"
	if m.Spec.Runtime == fleet.Triton {
		answered = "nv_inference_request_success"
	}
	sum := increased(answered + selector(p.Tenant, m, ""))
	if p.Cluster != nil && p.Cluster.Spec.Scaling.WakeBy != "" {
		sum += " + " + increased("istio_requests_total{destination_service_namespace="+strconv.Quote(p.Tenant.Namespace())+
			",destination_service_name="+strconv.Quote(m.Name)+"}")
	}
	return "clamp_max(" + sum + ", 1)"
}

// increased is by how much a counter grew lately. A counter begins with its first
// request, and so does not seem to have grown by it; hence the value of new ones.
func increased(series string) string {
	return "(sum(increase(" + series + "[" + rateWindow + "])) or vector(0)) + (sum(" + series + " unless " + series + " offset " + rateWindow + ") or vector(0))"
}

// byEngine says whether DCGM tells of the model's GPUs only how long their engines
// are active.
func byEngine(m *fleet.Model) bool {
	return m.Spec.GPU != nil && m.Spec.GPU.MIGProfile() != ""
}

// gpuQuery is the average over the GPUs of the model's pods, in percent.
func gpuQuery(t *fleet.Tenant, m *fleet.Model) string {
	series, factor := contract.GPUUtilization, ""
	if byEngine(m) {
		series, factor = contract.GPUEngineActive, "100 * "
	}
	return factor + "avg(" + contract.GPUSeries(series, t.Namespace(), contract.PodPattern(m.Name)) + ")"
}
