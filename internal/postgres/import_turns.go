package postgres

import (
	"context"
	"fmt"

	"github.com/cespare/xxhash/v2"
	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/tenant"
)

// turnsLock is held by whoever gives turns to imports of the tenant: how many run together is decided by one at a time.
// It comes after the lock of a list, and before any row is locked.
func turnsLock(t tenant.ID) int64 { return int64(xxhash.Sum64String(fmt.Sprintf("turns/%d", t))) }

// runNext gives the list's turn to who has waited longest for it, if it is free. A tenant that may only have so many
// imports running has a turn of its own to give: what has waited longest in any of its lists comes first. The list and the
// tenant's turns are locked.
//
// Cancelled imports of the list are settled first, whether anybody waits for the list or not, and whatever the limit is.
func runNext(ctx context.Context, tx pgx.Tx, t tenant.ID, list int64) error {
	if err := settleList(ctx, tx, t, list); err != nil {
		return err
	}
	limits, err := limitsOf(ctx, tx, t)
	if err != nil {
		return err
	}
	if limits.Running == nil {
		return runNextOf(ctx, tx, t, list)
	}
	return runWaiting(ctx, tx, t, limits)
}

// runWaiting gives the turns of all lists that are free, in the order of who waits for them, as far as the limit allows.
// What is paused or being undone has a turn, too.
func runWaiting(ctx context.Context, tx pgx.Tx, t tenant.ID, limits Limits) error {
	lists, err := waitingLists(ctx, tx, t)
	if err != nil {
		return err
	}
	for _, list := range lists {
		if limits.Running != nil {
			running, err := haveTurn(ctx, tx, t)
			if err != nil || running >= *limits.Running {
				return err
			}
		}
		if err := runNextOf(ctx, tx, t, list); err != nil {
			return err
		}
	}
	return nil
}

// waitingLists returns the lists that somebody waits for and nobody has, the longest wait first.
func waitingLists(ctx context.Context, tx pgx.Tx, t tenant.ID) ([]int64, error) {
	rows, err := tx.Query(ctx, `select w.list_id from (
			select list_id, queued_at as since from import where tenant_id = $1 and state = 'queued'
			union all
			select i.list_id, u.requested_at from import_undo u join import i on i.tenant_id = u.tenant_id and i.id = u.import_id
				where u.tenant_id = $1 and u.started_at is null and u.finished_at is null and not u.dry_run) w
		where not exists (select from import r where r.tenant_id = $1 and r.list_id = w.list_id and r.state in ('running', 'paused', 'undoing'))
		group by w.list_id order by min(w.since), w.list_id`, t)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// haveTurn returns how many imports of the tenant have their list's turn.
func haveTurn(ctx context.Context, tx pgx.Tx, t tenant.ID) (n int64, err error) {
	err = tx.QueryRow(ctx, `select count(*) from import where tenant_id = $1 and state in ('running', 'paused', 'undoing')`, t).Scan(&n)
	return n, err
}
