package load_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/inference/load"
)

// serve starts a server and returns its address, and a request for it.
func serve(t *testing.T, h http.HandlerFunc) load.Options {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // only then net/http sees that a client goes away
		h(w, r)
	}))
	t.Cleanup(s.Close)
	address := s.Listener.Addr().String()
	return load.Options{
		Address: address, Request: load.Request("POST", address, "/x", []byte("body"), "X-Test: 1"), Clients: 8, Timeout: 5 * time.Second,
	}
}

// stalling answers at once, but for the time from one moment after its first
// request to another, in which it answers nothing.
func stalling(from, to time.Duration) http.HandlerFunc {
	var first atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		first.CompareAndSwap(0, time.Now().UnixNano())
		since := time.Since(time.Unix(0, first.Load()))
		if since > from && since < to {
			select {
			case <-time.After(to - since):
			case <-r.Context().Done():
			}
		}
		w.Write([]byte("answer"))
	}
}

// TestAStallCountsForAllWhoWouldHaveWaited stalls a server for a third of the
// run. Of 600 users, 200 come meanwhile, and each waits until its end: a tenth
// of all waits for 0.7 s and longer. Who sends the next request only when the
// last is answered sees as many slow ones as it has connections.
func TestAStallCountsForAllWhoWouldHaveWaited(t *testing.T) {
	const rate = 200
	o := serve(t, stalling(time.Second, 2*time.Second))
	o.Rate, o.Duration = rate, 3*time.Second
	r, err := load.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Sent < 3*rate-1 || r.Sent > 3*rate+1 || r.OK != r.Sent {
		t.Errorf("%d sent, %d ok, failed %v, want all of %d", r.Sent, r.OK, r.Failed, 3*rate)
	}
	if q := r.Quantile(90); q < 500*time.Millisecond {
		t.Errorf("90 %% of the latencies are up to %s; a tenth waited for 0.7 s or more", q)
	}
	if q := r.Quantile(100); q < 900*time.Millisecond || q > 3*time.Second {
		t.Errorf("the longest wait was %s of a stall of 1 s", q)
	}

	o = serve(t, stalling(time.Second, 2*time.Second))
	o.Duration = 3 * time.Second
	closed, err := load.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if q := closed.Quantile(90); q >= r.Quantile(90) {
		t.Errorf("the closed loop, which cannot see it, has a p90 of %s", q)
	}
}

func TestAStallAtTheEndCountsToo(t *testing.T) {
	o := serve(t, stalling(500*time.Millisecond, 1500*time.Millisecond))
	o.Rate, o.Duration, o.Clients = 100, time.Second, 4
	r, err := load.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Sent < 99 || r.Sent > 101 || r.OK != r.Sent || !r.Unstable {
		t.Errorf("%d sent, %d ok, failed %v, unstable %v, want all of 100 answered, late", r.Sent, r.OK, r.Failed, r.Unstable)
	}
	if q := r.Quantile(75); q < 600*time.Millisecond {
		t.Errorf("a quarter of the users waited for 0.75 s or longer, but the p75 is %s", q)
	}
}

func TestWhatWasDueAndNeverSentIsAFailure(t *testing.T) {
	o := serve(t, stalling(500*time.Millisecond, time.Hour))
	o.Rate, o.Duration, o.Clients, o.Timeout = 100, time.Second, 4, 300*time.Millisecond
	r, err := load.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	failed := int64(0)
	for _, n := range r.Failed {
		failed += n
	}
	if r.Sent < 99 || r.Sent > 101 || r.OK+failed != r.Sent || r.OK > 60 {
		t.Errorf("%d sent, %d ok, failed %v, want all of 100 and about half of them ok", r.Sent, r.OK, r.Failed)
	}
	if r.Failed["timeout"] == 0 || r.Failed["not sent in time"] == 0 || !r.Unstable {
		t.Errorf("failed %v, unstable %v", r.Failed, r.Unstable)
	}
}

func TestTheRateAndTheTimeAreKept(t *testing.T) {
	var answered atomic.Int64
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "POST" || r.URL.Path != "/x" || r.Header.Get("X-Test") != "1" || r.ContentLength != 4 {
			t.Errorf("got %s %s %v", r.Method, r.URL, r.Header)
		}
		answered.Add(1)
		w.Write([]byte("answer"))
	})
	o.Rate, o.WarmUp, o.Duration = 300, 200*time.Millisecond, time.Second
	start := time.Now()
	r, err := load.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 1200*time.Millisecond || took > 3*time.Second {
		t.Errorf("the run took %s, want 1.2 s", took)
	}
	if r.Sent < 299 || r.Sent > 301 || r.OK != r.Sent || len(r.Failed) > 0 {
		t.Errorf("%d sent, %d ok, failed %v, want 300", r.Sent, r.OK, r.Failed)
	}
	if n := answered.Load(); n < 359 || n > 361 {
		t.Errorf("the server answered %d requests, want 360 with the warm-up", n)
	}
	if got := r.Throughput(); got < 100 || got > 301 {
		t.Errorf("throughput %v/s", got)
	}
	if r.OwnCPU <= 0 || r.OwnCPU > 10*time.Second {
		t.Errorf("own CPU time %s", r.OwnCPU)
	}
}

func TestTheClosedLoopEndsInTime(t *testing.T) {
	o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(10 * time.Millisecond)
		w.Write([]byte("answer"))
	})
	o.Duration = 500 * time.Millisecond
	start := time.Now()
	r, err := load.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("the run took %s, want 0.5 s", took)
	}
	// Eight connections, each with an answer every 10 ms at the earliest.
	if r.OK < 8 || r.OK > 8*51 || r.OK != r.Sent || r.Unstable {
		t.Errorf("%d sent, %d ok, failed %v, unstable %v", r.Sent, r.OK, r.Failed, r.Unstable)
	}
	if q := r.Quantile(0); q < 10*time.Millisecond {
		t.Errorf("the fastest answer came after %s", q)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	o.Duration = time.Minute
	start = time.Now()
	if _, err := load.Run(ctx, o); err != nil || time.Since(start) > 2*time.Second {
		t.Errorf("stopped after %s: %v", time.Since(start), err)
	}
}

func TestFailuresAreCountedByTheirKind(t *testing.T) {
	for want, h := range map[string]http.HandlerFunc{
		"status 503":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"connection closed": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"timeout":           func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		o := serve(t, h)
		o.Rate, o.Duration, o.Timeout = 50, 200*time.Millisecond, 200*time.Millisecond
		r, err := load.Run(t.Context(), o)
		if err != nil || r.OK != 0 || r.Failed[want] == 0 {
			t.Errorf("%s: %d ok, failed %v, %v", want, r.OK, r.Failed, err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	o := load.Options{Address: l.Addr().String(), Request: []byte("x"), Clients: 1, Rate: 50, Duration: 200 * time.Millisecond}
	if r, err := load.Run(t.Context(), o); err != nil || r.Failed["connection refused"] != r.Sent || r.Sent == 0 {
		t.Errorf("nobody listens: %+v, %v", r, err)
	}
}

func TestARunNeedsItsOptions(t *testing.T) {
	good := load.Options{Address: "127.0.0.1:1", Request: []byte("x"), Clients: 1, Duration: time.Millisecond}
	for name, change := range map[string]func(*load.Options){
		"a request":  func(o *load.Options) { o.Request = nil },
		"clients":    func(o *load.Options) { o.Clients = 0 },
		"a duration": func(o *load.Options) { o.Duration = 0 },
	} {
		o := good
		change(&o)
		if _, err := load.Run(t.Context(), o); err == nil {
			t.Errorf("a run without %s", name)
		}
	}
}

func TestAwaitWaitsForTheFirstGoodAnswer(t *testing.T) {
	var asked atomic.Int64
	o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) <= 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte("answer"))
	})
	if took, err := load.Await(t.Context(), o, 10*time.Second); err != nil || asked.Load() != 4 || took < 60*time.Millisecond {
		t.Errorf("after %s and %d requests: %v", took, asked.Load(), err)
	}
	asked.Store(-1 << 40)
	if _, err := load.Await(t.Context(), o, 100*time.Millisecond); err == nil {
		t.Error("503 is taken for an answer")
	}
}
