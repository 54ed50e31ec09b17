package mailtest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// Message is a mail as it arrived.
type Message struct {
	// From and To are the envelope's addresses.
	From string
	To   []string
	// Raw is the message, header and body, with CRLF at the ends of its lines.
	Raw []byte
}

// Content is a message as its reader sees it.
type Content struct {
	// Header has the fields as they were sent; ID and Subject are decoded.
	Header      mail.Header
	ID, Subject string
	// Text and HTML are the two alternatives, with LF at the ends of their lines; empty where there is none.
	Text, HTML string
}

// Parse reads the message with the standard library only, so that it cannot share a mistake with the sender.
func (m Message) Parse() (Content, error) {
	msg, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		return Content{}, fmt.Errorf("read message: %w", err)
	}
	c := Content{Header: msg.Header, ID: strings.Trim(msg.Header.Get("Message-ID"), "<>")}
	if c.Subject, err = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")); err != nil {
		return Content{}, fmt.Errorf("decode subject: %w", err)
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return Content{}, fmt.Errorf("read content type: %w", err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		err = c.take(kind, params["charset"], msg.Header.Get("Content-Transfer-Encoding"), msg.Body)
		return c, err
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return c, nil
		}
		if err != nil {
			return Content{}, fmt.Errorf("read part: %w", err)
		}
		kind, params, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			return Content{}, fmt.Errorf("read content type of part: %w", err)
		}
		if err := c.take(kind, params["charset"], part.Header.Get("Content-Transfer-Encoding"), part); err != nil {
			return Content{}, err
		}
	}
}

// take keeps a part by its kind.
func (c *Content) take(kind, charset, encoding string, body io.Reader) error {
	if !strings.EqualFold(charset, "utf-8") {
		return fmt.Errorf("charset %q of %s is not UTF-8", charset, kind)
	}
	switch encoding {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	default:
		return fmt.Errorf("encoding %q of %s is neither base64 nor quoted-printable", encoding, kind)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("decode %s: %w", kind, err)
	}
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	switch kind {
	case "text/plain":
		c.Text = text
	case "text/html":
		c.HTML = text
	default:
		return fmt.Errorf("a part of kind %q", kind)
	}
	return nil
}
