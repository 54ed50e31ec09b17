package uploader

import (
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// newCutter returns the address of a proxy to a server, which ends each connection after limit bytes of what the server
// answers; connections are numbered from 1, and a limit below 0 is none.
func newCutter(t *testing.T, server string, limit func(connection int) int64) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var connections atomic.Int64
	done := make(chan struct{})
	all.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			n := limit(int(connections.Add(1)))
			all.Go(func() { cut(client.(*net.TCPConn), strings.TrimPrefix(server, "http://"), n, done, &all) })
		}
	})
	t.Cleanup(func() {
		close(done)
		l.Close()
		all.Wait()
	})
	return "http://" + l.Addr().String()
}

func cut(client *net.TCPConn, address string, limit int64, done <-chan struct{}, all *sync.WaitGroup) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		<-done
		client.Close()
		server.Close()
	}()
	all.Go(func() { _, _ = io.Copy(server, client) })
	if limit < 0 {
		_, _ = io.Copy(client, server)
		return
	}
	if limit == 0 { // the first byte of the answer is lost, too
		_, _ = io.ReadFull(server, make([]byte, 1))
	}
	_, _ = io.CopyN(client, server, limit)
	_ = client.SetLinger(0) // a reset, not an orderly end
}
