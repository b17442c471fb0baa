package registry

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// maxAsked is the longest that a registry may make us wait before the next
// attempt. Docker Hub's and GHCR's limits ask for seconds when a burst was too
// much, and for hours when an allowance is used up: nobody waits for those.
const maxAsked = 2 * time.Minute

// asked is how long a registry asked us to wait during one attempt. It travels
// in the attempt's context: the error that go-containerregistry makes of an
// answer has lost the answer's header.
type asked struct{ longest atomic.Int64 }

type askedKey struct{}

// wait is the longest that was asked for; 0 is nothing.
func (a *asked) wait() time.Duration { return time.Duration(a.longest.Load()) }

// listening notes Retry-After (RFC 9110, section 10.2.3).
type listening struct{ inner http.RoundTripper }

func (l *listening) RoundTrip(in *http.Request) (*http.Response, error) {
	resp, err := l.inner.RoundTrip(in)
	if err != nil || resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return resp, err
	}
	if a, ok := in.Context().Value(askedKey{}).(*asked); ok {
		wait := int64(retryAfter(resp.Header))
		for before := a.longest.Load(); wait > before && !a.longest.CompareAndSwap(before, wait); {
			before = a.longest.Load()
		}
	}
	return resp, nil
}

// retryAfter reads seconds, or a date, which is compared with the server's own
// clock; 0 where neither is there.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	then, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return max(then.Sub(now), 0)
}
