package postgres_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/meibo/meibo/internal/postgres"
)

func TestProcessesAreThereAsLongAsTheyAreHeardOf(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	merger := postgres.Worker{ID: uuid.New(), Service: "merger", Host: "n1", Version: "v1", StartedAt: time.Now(), Concurrency: 4, Busy: 2, Rows: 1000}
	silent := postgres.Worker{ID: uuid.New(), Service: "splitter", Host: "n2", StartedAt: time.Now()}
	long := postgres.Worker{ID: uuid.New(), Service: "splitter", Host: "n3", StartedAt: time.Now()}
	for _, w := range []postgres.Worker{merger, silent, long} {
		must(t, c.db.Beat(t.Context(), w))
	}
	c.exec(t, `update worker set seen_at = seen_at - case id when $1 then interval '10 s' when $2 then interval '1 min' else interval '1 hour' end`, merger.ID, silent.ID)
	merger.Rows, merger.Busy = 6000, 3
	must(t, c.db.Beat(t.Context(), merger))
	all, err := c.db.Workers(t.Context())
	must(t, err)
	if len(all) != 1 || all[0].ID != merger.ID || all[0].Busy != 3 || all[0].Concurrency != 4 || all[0].RowsPerSecond <= 0 || all[0].RowsPerSecond > 500 {
		t.Errorf("processes %+v, want the merger with at most 5000 rows in 10 seconds", all)
	}
	var kept int
	if c.ask(t, &kept, `select count(*) from worker`); kept != 2 {
		t.Errorf("%d rows, want 2: who has been silent for an hour is forgotten", kept)
	}
	must(t, c.db.Leave(t.Context(), merger.ID))
	if all, err := c.db.Workers(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("processes %+v, %v after the end", all, err)
	}
	// Before the migration nothing is noted, and nobody minds.
	c.exec(t, `drop table worker`)
	must(t, c.db.Beat(t.Context(), merger))
	if all, err := c.db.Workers(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("processes %+v, %v before the migration", all, err)
	}
}
