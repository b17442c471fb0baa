package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"syscall"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/protocol"
	"github.com/mlfleet/mlfleet/inference/repository"
)

func TestEveryFailureHasItsStatusInBothProtocols(t *testing.T) {
	for _, tc := range []struct {
		err  error
		http int
		grpc codes.Code
	}{
		{protocol.Errorf(protocol.BadRequest, "x"), 400, codes.InvalidArgument},
		{&http.MaxBytesError{Limit: 1}, 413, codes.ResourceExhausted},
		{repository.ErrNoModel, 404, codes.NotFound},
		{repository.ErrNoVersion, 404, codes.NotFound},
		{repository.ErrClosed, 503, codes.Unavailable},
		{batch.ErrFull, 503, codes.Unavailable},
		{batch.ErrClosed, 503, codes.Unavailable},
		{batch.ErrExpired, 504, codes.DeadlineExceeded},
		{context.DeadlineExceeded, 504, codes.DeadlineExceeded},
		{context.Canceled, 499, codes.Canceled},
		{batch.ErrGone, 499, codes.Canceled},
		{io.ErrUnexpectedEOF, 499, codes.Canceled},
		{syscall.ECONNRESET, 499, codes.Canceled},
		{errors.New("something else"), 500, codes.Internal},
	} {
		for _, err := range []error{tc.err, fmt.Errorf("wrapped: %w", tc.err)} {
			if e := failure(err); e.HTTP() != tc.http || e.GRPC() != tc.grpc || e.Message == "" {
				t.Errorf("%v: %d %v %q, want %d %v", err, e.HTTP(), e.GRPC(), e.Message, tc.http, tc.grpc)
			}
		}
	}
}
