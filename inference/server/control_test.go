package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlfleet/mlfleet/inference/protocol"
	"github.com/mlfleet/mlfleet/inference/repository"
)

// scales makes a server that may be told to load versions of the model "scale",
// whose factors are their versions.
func scales(versions ...int) func(o *options) {
	return func(o *options) {
		o.Control = true
		o.write = func(t testing.TB, root string) {
			for _, v := range versions {
				scale(t, root, strconv.Itoa(v), float32(v))
			}
		}
	}
}

// loadBody is the body of a load with Triton's configuration of a version policy.
func loadBody(t testing.TB, policy string) []byte {
	t.Helper()
	b, err := json.Marshal(map[string]any{"parameters": map[string]string{"config": `{"version_policy":` + policy + `}`}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// swappers are how often versions are swapped while so many clients ask.
const (
	swaps   = 300
	clients = 32
)

// TestVersionsAreSwappedUnderLoadWithNoFailedRequest rolls new versions out, one
// after the other, some of them broken, while clients of all three ways in ask
// without a pause.
func TestVersionsAreSwappedUnderLoadWithNoFailedRequest(t *testing.T) {
	l := run(t, scales(1))
	var stop atomic.Bool
	var answered, changed atomic.Int64
	var wg sync.WaitGroup
	for n := range clients {
		wg.Go(func() {
			ask := l.askREST
			switch n % 4 {
			case 1:
				ask = func(c *http.Client, _ ...string) (string, float32, error) {
					return l.askREST(c, "Inference-Priority", "normal") // the slow path
				}
			case 2:
				ask = func(*http.Client, ...string) (string, float32, error) { return l.askGRPC(t) }
			}
			c := &http.Client{Transport: &http.Transport{}}
			defer c.CloseIdleConnections()
			last := ""
			for !stop.Load() {
				version, y, err := ask(c)
				if want, _ := strconv.Atoi(version); err != nil || y != 3*float32(want) {
					t.Errorf("client %d: version %q answers %v, %v", n, version, y, err)
					return
				}
				answered.Add(1)
				if version != last {
					changed.Add(1)
				}
				last = version
			}
		})
	}
	serving := 1
	for i := 2; i < 2+swaps && !t.Failed(); i++ {
		name := strconv.Itoa(i)
		broken := i%10 == 0
		if broken {
			write(t, []byte("noise"), l.root, "scale", name, "model.onnx")
		} else {
			scale(t, l.root, name, float32(i))
		}
		if err := l.load(t, i%2 == 0); (err == nil) == broken {
			t.Errorf("load of version %d: %v", i, err)
		}
		gone := name
		if !broken {
			gone = strconv.Itoa(serving)
			serving = i
		}
		if err := os.RemoveAll(filepath.Join(l.root, "scale", gone)); err != nil {
			t.Fatal(err)
		}
		if got := l.models.Versions("scale"); !slices.Equal(got, []string{strconv.Itoa(serving)}) {
			t.Errorf("after version %d, %v is served", i, got)
		}
	}
	stop.Store(true)
	wg.Wait()
	t.Logf("%d swaps, %d requests answered, %d times a client saw another version", swaps, answered.Load(), changed.Load())
	if answered.Load() < swaps || changed.Load() < swaps {
		t.Error("there was not enough load to tell")
	}
}

// load loads the model "scale" anew, over gRPC or REST.
func (l *live) load(t testing.TB, overGRPC bool) error {
	if overGRPC {
		_, err := l.client.RepositoryModelLoad(t.Context(), &protocol.RepositoryModelLoadRequest{ModelName: "scale"})
		return err
	}
	if resp, b := l.do(t, "POST", "/v2/repository/models/scale/load", nil); resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%d %s", resp.StatusCode, b)
	}
	return nil
}

// askREST sends 3 to the model "scale".
func (l *live) askREST(c *http.Client, headers ...string) (version string, y float32, err error) {
	r, err := http.NewRequest("POST", l.http+"/v2/models/scale/infer", strings.NewReader(`{"inputs":[{"name":"x","datatype":"FP32","shape":[1,1],"data":[3]}]}`))
	if err != nil {
		return "", 0, err
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := c.Do(r)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return "", 0, fmt.Errorf("%d %s %w", resp.StatusCode, b, err)
	}
	var out struct {
		Version string `json:"model_version"`
		Outputs []struct{ Data []float32 }
	}
	if err := json.Unmarshal(b, &out); err != nil || len(out.Outputs) != 1 || len(out.Outputs[0].Data) != 1 {
		return "", 0, fmt.Errorf("%s: %w", b, err)
	}
	return out.Version, out.Outputs[0].Data[0], nil
}

// askGRPC does the same.
func (l *live) askGRPC(t testing.TB) (version string, y float32, err error) {
	out, err := l.client.ModelInfer(t.Context(), &request{ModelName: "scale", Inputs: []*input{
		{Name: "x", Datatype: "FP32", Shape: []int64{1, 1}, Contents: &content{Fp32Contents: []float32{3}}},
	}})
	if err != nil {
		return "", 0, err
	}
	return out.ModelVersion, out.Outputs[0].Contents.Fp32Contents[0], nil
}

func TestLoadTakesTritonsVersionPolicies(t *testing.T) {
	l := run(t, func(o *options) {
		scales(1, 2, 3)(o)
		o.Policy = repository.Latest(2)
	})
	for _, tc := range []struct {
		body   []byte
		status int
		serves []string
		want   string
	}{
		{nil, 200, []string{"2", "3"}, ""}, // the server's own
		{loadBody(t, `{"all":{}}`), 200, []string{"1", "2", "3"}, ""},
		{loadBody(t, `{"latest":{}}`), 200, []string{"3"}, ""},
		{loadBody(t, `{"latest":{"num_versions":2}}`), 200, []string{"2", "3"}, ""},
		{loadBody(t, `{"specific":{"versions":[1]}}`), 200, []string{"1"}, ""},
		{loadBody(t, `{"specific":{"versions":["3",1]}}`), 200, []string{"1", "3"}, ""},
		{loadBody(t, `{"specific":{"versions":[4]}}`), 404, []string{"1", "3"}, "version 4 is not in the repository"},
		{loadBody(t, `{"specific":{"versions":["../1"]}}`), 400, []string{"1", "3"}, "is not a version"},
		{loadBody(t, `{"specific":{}}`), 400, []string{"1", "3"}, "names no version"},
		{loadBody(t, `{"specific":5}`), 400, []string{"1", "3"}, "not the JSON of a model configuration"},
		{[]byte(`{"parameters":{"config":{}}}`), 400, []string{"1", "3"}, "not the JSON wanted here"},
		{[]byte(`{"parameters":{"file:1/model.onnx":"AAAA"}}`), 400, []string{"1", "3"}, "is not supported"},
		{[]byte(`{} trailing`), 400, []string{"1", "3"}, "not the JSON wanted here"},
		{[]byte(`{"parameters":`), 400, []string{"1", "3"}, "not the JSON wanted here"},
		{[]byte(`{"parameters":{"config":"` + strings.Repeat(" ", 2<<20) + `"}}`), 413, []string{"1", "3"}, "larger than"},
		{[]byte(`{"parameters":{"unload_dependents":false}}`), 200, []string{"2", "3"}, ""},
	} {
		resp, b := l.do(t, "POST", "/v2/repository/models/scale/load", tc.body)
		if got := l.models.Versions("scale"); resp.StatusCode != tc.status || !slices.Equal(got, tc.serves) || !strings.Contains(string(b), tc.want) {
			t.Errorf("%.80s: %d %s, serves %v, want %d %q %v", tc.body, resp.StatusCode, b, got, tc.status, tc.want, tc.serves)
		}
	}
	config := map[string]*protocol.ModelRepositoryParameter{"config": {ParameterChoice: &protocol.ModelRepositoryParameter_StringParam{
		StringParam: `{"version_policy":{"specific":{"versions":[2]}}}`,
	}}}
	_, err := l.client.RepositoryModelLoad(t.Context(), &protocol.RepositoryModelLoadRequest{ModelName: "scale", Parameters: config})
	if got := l.models.Versions("scale"); err != nil || !slices.Equal(got, []string{"2"}) {
		t.Errorf("over gRPC: %v, serves %v", err, got)
	}
}

func TestModelsAreUnloadedAndLoadedAgain(t *testing.T) {
	l := run(t, scales(1))
	index := func(body, want string) {
		t.Helper()
		if resp, b := l.do(t, "POST", "/v2/repository/index", []byte(body)); resp.StatusCode != http.StatusOK || strings.TrimSpace(string(b)) != want {
			t.Errorf("index %s: %d %s, want %s", body, resp.StatusCode, b, want)
		}
	}
	index("", `[{"name":"scale","version":"1","state":"READY"}]`)
	if resp, b := l.do(t, "POST", "/v2/repository/models/scale/unload", nil); resp.StatusCode != http.StatusOK {
		t.Errorf("unload: %d %s", resp.StatusCode, b)
	}
	index("{}", `[{"name":"scale","version":"1","state":"UNAVAILABLE","reason":"unloaded"}]`)
	index(`{"ready":true}`, `[]`)
	if resp, b := l.do(t, "POST", "/v2/models/scale/infer", []byte("{}")); resp.StatusCode != http.StatusNotFound {
		t.Errorf("infer with a model that is unloaded: %d %s", resp.StatusCode, b)
	}
	if resp, b := l.do(t, "GET", "/v2/models/scale/ready", nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a model that is unloaded is ready: %d %s", resp.StatusCode, b)
	}
	if resp, b := l.do(t, "POST", "/v2/repository/models/scale/unload", nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("unload again: %d %s", resp.StatusCode, b)
	}
	if err := l.load(t, false); err != nil {
		t.Error(err)
	}
	if version, y, err := l.askREST(http.DefaultClient); version != "1" || y != 3 || err != nil {
		t.Errorf("after a load, version %s answers %v, %v", version, y, err)
	}

	ctx := t.Context()
	out, err := l.client.RepositoryIndex(ctx, &protocol.RepositoryIndexRequest{})
	if err != nil || len(out.Models) != 1 || out.Models[0].Name != "scale" || out.Models[0].Version != "1" || out.Models[0].State != "READY" {
		t.Errorf("index over gRPC: %v, %v", out, err)
	}
	if _, err := l.client.RepositoryIndex(ctx, &protocol.RepositoryIndexRequest{RepositoryName: "other"}); status.Code(err) != codes.NotFound {
		t.Errorf("index of another repository: %v", err)
	}
	if _, err := l.client.RepositoryModelUnload(ctx, &protocol.RepositoryModelUnloadRequest{ModelName: "scale"}); err != nil {
		t.Error(err)
	}
	if _, _, err := l.askGRPC(t); status.Code(err) != codes.NotFound {
		t.Errorf("infer over gRPC with a model that is unloaded: %v", err)
	}
	if _, err := l.client.RepositoryModelUnload(ctx, &protocol.RepositoryModelUnloadRequest{ModelName: "scale"}); status.Code(err) != codes.NotFound {
		t.Errorf("unload again over gRPC: %v", err)
	}
	if err := l.load(t, true); err != nil {
		t.Error(err)
	}
	if _, y, err := l.askGRPC(t); y != 3 || err != nil {
		t.Errorf("after a load over gRPC: %v, %v", y, err)
	}
}

func TestARefusedLoadSaysWhy(t *testing.T) {
	l := run(t, scales(1))
	write(t, []byte("noise"), l.root, "scale", "2", "model.onnx")
	write(t, []byte(`{"accuracy":"high"}`), l.root, "scale", "3", "config.json")
	scale(t, l.root, "3", 3)
	for version, want := range map[string]string{"2": "model.onnx", "3": "config.json"} {
		resp, b := l.do(t, "POST", "/v2/repository/models/scale/load", loadBody(t, `{"specific":{"versions":[`+version+`]}}`))
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(b), "version "+version+" is refused") || !strings.Contains(string(b), want) {
			t.Errorf("version %s: %d %s, want %s", version, resp.StatusCode, b, want)
		}
	}
	if resp, b := l.do(t, "POST", "/v2/repository/models/none/load", nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown model: %d %s", resp.StatusCode, b)
	}
	if version, y, err := l.askREST(http.DefaultClient); version != "1" || y != 3 || err != nil {
		t.Errorf("version %s answers %v, %v", version, y, err)
	}
	if _, b := l.do(t, "GET", "/ready", nil); !strings.Contains(string(b), `"ready":true`) {
		t.Errorf("ready: %s", b)
	}
}

func TestControlIsOffUnlessItIsSwitchedOn(t *testing.T) {
	l := run(t, nil)
	for _, verb := range []string{"load", "unload"} {
		if resp, b := l.do(t, "POST", "/v2/repository/models/pair/"+verb, nil); resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d %s", verb, resp.StatusCode, b)
		}
	}
	if _, err := l.client.RepositoryModelLoad(t.Context(), &protocol.RepositoryModelLoadRequest{ModelName: "pair"}); status.Code(err) != codes.PermissionDenied {
		t.Errorf("load over gRPC: %v", err)
	}
	if _, err := l.client.RepositoryModelUnload(t.Context(), &protocol.RepositoryModelUnloadRequest{ModelName: "pair"}); status.Code(err) != codes.PermissionDenied {
		t.Errorf("unload over gRPC: %v", err)
	}
	l.answers(t)
}

// TestALoadOutlivesTheDeadlinesOfRequests loads a model that is warmed up for
// longer than any request's body, or its answer, may take.
func TestALoadOutlivesTheDeadlinesOfRequests(t *testing.T) {
	l := run(t, func(o *options) {
		o.Control = true
		o.BodyTimeout, o.Timeout, o.batch.MaxRows = 20*time.Millisecond, 20*time.Millisecond, 256
	})
	heavy(t, l.root)
	start := time.Now()
	resp, b := l.do(t, "POST", "/v2/repository/models/heavy/load", nil)
	if resp.StatusCode != http.StatusOK || len(l.models.Versions("heavy")) != 1 {
		t.Errorf("%d %s", resp.StatusCode, b)
	}
	if took := time.Since(start); took < 40*time.Millisecond {
		t.Errorf("the load took only %s, so this shows nothing", took)
	}
}
