package blob_test

import (
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/blob/blobtest"
)

// cutter stands between a store and its server, and breaks connections.
type cutter struct {
	limit func(connection int) int64 // bytes that the server may send before the cut; < 0: no cut
	stall bool                       // go silent at the limit instead

	connections atomic.Int64
	backend     string
	done        chan struct{}
	wg          sync.WaitGroup
}

// openThrough returns a store that reaches its server through the cutter; its bucket exists.
func openThrough(t *testing.T, c *cutter) (through, direct *blob.Store) {
	t.Helper()
	cfg := blobtest.Config(t)
	direct = blobtest.Open(t, cfg)
	backend, err := url.Parse(cfg.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.backend, c.done = backend.Host, make(chan struct{})
	c.wg.Go(func() { c.accept(l) })
	t.Cleanup(func() {
		close(c.done)
		l.Close()
		c.wg.Wait()
	})
	cfg.Endpoint = "http://" + l.Addr().String()
	through, err = blob.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return through, direct
}

func (c *cutter) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		limit := c.limit(int(c.connections.Add(1)))
		c.wg.Go(func() { c.join(client.(*net.TCPConn), limit) })
	}
}

// join passes bytes on until the limit is reached.
func (c *cutter) join(client *net.TCPConn, limit int64) {
	defer client.Close()
	server, err := net.Dial("tcp", c.backend)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		<-c.done
		client.Close()
		server.Close()
	}()
	c.wg.Go(func() { _, _ = io.Copy(server, client) })
	if limit < 0 {
		_, _ = io.Copy(client, server)
		return
	}
	_, _ = io.CopyN(client, server, limit)
	if c.stall {
		<-c.done
	}
	_ = client.SetLinger(0) // a reset, not an orderly end
}
