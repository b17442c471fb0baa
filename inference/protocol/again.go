package protocol

import (
	"bytes"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/signature"
)

// again is the JSON of the request before, and the shapes in it. Clients that send
// binary tensors say the same of them in each request: names, types, shapes. Reading
// that once is worth it, because on a small model it costs as much as the inference.
//
// What the JSON says besides shapes is still in the Infer that read it. Tensors in
// JSON differ from request to request, so a request with one is not remembered.
type again struct {
	json   []byte
	sig    *signature.Signature // nil: nothing is remembered
	shapes [][]int64            // by input
}

// longestAgain is the most JSON, in bytes, that is remembered. A model of ten inputs
// needs some 1,000.
const longestAgain = 2 << 10

// isAgain says whether the JSON is that of the request before, for the same model,
// and if so gives its shapes to the call.
func (r *Infer) isAgain(json []byte, sig *signature.Signature, c *batch.Call) bool {
	if r.last.sig != sig || !bytes.Equal(r.last.json, json) {
		return false
	}
	for i, shape := range r.last.shapes {
		c.Inputs[i].Shape = append(c.Inputs[i].Shape[:0], shape...)
	}
	return true
}

// remember keeps the JSON of a request that was in order, if all of its inputs
// are binary.
func (r *Infer) remember(json []byte, sig *signature.Signature, c *batch.Call) {
	if len(json) > longestAgain || len(r.binary) < len(sig.Inputs) {
		return
	}
	r.last.json, r.last.sig = append(r.last.json[:0], json...), sig
	for len(r.last.shapes) < len(sig.Inputs) {
		r.last.shapes = append(r.last.shapes, nil)
	}
	r.last.shapes = r.last.shapes[:len(sig.Inputs)]
	for i := range r.last.shapes {
		r.last.shapes[i] = append(r.last.shapes[i][:0], c.Inputs[i].Shape...)
	}
}
