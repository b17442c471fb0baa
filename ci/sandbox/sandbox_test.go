package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/mlfleet/mlfleet/ci/image"
	"github.com/mlfleet/mlfleet/ci/sandbox"
)

// built is the real image of this working tree for this machine, built once.
var built = sync.OnceValues(func() (*image.Result, error) {
	return image.Build{
		Root: "../..", AllowDirty: true, Architectures: []string{runtime.GOARCH}, Cache: "../.cache",
	}.Run(context)
})

func server(t *testing.T) v1.Image {
	t.Helper()
	r, err := built()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the image is %s, from %s", r.Digest, r.Metadata.Tag())
	return r.Images[0].Image
}

// start starts the image. Where runc is missing or this is not root the test
// fails and says what to do: that the image starts is not known then, and a test
// that passes would say that it is.
func start(t *testing.T, img v1.Image, o sandbox.Options) *sandbox.Container {
	t.Helper()
	o.Dir = t.TempDir()
	c, err := sandbox.Start(t.Context(), img, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close the container: %v", err)
		}
	})
	return c
}

// ask sends a request into the container until it is answered, and gives status
// and body.
func ask(t *testing.T, c *sandbox.Container, method, url, body string) (int, string) {
	t.Helper()
	var last error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Client().Do(r)
		if err != nil {
			last = err
			continue
		}
		answer, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if last = fmt.Errorf("%s %s", resp.Status, answer); resp.StatusCode == http.StatusServiceUnavailable {
			continue // models are being loaded
		}
		return resp.StatusCode, string(answer)
	}
	t.Fatalf("%s %s: %v\nlogs:\n%s", method, url, last, c.Logs())
	return 0, ""
}

func TestImageAnswersWithNothingMounted(t *testing.T) {
	c := start(t, server(t), sandbox.Options{Env: []string{"TENANT=acme"}})
	for _, path := range []string{"/ready", "/health", "/v2/health/ready", "/v2/health/live", "/v2/models/sentiment/ready"} {
		code, body := ask(t, c, http.MethodGet, "http://127.0.0.1:8000"+path, "")
		t.Logf("GET %s: %d %s", path, code, body)
		if code != http.StatusOK {
			t.Errorf("GET %s: %d %s", path, code, body)
		}
	}
	for text, want := range map[string]string{"a wonderful, touching film": "positive", "a dull and awful film": "negative"} {
		code, body := ask(t, c, http.MethodPost, "http://127.0.0.1:8000/predict", fmt.Sprintf(`{"text": %q}`, text))
		t.Logf("POST /predict %q: %d %s", text, code, body)
		var answer struct {
			Prediction string
			Tenant     string
			Model      string
		}
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			t.Fatal(err)
		}
		if code != http.StatusOK || answer.Prediction != want || answer.Tenant != "acme" || answer.Model != "sentiment" {
			t.Errorf("POST /predict %q: %d %s; want %s from sentiment for acme", text, code, body, want)
		}
	}
	code, body := ask(t, c, http.MethodGet, "http://127.0.0.1:8002/metrics", "")
	if code != http.StatusOK || !strings.Contains(body, "inference_device_info") {
		t.Errorf("GET /metrics: %d %.200s", code, body)
	}
}

func TestImageEndsOnSIGTERM(t *testing.T) {
	c := start(t, server(t), sandbox.Options{})
	ask(t, c, http.MethodGet, "http://127.0.0.1:8000/ready", "")
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	code, err := c.Wait(t.Context())
	if err != nil || code != 0 {
		t.Errorf("exit code %d, %v; want 0\nlogs:\n%s", code, err, c.Logs())
	}
}

func TestImageKnowsItsVersion(t *testing.T) {
	img := server(t)
	c := start(t, img, sandbox.Options{Args: []string{"version"}})
	if code, err := c.Wait(t.Context()); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v\nlogs:\n%s", code, err, c.Logs())
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.TrimSpace(c.Logs()), config.Config.Labels["org.opencontainers.image.version"]; got != want {
		t.Errorf("mlfleet-inference version says %q, the label %q", got, want)
	}
}

// What a process in the container may do, as it sees it itself.
func TestContainerIsConfined(t *testing.T) {
	probe := filepath.Join(t.TempDir(), "probe")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", probe, "./testdata/probe")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	img := withEntrypoint(t, server(t), "/probe")
	c := start(t, img, sandbox.Options{Mounts: []sandbox.Mount{{Source: probe, Target: "/probe"}}})
	if code, err := c.Wait(t.Context()); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v\nlogs:\n%s", code, err, c.Logs())
	}
	t.Log(c.Logs())
	var got struct {
		UID, GID, Processes int
		Status, Writes      map[string]string
		Interfaces          []string
		Dial                string
	}
	if err := json.Unmarshal([]byte(c.Logs()), &got); err != nil {
		t.Fatal(err)
	}
	if got.UID != 65532 || got.GID != 65532 {
		t.Errorf("it runs as %d:%d, want 65532:65532", got.UID, got.GID)
	}
	for key, want := range map[string]string{
		"Uid": "65532\t65532\t65532\t65532", "Groups": "", "NoNewPrivs": "1",
		"CapInh": none, "CapPrm": none, "CapEff": none, "CapBnd": none, "CapAmb": none,
	} {
		if got.Status[key] != want {
			t.Errorf("%s is %q, want %q", key, got.Status[key], want)
		}
	}
	if !slices.Equal(got.Interfaces, []string{"lo"}) {
		t.Errorf("its interfaces are %q, want lo alone", got.Interfaces)
	}
	if !strings.Contains(got.Dial, "network is unreachable") {
		t.Errorf("dialling out: %q, want that the network is unreachable", got.Dial)
	}
	if got.Processes != 1 {
		t.Errorf("it sees %d processes, want itself alone", got.Processes)
	}
	for _, dir := range slices.Sorted(maps.Keys(got.Writes)) {
		err := got.Writes[dir]
		switch {
		case dir == "/tmp" && err != "":
			t.Errorf("writing to /tmp: %s", err)
		case dir != "/tmp" && err == "":
			t.Errorf("it could write to %s", dir)
		case dir == "/" && !strings.Contains(err, "read-only file system"):
			t.Errorf("writing to /: %s; want that the file system is read-only", err)
		}
	}
}

// none is no capability at all.
const none = "0000000000000000"

func TestCloseRemovesEverything(t *testing.T) {
	dir := t.TempDir()
	c, err := sandbox.Start(t.Context(), server(t), sandbox.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	ask(t, c, http.MethodGet, "http://127.0.0.1:8000/ready", "")
	for range 2 {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", c.PID())); !os.IsNotExist(err) {
		t.Errorf("process %d is still there: %v", c.PID(), err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("%s still holds %v (%v)", dir, left, err)
	}
	if _, err := c.Dial(t.Context(), "tcp", "127.0.0.1:8000"); err == nil {
		t.Error("dialling into a container that has ended worked")
	}
}

func TestEndOfTheContextEndsTheContainer(t *testing.T) {
	ctx, cancel := cancellable(t)
	c, err := sandbox.Start(ctx, server(t), sandbox.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if code, err := c.Wait(t.Context()); err != nil || code == 0 {
		t.Errorf("exit code %d, %v; want that of a killed process", code, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
