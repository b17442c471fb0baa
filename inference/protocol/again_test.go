package protocol

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/signature"
	"github.com/mlfleet/mlfleet/inference/tensor"
)

// An Infer that has read other requests before reads each as a new one would.
func TestDecodeDoesNotDependOnTheRequestsBefore(t *testing.T) {
	one, two := sign(t, tensor.FP32), sign(t, tensor.FP32, tensor.Bool)
	head := func(columns int, more string) string {
		return fmt.Sprintf(`{"id":"a","inputs":[{"name":"in0","shape":[1,%d],"datatype":"FP32","parameters":{"binary_data_size":%d}}]%s}`,
			columns, 4*columns, more)
	}
	options := `,"parameters":{"binary_data_output":true,"timeout":5,"priority":1},"outputs":[{"name":"out0"}]`
	inJSON := `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP32","data":[3,4]}]}`
	both := `{"inputs":[{"name":"in1","shape":[1,1],"datatype":"BOOL","parameters":{"binary_data_size":1}},` +
		`{"name":"in0","shape":[1,1],"datatype":"FP32","data":[7]}]}`
	requests := []struct {
		sig        *signature.Signature
		head, tail string
	}{
		{one, head(2, ""), string(floats(1, 2))},
		{one, head(2, ""), string(floats(3, 4))},
		{one, head(2, options), string(floats(3, 4))},
		{one, head(2, options), string(floats(5, 6))},
		{one, head(2, ""), string(floats(5, 6))},
		{two, head(2, ""), string(floats(5, 6))}, // the other model's second input is missing
		{one, head(2, ""), string(floats(5, 6))},
		{one, head(2, ""), string(floats(5))}, // too little
		{one, head(2, ""), string(floats(5, 6))},
		{one, head(2, ""), string(floats(5, 6, 7))}, // too much
		{one, head(3, ""), string(floats(5, 6, 7))},
		{one, inJSON, ""},
		{one, inJSON, ""},
		{one, head(3, "") + " x", string(floats(5, 6, 7))}, // not JSON
		{one, head(3, ""), string(floats(5, 6, 7))},
		{two, both, "\x01"},
		{two, both, "\x00"},
	}
	var used Infer
	for i, q := range requests {
		body := q.head + q.tail
		fresh, want, wantErr := decode(t, q.sig, body, len(q.head))
		got := batch.NewPool(len(q.sig.Inputs), len(q.sig.Outputs)).Get()
		err := used.Decode([]byte(body), len(q.head), q.sig, got)
		if fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Fatalf("request %d: got error %v, want %v", i, err, wantErr)
		}
		if err != nil {
			continue
		}
		if !reflect.DeepEqual(got.Inputs, want.Inputs) {
			t.Errorf("request %d: inputs %v, want %v", i, got.Inputs, want.Inputs)
		}
		if string(used.ID) != string(fresh.ID) || !reflect.DeepEqual(used.Outputs, fresh.Outputs) ||
			used.Timeout != fresh.Timeout || used.Priority != fresh.Priority || used.HasPriority != fresh.HasPriority {
			t.Errorf("request %d: got %+v, want %+v", i, used, fresh)
		}
		if i%2 == 1 {
			used.Forget()
		}
	}
}

// The second of two equal heads is recognised, or this would be code for nothing.
func TestARepeatedHeadIsNotReadAgain(t *testing.T) {
	sig := sign(t, tensor.FP32)
	head := `{"inputs":[{"name":"in0","shape":[1,1],"datatype":"FP32","parameters":{"binary_data_size":4}}]}`
	var r Infer
	c := batch.NewPool(1, 1).Get()
	if r.isAgain([]byte(head), sig, c) {
		t.Fatal("nothing was read yet")
	}
	if err := r.Decode([]byte(head+string(floats(1))), len(head), sig, c); err != nil {
		t.Fatal(err)
	}
	r.Forget()
	if !r.isAgain([]byte(head), sig, c) {
		t.Error("the head is read again")
	}
	if r.isAgain([]byte(head), sign(t, tensor.FP32), c) {
		t.Error("another model's request is taken for this one's")
	}
}
