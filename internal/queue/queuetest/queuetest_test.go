package queuetest

import (
	"net"
	"net/url"
	"testing"
)

// reachable tells whether something listens at the address.
func reachable(t *testing.T, address string) bool {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

func TestEachTestHasItsOwnServer(t *testing.T) {
	t.Parallel()
	if a, b := Server(t), Server(t); a == b || !reachable(t, a) || !reachable(t, b) {
		t.Errorf("servers %s and %s", a, b)
	}
}

func TestServerComesBackAtItsAddress(t *testing.T) {
	t.Parallel()
	i := Start(t)
	before := i.URL
	i.Stop(t)
	if reachable(t, before) {
		t.Error("the server can be reached after Stop")
	}
	i.Start(t)
	i.Restart(t)
	if i.URL != before || !reachable(t, before) {
		t.Errorf("after a restart at %s, want %s", i.URL, before)
	}
}
