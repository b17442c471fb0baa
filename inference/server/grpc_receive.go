package server

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlfleet/mlfleet/inference/protocol"
)

// A wire is a call as gRPC's transport sees it.
//
// gRPC reads a message to its end before it shows any of it, takes as long as the
// client likes, decompresses it, and decodes it to a multiple of its size. So the
// bytes are taken from the transport here, where they can be counted as they
// come. The transport gives no other promise than its methods' names; the tests
// of the limits fail if a new version of gRPC has others.
type wire interface {
	ReadMessageHeader(header []byte) error
	Read(n int) (mem.BufferSlice, error)
	RecvCompress() string
	WriteStatus(*status.Status) error
}

// A receiver receives the messages of a call within the server's limits of time
// and memory.
type receiver struct {
	s      *Server
	wire   wire
	limit  int64 // of a message, in bytes
	held   int64 // bytes that are reserved for the call
	failed bool  // to receive
	late   bool  // the timer has gone off, and may still be at work
	header [5]byte
	buf    []byte
	timer  *time.Timer
	decode func(any) error // receiveOnly, made once
}

var receivers = sync.Pool{New: func() any {
	r := &receiver{}
	r.decode = r.receiveOnly
	r.timer = time.AfterFunc(time.Hour, r.giveUp)
	r.timer.Stop()
	return r
}}

var errLate = status.New(codes.DeadlineExceeded, "the message took too long to arrive, or its answer to be taken")

// receiver makes a receiver for a call. Release gives it back.
func (s *Server) receiver(ctx context.Context, limit int64) (*receiver, error) {
	w, ok := grpc.ServerTransportStreamFromContext(ctx).(wire)
	if !ok {
		return nil, status.Error(codes.Internal, "this version of gRPC's transport cannot be read from")
	}
	r := receivers.Get().(*receiver)
	r.s, r.wire, r.limit, r.held, r.failed = s, w, limit, 0, false
	return r, nil
}

func (r *receiver) release() {
	r.s.free(r.held)
	if r.late {
		return
	}
	r.wire, r.buf = nil, keep(r.buf)
	receivers.Put(r)
}

// giveUp ends a call, which wakes up whoever reads from it or writes to it.
func (r *receiver) giveUp() { r.wire.WriteStatus(errLate) }

// within runs do, and ends the call if that takes too long.
func (r *receiver) within(limit time.Duration, do func() error) error {
	r.timer.Reset(limit)
	err := do()
	if !r.timer.Stop() {
		r.late = true
		return errLate.Err()
	}
	return err
}

// receiveOnly receives the message of a call that has just one.
func (r *receiver) receiveOnly(v any) error {
	err := r.receive(v, func() error {
		if err := r.read(); err != nil {
			return err
		}
		return r.end()
	})
	if errors.Is(err, io.EOF) {
		err = status.Error(codes.Internal, "the call ended without a message")
	}
	r.failed = err != nil
	return err
}

// receive receives a message with read and decodes it into v.
func (r *receiver) receive(v any, read func() error) error {
	if enc := r.wire.RecvCompress(); enc != "" && enc != "identity" {
		// It would be decompressed into memory that nobody has counted.
		return status.Errorf(codes.Unimplemented, "grpc-encoding %.40q is not supported; send messages as they are", enc)
	}
	if err := r.within(r.s.opts.BodyTimeout, read); err != nil {
		return received(err)
	}
	return r.unmarshal(v)
}

// received is an error as the client is told it.
func received(err error) error {
	if errors.Is(err, io.EOF) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return status.Error(codes.Internal, "the message ends early")
	}
	if e := new(protocol.Error); errors.As(err, &e) {
		return refuse(err)
	}
	if s, ok := status.FromError(err); ok {
		return s.Err()
	}
	return status.FromContextError(err).Err()
}

// read reads a message into buf. Memory is taken as the bytes come, never because
// a header announces them; what is asked for ahead is no more than what has come,
// or one frame.
func (r *receiver) read() error {
	const frame = 16 << 10
	if err := r.wire.ReadMessageHeader(r.header[:]); err != nil {
		return err
	}
	if r.header[0] != 0 {
		return status.Error(codes.Internal, "a compressed message in a call that names no grpc-encoding")
	}
	left := int64(binary.BigEndian.Uint32(r.header[1:]))
	if left > r.limit {
		return protocol.Errorf(protocol.TooLarge, "the message is larger than %d bytes", r.limit)
	}
	r.buf = r.buf[:0]
	for left > 0 {
		pieces, err := r.wire.Read(int(min(left, max(frame, int64(len(r.buf))))))
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		n := pieces.Len()
		if err := r.hold(int64(n)); err != nil {
			pieces.Free()
			return err
		}
		r.buf = slices.Grow(r.buf, n)
		pieces.CopyTo(r.buf[len(r.buf) : len(r.buf)+n])
		r.buf = r.buf[:len(r.buf)+n]
		pieces.Free()
		left -= int64(n)
	}
	return nil
}

// end waits for the end of a call that has had its one message.
func (r *receiver) end() error {
	err := r.wire.ReadMessageHeader(r.header[:])
	switch {
	case err == nil:
		return status.Error(codes.Internal, "a second message in a call that takes one")
	case errors.Is(err, io.EOF):
		return nil
	}
	return err
}

// unmarshal decodes the message that was read, for which memory is taken first:
// decoded, it may be many times as large.
func (r *receiver) unmarshal(v any) error {
	m, ok := v.(proto.Message)
	if !ok {
		return status.Errorf(codes.Internal, "a %T is no message", v)
	}
	raw := int64(len(r.buf))
	if _, ok := v.(*protocol.ModelInferRequest); ok {
		n, err := protocol.Weigh(r.buf)
		if err == nil {
			err = r.hold(n)
		}
		if err != nil {
			return refuse(err)
		}
	}
	if err := proto.Unmarshal(r.buf, m); err != nil {
		return status.Errorf(codes.Internal, "the message cannot be decoded: %v", err)
	}
	r.s.free(raw)
	r.held -= raw
	return nil
}

func (r *receiver) hold(n int64) error {
	if err := r.s.reserve(n); err != nil {
		return err
	}
	r.held += n
	return nil
}

// unary makes the methods of a service ones that receive within the limits. gRPC
// calls a method of no stream's kind as it calls a unary one.
func (s *Server) unary(desc grpc.ServiceDesc, limit func(method string) int64) *grpc.ServiceDesc {
	for _, m := range desc.Methods {
		most, infers := limit(m.MethodName), m.MethodName == inferMethod
		desc.Streams = append(slices.Clip(desc.Streams), grpc.StreamDesc{
			StreamName: m.MethodName,
			Handler: func(srv any, stream grpc.ServerStream) error {
				r, err := s.receiver(stream.Context(), most)
				if err != nil {
					return err
				}
				defer r.release()
				out, err := m.Handler(srv, stream.Context(), r.decode, unpanic)
				if infers && r.failed {
					s.metrics.Response("grpc", status.Code(err).String())
				}
				if err != nil {
					return err
				}
				return r.within(s.opts.BodyTimeout, func() error { return stream.SendMsg(out) })
			},
		})
	}
	desc.Methods = nil
	return &desc
}

// bounded is a stream whose messages are received within the limits.
type bounded struct {
	grpc.ServerStream
	r *receiver
}

// RecvMsg implements grpc.ServerStream.
func (b bounded) RecvMsg(v any) error { return b.r.receive(v, b.r.read) }

// bound is the interceptor of streams.
func (s *Server) bound(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	r, err := s.receiver(stream.Context(), maxControl)
	if err != nil {
		return err
	}
	defer r.release()
	return next(srv, bounded{stream, r})
}
