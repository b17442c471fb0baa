package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/inference/backend"
)

// A process is a running server.
type process struct {
	cmd                 *exec.Cmd
	http, grpc, metrics string // addresses
	log                 *bytes.Buffer
}

// start builds the server, starts it on the committed model and waits until it
// is ready.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "server")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := &process{http: freeAddress(t), grpc: freeAddress(t), metrics: freeAddress(t), log: &bytes.Buffer{}}
	_, httpPort, _ := net.SplitHostPort(p.http)
	_, grpcPort, _ := net.SplitHostPort(p.grpc)
	_, metricsPort, _ := net.SplitHostPort(p.metrics)
	p.cmd = exec.Command(bin, append([]string{"serve", "--address", "127.0.0.1", "--http-port", httpPort, "--grpc-port", grpcPort,
		"--metrics-port", metricsPort, "--model-repository", "../../models", "--tenant", "acme",
		"--onnxruntime", backend.FindLibrary(os.Getenv("ONNXRUNTIME"))}, args...)...)
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill(); p.cmd.Wait() })
	for range 400 {
		if r, err := http.Get("http://" + p.http + "/v2/health/ready"); err == nil {
			r.Body.Close()
			if r.StatusCode == 200 {
				http.DefaultClient.CloseIdleConnections()
				return p
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.cmd.Process.Kill()
	p.cmd.Wait() // the log is complete now
	t.Fatalf("not ready:\n%s", p.log)
	return nil
}

// freeAddress is one on which nobody listens now.
func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestBadInputGetsAnErrorAndTheServerLives(t *testing.T) {
	p := start(t, "--device", "cpu", "--max-request-bytes", "1Mi")
	infer := "/v2/models/sentiment/infer"
	one := `{"inputs":[{"name":"input_ids","shape":[1,1],"datatype":"INT64","data":[%]}]}`
	for _, tc := range []struct {
		path, body string
		status     int
	}{
		{"/predict", `{"text":"a wonderful film"}`, 200},
		{infer, strings.Replace(one, "%", "1", 1), 200},
		{infer, strings.Replace(one, "%", "NaN", 1), 400},
		{infer, strings.Replace(one, "%", "99999999", 1), 400},
		{infer, strings.Replace(one, "%", "1,2", 1), 400},
		{infer, "{\"id\":\"\xff\"}", 400},
		{"/v2/models/none/infer", "{}", 404},
		{"/v2/models/sentiment/versions/9/infer", "{}", 404},
		{"/predict", `{"text":""}`, 400},
		{"/predict", "{\"text\":\"\xff\"}", 400},
		{infer, strings.Repeat(" ", 2<<20), 413},
		{"/v2/repository/models/sentiment/unload", "", 403},
		{"/nowhere", "", 404},
		{"/predict", `{"text":"still a wonderful film"}`, 200},
	} {
		r, err := http.Post("http://"+p.http+tc.path, "application/json", strings.NewReader(tc.body))
		if err != nil {
			t.Fatalf("%s %.60q: %v", tc.path, tc.body, err)
		}
		b, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if r.StatusCode != tc.status || tc.status != 200 && !bytes.Contains(b, []byte(`{"error":`)) {
			t.Errorf("%s %.60q: %d %s, want %d", tc.path, tc.body, r.StatusCode, b, tc.status)
		}
		if tc.path == "/predict" && tc.status == 200 && !bytes.Contains(b, []byte(`"prediction":"positive"`)) {
			t.Errorf("%s: %s", tc.body, b)
		}
	}
}

func TestCUDAIsNeverReplacedSilently(t *testing.T) {
	if err := run(t.Context(), []string{"serve", "--device", "cuda", "--address", "127.0.0.1", "--http-port", "0",
		"--grpc-port", "0", "--metrics-port", "0", "--model-repository", "../../models",
		"--onnxruntime", backend.FindLibrary(os.Getenv("ONNXRUNTIME"))}); err == nil || !strings.Contains(err.Error(), "cuda:0 was asked for") {
		if _, gpu := os.Stat("/dev/nvidia0"); gpu != nil {
			t.Errorf("got %v", err)
		}
	}
}
