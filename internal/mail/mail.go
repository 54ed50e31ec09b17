// Package mail sends messages over SMTP. It is the only importer of the SMTP client library.
//
// What is promised: a message goes out exactly as given (its Message-ID too, which is how a receiver recognises a
// repetition), nothing in a header field can start another one, and every error says whether trying again can help:
//
//	ErrTemporary   the server cannot be reached, is not ready, refuses us, or answered 4xx: try again later
//	ErrPermanent   the message or its recipient was refused (5xx), or is not one that can be sent: never again
//
// SMTP cannot promise more than at least once: where the connection breaks between the end of a message and the
// server's answer, the error is temporary although the message may have been accepted.
package mail

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"
)

// ErrTemporary is the kind of the errors that a later attempt may not meet again.
var ErrTemporary = errors.New("mail not accepted for now")

// ErrPermanent is the kind of the errors that every further attempt would meet again.
var ErrPermanent = errors.New("mail refused")

// Message is one mail to one recipient. It is sent as multipart/alternative where it has HTML beside its text, and
// always says that a machine wrote it (Auto-Submitted: auto-generated, RFC 3834), so that nobody's absence note
// answers it.
type Message struct {
	// ID is the Message-ID without angle brackets, left@right. The same message has the same ID at each attempt.
	ID string
	// From and To are one address each, as RFC 5322 writes it, with or without a display name; From is the
	// configured one where empty. Addresses that only Japanese carriers allow (taro..yamada.@docomo.ne.jp) are
	// quoted as RFC 5321 wants them, international domains are sent in their ASCII form.
	From, To string
	Subject  string
	// Text is required, HTML is not.
	Text, HTML string
	// Date is the time of writing; the time of the attempt where zero.
	Date time.Time
}

// compose returns the message in the client library's form. Its errors are of kind ErrPermanent.
func compose(m Message, from *mail.Address) (*gomail.Msg, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	if m.From != "" {
		var err error
		if from, err = parseAddress(m.From); err != nil {
			return nil, fmt.Errorf("read sender: %w", err)
		}
	}
	to, err := parseAddress(m.To)
	if err != nil {
		return nil, fmt.Errorf("read recipient: %w", err)
	}
	msg := gomail.NewMsg(gomail.WithEncoding(gomail.EncodingB64), gomail.WithNoDefaultUserAgent())
	msg.SetMessageIDWithValue(m.ID)
	msg.FromMailAddress(from)
	msg.ToMailAddress(to)
	msg.Subject(m.Subject)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	if m.Date.IsZero() {
		msg.SetDate()
	} else {
		msg.SetDateWithValue(m.Date)
	}
	text := canonical(m.Text)
	msg.SetBodyString(gomail.TypeTextPlain, text, gomail.WithPartEncoding(encoding(text)))
	if m.HTML != "" {
		html := canonical(m.HTML)
		msg.AddAlternativeString(gomail.TypeTextHTML, html, gomail.WithPartEncoding(encoding(html)))
	}
	return msg, nil
}

// check refuses what could end a header field before its time, and what is not a message.
func (m Message) check() error {
	for name, value := range map[string]string{"Message-ID": m.ID, "From": m.From, "To": m.To, "Subject": m.Subject} {
		if strings.ContainsFunc(value, unicode.IsControl) {
			return fmt.Errorf("%w: a control character in %s", ErrPermanent, name)
		}
	}
	left, right, ok := strings.Cut(m.ID, "@")
	if !ok || left == "" || right == "" || strings.ContainsFunc(m.ID, notInID) || strings.Contains(right, "@") {
		return fmt.Errorf("%w: Message-ID %q is not left@right", ErrPermanent, m.ID)
	}
	if m.Text == "" {
		return fmt.Errorf("%w: no text", ErrPermanent)
	}
	return nil
}

func notInID(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`<>()[],;:\"`, r) }

// canonical ends every line with CRLF, the form of text that RFC 2045 (6.8) wants before it is encoded.
func canonical(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
}

// encoding returns the shorter of the two encodings that every server carries: base64 grows text by a third,
// quoted-printable by two bytes for each that is not ASCII.
func encoding(s string) gomail.Encoding {
	foreign := 0
	for i := range len(s) {
		if s[i] >= 0x80 {
			foreign++
		}
	}
	if foreign*6 > len(s) {
		return gomail.EncodingB64
	}
	return gomail.EncodingQP
}

// parseAddress reads one address, and returns it in the form that goes over the wire.
func parseAddress(s string) (*mail.Address, error) {
	addr, err := mail.ParseAddress(s)
	if err != nil {
		if quoted, ok := quoteLocal(s); ok {
			addr, err = mail.ParseAddress(quoted)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %q is not an address: %w", ErrPermanent, s, err)
	}
	// A display name may bring its control characters encoded (RFC 2047).
	if strings.ContainsFunc(addr.Name+addr.Address, unicode.IsControl) {
		return nil, fmt.Errorf("%w: a control character in address %q", ErrPermanent, s)
	}
	at := strings.LastIndexByte(addr.Address, '@')
	if domain := addr.Address[at+1:]; !ascii(domain) {
		domain, err = idna.Lookup.ToASCII(domain)
		if err != nil {
			return nil, fmt.Errorf("%w: %q has no valid domain: %w", ErrPermanent, s, err)
		}
		addr.Address = addr.Address[:at+1] + domain
	}
	return addr, nil
}

// quoteLocal quotes the part before the @, which makes an address of dots in any place one that RFC 5321 knows.
func quoteLocal(s string) (string, bool) {
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return "", false
	}
	start := strings.LastIndexByte(s[:at], '<') + 1
	local := s[start:at]
	if local == "" || strings.ContainsAny(local, " \t\"\\<>,;:()@") {
		return "", false
	}
	return s[:start] + `"` + local + `"` + s[at:], true
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
