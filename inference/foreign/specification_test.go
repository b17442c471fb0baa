package foreign

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// The protocol's text (github.com/kserve/open-inference-protocol, inference_rest.md)
// names this file of KServe's as the definition of its endpoints. KServe is a Go
// module, so the Go command fetches it and checks it; nothing of it is compiled
// or kept in this repository. The hash holds for 0.11.2 to 0.15.2: the file does
// not change from one to the next.
const (
	kserve          = "github.com/kserve/kserve@v0.15.2"
	publishedFile   = "docs/predict-api/v2/rest_predict_v2.yaml"
	publishedSHA256 = "8106eb3dda1e3c824fa1e8aa4011c458360b6a6b5ac5a1eecae857ebd05844b8"
)

// published reads the description as KServe publishes it.
func published(t *testing.T) []byte {
	t.Helper()
	dir, err := download(kserve)
	if err != nil { // networks have bad moments
		t.Logf("%v; once more", err)
		time.Sleep(2 * time.Second)
		if dir, err = download(kserve); err != nil {
			t.Fatalf("%v\nIs the Go module proxy reachable? (go env GOPROXY)", err)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, publishedFile))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(b)); got != publishedSHA256 {
		t.Fatalf("%s of %s has SHA-256 %s, want %s", publishedFile, kserve, got, publishedSHA256)
	}
	return b
}

// download fetches a module, unless it is there, and returns its folder.
func download(module string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = os.TempDir() // it is no dependency of any module here
	out, err := cmd.Output()
	var answer struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &answer); answer.Dir == "" {
		return "", fmt.Errorf("fetch %s: %v (%v)", module, cmp.Or(answer.Error, fmt.Sprint(err)), jsonErr)
	}
	return answer.Dir, nil
}

// An object is a JSON or YAML object.
type object = map[string]any

// amended is the published description as JSON, amended where it falls short
// of the protocol's text:
//
//   - Path parameters are written ${NAME}, which OpenAPI reads as a dollar sign
//     before the parameter. They become {NAME}.
//   - The text makes the version in a path optional, the description does not.
//     Each path with a version gets a twin without.
//   - The text wants the error object with every error, "typically" of status 400;
//     the description has 400 alone, and not for every operation. Each operation
//     of a model gets the error object as the default response.
func amended(t *testing.T, description []byte) []byte {
	t.Helper()
	var doc object
	if err := yaml.Unmarshal(description, &doc); err != nil {
		t.Fatal(err)
	}
	paths := object{}
	for path, item := range doc["paths"].(object) {
		path = strings.ReplaceAll(path, "${", "{")
		if !strings.HasPrefix(path, "/v2/models/") {
			paths[path] = item
			continue
		}
		paths[path] = model(item.(object), "", "MODEL_NAME", "MODEL_VERSION")
		paths[strings.Replace(path, "/versions/{MODEL_VERSION}", "", 1)] = model(item.(object), "-latest", "MODEL_NAME")
	}
	doc["paths"] = paths
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// model copies the description of one path of a model, with other operation
// ids, the named path parameters, and the default response.
func model(item object, suffix string, names ...string) object {
	var parameters []any
	for _, name := range names {
		parameters = append(parameters, object{"name": name, "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	twin := object{"parameters": parameters}
	for _, method := range []string{"get", "post"} {
		operation, ok := item[method].(object)
		if !ok {
			continue
		}
		operation = maps.Clone(operation)
		operation["operationId"] = operation["operationId"].(string) + suffix
		responses := maps.Clone(operation["responses"].(object))
		responses["default"] = object{
			"description": "an error",
			"content": object{"application/json": object{
				"schema": object{"$ref": "#/components/schemas/metadata_model_error_response"},
			}},
		}
		operation["responses"] = responses
		twin[method] = operation
	}
	return twin
}
