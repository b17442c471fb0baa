// Package protocol is the wire side of the Open Inference Protocol, version
// 2: the generated gRPC code, and a decoder and an encoder for the REST
// bodies, with the binary tensor extension.
//
// The REST decoder is written by hand. A request is on the hot path of every
// inference, comes from strangers, and is mostly one long array of numbers:
// encoding/json would read it twice and allocate for every tensor. This one
// reads it once, into memory that is used again.
package protocol
