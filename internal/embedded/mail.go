package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// MailConfig says where and how a mail catcher runs.
type MailConfig struct {
	// Dir gets one file per mail. It is made if need be.
	Dir string
	// Port on 127.0.0.1; 0 is the one used last, or any free one.
	Port int
	// OnRecipient, if not nil, decides the answer to each recipient, and OnMail to each whole mail, so that a sender can
	// be tested against a server that has trouble. They are called by several goroutines.
	OnRecipient func(from, to string) Reply
	OnMail      func(Mail) Reply
}

// Mail is a mail as it was received.
type Mail struct {
	From string   // of the envelope
	To   []string // of the envelope
	Data []byte   // headers and body
}

// Reply is an SMTP answer (RFC 5321, section 4.2): a 4xx code tells the sender to try again later, 5xx to give up. The
// zero value accepts.
type Reply struct {
	Code int
	Text string
}

func (r Reply) err() error {
	if r.Code == 0 {
		return nil
	}
	return &smtp.SMTPError{Code: r.Code, EnhancedCode: smtp.EnhancedCode{r.Code / 100, 0, 0}, Message: r.Text}
}

// MailCatcher is a mail server that delivers nothing: each mail becomes a file <arrival time>.eml, whose name sorts by
// arrival and which appears as a whole. In front of the mail stand the lines Return-Path (RFC 5321, section 4.4) and
// one Delivered-To for each recipient. It takes mail without login and without encryption.
type MailCatcher struct {
	cfg    MailConfig
	home   *home
	addr   string
	server *smtp.Server
	served chan struct{}

	mu   sync.Mutex
	last time.Time // of the newest file
}

const (
	maxMail     = 32 << 20 // bytes
	mailTimeout = time.Minute
	// mailName has a fixed width, so that names sort by time.
	mailName = "20060102T150405.000000000Z.eml"
)

// StartMailCatcher starts a catcher; it listens when this returns.
func StartMailCatcher(_ context.Context, cfg MailConfig) (*MailCatcher, error) {
	h, err := openHome(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("start mail catcher: %w", err)
	}
	l, err := h.listen(cfg.Port)
	if err != nil {
		h.close()
		return nil, fmt.Errorf("start mail catcher: %w", err)
	}
	if err := h.keepPort(portOf(l)); err != nil {
		l.Close()
		h.close()
		return nil, fmt.Errorf("start mail catcher: %w", err)
	}
	c := &MailCatcher{cfg: cfg, home: h, addr: l.Addr().String(), served: make(chan struct{})}
	c.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &mailSession{catcher: c}, nil
	}))
	c.server.Domain = "localhost"
	c.server.EnableSMTPUTF8 = true
	c.server.MaxMessageBytes = maxMail
	c.server.ReadTimeout, c.server.WriteTimeout = mailTimeout, mailTimeout
	c.server.ErrorLog = silent{}
	go c.serve(l)
	return c, nil
}

func (c *MailCatcher) serve(l net.Listener) {
	defer close(c.served)
	_ = c.server.Serve(l) // ends when the listener is closed, by Close only
}

// Addr returns the address as host:port.
func (c *MailCatcher) Addr() string { return c.addr }

// Dir returns the directory of the mails.
func (c *MailCatcher) Dir() string { return c.home.path }

// Close disconnects all senders and stops the catcher.
func (c *MailCatcher) Close() error {
	defer c.home.close()
	err := c.server.Close()
	<-c.served
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("stop mail catcher: %w", err)
	}
	return nil
}

// keep writes a mail to its file.
func (c *MailCatcher) keep(m Mail) error {
	var text bytes.Buffer
	fmt.Fprintf(&text, "Return-Path: <%s>\r\n", m.From)
	for _, to := range m.To {
		fmt.Fprintf(&text, "Delivered-To: %s\r\n", to)
	}
	text.Write(m.Data)

	c.mu.Lock() // until the file has its name, so that files appear in the order of their names
	defer c.mu.Unlock()
	now := time.Now().UTC()
	if !now.After(c.last) {
		now = c.last.Add(time.Nanosecond)
	}
	c.last = now
	next := filepath.Join(c.home.path, ".incoming")
	if err := os.WriteFile(next, text.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(next, filepath.Join(c.home.path, now.Format(mailName)))
}

// mailSession is the talk with one sender.
type mailSession struct {
	catcher *MailCatcher
	mail    Mail
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.mail = Mail{From: from}
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if decide := s.catcher.cfg.OnRecipient; decide != nil {
		if err := decide(s.mail.From, to).err(); err != nil {
			return err
		}
	}
	s.mail.To = append(s.mail.To, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	data, err := io.ReadAll(r) // the server limits it to maxMail
	if err != nil {
		return err
	}
	s.mail.Data = data
	if decide := s.catcher.cfg.OnMail; decide != nil {
		if err := decide(s.mail).err(); err != nil {
			return err
		}
	}
	if err := s.catcher.keep(s.mail); err != nil {
		return Reply{451, "cannot keep the mail: " + err.Error()}.err()
	}
	return nil
}

func (s *mailSession) Reset()        { s.mail = Mail{} }
func (s *mailSession) Logout() error { return nil }

// silent drops what the mail server says of senders that hang up.
type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}
