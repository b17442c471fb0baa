package protocol

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/modelconfig"
	"github.com/mlfleet/mlfleet/inference/signature"
	"github.com/mlfleet/mlfleet/inference/tensor"
)

func sign(t testing.TB, types ...tensor.Type) *signature.Signature {
	t.Helper()
	var in, out []tensor.Spec
	for i, typ := range types {
		in = append(in, tensor.Spec{Name: fmt.Sprintf("in%d", i), Type: typ, Shape: []int64{tensor.Any, tensor.Any}})
		out = append(out, tensor.Spec{Name: fmt.Sprintf("out%d", i), Type: typ, Shape: []int64{tensor.Any, tensor.Any}})
	}
	s, err := signature.New(in, out, &modelconfig.Config{}, 8)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func decode(t testing.TB, sig *signature.Signature, body string, header int) (*Infer, *batch.Call, error) {
	t.Helper()
	var r Infer
	c := batch.NewPool(len(sig.Inputs), len(sig.Outputs)).Get()
	err := r.Decode([]byte(body), header, sig, c)
	var e *Error
	if err != nil && (!errors.As(err, &e) || e.Kind != BadRequest) {
		t.Fatalf("a bad body must be a bad request, got %v", err)
	}
	return &r, c, err
}

func floats(v ...float32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

func TestDecodeJSON(t *testing.T) {
	sig := sign(t, tensor.FP32, tensor.Int8)
	r, c, err := decode(t, sig, ` {"id": "a\u00e9\n\ud83d\ude00", "unknown": {"x": [1, {"y": null}]},
		"outputs": [{"name": "out1", "parameters": {"binary_data": true}}, {"name": "out0"}],
		"parameters": {"timeout": 1500, "priority": 1, "other": "x"},
		"inputs": [
			{"data": [[1, -2.5e1], [0.125, 3]], "name": "in0", "datatype": "FP32", "shape": [2, 2]},
			{"name": "in1", "shape": [2, 1], "datatype": "INT8", "data": [-128, 127]}]}`, -1)
	if err != nil {
		t.Fatal(err)
	}
	if string(r.ID) != "aé\n😀" || r.Timeout != 1500*time.Microsecond || r.Priority != batch.High {
		t.Errorf("id %q, timeout %s, priority %d", r.ID, r.Timeout, r.Priority)
	}
	if !bytes.Equal(c.Inputs[0].Data, floats(1, -25, .125, 3)) || !slices.Equal(c.Inputs[0].Shape, []int64{2, 2}) {
		t.Errorf("in0 is %v", c.Inputs[0])
	}
	if !bytes.Equal(c.Inputs[1].Data, []byte{0x80, 0x7f}) {
		t.Errorf("in1 is %v", c.Inputs[1])
	}
	if len(r.Outputs) != 2 || r.Outputs[0].Index != 1 || !r.Outputs[0].Binary || r.Outputs[1].Binary {
		t.Errorf("outputs %+v", r.Outputs)
	}
}

func TestDecodeBinary(t *testing.T) {
	sig := sign(t, tensor.FP32, tensor.Bool)
	head := `{"inputs": [{"name": "in1", "shape": [1, 3], "datatype": "BOOL", "parameters": {"binary_data_size": 3}},
		{"name": "in0", "shape": [1, 2], "datatype": "FP32", "parameters": {"binary_data_size": 8}}],
		"parameters": {"binary_data_output": true}}`
	r, c, err := decode(t, sig, head+"\x01\x00\x01"+string(floats(5, 6)), len(head))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(c.Inputs[1].Data, []byte{1, 0, 1}) || !bytes.Equal(c.Inputs[0].Data, floats(5, 6)) {
		t.Errorf("inputs %v: binary data come in the order of the request", c.Inputs)
	}
	if len(r.Outputs) != 2 || !r.Outputs[0].Binary || !r.Outputs[1].Binary {
		t.Errorf("outputs %+v", r.Outputs)
	}
}

func TestDecodeRefuses(t *testing.T) {
	sig := sign(t, tensor.FP32)
	in := func(field string) string {
		fields := map[string]string{"name": `"in0"`, "shape": `[1,2]`, "datatype": `"FP32"`, "data": `[1,2]`}
		name, value, _ := strings.Cut(field, "=")
		if value == "" {
			delete(fields, name)
		} else {
			fields[name] = value
		}
		var all []string
		for k, v := range fields {
			all = append(all, fmt.Sprintf("%q:%s", k, v))
		}
		return `{"inputs":[{` + strings.Join(all, ",") + `}]}`
	}
	for _, tc := range []struct{ name, body, want string }{
		{"nothing", "", "ends early"},
		{"no object", "[]", "an object"},
		{"cut", `{"inputs":[{"name":"in0"`, "ends early"},
		{"more after the end", in("id=1") + "x", "the end"},
		{"no inputs", `{}`, "missing"},
		{"inputs twice", `{"inputs":[],"inputs":[]}`, "twice"},
		{"outputs twice", `{"outputs":[],"outputs":[]}`, "twice"},
		{"an input twice", strings.Replace(in("id=1"), "]}", "", 1) + "", ""},
		{"no name", in("name="), "no name"},
		{"an unknown name", in(`name="x"`), "no input"},
		{"no shape", in("shape="), "no shape"},
		{"a negative dimension", in("shape=[1,-2]"), "0 or more"},
		{"a fractional dimension", in("shape=[1,2.0]"), "0 or more"},
		{"a dimension beyond 64 bits", in("shape=[1,99999999999999999999]"), "0 or more"},
		{"dimensions whose product overflows", in("shape=[9223372036854775807,9223372036854775807]"), "too large"},
		{"seventeen dimensions", in("shape=[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"), "more than 16"},
		{"a shape of text", in(`shape="x"`), "an array"},
		{"a huge shape with little data", in("shape=[1000000,1000000]"), "fewer"},
		{"no type", in("datatype="), "no datatype"},
		{"an unknown type", in(`datatype="FP8"`), "not supported"},
		{"another type", in(`datatype="INT64"`), "wants FP32"},
		{"no data", in("data="), "either"},
		{"too few data", in("data=[1]"), "1 elements"},
		{"too many data", in("data=[1,2,3]"), "more than 2"},
		{"text in the data", in(`data=["1","2"]`), "a number"},
		{"null in the data", in("data=[null,2]"), "a number"},
		{"NaN", in("data=[NaN,2]"), "want"},
		{"Infinity", in("data=[Infinity,2]"), "want"},
		{"a number beyond the type", in("data=[1e39,2]"), "not a value of FP32"},
		{"a leading zero", in("data=[01,2]"), "want"},
		{"a bare point", in("data=[.5,2]"), "want"},
		{"hex", in("data=[0x1,2]"), "want"},
		{"data nested otherwise", in("data=[[1],[2]]"), "elements"},
		{"data nested too deep", in("data=[[[1,2]]]"), "deeper"},
		{"a trailing comma", in("data=[1,2,]"), "want"},
		{"an unknown output", `{"outputs":[{"name":"x"}]}`, "no output"},
		{"an output without a name", `{"outputs":[{}]}`, "no name"},
		{"an output twice", `{"outputs":[{"name":"out0"},{"name":"out0"}]}`, "twice"},
		{"classification", `{"outputs":[{"name":"out0","parameters":{"classification":3}}]}`, "classification"},
		{"a negative timeout", `{"parameters":{"timeout":-1}}`, "0 to"},
		{"not UTF-8", "{\"id\":\"\xff\"}", "UTF-8"},
		{"a control character", "{\"id\":\"\x01\"}", "control"},
		{"an unknown escape", `{"id":"\x"}`, "escape"},
		{"half an escape", `{"id":"\u12"}`, "hex"},
		{"nested without end", `{"x":` + strings.Repeat("[", 100_000), "deeper"},
		{"binary size and data", `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP32","data":[1,2],"parameters":{"binary_data_size":8}}]}`, "either"},
	} {
		if tc.want == "" {
			continue
		}
		_, _, err := decode(t, sig, tc.body, -1)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", tc.name, err, tc.want)
		}
	}
	one := strings.TrimSuffix(strings.TrimPrefix(in("id=1"), `{"inputs":[`), `]}`)
	if _, _, err := decode(t, sig, `{"inputs":[`+one+`,`+one+`]}`, -1); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("an input twice: got %v", err)
	}
}

func TestDecodeRefusesBinary(t *testing.T) {
	sig := sign(t, tensor.FP32)
	head := func(size string) string {
		return `{"inputs":[{"name":"in0","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":` + size + `}}]}`
	}
	for _, tc := range []struct {
		name, head, tail string
		length           int // instead of the head's
		want             string
	}{
		{"truncated", head("8"), "1234567", 0, "end early"},
		{"none", head("8"), "", 0, "end early"},
		{"too long", head("8"), "123456789", 0, "follow"},
		{"a size that is not the shape's", head("4"), "1234", 0, "takes 8 bytes"},
		{"a negative size", head("-8"), "12345678", 0, "0 to"},
		{"a huge size", head("99999999999999999999"), "12345678", 0, "0 to"},
		{"a JSON length beyond the body", head("8"), "12345678", 1000, "only"},
		{"a JSON length that cuts the JSON", head("8"), "12345678", 10, "ends early"},
		{"a JSON length of 0", head("8"), "12345678", -2, "ends early"},
	} {
		length := len(tc.head)
		switch {
		case tc.length == -2:
			length = 0
		case tc.length > 0:
			length = tc.length
		}
		_, _, err := decode(t, sig, tc.head+tc.tail, length)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", tc.name, err, tc.want)
		}
	}
}

func TestIntegerLimits(t *testing.T) {
	for typ, limits := range map[tensor.Type][4]string{ // lowest, below it, highest, above it
		tensor.Int8:   {"-128", "-129", "127", "128"},
		tensor.Int16:  {"-32768", "-32769", "32767", "32768"},
		tensor.Int32:  {"-2147483648", "-2147483649", "2147483647", "2147483648"},
		tensor.Int64:  {"-9223372036854775808", "-9223372036854775809", "9223372036854775807", "9223372036854775808"},
		tensor.Uint8:  {"0", "-1", "255", "256"},
		tensor.Uint16: {"-0", "-1", "65535", "65536"},
		tensor.Uint32: {"0", "-1", "4294967295", "4294967296"},
		tensor.Uint64: {"0", "-1", "18446744073709551615", "18446744073709551616"},
	} {
		sig := sign(t, typ)
		for i, v := range limits {
			_, _, err := decode(t, sig, fmt.Sprintf(`{"inputs":[{"name":"in0","shape":[1,1],"datatype":%q,"data":[%s]}]}`, typ, v), -1)
			if (err != nil) != (i%2 == 1) {
				t.Errorf("%s %s: %v", typ, v, err)
			}
		}
	}
}

func TestEncodeDecodesAsItsOwnRequest(t *testing.T) {
	for typ := tensor.Bool; typ <= tensor.FP64; typ++ {
		sig := sign(t, typ)
		c := batch.NewPool(1, 1).Get()
		c.Outputs[0].Set([]int64{2, 3}, 6*typ.Size())
		for i := range c.Outputs[0].Data {
			c.Outputs[0].Data[i] = byte(i % 2)
		}
		for _, binaryForm := range []bool{true, false} {
			if typ == tensor.FP16 && !binaryForm {
				continue
			}
			r := Infer{ID: []byte("x\"\x01é"), Outputs: []Wanted{{Index: 0, Binary: binaryForm}}}
			out, header, err := r.Encode(nil, "model", "1", sig, c)
			if err != nil {
				t.Fatalf("%s: %v", typ, err)
			}
			if (header >= 0) != binaryForm {
				t.Fatalf("%s: header length %d", typ, header)
			}
			text := out
			if header >= 0 {
				text = out[:header]
			}
			if !json.Valid(text) {
				t.Fatalf("%s: not JSON: %s", typ, text)
			}
			turned := strings.NewReplacer(`"outputs"`, `"inputs"`, `"out0"`, `"in0"`).Replace(string(out))
			// The replacement shortened the JSON: "outputs" and "out0" by one byte each.
			if header >= 0 {
				header -= 2
			}
			back, c2, err := decode(t, sig, turned, header)
			if err != nil || !bytes.Equal(c2.Inputs[0].Data, c.Outputs[0].Data) || string(back.ID) != string(r.ID) {
				t.Errorf("%s: %v came back as %v, %v", typ, c.Outputs[0].Data, c2.Inputs[0].Data, err)
			}
		}
	}
}

func TestEncodeRefusesWhatJSONCannotSay(t *testing.T) {
	sig := sign(t, tensor.FP32)
	c := batch.NewPool(1, 1).Get()
	c.Outputs[0].Set([]int64{1, 1}, 4)
	copy(c.Outputs[0].Data, floats(float32(math.NaN())))
	r := Infer{Outputs: []Wanted{{Index: 0}}}
	if _, _, err := r.Encode(nil, "m", "1", sig, c); err == nil {
		t.Error("a NaN was written as JSON")
	}
	r.Outputs[0].Binary = true
	if _, _, err := r.Encode(nil, "m", "1", sig, c); err != nil {
		t.Errorf("a NaN in binary: %v", err)
	}
}

func TestText(t *testing.T) {
	var r Infer
	if got, err := r.Text([]byte(`{"x": 1, "text": "so \"good\" \u00e9"}`)); err != nil || got != `so "good" é` {
		t.Errorf("got %q, %v", got, err)
	}
	for _, body := range []string{"", "x", `"text"`, `{}`, `{"text": 1}`, `{"text": null}`, `{"text": "a"} x`, "{\"text\": \"\xff\"}"} {
		if got, err := r.Text([]byte(body)); err == nil {
			t.Errorf("%q is accepted as %q", body, got)
		}
	}
}

// FuzzDecode holds the decoder against encoding/json: what it accepts is JSON,
// and the numbers are those that encoding/json reads.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"id":"a","inputs":[{"name":"in0","shape":[2,2],"datatype":"FP32","data":[[1,2],[3,4e-1]]}],"outputs":[{"name":"out0"}]}`), -1)
	f.Add([]byte(`{"inputs":[{"name":"in0","shape":[1,1],"datatype":"FP32","parameters":{"binary_data_size":4}}]}abcd`), 92)
	sig := sign(f, tensor.FP32)
	f.Fuzz(func(t *testing.T, body []byte, header int) {
		r, c, err := decode(t, sig, string(body), header)
		if err != nil {
			return
		}
		text := body
		if header >= 0 {
			text = body[:header]
		}
		var in struct {
			ID     string `json:"id"`
			Inputs []struct {
				Shape []int64         `json:"shape"`
				Data  json.RawMessage `json:"data"`
			} `json:"inputs"`
		}
		if !json.Valid(text) {
			t.Fatalf("accepted what is not JSON: %q", text)
		}
		if len(c.Inputs[0].Data)%4 != 0 {
			t.Fatalf("%d bytes of FP32", len(c.Inputs[0].Data))
		}
		if header < 0 && json.Unmarshal(text, &in) == nil && len(in.Inputs) == 1 && string(r.ID) == in.ID {
			var flat []float32
			if json.Unmarshal(in.Inputs[0].Data, &flat) == nil && !bytes.Equal(floats(flat...), c.Inputs[0].Data) {
				t.Fatalf("read %v, encoding/json reads %v", c.Inputs[0].Data, flat)
			}
		}
	})
}
