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
	failed chan error
}

// Start begins to serve. Requests are answered at once; /ready says whether
// they should be sent.
func (s *Server) Start(p Ports, scrape http.Handler) *Life {
	l := &Life{s: s, ports: p, grpc: s.GRPC(), failed: make(chan error, 3)}
	l.rest = &http.Server{
		Handler:           s.REST(),
		ReadHeaderTimeout: s.opts.HeadTimeout,
		ReadTimeout:       s.opts.BodyTimeout,
		WriteTimeout:      s.opts.BodyTimeout + s.opts.Timeout,
		IdleTimeout:       s.opts.IdleTimeout,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
	l.front = newFront(s, p.HTTP)
	go l.serve("http", func() error { return l.rest.Serve(l.front) })
	go l.serve("grpc", func() error { return l.grpc.Serve(p.GRPC) })
	if p.Metrics != nil {
		l.scrape = &http.Server{Handler: scrape, ReadHeaderTimeout: s.opts.HeadTimeout}
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
// bounds all of it; what is not answered by then is cut off.
func (l *Life) Stop(limit time.Duration) error {
	started := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	l.s.Drain()
	slog.Info("draining", "limit", limit.String())
	select {
	case <-time.After(min(linger, limit/4)):
	case <-ctx.Done():
	}
	var wg sync.WaitGroup
	for _, p := range []net.Listener{l.ports.HTTP, l.ports.GRPC} {
		if stop, ok := p.(interface{ Stop() }); ok {
			wg.Go(stop.Stop)
		}
	}
	wg.Wait()
	var cut, cutFast error
	wg.Go(func() {
		cutFast = l.front.stop(ctx) // first: it may still hand connections over
		cut = l.stopREST(ctx)
	})
	wg.Go(func() { l.stopGRPC(ctx) })
	wg.Wait()
	cut = errors.Join(cut, cutFast)
	slog.Info("drained", "took", time.Since(started).Round(time.Millisecond).String(), "cut_off", cut != nil)
	if l.scrape != nil { // last, so that the drain can be watched
		l.scrape.Close()
	}
	return cut
}

func (l *Life) stopREST(ctx context.Context) error {
	if err := l.rest.Shutdown(ctx); err != nil {
		l.rest.Close()
		return fmt.Errorf("requests were still in progress: %w", err)
	}
	return nil
}

func (l *Life) stopGRPC(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		l.grpc.GracefulStop()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		l.grpc.Stop()
		<-done
	}
}
