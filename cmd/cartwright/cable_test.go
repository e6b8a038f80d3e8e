package main

import (
	"io"
	"net"
	"sync"
	"testing"
)

// A cable stands between a program and its database, and can be cut.
type cable struct {
	listener        net.Listener
	network, server string

	mu    sync.Mutex
	idle  *sync.Cond
	mute  bool // nothing gets through, and nobody is told
	conns map[net.Conn]bool
}

// newCable returns a cable to a server that ends with the test.
func newCable(t *testing.T, network, server string) *cable {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &cable{listener: listener, network: network, server: server, conns: map[net.Conn]bool{}}
	w.idle = sync.NewCond(&w.mu)
	go w.accept()
	t.Cleanup(func() {
		_ = listener.Close()
		w.silence(false)
		w.drop()
	})
	return w
}

func (w *cable) port() int { return w.listener.Addr().(*net.TCPAddr).Port }

func (w *cable) accept() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		go w.join(client)
	}
}

// join carries one connection in both directions until one of them ends.
func (w *cable) join(client net.Conn) {
	defer client.Close()
	w.pass()
	server, err := net.Dial(w.network, w.server)
	if err != nil {
		return
	}
	defer server.Close()
	w.keep(client, server)
	defer w.lose(client, server)
	ended := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			_, _ = io.Copy(valve{w, way[0]}, way[1])
			ended <- struct{}{}
		}()
	}
	<-ended
}

// valve lets bytes through to one end while the cable is not mute.
type valve struct {
	w  *cable
	to net.Conn
}

func (g valve) Write(b []byte) (int, error) {
	g.w.pass()
	return g.to.Write(b)
}

// pass waits while the cable is mute.
func (w *cable) pass() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.mute {
		w.idle.Wait()
	}
}

func (w *cable) keep(ends ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range ends {
		w.conns[c] = true
	}
}

func (w *cable) lose(ends ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range ends {
		delete(w.conns, c)
	}
}

// silence holds back all that is sent, or lets it through, late as it is.
func (w *cable) silence(mute bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mute = mute
	w.idle.Broadcast()
}

// drop ends all connections.
func (w *cable) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		_ = c.Close()
	}
}
