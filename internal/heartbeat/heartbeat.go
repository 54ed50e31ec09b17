// Package heartbeat has every process of an installation tell of itself, so that people can see which there are and what they
// do.
//
// What is promised: it is never in the way. A beat that cannot be noted is left out, the next one tells the same and more;
// and where there is no database there is no beat.
package heartbeat

import (
	"context"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/postgres"
)

// A process tells of itself so often; a beat takes no longer than patience, and the last one than parting.
const (
	every    = 10 * time.Second
	patience = 5 * time.Second
	parting  = time.Second
)

// Heart counts what a process does. One that is nil counts nothing.
type Heart struct {
	db   *postgres.DB
	log  *zap.Logger
	self postgres.Worker
	busy atomic.Int64
	rows atomic.Int64
}

// New returns the heart of a process of a service that can do so many things at the same time, 0 for any number.
func New(db *postgres.DB, service string, concurrency int, log *zap.Logger) *Heart {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return &Heart{db: db, log: log, self: postgres.Worker{
		ID: uuid.New(), Service: service, Host: host, Version: version(), StartedAt: time.Now(), Concurrency: concurrency,
	}}
}

// version is that of the program: of its module where it has one, else the revision that it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(devel)"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && (v == "" || v == "(devel)") {
			v = s.Value[:min(len(s.Value), 12)]
		}
	}
	return v
}

// Rows counts rows that are done.
func (h *Heart) Rows(n int64) {
	if h != nil {
		h.rows.Add(n)
	}
}

// Begin counts something that is being done; the function that it returns ends it.
func (h *Heart) Begin() (end func()) {
	if h == nil {
		return func() {}
	}
	h.busy.Add(1)
	return func() { h.busy.Add(-1) }
}

// Counting is f, whose work the heart counts as long as it lasts.
func Counting[T any](h *Heart, f func(context.Context, T) error) func(context.Context, T) error {
	return func(ctx context.Context, message T) error {
		defer h.Begin()()
		return f(ctx, message)
	}
}

// Run tells of the process until ctx ends, and then that it is gone.
func (h *Heart) Run(ctx context.Context) error {
	t := time.NewTicker(every)
	defer t.Stop()
	well := true
	for {
		err := h.beat(ctx)
		if err != nil && well && ctx.Err() == nil { // once, and not every time
			h.log.Info("cannot tell of this process", zap.Error(err))
		}
		well = err == nil
		select {
		case <-ctx.Done():
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), parting)
			defer cancel()
			_ = h.db.Leave(ctx, h.self.ID) // it is forgotten soon anyway
			return nil
		case <-t.C:
		}
	}
}

func (h *Heart) beat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	now := h.self
	now.Busy, now.Rows = int(h.busy.Load()), h.rows.Load()
	return h.db.Beat(ctx, now)
}
