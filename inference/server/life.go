package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"
)

// Ports are the listeners of a server. Metrics may be nil.
type Ports struct {
	HTTP, GRPC, Metrics net.Listener
}

// A Life serves the ports from Start to Stop.
type Life struct {
	s      *Server
	ports  Ports
	front  *front
	rest   *http.Server
	scrape *http.Server
	grpc   *grpc.Server
	starts *starts // connections on their way into grpc
	failed chan error
}

// Start begins to serve. Requests are answered at once; /ready says whether
// they should be sent.
func (s *Server) Start(p Ports, scrape http.Handler) *Life {
	l := &Life{s: s, ports: p, grpc: s.GRPC(), starts: &starts{Listener: p.GRPC}, failed: make(chan error, 3)}
	l.rest = &http.Server{
		Handler:           s.REST(),
		ReadHeaderTimeout: s.opts.HeadTimeout,
		ReadTimeout:       s.opts.BodyTimeout,
		WriteTimeout:      s.opts.BodyTimeout, // of what net/http says by itself; see begin
		IdleTimeout:       s.opts.IdleTimeout,
		MaxHeaderBytes:    maxHead,
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
	l.front = newFront(s, p.HTTP)
	go l.serve("http", func() error { return l.rest.Serve(l.front) })
	go l.serve("grpc", func() error { return l.grpc.Serve(l.starts) })
	if p.Metrics != nil {
		l.scrape = &http.Server{
			Handler:           scrape,
			ReadHeaderTimeout: s.opts.HeadTimeout,
			ReadTimeout:       s.opts.BodyTimeout,
			WriteTimeout:      s.opts.BodyTimeout,
			IdleTimeout:       s.opts.IdleTimeout,
			MaxHeaderBytes:    maxHead,
		}
		go l.serve("metrics", func() error { return l.scrape.Serve(p.Metrics) })
	}
	return l
}

func (l *Life) serve(what string, run func() error) {
	err := run()
	if err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		l.failed <- fmt.Errorf("serve %s: %w", what, err)
	}
}

// Failed reports a port that cannot be served any more.
func (l *Life) Failed() <-chan error { return l.failed }

// linger is how long a draining server goes on taking connections: long enough
// for one more probe to see that it is not ready, and for busy clients to be
// told, with their next answer, to connect elsewhere. Kubernetes' preStop sleep
// comes before all this.
const linger = time.Second

// Stop drains: the server becomes unready, goes on serving for a moment, then
// takes no more connections, answers what it has accepted, and closes. limit
// bounds all of it; what is not answered by then is cut off, which is an error.
//
// No accepted request fails. Over HTTP, a request is accepted if it comes on a
// connection that the client has been granted (its connect has succeeded) and on
// which no answer has said "Connection: close". So the drain closes no
// connection that it has not told: every answer tells it, a request of which
// half has come is waited for, and a connection on which nothing comes stays open
// until four fifths of limit have passed, because its client may be about to send.
// The last fifth is for those that did so at the last moment.
//
// Over gRPC, a call is accepted if its stream is one that the server's last
// GOAWAY frame includes; clients send the others again elsewhere.
//
// A connect that the kernel refuses, at once or after it has ignored the first
// attempt, is not an accepted request.
func (l *Life) Stop(limit time.Duration) error {
	started := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	patience, cancel := context.WithTimeout(ctx, limit/5*4)
	defer cancel()
	l.s.Drain()
	slog.Info("draining", "limit", limit.String())
	sleep(ctx, min(linger, limit/4))
	l.closePorts(patience)
	var wg sync.WaitGroup
	var cut error
	wg.Go(func() { cut = l.stopHTTP(ctx, patience) })
	wg.Go(func() { l.stopGRPC(ctx) })
	wg.Wait()
	slog.Info("drained", "took", time.Since(started).Round(time.Millisecond).String(), "cut_off", cut != nil)
	if l.scrape != nil { // last, so that the drain can be watched
		l.scrape.Close()
	}
	return cut
}

// closePorts ends the taking of connections.
func (l *Life) closePorts(ctx context.Context) {
	var wg sync.WaitGroup
	for _, p := range []net.Listener{l.ports.HTTP, l.ports.GRPC} {
		wg.Go(func() {
			if s, ok := p.(*listener); ok {
				s.Stop(ctx)
			} else {
				p.Close()
			}
		})
	}
	wg.Wait()
}

// stopHTTP ends the front before net/http: it may still hand connections over.
func (l *Life) stopHTTP(ctx, patience context.Context) error {
	cut := l.front.stop(ctx, patience)
	if err := l.rest.Shutdown(ctx); err != nil {
		l.rest.Close()
		cut = errors.Join(cut, err)
	}
	l.front.parted(ctx)
	if cut != nil {
		return fmt.Errorf("requests were still in progress: %w", cut)
	}
	return nil
}

func (l *Life) stopGRPC(ctx context.Context) {
	l.starts.wait(ctx)
	done := make(chan struct{})
	go func() {
		l.grpc.GracefulStop()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		go l.grpc.Stop()
		select {
		case <-done:
		case <-time.After(settle): // somebody connected and says nothing
		}
	}
}
