package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
)

// MaxImportCount is how far the imports that match are counted.
const MaxImportCount = 10_000

// DryRuns says whether dry runs are found; empty is that they are.
type DryRuns string

// Dry runs are among the imports unless it is said otherwise.
const (
	DryRunsIncluded DryRuns = "include"
	DryRunsExcluded DryRuns = "exclude"
	DryRunsOnly     DryRuns = "only"
)

// ImportFilter chooses imports; what is zero chooses all.
type ImportFilter struct {
	// States are those of which an import has to be in one.
	States []imports.State
	// List is the name of a list.
	List string
	// Text is a part of the file's name or of the note, in any case.
	Text    string
	DryRuns DryRuns
	// User is the name of who imports.
	User string
	// Since is the first moment of the imports' creation, Until the one after the last.
	Since, Until time.Time
	// Before is the id of the last import of the page before, the zero ID for the first page.
	Before imports.ID
	Limit  int
}

// Imports returns a page of the tenant's imports, the newest first. ErrNotFound: the tenant has no such list.
func (db *DB) Imports(ctx context.Context, t tenant.ID, f ImportFilter) (page []*imports.Import, err error) {
	err = db.filtering(ctx, t, f, func(tx pgx.Tx, where string, args pgx.NamedArgs) error {
		// The page is found before anything is read of its imports.
		rows, err := tx.Query(ctx, `select `+importColumns+importTables+`where i.tenant_id = @tenant and i.id = any(array(
			select f.id from import f where `+where+` order by f.id desc limit @limit)) order by i.id desc`, args)
		if err != nil {
			return err
		}
		page, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (*imports.Import, error) { return scanImport(row) })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list imports: %w", err)
	}
	return page, nil
}

// CountImports returns how many imports match on all pages, up to MaxImportCount; more tells that there are more. Errors are
// those of Imports.
func (db *DB) CountImports(ctx context.Context, t tenant.ID, f ImportFilter) (n int, more bool, err error) {
	f.Before, f.Limit = imports.ID{}, MaxImportCount+1
	err = db.filtering(ctx, t, f, func(tx pgx.Tx, where string, args pgx.NamedArgs) error {
		return tx.QueryRow(ctx, `select count(*) from (select from import f where `+where+` limit @limit) f`, args).Scan(&n)
	})
	if err != nil {
		return 0, false, fmt.Errorf("count imports: %w", err)
	}
	return min(n, MaxImportCount), n > MaxImportCount, nil
}

// filtering runs find with the filter as a condition over imports f, and its arguments.
func (db *DB) filtering(ctx context.Context, t tenant.ID, f ImportFilter, find func(tx pgx.Tx, where string, args pgx.NamedArgs) error) error {
	return db.asTenant(ctx, t, func(tx pgx.Tx) error {
		var list int64
		if f.List != "" {
			var err error
			if list, err = listID(ctx, tx, t, f.List); err != nil {
				return err
			}
		}
		return find(tx, f.where(), pgx.NamedArgs{
			"tenant": t, "states": f.States, "list": list, "text": f.Text, "user": f.User,
			"since": f.Since, "until": f.Until, "before": f.Before, "limit": f.Limit,
		})
	})
}

// where is the condition, with no more in it than is asked for.
func (f *ImportFilter) where() string {
	conditions := []string{`f.tenant_id = @tenant`}
	for _, c := range []struct {
		given     bool
		condition string
	}{
		{len(f.States) > 0, `f.state = any(@states::text[])`},
		{f.List != "", `f.list_id = @list`},
		{f.Text != "", `(` + contains(`f.file_name`, `@text`) + ` or ` + contains(`coalesce(f.options->>'note', '')`, `@text`) + `)`},
		{f.DryRuns == DryRunsExcluded, `f.options->'dry_run' is distinct from 'true'`},
		{f.DryRuns == DryRunsOnly, `f.options->'dry_run' = 'true'`},
		{f.User != "", `f.user_id = any(array(select u.id from app_user u where u.tenant_id = @tenant and u.name = @user))`},
		{!f.Since.IsZero(), `f.created_at >= @since`},
		{!f.Until.IsZero(), `f.created_at < @until`},
		{f.Before != imports.ID{}, `f.id < @before`},
	} {
		if c.given {
			conditions = append(conditions, c.condition)
		}
	}
	return strings.Join(conditions, ` and `)
}
