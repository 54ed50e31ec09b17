package uploader

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// eraseEvery is how often an eraser asks whether there is something to do; erasuresPage how many erasures it knows of at once.
const (
	eraseEvery   = 10 * time.Second
	erasuresPage = 20
)

// eraser takes the failed rows of members who are erased out of failure reports, import by import: each object of failed
// rows is written again without them. A report of millions of rows takes its time, which no request waits for. It goes on
// after the last import that is done where it is interrupted.
type eraser struct {
	db    *postgres.DB
	blobs *blob.Store
	log   *zap.Logger
	page  int
}

// run works until ctx ends.
func (e *eraser) run(ctx context.Context) error {
	t := time.NewTicker(eraseEvery)
	defer t.Stop()
	for {
		if err := e.erase(ctx); err != nil && ctx.Err() == nil {
			e.log.Warn("erase members", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// erase does what there is to do. It goes on with the next erasure where one fails, however many fail; the error is the
// first one.
func (e *eraser) erase(ctx context.Context) error {
	var first error
	var last postgres.ErasureWork
	for {
		all, err := e.db.Erasures(ctx, last, e.page)
		if err != nil {
			return cmp.Or(first, err)
		}
		for n := range all {
			last = all[n] // as it was found: where it stands changes
			if err := e.finish(ctx, &all[n]); err != nil && first == nil {
				first = err
			}
		}
		if len(all) < e.page || ctx.Err() != nil {
			return first
		}
	}
}

func (e *eraser) finish(ctx context.Context, w *postgres.ErasureWork) error {
	for {
		i, err := e.db.NextErased(ctx, w.Tenant, w)
		switch {
		case errors.Is(err, postgres.ErrConflict): // an import that has to end before
			return nil
		case err != nil:
			return err
		case i == nil:
			e.log.Info("a member is erased", zap.Stringer("tenant", w.Tenant), zap.Int64("erasure", w.ID))
			return nil
		}
		named, err := naming(w.Marks, i)
		if err != nil {
			return err
		}
		rows, err := e.rewrite(ctx, i, named)
		if err != nil {
			return err
		}
		if err := e.db.Erased(ctx, w.Tenant, w, i, rows, named); err != nil {
			return err
		}
	}
}

// naming tells whether the cells of a failed row of the import name somebody: one of those whose fields identify has a value
// that is marked.
func naming(marks *member.Marks, i *imports.Import) (func(cells []string) bool, error) {
	locale, err := i.Options.Locale()
	if err != nil {
		return nil, err
	}
	schema := i.Schema
	if schema == nil {
		schema = member.Standard()
	}
	var fields []member.Field // of the cells
	for _, name := range importedFields(i) {
		f, _ := schema.Field(name) // the zero Field identifies nobody
		fields = append(fields, f)
	}
	return func(cells []string) bool {
		for n := range min(len(cells), len(fields)) {
			if marks.Name(&fields[n], cells[n], locale) {
				return true
			}
		}
		return false
	}, nil
}

// rewrite stores the failed rows of an import again without those that name somebody, and returns how many these were.
func (e *eraser) rewrite(ctx context.Context, i *imports.Import, named func(cells []string) bool) (rows int64, err error) {
	for f, err := range e.blobs.ListFailures(ctx, i.Tenant, i.ID.String()) {
		if err != nil {
			return rows, err
		}
		kept, n, err := e.without(ctx, i, f, named)
		if err != nil {
			return rows, fmt.Errorf("failed rows of import %s: %w", i.ID, err)
		}
		if n == 0 {
			continue
		}
		if err := e.blobs.PutFailures(ctx, i.Tenant, i.ID.String(), f.Lane, f.Seq, kept); err != nil {
			return rows, err
		}
		rows += n
	}
	return rows, nil
}

// without returns an object of failed rows, which is one chunk's, without those that name somebody.
func (e *eraser) without(ctx context.Context, i *imports.Import, f blob.Failures, named func(cells []string) bool) (kept []byte, rows int64, err error) {
	body, err := e.blobs.OpenFailures(ctx, i.Tenant, i.ID.String(), f.Lane, f.Seq)
	if errors.Is(err, blob.ErrNotFound) { // expired meanwhile
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	defer body.Close()
	var out bytes.Buffer
	lines := json.NewDecoder(body)
	for {
		var line json.RawMessage
		err := lines.Decode(&line)
		if err == io.EOF {
			return out.Bytes(), rows, nil
		}
		if err != nil {
			return nil, 0, err
		}
		var row imports.FailedRow
		if err := json.Unmarshal(line, &row); err != nil {
			return nil, 0, err
		}
		if named(row.Cells) {
			rows++
			continue
		}
		out.Write(line)
		out.WriteByte('\n')
	}
}
