package queuetest

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/embedded"
)

// Nodes is how many servers a cluster has: it does its work with one of them lost.
const Nodes = 3

// Cluster is servers that keep each stream together.
type Cluster struct {
	// URL is the addresses of all servers, separated by commas.
	URL string

	nodes [Nodes]*Instance
}

// StartCluster starts a cluster that lives until the test ends.
func StartCluster(tb testing.TB) *Cluster {
	tb.Helper()
	c := &Cluster{}
	ports := freePorts(tb, Nodes)
	var urls []string
	for n := range c.nodes {
		c.nodes[n] = &Instance{dir: tb.TempDir(), config: embedded.NATSConfig{Password: "cluster", Cluster: embedded.NATSCluster{
			Name: fmt.Sprintf("node-%d", n), Port: ports[n], Ports: ports,
		}}}
		c.nodes[n].Start(tb)
		tb.Cleanup(func() { c.nodes[n].Stop(tb) })
		urls = append(urls, c.nodes[n].URL)
	}
	c.URL = strings.Join(urls, ",")
	return c
}

// freePorts returns ports of 127.0.0.1 that nobody listens on.
func freePorts(tb testing.TB, n int) (ports []int) {
	tb.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		defer l.Close() // when all are found, so that they differ
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// Leader waits until one of the servers takes the stream's messages, and returns it.
func (c *Cluster) Leader(tb testing.TB, stream string) *Instance {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		for _, n := range c.nodes {
			if n.running != nil && n.running.Leads(stream) {
				return n
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tb.Fatalf("no server of the cluster leads the stream %s", stream)
		}
	}
}
