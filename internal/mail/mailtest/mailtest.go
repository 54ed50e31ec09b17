// Package mailtest is a mail server for tests: a real one, in process, that keeps what it takes, and that can be
// told to refuse, to go away and to come back.
package mailtest

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/meibo/meibo/internal/mail"
)

const patience = 20 * time.Second

// Stage is where in the exchange a mail is refused.
type Stage int

// The stages: as soon as the recipient is named, or only when the whole message has been sent.
const (
	AtRecipient Stage = iota
	AtMessage
)

// Server is a mail server on a port of its own, which it keeps from Down to Up. It is safe for concurrent use.
type Server struct {
	addr           string
	security       mail.TLS
	user, password string
	tls            *tls.Config
	roots          *x509.CertPool

	mu          sync.Mutex
	smtp        *smtp.Server
	listener    net.Listener
	messages    []Message
	arrived     chan struct{} // closed, and replaced, when a message arrives
	fail        [2]failure
	open, total int
}

type failure struct{ code, left int }

// New starts a server without TLS and without passwords, which stops when the test ends.
func New(t testing.TB) *Server {
	t.Helper()
	return start(t, &Server{security: mail.NoTLS})
}

// NewSecure starts a server that is reached as security says, with a certificate that Roots trusts, and that takes
// mail from the given user only.
func NewSecure(t testing.TB, security mail.TLS, user, password string) *Server {
	t.Helper()
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	return start(t, &Server{
		security: security, user: user, password: password, roots: roots,
		tls: &tls.Config{Certificates: web.TLS.Certificates},
	})
}

func start(t testing.TB, s *Server) *Server {
	t.Helper()
	s.arrived = make(chan struct{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	s.serve(listener)
	t.Cleanup(s.Down)
	return s
}

// Addr returns the server's host:port.
func (s *Server) Addr() string { return s.addr }

// Roots returns what a client of a secure server trusts.
func (s *Server) Roots() *x509.CertPool { return s.roots }

// Config returns the configuration of a sender to this server.
func (s *Server) Config() mail.Config {
	return mail.Config{
		Addr: s.addr, User: s.user, Password: s.password, TLS: s.security,
		From: "名簿 <noreply@meibo.example>",
	}
}

// Messages returns what has arrived so far, in order of arrival.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.messages...)
}

// Wait returns the messages once there are n or more of them; the test fails if that takes unreasonably long.
func (s *Server) Wait(t testing.TB, n int) []Message {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		got, arrived := len(s.messages), s.arrived
		s.mu.Unlock()
		if got >= n {
			return s.Messages()
		}
		select {
		case <-arrived:
		case <-deadline.C:
			t.Fatalf("got %d mails after %v, want %d", got, patience, n)
		}
	}
}

// FailNext makes the next n mails fail with the given code, such as 451 or 550, when their recipient is named.
func (s *Server) FailNext(code, n int) { s.FailNextAt(AtRecipient, code, n) }

// FailNextAt makes the next n mails fail with the given code at the given stage.
func (s *Server) FailNextAt(stage Stage, code, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail[stage] = failure{code, n}
}

// Connections returns how many connections are open, and how many there have been.
func (s *Server) Connections() (open, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open, s.total
}

// Down stops the server and breaks its connections. What has arrived is kept.
func (s *Server) Down() {
	s.mu.Lock()
	server, listener := s.smtp, s.listener
	s.smtp, s.listener = nil, nil
	s.mu.Unlock()
	if server != nil {
		_ = listener.Close()
		_ = server.Close()
	}
}

// Up starts the server again after Down, on the port that it had.
func (s *Server) Up(t testing.TB) {
	t.Helper()
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	s.serve(listener)
}

func (s *Server) serve(listener net.Listener) {
	server := smtp.NewServer(smtp.BackendFunc(s.session))
	server.Domain = "mail.example"
	server.ErrorLog = log.New(io.Discard, "", 0)
	switch s.security {
	case mail.StartTLS:
		server.TLSConfig = s.tls
	case mail.ImplicitTLS:
		listener = tls.NewListener(listener, s.tls)
	case mail.NoTLS:
	}
	s.mu.Lock()
	s.smtp, s.listener = server, listener
	s.mu.Unlock()
	go func() { _ = server.Serve(listener) }()
}

func (s *Server) session(*smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	s.total++
	return &session{server: s, known: s.user == ""}, nil
}

func (s *Server) refuse(stage Stage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &s.fail[stage]
	if f.left == 0 {
		return nil
	}
	f.left--
	return &smtp.SMTPError{Code: f.code, Message: "as the test wants it"}
}

// session is one connection's exchange with the server.
type session struct {
	server  *Server
	known   bool
	message Message
}

func (c *session) AuthMechanisms() []string {
	if c.server.user == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (c *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != c.server.user || password != c.server.password {
			return smtp.ErrAuthFailed
		}
		c.known = true
		return nil
	}), nil
}

func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	if !c.known {
		return &smtp.SMTPError{Code: 530, Message: "authenticate first"}
	}
	c.message = Message{From: from}
	return nil
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := c.server.refuse(AtRecipient); err != nil {
		return err
	}
	c.message.To = append(c.message.To, to)
	return nil
}

func (c *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := c.server.refuse(AtMessage); err != nil {
		return err
	}
	c.message.Raw = raw
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, c.message)
	close(s.arrived)
	s.arrived = make(chan struct{})
	return nil
}

func (c *session) Reset() { c.message = Message{} }

func (c *session) Logout() error {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.server.open--
	return nil
}
