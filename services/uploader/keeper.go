package uploader

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// keepEvery is how often a keeper looks for what has expired; up to half as much again is added. The first look comes within
// keepSoon of the start: the journal wants partitions for the weeks to come.
const (
	keepEvery = time.Hour
	keepSoon  = time.Minute
)

// dropLimit bounds the deletion of one import's objects, during which its row is locked.
const dropLimit = 30 * time.Second

// keptBatch is how many rows one transaction deletes.
const keptBatch = 5_000

// keeper deletes what is kept for too long (postgres.Retention): sources, failed rows, journals, and the oldest of the audit
// log. Any number of keepers may work at the same time: an import that one has in hand, another passes by.
type keeper struct {
	db    *postgres.DB
	blobs *blob.Store
	log   *zap.Logger
}

// expired counts what one look has deleted.
type expired struct {
	sources, reports, journals, weeks int
	logs                              int64
}

// run looks now and then until ctx ends.
func (k *keeper) run(ctx context.Context) error {
	for pause := rand.N(keepSoon); ; pause = keepEvery + rand.N(keepEvery/2) {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		start := time.Now()
		done, err := k.keep(ctx, start)
		fields := []zap.Field{
			zap.Int("sources", done.sources), zap.Int("reports", done.reports), zap.Int("journals", done.journals),
			zap.Int("weeks", done.weeks), zap.Int64("logs", done.logs), zap.Duration("in", time.Since(start)),
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			k.log.Warn("retention", append(fields, zap.Error(err))...)
		case done != expired{}:
			k.log.Info("retention", fields...)
		}
	}
}

// keep looks once, as of that time. It goes on to the next tenant where it fails; the error is the first one.
func (k *keeper) keep(ctx context.Context, at time.Time) (done expired, err error) {
	tenants, err := k.db.Tenants(ctx)
	if err != nil {
		return done, err
	}
	var first error
	for _, t := range tenants {
		if err := k.keepOf(ctx, t.ID, at, &done); err != nil && first == nil {
			first = err
		}
	}
	weeks, err := k.db.DropJournal(ctx, at)
	done.weeks = weeks
	return done, errors.Join(first, err)
}

func (k *keeper) keepOf(ctx context.Context, t tenant.ID, at time.Time, done *expired) error {
	return errors.Join(
		each(&done.sources, func() (bool, error) { return k.db.ExpireSource(ctx, t, at, k.dropSource(t)) }),
		each(&done.reports, func() (bool, error) { return k.db.ExpireReport(ctx, t, at, k.dropReport(t)) }),
		each(&done.journals, func() (bool, error) { return k.db.ExpireJournal(ctx, t, at, keptBatch) }),
		each(new(int), func() (bool, error) {
			n, err := k.db.ExpireLogs(ctx, t, at, keptBatch)
			done.logs += n
			return n > 0, err
		}),
	)
}

// each calls f as long as it has done something, and counts how often that was.
func each(count *int, f func() (bool, error)) error {
	for {
		done, err := f()
		if err != nil || !done {
			return err
		}
		*count++
	}
}

func (k *keeper) dropSource(t tenant.ID) func(context.Context, imports.ID, string) error {
	return func(ctx context.Context, id imports.ID, upload string) error {
		ctx, cancel := context.WithTimeout(ctx, dropLimit)
		defer cancel()
		if err := k.blobs.DeleteSource(ctx, t, id.String(), upload); err != nil {
			return fmt.Errorf("import %s: %w", id, err)
		}
		return nil
	}
}

func (k *keeper) dropReport(t tenant.ID) func(context.Context, imports.ID) error {
	return func(ctx context.Context, id imports.ID) error {
		ctx, cancel := context.WithTimeout(ctx, dropLimit)
		defer cancel()
		if err := k.blobs.DeleteFailures(ctx, t, id.String()); err != nil {
			return fmt.Errorf("import %s: %w", id, err)
		}
		return nil
	}
}
