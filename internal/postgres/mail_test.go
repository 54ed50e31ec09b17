package postgres_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
)

var (
	errRefused = errors.New("550 no such mailbox")
	errBusy    = errors.New("451 try again")
)

func permanent(err error) bool { return errors.Is(err, errRefused) }

// send sends a mail about the import, and tells whether it was tried.
func (l *life) send(t *testing.T, id imports.ID, to string, answer error) (tried bool, err error) {
	t.Helper()
	err = l.db.SendOnce(t.Context(), l.tenant, id, 1, to, "import@meibo.example", func(context.Context) error { tried = true; return answer }, permanent)
	return tried, err
}

// mail returns the one mail about the import.
func (l *life) mail(t *testing.T, id imports.ID) postgres.Mail {
	t.Helper()
	mails, err := l.db.Mails(t.Context(), l.tenant, id)
	must(t, err)
	if len(mails) != 1 {
		t.Fatalf("%d mails, want 1", len(mails))
	}
	return mails[0]
}

func TestMailIsSentOnce(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	id := l.reach(t, imports.StateCreated)
	for n := range 3 {
		if tried, err := l.send(t, id, "a@example.jp", nil); err != nil || tried != (n == 0) {
			t.Errorf("call %d: tried %v, %v", n, tried, err)
		}
	}
	if m := l.mail(t, id); m.SentAt == nil || m.Failure != nil || m.Recipient != "a@example.jp" {
		t.Errorf("mail = %+v, want sent", m)
	}
	if tried, err := l.send(t, id, "b@example.jp", nil); err != nil || !tried {
		t.Errorf("another recipient: tried %v, %v", tried, err)
	}
	if tried, err := l.send(t, l.reach(t, imports.StateCreated), "a@example.jp", nil); err != nil || !tried {
		t.Errorf("another import: tried %v, %v", tried, err)
	}
}

func TestTemporaryErrorLeavesTheMailToBeSent(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	id := l.reach(t, imports.StateCreated)
	for range 2 {
		if tried, err := l.send(t, id, "a@example.jp", errBusy); !tried || !errors.Is(err, errBusy) {
			t.Errorf("tried %v, %v; want the server's answer", tried, err)
		}
	}
	mails, err := l.db.Mails(t.Context(), l.tenant, id)
	must(t, err)
	if slices.ContainsFunc(mails, func(m postgres.Mail) bool { return m.SentAt != nil || m.Failure != nil }) {
		t.Errorf("mails = %+v, want none that is done", mails)
	}
	if tried, err := l.send(t, id, "a@example.jp", nil); !tried || err != nil {
		t.Errorf("tried %v, %v", tried, err)
	}
	if m := l.mail(t, id); m.SentAt == nil || m.Failure != nil {
		t.Errorf("mail = %+v, want sent", m)
	}
}

func TestPermanentRefusalIsRecordedAndFinal(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	id := l.reach(t, imports.StateCreated)
	for n := range 2 {
		if tried, err := l.send(t, id, "a@example.jp", errRefused); err != nil || tried != (n == 0) {
			t.Errorf("call %d: tried %v, %v", n, tried, err)
		}
	}
	if m := l.mail(t, id); m.SentAt != nil || m.Failure == nil || *m.Failure != errRefused.Error() {
		t.Errorf("mail = %+v, want the refusal", m)
	}
}

func TestConcurrentSendersSendOnce(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	id := l.reach(t, imports.StateCreated)
	var sending, sent atomic.Int64
	errs := make([]error, 4)
	var wg sync.WaitGroup
	for n := range errs {
		wg.Go(func() {
			errs[n] = l.db.SendOnce(t.Context(), l.tenant, id, 1, "a@example.jp", "import@meibo.example", func(ctx context.Context) error {
				if sending.Add(1) > 1 {
					t.Error("two send at once")
				}
				defer sending.Add(-1)
				if sent.Add(1) == 1 {
					return errBusy // whoever waits may go on
				}
				return l.db.Ping(ctx)
			}, permanent)
		})
	}
	wg.Wait()
	if failed := slices.DeleteFunc(errs, func(err error) bool { return err == nil }); len(failed) != 1 || !errors.Is(failed[0], errBusy) {
		t.Errorf("errors = %v, want the one of the first", failed)
	}
	if sent.Load() != 2 {
		t.Errorf("%d tries, want the one that failed and the one that did it", sent.Load())
	}
	if m := l.mail(t, id); m.SentAt == nil {
		t.Errorf("mail = %+v, want sent", m)
	}
}

func TestImportThatNobodyIsToldOfSaysSo(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	id := l.reach(t, imports.StateCreated)
	for range 2 {
		must(t, l.db.RecordNoRecipient(t.Context(), l.tenant, id, 1))
	}
	if m := l.mail(t, id); m.Recipient != postgres.NoRecipient || m.SentAt != nil || m.Failure == nil {
		t.Errorf("mail = %+v, want one to nobody with a failure", m)
	}
}
