// Package onnxruntime fetches the ONNX Runtime library that the server loads.
//
// The npm registry is where prebuilt libraries of both architectures can be had
// behind a plain registry proxy, which companies have. Only an archive is taken
// from it: nothing of the package runs, and npm itself is not needed.
//
// Which versions, with which hashes, stands in one reviewed file that
// inference/tools/onnxruntime.sh reads too, so what is tested is what is shipped.
// The hash of the archive protects against the registry, the hash of each file
// against whoever can write to the folder that keeps them, a shared CI cache for
// instance. The archive is unpacked by name, file by file: what is not asked for
// is not written, so it cannot be written elsewhere.
package onnxruntime
