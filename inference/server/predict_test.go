package server_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/inference/onnx"
)

// text is the configuration of a text model with input "ids" and output "p".
const text = `{"text":{"input":"ids","output":"p","labels":["bad","good"],` +
	`"features":{"kind":"hashed-ngrams/v1","buckets":8,"orders":1,"maxIds":8}}}`

// undecided is a text model that computes no number: the logarithm of less than
// nothing.
func undecided(t testing.TB, root string) {
	g := &onnx.Graph{Name: "undecided"}
	g.Node("Cast", []string{"ids"}, []string{"f"}, onnx.Int("to", int64(onnx.Float)))
	g.Node("Abs", []string{"f"}, []string{"abs"})
	g.Node("ReduceSum", []string{"abs", "axis"}, []string{"sum"}, onnx.Int("keepdims", 1))
	g.Node("Sub", []string{"minus", "sum"}, []string{"negative"})
	g.Node("Log", []string{"negative"}, []string{"p"})
	g.Ints("axis", []int64{1}, []int64{1})
	g.Floats("minus", []int64{1, 2}, []float32{-1, -1})
	g.Input("ids", onnx.Int64, onnx.Dim{Name: "batch"}, onnx.Dim{Name: "length"})
	g.Output("p", onnx.Float, onnx.Dim{Name: "batch"}, onnx.Dim{Size: 2})
	write(t, g.Model("test", 1, nil), root, "undecided", "1", "model.onnx")
	write(t, []byte(text), root, "undecided", "1", "config.json")
}

func TestPredictAnswersInItsExactShape(t *testing.T) {
	l := run(t, func(o *options) { o.write = sentiment })
	for in, want := range map[string]string{
		"a wonderful, moving film":                "positive",
		"boring, stupid and a waste of time":      "negative",
		"wunderschön \u2014 a delight \U0001f600": "positive",
	} {
		resp, b := l.do(t, "POST", "/predict", []byte(`{"text":"`+in+`","other":[1,{"x":null}]}`))
		shape := regexp.MustCompile(`^\{"text":"` + regexp.QuoteMeta(in) + `","prediction":"` + want +
			`","confidence":(0\.[5-9]\d{0,3}|1),"tenant":"acme","model":"sentiment","version":"1"\}\n$`)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/json" || !shape.Match(b) {
			t.Errorf("%q: %d %s %s", in, resp.StatusCode, resp.Header.Get("Content-Type"), b)
		}
	}
}

func TestPredictRefuses(t *testing.T) {
	l := run(t, func(o *options) { o.write = sentiment })
	for _, tc := range []struct {
		body   string
		status int
		want   string
	}{
		{"", 400, "ends early"},
		{"text=fine", 400, "malformed JSON"},
		{`{}`, 400, `the string "text"`},
		{`{"text":5}`, 400, "a string"},
		{`{"text":null}`, 400, "a string"},
		{`{"text":["fine"]}`, 400, "a string"},
		{`{"text":""}`, 400, "no words"},
		{`{"text":" \t "}`, 400, "no words"},
		{`{"text":"fine"}{}`, 400, "the end of the JSON"},
		{"{\"text\":\"\xff\"}", 400, "not UTF-8"},
		{`{"text":"` + strings.Repeat("fine ", 1<<18) + `"}`, 413, "larger than"},
		{`{"x":` + strings.Repeat("[", 1<<18), 400, "nests deeper"},
	} {
		resp, b := l.do(t, "POST", "/predict", []byte(tc.body))
		if answer := decode[map[string]string](t, b); resp.StatusCode != tc.status || !strings.Contains(answer["error"], tc.want) {
			t.Errorf("%.40q: %d %s, want %d %q", tc.body, resp.StatusCode, b, tc.status, tc.want)
		}
		if resp, b := l.do(t, "POST", "/predict", []byte(`{"text":"fine"}`)); resp.StatusCode != http.StatusOK {
			t.Errorf("after %.40q: %d %s", tc.body, resp.StatusCode, b)
		}
	}
	// A text of more words than the model takes is cut, not refused.
	if resp, b := l.do(t, "POST", "/predict", []byte(`{"text":"`+strings.Repeat("fine ", 10_000)+`"}`)); resp.StatusCode != http.StatusOK {
		t.Errorf("a long text: %d %.200s", resp.StatusCode, b)
	}
}

func TestPredictTakesTheNamedModelOrTheFirstThatTakesText(t *testing.T) {
	both := func(t testing.TB, root string) { pair(t, root); sentiment(t, root) }
	for name, tc := range map[string]struct {
		write  func(testing.TB, string)
		named  string
		status int
		want   string
	}{
		"the first that takes text":       {both, "", 200, `"model":"sentiment"`},
		"the one that is named":           {both, "sentiment", 200, `"model":"sentiment"`},
		"named, but takes no text":        {both, "pair", 404, "does not take text"},
		"none takes text":                 {pair, "", 404, "not served here"},
		"a model that computes no number": {undecided, "", 500, "computed no number"},
	} {
		t.Run(name, func(t *testing.T) {
			l := run(t, func(o *options) { o.write, o.DefaultModel = tc.write, tc.named })
			resp, b := l.do(t, "POST", "/predict", []byte(`{"text":"a fine film"}`))
			if resp.StatusCode != tc.status || !strings.Contains(string(b), tc.want) {
				t.Errorf("%d %s, want %d %s", resp.StatusCode, b, tc.status, tc.want)
			}
		})
	}
}

// TestAnAnswerIsHardlyLargerThanItsText sends what encoding/json would blow up.
func TestAnAnswerIsHardlyLargerThanItsText(t *testing.T) {
	l := run(t, func(o *options) { o.write, o.MaxRequest = sentiment, 4<<20 })
	text := "good " + strings.Repeat("<&>", 100_000)
	resp, b := l.do(t, "POST", "/predict", []byte(`{"text":"`+text+`"}`))
	if answer := decode[map[string]any](t, b); resp.StatusCode != http.StatusOK || answer["text"] != text || len(b) > len(text)+1000 {
		t.Errorf("%d: %d bytes for %d", resp.StatusCode, len(b), len(text))
	}
	resp, b = l.do(t, "POST", "/predict", []byte(`{"text":"`+strings.Repeat("fine ", 1<<18)+`"}`))
	if resp.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(string(b), "the text is larger than") {
		t.Errorf("a text of more than 1 MiB: %d %.100s", resp.StatusCode, b)
	}
}

// TestWaitingInTheQueueIsNotReadingABody has requests wait for longer than a
// body may take to arrive.
func TestWaitingInTheQueueIsNotReadingABody(t *testing.T) {
	l := run(t, func(o *options) {
		o.write = func(t testing.TB, root string) { pair(t, root); sentiment(t, root) }
		o.BodyTimeout, o.batch.MaxDelay = 200*time.Millisecond, time.Second
	})
	for name, headers := range map[string][]string{"fast": nil, "net/http": {"Inference-Priority", "normal"}} {
		l.fill(t)
		start := time.Now()
		resp, b := l.do(t, "POST", "/v2/models/pair/infer", []byte(good), headers...)
		if took := time.Since(start); resp.StatusCode != http.StatusOK || took < 2*200*time.Millisecond {
			t.Errorf("%s: %d %s after %s", name, resp.StatusCode, b, took)
		}
	}
}
