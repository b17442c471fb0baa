// Package backend runs models with ONNX Runtime, on a GPU or on the CPU.
//
// A Device is chosen once, before any model is loaded, by running a tiny model
// on it: providers fail at five different steps (a build without them, missing
// CUDA libraries, no device, a session that cannot be made, a run that fails),
// and only a run proves that all five are behind us. After that a model either
// loads on the chosen device or is refused; nothing changes device while the
// server runs.
//
// A Session is a loaded model, a Runner the memory of one worker for it. A
// batch is copied into memory outside the Go heap that the runtime was given
// once and for all, so that running one allocates nothing.
package backend
