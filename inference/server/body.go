package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"syscall"

	"github.com/mlfleet/mlfleet/inference/protocol"
)

// readBody reads a request's body into buf. It returns the bytes, and how many
// of them are reserved and must be freed, also on an error.
//
// Memory is taken as the bytes come, never because a header announces them.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request, buf []byte) (body []byte, reserved int64, err error) {
	if enc := r.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return buf, 0, protocol.Errorf(protocol.MediaType, "content encoding %.40q is not supported", enc)
	}
	if r.ContentLength > s.opts.MaxRequest {
		return buf, 0, &http.MaxBytesError{Limit: s.opts.MaxRequest}
	}
	limited := http.MaxBytesReader(w, r.Body, s.opts.MaxRequest)
	const first = 64 << 10
	body = slices.Grow(buf[:0], int(min(max(r.ContentLength, 512), first))+1)
	for {
		n, err := limited.Read(body[len(body):cap(body)])
		if n > 0 {
			if err := s.reserve(int64(n)); err != nil {
				return body, reserved, err
			}
			reserved += int64(n)
			body = body[:len(body)+n]
		}
		if errors.Is(err, io.EOF) {
			return body, reserved, nil
		}
		if err != nil {
			return body, reserved, readError(err)
		}
		if len(body) == cap(body) {
			body = slices.Grow(body, len(body)) // doubles
		}
	}
}

func readError(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return protocol.Errorf(protocol.Expired, "the body took too long to arrive")
	case isGone(err):
		return err
	}
	return protocol.Errorf(protocol.BadRequest, "the body could not be read: %v", err)
}

// isGone says whether an error means that nobody waits for an answer.
func isGone(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
