package server_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlfleet/mlfleet/inference/backend"
)

// scraped is what /metrics says, by name.
type scraped map[string]*dto.MetricFamily

func (l *live) scrapeMetrics(t testing.TB) (scraped, []byte) {
	t.Helper()
	resp, err := http.Get(l.scrape + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status, err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return families, b
}

// get finds the series with exactly these labels, given as name=value; nil if
// there is none.
func (s scraped) get(name string, labels ...string) *dto.Metric {
	for _, m := range s[name].GetMetric() {
		var got []string
		for _, l := range m.Label {
			got = append(got, l.GetName()+"="+l.GetValue())
		}
		if slices.Sort(got); slices.Equal(got, slices.Sorted(slices.Values(labels))) {
			return m
		}
	}
	return nil
}

// value is that of a gauge or counter, -1 if there is none.
func (s scraped) value(name string, labels ...string) float64 {
	m := s.get(name, labels...)
	switch {
	case m == nil:
		return -1
	case m.Gauge != nil:
		return m.Gauge.GetValue()
	}
	return m.Counter.GetValue()
}

func TestMetricsAfterKnownTraffic(t *testing.T) {
	l := run(t, slow)
	infer := func(want int, path, body string, headers ...string) http.Header {
		t.Helper()
		resp, b := l.do(t, "POST", path, []byte(body), headers...)
		if resp.StatusCode != want {
			t.Errorf("%s: %d %s, want %d", path, resp.StatusCode, b, want)
		}
		return resp.Header
	}
	const pair = "/v2/models/pair/infer"
	for range 5 {
		infer(200, pair, good)
	}
	for range 3 {
		l.answersGRPC(t)
	}
	infer(400, pair, "{}")
	infer(400, pair, "{}", "Inference-Priority", "low")
	infer(404, "/v2/models/none/infer", good)

	// Two requests wait in a queue that holds two; more are turned away.
	l.fill(t)
	var waiting sync.WaitGroup
	for range 2 {
		waiting.Go(func() { infer(200, pair, good) })
	}
	version := []string{"model_name=pair", "version=1"}
	before, _ := l.scrapeMetrics(t)
	for deadline := time.Now().Add(delay / 2); before.value("inference_queue_length", version...) != 2 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
		before, _ = l.scrapeMetrics(t)
	}
	if got := before.value("inference_queue_length", version...); got != 2 {
		t.Errorf("the queue's length is %v with two requests in it", got)
	}
	if got := before.value("inference_requests_in_flight"); got != 2 {
		t.Errorf("%v requests are in flight, want 2", got)
	}
	for _, headers := range [][]string{nil, {"Inference-Priority", "high"}} {
		if h := infer(503, pair, good, headers...); h.Get("Retry-After") != "1" {
			t.Errorf("a full queue: Retry-After %q", h.Get("Retry-After"))
		}
	}
	if _, err := l.client.ModelInfer(t.Context(), goodGRPC(nil)); status.Code(err) != codes.Unavailable {
		t.Errorf("a full queue over gRPC: %v", err)
	}
	waiting.Wait()

	// Alone in the queue, after a batch of two: too late, or given up.
	infer(504, pair, good, "Inference-Timeout", "50ms")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := l.client.ModelInfer(ctx, goodGRPC(nil)); status.Code(err) != codes.Canceled {
		t.Errorf("given up: %v", err)
	}

	var now scraped
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		// The server learns a moment later that the last client went away.
		if now, _ = l.scrapeMetrics(t); now.value("inference_requests_total", "protocol=grpc", "code=Canceled") == 1 {
			break
		}
	}
	for _, tc := range []struct {
		want   float64
		name   string
		labels []string
	}{
		{0, "inference_queue_length", version},
		{0, "inference_requests_in_flight", nil},
		{0.75, "ml_model_accuracy_score", version},
		{1, "inference_device_info", []string{"kind=cpu", "device=cpu", "onnxruntime=" + backend.Version()}},
		{8, "inference_requests_total", []string{"protocol=http", "code=200"}},
		{2, "inference_requests_total", []string{"protocol=http", "code=400"}},
		{1, "inference_requests_total", []string{"protocol=http", "code=404"}},
		{2, "inference_requests_total", []string{"protocol=http", "code=503"}},
		{1, "inference_requests_total", []string{"protocol=http", "code=504"}},
		{3, "inference_requests_total", []string{"protocol=grpc", "code=OK"}},
		{1, "inference_requests_total", []string{"protocol=grpc", "code=Unavailable"}},
		{1, "inference_requests_total", []string{"protocol=grpc", "code=Canceled"}},
		{3, "inference_rejected_requests_total", []string{"reason=queue_full"}},
		{1, "inference_rejected_requests_total", []string{"reason=deadline"}},
		{1, "inference_rejected_requests_total", []string{"reason=cancelled"}},
		{0, "inference_rejected_requests_total", []string{"reason=closing"}},
		{0, "inference_rejected_requests_total", []string{"reason=memory"}},
	} {
		if got := now.value(tc.name, tc.labels...); got != tc.want {
			t.Errorf("%s%v is %v, want %v", tc.name, tc.labels, got, tc.want)
		}
	}
	waited := (2 * delay * 9 / 10).Seconds() // of the two, together
	for _, tc := range []struct {
		name     string
		labels   []string
		count    uint64
		min, max float64 // of the sum
	}{
		{"inference_batch_size", version, 10, 18, 18}, // 8 times 1 row, once 8, once 2
		{"inference_compute_duration_seconds", version, 10, 1e-6, 5},
		{"inference_queue_duration_seconds", version, 11, waited, 60},
		{"inference_request_duration_seconds", version, 11, waited, 60},
		{"ml_model_inference_duration_seconds", append(version, "region=eu-west-1"), 11, waited, 60},
	} {
		h := now.get(tc.name, tc.labels...).GetHistogram()
		if h.GetSampleCount() != tc.count || h.GetSampleSum() < tc.min || h.GetSampleSum() > tc.max {
			t.Errorf("%s%v has %d samples, sum %v, want %d and %v to %v", tc.name, tc.labels, h.GetSampleCount(), h.GetSampleSum(), tc.count, tc.min, tc.max)
		}
	}
	queue, whole := now.get("inference_queue_duration_seconds", version...).GetHistogram(), now.get("inference_request_duration_seconds", version...).GetHistogram()
	if queue.GetSampleSum() > whole.GetSampleSum() {
		t.Errorf("requests waited %v s in the queue, and took %v s in all", queue.GetSampleSum(), whole.GetSampleSum())
	}
}

// contractRow is a line of the table of metrics in the contract.
var contractRow = regexp.MustCompile("^\\| `([a-z_]+)` \\| (gauge|counter|histogram)[^|]*\\| ([a-z_, ()]*)\\|$")

// TestMetricsKeepTheContract compares a scrape with the table that generated
// autoscalers, alerts and dashboards are written against.
func TestMetricsKeepTheContract(t *testing.T) {
	b, err := os.ReadFile("../../docs/contract.md")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]string{} // type and labels by name
	for line := range strings.Lines(string(b)) {
		if m := contractRow.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			labels := regexp.MustCompile(`\([^)]*\)`).ReplaceAllString(m[3], "")
			fields := strings.FieldsFunc(labels, func(r rune) bool { return r == ',' || r == ' ' })
			slices.Sort(fields)
			want[m[1]] = [2]string{m[2], strings.Join(fields, " ")}
		}
	}
	if len(want) < 11 {
		t.Fatalf("the contract's table has only %v", want)
	}
	l := run(t, nil)
	l.answers(t)
	families, text := l.scrapeMetrics(t)
	got := map[string][2]string{}
	for name, f := range families {
		if !strings.HasPrefix(name, "inference_") && !strings.HasPrefix(name, "ml_") {
			continue
		}
		var labels []string
		for _, l := range f.Metric[0].Label {
			labels = append(labels, l.GetName())
		}
		slices.Sort(labels)
		got[name] = [2]string{strings.ToLower(f.GetType().String()), strings.Join(labels, " ")}
	}
	if !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	problems, err := promlint.New(bytes.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// TestWhatIsNotServedIsNotReported unloads a model; its queue must not hold an
// autoscaler up, nor its accuracy a dashboard.
func TestWhatIsNotServedIsNotReported(t *testing.T) {
	l := run(t, func(o *options) { o.Control = true })
	if resp, b := l.do(t, "POST", "/v2/repository/models/pair/unload", nil); resp.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", resp.StatusCode, b)
	}
	now, _ := l.scrapeMetrics(t)
	for _, name := range []string{"inference_queue_length", "ml_model_accuracy_score"} {
		if m := now[name].GetMetric(); len(m) > 0 {
			t.Errorf("%s is still %v", name, m)
		}
	}
}
