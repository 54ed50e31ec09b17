package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// mailbox is the directory of the mail catcher.
type mailbox struct{ dir string }

// letter is a mail as a person reads it.
type letter struct{ from, to, subject, text string }

// await returns the n-th mail, counted from 1, when it is there.
func (m mailbox) await(ctx context.Context, patience time.Duration, n int) (letter, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		names, err := filepath.Glob(filepath.Join(m.dir, "*.eml")) // sorted, which is by arrival
		if err != nil {
			return letter{}, fmt.Errorf("look for mail: %w", err)
		}
		if len(names) >= n {
			return readLetter(names[n-1])
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return letter{}, fmt.Errorf("wait for mail %d: %w", n, ctx.Err())
		}
	}
}

func readLetter(name string) (letter, error) {
	file, err := os.Open(name)
	if err != nil {
		return letter{}, fmt.Errorf("read mail: %w", err)
	}
	defer file.Close()
	message, err := mail.ReadMessage(bufio.NewReader(file))
	if err != nil {
		return letter{}, fmt.Errorf("read mail %s: %w", filepath.Base(name), err)
	}
	text, err := plainText(message.Header.Get("Content-Type"), message.Header.Get("Content-Transfer-Encoding"), message.Body)
	if err != nil {
		return letter{}, fmt.Errorf("read mail %s: %w", filepath.Base(name), err)
	}
	var decoder mime.WordDecoder
	l := letter{text: text}
	for _, header := range []struct {
		name string
		to   *string
	}{{"From", &l.from}, {"To", &l.to}, {"Subject", &l.subject}} {
		if *header.to, err = decoder.DecodeHeader(message.Header.Get(header.name)); err != nil {
			return letter{}, fmt.Errorf("read mail %s: %w", filepath.Base(name), err)
		}
	}
	return l, nil
}

var errNoText = errors.New("the mail has no text")

// plainText returns the first part that is plain text (RFC 2046).
func plainText(contentType, encoding string, body io.Reader) (string, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err != nil {
				return "", errors.Join(errNoText, err)
			}
			text, err := plainText(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part)
			if !errors.Is(err, errNoText) {
				return text, err
			}
		}
	}
	if kind != "text/plain" {
		return "", errNoText
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	return string(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))), err
}

// quoted returns the mail for showing it, each line after a bar.
func (l letter) quoted() string {
	head := []string{"From: " + l.from, "To: " + l.to, "Subject: " + l.subject, ""}
	var b strings.Builder
	for _, line := range slices.Concat(head, strings.Split(strings.TrimSpace(l.text), "\n")) {
		b.WriteString(strings.TrimRight("  │ "+printable(line), " ") + "\n")
	}
	return b.String()
}
