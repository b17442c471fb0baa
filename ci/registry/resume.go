package registry

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// resuming goes on with a download whose connection was cut, from the byte
// where it broke off: a layer of gigabytes must not start again for one reset.
type resuming struct {
	inner    http.RoundTripper
	attempts int
	wait     time.Duration
}

func (r *resuming) RoundTrip(in *http.Request) (*http.Response, error) {
	resp, err := r.inner.RoundTrip(in)
	if err != nil || in.Method != http.MethodGet || in.Header.Get("Range") != "" ||
		resp.StatusCode != http.StatusOK || resp.ContentLength <= 0 || resp.Uncompressed {
		return resp, err
	}
	resp.Body = &resumedBody{r: r, request: in, body: resp.Body, size: resp.ContentLength}
	return resp, nil
}

// cutError is a download that stayed cut. It is temporary.
type cutError struct {
	at, size int64
	err      error
}

func (e cutError) Error() string {
	return fmt.Sprintf("the download was cut at byte %d of %d: %v", e.at, e.size, e.err)
}
func (e cutError) Unwrap() error { return e.err }

type resumedBody struct {
	r        *resuming
	request  *http.Request
	body     io.ReadCloser
	at, size int64 // bytes
	cuts     int
}

func (b *resumedBody) Read(p []byte) (int, error) {
	for {
		n, err := b.body.Read(p)
		b.at += int64(n)
		switch {
		case err == nil, err == io.EOF && b.at == b.size:
			return n, err
		case err == io.EOF:
			err = io.ErrUnexpectedEOF
		}
		ctx := b.request.Context()
		if ctx.Err() != nil {
			return n, context.Cause(ctx)
		}
		if again := b.reopen(ctx, err); again != nil {
			return n, cutError{b.at, b.size, again}
		}
		if n > 0 {
			return n, nil
		}
	}
}

// reopen asks for the rest, waiting longer with every cut. A cut after progress
// counts as much as one without: a registry that cuts after every byte is broken.
func (b *resumedBody) reopen(ctx context.Context, cause error) error {
	b.body.Close()
	for ; b.cuts < b.r.attempts-1; b.cuts++ {
		if err := sleep(ctx, b.r.wait<<b.cuts); err != nil {
			return err
		}
		again := b.request.Clone(ctx)
		again.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", b.at, b.size-1))
		resp, err := b.r.inner.RoundTrip(again)
		if err != nil {
			cause = err
			continue
		}
		if err := b.skip(resp); err != nil {
			resp.Body.Close()
			cause = err
			continue
		}
		b.body = resp.Body
		b.cuts++
		return nil
	}
	return cause
}

// skip sees to it that the answer goes on at b.at: servers may ignore a range
// and send everything.
func (b *resumedBody) skip(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusPartialContent:
		if want := fmt.Sprintf("bytes %d-", b.at); !strings.HasPrefix(resp.Header.Get("Content-Range"), want) {
			return fmt.Errorf("asked for %s…, got Content-Range %q", want, resp.Header.Get("Content-Range"))
		}
		return nil
	case http.StatusOK:
		_, err := io.CopyN(io.Discard, resp.Body, b.at)
		return err
	}
	return fmt.Errorf("the rest was answered with %s", resp.Status)
}

func (b *resumedBody) Close() error { return b.body.Close() }
