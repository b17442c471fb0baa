package protocol

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mlfleet/mlfleet/inference/tensor"
)

// numberTypes are the types whose elements JSON can say.
var numberTypes = []tensor.Type{
	tensor.Bool, tensor.Uint8, tensor.Uint16, tensor.Uint32, tensor.Uint64,
	tensor.Int8, tensor.Int16, tensor.Int32, tensor.Int64, tensor.FP32, tensor.FP64,
}

// FuzzDecodeElement holds one element of each type against encoding/json, in
// both directions: it is accepted exactly if encoding/json can store it in the
// Go type, with the same value, and what Encode writes is the same number.
func FuzzDecodeElement(f *testing.F) {
	for i, text := range []string{"true", "255", "-0", "4294967295", "18446744073709551615", "-128", "1e2", "3.5", "-9223372036854775808", "1e39", "4.9e-324"} {
		f.Add(uint8(i), text)
	}
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		typ := numberTypes[int(kind)%len(numberTypes)]
		if strings.ContainsAny(text, "[]{},\" \t\r\n") || text == "null" { // one element, not part of an array
			return
		}
		body := fmt.Sprintf(`{"inputs":[{"name":"in0","shape":[1,1],"datatype":%q,"data":[%s]}]}`, typ, text)
		_, c, err := decode(t, sign(t, typ), body, -1)
		want, wantErr := element(typ, text)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%s %q: got %v, encoding/json says %v", typ, text, err, wantErr)
		}
		if err != nil {
			return
		}
		if !bytes.Equal(c.Inputs[0].Data, want) {
			t.Fatalf("%s %q: got % x, want % x", typ, text, c.Inputs[0].Data, want)
		}
		written, err := appendElements(nil, typ, want)
		if err != nil {
			t.Fatalf("%s % x is not written: %v", typ, want, err)
		}
		if again, err := element(typ, string(written)); err != nil || !bytes.Equal(again, want) {
			t.Fatalf("%s % x is written as %s, which is % x (%v)", typ, want, written, again, err)
		}
	})
}

// element is what encoding/json reads, as the bytes of a tensor.
func element(typ tensor.Type, text string) ([]byte, error) {
	v := map[tensor.Type]any{
		tensor.Bool: new(bool), tensor.Uint8: new(uint8), tensor.Uint16: new(uint16), tensor.Uint32: new(uint32), tensor.Uint64: new(uint64),
		tensor.Int8: new(int8), tensor.Int16: new(int16), tensor.Int32: new(int32), tensor.Int64: new(int64),
		tensor.FP32: new(float32), tensor.FP64: new(float64),
	}[typ]
	if typ != tensor.FP32 && typ != tensor.FP64 && text == "-0" {
		text = "0" // encoding/json refuses it for unsigned integers; it is zero
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return nil, err
	}
	b, err := binary.Append(nil, binary.LittleEndian, v)
	if err != nil {
		return nil, fmt.Errorf("lay out %T: %w", v, err)
	}
	return b, nil
}

// FuzzDecodeBinary deals two inputs out of the bytes after the JSON: whatever
// is accepted must be exactly those bytes, as many as shape and type say.
func FuzzDecodeBinary(f *testing.F) {
	f.Add(int64(1), int64(2), int64(8), int64(3), int64(3), append(floats(1, 2), 1, 0, 1))
	f.Add(int64(1), int64(2), int64(8), int64(3), int64(4), floats(1, 2))
	f.Add(int64(math.MaxInt64), int64(4), int64(8), int64(-1), int64(0), []byte{1})
	sig := sign(f, tensor.FP32, tensor.Bool)
	f.Fuzz(func(t *testing.T, rows, columns, size, bools, boolSize int64, tail []byte) {
		head := fmt.Sprintf(`{"inputs":[{"name":"in0","shape":[%d,%d],"datatype":"FP32","parameters":{"binary_data_size":%d}},`+
			`{"name":"in1","shape":[%d,%d],"datatype":"BOOL","parameters":{"binary_data_size":%d}}]}`, rows, columns, size, rows, bools, boolSize)
		_, c, err := decode(t, sig, head+string(tail), len(head))
		if err != nil {
			return
		}
		a, b := c.Inputs[0].Data, c.Inputs[1].Data
		if !bytes.Equal(append(bytes.Clone(a), b...), tail) {
			t.Fatalf("%d and %d bytes of %d were dealt out", len(a), len(b), len(tail))
		}
		if int64(len(a)) != 4*rows*columns || int64(len(b)) != rows*bools {
			t.Fatalf("%d×%d floats in %d bytes, %d×%d booleans in %d", rows, columns, len(a), rows, bools, len(b))
		}
	})
}

// FuzzText holds POST /predict against encoding/json.
func FuzzText(f *testing.F) {
	f.Add([]byte(`{"text": "so \"good\" \u00e9 \ud83d\ude00 \ud83d"}`))
	f.Add([]byte(`{"a": [1, {"b": null}], "text": ""}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var r Infer
		got, err := r.Text(body)
		var fields map[string]json.RawMessage
		jsonErr := json.Unmarshal(body, &fields)
		if err == nil && jsonErr != nil {
			t.Fatalf("accepted %q: %v", body, jsonErr)
		}
		var want string
		if err != nil || json.Unmarshal(fields["text"], &want) != nil {
			return
		}
		if got != want {
			t.Fatalf("%q: got %q, encoding/json reads %q", body, got, want)
		}
	})
}

// FuzzError holds the writer of errors, which quote what clients send, against
// encoding/json.
func FuzzError(f *testing.F) {
	f.Add("no input \"x\"\x00\u2028\xff")
	f.Fuzz(func(t *testing.T, message string) {
		var got struct{ Error string }
		b := AppendError(nil, message)
		if err := json.Unmarshal(b, &got); err != nil || !utf8.Valid(b) {
			t.Fatalf("%q: %v", b, err)
		}
		if want := strings.ToValidUTF8(message, "\uFFFD"); utf8.ValidString(message) && got.Error != want {
			t.Fatalf("got %q, want %q", got.Error, want)
		}
	})
}
