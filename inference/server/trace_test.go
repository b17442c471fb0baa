package server_test

import (
	"context"
	"slices"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/metadata"
)

// The caller's span, as W3C Trace Context writes it.
const (
	traceID     = "0af7651916cd43dd8448eb211c80319c"
	parentID    = "b7ad6b7169203331"
	traceparent = "00-" + traceID + "-" + parentID + "-01"
	notSampled  = "00-" + traceID + "-" + parentID + "-00"
)

// traced is a server whose spans are kept.
func traced(t *testing.T, change func(*options)) (*live, *tracetest.InMemoryExporter) {
	kept := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(kept))
	t.Cleanup(func() { provider.Shutdown(context.Background()) })
	return run(t, func(o *options) {
		o.Tracer = provider.Tracer("test")
		if change != nil {
			change(o)
		}
	}), kept
}

func TestTheCallersTraceGoesOn(t *testing.T) {
	l, kept := traced(t, func(o *options) {
		o.write = func(t testing.TB, root string) { pair(t, root); sentiment(t, root) }
	})
	grpcAsk := func(t *testing.T, parent string) {
		ctx := t.Context()
		if parent != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "traceparent", parent)
		}
		if _, err := l.client.ModelInfer(ctx, goodGRPC(nil)); err != nil {
			t.Error(err)
		}
	}
	post := func(path, body string) func(t *testing.T, parent string) {
		return func(t *testing.T, parent string) {
			var headers []string
			if parent != "" {
				headers = []string{"Traceparent", parent}
			}
			if resp, b := l.do(t, "POST", path, []byte(body), headers...); resp.StatusCode != 200 {
				t.Errorf("%d %s", resp.StatusCode, b)
			}
		}
	}
	for name, way := range map[string]struct {
		ask   func(t *testing.T, parent string)
		model string
	}{
		"REST":    {post("/v2/models/pair/infer", good), "pair"},
		"predict": {post("/predict", `{"text":"fine"}`), "sentiment"},
		"gRPC":    {grpcAsk, "pair"},
	} {
		t.Run(name, func(t *testing.T) {
			kept.Reset()
			way.ask(t, traceparent)
			spans := kept.GetSpans()
			if len(spans) != 1 {
				t.Fatalf("%d spans", len(spans))
			}
			s := spans[0]
			if s.Name != "infer "+way.model || s.SpanKind != trace.SpanKindServer || s.SpanContext.TraceID().String() != traceID ||
				s.Parent.SpanID().String() != parentID || !s.Parent.IsRemote() || s.Status.Code == codes.Error {
				t.Errorf("span %q of kind %v, trace %s, parent %s, status %v", s.Name, s.SpanKind, s.SpanContext.TraceID(), s.Parent.SpanID(), s.Status)
			}
			for _, want := range []attribute.KeyValue{
				attribute.String("model.name", way.model), attribute.String("model.version", "1"),
				attribute.Int("inference.rows", 1), attribute.Int("inference.batch_rows", 1),
			} {
				if !slices.Contains(s.Attributes, want) {
					t.Errorf("no %v among %v", want, s.Attributes)
				}
			}
			kept.Reset()
			way.ask(t, "")
			if spans := kept.GetSpans(); len(spans) != 1 || spans[0].Parent.IsValid() {
				t.Errorf("without a caller's span: %v", spans)
			}
			kept.Reset()
			way.ask(t, "00-nonsense-01")
			if spans := kept.GetSpans(); len(spans) != 1 || spans[0].Parent.IsValid() {
				t.Errorf("with a caller's span that is none: %v", spans)
			}
			kept.Reset()
			way.ask(t, notSampled)
			if spans := kept.GetSpans(); len(spans) != 0 {
				t.Errorf("a trace that the caller does not sample: %v", spans)
			}
		})
	}
}

func TestAFailedRunIsAnErrorInItsTrace(t *testing.T) {
	l, kept := traced(t, slow)
	l.fill(t)
	kept.Reset()
	if resp, b := l.do(t, "POST", "/v2/models/pair/infer", []byte(good), "Inference-Timeout", "50ms", "Traceparent", traceparent); resp.StatusCode != 504 {
		t.Errorf("%d %s", resp.StatusCode, b)
	}
	spans := kept.GetSpans()
	if len(spans) != 1 || spans[0].Status.Code != codes.Error || spans[0].SpanContext.TraceID().String() != traceID {
		t.Errorf("spans %v", spans)
	}
}
