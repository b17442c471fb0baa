package server

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/protocol"
	"github.com/mlfleet/mlfleet/inference/repository"
)

// submit checks the inputs of a call and runs it. All three ways in, REST, the
// fast path and gRPC, meet here.
func (s *Server) submit(ctx context.Context, v *repository.Version, c *batch.Call, p batch.Priority, deadline time.Time, gone func() bool) error {
	if err := v.Signature.Check(&c.Job); err != nil {
		return protocol.Errorf(protocol.BadRequest, "%v", err)
	}
	c.Priority, c.Deadline, c.Gone = p, deadline, gone
	return s.do(ctx, v, c)
}

// do runs a call, inside a span if traces are wanted. ctx carries the caller's
// span.
func (s *Server) do(ctx context.Context, v *repository.Version, c *batch.Call) error {
	if s.opts.Tracer == nil {
		return v.Do(ctx, c)
	}
	ctx, span := s.opts.Tracer.Start(ctx, "infer "+v.Model, trace.WithSpanKind(trace.SpanKindServer))
	defer span.End()
	span.SetAttributes(
		attribute.String("model.name", v.Model),
		attribute.String("model.version", v.Name),
		attribute.Int("inference.rows", c.Rows),
	)
	err := v.Do(ctx, c)
	if err != nil {
		span.SetStatus(codes.Error, fmt.Sprint(err))
		return err
	}
	span.SetAttributes(
		attribute.Float64("inference.queue_seconds", c.Waited.Seconds()),
		attribute.Float64("inference.compute_seconds", c.Computed.Seconds()),
		attribute.Int("inference.batch_rows", c.Batch),
	)
	return nil
}
