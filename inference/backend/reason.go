package backend

import (
	"fmt"
	"regexp"
)

// ONNX Runtime's errors carry C++ signatures, paths of the machine that
// compiled it, and somewhere between them the reason. These find it.
var (
	missingFile = regexp.MustCompile(`(\S+): cannot open shared object file`)
	noSuchGPU   = regexp.MustCompile(`Invalid device ID: (-?\d+), must be between 0 \(inclusive\) and (\d+) \(exclusive\)`)
	arenaFull   = regexp.MustCompile(`BFCArena.* Available memory of (\d+) is smaller than requested bytes of (\d+)`)
	gpuFull     = regexp.MustCompile(`BFCArena.* Failed to allocate memory for requested buffer of size (\d+)`)
	cudaFailure = regexp.MustCompile(`CUDA failure (\d+): (.*?) ;(?:.*expr=([^;]*))?`)
)

// noDeviceCode is cudaErrorNoDevice (CUDA Runtime API, error handling).
const noDeviceCode = "100"

// A reasonError says why a GPU cannot be used in words that an operator can
// act on, and keeps what the runtime said.
type reasonError struct {
	reason string
	err    error
}

func (e *reasonError) Error() string { return e.reason }
func (e *reasonError) Unwrap() error { return e.err }

// reason puts the runtime's error about a device into plain words, if it is
// one of those that mean that the device lacks something, or is not there.
// Others come back as they are.
func reason(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if m := missingFile.FindStringSubmatch(text); m != nil {
		return &reasonError{fmt.Sprintf("%s is missing (looked for beside ONNX Runtime, in LD_LIBRARY_PATH and the system's folders; "+
			"CUDA needs CUDA 13 and cuDNN 9, TensorRT needs TensorRT 10 as well)", m[1]), err}
	}
	if m := noSuchGPU.FindStringSubmatch(text); m != nil {
		return &reasonError{fmt.Sprintf("there is no GPU %s: %s visible here, counted from 0", m[1], m[2]), err}
	}
	if m := arenaFull.FindStringSubmatch(text); m != nil {
		return &reasonError{fmt.Sprintf("--gpu-memory-limit is too small: %s bytes of it were left, and %s more are needed", m[1], m[2]), err}
	}
	if m := gpuFull.FindStringSubmatch(text); m != nil {
		return &reasonError{fmt.Sprintf("the GPU, or this server's share of it, has no %s bytes left", m[1]), err}
	}
	m := cudaFailure.FindStringSubmatch(text)
	switch {
	case m == nil:
		return err
	case m[1] == noDeviceCode:
		return &reasonError{fmt.Sprintf("no CUDA device was found (CUDA failure %s: %s)", m[1], m[2]), err}
	case m[3] == "":
		return &reasonError{fmt.Sprintf("CUDA failure %s: %s", m[1], m[2]), err}
	}
	return &reasonError{fmt.Sprintf("CUDA failure %s: %s (in %s)", m[1], m[2], m[3]), err}
}
