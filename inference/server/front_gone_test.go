package server

import (
	"net"
	"testing"
	"time"
)

// TestAskingForTheClientWaitsForNobody asks about a connection that waits for its
// next request, as the batcher does about a call whose deadline has passed.
func TestAskingForTheClientWaitsForNobody(t *testing.T) {
	l, address := listen(t, "127.0.0.1:0", "127.0.0.1")
	defer l.Close()
	client := dial(t, address)
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c := newFastConn(nil, server.(*net.TCPConn))
	read := make(chan error)
	go func() {
		_, err := c.c.Read(make([]byte, 1))
		read <- err
	}()
	time.Sleep(50 * time.Millisecond) // it reads
	gone := make(chan bool)
	ask := func() bool {
		go func() { gone <- c.askGone() }()
		select {
		case is := <-gone:
			return is
		case <-time.After(5 * time.Second):
			client.Close()
			t.Fatal("asking waits until the client sends something")
			return false
		}
	}
	if ask() {
		t.Error("a client who is there is gone")
	}
	client.Close()
	<-read
	if !ask() {
		t.Error("a client who has left is there")
	}
}
