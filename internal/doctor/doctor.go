// Package doctor looks at an installation for an operator, and says what is wrong with it and what to do.
//
//	Examine:  database ─┐
//	          queue    ─┼─▶ Facts, twice ─▶ Judge ─▶ findings, the worst first
//	          storage  ─┤
//	          mail     ─┘
//
// What is promised: the parts are looked at by the settings that the services have, each by itself, so that one that is
// down hides nothing of the others; nothing is changed but an object in the store, which is removed again; [Judge] is a
// function of the facts, which never asks anybody; and no finding shows a password, a key or a signed address.
package doctor

import (
	"context"
	"sync"
	"time"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/mail"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
)

// Severity says how soon somebody has to do something.
type Severity string

// The severities. A problem keeps something from working; a warning will, or may.
const (
	Problem Severity = "problem"
	Warning Severity = "warning"
)

// Finding is one thing that is not as it is to be.
type Finding struct {
	Severity Severity `json:"severity"`
	// Part is database, queue, storage, mail, service or import.
	Part string `json:"part"`
	// Code tells findings of one kind from others, and stays the same.
	Code string `json:"code"`
	// What is found, Why it matters, and what to Do.
	What member.Text `json:"what"`
	Why  member.Text `json:"why"`
	Do   member.Text `json:"do"`
}

// Config is what is looked at: nil is a part whose settings are not known, of which Errors tells.
type Config struct {
	Database *postgres.Config
	Queue    *queue.Config
	Blob     *blob.Config
	Mail     *mail.Config
	// Errors are what is wrong with the settings of a part, by its name.
	Errors map[string]error
	// Origin is that of the console's pages, empty where no browser sends parts.
	Origin string
	// Services are the addresses of services' health checks, such as http://10.0.0.7:9090.
	Services []string
	// Patience is how long each part is waited for.
	Patience time.Duration
	// Apart is how long after one another the imports are looked at twice.
	Apart time.Duration
	// Stuck is since when an import must be under way to be called stuck where nothing moves.
	Stuck time.Duration
}

// Facts are what was seen, or the error for which it was not. A part that was not looked at has neither.
type Facts struct {
	Database    *postgres.Facts
	DatabaseErr error
	Queue       *queue.Facts
	QueueErr    error
	Storage     []blob.Trial
	StorageErr  error
	Mail        bool
	MailErr     error
	// Services are what services said of themselves, nil where they are ready, by their addresses.
	Services map[string]error
	// Errors are those of the configuration.
	Errors map[string]error
	// Before is how far imports had come a moment before the rest was seen.
	Before map[imports.ID]string
	// Now is when all this was seen, Stuck as in Config.
	Now   time.Time
	Stuck time.Duration
}

// Examine looks at everything that is configured, and judges it.
func Examine(ctx context.Context, cfg Config) []Finding { return Judge(Look(ctx, cfg)) }

// Look sees the facts, of all parts at once.
func Look(ctx context.Context, cfg Config) Facts {
	f := Facts{Errors: cfg.Errors, Now: time.Now(), Stuck: cfg.Stuck}
	var wg sync.WaitGroup
	part := func(look func(ctx context.Context)) {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, cfg.Patience+cfg.Apart)
			defer cancel()
			look(ctx)
		})
	}
	if cfg.Database != nil {
		part(func(ctx context.Context) {
			f.Database, f.Before, f.DatabaseErr = lookAtDatabase(ctx, *cfg.Database, cfg.Apart)
		})
	}
	if cfg.Queue != nil {
		part(func(ctx context.Context) {
			seen, err := queue.Look(ctx, *cfg.Queue)
			if f.QueueErr = err; err == nil {
				f.Queue = &seen
			}
		})
	}
	if cfg.Blob != nil {
		part(func(ctx context.Context) {
			store, err := blob.Open(ctx, *cfg.Blob)
			if f.StorageErr = err; err == nil {
				f.Storage = store.Probe(ctx, cfg.Origin)
			}
		})
	}
	if cfg.Mail != nil {
		part(func(ctx context.Context) {
			f.Mail = true
			sender, err := mail.NewSender(*cfg.Mail)
			if err == nil {
				defer sender.Close()
				err = sender.Check(ctx)
			}
			f.MailErr = err
		})
	}
	part(func(ctx context.Context) { f.Services = lookAtServices(ctx, cfg.Services) })
	wg.Wait()
	return f
}

// lookAtDatabase looks twice where imports are under way, to see whether they move.
func lookAtDatabase(ctx context.Context, cfg postgres.Config, apart time.Duration) (*postgres.Facts, map[imports.ID]string, error) {
	db, err := postgres.Open(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	defer db.Close()
	seen, err := db.Facts(ctx)
	if err != nil {
		return nil, nil, err
	}
	before := map[imports.ID]string{}
	for _, w := range seen.Work {
		before[w.Import] = w.Place
	}
	if len(before) == 0 {
		return &seen, before, nil
	}
	select {
	case <-time.After(apart):
	case <-ctx.Done():
	}
	seen, err = db.Facts(ctx)
	return &seen, before, err
}
