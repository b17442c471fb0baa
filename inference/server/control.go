package server

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/mlfleet/mlfleet/inference/modelconfig"
	"github.com/mlfleet/mlfleet/inference/protocol"
	"github.com/mlfleet/mlfleet/inference/repository"
)

// load serves the repository extension's load: what is served is chosen anew
// from what is on disk. config is Triton's model configuration as JSON, of which
// only the version policy counts here; without one the server's own policy does.
func (s *Server) load(ctx context.Context, model, config string) error {
	if err := s.mayControl(); err != nil {
		return err
	}
	policy, err := policyOf(config, s.models.Policy())
	if err != nil {
		return err
	}
	if err := s.models.Load(ctx, model, policy); err != nil {
		if errors.Is(err, repository.ErrNoModel) || errors.Is(err, repository.ErrNoVersion) || errors.Is(err, repository.ErrClosed) {
			return err
		}
		return protocol.Errorf(protocol.BadRequest, "%v", err)
	}
	return nil
}

func (s *Server) unload(model string) error {
	if err := s.mayControl(); err != nil {
		return err
	}
	return s.models.Unload(model)
}

func (s *Server) mayControl() error {
	if !s.opts.Control {
		return protocol.Errorf(protocol.Forbidden, "loading and unloading is switched off on this server (--model-control)")
	}
	return nil
}

// policyOf reads the version policy of a Triton model configuration, which may
// leave it open.
func policyOf(config string, otherwise repository.Policy) (repository.Policy, error) {
	if config == "" {
		return otherwise, nil
	}
	var c struct {
		VersionPolicy struct {
			Latest *struct {
				NumVersions int `json:"num_versions"`
			} `json:"latest"`
			All      *struct{} `json:"all"`
			Specific *struct {
				Versions []json.RawMessage `json:"versions"`
			} `json:"specific"`
		} `json:"version_policy"`
	}
	if err := json.Unmarshal([]byte(config), &c); err != nil {
		return repository.Policy{}, protocol.Errorf(protocol.BadRequest, "the parameter config is not the JSON of a model configuration: %v", err)
	}
	p := c.VersionPolicy
	switch {
	case p.All != nil:
		return repository.All(), nil
	case p.Specific != nil:
		return named(p.Specific.Versions)
	case p.Latest != nil:
		return repository.Latest(max(p.Latest.NumVersions, 1)), nil
	}
	return otherwise, nil
}

// named reads versions, which Triton writes as numbers and which are names
// here.
func named(raw []json.RawMessage) (repository.Policy, error) {
	var names []string
	for _, b := range raw {
		name := string(b)
		if json.Unmarshal(b, &name) != nil { // a number stands for itself
			name = string(b)
		}
		if !modelconfig.ValidName(name) {
			return repository.Policy{}, protocol.Errorf(protocol.BadRequest, "%.40q is not a version", name)
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return repository.Policy{}, protocol.Errorf(protocol.BadRequest, "the version policy names no version")
	}
	return repository.Named(names...), nil
}
