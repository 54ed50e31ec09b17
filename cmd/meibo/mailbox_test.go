package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const base64Mail = "Return-Path: <meibo@example.jp>\r\nFrom: Meibo <meibo@example.jp>\r\nTo: =?utf-8?q?=E5=90=8D=E7=B0=BF?= <owner@example.jp>\r\n" +
	"Subject: =?UTF-8?B?Q1NW44Kk44Oz44Od44O844OI5Yem55CG5a6M5LqG?=\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>no</p>\r\n" +
	"--b\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n5a6M\r\n5LqG\r\n--b--\r\n"

const quotedMail = "From: a@example.jp\r\nSubject: x\r\nContent-Type: text/plain; charset=UTF-8\r\n" +
	"Content-Transfer-Encoding: quoted-printable\r\n\r\n=E5=AE=8C=\r\n=E4=BA=86\r\n=1B[2J\r\n"

func TestLettersAreReadAsPeopleReadThem(t *testing.T) {
	t.Parallel()
	box := mailbox{t.TempDir()}
	for name, text := range map[string]string{"1.eml": base64Mail, "2.eml": quotedMail, "3.txt": "no mail"} {
		if err := os.WriteFile(filepath.Join(box.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first, err := box.await(t.Context(), time.Minute, 1)
	if err != nil || first.subject != "CSVインポート処理完了" || first.to != "名簿 <owner@example.jp>" || first.text != "完了" {
		t.Errorf("got %+v, %v", first, err)
	}
	second, err := box.await(t.Context(), time.Minute, 2)
	if err != nil || second.text != "完了\n\x1b[2J\n" {
		t.Errorf("got %+v, %v", second, err)
	}
	if shown := second.quoted(); strings.ContainsRune(shown, '\x1b') || !strings.Contains(shown, "│ 完了\n") {
		t.Errorf("shown as %q", shown)
	}
}

func TestAwaitGivesUpWhenNoMailComes(t *testing.T) {
	t.Parallel()
	if _, err := (mailbox{t.TempDir()}).await(t.Context(), time.Millisecond, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func FuzzPlainText(f *testing.F) {
	f.Add("multipart/mixed; boundary=b", "7bit", "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--")
	f.Add("text/plain", "base64", "5a6M")
	f.Add("text/plain", "quoted-printable", "=E5=AE=8C")
	f.Fuzz(func(_ *testing.T, contentType, encoding, body string) {
		_, _ = plainText(contentType, encoding, strings.NewReader(body)) // ends, and does not panic
	})
}
