// Package metrics holds what the server tells Prometheus. The names are a
// contract: autoscaling, alerts and dashboards that other people generate use
// them (docs/contract.md), so renaming one breaks a fleet.
package metrics

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/repository"
)

// latency buckets from 100 µs, a small model's run, to 2 minutes, by factors of
// about 2. A quantile beyond the last one cannot be told, and a model may be
// promised a minute: the last has to be above that for an alert to see it missed.
var latency = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120}

// Metrics are the server's metrics and their registry.
type Metrics struct {
	Registry *prometheus.Registry
	// InFlight counts requests between their first byte and the last of the
	// answer.
	InFlight prometheus.Gauge

	region    string
	requests  *prometheus.HistogramVec
	queue     *prometheus.HistogramVec
	compute   *prometheus.HistogramVec
	size      *prometheus.HistogramVec
	inference *prometheus.HistogramVec
	rejected  *prometheus.CounterVec
	responses *prometheus.CounterVec
}

// New makes the metrics. region is a label of the model's own metric.
func New(region string) *Metrics {
	model := []string{"model_name", "version"}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	}
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		region:   region,
		InFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "inference_requests_in_flight", Help: "Inference requests being read, computed or answered.",
		}),
		requests: histogram("inference_request_duration_seconds",
			"From the request's head to the end of its answer.", latency, model...),
		queue:   histogram("inference_queue_duration_seconds", "Wait of a request in the queue.", latency, model...),
		compute: histogram("inference_compute_duration_seconds", "Run of a batch on the device.", latency, model...),
		size: histogram("inference_batch_size", "Rows of a batch.",
			[]float64{1, 2, 4, 8, 16, 32, 64, 128, 256}, model...),
		inference: histogram("ml_model_inference_duration_seconds",
			"Queue and run of a request: what the model costs its caller, without reading and writing.",
			latency, "model_name", "version", "region"),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "inference_rejected_requests_total", Help: "Requests turned away or given up, by reason.",
		}, []string{"reason"}),
		responses: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "inference_requests_total", Help: "Inference requests answered, by protocol and status.",
		}, []string{"protocol", "code"}),
	}
	for _, r := range reasons { // a rate needs a first value to rise from
		m.rejected.WithLabelValues(r)
	}
	m.Registry.MustRegister(m.InFlight, m.requests, m.queue, m.compute, m.size, m.inference, m.rejected,
		m.responses, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Device reports the device that models run on.
func (m *Metrics) Device(kind, id, runtime string) {
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "inference_device_info", Help: "Always 1; the labels name the device that models run on.",
	}, []string{"kind", "device", "onnxruntime"})
	info.WithLabelValues(kind, id, runtime).Set(1)
	m.Registry.MustRegister(info)
}

// Queue reports the queue lengths and accuracies of the versions that ready
// yields, which is asked at every scrape.
func (m *Metrics) Queue(ready func() iter.Seq[*repository.Version]) {
	m.Registry.MustRegister(&served{ready})
}

// served collects what is true of a version now. It is a collector and not a
// set of gauges: a gauge set by many goroutines can come to rest on a stale
// number, and an autoscaler would act on it; and the accuracy of a version that
// is not served any more would be reported for ever.
type served struct {
	ready func() iter.Seq[*repository.Version]
}

var (
	queueLength = prometheus.NewDesc("inference_queue_length",
		"Requests that wait for a batch. Autoscaling reads this.", []string{"model_name", "version"}, nil)
	accuracy = prometheus.NewDesc("ml_model_accuracy_score",
		"Accuracy on held-out data, 0 to 1, from the model's config.json.", []string{"model_name", "version"}, nil)
)

// Describe implements prometheus.Collector.
func (s *served) Describe(c chan<- *prometheus.Desc) {
	c <- queueLength
	c <- accuracy
}

// Collect implements prometheus.Collector.
func (s *served) Collect(c chan<- prometheus.Metric) {
	for v := range s.ready() {
		c <- prometheus.MustNewConstMetric(queueLength, prometheus.GaugeValue, float64(v.Queued()), v.Model, v.Name)
		if a := v.Config.Accuracy; a != nil {
			c <- prometheus.MustNewConstMetric(accuracy, prometheus.GaugeValue, *a, v.Model, v.Name)
		}
	}
}

// A Meter takes the measurements of one version. It implements batch.Meter.
type Meter struct {
	m                                         *Metrics
	requests, queue, compute, size, inference prometheus.Observer
}

// Meter makes the meter of a version.
func (m *Metrics) Meter(v *repository.Version) *Meter {
	return &Meter{
		m:         m,
		requests:  m.requests.WithLabelValues(v.Model, v.Name),
		queue:     m.queue.WithLabelValues(v.Model, v.Name),
		compute:   m.compute.WithLabelValues(v.Model, v.Name),
		size:      m.size.WithLabelValues(v.Model, v.Name),
		inference: m.inference.WithLabelValues(v.Model, v.Name, m.region),
	}
}

// Waited implements batch.Meter.
func (m *Meter) Waited(d time.Duration) { m.queue.Observe(d.Seconds()) }

// Ran implements batch.Meter.
func (m *Meter) Ran(rows int, d time.Duration) {
	m.size.Observe(float64(rows))
	m.compute.Observe(d.Seconds())
}

// Dropped implements batch.Meter.
func (m *Meter) Dropped(err error) { m.m.Rejected(reason(err)) }

// Served takes a request that was answered: its time in the server, and the
// part of it in queue and run.
func (m *Meter) Served(total, model time.Duration) {
	m.requests.Observe(total.Seconds())
	m.inference.Observe(model.Seconds())
}

// Rejected counts a request that was turned away.
func (m *Metrics) Rejected(reason string) { m.rejected.WithLabelValues(reason).Inc() }

// Response counts an answer.
func (m *Metrics) Response(protocol, code string) {
	m.responses.WithLabelValues(protocol, code).Inc()
}

// reasons are all values of the label.
var reasons = []string{"queue_full", "deadline", "cancelled", "closing", "memory"}

func reason(err error) string {
	switch {
	case errors.Is(err, batch.ErrFull):
		return "queue_full"
	case errors.Is(err, batch.ErrExpired), errors.Is(err, context.DeadlineExceeded):
		return "deadline"
	case errors.Is(err, batch.ErrClosed):
		return "closing"
	}
	return "cancelled"
}
