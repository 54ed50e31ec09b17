// Package queuetest gives each test a real NATS server with JetStream of its own, in the test's process.
package queuetest

import (
	"context"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/embedded"
)

const startTimeout = 30 * time.Second

// Server starts a server that lives until the test ends, and returns its address.
func Server(tb testing.TB) string {
	tb.Helper()
	return Start(tb).URL
}

// Instance is a server that a test can stop and start again.
type Instance struct {
	// URL is the address, with the password. It stays the same.
	URL string

	dir     string
	port    int
	config  embedded.NATSConfig // but for what the others say
	running *embedded.NATS
}

// Start starts a server that lives until the test ends.
func Start(tb testing.TB) *Instance {
	tb.Helper()
	i := &Instance{dir: tb.TempDir()}
	i.Start(tb)
	tb.Cleanup(func() { i.Stop(tb) })
	return i
}

// Restart stops the server and starts it again, with all data and on the same port.
func (i *Instance) Restart(tb testing.TB) {
	tb.Helper()
	i.Stop(tb)
	i.Start(tb)
}

// Stop stops the server. Its data stays.
func (i *Instance) Stop(tb testing.TB) {
	tb.Helper()
	if i.running == nil {
		return
	}
	if err := i.running.Close(); err != nil {
		tb.Errorf("stop nats: %v", err)
	}
	i.running = nil
}

// Start starts the server again after [Instance.Stop].
func (i *Instance) Start(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), startTimeout)
	defer cancel()
	config := i.config
	config.Dir, config.Port, config.SyncInterval = i.dir, i.port, time.Minute
	server, err := embedded.StartNATS(ctx, config)
	if err != nil {
		tb.Fatal(err)
	}
	i.running, i.URL = server, server.ClientURL()
	address, err := url.Parse(i.URL)
	if err != nil {
		tb.Fatal(err)
	}
	if i.port, err = strconv.Atoi(address.Port()); err != nil {
		tb.Fatal(err)
	}
}
