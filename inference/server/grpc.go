package server

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"

	"github.com/mlfleet/mlfleet/inference/metrics"
	"github.com/mlfleet/mlfleet/inference/protocol"
)

const (
	// maxStreams bounds the requests that one connection has in progress.
	maxStreams = 1024
	// maxHead bounds the headers of a request, over HTTP as over gRPC.
	maxHead = 64 << 10
	// streamWindow is what a client may send of a call before somebody reads from
	// it. connWindow bounds nothing but the pace: it is renewed as bytes arrive.
	streamWindow, connWindow = 64 << 10, 16 << 20
)

// inferMethod is the method with the tensors.
const inferMethod = "ModelInfer"

// GRPC makes the server of the gRPC port.
func (s *Server) GRPC() *grpc.Server {
	g := grpc.NewServer(
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.MaxHeaderListSize(maxHead),
		grpc.StaticStreamWindowSize(streamWindow),
		grpc.StaticConnWindowSize(connWindow),
		grpc.ConnectionTimeout(s.opts.HeadTimeout),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionIdle: s.opts.IdleTimeout,
			Time:              s.opts.IdleTimeout, Timeout: s.opts.BodyTimeout, // for a peer that is gone with calls open
		}),
		grpc.StreamInterceptor(s.bound),
	)
	limit := func(method string) int64 {
		if method == inferMethod {
			return s.opts.MaxRequest + 64<<10 // the message is a little larger than the tensors in it
		}
		return maxControl
	}
	g.RegisterService(s.unary(protocol.GRPCInferenceService_ServiceDesc, limit), &service{s: s})
	g.RegisterService(s.unary(grpc_health_v1.Health_ServiceDesc, limit), &health{s: s})
	reflection.Register(g)
	return g
}

// unpanic makes a panic an error of the one request.
func unpanic(ctx context.Context, in any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (out any, err error) {
	defer func() {
		if p := recover(); p != nil {
			slog.Error("a handler panicked", "method", info.FullMethod, "panic", p)
			err = status.Error(codes.Internal, "internal error")
		}
	}()
	return next(ctx, in)
}

type service struct {
	protocol.UnimplementedGRPCInferenceServiceServer
	s *Server
}

// refuse is an error as gRPC wants it.
func refuse(err error) error {
	e := failure(err)
	if e.Kind == protocol.Internal {
		slog.Warn("a request failed", "error", e.Message)
	}
	// A status carries only UTF-8; a client's bytes may be quoted in the text.
	return status.Error(e.GRPC(), strings.ToValidUTF8(e.Message, "\uFFFD"))
}

func (g *service) ServerLive(context.Context, *protocol.ServerLiveRequest) (*protocol.ServerLiveResponse, error) {
	return &protocol.ServerLiveResponse{Live: g.s.Live()}, nil
}

func (g *service) ServerReady(context.Context, *protocol.ServerReadyRequest) (*protocol.ServerReadyResponse, error) {
	return &protocol.ServerReadyResponse{Ready: g.s.Ready()}, nil
}

func (g *service) ModelReady(_ context.Context, in *protocol.ModelReadyRequest) (*protocol.ModelReadyResponse, error) {
	v, err := g.s.models.Acquire(in.Name, in.Version)
	if err != nil {
		return nil, refuse(err)
	}
	v.Release()
	return &protocol.ModelReadyResponse{Ready: true}, nil
}

func (g *service) ServerMetadata(context.Context, *protocol.ServerMetadataRequest) (*protocol.ServerMetadataResponse, error) {
	return &protocol.ServerMetadataResponse{Name: Name, Version: g.s.opts.Version, Extensions: extensions}, nil
}

func (g *service) ModelMetadata(_ context.Context, in *protocol.ModelMetadataRequest) (*protocol.ModelMetadataResponse, error) {
	v, err := g.s.models.Acquire(in.Name, in.Version)
	if err != nil {
		return nil, refuse(err)
	}
	defer v.Release()
	out := &protocol.ModelMetadataResponse{Name: v.Model, Versions: g.s.models.Versions(v.Model), Platform: platform}
	for _, t := range v.Signature.Inputs {
		out.Inputs = append(out.Inputs, &protocol.ModelMetadataResponse_TensorMetadata{Name: t.Name, Datatype: t.Type.String(), Shape: t.Shape})
	}
	for _, t := range v.Signature.Outputs {
		out.Outputs = append(out.Outputs, &protocol.ModelMetadataResponse_TensorMetadata{Name: t.Name, Datatype: t.Type.String(), Shape: t.Shape})
	}
	return out, nil
}

func (g *service) ModelInfer(ctx context.Context, in *protocol.ModelInferRequest) (*protocol.ModelInferResponse, error) {
	g.s.metrics.InFlight.Inc()
	defer g.s.metrics.InFlight.Dec()
	out, err := g.infer(ctx, in)
	if err != nil {
		err = refuse(err)
	}
	g.s.metrics.Response("grpc", status.Code(err).String())
	return out, err
}

func (g *service) infer(ctx context.Context, in *protocol.ModelInferRequest) (*protocol.ModelInferResponse, error) {
	start := time.Now()
	v, err := g.s.models.Acquire(in.ModelName, in.ModelVersion)
	if err != nil {
		return nil, err
	}
	defer v.Release()
	c := v.Call()
	defer c.Release()
	var req protocol.Infer
	if err := req.DecodeGRPC(in, v.Signature, c); err != nil {
		return nil, err
	}
	priority, timeout := req.Priority, req.Timeout
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		ctx = g.s.traced(ctx, carrier(md))
		if h := md.Get(headerPriority); len(h) > 0 {
			if priority, err = parsePriority(h[0]); err != nil {
				return nil, err
			}
		}
		if h := md.Get(headerTimeout); len(h) > 0 {
			if timeout, err = parseTimeout(h[0]); err != nil {
				return nil, err
			}
		}
	}
	deadline := g.s.deadline(start, timeout)
	if d, ok := ctx.Deadline(); ok && (deadline.IsZero() || d.Before(deadline)) {
		deadline = d
	}
	if err := g.s.submit(ctx, v, c, priority, deadline, nil); err != nil {
		return nil, err
	}
	out := req.EncodeGRPC(v.Model, v.Name, v.Signature, c)
	if m, ok := v.Meter().(*metrics.Meter); ok {
		m.Served(time.Since(start), c.Waited+c.Computed)
	}
	return out, nil
}

// A carrier shows a call's metadata to OpenTelemetry.
type carrier metadata.MD

// Get implements propagation.TextMapCarrier.
func (c carrier) Get(key string) string {
	if v := metadata.MD(c).Get(key); len(v) > 0 {
		return v[0]
	}
	return ""
}

// Set implements propagation.TextMapCarrier.
func (c carrier) Set(key, value string) { metadata.MD(c).Set(key, value) }

// Keys implements propagation.TextMapCarrier.
func (c carrier) Keys() []string { return slices.Collect(maps.Keys(c)) }

func (g *service) RepositoryIndex(_ context.Context, in *protocol.RepositoryIndexRequest) (*protocol.RepositoryIndexResponse, error) {
	if in.RepositoryName != "" {
		return nil, status.Errorf(codes.NotFound, "there is no repository %.100q", in.RepositoryName)
	}
	out := &protocol.RepositoryIndexResponse{}
	for _, e := range g.s.models.Index(in.Ready) {
		out.Models = append(out.Models, &protocol.RepositoryIndexResponse_ModelIndex{
			Name: e.Name, Version: e.Version, State: string(e.State), Reason: e.Reason,
		})
	}
	return out, nil
}

func (g *service) RepositoryModelLoad(ctx context.Context, in *protocol.RepositoryModelLoadRequest) (*protocol.RepositoryModelLoadResponse, error) {
	for name := range in.Parameters {
		if err := knownParameter(name); err != nil {
			return nil, refuse(err)
		}
	}
	if err := g.s.load(ctx, in.ModelName, in.Parameters["config"].GetStringParam()); err != nil {
		return nil, refuse(err)
	}
	return &protocol.RepositoryModelLoadResponse{}, nil
}

func (g *service) RepositoryModelUnload(_ context.Context, in *protocol.RepositoryModelUnloadRequest) (*protocol.RepositoryModelUnloadResponse, error) {
	if err := g.s.unload(in.ModelName); err != nil {
		return nil, refuse(err)
	}
	return &protocol.RepositoryModelUnloadResponse{}, nil
}

// health answers the health protocol of gRPC itself, which Kubernetes' gRPC
// probes and load balancers speak.
type health struct {
	grpc_health_v1.UnimplementedHealthServer
	s *Server
}

func (h *health) Check(_ context.Context, in *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	if in.Service != "" && in.Service != protocol.GRPCInferenceService_ServiceDesc.ServiceName {
		return nil, status.Error(codes.NotFound, "no such service")
	}
	state := grpc_health_v1.HealthCheckResponse_NOT_SERVING
	if h.s.Ready() {
		state = grpc_health_v1.HealthCheckResponse_SERVING
	}
	return &grpc_health_v1.HealthCheckResponse{Status: state}, nil
}
