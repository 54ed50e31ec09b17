package mail_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/meibo/meibo/internal/mail"
	"github.com/meibo/meibo/internal/mail/mailtest"
)

func TestNothingIsInjectedIntoAHeader(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t)
	sender := newSender(t, server.Config())
	for name, change := range map[string]func(*mail.Message){
		"line in subject":               func(m *mail.Message) { m.Subject = "a\r\nBcc: x@example.com" },
		"bare LF in subject":            func(m *mail.Message) { m.Subject = "a\nb" },
		"NUL in subject":                func(m *mail.Message) { m.Subject = "a\x00b" },
		"line in recipient":             func(m *mail.Message) { m.To = "a@example.com\r\nBcc: x@example.com" },
		"folded recipient":              func(m *mail.Message) { m.To = "a\r\n <a@example.com>" },
		"line in display name, encoded": func(m *mail.Message) { m.To = "=?utf-8?q?a=0D=0ABcc:_x?= <a@example.com>" },
		"two recipients":                func(m *mail.Message) { m.To = "a@example.com, b@example.com" },
		"no recipient":                  func(m *mail.Message) { m.To = "" },
		"no address":                    func(m *mail.Message) { m.To = "hanako" },
		"command in recipient":          func(m *mail.Message) { m.To = "a@example.com> NOTIFY=NEVER <b@example.com" },
		"line in sender":                func(m *mail.Message) { m.From = "a@example.com\n" },
		"line in id":                    func(m *mail.Message) { m.ID = "a\r\nb@example.com" },
		"bracket in id":                 func(m *mail.Message) { m.ID = "a>@example.com" },
		"id without right side":         func(m *mail.Message) { m.ID = "a@" },
		"no id":                         func(m *mail.Message) { m.ID = "" },
		"no text":                       func(m *mail.Message) { m.Text = "" },
	} {
		m := message("a@meibo.example")
		change(&m)
		if err := sender.Send(t.Context(), m); !errors.Is(err, mail.ErrPermanent) {
			t.Errorf("%s: got %v, want a permanent error", name, err)
		}
	}
	if _, total := server.Connections(); total != 0 {
		t.Errorf("such messages took %d connections", total)
	}
}

func TestAddressesGoOutAsServersKnowThem(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"a@example.com":                           "<a@example.com>",
		"佐藤 花子 <hanako@example.jp>":               "=?utf-8?q?=E4=BD=90=E8=97=A4_=E8=8A=B1=E5=AD=90?= <hanako@example.jp>",
		"taro..yamada.@docomo.ne.jp":              `<"taro..yamada."@docomo.ne.jp>`,
		"太郎 <.taro..yamada@docomo.ne.jp>":         `=?utf-8?q?=E5=A4=AA=E9=83=8E?= <".taro..yamada"@docomo.ne.jp>`,
		"hanako@名簿.jp":                            "<hanako@xn--eqr684g.jp>",
		`"Sato, Hanako" <hanako@example.jp>`:      `"Sato, Hanako" <hanako@example.jp>`,
		"=?utf-8?b?5L2Q6Jek?= <hanako@localhost>": "=?utf-8?q?=E4=BD=90=E8=97=A4?= <hanako@localhost>",
	} {
		got, err := mail.ParseAddress(given)
		if err != nil {
			t.Errorf("%s: %v", given, err)
		} else if got.String() != want {
			t.Errorf("%s: got %s, want %s", given, got, want)
		}
	}
}

func TestAddressOfACarrierArrives(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t)
	m := message("a@meibo.example")
	m.To = "taro..yamada.@docomo.ne.jp"
	if err := newSender(t, server.Config()).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := server.Wait(t, 1)[0].To[0]; got != m.To {
		t.Errorf("got recipient %s, want %s", got, m.To)
	}
}

func TestConfigurationIsReportedTogether(t *testing.T) {
	t.Parallel()
	_, err := mail.NewSender(mail.Config{Addr: "mail.example", User: "u", From: "nobody"})
	for _, want := range []string{"MEIBO_SMTP_ADDR", "MEIBO_SMTP_PASSWORD", "MEIBO_MAIL_FROM"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to name %s", err, want)
		}
	}
}

func TestTLSReadsItsOwnNamesOnly(t *testing.T) {
	t.Parallel()
	for _, want := range []mail.TLS{mail.StartTLS, mail.ImplicitTLS, mail.NoTLS} {
		var got mail.TLS
		if err := got.UnmarshalText([]byte(want.String())); err != nil || got != want {
			t.Errorf("%s: got %v, %v", want, got, err)
		}
	}
	if err := new(mail.TLS).UnmarshalText([]byte("ssl")); err == nil {
		t.Error("ssl was taken")
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"a@b.jp", "x <a..b@c.jp>", "\"a\\\"\"@b", "a@名簿.jp", "=?utf-8?q?=0A?= <a@b>", "a@[127.0.0.1]", "<a@b>@c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		addr, err := mail.ParseAddress(s)
		if err != nil {
			if !errors.Is(err, mail.ErrPermanent) {
				t.Fatalf("%q: got %v, want a permanent error", s, err)
			}
			return
		}
		wire := addr.String()
		if strings.ContainsFunc(wire, unicode.IsControl) {
			t.Fatalf("%q becomes %q", s, wire)
		}
		again, err := mail.ParseAddress(wire)
		if err != nil || again.Address != addr.Address {
			t.Fatalf("%q becomes %q, which is read as %v, %v", s, wire, again, err)
		}
	})
}
