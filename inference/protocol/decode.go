package protocol

import (
	"bytes"
	"math"
	"time"
	"unicode/utf8"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/signature"
)

// An Infer is what an inference request says besides its tensors. It may be
// used again for the next request.
type Infer struct {
	ID []byte
	// Outputs are those asked for, in that order.
	Outputs []Wanted
	// Timeout is how long the client will wait; 0 if it did not say.
	Timeout time.Duration
	// Priority as the client gave it, and whether it did.
	Priority    batch.Priority
	HasPriority bool

	scan    scanner
	seen    []bool   // by input
	current declared // input
	binary  []binaryInput
	all     bool // outputs are binary unless they say otherwise
	last    again
}

// Decode reads a request body into the call's inputs. The first header bytes
// are JSON, the rest is binary tensor data; a negative header means all JSON.
// The inputs may point into body. Errors are for the client.
func (r *Infer) Decode(body []byte, header int, sig *signature.Signature, c *batch.Call) error {
	if header < 0 {
		header = len(body)
	}
	if header > len(body) {
		return bad("the JSON should be %d bytes long, but the body has only %d", header, len(body))
	}
	c.Scratch = c.Scratch[:0]
	if r.isAgain(body[:header], sig, c) {
		return r.takeBinary(body[header:], sig, c)
	}
	if !utf8.Valid(body[:header]) {
		return bad("the JSON is not UTF-8")
	}
	r.reset(body[:header], sig)
	hasID, hasInputs, hasOutputs := false, false, false
	err := r.scan.object(func(key []byte) (err error) {
		switch string(key) {
		case "id":
			if hasID {
				return bad(`"id" is given twice`)
			}
			hasID = true
			var id []byte
			if id, err = r.scan.str(); err != nil {
				return err
			}
			err = setID(r, id)
		case "parameters":
			err = r.parameters()
		case "inputs":
			if hasInputs {
				return bad(`"inputs" is given twice`)
			}
			hasInputs = true
			err = r.scan.array(func() error { return r.input(sig, c) })
		case "outputs":
			if hasOutputs {
				return bad(`"outputs" is given twice`)
			}
			hasOutputs = true
			err = r.scan.array(func() error { return r.output(sig) })
		default:
			err = r.scan.skip(1)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := r.scan.end(); err != nil {
		return err
	}
	if err := r.takeBinary(body[header:], sig, c); err != nil {
		return err
	}
	for i, seen := range r.seen {
		if !seen {
			return bad("input %q is missing", sig.Inputs[i].Name)
		}
	}
	r.completeOutputs(sig)
	r.remember(body[:header], sig, c)
	return nil
}

// maxID bounds the id of a request, which comes back in the answer.
const maxID = 4 << 10

func setID[S string | []byte](r *Infer, id S) error {
	if len(id) > maxID {
		return bad("the id is longer than %d bytes", maxID)
	}
	r.ID = append(r.ID[:0], id...)
	return nil
}

// Forget lets go of a request's bytes, and of memory that only an unusual one
// needed.
func (r *Infer) Forget() {
	const keep = 16 << 10
	r.scan.b = nil
	if cap(r.scan.text) > keep {
		r.scan.text = nil
	}
	if cap(r.binary) > keep/16 {
		r.binary, r.last.sig = nil, nil
	}
}

func (r *Infer) reset(json []byte, sig *signature.Signature) {
	r.ID, r.Outputs, r.binary = r.ID[:0], r.Outputs[:0], r.binary[:0]
	r.Timeout, r.Priority, r.HasPriority, r.all = 0, batch.Normal, false, false
	r.scan.b, r.scan.i = json, 0
	r.last.sig = nil // what it is part of is about to be overwritten
	r.seen = r.seen[:0]
	for range sig.Inputs {
		r.seen = append(r.seen, false)
	}
}

// parameters reads the request's own parameters.
func (r *Infer) parameters() error {
	return r.scan.object(func(key []byte) (err error) {
		switch string(key) {
		case "binary_data_output":
			r.all, err = r.scan.boolean()
		case "timeout": // microseconds, as in Triton
			var us uint64
			if us, err = r.unsigned(math.MaxInt64 / 1000); err == nil {
				r.Timeout = time.Duration(us) * time.Microsecond
			}
		case "priority":
			var p uint64
			if p, err = r.unsigned(math.MaxUint32); err == nil {
				r.SetPriority(p)
			}
		default:
			err = r.scan.skip(2)
		}
		return err
	})
}

// SetPriority takes a priority as Triton numbers them: 1 is the highest, 0 the
// default, greater numbers are lower.
func (r *Infer) SetPriority(p uint64) {
	r.HasPriority = p != 0
	r.Priority = batch.Normal
	switch {
	case p == 1:
		r.Priority = batch.High
	case p > 2:
		r.Priority = batch.Low
	}
}

func (r *Infer) unsigned(limit uint64) (uint64, error) {
	text, integer, err := r.scan.number()
	if err != nil {
		return 0, err
	}
	n, ok := parseUint(text)
	if !integer || !ok || n > limit {
		return 0, bad("want an integer from 0 to %d, got %.40s", limit, text)
	}
	return n, nil
}

// Text reads the body of POST /predict: {"text": …}.
func (r *Infer) Text(body []byte) (string, error) {
	if !utf8.Valid(body) {
		return "", bad("the JSON is not UTF-8")
	}
	r.scan.b, r.scan.i = body, 0
	var text string
	found := false
	err := r.scan.object(func(key []byte) error {
		if !bytes.Equal(key, []byte("text")) {
			return r.scan.skip(1)
		}
		s, err := r.scan.str()
		text, found = string(s), true
		return err
	})
	if err != nil {
		return "", err
	}
	if err := r.scan.end(); err != nil {
		return "", err
	}
	if !found {
		return "", bad(`want an object with the string "text"`)
	}
	return text, nil
}
