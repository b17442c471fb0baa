package server_test

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
)

// Requests for the model pair.
const (
	goodA = `{"name":"a","datatype":"FP32","shape":[1,2],"data":[1.5,2]}`
	goodB = `{"name":"b","datatype":"INT64","shape":[1,1],"data":[3]}`
	good  = `{"id":"7","inputs":[` + goodA + `,` + goodB + `]}`
)

func withA(a string) string { return `{"inputs":[` + a + `,` + goodB + `]}` }
func withB(b string) string { return `{"inputs":[` + goodA + `,` + b + `]}` }

// binaryBody is a request whose tensors follow the JSON.
func binaryBody(sizeA, sizeB string, tail []byte) (body []byte, header int) {
	json := `{"inputs":[{"name":"a","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":` + sizeA +
		`}},{"name":"b","datatype":"INT64","shape":[1,1],"parameters":{"binary_data_size":` + sizeB + `}}]}`
	return append([]byte(json), tail...), len(json)
}

// bad is a request that must be refused.
type bad struct {
	name   string
	path   string // "" is the model pair's
	body   string
	json   int // length of the JSON, 0 if all of it is
	status int // 0 is 400
	want   string
}

func badRequests() []bad {
	tail := append(floats(1, 2), ints(3)...)
	raw := func(name, sizeA, sizeB string, tail []byte, want string) bad {
		body, header := binaryBody(sizeA, sizeB, tail)
		return bad{name: name, body: string(body), json: header, want: want}
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	body, header := binaryBody("8", "8", tail)
	return []bad{
		{name: "nothing", body: "", want: "ends early"},
		{name: "an empty object", body: "{}", want: `input "a" is missing`},
		{name: "an array", body: "[]", want: "an object"},
		{name: "no JSON", body: "hello", want: "malformed JSON"},
		{name: "JSON cut off", body: good[:len(good)-2], want: "ends early"},
		{name: "two objects", body: good + good, want: "the end of the JSON"},
		{name: "invalid UTF-8", body: "{\"id\":\"\xff\xfe\"}", want: "not UTF-8"},
		{name: "an overlong UTF-8 form", body: "{\"id\":\"\xc0\xaf\"}", want: "not UTF-8"},
		{name: "a control character", body: "{\"id\":\"\x01\"}", want: "control characters"},
		{name: "deep arrays", body: `{"x":` + strings.Repeat("[", 200_000), want: "nests deeper"},
		{name: "deep objects", body: strings.Repeat(`{"x":`, 100_000), want: "nests deeper"},
		{name: "deep data", body: withA(`{"name":"a","datatype":"FP32","shape":[1,2],"data":` + strings.Repeat("[", 100_000) + "]}"), want: "nests deeper"},

		{name: "the wrong shape", body: withA(`{"name":"a","datatype":"FP32","shape":[1,3],"data":[1,2,3]}`), want: "does not fit"},
		{name: "a dimension too many", body: withA(`{"name":"a","datatype":"FP32","shape":[1,2,1],"data":[1,2]}`), want: "3 dimensions"},
		{name: "no dimension", body: withA(`{"name":"a","datatype":"FP32","shape":[],"data":[1]}`), want: "0 dimensions"},
		{name: "17 dimensions", body: withA(`{"name":"a","datatype":"FP32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],"data":[1,2]}`), want: "more than 16 dimensions"},
		{name: "a negative dimension", body: withA(`{"name":"a","datatype":"FP32","shape":[-1,2],"data":[1,2]}`), want: "integer of 0 or more"},
		{name: "a dimension of zero", body: withA(`{"name":"a","datatype":"FP32","shape":[0,2],"data":[]}`), want: "no elements"},
		{name: "half a dimension", body: withA(`{"name":"a","datatype":"FP32","shape":[1.5,2],"data":[1,2]}`), want: "integer of 0 or more"},
		{name: "a dimension beyond 64 bits", body: withA(`{"name":"a","datatype":"FP32","shape":[18446744073709551617,2],"data":[1,2]}`), want: "integer of 0 or more"},
		{name: "dimensions whose product overflows to 0", body: withA(`{"name":"a","datatype":"FP32","shape":[4611686018427387904,4],"data":[]}`), want: "too large"},
		{name: "dimensions whose product overflows to 2", body: withA(`{"name":"a","datatype":"FP32","shape":[9223372036854775807,9223372036854775806],"data":[1,2]}`), want: "too large"},
		{name: "a huge shape with little data", body: withA(`{"name":"a","datatype":"FP32","shape":[500000000,2],"data":[1,2]}`), want: "the data has fewer"},
		{name: "more rows than are served", body: `{"inputs":[{"name":"a","datatype":"FP32","shape":[9,2],"data":[` + strings.Repeat("1,", 17) + `1]},{"name":"b","datatype":"INT64","shape":[9,1],"data":[1,1,1,1,1,1,1,1,1]}]}`, want: "at most 8"},
		{name: "rows that differ", body: withB(`{"name":"b","datatype":"INT64","shape":[2,1],"data":[1,2]}`), want: "2 rows"},
		{name: "a shape in words", body: withA(`{"name":"a","datatype":"FP32","shape":"1,2","data":[1,2]}`), want: "an array"},
		{name: "no shape", body: withA(`{"name":"a","datatype":"FP32","data":[1,2]}`), want: "no shape"},

		{name: "another datatype", body: withA(`{"name":"a","datatype":"FP64","shape":[1,2],"data":[1,2]}`), want: "wants FP32"},
		{name: "an unknown datatype", body: withA(`{"name":"a","datatype":"FLOAT","shape":[1,2],"data":[1,2]}`), want: "not supported"},
		{name: "no datatype", body: withA(`{"name":"a","shape":[1,2],"data":[1,2]}`), want: "datatype"},
		{name: "too few elements", body: withA(`{"name":"a","datatype":"FP32","shape":[1,2],"data":[1]}`), want: "wants 2"},
		{name: "too many elements", body: withA(`{"name":"a","datatype":"FP32","shape":[1,2],"data":[1,2,3]}`), want: "more than 2"},
		{name: "nested otherwise than the shape", body: withA(`{"name":"a","datatype":"FP32","shape":[1,2],"data":[[1],[2]]}`), want: "1"},
		{name: "words for numbers", body: withA(`{"name":"a","datatype":"FP32","shape":[1,2],"data":["1","2"]}`), want: "a number"},
		{name: "null for a number", body: withA(`{"name":"a","datatype":"FP32","shape":[1,2],"data":[1,null]}`), want: "a number"},
		{name: "fractions for integers", body: withB(`{"name":"b","datatype":"INT64","shape":[1,1],"data":[1.5]}`), want: "not a value of INT64"},
		{name: "an integer beyond its type", body: withB(`{"name":"b","datatype":"INT64","shape":[1,1],"data":[9223372036854775808]}`), want: "not a value of INT64"},
		{name: "an integer beyond the model's range", body: withB(`{"name":"b","datatype":"INT64","shape":[1,1],"data":[101]}`), want: "takes 0 to 100"},
		{name: "NaN", body: withA(`{"name":"a","datatype":"FP32","shape":[1,2],"data":[NaN,2]}`), want: "a number"},
		{name: "Infinity", body: withA(`{"name":"a","datatype":"FP32","shape":[1,2],"data":[1,-Infinity]}`), want: "a number"},
		{name: "a number beyond FP32", body: withA(`{"name":"a","datatype":"FP32","shape":[1,2],"data":[1,1e39]}`), want: "not a value of FP32"},

		{name: "no inputs", body: `{"inputs":[]}`, want: "missing"},
		{name: "one input of two", body: `{"inputs":[` + goodA + `]}`, want: `input "b" is missing`},
		{name: "an unknown input", body: withA(`{"name":"z","datatype":"FP32","shape":[1,2],"data":[1,2]}`), want: `no input "z"`},
		{name: "an input without a name", body: withA(`{"datatype":"FP32","shape":[1,2],"data":[1,2]}`), want: "no name"},
		{name: "an input twice", body: `{"inputs":[` + goodA + `,` + goodA + `,` + goodB + `]}`, want: "given twice"},
		{name: "inputs twice", body: `{"inputs":[` + goodA + `],"inputs":[` + goodB + `]}`, want: "given twice"},
		{name: "an id twice", body: `{"id":"a",` + good[1:], want: `"id" is given twice`},
		{name: "a shape twice", body: withA(`{"name":"a","datatype":"FP32","shape":[2,1],"shape":[1,2],"data":[1,2]}`), want: "given twice"},
		{name: "data twice", body: withA(`{"name":"a","datatype":"FP32","shape":[1,2],"data":[1],"data":[1,2]}`), want: "given twice"},
		{name: "an input without data", body: withA(`{"name":"a","datatype":"FP32","shape":[1,2]}`), want: "either data or binary_data_size"},
		{name: "an unknown output", body: good[:len(good)-1] + `,"outputs":[{"name":"z"}]}`, want: `no output "z"`},
		{name: "an output without a name", body: good[:len(good)-1] + `,"outputs":[{}]}`, want: "no name"},
		{name: "an output twice", body: good[:len(good)-1] + `,"outputs":[{"name":"sum"},{"name":"sum"}]}`, want: "asked for twice"},
		{name: "a negative timeout", body: good[:len(good)-1] + `,"parameters":{"timeout":-1}}`, want: "want an integer"},

		raw("binary data that end early", "8", "8", tail[:len(tail)-1], "end early"),
		raw("no binary data", "8", "8", nil, "end early"),
		raw("bytes after the last input", "8", "8", append(tail, 0), "1 bytes follow"),
		raw("a negative size", "-8", "8", tail, "want an integer"),
		raw("a size that the shape does not have", "7", "9", tail, "takes 8 bytes"),
		raw("a size beyond the body", "1000000000", "8", tail, "takes 8 bytes"),
		raw("a size beyond 64 bits", "18446744073709551624", "8", tail, "want an integer"),
		raw("sizes that would overlap", "16", "8", tail, "takes 8 bytes"),
		raw("a NaN in binary", "8", "8", append(floats(nan, 1), ints(3)...), "NaN or an infinity"),
		raw("an infinity in binary", "8", "8", append(floats(1, -inf), ints(3)...), "NaN or an infinity"),
		raw("binary beyond the range", "8", "8", append(floats(1, 2), ints(-1)...), "takes 0 to 100"),
		{name: "a JSON length beyond the body", body: string(body), json: len(body) + 1, want: "the body has only"},
		{name: "a JSON length that cuts the JSON", body: string(body), json: header - 1, want: "ends early"},
		{name: "a JSON length that takes data for JSON", body: string(body), json: header + 4, want: ""},
		{name: "data and a binary size", body: withA(`{"name":"a","datatype":"FP32","shape":[1,2],"data":[1,2],"parameters":{"binary_data_size":8}}`), want: "either data"},

		{name: "an unknown model", path: "/v2/models/none/infer", body: good, status: 404, want: `"none\" is not served here`},
		{name: "an unknown version", path: "/v2/models/pair/versions/9/infer", body: good, status: 404, want: `version \"9\"`},
		{name: "a model outside the repository", path: "/v2/models/..%2Fpair/infer", body: good, status: 404, want: "not served here"},
		{name: "a name that is not UTF-8", path: "/v2/models/%ff%fe/infer", body: good, status: 404, want: "not served here"},
		{name: "a body beyond the limit", body: `{"id":"` + strings.Repeat("x", 1<<20) + `"}`, status: 413, want: "larger than 1048576 bytes"},
	}
}

func TestBadRESTRequestsGetTheProtocolsError(t *testing.T) {
	l := run(t, nil)
	for _, way := range []struct {
		name    string
		headers []string
	}{
		{"fast", nil},
		{"net/http", []string{"Inference-Priority", "normal"}}, // a header that only the slow path knows
	} {
		for _, tc := range badRequests() {
			t.Run(way.name+"/"+tc.name, func(t *testing.T) {
				path, status, headers := tc.path, tc.status, way.headers
				if path == "" {
					path = "/v2/models/pair/infer"
				}
				if status == 0 {
					status = http.StatusBadRequest
				}
				if tc.json > 0 {
					headers = append([]string{"Inference-Header-Content-Length", fmt.Sprint(tc.json)}, headers...)
				}
				resp, b := l.do(t, "POST", path, []byte(tc.body), headers...)
				answer := decode[map[string]string](t, b)
				if resp.StatusCode != status || answer["error"] == "" || len(answer) != 1 ||
					resp.Header.Get("Content-Type") != "application/json" || !bytes.Contains(b, []byte(escape(tc.want))) {
					t.Errorf("%d %s %s, want %d and %q", resp.StatusCode, resp.Header.Get("Content-Type"), b, status, tc.want)
				}
				l.answers(t, way.headers...)
			})
		}
	}
}

// escape writes quotes as they stand in JSON, where a test has not done so.
func escape(s string) string {
	if strings.Contains(s, `\"`) {
		return s
	}
	return strings.ReplaceAll(s, `"`, `\"`)
}

// answers checks that a good request is answered as ever.
func (l *live) answers(t testing.TB, headers ...string) {
	t.Helper()
	const want = `{"model_name":"pair","model_version":"1","id":"7","outputs":[` +
		`{"name":"sum","datatype":"FP32","shape":[1,2],"data":[4.5,5]},{"name":"same","datatype":"INT64","shape":[1,1],"data":[3]}]}`
	resp, b := l.do(t, "POST", "/v2/models/pair/infer", []byte(good), headers...)
	if resp.StatusCode != http.StatusOK || string(b) != want {
		t.Errorf("a good request got %d %s, want %s", resp.StatusCode, b, want)
	}
}

func TestBadHeadersGetTheProtocolsError(t *testing.T) {
	l := run(t, nil)
	for _, tc := range []struct {
		name, value string
		status      int
	}{
		{"Inference-Header-Content-Length", "-1", 400},
		{"Inference-Header-Content-Length", "ten", 400},
		{"Inference-Header-Content-Length", "99999999999999999999", 400},
		{"Inference-Priority", "urgent", 400},
		{"Inference-Timeout", "soon", 400},
		{"Inference-Timeout", "-1s", 400},
		{"Inference-Timeout", "0s", 400},
		{"Inference-Timeout", "1ns", 504},
		{"Content-Encoding", "gzip", 415},
	} {
		resp, b := l.do(t, "POST", "/v2/models/pair/infer", []byte(good), tc.name, tc.value)
		if answer := decode[map[string]string](t, b); resp.StatusCode != tc.status || answer["error"] == "" {
			t.Errorf("%s: %s: %d %s, want %d", tc.name, tc.value, resp.StatusCode, b, tc.status)
		}
		l.answers(t)
	}
}

func TestBinaryRequestsGetBinaryAnswersWhereTheyAsk(t *testing.T) {
	l := run(t, nil)
	body, header := binaryBody("8", "8", append(floats(1.5, 2), ints(3)...))
	body = append([]byte(`{"parameters":{"binary_data_output":true},`), body[1:]...)
	header += len(`"parameters":{"binary_data_output":true},`)
	for _, headers := range [][]string{nil, {"Inference-Priority", "high"}} {
		resp, b := l.do(t, "POST", "/v2/models/pair/versions/1/infer", body, append(headers, "Inference-Header-Content-Length", fmt.Sprint(header))...)
		var n int
		fmt.Sscan(resp.Header.Get("Inference-Header-Content-Length"), &n)
		if resp.StatusCode != http.StatusOK || n <= 0 || n > len(b) || !bytes.Equal(b[n:], append(floats(4.5, 5), ints(3)...)) {
			t.Errorf("got %d, %d bytes of JSON in %q", resp.StatusCode, n, b)
		}
	}
}

func TestPathsAndMethodsThatAreNotThere(t *testing.T) {
	l := run(t, nil)
	for _, tc := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/nowhere", 404, ""},
		{"GET", "/v2/models", 404, ""},
		{"GET", "/v2/models/pair/infer", 405, "POST"},
		{"GET", "/predict", 405, "POST"},
		{"POST", "/v2/health/live", 405, "GET"},
		{"DELETE", "/v2/models/pair", 405, "GET"},
		{"PUT", "/v2/repository/index", 405, "POST"},
	} {
		resp, b := l.do(t, tc.method, tc.path, nil)
		if answer := decode[map[string]string](t, b); resp.StatusCode != tc.status || resp.Header.Get("Allow") != tc.allow || answer["error"] == "" {
			t.Errorf("%s %s: %d, Allow %q, %s, want %d, Allow %q", tc.method, tc.path, resp.StatusCode, resp.Header.Get("Allow"), b, tc.status, tc.allow)
		}
	}
}
