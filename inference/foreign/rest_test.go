package foreign

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// An exchange is a recorded request and the server's answer.
type exchange struct {
	Name   string          `json:"name"`
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Body   json.RawMessage `json:"body,omitempty"`
	// Forbidden requests break the description. The proxy must refuse them, and so
	// must the server when it is asked without the proxy.
	Forbidden bool `json:"forbidden,omitempty"`
	Status    int  `json:"status"`
	Answer    any  `json:"answer"`
}

const restFile = "testdata/rest.json"

func TestExchangesKeepToTheDescription(t *testing.T) {
	server, _ := startServer(t)
	proxy := startProxy(t, amended(t, published(t)), server)
	all := load[exchange](t, restFile)
	for i := range all {
		x := &all[i]
		t.Run(x.Name, func(t *testing.T) {
			status, _, answer := x.ask(t, server)
			if *update {
				x.Status, x.Answer = status, value(answer)
			}
			if status != x.Status || !same(value(answer), x.Answer) {
				t.Errorf("the server answers %d %s, recorded is %d %v", status, answer, x.Status, x.Answer)
			}
			if x.Forbidden && x.Status != http.StatusBadRequest {
				t.Errorf("the description forbids it, the server answers %d", x.Status)
			}
			through, header, body := x.ask(t, proxy)
			switch violations := header.Get("sl-violations"); {
			case x.Forbidden && through != http.StatusUnprocessableEntity:
				t.Errorf("the description forbids it, the proxy answers %d %s", through, body)
			case !x.Forbidden && violations != "":
				t.Errorf("violations: %s", violations)
			case !x.Forbidden && (through != status || !same(value(body), value(answer))):
				t.Errorf("the proxy answers %d %s, the server alone %d %s", through, body, status, answer)
			}
		})
	}
	if *update {
		store(t, restFile, all)
	}
}

func (x *exchange) ask(t *testing.T, base string) (int, http.Header, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), x.Method, base+x.Path, bytes.NewReader(x.Body))
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	r, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, r.Header, b
}

// TestTheProxyTells puts the proxy before a server that breaks the description,
// to see that it would tell.
func TestTheProxyTells(t *testing.T) {
	wrong := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/infer"):
			io.WriteString(w, `{"model_name":"sentiment","outputs":[{"name":"p","shape":"[1,2]","datatype":"FP32","data":[0,1]}]}`)
		case strings.HasSuffix(r.URL.Path, "/none"):
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, `{"message":"no such model"}`)
		default:
			io.WriteString(w, `{"name":"wrong","version":2,"extensions":[]}`)
		}
	}))
	defer wrong.Close()
	proxy := startProxy(t, amended(t, published(t)), wrong.URL)
	body := json.RawMessage(`{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}`)
	for want, x := range map[string]exchange{
		"version":         {Method: http.MethodGet, Path: "/v2/"},
		"error":           {Method: http.MethodGet, Path: "/v2/models/none"},
		"outputs":         {Method: http.MethodPost, Path: "/v2/models/m/infer", Body: body},
		"NO_PATH_MATCHED": {Method: http.MethodGet, Path: "/v2/nowhere"},
	} {
		status, header, answer := x.ask(t, proxy)
		if status < 400 || !strings.Contains(header.Get("sl-violations")+string(answer), want) {
			t.Errorf("%s: the proxy answers %d %s (violations %q)", x.Path, status, answer, header.Get("sl-violations"))
		}
	}
}
