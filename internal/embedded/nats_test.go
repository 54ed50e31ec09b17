package embedded

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"
)

// natsTalk speaks the NATS client protocol (docs.nats.io, "Client Protocol"), as this package may not import the client.
type natsTalk struct {
	net.Conn
	lines *bufio.Reader
}

// dialNATS connects and logs in; it returns what the server answers to the login.
func dialNATS(t *testing.T, address string) (*natsTalk, string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	n := &natsTalk{conn, bufio.NewReader(conn)}
	n.line(t) // INFO
	fmt.Fprintf(n, "CONNECT {\"verbose\":false,\"user\":%q,\"pass\":%q}\r\nSUB answer 1\r\nPING\r\n", u.User.Username(), password)
	return n, n.line(t)
}

// line returns the next line of the server that is not a question whether we are alive, which it answers.
func (n *natsTalk) line(t *testing.T) string {
	t.Helper()
	for {
		line, err := n.lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line != "PING\r\n" {
			return strings.TrimSpace(line)
		}
		fmt.Fprint(n, "PONG\r\n")
	}
}

// ask sends a message and returns the text of the answer.
func (n *natsTalk) ask(t *testing.T, subject, text string) string {
	t.Helper()
	fmt.Fprintf(n, "PUB %s answer %d\r\n%s\r\n", subject, len(text), text)
	if head := n.line(t); !strings.HasPrefix(head, "MSG answer ") {
		t.Fatalf("the server says %q", head)
	}
	return n.line(t)
}

func startNATS(t *testing.T, cfg NATSConfig) *NATS {
	t.Helper()
	n, err := StartNATS(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNATSRestartKeepsMessagesPasswordAndPort(t *testing.T) {
	t.Parallel()
	for name, interval := range map[string]time.Duration{"synced": 0, "synced later": time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := NATSConfig{Dir: t.TempDir(), SyncInterval: interval}
			n := startNATS(t, cfg)
			talk, answer := dialNATS(t, n.ClientURL())
			if answer != "PONG" {
				t.Fatalf("login: %s", answer)
			}
			talk.ask(t, "$JS.API.STREAM.CREATE.kept", `{"name":"kept","subjects":["kept"],"storage":"file"}`)
			talk.ask(t, "kept", strings.Repeat("x", 2<<20)) // more than the usual limit of 1 MiB
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}
			again := startNATS(t, cfg)
			defer again.Close()
			if again.ClientURL() != n.ClientURL() {
				t.Errorf("address after a restart %s, want %s", again.ClientURL(), n.ClientURL())
			}
			talk, _ = dialNATS(t, again.ClientURL())
			var info struct{ State struct{ Messages int } }
			if err := json.Unmarshal([]byte(talk.ask(t, "$JS.API.STREAM.INFO.kept", "")), &info); err != nil {
				t.Fatal(err)
			}
			if info.State.Messages != 1 {
				t.Errorf("%d messages after a restart, want 1", info.State.Messages)
			}
		})
	}
}

func TestNATSAsksForThePassword(t *testing.T) {
	t.Parallel()
	n := startNATS(t, NATSConfig{Dir: t.TempDir()})
	defer n.Close()
	if _, answer := dialNATS(t, strings.Replace(n.ClientURL(), "meibo:", "meibo:x", 1)); !strings.Contains(answer, "Authorization Violation") {
		t.Errorf("with a wrong password: %s", answer)
	}
}

func TestNATSThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := startNATS(t, NATSConfig{Dir: dir})
	defer n.Close()
	if _, err := StartNATS(t.Context(), NATSConfig{Dir: dir}); !errors.Is(err, ErrInUse) {
		t.Errorf("second start: %v, want %v", err, ErrInUse)
	}
	taken, err := listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, err := StartNATS(t.Context(), NATSConfig{Dir: t.TempDir(), Port: portOf(taken)}); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("%v, want that the port is taken", err)
	}
}
