package server_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/inference/metrics"
	"github.com/mlfleet/mlfleet/inference/onnx"
	"github.com/mlfleet/mlfleet/inference/repository"
	"github.com/mlfleet/mlfleet/inference/server"
)

// heavy is a model that takes some milliseconds a row.
func heavy(t testing.TB, root string) {
	const size = 512
	g := &onnx.Graph{Name: "heavy"}
	w := make([]float32, size*size)
	for i := range size {
		w[i*size+i] = 1
	}
	g.Floats("w", []int64{size, size}, w)
	last := "x"
	for _, next := range []string{"h1", "h2", "h3", "h4", "h5", "h6", "h7", "y"} {
		g.Node("MatMul", []string{last, "w"}, []string{next})
		last = next
	}
	g.Input("x", onnx.Float, onnx.Dim{Name: "batch"}, onnx.Dim{Size: size})
	g.Output("y", onnx.Float, onnx.Dim{Name: "batch"}, onnx.Dim{Size: size})
	write(t, g.Model("test", 1, nil), root, "heavy", "1", "model.onnx")
}

func TestInfoAnswersInItsExactShape(t *testing.T) {
	l := run(t, nil)
	for path, want := range map[string]string{
		"/":                `{"cluster":"c1","device":"cpu","models":{"pair":["1"]},"name":"mlfleet-inference","ready":true,"region":"eu-west-1","tenant":"acme","version":"test"}`,
		"/health":          `{"live":true}`,
		"/ready":           `{"live":true,"ready":true}`,
		"/v2/health/live":  `{"live":true}`,
		"/v2/health/ready": `{"live":true,"ready":true}`,
		"/v2":              `{"extensions":["binary_tensor_data","model_repository"],"name":"mlfleet-inference","version":"test"}`,
		"/v2/":             `{"extensions":["binary_tensor_data","model_repository"],"name":"mlfleet-inference","version":"test"}`,
		"/v2/models/pair": `{"inputs":[{"name":"a","datatype":"FP32","shape":[-1,2]},{"name":"b","datatype":"INT64","shape":[-1,1]}],"name":"pair",` +
			`"outputs":[{"name":"sum","datatype":"FP32","shape":[-1,2]},{"name":"same","datatype":"INT64","shape":[-1,1]}],"platform":"onnx_onnxv1","versions":["1"]}`,
		"/v2/models/pair/ready":            `{"name":"pair","ready":true}`,
		"/v2/models/pair/versions/1/ready": `{"name":"pair","ready":true}`,
	} {
		resp, b := l.do(t, "GET", path, nil)
		if resp.StatusCode != http.StatusOK || strings.TrimSpace(string(b)) != want || resp.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s\nwant %s", path, resp.StatusCode, b, want)
		}
	}
	for _, path := range []string{"/v2//models/pair", "/v2/models/none", "/v2/models/none/ready", "/v2/models/pair/versions/2", "/v2/models/pair/versions/2/ready"} {
		resp, b := l.do(t, "GET", path, nil)
		if resp.StatusCode != http.StatusNotFound || decode[map[string]string](t, b)["error"] == "" {
			t.Errorf("%s: %d %s", path, resp.StatusCode, b)
		}
	}
}

func TestReadyFromTheLastModelLoadedToTheDrain(t *testing.T) {
	l := run(t, nil)
	probe := func(path string) int {
		resp, _ := l.do(t, "GET", path, nil)
		return resp.StatusCode
	}
	l.server.Drain()
	for path, want := range map[string]int{"/ready": 503, "/v2/health/ready": 503, "/health": 200, "/v2/health/live": 200, "/": 200} {
		if got := probe(path); got != want {
			t.Errorf("draining: %s answers %d, want %d", path, got, want)
		}
	}
	s := server.New(server.Options{}, repository.New(repository.Options{}), nil, metrics.New(""))
	if s.Ready() || !s.Live() {
		t.Errorf("before the models are loaded: ready %v, live %v", s.Ready(), s.Live())
	}
	if s.SetLoaded(); !s.Ready() {
		t.Error("not ready with the models loaded")
	}
}

func TestReadinessDoesNotLookAtTheModelsFolder(t *testing.T) {
	l := run(t, scales(1))
	if err := l.models.Load(t.Context(), "scale", repository.Named("2")); err == nil {
		t.Fatal("loaded a version that is not there")
	}
	l.remove(t)
	if resp, b := l.do(t, "GET", "/v2/health/ready", nil); resp.StatusCode != http.StatusOK {
		t.Errorf("without the models' folder: %d %s", resp.StatusCode, b)
	}
	if version, y, err := l.askREST(http.DefaultClient); version != "1" || y != 3 || err != nil {
		t.Errorf("version %s answers %v, %v", version, y, err)
	}
}

func TestARunThatDoesNotEndMakesTheServerDead(t *testing.T) {
	l := run(t, func(o *options) { o.write, o.Stall = heavy, 1 })
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			body := []byte(`{"inputs":[{"name":"x","datatype":"FP32","shape":[1,512],"data":[` + strings.Repeat("1,", 511) + `1]}]}`)
			for !stop.Load() {
				l.do(t, "POST", "/v2/models/heavy/infer", body)
			}
		})
	}
	status, deadline := 0, time.Now().Add(20*time.Second)
	for status != http.StatusServiceUnavailable && time.Now().Before(deadline) {
		resp, b := l.do(t, "GET", "/v2/health/live", nil)
		if status = resp.StatusCode; status == http.StatusServiceUnavailable && strings.TrimSpace(string(b)) != `{"live":false}` {
			t.Errorf("dead: %s", b)
		}
	}
	stop.Store(true)
	wg.Wait()
	if status != http.StatusServiceUnavailable {
		t.Error("runs longer than the limit went unseen")
	}
	if resp, _ := l.do(t, "GET", "/v2/health/live", nil); resp.StatusCode != http.StatusOK {
		t.Error("idle, it is still dead")
	}
}
