package postgres

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
)

// store writes the member that the row has made or changed. COPY is for those whom the wall does not confine.
func (e *editing) store(row *member.Row) (err error) {
	switch row.Outcome {
	case member.Created:
		err = e.insert(row.Member)
	case member.Updated:
		err = e.update(row.Member)
	case member.Unchanged, member.Deleted, member.Skipped, member.Failed:
	}
	if err != nil {
		return err
	}
	if err := e.indexKeys(); err != nil {
		return fmt.Errorf("index keys: %w", err)
	}
	if err := e.rememberOptOuts(); err != nil {
		return fmt.Errorf("remember opt-outs: %w", err)
	}
	return nil
}

func (e *editing) insert(r *member.Record) error {
	record, err := e.record(r, false)
	if err != nil {
		return err
	}
	_, err = e.tx.Exec(e.ctx, `insert into member (tenant_id, list_id, id, created_at, updated_at, last_seen_at, version, kind`+e.layout.andColumns()+`)
		select $1, $2, $3, $4, $4, $4, $5, $6, `+e.layout.columns(`r.`)+` from jsonb_populate_record(null::member, $7) r`,
		e.tenant, e.work.Import.ListID, r.ID, e.now, r.Version, e.edit.Plan.Rules.Kind, record)
	if err != nil {
		return fmt.Errorf("insert member: %w", err)
	}
	return nil
}

func (e *editing) update(r *member.Record) error {
	record, err := e.record(r, true)
	if err != nil {
		return err
	}
	sets := []string{`version = $3`, `updated_at = $4`}
	for _, i := range e.layout.stored {
		key := e.edit.Plan.Fields[i].Key
		sets = append(sets, key+` = r.`+key)
	}
	if len(e.layout.custom) > 0 {
		sets = append(sets, `custom = nullif(jsonb_strip_nulls(coalesce(m.custom, '{}') || r.custom), '{}')`)
	}
	tag, err := e.tx.Exec(e.ctx, `update member m set `+strings.Join(sets, `, `)+` from jsonb_populate_record(null::member, $5) r
		where m.tenant_id = $1 and m.id = $2 and m.version = $6`, e.tenant, r.ID, r.Version, e.now, record, r.Stored)
	if err != nil {
		return fmt.Errorf("update member: %w", err)
	}
	if tag.RowsAffected() != 1 {
		return errChanged
	}
	return nil
}

// record is the member's fields as the JSON of a row of its table. Custom fields that have no value are null, or left out
// where there is nothing that they would clear.
func (e *editing) record(r *member.Record, nulls bool) (string, error) {
	fields := e.edit.Plan.Fields
	object := make(map[string]any, len(fields))
	for _, i := range e.layout.stored {
		object[fields[i].Key] = r.Values[i].Any(fields[i].Type)
	}
	custom := map[string]any{}
	for _, i := range e.layout.custom {
		if v := r.Values[i]; v.Set || nulls {
			custom[fields[i].Key] = v.Any(fields[i].Type)
		}
	}
	if len(custom) > 0 {
		object["custom"] = custom
	}
	text, err := json.Marshal(object)
	if err != nil {
		return "", fmt.Errorf("write member: %w", err)
	}
	return string(text), nil
}

// rememberOptOuts keeps the opt-outs of the member's contacts and forgets them where it was opted in. What a running
// import has noted of the same contacts before counts no more.
func (e *editing) rememberOptOuts() error {
	if len(e.batch.OptOuts) == 0 {
		return nil
	}
	fields, contacts, outs := sortedOptOuts(e.batch.OptOuts)
	var b pgx.Batch
	b.Queue(`insert into opt_out as o (tenant_id, list_id, field, contact, created_at)
		select $1, $2, n.field, n.contact, now() from unnest($3::text[], $4::text[], $5::boolean[]) n(field, contact, opted_out) where n.opted_out
		on conflict (tenant_id, list_id, field, contact) do update
			set import_id = null, also = null, created_at = excluded.created_at`,
		e.tenant, e.work.Import.ListID, fields, contacts, outs)
	b.Queue(`delete from opt_out o using unnest($3::text[], $4::text[], $5::boolean[]) n(field, contact, opted_out)
		where o.tenant_id = $1 and o.list_id = $2 and o.field = n.field and o.contact = n.contact and not n.opted_out`,
		e.tenant, e.work.Import.ListID, fields, contacts, outs)
	b.Queue(`delete from import_opt_out o using import i, unnest($3::text[], $4::text[]) n(field, contact)
		where i.tenant_id = $1 and i.list_id = $2 and i.state in ('running', 'paused')
			and o.tenant_id = $1 and o.import_id = i.id and o.field = n.field and o.contact = n.contact`,
		e.tenant, e.work.Import.ListID, fields, contacts)
	return e.tx.SendBatch(e.ctx, &b).Close()
}
