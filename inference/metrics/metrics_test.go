package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/metrics"
	"github.com/mlfleet/mlfleet/inference/repository"
)

// gather collects the metrics, by name.
func gather(t *testing.T, m *metrics.Metrics) map[string]*dto.MetricFamily {
	t.Helper()
	families, err := m.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*dto.MetricFamily{}
	for _, f := range families {
		out[f.GetName()] = f
	}
	return out
}

func TestEveryReasonIsThereFromTheStart(t *testing.T) {
	got := map[string]float64{}
	for _, m := range gather(t, metrics.New("r"))["inference_rejected_requests_total"].GetMetric() {
		got[m.Label[0].GetValue()] = m.Counter.GetValue()
	}
	for _, want := range []string{"queue_full", "deadline", "cancelled", "closing", "memory"} {
		if n, ok := got[want]; !ok || n != 0 {
			t.Errorf("%s: %v, %v", want, n, ok)
		}
	}
	if len(got) != 5 {
		t.Errorf("reasons %v", got)
	}
}

func TestDroppedRequestsAreCountedByReason(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want string
	}{
		{batch.ErrFull, "queue_full"},
		{batch.ErrExpired, "deadline"},
		{context.DeadlineExceeded, "deadline"},
		{fmt.Errorf("the caller: %w", context.DeadlineExceeded), "deadline"},
		{context.Canceled, "cancelled"},
		{batch.ErrGone, "cancelled"},
		{batch.ErrClosed, "closing"},
		{errors.New("something else"), "cancelled"},
	} {
		m := metrics.New("r")
		m.Meter(&repository.Version{Model: "m", Name: "1"}).Dropped(tc.err)
		for _, c := range gather(t, m)["inference_rejected_requests_total"].GetMetric() {
			want := 0.0
			if c.Label[0].GetValue() == tc.want {
				want = 1
			}
			if c.Counter.GetValue() != want {
				t.Errorf("%v: %s is %v, want %v", tc.err, c.Label[0].GetValue(), c.Counter.GetValue(), want)
			}
		}
	}
}

func TestAMeterMeasuresItsVersionOnly(t *testing.T) {
	m := metrics.New("eu")
	one, two := m.Meter(&repository.Version{Model: "m", Name: "1"}), m.Meter(&repository.Version{Model: "m", Name: "2"})
	one.Waited(10 * time.Millisecond)
	one.Ran(3, 20*time.Millisecond)
	one.Served(40*time.Millisecond, 30*time.Millisecond)
	two.Ran(5, time.Second)
	families := gather(t, m)
	for name, want := range map[string]map[string]float64{ // sum by version
		"inference_queue_duration_seconds":    {"1": .01, "2": 0},
		"inference_compute_duration_seconds":  {"1": .02, "2": 1},
		"inference_batch_size":                {"1": 3, "2": 5},
		"inference_request_duration_seconds":  {"1": .04, "2": 0},
		"ml_model_inference_duration_seconds": {"1": .03, "2": 0},
	} {
		if n := len(families[name].GetMetric()); n != 2 {
			t.Errorf("%s has %d series", name, n)
		}
		for _, s := range families[name].GetMetric() {
			for _, l := range s.Label {
				switch l.GetName() {
				case "version":
					if got := s.Histogram.GetSampleSum(); got != want[l.GetValue()] {
						t.Errorf("%s of version %s is %v, want %v", name, l.GetValue(), got, want[l.GetValue()])
					}
				case "region":
					if l.GetValue() != "eu" {
						t.Errorf("%s: region %s", name, l.GetValue())
					}
				}
			}
		}
	}
}
