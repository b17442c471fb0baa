package protocol

import (
	"github.com/mlfleet/mlfleet/inference/signature"
)

// Wanted is an output that was asked for.
type Wanted struct {
	Index  int
	Binary bool

	unsaid bool // the request decides the form
}

// completeOutputs asks for all outputs if none was named, and settles the form
// of those that left it open.
func (r *Infer) completeOutputs(sig *signature.Signature) {
	if len(r.Outputs) == 0 {
		for i := range sig.Outputs {
			r.Outputs = append(r.Outputs, Wanted{Index: i, unsaid: true})
		}
	}
	for i := range r.Outputs {
		if w := &r.Outputs[i]; w.unsaid {
			w.Binary = r.all
		}
	}
}

func (r *Infer) output(sig *signature.Signature) error {
	index := -1
	w := Wanted{unsaid: true}
	err := r.scan.object(func(key []byte) (err error) {
		switch string(key) {
		case "name":
			var name []byte
			if name, err = r.scan.str(); err != nil {
				return err
			}
			if index = sig.Output(name); index < 0 {
				return bad("the model has no output %.100q", name)
			}
		case "parameters":
			err = r.outputParameters(&w)
		default:
			err = r.scan.skip(2)
		}
		return err
	})
	if err != nil {
		return err
	}
	if index < 0 {
		return bad("an output has no name")
	}
	for _, w := range r.Outputs {
		if w.Index == index {
			return bad("output %q is asked for twice", sig.Outputs[index].Name)
		}
	}
	w.Index = index
	r.Outputs = append(r.Outputs, w)
	return nil
}

func (r *Infer) outputParameters(w *Wanted) error {
	return r.scan.object(func(key []byte) (err error) {
		switch string(key) {
		case "binary_data":
			w.unsaid = false
			w.Binary, err = r.scan.boolean()
			return err
		case "classification":
			return bad("the classification extension is not supported")
		}
		return r.scan.skip(3)
	})
}
