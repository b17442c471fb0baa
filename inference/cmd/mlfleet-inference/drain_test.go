package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/mlfleet/mlfleet/inference/load"
	"github.com/mlfleet/mlfleet/inference/protocol"
)

// errRefused is the kernel's answer to a connect: no request was accepted.
var errRefused = errors.New("connection refused")

// A drainClient sends requests over a socket of its own and never repeats one:
// every failure is seen.
type drainClient struct {
	address string
	request []byte
	fresh   bool          // a connection for every request
	pause   time.Duration // between the halves of a request
	c       net.Conn
	r       *bufio.Reader
}

// do sends one request. last says whether the answer was the connection's last.
func (d *drainClient) do() (last bool, err error) {
	if d.c == nil {
		d.c, err = net.DialTimeout("tcp", d.address, 10*time.Second)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return false, errRefused
		}
		if err != nil {
			return false, err
		}
		d.r = bufio.NewReader(d.c)
	}
	d.c.SetDeadline(time.Now().Add(15 * time.Second))
	half := 0
	if d.pause > 0 {
		half = len(d.request) / 2
		if _, err := d.c.Write(d.request[:half]); err != nil {
			return false, err
		}
		time.Sleep(d.pause)
	}
	if _, err := d.c.Write(d.request[half:]); err != nil {
		return false, err
	}
	resp, err := http.ReadResponse(d.r, nil)
	if err != nil {
		return false, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return false, err
	}
	if resp.StatusCode != 200 {
		return false, fmt.Errorf("status %d: %s", resp.StatusCode, body)
	}
	if resp.Close || d.fresh {
		d.c.Close()
		d.c = nil
	}
	return resp.Close, nil
}

func TestDrainUnder64ClientsFailsNoRequest(t *testing.T) {
	const limit = 10 * time.Second
	p := start(t, "--device", "cpu", "--drain-timeout", limit.String())
	infer := load.Request("POST", p.http, "/v2/models/sentiment/infer",
		[]byte(`{"inputs":[{"name":"input_ids","shape":[1,3],"datatype":"INT64","data":[1,2,3]}]}`))
	predict := load.Request("POST", p.http, "/predict", []byte(`{"text":"a wonderful film"}`))
	asked := make(chan struct{}) // closed when the drain has begun

	var clients sync.WaitGroup
	var kinds []func()
	// run starts n clients of a kind, and counts what they saw.
	run := func(n int, kind string, client func(answered *atomic.Int64) error) {
		var answered atomic.Int64
		for range n {
			clients.Go(func() {
				if err := client(&answered); !errors.Is(err, errRefused) {
					t.Errorf("%s, after %d answers: %v", kind, answered.Load(), err)
				}
			})
		}
		kinds = append(kinds, func() {
			t.Logf("%d requests of %d clients (%s) were answered", answered.Load(), n, kind)
			if answered.Load() < int64(n) {
				t.Errorf("%s: %d clients, %d answers", kind, n, answered.Load())
			}
		})
	}
	again := func(d drainClient) func(*atomic.Int64) error {
		return func(answered *atomic.Int64) error {
			for own := d; ; answered.Add(1) {
				if _, err := own.do(); err != nil {
					return err
				}
			}
		}
	}
	run(20, "keep-alive", again(drainClient{address: p.http, request: infer}))
	run(12, "a connection for every request", again(drainClient{address: p.http, request: infer, fresh: true}))
	run(6, "keep-alive, slow path", again(drainClient{address: p.http, request: predict}))
	run(6, "a connection for every request, slow path", again(drainClient{address: p.http, request: predict, fresh: true}))
	run(6, "request in two halves", again(drainClient{address: p.http, request: infer, pause: 400 * time.Millisecond}))
	run(2, "request in two halves, slow path", again(drainClient{address: p.http, request: predict, pause: 400 * time.Millisecond}))
	for _, request := range [][]byte{infer, predict} {
		run(2, "idle until long after SIGTERM", func(answered *atomic.Int64) error {
			d := drainClient{address: p.http, request: request}
			if _, err := d.do(); err != nil {
				return err
			}
			answered.Add(1)
			<-asked
			time.Sleep(2 * time.Second)
			last, err := d.do()
			if err == nil && !last {
				err = errors.New("the answer does not say that the connection ends")
			}
			if err != nil {
				return err
			}
			answered.Add(1)
			_, err = d.do()
			return err
		})
	}
	run(8, "gRPC", func(answered *atomic.Int64) error { return callUntilRefused(t, p.grpc, answered) })

	time.Sleep(time.Second)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	close(asked)
	began := time.Now()
	clients.Wait()
	if err := p.cmd.Wait(); err != nil || !strings.Contains(p.log.String(), `"cut_off":false`) {
		t.Errorf("the server ended with %v\n%s", err, p.log)
	}
	if took := time.Since(began); took > limit*4/5 {
		t.Errorf("the drain took %s, though every connection was told to end", took)
	}
	for _, report := range kinds {
		report()
	}
}

// callUntilRefused calls over one channel, without retries, until the channel cannot
// connect any more.
func callUntilRefused(t *testing.T, address string, answered *atomic.Int64) error {
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDisableRetry())
	if err != nil {
		return err
	}
	defer conn.Close()
	client := protocol.NewGRPCInferenceServiceClient(conn)
	in := &protocol.ModelInferRequest{ModelName: "sentiment", Inputs: []*protocol.ModelInferRequest_InferInputTensor{{
		Name: "input_ids", Datatype: "INT64", Shape: []int64{1, 3}, Contents: &protocol.InferTensorContents{Int64Contents: []int64{1, 2, 3}},
	}}}
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		_, err := client.ModelInfer(ctx, in)
		cancel()
		if err != nil {
			if strings.Contains(err.Error(), "connect: connection refused") {
				return errRefused
			}
			return err
		}
		answered.Add(1)
	}
}
