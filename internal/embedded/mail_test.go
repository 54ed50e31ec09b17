package embedded

import (
	"errors"
	"fmt"
	"net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func startMail(t *testing.T, cfg MailConfig) *MailCatcher {
	t.Helper()
	c, err := StartMailCatcher(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// mails returns the texts of the mails in the order of their names.
func mails(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	var all []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	return all
}

func TestMailBecomesAFileInOrderOfArrival(t *testing.T) {
	t.Parallel()
	cfg := MailConfig{Dir: t.TempDir()}
	c := startMail(t, cfg)
	send := func(i int) {
		text := fmt.Sprintf("Subject: %d\r\n\r\n名簿\r\n.\r\nend\r\n", i)
		if err := smtp.SendMail(c.Addr(), nil, "from@example.com", []string{"a@example.com", "b@example.com"}, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 15 {
		send(i)
	}
	before := c.Addr()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if c = startMail(t, cfg); c.Addr() != before {
		t.Errorf("address after a restart %s, want %s", c.Addr(), before)
	}
	defer c.Close()
	for i := 15; i < 20; i++ {
		send(i)
	}
	got := mails(t, c.Dir())
	if len(got) != 20 {
		t.Fatalf("%d mails, want 20", len(got))
	}
	for i, text := range got {
		want := "Return-Path: <from@example.com>\r\nDelivered-To: a@example.com\r\nDelivered-To: b@example.com\r\n" +
			fmt.Sprintf("Subject: %d\r\n\r\n名簿\r\n.\r\nend\r\n", i)
		if text != want {
			t.Errorf("mail %d is %q, want %q", i, text, want)
		}
	}
}

func TestMailIsRefusedAsTheTestDecides(t *testing.T) {
	t.Parallel()
	c := startMail(t, MailConfig{
		Dir: t.TempDir(),
		OnRecipient: func(_, to string) Reply {
			if strings.HasPrefix(to, "unknown@") {
				return Reply{550, "no such user"}
			}
			return Reply{}
		},
		OnMail: func(m Mail) Reply {
			if strings.Contains(string(m.Data), "later") {
				return Reply{451, "try again"}
			}
			return Reply{}
		},
	})
	defer c.Close()
	for _, tt := range []struct {
		to, text string
		want     int
	}{
		{"unknown@example.com", "now", 550},
		{"a@example.com", "later", 451},
		{"a@example.com", "now", 0},
	} {
		err := smtp.SendMail(c.Addr(), nil, "from@example.com", []string{tt.to}, []byte("\r\n"+tt.text+"\r\n"))
		var answer *textproto.Error
		if got := errors.As(err, &answer); got != (tt.want != 0) || (got && answer.Code != tt.want) {
			t.Errorf("mail %q to %s: %v, want %d", tt.text, tt.to, err, tt.want)
		}
	}
	if got := mails(t, c.Dir()); len(got) != 1 || !strings.Contains(got[0], "now") {
		t.Errorf("kept %q, want the accepted mail only", got)
	}
}
