package foreign

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// cache is where `make conform` puts the foreign programs.
const cache = "../.cache/foreign"

// patience is how long a program may take to come up.
const patience = time.Minute

// startServer builds the server, starts it on the committed model, and returns
// its addresses for HTTP and gRPC once it is ready.
func startServer(t *testing.T) (http, grpc string) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "mlfleet-inference")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "./cmd/mlfleet-inference")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), binary, "serve", "--device", "cpu", "--address", "127.0.0.1",
		"--http-port", "0", "--grpc-port", "0", "--metrics-port", "0", "--model-repository", "models")
	cmd.Dir = ".."
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	await(t, cmd, log, func(line []byte) bool {
		var fields struct{ Msg, HTTP, GRPC string }
		if json.Unmarshal(line, &fields) != nil {
			return false
		}
		if fields.Msg == "listening" {
			http, grpc = fields.HTTP, fields.GRPC
		}
		return fields.Msg == "ready"
	})
	return "http://" + http, grpc
}

var listens = regexp.MustCompile(`Prism is listening on (http://\S+?)(\x1b|\s|$)`)

// startProxy starts Prism in front of a server and returns its address.
func startProxy(t *testing.T, description []byte, server string) (address string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "openapi.json")
	if err := os.WriteFile(file, description, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), cache+"/node_modules/.bin/prism",
		"proxy", file, server, "--errors", "--host", "127.0.0.1", "--port", "0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	await(t, cmd, out, func(line []byte) bool {
		m := listens.FindSubmatch(line)
		if m != nil {
			address = string(m[1])
		}
		return m != nil
	})
	return address
}

// await starts a command, which the end of the test ends, and reads its output
// until a line is the one.
func await(t *testing.T, cmd *exec.Cmd, output io.Reader, isReady func(line []byte) bool) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v (`make conform` installs what this needs)", err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	late := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	defer late.Stop()
	lines := bufio.NewScanner(output)
	var said []byte
	for lines.Scan() {
		if isReady(lines.Bytes()) {
			go io.Copy(io.Discard, output) // it must not block on a full pipe
			return
		}
		said = append(append(said, lines.Bytes()...), '\n')
	}
	t.Fatalf("%s does not come up:\n%s", cmd.Args[0], said)
}
