package server

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

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

// loadParameters is the part of Triton's load request that this server knows:
// a model configuration of which it reads the version policy.
type loadParameters struct {
	Parameters struct {
		Config string `json:"config"`
	} `json:"parameters"`
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
	var in loadParameters
	if err := readControl(w, r, &in); err != nil {
		s.fail(w, err)
		return
	}
	if err := s.load(r.Context(), r.PathValue("model"), in.Parameters.Config); err != nil {
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
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return nil
	case errors.As(err, &tooLarge):
		return err
	}
	return protocol.Errorf(protocol.BadRequest, "the body is not the JSON wanted here: %v", err)
}
