package server

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
)

// traced is ctx with the span of the caller, which W3C's traceparent names in the
// headers of a REST request and in the metadata of a gRPC call. Without traces
// nobody looks.
func (s *Server) traced(ctx context.Context, headers propagation.TextMapCarrier) context.Context {
	if s.opts.Tracer == nil {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, headers)
}
