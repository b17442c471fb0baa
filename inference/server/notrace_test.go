package server

import (
	"net/http"
	"testing"

	"go.opentelemetry.io/otel/propagation"
)

func TestWithoutTracesTheHeadersCostNothing(t *testing.T) {
	s, ctx := emptyServer(), t.Context()
	h := http.Header{"Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}
	if n := testing.AllocsPerRun(100, func() {
		if s.traced(ctx, propagation.HeaderCarrier(h)) != ctx {
			t.Error("the context changed")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
