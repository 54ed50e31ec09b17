package mail_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/mail"
	"github.com/meibo/meibo/internal/mail/mailtest"
)

var written = time.Date(2026, 5, 4, 9, 12, 33, 0, time.FixedZone("JST", 9*3600))

func message(id string) mail.Message {
	return mail.Message{
		ID: id, To: "佐藤 花子 <hanako@example.jp>", Subject: "CSVインポート処理完了",
		Text: "髙﨑さん、完了しました。\n件数：1,000\n", HTML: "<p>髙﨑さん、完了しました。</p>\n", Date: written,
	}
}

func newSender(t *testing.T, cfg mail.Config) *mail.Sender {
	t.Helper()
	s, err := mail.NewSender(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestSendCarriesTheMessageUnchanged(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t)
	want := message("import-1.owner@meibo.example")
	if err := newSender(t, server.Config()).Send(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	got := server.Wait(t, 1)[0]
	if got.From != "noreply@meibo.example" || !slices.Equal(got.To, []string{"hanako@example.jp"}) {
		t.Errorf("got envelope %s → %s", got.From, got.To)
	}
	for i, line := range strings.SplitAfter(string(got.Raw), "\n") {
		if len(line) > 78 || strings.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
			t.Errorf("line %d is not a short line of ASCII: %q", i+1, line)
		}
	}
	c, err := got.Parse()
	if err != nil {
		t.Fatal(err)
	}
	if c.ID != want.ID || c.Subject != want.Subject || c.Text != want.Text || c.HTML != want.HTML {
		t.Errorf("got %+v, want %+v", c, want)
	}
	if d, err := c.Header.Date(); err != nil || !d.Equal(written) {
		t.Errorf("got date %v, %v", d, err)
	}
	if got := c.Header.Get("Auto-Submitted"); got != "auto-generated" {
		t.Errorf("got Auto-Submitted %q", got)
	}
	for field, want := range map[string]string{"From": "名簿", "To": "佐藤 花子"} {
		if a, err := c.Header.AddressList(field); err != nil || len(a) != 1 || a[0].Name != want {
			t.Errorf("got %s %v, %v", field, a, err)
		}
	}
	if len(c.Header["User-Agent"])+len(c.Header["X-Mailer"]) != 0 {
		t.Errorf("the mail names its software: %v", c.Header)
	}
}

func TestSendWithoutHTMLIsPlainText(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t)
	m := message("plain@meibo.example")
	m.HTML, m.Text, m.From = "", "done = all\n.\n.. dots stay\n"+strings.Repeat("long ", 100)+"\n", "ops@example.com"
	if err := newSender(t, server.Config()).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := server.Wait(t, 1)[0]
	c, err := got.Parse()
	if err != nil {
		t.Fatal(err)
	}
	if got.From != m.From || c.Text != m.Text || c.HTML != "" {
		t.Errorf("got %s: %+v", got.From, c)
	}
	if got := c.Header.Get("Content-Transfer-Encoding"); got != "quoted-printable" {
		t.Errorf("got %s for ASCII", got)
	}
}

func TestSendSaysWhetherToTryAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stage mailtest.Stage
		code  int
		want  error
	}{
		{mailtest.AtRecipient, 451, mail.ErrTemporary},
		{mailtest.AtRecipient, 421, mail.ErrTemporary},
		{mailtest.AtRecipient, 530, mail.ErrTemporary},
		{mailtest.AtRecipient, 550, mail.ErrPermanent},
		{mailtest.AtMessage, 452, mail.ErrTemporary},
		{mailtest.AtMessage, 554, mail.ErrPermanent},
	} {
		t.Run(fmt.Sprintf("%d at stage %d", c.code, c.stage), func(t *testing.T) {
			t.Parallel()
			server := mailtest.New(t)
			server.FailNextAt(c.stage, c.code, 1)
			sender := newSender(t, server.Config())
			err := sender.Send(t.Context(), message("same@meibo.example"))
			if !errors.Is(err, c.want) || errors.Is(err, mail.ErrTemporary) == errors.Is(err, mail.ErrPermanent) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if !strings.Contains(err.Error(), fmt.Sprint(c.code)) {
				t.Errorf("the error hides the server's answer: %v", err)
			}
			if err := sender.Send(t.Context(), message("same@meibo.example")); err != nil {
				t.Fatalf("second attempt: %v", err)
			}
			if got, err := server.Wait(t, 1)[0].Parse(); err != nil || got.ID != "same@meibo.example" {
				t.Errorf("got id %q, %v", got.ID, err)
			}
		})
	}
}

func TestSendOutlivesAServerThatIsDown(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t)
	sender := newSender(t, server.Config())
	if err := sender.Send(t.Context(), message("a@meibo.example")); err != nil {
		t.Fatal(err)
	}
	server.Down()
	if err := sender.Send(t.Context(), message("b@meibo.example")); !errors.Is(err, mail.ErrTemporary) {
		t.Fatalf("got %v, want a temporary error", err)
	}
	server.Up(t)
	if err := sender.Send(t.Context(), message("b@meibo.example")); err != nil {
		t.Fatal(err)
	}
	if got := len(server.Wait(t, 2)); got != 2 {
		t.Errorf("got %d mails, want 2", got)
	}
}

func TestSendReconnectsWhereTheServerLetGo(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t)
	sender := newSender(t, server.Config())
	for i := range 3 {
		if err := sender.Send(t.Context(), message(fmt.Sprintf("%d@meibo.example", i))); err != nil {
			t.Fatal(err)
		}
		server.Down()
		server.Up(t)
	}
	if got := len(server.Wait(t, 3)); got != 3 {
		t.Errorf("got %d mails, want 3", got)
	}
}

func TestSendEndsWithItsContext(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	for _, security := range []mail.TLS{mail.NoTLS, mail.StartTLS, mail.ImplicitTLS} {
		cfg := mail.Config{Addr: silent.Addr().String(), TLS: security, From: "noreply@meibo.example"}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		err := newSender(t, cfg).Send(ctx, message("a@meibo.example"))
		cancel()
		if !errors.Is(err, mail.ErrTemporary) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v: got %v, want a temporary error and the context's", security, err)
		}
	}
}

func TestBurstSharesAConnection(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t)
	sender, err := mail.NewSenderWith(server.Config(), nil, 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sender.Close)
	var wg sync.WaitGroup
	const mails = 120
	for i := range mails {
		wg.Go(func() {
			if err := sender.Send(t.Context(), message(fmt.Sprintf("%d@meibo.example", i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := len(server.Messages()); got != mails {
		t.Errorf("got %d mails, want %d", got, mails)
	}
	if _, total := server.Connections(); total > mails/10 {
		t.Errorf("%d mails took %d connections", mails, total)
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		if open, _ := server.Connections(); open == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the connection stays open in silence")
		}
		<-time.After(time.Millisecond)
	}
}

func TestSendOverTLSWithAPassword(t *testing.T) {
	t.Parallel()
	for _, security := range []mail.TLS{mail.StartTLS, mail.ImplicitTLS} {
		t.Run(security.String(), func(t *testing.T) {
			t.Parallel()
			server := mailtest.NewSecure(t, security, "meibo", "pass word")
			send := func(cfg mail.Config, trust *tls.Config) error {
				sender, err := mail.NewSenderWith(cfg, trust, time.Minute)
				if err != nil {
					t.Fatal(err)
				}
				defer sender.Close()
				return sender.Send(t.Context(), message("a@meibo.example"))
			}
			trusting := &tls.Config{RootCAs: server.Roots(), ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}
			if err := send(server.Config(), trusting); err != nil {
				t.Fatal(err)
			}
			if err := send(server.Config(), nil); !errors.Is(err, mail.ErrTemporary) {
				t.Errorf("server of unknown authority: got %v, want a temporary error", err)
			}
			wrong := server.Config()
			wrong.Password = "guess"
			if err := send(wrong, trusting); !errors.Is(err, mail.ErrTemporary) {
				t.Errorf("wrong password: got %v, want a temporary error", err)
			}
			if got := len(server.Messages()); got != 1 {
				t.Errorf("got %d mails, want 1", got)
			}
		})
	}
}

func TestStartTLSNeverFallsBackToTheClear(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t)
	cfg := server.Config()
	cfg.TLS = mail.StartTLS
	if err := newSender(t, cfg).Send(t.Context(), message("a@meibo.example")); !errors.Is(err, mail.ErrTemporary) {
		t.Errorf("got %v, want a temporary error", err)
	}
	if got := len(server.Messages()); got != 0 {
		t.Errorf("got %d mails in the clear", got)
	}
}
