package postgres

import (
	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
)

// guard leaves off the consents of those who have opted out since the import began, as others have recorded.
func (u *undoing) guard(all []*undone) error {
	var fields, contacts []string
	for _, d := range all {
		for _, o := range d.OptOuts(u.schema) {
			fields, contacts = append(fields, o.Field), append(contacts, o.Contact)
		}
	}
	if len(fields) == 0 {
		return nil
	}
	rows, err := u.tx.Query(u.ctx, `select k.field, k.contact from (select distinct * from unnest($4::text[], $5::text[]) k(field, contact)) k, lateral (
			select import_id, also, created_at from opt_out where tenant_id = $1 and list_id = $2 and field = k.field and contact = k.contact offset 0) o
		where (o.import_id is distinct from $3 or o.also is not null)
			and (o.created_at >= $6 or exists (select from import i where i.tenant_id = $1 and i.id = any(o.also) and i.id <> $3 and i.started_at > $6))`,
		u.tenant, u.job.ListID, u.job.ID, fields, contacts, u.start())
	if err != nil {
		return err
	}
	standing := map[member.OptOut]struct{}{}
	var o member.OptOut
	if _, err := pgx.ForEachRow(rows, []any{&o.Field, &o.Contact}, func() error { standing[o] = struct{}{}; return nil }); err != nil {
		return err
	}
	for _, d := range all {
		d.Guard(u.schema, standing)
	}
	return nil
}

// settleOptOuts takes the import's name from the next opt-outs that it recorded, which are forgotten where nobody else
// did. When none are left, it remembers the next ones again that the import was allowed to lift.
func (u *undoing) settleOptOuts() error {
	if u.dry {
		u.next(undoMended)
		return nil
	}
	for _, part := range []struct {
		sql  string
		args []any
	}{
		{`delete from opt_out where ctid = any(array(
			select ctid from opt_out where tenant_id = $1 and import_id = $2 and also is null limit $3))`, nil},
		{`update opt_out set import_id = also[1], also = nullif(also[2:], '{}') where ctid = any(array(
			select ctid from opt_out where tenant_id = $1 and import_id = $2 and also is not null limit $3))`, nil},
		{`update opt_out set also = nullif(array_remove(also, $2), '{}') where ctid = any(array(
			select ctid from opt_out where tenant_id = $1 and list_id = $4 and also is not null and $2 = any(also) limit $3))`, []any{u.job.ListID}},
		{liftedBack, []any{u.job.ListID}},
	} {
		tag, err := u.tx.Exec(u.ctx, part.sql, append([]any{u.tenant, u.job.ID, undoBatch}, part.args...)...)
		if err != nil || tag.RowsAffected() > 0 {
			return err
		}
	}
	u.next(undoMended)
	return nil
}

// liftedBack remembers opt-outs again as they were, without those who recorded them and are undone themselves; one that
// nobody else recorded stays forgotten.
const liftedBack = `with back as (delete from opt_out_lifted where ctid = any(array(
		select ctid from opt_out_lifted where tenant_id = $1 and import_id = $2 limit $3)) returning *),
	left_over as (select b.*, array(select o.id from unnest(b.by_import || coalesce(b.also, '{}')) with ordinality o(id, place)
			where not exists (select from import i where i.tenant_id = $1 and i.id = o.id and i.state in ('undoing', 'undone') offset 0) order by o.place) as owners
		from back b),
	again as (insert into opt_out (tenant_id, list_id, field, contact, import_id, also, created_at)
		select tenant_id, $4, field, contact, owners[1], nullif(owners[2:], '{}'), created_at from left_over
		where by_import is null or owners <> '{}'
		on conflict do nothing)
	select from back`
