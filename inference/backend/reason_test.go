package backend

import (
	"errors"
	"testing"
)

// TestReasons has the runtime's own words, as ONNX Runtime 1.29.0 printed them.
func TestReasons(t *testing.T) {
	const bridge = "/onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:1988 onnxruntime::Provider& " +
		"onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library " +
		"/opt/onnxruntime/lib/libonnxruntime_providers_cuda.so with error: "
	const needs = " is missing (looked for beside ONNX Runtime, in LD_LIBRARY_PATH and the system's folders; " +
		"CUDA needs CUDA 13 and cuDNN 9, TensorRT needs TensorRT 10 as well)"
	const call = " ; GPU=-1 ; hostname=vm ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_execution_provider.cc"
	for _, tc := range []struct{ said, want string }{
		{
			bridge + "libcublasLt.so.13: cannot open shared object file: No such file or directory",
			"libcublasLt.so.13" + needs,
		},
		{
			bridge + "/opt/onnxruntime/lib/libonnxruntime_providers_cuda.so: cannot open shared object file: No such file or directory",
			"/opt/onnxruntime/lib/libonnxruntime_providers_cuda.so" + needs,
		},
		{
			"provider_options_utils.h:187 Parse Failed to parse provider option \"device_id\": CUDA failure 100: " +
				"no CUDA-capable device is detected" + call + " ; line=69 ; expr=cudaGetDeviceCount(&num_devices);",
			"no CUDA device was found (CUDA failure 100: no CUDA-capable device is detected)",
		},
		{
			"Error creating C session: CUDA failure 46: all devices are busy or unavailable" + call +
				" ; line=292 ; expr=cudaSetDevice(info_.device_id);",
			"CUDA failure 46: all devices are busy or unavailable (in cudaSetDevice(info_.device_id))",
		},
		{
			"set up CUDA on GPU 99: cuda_execution_provider_info.cc:62 [ONNXRuntimeError] : 1 : FAIL : provider_options_utils.h:187 Parse " +
				"Failed to parse provider option \"device_id\": cuda_execution_provider_info.cc:70 operator() " +
				"Invalid device ID: 99, must be between 0 (inclusive) and 1 (exclusive).",
			"there is no GPU 99: 1 visible here, counted from 0",
		},
		{
			"Error creating C session from file: Exception during initialization: /onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:359 " +
				"void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) " +
				"Available memory of 0 is smaller than requested bytes of 67108864",
			"--gpu-memory-limit is too small: 0 bytes of it were left, and 67108864 more are needed",
		},
		{
			"Error creating C session from file: Exception during initialization: /onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:359 " +
				"void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) " +
				"Failed to allocate memory for requested buffer of size 67108864",
			"the GPU, or this server's share of it, has no 67108864 bytes left",
		},
		{"CUDA failure 35: old driver ; GPU=0", "CUDA failure 35: old driver"},
		{"Load model failed: protobuf parsing failed", "Load model failed: protobuf parsing failed"},
	} {
		said := errors.New(tc.said)
		got := reason(said)
		if got.Error() != tc.want {
			t.Errorf("of %q made\n%s, want\n%s", tc.said, got, tc.want)
		}
		if !errors.Is(got, said) {
			t.Errorf("%s: what the runtime said is lost", got)
		}
	}
	if reason(nil) != nil {
		t.Error("success has a reason")
	}
}
