package observing

import (
	"time"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// The series that are recorded of every model, whichever server runs it. Names follow
// Prometheus' convention level:metric:operations. They carry namespace, tenant, model,
// environment and cluster.
const (
	// RecordRequests is answered requests a second.
	RecordRequests = "model:requests:rate5m"
	// recordErrors and a window: the share of requests, 0 to 1, that failed by the
	// server's fault. There is none while there are no requests.
	recordErrors = "model:request_errors:ratio_rate"
	// RecordErrors is that over five minutes.
	RecordErrors = recordErrors + "5m"
	// RecordLatencyP50 and the two below are a request's seconds in the server.
	RecordLatencyP50 = "model:request_latency_seconds:p50"
	RecordLatencyP95 = "model:request_latency_seconds:p95"
	RecordLatencyP99 = "model:request_latency_seconds:p99"
	// RecordQueue is the requests that wait, on average, at a replica.
	RecordQueue = "model:queue_length:avg"
	// RecordBatch is the average rows of a batch.
	RecordBatch = "model:batch_size:avg5m"
)

// by keeps what says where a series is from, beside what the rule's own labels say.
const by = "by (cluster, environment) "

// errorWindows are those that the burn-rate alerts compare (burnrate.go).
var errorWindows = []time.Duration{
	5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour,
}

// recordings measure the model in the vocabulary that alerts and dashboards share.
func recordings(p *fleet.Placement, m *fleet.Model) []Rule {
	server := measuresOf(m.Spec.Runtime, scopeOf(p, m))
	const short = 5 * time.Minute
	rules := []Rule{
		{Record: RecordRequests, Expr: server.requests(short)},
		{Record: RecordLatencyP50, Expr: server.latency("0.5")},
		{Record: RecordLatencyP95, Expr: server.latency("0.95")},
		{Record: RecordLatencyP99, Expr: server.latency("0.99")},
		{Record: RecordQueue, Expr: server.queue()},
		{Record: RecordBatch, Expr: server.batch(short)},
	}
	for _, window := range errorWindows {
		rules = append(rules, Rule{Record: errorRatio(window), Expr: server.errorRatio(window)})
	}
	return rules
}

func errorRatio(window time.Duration) string { return recordErrors + promDuration(window) }

// measures are PromQL expressions over one server's metrics. Each gives at most one
// series for a cluster and environment.
type measures interface {
	requests(window time.Duration) string
	errorRatio(window time.Duration) string
	// latency is a quantile in seconds.
	latency(quantile string) string
	queue() string
	batch(window time.Duration) string
}

func measuresOf(runtime fleet.Runtime, s scope) measures {
	if runtime == fleet.Triton {
		return tritonMeasures{s}
	}
	return onnxMeasures{s}
}

func rate(series string, window time.Duration) string {
	return "rate(" + series + "[" + promDuration(window) + "])"
}

func sumRate(series string, window time.Duration) string {
	return "sum " + by + "(" + rate(series, window) + ")"
}

// shareOf divides where there is something to divide by. A server exports no series for an
// error that it has not seen yet; that is no error, and not no answer.
func shareOf(part, whole string) string {
	return "(" + part + " or " + whole + " * 0) / (" + whole + " > 0)"
}
