package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/mlfleet/mlfleet/inference/backend"
	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/metrics"
	"github.com/mlfleet/mlfleet/inference/modelconfig"
	"github.com/mlfleet/mlfleet/inference/repository"
	"github.com/mlfleet/mlfleet/inference/server"
	"github.com/mlfleet/mlfleet/inference/settings"
)

// serveSettings are the flags of serve.
type serveSettings struct {
	server.Options

	address                         string
	httpPort, grpcPort, metricsPort int
	pprof                           string

	repository, models, modelVersion, policy string
	control                                  string
	requireSums                              bool
	warmUp                                   time.Duration

	device      backend.Options
	kind        string
	memoryLimit settings.Bytes
	runtime     string

	batch                 batch.Options
	maxRequest, maxMemory settings.Bytes
	drain, teardown       time.Duration

	logLevel  slog.Level
	logFormat string
}

func parseServe(args []string) (*serveSettings, error) {
	s := &serveSettings{maxRequest: 64 << 20, maxMemory: 1 << 30}
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	fs.String("config", "", "a JSON `file` with settings, an object of flag names and values")

	fs.StringVar(&s.address, "address", "", "the `host` to listen on; empty is all of them")
	fs.IntVar(&s.httpPort, "http-port", 8000, "`port` of REST")
	fs.IntVar(&s.grpcPort, "grpc-port", 8001, "`port` of gRPC")
	fs.IntVar(&s.metricsPort, "metrics-port", 8002, "`port` of /metrics")
	fs.StringVar(&s.pprof, "pprof-address", "", "`host:port` of the profiler; empty is none")

	fs.StringVar(&s.repository, "model-repository", "/models", "the `folder` with <model>/<version>/{model.onnx,config.json}")
	fs.StringVar(&s.models, "model-name", "", "the `models` to serve, by comma; empty is all that are there. The first answers /predict")
	fs.StringVar(&s.modelVersion, "model-version", "", "serve this `version`; short for --version-policy named:VERSION")
	fs.StringVar(&s.policy, "version-policy", "", "which versions to serve: latest, latest:N, all or named:A,B (default latest)")
	fs.StringVar(&s.control, "model-control", "none", "explicit allows loading and unloading through the protocol; none does not")
	fs.BoolVar(&s.requireSums, "require-checksums", false, "refuse a version without a SHA256SUMS file")
	fs.DurationVar(&s.warmUp, "warm-up-limit", 2*time.Minute, "the most `time` that warming up one version may take")

	fs.StringVar(&s.kind, "device", "auto", "auto, cuda, tensorrt or cpu; auto takes CUDA if it works, the others fail if they do not")
	fs.IntVar(&s.device.ID, "device-id", 0, "`index` of the GPU among those that are visible")
	fs.Var(&s.memoryLimit, "gpu-memory-limit", "most `bytes` of GPU memory for the runtime, e.g. 8Gi; 0 is no limit")
	fs.IntVar(&s.device.Threads, "threads", runtime.GOMAXPROCS(0), "`threads` of one operator on the CPU")
	fs.StringVar(&s.device.EngineCache, "tensorrt-cache", "", "`folder` for built TensorRT engines; empty keeps none")
	fs.StringVar(&s.runtime, "onnxruntime", "", "`path` of libonnxruntime.so.1; empty looks for it")

	fs.IntVar(&s.batch.MaxRows, "max-batch-size", 32, "most `rows` of a batch")
	fs.DurationVar(&s.batch.MaxDelay, "max-queue-delay", 2*time.Millisecond, "the longest `time` a request waits for others to share its batch")
	fs.IntVar(&s.batch.MaxQueued, "max-queue", 1024, "most `requests` that wait; more get 503")
	fs.DurationVar(&s.Timeout, "request-timeout", 30*time.Second, "deadline of a request that names none; 0 is none")

	fs.Var(&s.maxRequest, "max-request-bytes", "most `bytes` of a request's body")
	fs.Var(&s.maxMemory, "max-memory-bytes", "most `bytes` of all request bodies in the server together")
	fs.DurationVar(&s.HeadTimeout, "head-timeout", 5*time.Second, "`time` for a request's head to arrive")
	fs.DurationVar(&s.BodyTimeout, "body-timeout", 30*time.Second, "`time` for a request to arrive, and for its answer to be taken")
	fs.DurationVar(&s.IdleTimeout, "idle-timeout", 2*time.Minute, "`time` after which an idle connection is closed")
	fs.DurationVar(&s.Stall, "stall-timeout", time.Minute, "a run of this `time` makes the server dead to its liveness probe; 0 never")

	fs.StringVar(&s.Tenant, "tenant", "", "`tenant` in answers")
	fs.StringVar(&s.Region, "region", "", "`region` in answers and metrics")
	fs.StringVar(&s.Cluster, "cluster", "", "`cluster` in answers")

	fs.DurationVar(&s.drain, "drain-timeout", 25*time.Second, "`time` to answer what was accepted after SIGTERM; shorter than terminationGracePeriodSeconds")
	fs.DurationVar(&s.teardown, "teardown-timeout", 3*time.Second, "`time` to free models and the runtime after that")

	if err := parse(fs, args, &s.logLevel, &s.logFormat); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, &usageError{err}
	}
	return s, nil
}

func (s *serveSettings) check() error {
	var errs []error
	want := func(ok bool, format string, a ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, a...))
		}
	}
	for name, port := range map[string]int{"http-port": s.httpPort, "grpc-port": s.grpcPort, "metrics-port": s.metricsPort} {
		want(port >= 0 && port <= 65535, "--%s is %d, want 0 to 65535", name, port)
	}
	want(s.batch.MaxRows >= 1, "--max-batch-size is %d, want 1 or more", s.batch.MaxRows)
	want(s.batch.MaxDelay >= 0, "--max-queue-delay is negative")
	want(s.batch.MaxQueued >= 1, "--max-queue is %d, want 1 or more", s.batch.MaxQueued)
	want(s.maxRequest >= 1, "--max-request-bytes is 0")
	for name, d := range map[string]time.Duration{
		"head-timeout": s.HeadTimeout, "body-timeout": s.BodyTimeout, "idle-timeout": s.IdleTimeout,
		"drain-timeout": s.drain, "teardown-timeout": s.teardown, "warm-up-limit": s.warmUp,
	} {
		want(d > 0, "--%s is %s, want more than 0", name, d)
	}
	want(s.Timeout >= 0, "--request-timeout is negative; 0 is none")
	want(s.Stall >= 0, "--stall-timeout is negative; 0 is never")
	want(s.control == "none" || s.control == "explicit", "--model-control is %q, want none or explicit", s.control)
	want(s.policy == "" || s.modelVersion == "", "--version-policy and --model-version exclude each other")
	want(s.modelVersion == "" || modelconfig.ValidName(s.modelVersion), "--model-version %q is not a name", s.modelVersion)
	for _, m := range s.names() {
		want(modelconfig.ValidName(m), "--model-name: %q is not a name", m)
	}
	s.device.Kind, s.device.MemoryLimit = backend.Kind(s.kind), int64(s.memoryLimit)
	s.MaxRequest, s.MaxMemory = int64(s.maxRequest), int64(s.maxMemory)
	s.Control, s.Version = s.control == "explicit", version()
	if names := s.names(); len(names) > 0 {
		s.DefaultModel = names[0]
	}
	return errors.Join(errs...)
}

func (s *serveSettings) names() []string {
	if s.models == "" {
		return nil
	}
	return strings.Split(s.models, ",")
}

func (s *serveSettings) versionPolicy() (repository.Policy, error) {
	switch {
	case s.modelVersion != "":
		return repository.Named(s.modelVersion), nil
	case s.policy != "":
		return repository.ParsePolicy(s.policy)
	}
	return repository.Latest(1), nil
}

// serve is the command: listen, load, serve until the context ends, drain.
//
// It listens before it loads, so that probes get an answer while a large model
// is on its way to the GPU.
func serve(ctx context.Context, args []string) error {
	s, err := parseServe(args)
	if err != nil {
		return err
	}
	policy, err := s.versionPolicy()
	if err != nil {
		return &usageError{err}
	}
	if os.Getenv("GOMAXPROCS") == "" {
		// The worker is mostly inside the runtime's C code, where it holds one of
		// Go's processors idle until the scheduler takes it back, some
		// milliseconds later. One more keeps the handlers going meanwhile.
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
	if os.Getenv("GOGC") == "" {
		// The heap is a few megabytes, the models are outside it: collecting four
		// times less often costs little memory and saves a part of every request.
		debug.SetGCPercent(400)
	}
	ports, err := s.listen()
	if err != nil {
		return err
	}
	flush, err := s.trace(ctx)
	if err != nil {
		return err
	}
	device, err := s.openDevice()
	if err != nil {
		return err
	}
	m := metrics.New(s.Region)
	m.Device(string(device.Kind), device.String(), backend.Version())
	models := repository.New(repository.Options{
		Root: s.repository, Models: s.names(), Policy: policy, Device: device,
		Batch: s.batch, WarmUp: s.warmUp, RequireSums: s.requireSums,
		Meter: func(v *repository.Version) batch.Meter { return m.Meter(v) },
	})
	m.Queue(models.Ready)
	srv := server.New(s.Options, models, device, m)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{}))
	life := srv.Start(ports, mux)
	slog.Info("listening", "http", ports.HTTP.Addr().String(), "grpc", ports.GRPC.Addr().String(),
		"metrics", ports.Metrics.Addr().String(), "version", version())

	err = s.untilDone(ctx, srv, models, life)
	if stopErr := life.Stop(s.drain); err == nil {
		err = stopErr
	}
	s.tearDown(models, flush)
	return err
}

// openDevice loads the runtime and chooses the device.
func (s *serveSettings) openDevice() (*backend.Device, error) {
	if err := backend.Open(backend.FindLibrary(s.runtime)); err != nil {
		return nil, err
	}
	device, err := backend.Choose(s.device)
	if err != nil {
		return nil, err
	}
	slog.Info("device chosen", "device", device.String(), "why", device.Why, "onnxruntime", backend.Version())
	return device, nil
}

// untilDone loads the models and waits for the end. It does not wait for the
// loading when the end comes first: the runtime may be busy with a large model for
// minutes, and cannot be told.
func (s *serveSettings) untilDone(ctx context.Context, srv *server.Server, models *repository.Repository, life *server.Life) error {
	loaded := make(chan error, 1)
	go func() { loaded <- models.LoadAll(ctx) }()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-life.Failed():
			return err
		case err := <-loaded:
			if ctx.Err() != nil { // told to stop while loading
				return nil
			}
			if err != nil {
				return err
			}
			srv.SetLoaded()
			slog.Info("ready")
		}
	}
}

// tearDown frees everything, but does not wait for ever: the answers are out,
// and a process that hangs now would only be killed later.
func (s *serveSettings) tearDown(models *repository.Repository, flush func(context.Context)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(context.Background(), s.teardown)
		defer cancel()
		flush(ctx)
		models.Close()
		backend.Close(s.teardown)
	}()
	select {
	case <-done:
	case <-time.After(s.teardown):
		slog.Warn("teardown takes too long; leaving it", "limit", s.teardown)
	}
}

// listen opens the ports.
func (s *serveSettings) listen() (p server.Ports, err error) {
	at := func(port int) string { return net.JoinHostPort(s.address, strconv.Itoa(port)) }
	if p.HTTP, err = server.Listen(at(s.httpPort)); err != nil {
		return p, fmt.Errorf("listen for HTTP: %w", err)
	}
	if p.GRPC, err = server.Listen(at(s.grpcPort)); err != nil {
		return p, fmt.Errorf("listen for gRPC: %w", err)
	}
	if p.Metrics, err = net.Listen("tcp", at(s.metricsPort)); err != nil {
		return p, fmt.Errorf("listen for metrics: %w", err)
	}
	if s.pprof == "" {
		return p, nil
	}
	l, err := net.Listen("tcp", s.pprof)
	if err != nil {
		return p, fmt.Errorf("listen for the profiler: %w", err)
	}
	go http.Serve(l, profiler()) // ends with the process
	slog.Warn("the profiler is on; it tells whoever reaches it everything", "address", l.Addr().String())
	return p, nil
}

func profiler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
