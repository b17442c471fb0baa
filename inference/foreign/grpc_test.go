package foreign

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A call is a recorded call of a method, "service/method", and the answer: a
// message, or the name of the code of an error.
type call struct {
	Name    string          `json:"name"`
	Method  string          `json:"method"`
	Request json.RawMessage `json:"request"`
	Answer  any             `json:"answer,omitempty"`
	Code    string          `json:"code,omitempty"`
}

const (
	grpcFile = "testdata/grpc.json"
	service  = "inference.GRPCInferenceService"
)

var code = regexp.MustCompile(`Code: (\w+)`)

// grpcurl runs the program and returns what it prints.
func grpcurl(t *testing.T, args ...string) (out []byte, failure string) {
	t.Helper()
	var said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), cache+"/grpcurl", append([]string{"-plaintext"}, args...)...)
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil && said.Len() == 0 {
		t.Fatalf("%v (`make conform` installs what this needs)", err)
	}
	return out, said.String()
}

func TestCallsByReflection(t *testing.T) {
	_, address := startServer(t)
	listed, failure := grpcurl(t, address, "list")
	for _, name := range []string{service, "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"} {
		if !slices.Contains(strings.Fields(string(listed)), name) {
			t.Errorf("reflection does not list %s: %s%s", name, listed, failure)
		}
	}
	all := load[call](t, grpcFile)
	for i := range all {
		x := &all[i]
		t.Run(x.Name, func(t *testing.T) {
			out, failure := grpcurl(t, "-d", string(x.Request), address, x.Method)
			var got call
			if m := code.FindStringSubmatch(failure); m != nil {
				got.Code = m[1]
			} else {
				got.Answer = value(out)
			}
			if *update {
				x.Answer, x.Code = got.Answer, got.Code
			}
			if got.Code != x.Code || !same(got.Answer, x.Answer) {
				t.Errorf("the server answers %v %s, recorded is %v %s\n%s", got.Answer, got.Code, x.Answer, x.Code, failure)
			}
		})
	}
	if *update {
		store(t, grpcFile, all)
	}
}
