package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/mlfleet/mlfleet/inference/backend"
	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/metrics"
	"github.com/mlfleet/mlfleet/inference/protocol"
	"github.com/mlfleet/mlfleet/inference/repository"
)

// Name is the server's name in the protocol's metadata.
const Name = "mlfleet-inference"

// Identity is who the server is in the fleet: labels of its answers, nothing
// that it acts upon.
type Identity struct {
	Tenant, Region, Cluster, Version string
}

// Options of a Server.
type Options struct {
	Identity
	// DefaultModel answers /predict.
	DefaultModel string
	// Control allows the protocol's load and unload.
	Control bool
	// MaxRequest bounds a request's body, in bytes.
	MaxRequest int64
	// MaxMemory bounds the bodies of all requests in the server together.
	MaxMemory int64
	// Timeout is the deadline of a request that names none; 0 is none.
	Timeout time.Duration
	// Stall is how long one run may take before the server calls itself dead.
	Stall time.Duration
	// Grace bounds reading a request's head, and an idle connection.
	HeadTimeout, BodyTimeout, IdleTimeout time.Duration
	Tracer                                trace.Tracer // nil traces nothing
}

// A Server answers requests for the models of a repository.
type Server struct {
	opts    Options
	models  *repository.Repository
	device  *backend.Device
	metrics *metrics.Metrics

	loaded   atomic.Bool
	draining atomic.Bool
	memory   atomic.Int64 // bytes of request bodies
}

// New makes a Server. It is live at once, and ready after SetLoaded.
func New(o Options, models *repository.Repository, device *backend.Device, m *metrics.Metrics) *Server {
	return &Server{opts: o, models: models, device: device, metrics: m}
}

// SetLoaded says that all models are loaded and warm.
func (s *Server) SetLoaded() { s.loaded.Store(true) }

// Drain makes the server unready and asks clients, answer by answer, to
// connect elsewhere. It goes on serving.
func (s *Server) Drain() { s.draining.Store(true) }

// Ready says whether the server wants requests.
func (s *Server) Ready() bool { return s.loaded.Load() && !s.draining.Load() }

// Live says whether the server works: no run has taken longer than it ever
// may. A restart is the only help for a device that hangs.
func (s *Server) Live() bool {
	if s.opts.Stall <= 0 {
		return true
	}
	for v := range s.models.Ready() {
		if d := v.Stalled(); d > s.opts.Stall {
			slog.Error("a run does not end", "model", v.Model, "version", v.Name, "for", d)
			return false
		}
	}
	return true
}

// failure turns any error of serving into what the client is told.
func failure(err error) *protocol.Error {
	var e *protocol.Error
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &tooLarge):
		return protocol.Errorf(protocol.TooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	case errors.Is(err, repository.ErrNoModel), errors.Is(err, repository.ErrNoVersion):
		return protocol.Errorf(protocol.NotFound, "%v", err)
	case errors.Is(err, batch.ErrFull), errors.Is(err, batch.ErrClosed), errors.Is(err, repository.ErrClosed):
		return protocol.Errorf(protocol.Unavailable, "%v", err)
	case errors.Is(err, batch.ErrExpired), errors.Is(err, context.DeadlineExceeded):
		return protocol.Errorf(protocol.Expired, "%v", err)
	case isGone(err), errors.Is(err, batch.ErrGone):
		return protocol.Errorf(protocol.Gone, "the client went away")
	}
	return protocol.Errorf(protocol.Internal, "%v", err)
}

// reserve takes n bytes from the memory for bodies.
func (s *Server) reserve(n int64) error {
	if s.memory.Add(n) > s.opts.MaxMemory && s.opts.MaxMemory > 0 {
		s.memory.Add(-n)
		s.metrics.Rejected("memory")
		return protocol.Errorf(protocol.Unavailable, "the requests in progress take up all memory for requests")
	}
	return nil
}

func (s *Server) free(n int64) { s.memory.Add(-n) }

// deadline is when a request that may take so long must be answered.
func (s *Server) deadline(start time.Time, asked time.Duration) time.Time {
	if asked <= 0 {
		asked = s.opts.Timeout
	}
	if asked <= 0 {
		return time.Time{}
	}
	return start.Add(asked)
}

func statusText(code int) string { return strconv.Itoa(code) }
