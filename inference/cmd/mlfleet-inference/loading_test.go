package main

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/inference/backend"
)

// TestTheServerStopsWhileItLoads sends SIGTERM while a large model is being
// verified.
func TestTheServerStopsWhileItLoads(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "server")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	dir := filepath.Join(t.TempDir(), "large", "1")
	sum := "0000000000000000000000000000000000000000000000000000000000000000  model.onnx\n"
	model := filepath.Join(dir, "model.onnx")
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte(sum), 0o600),
		os.WriteFile(model, nil, 0o600), os.Truncate(model, 1<<40)); err != nil { // takes no room on the disk
		t.Fatal(err)
	}
	var log bytes.Buffer
	address := freeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.Command(bin, "serve", "--address", "127.0.0.1", "--http-port", port, "--grpc-port", "0", "--metrics-port", "0",
		"--device", "cpu", "--drain-timeout", "2s", "--model-repository", filepath.Dir(filepath.Dir(dir)),
		"--onnxruntime", backend.FindLibrary(os.Getenv("ONNXRUNTIME")))
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	live := func() bool { // on a connection of its own, which does not hold up the drain
		c, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		defer c.Close()
		c.Write([]byte("GET /v2/health/live HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		return err == nil && resp.StatusCode == http.StatusOK
	}
	for range 400 {
		if live() {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("%v\n%s", err, &log)
		}
	case <-time.After(30 * time.Second):
		cmd.Process.Kill()
		<-ended
		t.Errorf("the server goes on loading after SIGTERM\n%s", &log)
	}
}
