package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/mlfleet/mlfleet/inference/server"
)

// trace sets up traces if OpenTelemetry's own variables name an endpoint. flush
// sends what is left.
func (s *serveSettings) trace(ctx context.Context) (flush func(context.Context), err error) {
	flush = func(context.Context) {}
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" ||
		os.Getenv("OTEL_SDK_DISABLED") == "true" {
		return flush, nil
	}
	exporter, err := otlptracegrpc.New(ctx)
	if err != nil {
		return flush, fmt.Errorf("set up traces: %w", err)
	}
	res, err := resource.Merge(resource.NewSchemaless(
		attribute.String("service.name", server.Name),
		attribute.String("service.version", s.Version),
		attribute.String("mlfleet.tenant", s.Tenant),
		attribute.String("mlfleet.region", s.Region),
		attribute.String("mlfleet.cluster", s.Cluster),
	), resource.Environment()) // the environment's word counts more
	if err != nil {
		return flush, fmt.Errorf("describe this server for traces: %w", err)
	}
	// The sampler is the SDK's: OTEL_TRACES_SAMPLER and its argument.
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter), trace.WithResource(res))
	s.Tracer = provider.Tracer(server.Name)
	return func(ctx context.Context) {
		if err := provider.Shutdown(ctx); err != nil {
			slog.Warn("the last traces were not sent", "error", err)
		}
	}, nil
}
