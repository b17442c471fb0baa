// Package tensor holds the few words that the parts of the server share:
// element types as the Open Inference Protocol names them, the shape and type
// that a model declares, and a Job, the tensors of one request.
//
// Elements are always plain bytes, row-major and little-endian: that is how
// they come over the wire and how the runtime wants them, so nothing between
// the two needs to know what they mean.
package tensor
