package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/mlfleet/mlfleet/inference/protocol"
)

type (
	request = protocol.ModelInferRequest
	input   = protocol.ModelInferRequest_InferInputTensor
	output  = protocol.ModelInferRequest_InferRequestedOutputTensor
	content = protocol.InferTensorContents
)

// goodGRPC is a request for the model pair; change may be nil.
func goodGRPC(change func(*request)) *request {
	m := &request{
		ModelName: "pair", Id: "7",
		Inputs: []*input{
			{Name: "a", Datatype: "FP32", Shape: []int64{1, 2}, Contents: &content{Fp32Contents: []float32{1.5, 2}}},
			{Name: "b", Datatype: "INT64", Shape: []int64{1, 1}, Contents: &content{Int64Contents: []int64{3}}},
		},
	}
	if change != nil {
		change(m)
	}
	return m
}

// raw makes a request's contents raw.
func raw(m *request) {
	for _, in := range m.Inputs {
		in.Contents = nil
	}
	m.RawInputContents = [][]byte{floats(1.5, 2), ints(3)}
}

// answersGRPC checks that a good request is answered as ever.
func (l *live) answersGRPC(t testing.TB) {
	t.Helper()
	out, err := l.client.ModelInfer(t.Context(), goodGRPC(nil))
	if err != nil {
		t.Errorf("a good request: %v", err)
		return
	}
	if out.ModelName != "pair" || out.ModelVersion != "1" || out.Id != "7" || len(out.Outputs) != 2 ||
		!slices.Equal(out.Outputs[0].Contents.Fp32Contents, []float32{4.5, 5}) || !slices.Equal(out.Outputs[1].Contents.Int64Contents, []int64{3}) {
		t.Errorf("a good request got %v", out)
	}
}

func TestBadGRPCRequestsGetAStatus(t *testing.T) {
	l := run(t, nil)
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	for _, tc := range []struct {
		name   string
		change func(m *request)
		code   codes.Code // 0 is InvalidArgument
		want   string
	}{
		{"nothing", func(m *request) { proto.Reset(m) }, codes.NotFound, "not served here"},
		{"an unknown model", func(m *request) { m.ModelName = "none" }, codes.NotFound, `"none"`},
		{"an unknown version", func(m *request) { m.ModelVersion = "9" }, codes.NotFound, `version "9"`},
		{"no inputs", func(m *request) { m.Inputs = nil }, 0, "missing"},
		{"one input of two", func(m *request) { m.Inputs = m.Inputs[:1] }, 0, `input "b" is missing`},
		{"an unknown input", func(m *request) { m.Inputs[0].Name = "z" }, 0, `no input "z"`},
		{"an input twice", func(m *request) { m.Inputs = append(m.Inputs, m.Inputs[0]) }, 0, "twice"},
		{"an unknown output", func(m *request) { m.Outputs = []*output{{Name: "z"}} }, 0, `no output "z"`},
		{"an output twice", func(m *request) { m.Outputs = []*output{{Name: "sum"}, {Name: "sum"}} }, 0, "twice"},
		{"another datatype", func(m *request) { m.Inputs[0].Datatype = "FP64" }, 0, "wants FP32"},
		{"an unknown datatype", func(m *request) { m.Inputs[0].Datatype = "float" }, 0, "not supported"},
		{"the wrong shape", func(m *request) {
			m.Inputs[0].Shape = []int64{1, 3}
			m.Inputs[0].Contents.Fp32Contents = []float32{1, 2, 3}
		}, 0, "does not fit"},
		{"a dimension too many", func(m *request) { m.Inputs[0].Shape = []int64{1, 2, 1} }, 0, "3 dimensions"},
		{"20 dimensions", func(m *request) { m.Inputs[0].Shape = make([]int64, 20) }, 0, "20 dimensions"},
		{"a negative dimension", func(m *request) { m.Inputs[0].Shape = []int64{-1, -2} }, 0, "negative"},
		{"the smallest dimension", func(m *request) { m.Inputs[0].Shape = []int64{math.MinInt64, 2} }, 0, "negative"},
		{"dimensions whose product overflows to 0", func(m *request) {
			m.Inputs[0].Shape, m.Inputs[0].Contents = []int64{1 << 62, 4}, nil
		}, 0, "too large"},
		{"dimensions whose product overflows to 2", func(m *request) { m.Inputs[0].Shape = []int64{math.MaxInt64, math.MaxInt64 - 1} }, 0, "too large"},
		{"a dimension of zero", func(m *request) { m.Inputs[0].Shape, m.Inputs[0].Contents = []int64{0, 2}, nil }, 0, "no elements"},
		{"rows that differ", func(m *request) {
			m.Inputs[1].Shape = []int64{2, 1}
			m.Inputs[1].Contents.Int64Contents = []int64{1, 2}
		}, 0, "2 rows"},
		{"more rows than are served", func(m *request) {
			m.Inputs[0].Shape, m.Inputs[0].Contents.Fp32Contents = []int64{9, 2}, make([]float32, 18)
			m.Inputs[1].Shape, m.Inputs[1].Contents.Int64Contents = []int64{9, 1}, make([]int64, 9)
		}, 0, "at most 8"},
		{"too few contents", func(m *request) { m.Inputs[0].Contents.Fp32Contents = []float32{1} }, 0, "takes 8 bytes"},
		{"contents of another type", func(m *request) { m.Inputs[0].Contents = &content{IntContents: []int32{1, 2}} }, 0, "takes 8 bytes"},
		{"no contents", func(m *request) { m.Inputs[0].Contents = nil }, 0, "takes 8 bytes"},
		{"a value beyond the range", func(m *request) { m.Inputs[1].Contents.Int64Contents = []int64{101} }, 0, "takes 0 to 100"},
		{"a NaN", func(m *request) { m.Inputs[0].Contents.Fp32Contents = []float32{1, nan} }, 0, "NaN or an infinity"},
		{"an infinity", func(m *request) { m.Inputs[0].Contents.Fp32Contents = []float32{inf, 1} }, 0, "NaN or an infinity"},
		{"a NaN in raw contents", func(m *request) { raw(m); m.RawInputContents[0] = floats(nan, 1) }, 0, "NaN or an infinity"},
		{"raw contents that end early", func(m *request) { raw(m); m.RawInputContents[0] = floats(1) }, 0, "takes 8 bytes"},
		{"raw contents that go on", func(m *request) { raw(m); m.RawInputContents[1] = ints(1, 2) }, 0, "takes 8 bytes"},
		{"raw contents for one input of two", func(m *request) { raw(m); m.RawInputContents = m.RawInputContents[:1] }, 0, "1 raw_input_contents"},
		{"raw contents and contents", func(m *request) { m.RawInputContents = [][]byte{floats(1, 2), ints(3)} }, 0, "both"},
		{"a message beyond the limit", func(m *request) { m.Id = strings.Repeat("x", 2<<20) }, codes.ResourceExhausted, "larger than"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := l.client.ModelInfer(t.Context(), goodGRPC(tc.change))
			want := tc.code
			if want == codes.OK {
				want = codes.InvalidArgument
			}
			if s := status.Convert(err); s.Code() != want || !strings.Contains(s.Message(), tc.want) {
				t.Errorf("got %v, want %v and %q", err, want, tc.want)
			}
			l.answersGRPC(t)
		})
	}
}

// bytesCodec sends bytes as they are, as a client does that is not this library.
type bytesCodec struct{}

func (bytesCodec) Name() string                    { return "proto" }
func (bytesCodec) Marshal(v any) ([]byte, error)   { return *v.(*[]byte), nil }
func (bytesCodec) Unmarshal(b []byte, v any) error { *v.(*[]byte) = b; return nil }

func TestMessagesThatAreNoneGetAStatus(t *testing.T) {
	l := run(t, nil)
	good, err := proto.Marshal(goodGRPC(nil))
	if err != nil {
		t.Fatal(err)
	}
	for name, message := range map[string][]byte{
		"noise":                     []byte("\xff\xff\xff\xff\xff\xff"),
		"a message cut off":         good[:len(good)-3],
		"a name that is not UTF-8":  []byte("\x0a\x02\xff\xfe"),
		"a length beyond the bytes": []byte("\x0a\xff\xff\xff\xff\x07x"),
	} {
		var out []byte
		err := l.conn.Invoke(t.Context(), protocol.GRPCInferenceService_ModelInfer_FullMethodName, &message, &out, grpc.ForceCodec(bytesCodec{}))
		if status.Code(err) != codes.Internal { // what the specification of gRPC says for it
			t.Errorf("%s: %v", name, err)
		}
		l.answersGRPC(t)
	}
	var out []byte
	if err := l.conn.Invoke(t.Context(), "/inference.GRPCInferenceService/Nothing", &good, &out, grpc.ForceCodec(bytesCodec{})); status.Code(err) != codes.Unimplemented {
		t.Errorf("an unknown method: %v", err)
	}
}

func TestGRPCTellsAboutServerAndModels(t *testing.T) {
	l := run(t, nil)
	ctx := t.Context()
	if out, err := l.client.ServerLive(ctx, &protocol.ServerLiveRequest{}); err != nil || !out.Live {
		t.Errorf("live: %v, %v", out, err)
	}
	if out, err := l.client.ServerReady(ctx, &protocol.ServerReadyRequest{}); err != nil || !out.Ready {
		t.Errorf("ready: %v, %v", out, err)
	}
	if out, err := l.client.ServerMetadata(ctx, &protocol.ServerMetadataRequest{}); err != nil || out.Name != "mlfleet-inference" ||
		out.Version != "test" || !slices.Contains(out.Extensions, "model_repository") {
		t.Errorf("server metadata: %v, %v", out, err)
	}
	if out, err := l.client.ModelReady(ctx, &protocol.ModelReadyRequest{Name: "pair", Version: "1"}); err != nil || !out.Ready {
		t.Errorf("model ready: %v, %v", out, err)
	}
	if _, err := l.client.ModelReady(ctx, &protocol.ModelReadyRequest{Name: "pair", Version: "2"}); status.Code(err) != codes.NotFound {
		t.Errorf("a version that is not there is ready: %v", err)
	}
	out, err := l.client.ModelMetadata(ctx, &protocol.ModelMetadataRequest{Name: "pair"})
	want := &protocol.ModelMetadataResponse{
		Name: "pair", Versions: []string{"1"}, Platform: "onnx_onnxv1",
		Inputs: []*protocol.ModelMetadataResponse_TensorMetadata{
			{Name: "a", Datatype: "FP32", Shape: []int64{-1, 2}}, {Name: "b", Datatype: "INT64", Shape: []int64{-1, 1}}},
		Outputs: []*protocol.ModelMetadataResponse_TensorMetadata{
			{Name: "sum", Datatype: "FP32", Shape: []int64{-1, 2}}, {Name: "same", Datatype: "INT64", Shape: []int64{-1, 1}}},
	}
	if err != nil || !proto.Equal(out, want) {
		t.Errorf("model metadata: %v, %v", out, err)
	}
	if _, err := l.client.ModelMetadata(ctx, &protocol.ModelMetadataRequest{Name: "none"}); status.Code(err) != codes.NotFound {
		t.Errorf("metadata of an unknown model: %v", err)
	}
	health := grpc_health_v1.NewHealthClient(l.conn)
	check := func(service string) (grpc_health_v1.HealthCheckResponse_ServingStatus, codes.Code) {
		out, err := health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: service})
		return out.GetStatus(), status.Code(err)
	}
	for service, code := range map[string]codes.Code{"": codes.OK, "inference.GRPCInferenceService": codes.OK, "other": codes.NotFound} {
		s, got := check(service)
		if got != code || code == codes.OK && s != grpc_health_v1.HealthCheckResponse_SERVING {
			t.Errorf("health of %q: %v, %v", service, s, got)
		}
	}
	l.server.Drain()
	if s, _ := check(""); s != grpc_health_v1.HealthCheckResponse_NOT_SERVING {
		t.Errorf("health of a draining server: %v", s)
	}
	if out, err := l.client.ServerReady(ctx, &protocol.ServerReadyRequest{}); err != nil || out.Ready {
		t.Errorf("a draining server is ready: %v, %v", out, err)
	}
}

func TestReflectionDescribesTheServices(t *testing.T) {
	l := run(t, nil)
	stream, err := grpc_reflection_v1.NewServerReflectionClient(l.conn).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ask := func(in *grpc_reflection_v1.ServerReflectionRequest) *grpc_reflection_v1.ServerReflectionResponse {
		if err := stream.Send(in); err != nil {
			t.Fatal(err)
		}
		out, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	out := ask(&grpc_reflection_v1.ServerReflectionRequest{MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_ListServices{}})
	var services []string
	for _, s := range out.GetListServicesResponse().GetService() {
		services = append(services, s.Name)
	}
	slices.Sort(services)
	if want := []string{"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection", "inference.GRPCInferenceService"}; !slices.Equal(services, want) {
		t.Errorf("services %v, want %v", services, want)
	}
	out = ask(&grpc_reflection_v1.ServerReflectionRequest{MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_FileContainingSymbol{
		FileContainingSymbol: "inference.GRPCInferenceService",
	}})
	var methods []string
	for _, b := range out.GetFileDescriptorResponse().GetFileDescriptorProto() {
		var file descriptorpb.FileDescriptorProto
		if err := proto.Unmarshal(b, &file); err != nil {
			t.Fatal(err)
		}
		for _, s := range file.Service {
			for _, m := range s.Method {
				methods = append(methods, m.GetName())
			}
		}
	}
	for _, want := range []string{"ServerLive", "ServerReady", "ModelReady", "ServerMetadata", "ModelMetadata", "ModelInfer", "RepositoryIndex", "RepositoryModelLoad", "RepositoryModelUnload"} {
		if !slices.Contains(methods, want) {
			t.Errorf("reflection does not know %s; it knows %v", want, methods)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Error(err)
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func TestGRPCAnswersInTheFormOfTheQuestion(t *testing.T) {
	l := run(t, nil)
	out, err := l.client.ModelInfer(t.Context(), goodGRPC(raw))
	if err != nil || len(out.RawOutputContents) != 2 || string(out.RawOutputContents[0]) != string(floats(4.5, 5)) ||
		string(out.RawOutputContents[1]) != string(ints(3)) || out.Outputs[0].Contents != nil {
		t.Errorf("raw: %v, %v", out, err)
	}
	out, err = l.client.ModelInfer(t.Context(), goodGRPC(func(m *request) { m.Outputs = []*output{{Name: "same"}} }))
	if err != nil || len(out.Outputs) != 1 || out.Outputs[0].Name != "same" || out.Outputs[0].Datatype != "INT64" ||
		!slices.Equal(out.Outputs[0].Shape, []int64{1, 1}) || !slices.Equal(out.Outputs[0].Contents.Int64Contents, []int64{3}) {
		t.Errorf("one output: %v, %v", out, err)
	}
}

func TestGRPCRequestsAtTheSameTimeGetTheirOwnAnswers(t *testing.T) {
	l := run(t, nil)
	var wg sync.WaitGroup
	for client := range 32 {
		wg.Go(func() {
			for i := range 50 {
				n, x := int64((client+i)%101), float32(client*1000+i)
				out, err := l.client.ModelInfer(t.Context(), goodGRPC(func(m *request) {
					m.Id = fmt.Sprint(client, i)
					raw(m)
					m.RawInputContents = [][]byte{floats(x, -x), ints(n)}
				}))
				if err != nil || out.Id != fmt.Sprint(client, i) ||
					string(out.RawOutputContents[0]) != string(floats(x+float32(n), -x+float32(n))) || string(out.RawOutputContents[1]) != string(ints(n)) {
					t.Errorf("client %d: %v, %v", client, out, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestGRPCDeadlinesAndPriorities(t *testing.T) {
	l := run(t, slow)
	l.fill(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := l.client.ModelInfer(ctx, goodGRPC(nil)); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("past the context's deadline: %v", err)
	}
	timeout := &protocol.InferParameter{ParameterChoice: &protocol.InferParameter_Int64Param{Int64Param: 50_000}}
	start := time.Now()
	_, err := l.client.ModelInfer(t.Context(), goodGRPC(func(m *request) { m.Parameters = map[string]*protocol.InferParameter{"timeout": timeout} }))
	if took := time.Since(start); status.Code(err) != codes.DeadlineExceeded || took > delay/2 {
		t.Errorf("past the parameter's timeout: %v after %v", err, took)
	}
	start = time.Now()
	_, err = l.client.ModelInfer(metadata.AppendToOutgoingContext(t.Context(), "inference-timeout", "50ms"), goodGRPC(nil))
	if took := time.Since(start); status.Code(err) != codes.DeadlineExceeded || took > delay/2 {
		t.Errorf("past the metadata's timeout: %v after %v", err, took)
	}
	if _, err := l.client.ModelInfer(metadata.AppendToOutgoingContext(t.Context(), "inference-timeout", "soon"), goodGRPC(nil)); status.Code(err) != codes.InvalidArgument {
		t.Errorf("a timeout that is none: %v", err)
	}
	for priority, want := range map[string]codes.Code{"high": codes.OK, "normal": codes.OK, "low": codes.OK, "urgent": codes.InvalidArgument} {
		l := l
		if want == codes.OK {
			l = run(t, nil)
		}
		_, err := l.client.ModelInfer(metadata.AppendToOutgoingContext(t.Context(), "inference-priority", priority), goodGRPC(nil))
		if status.Code(err) != want {
			t.Errorf("priority %s: %v", priority, err)
		}
	}
}

func TestGRPCRequestsTogetherKeepToTheMemory(t *testing.T) {
	l := run(t, func(o *options) { o.MaxMemory = 4000 })
	if _, err := l.client.ModelInfer(t.Context(), goodGRPC(nil)); err != nil {
		t.Error(err)
	}
	_, err := l.client.ModelInfer(t.Context(), goodGRPC(func(m *request) {
		m.Inputs[0].Shape, m.Inputs[0].Contents.Fp32Contents = []int64{500, 2}, make([]float32, 1000)
	}))
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "memory") {
		t.Errorf("more than the memory for requests: %v", err)
	}
	l.answersGRPC(t)
}
