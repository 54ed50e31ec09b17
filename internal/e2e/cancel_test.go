package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/devstack"
	"github.com/meibo/meibo/internal/imports"
)

// Cancelling is promised to take 3 seconds at most, on a machine with nothing else to do. What keeps it longer on any
// machine is waiting for others: so these hang for as long as it lasts, and within this time they never go on.
const cancelLimit = time.Minute

// standstill is an installation in which the object storage and the mail server can hang, and writing members, too.
type standstill struct {
	*world
	uploader, splitter, merger, mail *link // but for the last, their ways to the object storage
	admin                            *pgx.Conn
	lists                            int
}

func newStandstill(t *testing.T) *standstill {
	t.Helper()
	s := &standstill{}
	through := func(address *string, before string) *link {
		l, err := newLink("127.0.0.1:0")
		must(t, err)
		t.Cleanup(l.close)
		l.to(hostOf(*address))
		*address = before + l.address()
		return l
	}
	s.world = newWorld(t, func(c *devstack.Services) {
		s.uploader = through(&c.Uploader.Blob.Endpoint, "http://")
		s.splitter = through(&c.Splitter.Blob.Endpoint, "http://")
		s.merger = through(&c.Merger.Blob.Endpoint, "http://")
		s.mail = through(&c.Notifier.Mail.Addr, "")
	})
	var err error
	s.admin, err = pgx.Connect(t.Context(), s.Info.DatabaseURL)
	must(t, err)
	t.Cleanup(func() { s.admin.Close(context.Background()) })
	t.Cleanup(func() { s.mail.set(weather{}); s.storage(weather{}) }) // before the installation is to stop
	s.mail.set(silent)
	return s
}

// silent is a server that takes requests and answers none.
var silent = weather{LoseDown: true}

func (s *standstill) storage(w weather) {
	for _, l := range []*link{s.uploader, s.splitter, s.merger} {
		l.set(w)
	}
}

// begin starts an import in a list of its own.
func (s *standstill) begin(t *testing.T, content string, o client.Options) client.Import {
	t.Helper()
	if o.List == "" {
		o.List = s.list(t)
	}
	return s.start(t, "m.csv", []byte(content), o)
}

func (s *standstill) list(t *testing.T) string {
	t.Helper()
	s.lists++
	name := fmt.Sprintf("list-%d", s.lists)
	_, err := s.client.CreateList(t.Context(), client.NewList{Name: name})
	must(t, err)
	return name
}

// frozen keeps everybody from writing members for as long as f lasts.
func (s *standstill) frozen(t *testing.T, f func()) {
	t.Helper()
	tx, err := s.admin.Begin(t.Context())
	must(t, err)
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	_, err = tx.Exec(t.Context(), `lock table member in share mode`)
	must(t, err)
	f()
	must(t, tx.Rollback(t.Context()))
}

// awaitFrozen waits until somebody wants to write members and cannot.
func (s *standstill) awaitFrozen(t *testing.T) {
	t.Helper()
	eventually(t, func() bool {
		var waits bool
		must(t, s.admin.QueryRow(t.Context(), `select exists (select from pg_locks where relation = 'member'::regclass and not granted)`).Scan(&waits))
		return waits
	})
}

// cancel cancels an import while everything hangs: it is over at once. What it has in the queue goes later, by the hands of
// mergers, who refuse it.
func (s *standstill) cancel(t *testing.T, id string, stages ...imports.Stage) client.Import {
	t.Helper()
	s.storage(silent)
	ctx, cancel := context.WithTimeout(t.Context(), cancelLimit)
	defer cancel()
	i, err := s.client.Cancel(ctx, id)
	if err != nil {
		t.Fatalf("cancel while %s: %v", stages, err)
	}
	if i.State != imports.StateCancelled || i.Stopped == nil || !slices.Contains(stages, i.Stopped.Stage) {
		t.Errorf("import is %s, stopped %+v, want it cancelled while %s", i.State, i.Stopped, stages)
	}
	return i
}

// stays waits until the list's turn has passed on, and looks whether the import is as it was when it was cancelled.
func (s *standstill) stays(t *testing.T, was client.Import, members int) {
	t.Helper()
	next := s.load(t, "next.csv", []byte("member_sn,name\nNEXT,次\n"), client.Options{List: was.List})
	if counts(next) != wantCounts(1, 1, 0, 0, 0) {
		t.Errorf("the next import: %s", counts(next))
	}
	i, err := s.client.Import(t.Context(), was.ID)
	must(t, err)
	if counts(i) != counts(was) || !i.Balanced() {
		t.Errorf("the cancelled import went on: %s, was %s", counts(i), counts(was))
	}
	n, _, err := s.client.CountMembers(t.Context(), client.MemberQuery{List: was.List})
	must(t, err)
	if n != members+1 {
		t.Errorf("%d members, want %d", n, members+1)
	}
}

const twoRows = "member_sn,name\nA1,青木\nA2,井上\n"

// TestCancelWaitsForNobody cancels imports in all that they can be doing while the object storage and the mail server answer
// nobody, and a chunk or a step of theirs does not come to its end.
func TestCancelWaitsForNobody(t *testing.T) {
	t.Parallel()
	s := newStandstill(t)
	s.splitter.set(silent) // the file does not come
	reading := s.begin(t, twoRows, client.Options{})
	waiting := s.begin(t, twoRows, client.Options{List: reading.List})
	eventually(t, s.splitter.loses)
	s.cancel(t, waiting.ID, imports.StageWaiting)
	reading = s.cancel(t, reading.ID, imports.StageReading)
	s.storage(weather{})
	s.stays(t, reading, 0)

	var merging, paused, finishing client.Import
	kept := s.load(t, "m.csv", []byte(twoRows), client.Options{List: s.list(t)})
	undone := s.load(t, "m.csv", []byte(twoRows), client.Options{List: s.list(t)})
	s.frozen(t, func() {
		merging = s.begin(t, twoRows, client.Options{})
		s.awaitFrozen(t)
		merging = s.cancel(t, merging.ID, imports.StageReading, imports.StageMerging)
	})
	s.storage(weather{})
	s.stays(t, merging, 0)
	s.frozen(t, func() {
		paused = s.begin(t, twoRows, client.Options{})
		s.awaitFrozen(t)
		s.storage(silent)
		ctx, cancel := context.WithTimeout(t.Context(), cancelLimit)
		defer cancel()
		i, err := s.client.Pause(ctx, paused.ID)
		must(t, err)
		if i.State != imports.StatePaused {
			t.Errorf("import is %s, want paused", i.State)
		}
		paused = s.cancel(t, paused.ID, imports.StageReading, imports.StageMerging)
	})
	s.storage(weather{})
	s.stays(t, paused, 0)
	s.frozen(t, func() {
		finishing = s.begin(t, "member_sn,name\nA1,青木\n", client.Options{List: kept.List, Mode: "replace", MaxRemoved: "none"})
		s.awaitFrozen(t)
		finishing = s.cancel(t, finishing.ID, imports.StageFinishing)
	})
	s.storage(weather{})
	s.stays(t, finishing, 2)

	// An undo is not cancelled, which is said at once.
	s.frozen(t, func() {
		_, err := s.client.Undo(t.Context(), undone.ID, false)
		must(t, err)
		s.awaitFrozen(t)
		s.storage(silent)
		ctx, cancel := context.WithTimeout(t.Context(), cancelLimit)
		defer cancel()
		_, err = s.client.Cancel(ctx, undone.ID)
		var problem *client.Problem
		if !errors.As(err, &problem) || problem.Status != http.StatusConflict || problem.Code != "import_undoing" {
			t.Errorf("cancel of an undo: %v, want it refused", err)
		}
	})
}
