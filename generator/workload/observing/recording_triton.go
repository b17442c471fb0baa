package observing

import (
	"time"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// tritonMeasures reads Triton's metrics (docs/user_guide/metrics.md of
// triton-inference-server/server).
type tritonMeasures struct{ scope }

func (t tritonMeasures) requests(window time.Duration) string {
	answered := sumRate(t.scraped("nv_inference_request_success"), window)
	return answered + " + (" + t.failures(window) + " or " + answered + " * 0)"
}

// failures leaves out what callers gave up. Releases before 24.05 name no reason, and
// then all of them count.
func (t tritonMeasures) failures(window time.Duration) string {
	return sumRate(t.scraped("nv_inference_request_failure", matcher("reason", "!=", "CANCELED")), window)
}

func (t tritonMeasures) errorRatio(window time.Duration) string {
	return shareOf(t.failures(window), "("+t.requests(window)+")")
}

// latency is the slowest replica's: Triton exports quantiles, of each replica's last minute, and
// quantiles of several replicas cannot be merged. It exports them because the Deployment's
// arguments ask for it, and not for a model with Triton's response cache.
func (t tritonMeasures) latency(quantile string) string {
	const microseconds = "1e6"
	return "max " + by + "(" + t.scraped("nv_inference_request_summary_us", matcher("quantile", "=", quantile)) + ") / " + microseconds
}

func (t tritonMeasures) queue() string {
	return "avg " + by + "(" + t.scraped(fleet.Triton.QueueMetric()) + ")"
}

func (t tritonMeasures) batch(window time.Duration) string {
	rows, batches := t.scraped("nv_inference_count"), t.scraped("nv_inference_exec_count")
	return sumRate(rows, window) + " / (" + sumRate(batches, window) + " > 0)"
}
