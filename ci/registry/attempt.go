package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// An Error is a registry that could not be used.
type Error struct {
	Doing    string // "push ghcr.io/mlfleet/inference"
	Registry string // its host, and the mirror's where there is one
	Attempts int
	Err      error // of the last attempt
}

func (e *Error) Error() string {
	times := "1 attempt"
	if e.Attempts != 1 {
		times = fmt.Sprintf("%d attempts", e.Attempts)
	}
	return fmt.Sprintf("%s: registry %s failed after %s: %v; %s", e.Doing, e.Registry, times, e.Err, e.advice())
}

func (e *Error) Unwrap() error { return e.Err }

// advice is what to do about it.
func (e *Error) advice() string {
	if errors.Is(e.Err, context.Canceled) || errors.Is(e.Err, context.DeadlineExceeded) {
		return "it was stopped from here, not by the registry; running this again goes on with what is missing"
	}
	if answer, ok := errors.AsType[*transport.Error](e.Err); ok {
		switch code := answer.StatusCode; {
		case code == http.StatusUnauthorized, code == http.StatusForbidden:
			return "log in with docker login, or check that these credentials may do this"
		case code == http.StatusNotFound:
			return "check that the image was pushed there and that the name and digest are right"
		case code == http.StatusTooManyRequests:
			return "wait for the rate limit to pass and run this again; what was pushed is kept"
		case code >= http.StatusInternalServerError:
			return "the registry itself is failing: see its status and logs, and run this again when it is well; what was pushed is kept and no tag was moved"
		}
		return "the registry refused the request; see its answer above"
	}
	if temporary(e.Err) {
		return "check that the registry can be reached from here, or name a mirror of it; running this again goes on with what is missing"
	}
	return "running this again without a change will fail again"
}

// Explain adds to an error that came of Options, and not of Do, what to do about it.
func (c *Client) Explain(err error) error {
	if _, answered := errors.AsType[*transport.Error](err); !answered && !temporary(err) {
		return err
	}
	return fmt.Errorf("%w; %s", err, (&Error{Err: err}).advice())
}

// Do runs one operation at a registry until it succeeds, fails for good, or the
// attempts are used up; then the error is an *Error. The operation gets options
// that make go-containerregistry try once, and must be one that may be repeated.
// A registry that names a time to wait (Retry-After) is given it, where that is
// at most maxAsked. Doing says what for, as in "push ghcr.io/mlfleet/inference".
func (c *Client) Do(ctx context.Context, doing, host string, operation func(options []remote.Option) error) error {
	wait := c.wait
	for attempt := 1; ; attempt++ {
		noted := &asked{}
		err := operation(c.options(context.WithValue(ctx, askedKey{}, noted), 1))
		if err == nil {
			return nil
		}
		pause := max(wait, noted.wait())
		if noted.wait() > maxAsked {
			err = fmt.Errorf("%w (it asks to wait %s)", err, noted.wait())
		}
		if stopped := context.Cause(ctx); stopped != nil && !errors.Is(err, stopped) {
			err = fmt.Errorf("%w, and: %w", stopped, err) // whatever the registry answered meanwhile
		}
		if ctx.Err() != nil || attempt == c.attempts || !temporary(err) || noted.wait() > maxAsked {
			return &Error{Doing: doing, Registry: c.where(host), Attempts: attempt, Err: err}
		}
		if stopped := sleep(ctx, pause); stopped != nil {
			return &Error{Doing: doing, Registry: c.where(host), Attempts: attempt, Err: fmt.Errorf("%w, waiting after: %w", stopped, err)}
		}
		wait *= 2
	}
}

// where names a registry and its mirror.
func (c *Client) where(host string) string {
	if m, ok := c.mirrors[host]; ok {
		return fmt.Sprintf("%s (at its mirror %s)", host, m.Host)
	}
	return host
}

// sleep waits, give or take a tenth so that many clients do not come back at
// once, or until the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	d += time.Duration(rand.Int64N(int64(d)/5+1)) - d/10
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// temporary says whether another attempt may succeed: the registry failed or
// was too busy, or the connection did. Refusals, wrong digests, names that do
// not exist and the caller's own cancellation are for good.
func temporary(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if answer, ok := errors.AsType[*transport.Error](err); ok {
		switch answer.StatusCode {
		case http.StatusRequestTimeout, http.StatusTooManyRequests:
			return true
		}
		return answer.StatusCode >= http.StatusInternalServerError && answer.StatusCode != http.StatusNotImplemented
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return !dns.IsNotFound
	}
	var op net.Error // timeouts, and what the system says of a connection
	var sys *net.OpError
	return errors.As(err, &sys) || errors.As(err, &op) && op.Timeout() || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) || errors.As(err, new(cutError))
}
