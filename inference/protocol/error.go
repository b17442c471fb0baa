package protocol

import (
	"fmt"
	"net/http"

	"google.golang.org/grpc/codes"
)

// A Kind is a sort of failure, with its status in both protocols.
type Kind int

// The kinds of failure.
const (
	Internal    Kind = iota // ours
	BadRequest              // the client's
	NotFound                // no such model or version
	TooLarge                // more bytes than the server takes
	Unavailable             // not now; a later try may succeed
	Expired                 // the deadline passed
	Gone                    // the client went away; nobody reads this
	Forbidden               // switched off on this server
	MediaType               // an encoding that is not understood
)

var kinds = [...]struct {
	http int
	grpc codes.Code
}{
	Internal:    {http.StatusInternalServerError, codes.Internal},
	BadRequest:  {http.StatusBadRequest, codes.InvalidArgument},
	NotFound:    {http.StatusNotFound, codes.NotFound},
	TooLarge:    {http.StatusRequestEntityTooLarge, codes.ResourceExhausted},
	Unavailable: {http.StatusServiceUnavailable, codes.Unavailable},
	Expired:     {http.StatusGatewayTimeout, codes.DeadlineExceeded},
	Gone:        {499, codes.Canceled}, // nginx's number for a client that closed the connection
	Forbidden:   {http.StatusForbidden, codes.PermissionDenied},
	MediaType:   {http.StatusUnsupportedMediaType, codes.InvalidArgument},
}

// An Error is what a client is told.
type Error struct {
	Kind    Kind
	Message string
}

func (e *Error) Error() string { return e.Message }

// HTTP is the status code.
func (e *Error) HTTP() int { return kinds[e.Kind].http }

// GRPC is the status code.
func (e *Error) GRPC() codes.Code { return kinds[e.Kind].grpc }

// Errorf makes an Error.
func Errorf(k Kind, format string, a ...any) *Error {
	return &Error{k, fmt.Sprintf(format, a...)}
}

func bad(format string, a ...any) error { return Errorf(BadRequest, format, a...) }
