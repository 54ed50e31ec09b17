package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
)

// maxTimeline bounds what a timeline has of acts, of mails and of retries: the latest of each.
const maxTimeline = 200

// LifeEvent is something that happened in the life of an import: an act of the audit log, as import.start, or something that
// nobody does at that moment:
//
//	run          it has its list's turn
//	read         its file is read to the end
//	merged       every row is merged, and its last stage begins
//	finish       it has ended
//	mail         somebody was told of it, or could not be
//	retry        another import retries its failed rows
//	undo.run     its undo has its list's turn
//	undo.finish  it is undone, or it is known what undoing it would do
type LifeEvent struct {
	At  time.Time
	Act string
	// Actor is who did it, as it was called then; empty for Meibo itself.
	Actor string
	// Detail is as that of the audit log: never what a member's fields hold.
	Detail map[string]any
}

// Timeline returns what is known of an import's life, the oldest first. ErrNotFound: there is no such import.
func (db *DB) Timeline(ctx context.Context, t tenant.ID, id imports.ID) ([]LifeEvent, error) {
	l := timeline{ctx: ctx, tenant: t}
	err := db.asTenant(ctx, t, func(tx pgx.Tx) (err error) {
		l.tx = tx
		if l.job, err = getImport(ctx, tx, t, id); err != nil {
			return err
		}
		if err := ifMigrated(ctx, tx, l.addActs); err != nil {
			return err
		}
		l.addStages()
		if err := l.addMails(); err != nil {
			return err
		}
		if err := l.addRetries(); err != nil {
			return err
		}
		return ifMigrated(ctx, tx, l.addUndos)
	})
	if err != nil {
		return nil, fmt.Errorf("timeline of import %s: %w", id, translate(err))
	}
	slices.SortStableFunc(l.events, func(a, b LifeEvent) int { return a.At.Compare(b.At) })
	return l.events, nil
}

// timeline collects events.
type timeline struct {
	ctx    context.Context
	tx     pgx.Tx
	tenant tenant.ID
	job    *imports.Import
	events []LifeEvent
}

func (l *timeline) add(at *time.Time, act, actor string, d detail) {
	if at == nil {
		return
	}
	if d == nil {
		d = detail{}
	}
	l.events = append(l.events, LifeEvent{At: *at, Act: act, Actor: actor, Detail: d})
}

// last returns the latest event of an act, nil if there is none.
func (l *timeline) last(acts ...string) *LifeEvent {
	for n := len(l.events) - 1; n >= 0; n-- {
		if slices.Contains(acts, l.events[n].Act) {
			return &l.events[n]
		}
	}
	return nil
}

// behind returns the moment, or that of the latest of the acts, which come before, if it is later: the database and the
// services have clocks of their own.
func (l *timeline) behind(at *time.Time, acts ...string) *time.Time {
	if e := l.last(acts...); at != nil && e != nil && e.At.After(*at) {
		return &e.At
	}
	return at
}

// addActs adds what the audit log has of the import.
func (l *timeline) addActs(tx pgx.Tx) error {
	rows, err := tx.Query(l.ctx, `select at, act, case when actor_kind = 'system' then '' else actor end, detail from (
		select * from audit where tenant_id = $1 and object = $2 order by id desc limit $3) a order by id`, l.tenant, importObject(l.job.ID), maxTimeline)
	if err != nil {
		return err
	}
	l.events, err = pgx.CollectRows(rows, pgx.RowToStructByPos[LifeEvent])
	return err
}

// addStages adds what the import itself knows. What people did is added where the audit log does not have it: it was done
// before there was one, or is not kept any more.
func (l *timeline) addStages() {
	i := l.job
	if l.last("import.create", "import.retry") == nil {
		l.add(&i.CreatedAt, "import.create", i.User, detail{"file_name": i.FileName, "list": i.List})
	}
	if l.last("import.upload") == nil {
		l.add(i.UploadedAt, "import.upload", i.User, detail{"size": i.Source.Size})
	}
	if l.last("import.start") == nil {
		l.add(i.QueuedAt, "import.start", i.User, detail{"dry_run": i.Options.DryRun})
	}
	l.add(l.behind(i.StartedAt, "import.start"), "run", "", nil)
	l.add(l.behind(i.SplitAt, "run"), "read", "", detail{"total": i.Totals.Total})
	l.add(l.behind(i.FinishingAt, "read"), "merged", "", nil)
	if i.FinishedAt == nil {
		return
	}
	t := &i.Totals
	d := detail{
		"state": imports.StateCompleted, "total": t.Total, "created": t.Created, "updated": t.Updated, "unchanged": t.Unchanged,
		"deleted": t.Deleted, "skipped": t.Skipped, "failed": t.Failed, "not_processed": t.NotProcessed, "removed": t.Removed, "unified": t.Unified,
	}
	switch { // its state is another one by now, if it is undone
	case i.Failure.Code != "":
		d["state"], d["code"] = imports.StateFailed, i.Failure.Code
	case i.State == imports.StateCancelled || l.last("import.cancel") != nil:
		d["state"] = imports.StateCancelled
	}
	l.add(l.behind(i.FinishedAt, "import.cancel", "run", "read", "merged"), "finish", "", d)
}

// addMails adds those that were sent, or refused for good: of these it is not known when, but after the import's end.
func (l *timeline) addMails() error {
	rows, err := l.tx.Query(l.ctx, `select recipient, sent_at, coalesce((to_jsonb(m)->>'run')::integer, 1) as run from mail m
		where tenant_id = $1 and import_id = $2 and (sent_at is not null or failure is not null) order by run desc, recipient limit $3`,
		l.tenant, l.job.ID, maxTimeline)
	if err != nil {
		return err
	}
	var recipient string
	var sent *time.Time
	var run int
	_, err = pgx.ForEachRow(rows, []any{&recipient, &sent, &run}, func() error {
		d := detail{"recipient": recipient, "run": run, "sent": sent != nil}
		at := sent
		if at == nil {
			at, d["code"] = l.job.FinishedAt, "mail_failed"
		}
		if recipient == NoRecipient {
			d["code"] = "no_recipient"
		}
		l.add(l.behind(at, "finish"), "mail", "", d)
		return nil
	})
	return err
}

func (l *timeline) addRetries() error {
	rows, err := l.tx.Query(l.ctx, `select i.id, i.created_at, i.file_name, coalesce(u.name, '') from import i
		left join app_user u on u.tenant_id = i.tenant_id and u.id = i.user_id
		where i.tenant_id = $1 and i.parent_id = $2 order by i.id desc limit $3`, l.tenant, l.job.ID, maxTimeline)
	if err != nil {
		return err
	}
	var id imports.ID
	var at time.Time
	var name, user string
	_, err = pgx.ForEachRow(rows, []any{&id, &at, &name, &user}, func() error {
		l.add(&at, "retry", user, detail{"import": id.String(), "file_name": name})
		return nil
	})
	return err
}

// addUndos adds what nobody does: who asks for an undo is in the audit log.
func (l *timeline) addUndos(tx pgx.Tx) error {
	for _, dryRun := range []bool{false, true} {
		all, err := readUndos(l.ctx, tx, l.tenant, []imports.ID{l.job.ID}, dryRun)
		if err != nil {
			return err
		}
		u := all[l.job.ID]
		if u == nil {
			continue
		}
		if !dryRun { // which needs no turn
			l.add(l.behind(u.StartedAt, "import.undo"), "undo.run", "", nil)
		}
		l.add(l.behind(u.FinishedAt, "undo.run"), "undo.finish", "", detail{
			"dry_run": dryRun, "removed": u.Counts.Removed, "restored": u.Counts.Restored, "returned": u.Counts.Returned, "kept": u.Counts.KeptInAll(),
		})
	}
	return nil
}
