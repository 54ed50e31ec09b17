package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// How long things may take, and how long a connection is kept.
const (
	// attemptTimeout bounds the way to a ready connection, and again the sending of one message.
	attemptTimeout = 30 * time.Second
	quitTimeout    = 2 * time.Second
	idleTimeout    = 10 * time.Second
	// maxPerConnection keeps below the limits that servers set on messages per connection.
	maxPerConnection = 50
)

// Sender sends messages to one server. It is safe for concurrent use; messages go out one after another over one
// connection, which is opened when needed, stays open during a burst, and is closed after a short silence.
type Sender struct {
	addr   string
	from   *mail.Address
	client *gomail.Client
	tls    *tls.Config // of a connection that is protected from the first byte, else nil
	idle   time.Duration

	// turn holds one token; who has taken it may use what is below.
	turn    chan struct{}
	current *connection
	silence *time.Timer
}

// connection is an open connection that is ready for the next message.
type connection struct {
	raw  net.Conn
	smtp *smtp.Client
	sent int
	used time.Time
}

// NewSender returns a sender for the configured server, to which it does not connect yet. It fails where the
// configuration is not valid.
func NewSender(cfg Config) (*Sender, error) { return newSender(cfg, nil, idleTimeout) }

func newSender(cfg Config, tlsConfig *tls.Config, idle time.Duration) (*Sender, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure mail: %w", err)
	}
	from, err := parseAddress(cfg.From)
	if err != nil {
		return nil, fmt.Errorf("configure mail: %w", err)
	}
	host, portText, _ := net.SplitHostPort(cfg.Addr)
	port, _ := strconv.Atoi(portText)
	if tlsConfig == nil {
		tlsConfig = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	}
	s := &Sender{addr: cfg.Addr, from: from, idle: idle, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	policy := gomail.NoTLS
	switch cfg.TLS {
	case StartTLS:
		policy = gomail.TLSMandatory
	case ImplicitTLS:
		s.tls = tlsConfig
	case NoTLS:
	}
	options := []gomail.Option{
		gomail.WithPort(port), gomail.WithTimeout(attemptTimeout), gomail.WithTLSPolicy(policy),
		gomail.WithTLSConfig(tlsConfig), gomail.WithoutRset(),
	}
	if cfg.User != "" {
		options = append(options, gomail.WithUsername(cfg.User), gomail.WithPassword(cfg.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1,
				gomail.SMTPAuthCramMD5, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	if s.client, err = gomail.NewClient(host, options...); err != nil {
		return nil, fmt.Errorf("configure mail: %w", err)
	}
	s.silence = time.AfterFunc(idle, s.closeIdle)
	return s, nil
}

// Send hands the message to the server and returns nil once the server has accepted it. Every error is of kind
// ErrTemporary or ErrPermanent; the end of ctx is temporary, and is found in the error too.
func (s *Sender) Send(ctx context.Context, m Message) error {
	msg, err := compose(m, s.from)
	if err != nil {
		return fmt.Errorf("compose mail %q: %w", m.ID, err)
	}
	select {
	case <-s.turn:
	case <-ctx.Done():
		return fmt.Errorf("send mail %q: %w: %w", m.ID, ErrTemporary, ctx.Err())
	}
	defer func() { s.turn <- struct{}{} }()
	if err := s.send(ctx, msg); err != nil {
		s.drop()
		kind := classify(err)
		if ended := ended(ctx); ended != nil {
			err = errors.Join(ended, err)
		}
		return fmt.Errorf("send mail %q: %w: %w", m.ID, kind, err)
	}
	return nil
}

// ended returns why ctx is over, or nil. A connection notices that a deadline has passed a moment before the timer of
// the context does.
func ended(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		<-ctx.Done()
	}
	return ctx.Err()
}

// Close ends the connection if one is open. The sender must not be used afterwards.
func (s *Sender) Close() {
	<-s.turn
	defer func() { s.turn <- struct{}{} }()
	s.silence.Stop()
	s.hangUp()
}

// send sends over the open connection, or over a new one where there is none or the server has let go of it.
func (s *Sender) send(ctx context.Context, msg *gomail.Msg) error {
	if s.current != nil && s.current.sent >= maxPerConnection {
		s.hangUp()
	}
	if s.current != nil {
		err := s.deliver(ctx, msg)
		if sendErr := (*gomail.SendError)(nil); !errors.As(err, &sendErr) || sendErr.Reason != gomail.ErrConnCheck {
			return err
		}
		s.drop()
	}
	if err := s.connect(ctx); err != nil {
		return &unreadyError{err}
	}
	return s.deliver(ctx, msg)
}

func (s *Sender) deliver(ctx context.Context, msg *gomail.Msg) error {
	c := s.current
	defer context.AfterFunc(ctx, func() { _ = c.raw.Close() })()
	c.smtp.SkipSMTPUTF8(!needsUTF8(msg))
	if err := s.client.SendWithSMTPClient(c.smtp, msg); err != nil {
		return err
	}
	c.sent++
	c.used = time.Now()
	s.silence.Reset(s.idle)
	return nil
}

// needsUTF8 reports whether the server must know of addresses beyond ASCII (RFC 6531). It is only told where it
// must, because the next server on the way may not know of them.
func needsUTF8(msg *gomail.Msg) bool {
	from, _ := msg.GetSender(false)
	to, _ := msg.GetRecipients()
	return !ascii(from) || !ascii(strings.Join(to, ""))
}

// connect opens the connection up to where the first message can be sent. The raw connection is ours, so that the
// end of ctx ends every wait on it, and so that it is closed whatever goes wrong.
func (s *Sender) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = raw.Close() })()
	conn := raw
	if s.tls != nil {
		conn = tls.Client(raw, s.tls)
	}
	dial := gomail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return conn, nil })
	if err := dial(s.client); err != nil {
		_ = raw.Close()
		return err
	}
	client, err := s.client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		_ = raw.Close()
		return err
	}
	s.current = &connection{raw: raw, smtp: client}
	return nil
}

// drop closes the connection at once: after an error nobody knows what the server waits for.
func (s *Sender) drop() {
	if s.current != nil {
		_ = s.current.raw.Close()
		s.current = nil
	}
}

// hangUp closes the connection politely. What the server says to that changes nothing any more.
func (s *Sender) hangUp() {
	if s.current == nil {
		return
	}
	if err := s.current.smtp.UpdateDeadline(quitTimeout); err == nil {
		_ = s.current.smtp.Quit()
	}
	s.drop()
}

func (s *Sender) closeIdle() {
	<-s.turn
	defer func() { s.turn <- struct{}{} }()
	if s.current != nil && time.Since(s.current.used) >= s.idle {
		s.hangUp()
	}
}

// unreadyError is what went wrong before the first message could be sent. It says nothing about the message.
type unreadyError struct{ err error }

func (e *unreadyError) Error() string { return "connect: " + e.err.Error() }

func (e *unreadyError) Unwrap() error { return e.err }

// classify returns the kind of a failed attempt by the server's answer (RFC 5321, 4.2.1). Refusals that are about us
// rather than the message (authentication, RFC 4954, section 6) are temporary: somebody mends the configuration, and
// the mail still arrives.
func classify(err error) error {
	if unready := (*unreadyError)(nil); errors.As(err, &unready) {
		return ErrTemporary
	}
	sendErr := (*gomail.SendError)(nil)
	if !errors.As(err, &sendErr) {
		return ErrTemporary
	}
	switch code := sendErr.ErrorCode(); {
	case code == 530 || code == 534 || code == 535 || code == 538:
		return ErrTemporary
	case code >= 500:
		return ErrPermanent
	default:
		return ErrTemporary
	}
}
