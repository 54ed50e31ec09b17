package postgres

import (
	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
)

// finishSpan bounds the members that one transaction of a removal looks at: of a list that the file names nearly whole,
// few are to be removed.
const finishSpan = 10 * finishBatch

// missing is the condition for the members m that a replacing import $2 of the list $3 and the kind $4 removes: those that
// were there before it (ids from $5 on are its own and later ones), are not blocked, and that no row names, failed or not.
// OFFSET 0 keeps it at one index lookup per member: import_seen was filled just now, and may have no statistics.
const missing = `m.tenant_id = $1 and m.list_id = $3 and m.kind = $4 and m.id < $5 and m.blocked_at is null
	and not exists (select from import_seen s where s.tenant_id = $1 and s.import_id = $2 and s.member_id = m.id offset 0)`

// missingArgs are the arguments of missing, and more.
func (f *finishing) missingArgs(more ...any) []any {
	return append([]any{f.tenant, f.job.ID, f.job.ListID, string(f.job.Options.Filled().Kind), f.job.FirstID}, more...)
}

// count decides what becomes of the members that the file does not name, all of them at once: they stay where a row may
// have meant one of them, and they are not too many. A dry run has its number then.
func (f *finishing) count() error {
	if f.job.Options.Mode != member.Replace {
		f.next(stepEnd)
		return nil
	}
	var keyless bool
	err := f.tx.QueryRow(f.ctx, `select exists (select from import_lane where tenant_id = $1 and import_id = $2 and keyless > 0)`,
		f.tenant, f.job.ID).Scan(&keyless)
	if err != nil {
		return err
	}
	if keyless {
		f.next(stepEnd)
		return f.warn(member.Warning{Problem: member.Problem{Code: member.RemovalWithheld}})
	}
	n, err := f.countMissing()
	if err != nil {
		return err
	}
	if limit := f.job.Options.RemovalLimit(); limit.Exceeded(n, f.job.MembersBefore) {
		return f.fail(member.Problem{Code: member.MaxRemoved, Detail: limit.String()})
	}
	if f.job.Options.DryRun {
		f.next(stepEnd)
		return f.add("removed", n)
	}
	f.next(stepRemove)
	return nil
}

func (f *finishing) countMissing() (n int64, err error) {
	err = f.tx.QueryRow(f.ctx, `select count(*) from member m where `+missing, f.missingArgs()...).Scan(&n)
	return n, err
}

func (f *finishing) warn(w member.Warning) error {
	_, err := f.tx.Exec(f.ctx, `update import set warnings = coalesce(warnings, '[]') || $3 where tenant_id = $1 and id = $2`,
		f.tenant, f.job.ID, []member.Warning{w})
	return err
}

// remove deletes the next members that the file does not name, as they are at that moment: one that is changed meanwhile
// is locked by whoever changes it. What it deletes is in the journal, and who had opted out is remembered.
func (f *finishing) remove() error {
	upTo, err := f.span()
	if err != nil {
		return err
	}
	if upTo == 0 {
		f.next(stepEnd)
		return nil
	}
	people, err := f.lockPeople(missing+` and m.id > $6 and m.id <= $7 order by m.id limit $8`, f.missingArgs(f.position, upTo, finishBatch)...)
	if err != nil {
		return err
	}
	ids := people.ids()
	f.position = upTo
	if len(ids) == finishBatch {
		f.position = ids[len(ids)-1]
	}
	if len(ids) == 0 {
		return nil
	}
	var b pgx.Batch
	b.Queue(`with gone as (delete from member m where tenant_id = $1 and id = any($3) returning *)
		insert into journal (tenant_id, import_id, member_id, version, act, before, created_at)
		select tenant_id, $2, id, version, 'removed', to_jsonb(gone), $4 from gone`, f.tenant, f.job.ID, ids, *f.job.StartedAt)
	b.Queue(`delete from member_key where tenant_id = $1 and member_id = any($2)`, f.tenant, ids)
	f.remember(&b, people.optOuts())
	if err := f.tx.SendBatch(f.ctx, &b).Close(); err != nil {
		return err
	}
	return f.add("removed", int64(len(ids)))
}

// span returns the id up to which this part of the removal goes; 0 if nothing is left.
func (f *finishing) span() (upTo int64, err error) {
	err = f.tx.QueryRow(f.ctx, `select coalesce(max(id), 0) from (
			select id from member where tenant_id = $1 and list_id = $2 and id > $3 and id < $4 order by id limit $5) m`,
		f.tenant, f.job.ListID, f.position, f.job.FirstID, finishSpan).Scan(&upTo)
	return upTo, err
}

// remember adds opt-outs to those of the import, which come to those of the list when it ends.
func (f *finishing) remember(b *pgx.Batch, o optOuts) {
	if len(o.fields) == 0 {
		return
	}
	b.Queue(`insert into import_opt_out (tenant_id, import_id, field, contact, opted_out)
		select distinct $1::bigint, $2::uuid, o.field, o.contact, true from unnest($3::text[], $4::text[]) o(field, contact)
		on conflict (tenant_id, import_id, field, contact) do update set opted_out = true`, f.tenant, f.job.ID, o.fields, o.contacts)
}
