package uploader

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// sweepEvery is how often a janitor looks through the object storage, and more often where uploads expire sooner; up to
// half as much again is added, so that those of many uploaders do not look at the same moment.
const sweepEvery = time.Hour

// maxSuspects bounds the files that a janitor remembers from one look to the next.
const maxSuspects = 10_000

// janitor frees the room that uploads take which nobody will complete: parts of which none has come for longer than
// expiry, and whole files of that age which no import names as its source, as a process leaves that dies between
// storing a file and recording it. Failed rows that belong to no report go, too: those of chunks that were never merged, of
// imports whose reports have expired and of none that is known. Any number of janitors may work at the same time: what one does, another finds done.
//
// A file goes only if two looks in a row find that nothing names it: for a large one that came by parts over a long time
// is old from its first moment on (S3 dates it from the beginning of the upload), and is checked before it is recorded.
type janitor struct {
	db     *postgres.DB
	blobs  *blob.Store
	expiry time.Duration
	log    *zap.Logger

	suspects map[suspect]bool // of the look before
}

// suspect is a file that nothing named, or the failed rows of a chunk.
type suspect struct {
	tenant   tenant.ID
	source   postgres.SourceRef
	failures postgres.FailuresRef
}

// swept is what one look has done.
type swept struct {
	aborted, deleted int
}

// run looks now and then until ctx ends. An expiry of 0 is none.
func (j *janitor) run(ctx context.Context) error {
	if j.expiry <= 0 {
		return nil
	}
	every := min(sweepEvery, j.expiry)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(every + rand.N(every/2+1)):
		}
		start := time.Now()
		done, err := j.sweep(ctx, start.Add(-j.expiry))
		fields := []zap.Field{zap.Int("aborted", done.aborted), zap.Int("deleted", done.deleted), zap.Duration("in", time.Since(start))}
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			j.log.Warn("janitor", append(fields, zap.Error(err))...)
		case done != swept{}:
			j.log.Info("janitor", fields...)
		}
	}
}

// sweep looks once, for what is older than before. It goes on to the next tenant where it fails; the errors are the first
// of the uploads that are under way and the first of the files.
func (j *janitor) sweep(ctx context.Context, before time.Time) (done swept, err error) {
	aborted, abortErr := j.blobs.AbortAbandoned(ctx, before)
	done.aborted = aborted
	suspects := make(map[suspect]bool)
	var first error
	for t, err := range j.blobs.Tenants(ctx) {
		if err == nil {
			var deleted int
			deleted, err = j.sweepTenant(ctx, t, before, suspects)
			done.deleted += deleted
		}
		if err != nil && first == nil {
			first = fmt.Errorf("free room of tenant %s: %w", t, err)
		}
	}
	j.suspects = suspects
	return done, errors.Join(abortErr, first)
}

// sweepTenant deletes what was suspect before and is still, and adds the others to suspects.
func (j *janitor) sweepTenant(ctx context.Context, t tenant.ID, before time.Time, suspects map[suspect]bool) (deleted int, err error) {
	for page, err := range j.blobs.SourcesBefore(ctx, t, before) {
		if err != nil {
			return deleted, err
		}
		lost, err := j.unnamed(ctx, t, page)
		if err != nil {
			return deleted, err
		}
		for _, file := range lost {
			if !j.again(suspect{tenant: t, source: file}, suspects) {
				continue
			}
			if err := j.blobs.DeleteSource(ctx, t, file.Import.String(), file.Upload); err != nil {
				return deleted, err
			}
			deleted++
		}
	}
	n, err := j.sweepFailures(ctx, t, before, suspects)
	return deleted + n, err
}

// sweepFailures does the same for failed rows.
func (j *janitor) sweepFailures(ctx context.Context, t tenant.ID, before time.Time, suspects map[suspect]bool) (deleted int, err error) {
	for page, err := range j.blobs.FailuresBefore(ctx, t, before) {
		if err != nil {
			return deleted, err
		}
		lost, err := j.needless(ctx, t, page)
		if err != nil {
			return deleted, err
		}
		for _, f := range lost {
			if !j.again(suspect{tenant: t, failures: f}, suspects) {
				continue
			}
			if err := j.blobs.DeleteFailuresOf(ctx, t, f.Import.String(), f.Lane, f.Seq); err != nil {
				return deleted, err
			}
			deleted++
		}
	}
	return deleted, nil
}

// again reports whether s was suspect in the look before. If not, it is now.
func (j *janitor) again(s suspect, suspects map[suspect]bool) bool {
	if !j.suspects[s] && len(suspects) < maxSuspects {
		suspects[s] = true
	}
	return j.suspects[s]
}

// needless returns those of the failed rows that no report has or will have.
func (j *janitor) needless(ctx context.Context, t tenant.ID, page []blob.StoredFailures) (lost []postgres.FailuresRef, err error) {
	stored := make([]postgres.FailuresRef, 0, len(page))
	for _, f := range page {
		if id, err := imports.ParseID(f.Import); err == nil {
			stored = append(stored, postgres.FailuresRef{Import: id, Lane: f.Lane, Seq: f.Seq})
		}
	}
	if len(stored) == 0 {
		return nil, nil
	}
	needed, err := j.db.NeededFailures(ctx, t, stored)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(stored, func(f postgres.FailuresRef) bool { return needed[f] }), nil
}

// unnamed returns those of the files that no import names as its source.
func (j *janitor) unnamed(ctx context.Context, t tenant.ID, page []blob.StoredSource) ([]postgres.SourceRef, error) {
	files := make([]postgres.SourceRef, 0, len(page))
	for _, file := range page {
		id, err := imports.ParseID(file.Import)
		if err != nil {
			continue // not one of ours
		}
		files = append(files, postgres.SourceRef{Import: id, Upload: file.Upload})
	}
	if len(files) == 0 {
		return nil, nil
	}
	recorded, err := j.db.RecordedSources(ctx, t, files)
	if err != nil {
		return nil, err
	}
	lost := files[:0]
	for _, file := range files {
		if !recorded[file] {
			lost = append(lost, file)
		}
	}
	return lost, nil
}
