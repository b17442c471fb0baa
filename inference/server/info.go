package server

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/mlfleet/mlfleet/inference/protocol"
	"github.com/mlfleet/mlfleet/inference/tensor"
)

// platform is what the protocol calls the framework of a model.
const platform = "onnx_onnxv1"

// extensions that the server understands.
var extensions = []string{"binary_tensor_data", "model_repository"}

// getRoot tells people what they have reached.
func (s *Server) getRoot(w http.ResponseWriter, _ *http.Request) {
	models := map[string][]string{}
	for v := range s.models.Ready() {
		models[v.Model] = append(models[v.Model], v.Name)
	}
	s.writeJSON(w, http.StatusOK, map[string]any{
		"name": Name, "version": s.opts.Version, "tenant": s.opts.Tenant, "region": s.opts.Region,
		"cluster": s.opts.Cluster, "device": s.device.String(), "models": models, "ready": s.Ready(),
	})
}

func (s *Server) getLive(w http.ResponseWriter, _ *http.Request) {
	live := s.Live()
	s.writeJSON(w, okOr503(live), map[string]bool{"live": live})
}

// getReady has "live" as well, because that is how the protocol's text spells
// its answer.
func (s *Server) getReady(w http.ResponseWriter, _ *http.Request) {
	ready := s.Ready()
	s.writeJSON(w, okOr503(ready), map[string]bool{"live": s.Live(), "ready": ready})
}

func okOr503(ok bool) int {
	if ok {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

func (s *Server) getServer(w http.ResponseWriter, _ *http.Request) {
	s.writeJSON(w, http.StatusOK, map[string]any{"name": Name, "version": s.opts.Version, "extensions": extensions})
}

type tensorMetadata struct {
	Name     string  `json:"name"`
	Datatype string  `json:"datatype"`
	Shape    []int64 `json:"shape"`
}

func describe(specs []tensor.Spec) []tensorMetadata {
	out := make([]tensorMetadata, len(specs))
	for i, s := range specs {
		out[i] = tensorMetadata{s.Name, s.Type.String(), s.Shape}
	}
	return out
}

func (s *Server) getModel(w http.ResponseWriter, r *http.Request) {
	v, err := s.models.Acquire(r.PathValue("model"), r.PathValue("version"))
	if err != nil {
		s.fail(w, err)
		return
	}
	defer v.Release()
	s.writeJSON(w, http.StatusOK, map[string]any{
		"name": v.Model, "versions": s.models.Versions(v.Model), "platform": platform,
		"inputs": describe(v.Signature.Inputs), "outputs": describe(v.Signature.Outputs),
	})
}

func (s *Server) getModelReady(w http.ResponseWriter, r *http.Request) {
	v, err := s.models.Acquire(r.PathValue("model"), r.PathValue("version"))
	if err != nil {
		s.fail(w, err)
		return
	}
	defer v.Release()
	s.writeJSON(w, http.StatusOK, map[string]any{"name": v.Model, "ready": true})
}

// maxControl bounds the body of a repository request.
const maxControl = 1 << 20

// loadRequest is Triton's load request. Of its parameters this server knows config,
// a model configuration of which it reads the version policy.
type loadRequest struct {
	Parameters map[string]json.RawMessage `json:"parameters"`
}

// config is the parameter of that name, "" if there is none.
func (r loadRequest) config() (config string, err error) {
	for name, value := range r.Parameters {
		if err := knownParameter(name); err != nil {
			return "", err
		}
		if name == "config" && json.Unmarshal(value, &config) != nil {
			return "", protocol.Errorf(protocol.BadRequest, "the body is not the JSON wanted here: config is not a string")
		}
	}
	return config, nil
}

// knownParameter refuses what Triton would do for a load and this server does not:
// take a model's files from the request.
func knownParameter(name string) error {
	if strings.HasPrefix(name, "file:") {
		return protocol.Errorf(protocol.BadRequest, "the parameter %.100q is not supported: a model's files come from the repository only", name)
	}
	return nil
}

func (s *Server) postIndex(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Ready bool `json:"ready"`
	}
	if err := readControl(w, r, &in); err != nil {
		s.fail(w, err)
		return
	}
	s.writeJSON(w, http.StatusOK, s.models.Index(in.Ready))
}

func (s *Server) postLoad(w http.ResponseWriter, r *http.Request) {
	var in loadRequest
	if err := readControl(w, r, &in); err != nil {
		s.fail(w, err)
		return
	}
	config, err := in.config()
	if err != nil {
		s.fail(w, err)
		return
	}
	if err := s.load(r.Context(), r.PathValue("model"), config); err != nil {
		s.fail(w, err)
		return
	}
	s.writeJSON(w, http.StatusOK, struct{}{})
}

func (s *Server) postUnload(w http.ResponseWriter, r *http.Request) {
	var in struct{}
	if err := readControl(w, r, &in); err != nil {
		s.fail(w, err)
		return
	}
	if err := s.unload(r.PathValue("model")); err != nil {
		s.fail(w, err)
		return
	}
	s.writeJSON(w, http.StatusOK, struct{}{})
}

// readControl decodes the optional JSON body of a repository request.
func readControl(w http.ResponseWriter, r *http.Request, in any) error {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControl))
	err := d.Decode(in)
	if err == nil {
		if _, err = d.Token(); err == nil {
			err = errors.New("something follows it")
		}
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case errors.As(err, &tooLarge):
		return err
	}
	return protocol.Errorf(protocol.BadRequest, "the body is not the JSON wanted here: %v", err)
}
