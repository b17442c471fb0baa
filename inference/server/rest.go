package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/propagation"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/metrics"
	"github.com/mlfleet/mlfleet/inference/protocol"
	"github.com/mlfleet/mlfleet/inference/repository"
)

// Headers of a request, besides the protocol's own.
const (
	headerJSONLength = "Inference-Header-Content-Length" // the binary tensor extension
	headerPriority   = "Inference-Priority"              // high, normal or low
	headerTimeout    = "Inference-Timeout"               // a Go duration
)

// REST is the handler of the HTTP port.
func (s *Server) REST() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.getRoot)
	mux.HandleFunc("GET /health", s.getLive)
	mux.HandleFunc("GET /ready", s.getReady)
	mux.HandleFunc("POST /predict", s.postPredict)
	mux.HandleFunc("GET /v2", s.getServer)
	mux.HandleFunc("GET /v2/{$}", s.getServer)
	mux.HandleFunc("GET /v2/health/live", s.getLive)
	mux.HandleFunc("GET /v2/health/ready", s.getReady)
	for _, version := range []string{"", "/versions/{version}"} {
		mux.HandleFunc("GET /v2/models/{model}"+version, s.getModel)
		mux.HandleFunc("GET /v2/models/{model}"+version+"/ready", s.getModelReady)
		mux.HandleFunc("POST /v2/models/{model}"+version+"/infer", s.postInfer)
	}
	mux.HandleFunc("POST /v2/repository/index", s.postIndex)
	mux.HandleFunc("POST /v2/repository/models/{model}/load", s.postLoad)
	mux.HandleFunc("POST /v2/repository/models/{model}/unload", s.postUnload)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.noSuchPath(mux, w, r) })
	return s.guard(mux)
}

// guard asks clients to leave while draining, and keeps a panic from being
// anything but a 500.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				slog.Error("a handler panicked", "path", r.URL.Path, "panic", p)
				s.fail(w, protocol.Errorf(protocol.Internal, "internal error"))
			}
		}()
		if s.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		if strings.Contains(r.URL.Path, "//") { // which the mux would redirect, in its own form
			s.fail(w, protocol.Errorf(protocol.NotFound, "no such path"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// noSuchPath answers what no other pattern takes, in the protocol's form.
func (s *Server) noSuchPath(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := *r
		other.Method = method
		if _, pattern := mux.Handler(&other); pattern != "/" {
			w.Header().Set("Allow", method)
			s.writeJSON(w, http.StatusMethodNotAllowed, map[string]string{"error": fmt.Sprintf("use %s for this path", method)})
			return
		}
	}
	s.fail(w, protocol.Errorf(protocol.NotFound, "no such path"))
}

// fail writes the protocol's error object.
func (s *Server) fail(w http.ResponseWriter, err error) int {
	e := failure(err)
	if e.Kind == protocol.Internal {
		slog.Warn("a request failed", "error", e.Message)
	}
	h := w.Header()
	if e.Kind == protocol.Unavailable {
		h.Set("Retry-After", "1")
	}
	h.Set("Content-Type", "application/json")
	s.begin(w)
	w.WriteHeader(e.HTTP())
	w.Write(protocol.AppendError(nil, e.Message))
	return e.HTTP()
}

// begin gives an answer its time to be taken, from now: net/http counts from the
// request on, which may have been computed for longer.
func (s *Server) begin(w http.ResponseWriter) {
	err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.opts.BodyTimeout))
	if err != nil {
		slog.Debug("an answer has no deadline of its own", "error", err)
	}
}

func (s *Server) writeJSON(w http.ResponseWriter, code int, v any) {
	b, err := json.Marshal(v)
	if err != nil { // only our own small structs come here
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	s.begin(w)
	w.WriteHeader(code)
	w.Write(append(b, '\n'))
}

// scratch is what a REST request needs besides its call. It belongs to the
// request and not to the connection: most connections are idle most of the time.
type scratch struct {
	infer protocol.Infer
	out   []byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func getScratch() *scratch { return scratches.Get().(*scratch) }

func (x *scratch) put() {
	x.infer.Forget()
	x.out = keep(x.out)
	scratches.Put(x)
}

// postInfer is the inference endpoint.
func (s *Server) postInfer(w http.ResponseWriter, r *http.Request) {
	s.serve(w, r, r.PathValue("model"), r.PathValue("version"), s.infer)
}

// A step handles a request's body and writes the answer; it returns an error
// only before it has written anything.
type step func(w http.ResponseWriter, r *http.Request, v *repository.Version, c *batch.Call, x *scratch, start time.Time) error

// serve is the frame of every request that runs a model: find the version, run
// the step, account for it.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, model, version string, run step) {
	start := time.Now()
	s.metrics.InFlight.Inc()
	defer s.metrics.InFlight.Dec()
	v, err := s.models.Acquire(model, version)
	if err != nil {
		s.metrics.Response("http", statusText(s.fail(w, err)))
		return
	}
	defer v.Release()
	c := v.Call()
	defer c.Release()
	x := getScratch()
	defer x.put()
	if err := run(w, r, v, c, x, start); err != nil {
		s.metrics.Response("http", statusText(s.fail(w, err)))
		return
	}
	s.metrics.Response("http", "200")
	if m, ok := v.Meter().(*metrics.Meter); ok {
		m.Served(time.Since(start), c.Waited+c.Computed)
	}
}

func (s *Server) infer(w http.ResponseWriter, r *http.Request, v *repository.Version, c *batch.Call, x *scratch, start time.Time) error {
	body, reserved, err := s.readBody(w, r, c.Body)
	c.Body = body
	defer s.free(reserved)
	if err != nil {
		return err
	}
	header := -1
	if h := r.Header.Get(headerJSONLength); h != "" {
		if header, err = strconv.Atoi(h); err != nil || header < 0 {
			return protocol.Errorf(protocol.BadRequest, "%s is not a length: %.40q", headerJSONLength, h)
		}
	}
	if err := x.infer.Decode(body, header, v.Signature, c); err != nil {
		return err
	}
	if err := s.run(r, v, c, &x.infer, start); err != nil {
		return err
	}
	out, header, err := x.infer.Encode(x.out[:0], v.Model, v.Name, v.Signature, c)
	if err != nil {
		return err
	}
	x.out = out
	h := w.Header()
	if header < 0 {
		h.Set("Content-Type", "application/json")
	} else {
		h.Set("Content-Type", "application/octet-stream")
		h.Set(headerJSONLength, strconv.Itoa(header))
	}
	h.Set("Content-Length", strconv.Itoa(len(out)))
	s.begin(w)
	w.Write(out)
	return nil
}

// keep returns a buffer for the next request, unless it has grown too large to
// be kept around.
func keep(b []byte) []byte {
	if cap(b) > 1<<20 {
		return nil
	}
	return b
}

// run takes priority and deadline from the request's headers, and submits the
// call.
func (s *Server) run(r *http.Request, v *repository.Version, c *batch.Call, in *protocol.Infer, start time.Time) error {
	timeout, priority := in.Timeout, in.Priority
	if h := r.Header.Get(headerTimeout); h != "" {
		d, err := parseTimeout(h)
		if err != nil {
			return err
		}
		timeout = d
	}
	if h := r.Header.Get(headerPriority); h != "" {
		p, err := parsePriority(h)
		if err != nil {
			return err
		}
		priority = p
	}
	return s.submit(s.traced(r.Context(), propagation.HeaderCarrier(r.Header)), v, c, priority, s.deadline(start, timeout), nil)
}

func parseTimeout(h string) (time.Duration, error) {
	d, err := time.ParseDuration(h)
	if err != nil || d <= 0 {
		return 0, protocol.Errorf(protocol.BadRequest, "%s is not a duration such as 250ms: %.40q", headerTimeout, h)
	}
	return d, nil
}

func parsePriority(h string) (batch.Priority, error) {
	switch h {
	case "high":
		return batch.High, nil
	case "normal":
		return batch.Normal, nil
	case "low":
		return batch.Low, nil
	}
	return 0, protocol.Errorf(protocol.BadRequest, "%s is high, normal or low, not %.40q", headerPriority, h)
}

var errNoText = errors.New("this model does not take text; use the infer endpoint")
