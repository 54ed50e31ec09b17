package uploader

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/source"
)

// limitsView is what an account may have; null is any number.
type limitsView struct {
	RunningImports *int64 `json:"running_imports" doc:"How many imports may run at the same time, over all lists; null for any number. Those beyond it are queued and run in the order of their starts."`
	RowsPerDay     *int64 `json:"rows_per_day" doc:"How many rows the imports may have that are started on one day; null for any number. Dry runs do not count."`
	StorageBytes   *int64 `json:"storage_bytes" doc:"How many bytes the files and the reports of failed rows may take; null for any number."`
}

// usageView is where an account stands.
type usageView struct {
	RunningImports int64     `json:"running_imports" doc:"Imports that have their list's turn: those that run, are paused, or are being undone."`
	QueuedImports  int64     `json:"queued_imports" doc:"Imports that wait for their turn."`
	RowsToday      int64     `json:"rows_today" doc:"Rows of the imports that were started today; of one that was stopped, those that were read."`
	RowsFreeAt     time.Time `json:"rows_free_at" doc:"When the rows of today stop counting: the next midnight in the account's time zone."`
	StorageBytes   int64     `json:"storage_bytes" doc:"What the files and reports take that are kept, in bytes."`
}

// limitView is the limit that a request would go beyond.
type limitView struct {
	Limit  int64      `json:"limit" doc:"In rows (rows_per_day) or bytes (storage_limit)."`
	Used   int64      `json:"used" doc:"What is used of it."`
	Needed int64      `json:"needed,omitempty" doc:"What the request needs, where that is known."`
	FreeAt *time.Time `json:"free_at,omitempty" doc:"When what is used is free again; absent where that takes deleting something."`
}

func viewUsage(u *postgres.Usage) (limitsView, usageView) {
	return limitsView{u.Running, u.RowsPerDay, u.Storage},
		usageView{RunningImports: u.HaveTurn, QueuedImports: u.Waiting, RowsToday: u.RowsToday, RowsFreeAt: u.FreeAt, StorageBytes: u.Stored}
}

// beyondLimit is what a limit of the tenant means to the caller: rows are free again by themselves (429), room is not.
func beyondLimit(ctx context.Context, e *postgres.LimitError) *refusal {
	r := &refusal{status: http.StatusUnprocessableEntity, code: codeStorageLimit, limit: &limitView{Limit: e.Limit, Used: e.Used, Needed: e.Needed}}
	if e.Storage {
		r.fill = []string{"limit", groups(e.Limit), "used", groups(e.Used)}
		return r
	}
	r.status, r.code, r.limit.FreeAt = http.StatusTooManyRequests, codeRowsPerDay, new(e.FreeAt.UTC())
	r.header = http.Header{"Retry-After": {strconv.FormatInt(int64(math.Ceil(max(time.Until(e.FreeAt).Seconds(), 1))), 10)}}
	at := e.FreeAt
	if zone, err := time.LoadLocation(callerOf(ctx).Tenant.TimeZone); err == nil {
		at = at.In(zone)
	}
	r.fill = []string{"limit", groups(e.Limit), "used", groups(e.Used), "needed", groups(e.Needed), "time", at.Format("2006-01-02 15:04 MST")}
	return r
}

// groups writes a number with a comma between each three digits, as both languages do.
func groups(n int64) string {
	text := strconv.FormatInt(n, 10)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// checkRoom refuses an upload of so many bytes for which the tenant has no room, and returns how many there may be, nil for
// any number.
func (s *server) checkRoom(ctx context.Context, i *imports.Import, bytes int64) (left *int64, err error) {
	return s.db.CheckStorage(ctx, i.Tenant, i.ID, max(bytes, 0))
}

// checkPartRoom is checkRoom for the part of that number: what the store has of the others counts, and that none of those
// before it is smaller than parts can be.
func (s *server) checkPartRoom(ctx context.Context, i *imports.Import, p blob.Parts, number int, size int64) error {
	least := int64(number-1)*blob.MinPart + size
	left, err := s.checkRoom(ctx, i, least)
	if err != nil || left == nil {
		return err
	}
	parts, err := s.blobs.ListParts(ctx, p)
	if err != nil {
		return storeFailure(err)
	}
	total := size
	for _, part := range parts {
		if part.Number != number {
			total += part.Size
		}
	}
	_, err = s.checkRoom(ctx, i, total)
	return err
}

// within gives what a body has until it has more than left bytes, which is refused then.
func (s *server) within(ctx context.Context, i *imports.Import, body io.Reader, left *int64) io.Reader {
	if left == nil {
		return body
	}
	return &bounded{from: body, left: *left, beyond: func(read int64) error {
		_, err := s.checkRoom(ctx, i, read)
		return err
	}}
}

// bounded asks beyond whether reading may go on, as soon as more bytes have come than were left.
type bounded struct {
	from       io.Reader
	read, left int64
	beyond     func(read int64) error
}

// Read reads from the body.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.read += int64(n); b.read > b.left {
		if err := b.beyond(b.read); err != nil {
			return n, err
		}
		b.left = math.MaxInt64 // there is more room by now
	}
	return n, err
}

// countRows counts the data rows of a source, where the tenant has a limit of them: no further than what is left today.
func (s *server) countRows(ctx context.Context, i *imports.Import) (*int64, error) {
	if i.Options.DryRun {
		return nil, nil
	}
	left, err := s.db.RowsLeft(ctx, i.Tenant)
	if err != nil || left == nil {
		return nil, err
	}
	src, err := source.Open(ctx, s.blobs, i)
	switch {
	case errors.Is(err, blob.ErrNotFound), errors.Is(err, blob.ErrChanged):
		return nil, s.overtaken(ctx, i)
	case err != nil:
		return nil, storeRefusal(err)
	}
	defer src.Close()
	n := int64(0)
	for _, err := range src.Rows() {
		if err != nil || n > *left {
			break // What keeps the file from being read ends the import, with a reason.
		}
		n++
	}
	return &n, ctx.Err()
}

// waitsForOthers tells of a queued import that its account has as many running as it may.
func (s *server) waitsForOthers(ctx context.Context, i *imports.Import) ([]notice, error) {
	if i.State != imports.StateQueued {
		return nil, nil
	}
	u, err := s.db.Usage(ctx, i.Tenant)
	if err != nil || u.Running == nil || u.HaveTurn < *u.Running {
		return nil, err
	}
	fill := []string{"limit", groups(*u.Running)}
	return []notice{{codeRunningLimit, sentence(codeRunningLimit, nil, fill, sessionOf(ctx).lang())}}, nil
}
