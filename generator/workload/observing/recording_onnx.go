package observing

import (
	"time"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// onnxMeasures reads the included server's metrics (docs/contract.md, "Metrics").
type onnxMeasures struct{ scope }

// serverFaults are the codes of inference_requests_total that are ours to answer for: HTTP's
// 5xx and gRPC's names for the like. A full queue and a missed deadline are among them, because
// the caller got no answer; a request that was wrong, too large or given up is not.
const serverFaults = "5..|Unknown|DeadlineExceeded|Internal|Unavailable|DataLoss"

func (o onnxMeasures) requests(window time.Duration) string {
	return sumRate(o.scraped("inference_requests_total"), window)
}

func (o onnxMeasures) errorRatio(window time.Duration) string {
	failed := o.scraped("inference_requests_total", matcher("code", "=~", serverFaults))
	return shareOf(sumRate(failed, window), o.requests(window))
}

func (o onnxMeasures) latency(quantile string) string {
	buckets := o.scraped("inference_request_duration_seconds_bucket")
	return "histogram_quantile(" + quantile + ", sum by (cluster, environment, le) (" + rate(buckets, 5*time.Minute) + "))"
}

func (o onnxMeasures) queue() string {
	return "avg " + by + "(" + o.scraped(fleet.ONNX.QueueMetric()) + ")"
}

func (o onnxMeasures) batch(window time.Duration) string {
	rows, batches := o.scraped("inference_batch_size_sum"), o.scraped("inference_batch_size_count")
	return sumRate(rows, window) + " / (" + sumRate(batches, window) + " > 0)"
}
