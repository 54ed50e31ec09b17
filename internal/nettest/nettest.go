// Package nettest breaks connections on purpose, for tests of what has to go on all the same.
package nettest

import (
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Limit says after how many bytes a connection is broken; connections are numbered from 1, and a limit below 0 is none.
// A nil Limit breaks none.
type Limit func(connection int) int64

// Cut returns the address of a proxy to a server, both as http://host:port, which breaks a connection when the client has
// sent so many bytes, or when the server has answered as many.
func Cut(tb testing.TB, server string, sent, answered Limit) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	c := &cutter{server: strings.TrimPrefix(server, "http://"), sent: sent, answered: answered, done: make(chan struct{})}
	c.all.Go(func() { c.accept(l) })
	tb.Cleanup(func() {
		close(c.done)
		l.Close()
		c.all.Wait()
	})
	return "http://" + l.Addr().String()
}

type cutter struct {
	server         string
	sent, answered Limit
	connections    atomic.Int64
	done           chan struct{}
	all            sync.WaitGroup
}

func (c *cutter) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		n := int(c.connections.Add(1))
		c.all.Go(func() { c.join(client.(*net.TCPConn), n) })
	}
}

// join passes bytes on until a limit is reached or one side ends, then ends both sides by a reset.
func (c *cutter) join(client *net.TCPConn, n int) {
	server, err := net.Dial("tcp", c.server)
	if err != nil {
		client.Close()
		return
	}
	ended := make(chan struct{}, 2)
	c.all.Go(func() {
		pass(server, client, c.sent, n)
		ended <- struct{}{}
	})
	c.all.Go(func() {
		pass(client, server, c.answered, n)
		ended <- struct{}{}
	})
	select {
	case <-ended:
	case <-c.done:
	}
	_ = client.SetLinger(0)
	client.Close()
	server.Close()
}

// pass copies until the limit is reached. One of no bytes still waits for the first.
func pass(to io.Writer, from io.Reader, limit Limit, n int) {
	most := int64(-1)
	if limit != nil {
		most = limit(n)
	}
	switch {
	case most < 0:
		_, _ = io.Copy(to, from)
	case most == 0:
		_, _ = io.ReadFull(from, make([]byte, 1))
	default:
		_, _ = io.CopyN(to, from, most)
	}
}
