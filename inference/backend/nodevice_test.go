package backend

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A serverCommand is the built command, and the ONNX Runtime that it uses.
type serverCommand struct {
	binary, library string
}

func buildServer(t *testing.T) serverCommand {
	t.Helper()
	library, err := filepath.Abs(FindLibrary(os.Getenv("ONNXRUNTIME")))
	if err != nil {
		t.Fatal(err)
	}
	s := serverCommand{filepath.Join(t.TempDir(), "mlfleet-inference"), library}
	if out, err := exec.Command("go", "build", "-o", s.binary, "../cmd/mlfleet-inference").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return s
}

// start starts the command; its log goes to the returned file.
func (s serverCommand) start(t *testing.T, device, libraries string) (*exec.Cmd, string) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.CommandContext(t.Context(), s.binary, "serve", "--device", device, "--onnxruntime", s.library,
		"--model-repository", "../models", "--address", "127.0.0.1", "--http-port", "0", "--grpc-port", "0", "--metrics-port", "0")
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+libraries)
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, log.Name()
}

// wait waits for the end, which must come within 30 s, and returns the
// exit code.
func wait(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	late := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	defer late.Stop()
	if err := cmd.Wait(); err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return exit.ExitCode()
		}
		t.Fatal(err)
	}
	return 0
}

// logged returns the named fields of the log's first line with that message,
// once it is there; nil if there is none after the limit.
func logged(t *testing.T, log, message string, limit time.Duration) map[string]any {
	t.Helper()
	for deadline := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		b, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(b) {
			var fields map[string]any
			if json.Unmarshal(line, &fields) == nil && fields["msg"] == message {
				return fields
			}
		}
		if time.Now().After(deadline) {
			return nil
		}
	}
}

// lacks tells whether the dynamic linker finds no library of that name by
// itself. What happens without one can only be shown where there is none.
func lacks(t *testing.T, library string) bool {
	t.Helper()
	out, err := exec.Command("/sbin/ldconfig", "-p").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	found := strings.Contains(string(out), library)
	if found {
		t.Logf("%s is on this machine: what happens without it cannot be shown here", library)
	}
	return !found
}

// TestServerWithoutADevice drives the GPU path as far as a machine without a
// GPU lets it: ONNX Runtime's real providers are loaded, against libraries that
// answer as CUDA's do where there is no device (see cudalibraries_test.go), and
// the command must end or, with auto, say why it takes the CPU.
func TestServerWithoutADevice(t *testing.T) {
	s := buildServer(t)
	nvidia := readImports(t, filepath.Dir(s.library))
	nothing, absent, held := t.TempDir(), nvidia.compile(t, noDevice), nvidia.compile(t, busy)
	noTensorRT := nvidia.compile(t, noDevice)
	if err := os.Remove(filepath.Join(noTensorRT, "libnvinfer.so.10")); err != nil {
		t.Fatal(err)
	}
	const none = "no CUDA device was found (CUDA failure 100: no CUDA-capable device is detected)"
	for _, tc := range []struct {
		name, device, libraries, want string
		without                       string // the library that the case is about
	}{
		{"no device", "cuda", absent, none, ""},
		{"no device", "tensorrt", absent, none, ""},
		{"device busy", "cuda", held, "CUDA failure 46: all CUDA-capable devices are busy or unavailable", ""},
		{"no CUDA", "cuda", nothing, "libcublasLt.so.13 is missing", "libcublasLt.so.13"},
		{"no CUDA", "tensorrt", nothing, "libcublas.so.13 is missing", "libcublas.so.13"},
		{"no TensorRT", "tensorrt", noTensorRT, "libnvinfer.so.10 is missing", "libnvinfer.so.10"},
		{"no device", "auto", absent, none, ""},
		{"device busy", "auto", held, "CUDA failure 46: all CUDA-capable devices are busy or unavailable", ""},
		{"no CUDA", "auto", nothing, "libcublasLt.so.13 is missing", "libcublasLt.so.13"},
	} {
		t.Run(tc.name+", "+tc.device, func(t *testing.T) {
			if tc.without != "" && !lacks(t, tc.without) {
				return
			}
			cmd, log := s.start(t, tc.device, tc.libraries)
			if tc.device == "auto" {
				servesOnTheCPU(t, cmd, log, tc.want)
			} else {
				fails(t, cmd, log, fmt.Sprintf("device %s:0 was asked for and does not work: %s", tc.device, tc.want))
			}
		})
	}
}

// fails checks that the command ends with that error, and without having
// fallen back to another device.
func fails(t *testing.T, cmd *exec.Cmd, log, want string) {
	t.Helper()
	if code := wait(t, cmd); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	text, _ := logged(t, log, "mlfleet-inference failed", 0)["error"].(string)
	if !strings.HasPrefix(text, want) {
		t.Errorf("the error is\n%s\nwant it to begin with\n%s", text, want)
	}
	if chosen := logged(t, log, "device chosen", 0); chosen != nil {
		t.Errorf("it fell back: %v", chosen)
	}
}

// servesOnTheCPU checks that the command becomes ready on the CPU, says why,
// and ends well when asked to.
func servesOnTheCPU(t *testing.T, cmd *exec.Cmd, log, want string) {
	t.Helper()
	if logged(t, log, "ready", time.Minute) == nil {
		b, _ := os.ReadFile(log)
		t.Fatalf("it does not become ready:\n%s", b)
	}
	chosen := logged(t, log, "device chosen", 0)
	why, _ := chosen["why"].(string)
	if chosen["device"] != "cpu" || !strings.HasPrefix(why, "auto: cuda:0 does not work: "+want) {
		t.Errorf("chose %v because %q, want the CPU because of %q", chosen["device"], why, want)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := wait(t, cmd); code != 0 {
		b, _ := os.ReadFile(log)
		t.Errorf("exit code %d after SIGTERM:\n%s", code, b)
	}
}
