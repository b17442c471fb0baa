// Package onnx writes ONNX models: the few messages of onnx.proto that a
// small network needs, straight as protobuf wire bytes.
//
// The generated bindings of onnx.proto would be forty times the code and would
// not promise the same bytes from one version to the next. Here a model's bytes
// depend on the calls alone, which is what makes training reproducible.
// Field numbers are those of onnx.proto, IR version 8.
package onnx
