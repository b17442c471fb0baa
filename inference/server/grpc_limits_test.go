package server_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net/http"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // makes it known to client and server
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlfleet/mlfleet/inference/protocol"
)

// invoke sends bytes as the message of a ModelInfer.
func (l *live) invoke(ctx context.Context, message []byte, opts ...grpc.CallOption) error {
	var out []byte
	return l.conn.Invoke(ctx, protocol.GRPCInferenceService_ModelInfer_FullMethodName, &message, &out, append(opts, grpc.ForceCodec(bytesCodec{}))...)
}

// TestSmallMessagesThatDecodeToMuchAreRefusedUndecoded sends messages whose
// decoding takes many times their size.
func TestSmallMessagesThatDecodeToMuchAreRefusedUndecoded(t *testing.T) {
	l := run(t, nil)
	const size = 900 << 10
	for name, m := range map[string]*request{
		"bytes_contents": goodGRPC(func(m *request) {
			m.Inputs[0].Contents = &content{BytesContents: slices.Repeat([][]byte{{}}, size/2)}
		}),
		"at most 4096 inputs": goodGRPC(func(m *request) { m.Inputs = slices.Repeat([]*input{{}}, size/2) }),
	} {
		message, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var before, after goruntime.MemStats
		goruntime.ReadMemStats(&before)
		err = l.invoke(t.Context(), message)
		goruntime.ReadMemStats(&after)
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 10 {
			t.Errorf("%s: refusing %d KiB took %d MiB", name, len(message)>>10, took)
		}
		l.answersGRPC(t)
	}
}

func TestGRPCRefusesCompressedMessages(t *testing.T) {
	l := run(t, nil)
	message, err := proto.Marshal(goodGRPC(raw))
	if err != nil {
		t.Fatal(err)
	}
	compressed := grpc.UseCompressor("gzip")
	health := grpc_health_v1.NewHealthClient(l.conn)
	for name, do := range map[string]func() error{
		"infer": func() error { return l.invoke(t.Context(), message, compressed) },
		"live": func() error {
			_, err := l.client.ServerLive(t.Context(), &protocol.ServerLiveRequest{}, compressed)
			return err
		},
		"health": func() error {
			_, err := health.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{}, compressed)
			return err
		},
		"reflection": func() error {
			s, err := grpc_reflection_v1.NewServerReflectionClient(l.conn).ServerReflectionInfo(t.Context(), compressed)
			if err != nil {
				return err
			}
			s.Send(&grpc_reflection_v1.ServerReflectionRequest{MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_ListServices{}})
			_, err = s.Recv()
			return err
		},
	} {
		if err := do(); status.Code(err) != codes.Unimplemented {
			t.Errorf("%s: %v", name, err)
		}
	}
	l.answersGRPC(t)
}

// half makes a call of which n bytes of a longer message come, and then nothing.
// It returns the status of the answer.
func (l *live) half(t *testing.T, c *http.Client, path string, n int) string {
	t.Helper()
	body, w := io.Pipe()
	defer w.Close()
	go func() {
		w.Write(binary.BigEndian.AppendUint32([]byte{0}, uint32(n)+100))
		io.Copy(w, bytes.NewReader(make([]byte, n)))
	}()
	r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+l.conn.Target()+path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/grpc")
	r.Header.Set("TE", "trailers")
	resp, err := c.Do(r)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.Header.Get("Grpc-Status") + resp.Trailer.Get("Grpc-Status")
}

// h2c is a client of HTTP/2 without TLS.
func h2c() *http.Client {
	t := &http.Transport{Protocols: new(http.Protocols)}
	t.Protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: t, Timeout: 20 * time.Second}
}

const late, full = "4", "14" // statuses of gRPC

func TestMessagesThatDoNotArriveAreGivenUp(t *testing.T) {
	l := run(t, func(o *options) { o.BodyTimeout = 200 * time.Millisecond })
	for _, path := range []string{
		protocol.GRPCInferenceService_ModelInfer_FullMethodName, protocol.GRPCInferenceService_ServerLive_FullMethodName,
		grpc_health_v1.Health_Check_FullMethodName, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
	} {
		c := h2c()
		if got := l.half(t, c, path, 20_000); got != late {
			t.Errorf("%s: half a message ends with status %q", path, got)
		}
		c.CloseIdleConnections()
	}
	l.answersGRPC(t)
}

// TestMessagesOnTheirWayCountAsMemory holds halves of messages open until there
// is no more memory for requests.
func TestMessagesOnTheirWayCountAsMemory(t *testing.T) {
	l := run(t, func(o *options) { o.MaxMemory, o.BodyTimeout = 1<<20, time.Second })
	for range 2 { // the second time shows that all of it was given back
		var mu sync.Mutex
		statuses := map[string]int{}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				c := h2c()
				defer c.CloseIdleConnections()
				got := l.half(t, c, protocol.GRPCInferenceService_ModelInfer_FullMethodName, 300<<10)
				mu.Lock()
				statuses[got]++
				mu.Unlock()
			})
		}
		wg.Wait()
		if statuses[late]+statuses[full] != 8 || statuses[late] < 1 || statuses[late] > 4 {
			t.Errorf("statuses of 8 messages of 300 KiB in 1 MiB: %v", statuses)
		}
	}
	if got, _ := l.scrapeMetrics(t); got.value("inference_rejected_requests_total", "reason=memory") < 8 {
		t.Errorf("%v requests were counted as refused for memory", got.value("inference_rejected_requests_total", "reason=memory"))
	}
	l.answersGRPC(t)
}
