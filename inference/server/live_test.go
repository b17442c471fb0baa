package server_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/mlfleet/mlfleet/inference/backend"
	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/metrics"
	"github.com/mlfleet/mlfleet/inference/onnx"
	"github.com/mlfleet/mlfleet/inference/protocol"
	"github.com/mlfleet/mlfleet/inference/repository"
	"github.com/mlfleet/mlfleet/inference/server"
)

// A live is a whole server in this process, on ports of its own.
type live struct {
	server *server.Server
	models *repository.Repository
	root   string // of the models
	http   string // URL
	scrape string // URL
	conn   *grpc.ClientConn
	client protocol.GRPCInferenceServiceClient
}

// options of a live.
type options struct {
	server.Options
	repository.Policy
	batch batch.Options
	// write puts models into the repository.
	write func(t testing.TB, root string)
}

var runtime = sync.OnceValue(func() error { return backend.Open(backend.FindLibrary(os.Getenv("ONNXRUNTIME"))) })

// run starts a server; change may be nil.
func run(t testing.TB, change func(*options)) *live {
	t.Helper()
	if err := runtime(); err != nil {
		t.Fatal(err)
	}
	o := options{
		Options: server.Options{
			Identity:   server.Identity{Tenant: "acme", Region: "eu-west-1", Cluster: "c1", Version: "test"},
			MaxRequest: 1 << 20, MaxMemory: 1 << 30, Timeout: 10 * time.Second,
			HeadTimeout: 5 * time.Second, BodyTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		},
		batch: batch.Options{MaxRows: 8, MaxQueued: 1000},
		write: pair,
	}
	if change != nil {
		change(&o)
	}
	device, err := backend.Choose(backend.Options{Kind: backend.CPU, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	l := &live{root: t.TempDir()}
	o.write(t, l.root)
	m := metrics.New(o.Region)
	m.Device(string(device.Kind), device.String(), backend.Version())
	l.models = repository.New(repository.Options{
		Root: l.root, Policy: o.Policy, Device: device, Batch: o.batch, WarmUp: time.Minute,
		Meter: func(v *repository.Version) batch.Meter { return m.Meter(v) },
	})
	m.Queue(l.models.Ready)
	if err := l.models.LoadAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.server = server.New(o.Options, l.models, device, m)
	listen := func() net.Listener {
		l, err := server.Listen("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	ports := server.Ports{HTTP: listen(), GRPC: listen(), Metrics: listen()}
	life := l.server.Start(ports, promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{}))
	l.server.SetLoaded()
	l.http, l.scrape = "http://"+ports.HTTP.Addr().String(), "http://"+ports.Metrics.Addr().String()
	if l.conn, err = grpc.NewClient(ports.GRPC.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials())); err != nil {
		t.Fatal(err)
	}
	l.client = protocol.NewGRPCInferenceServiceClient(l.conn)
	t.Cleanup(func() {
		l.conn.Close()
		http.DefaultClient.CloseIdleConnections()
		life.Stop(time.Second)
		l.models.Close()
	})
	return l
}

// write puts a file under root; parts are its path.
func write(t testing.TB, content []byte, root string, parts ...string) {
	t.Helper()
	name := filepath.Join(append([]string{root}, parts...)...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// pair is a model with two inputs of different types: a FP32 [batch, 2] and
// b INT64 [batch, 1], which takes 0 to 100, and their sum as output.
func pair(t testing.TB, root string) {
	batch := onnx.Dim{Name: "batch"}
	g := &onnx.Graph{Name: "pair"}
	g.Node("Cast", []string{"b"}, []string{"c"}, onnx.Int("to", int64(onnx.Float)))
	g.Node("Add", []string{"a", "c"}, []string{"sum"})
	g.Node("Identity", []string{"b"}, []string{"same"})
	g.Input("a", onnx.Float, batch, onnx.Dim{Size: 2})
	g.Input("b", onnx.Int64, batch, onnx.Dim{Size: 1})
	g.Output("sum", onnx.Float, batch, onnx.Dim{Size: 2})
	g.Output("same", onnx.Int64, batch, onnx.Dim{Size: 1})
	write(t, g.Model("test", 1, nil), root, "pair", "1", "model.onnx")
	write(t, []byte(`{"range": {"b": {"min": 0, "max": 100}}, "accuracy": 0.75}`), root, "pair", "1", "config.json")
}

// sentiment is the committed model.
func sentiment(t testing.TB, root string) {
	if err := os.CopyFS(filepath.Join(root, "sentiment"), os.DirFS("../models/sentiment")); err != nil {
		t.Fatal(err)
	}
}

// scale is a version of the model "scale", which multiplies x [batch, 1] by k.
func scale(t testing.TB, root, version string, k float32) {
	g := &onnx.Graph{Name: "scale"}
	g.Node("Mul", []string{"x", "k"}, []string{"y"})
	g.Floats("k", []int64{1}, []float32{k})
	g.Input("x", onnx.Float, onnx.Dim{Name: "batch"}, onnx.Dim{Size: 1})
	g.Output("y", onnx.Float, onnx.Dim{Name: "batch"}, onnx.Dim{Size: 1})
	write(t, g.Model("test", 1, nil), root, "scale", version, "model.onnx")
}

// do sends a request and returns the answer with its body read.
func (l *live) do(t testing.TB, method, path string, body []byte, headers ...string) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, l.http+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return resp, b
}

// decode reads a JSON answer.
func decode[T any](t testing.TB, b []byte) (v T) {
	t.Helper()
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return v
}

// floats and ints are tensor contents.
func floats(v ...float32) (b []byte) {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

func ints(v ...int64) (b []byte) {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, uint64(x))
	}
	return b
}

// delay is how long a slow server lets a request wait for company.
const delay = 3 * time.Second

// slow makes a server whose requests wait; see fill.
func slow(o *options) { o.batch.MaxDelay, o.batch.MaxQueued = delay, 2 }

// fill makes the next requests to a slow server wait in the queue: after a batch
// of eight rows it expects eight more, and waits for them as long as it may.
func (l *live) fill(t testing.TB) {
	t.Helper()
	body := `{"inputs":[{"name":"a","datatype":"FP32","shape":[8,2],"data":[` + strings.Repeat("1,", 15) + `1]},` +
		`{"name":"b","datatype":"INT64","shape":[8,1],"data":[1,1,1,1,1,1,1,1]}]}`
	if resp, b := l.do(t, "POST", "/v2/models/pair/infer", []byte(body)); resp.StatusCode != http.StatusOK {
		t.Fatalf("eight rows: %d %s", resp.StatusCode, b)
	}
}

// remove takes the models' folder away.
func (l *live) remove(t testing.TB) {
	t.Helper()
	if err := os.RemoveAll(l.root); err != nil {
		t.Fatal(err)
	}
}
