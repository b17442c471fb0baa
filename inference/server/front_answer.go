package server

import (
	"log/slog"
	"net/http"
	"strconv"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/protocol"
	"github.com/mlfleet/mlfleet/inference/repository"
)

// answer is a whole response, in x.
func (c *fastConn) answer(x *scratch, v *repository.Version, call *batch.Call, last bool) ([]byte, error) {
	// The head tells the length of what comes after it, so it is written into
	// room left before the body.
	const room = 256
	if cap(x.out) < room {
		x.out = make([]byte, room, 4096)
	}
	out, json, err := x.infer.Encode(x.out[:room], v.Model, v.Name, v.Signature, call)
	if err != nil {
		return nil, err
	}
	x.out = out
	var head [room]byte
	b := append(head[:0], "HTTP/1.1 200 OK\r\nDate: "...)
	b = append(b, *c.f.date.Load()...)
	b = append(b, "\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(out)-room), 10)
	if json < 0 {
		b = append(b, "\r\nContent-Type: application/json"...)
	} else {
		b = append(b, "\r\nContent-Type: application/octet-stream\r\nInference-Header-Content-Length: "...)
		b = strconv.AppendInt(b, int64(json), 10)
	}
	if last {
		b = append(b, "\r\nConnection: close"...)
	}
	b = append(b, "\r\n\r\n"...)
	at := room - len(b)
	copy(out[at:], b)
	return out[at:], nil
}

// refusal is a whole response that tells an error, in x.
func (c *fastConn) refusal(x *scratch, err error, last bool) []byte {
	e := failure(err)
	if e.Kind == protocol.Internal {
		slog.Warn("a request failed", "error", e.Message)
	}
	c.f.s.metrics.Response("http", statusText(e.HTTP()))
	body := protocol.AppendError(nil, e.Message)
	b := append(x.out[:0], "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(e.HTTP()), 10)
	b = append(append(b, ' '), http.StatusText(e.HTTP())...)
	b = append(append(b, "\r\nDate: "...), *c.f.date.Load()...)
	b = append(b, "\r\nContent-Type: application/json\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	if e.Kind == protocol.Unavailable {
		b = append(b, "\r\nRetry-After: 1"...)
	}
	if last {
		b = append(b, "\r\nConnection: close"...)
	}
	x.out = append(append(b, "\r\n\r\n"...), body...)
	return x.out
}
