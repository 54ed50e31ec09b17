package postgres

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
)

// release takes away, from the next members that are to have another one, the unique values that the import gave them:
// others may be waiting for them. What it takes away is in the journal, as if the import had done so.
func (u *undoing) release() error {
	if u.dry || !u.job.MovesUniques() {
		u.next(undoUpdated)
		return nil
	}
	all, err := u.nextUpdated()
	if err != nil {
		return err
	}
	if all == nil {
		u.next(undoUpdated)
		return nil
	}
	wishes := u.uniqueWishes(all)
	lost, err := u.taken(wishes, true)
	if err != nil {
		return err
	}
	var released []*undone
	for _, d := range all {
		keys := maps.Clone(d.Write)
		for _, w := range lost {
			if w.undone == d {
				delete(keys, w.field.Key)
			}
		}
		d.Write = member.Image{}
		for key := range keys {
			if f, ok := u.schema.Field(key); ok && f.Unique && len(d.Current[key]) > 0 && string(d.Current[key]) != "null" {
				d.Write[key] = json.RawMessage("null")
			}
		}
		if len(d.Write) > 0 {
			released = append(released, d)
		}
	}
	if err := u.write(released); err != nil {
		return err
	}
	return u.journalReleased(released)
}

func (u *undoing) journalReleased(all []*undone) error {
	ids, befores, afters := make([]int64, len(all)), make([]string, len(all)), make([]string, len(all))
	for n, d := range all {
		before := member.Image{}
		for key := range d.Write {
			before[key] = d.Current[key]
		}
		was, err := json.Marshal(before)
		if err != nil {
			return err
		}
		is, err := json.Marshal(d.Write)
		if err != nil {
			return err
		}
		ids[n], befores[n], afters[n] = d.id, string(was), string(is)
	}
	_, err := u.tx.Exec(u.ctx, `insert into journal (tenant_id, import_id, member_id, created_at, version, act, before, after)
		select $1, $2, w.id, $3, m.version, 'updated', w.before::jsonb, w.after::jsonb
		from unnest($4::bigint[], $5::text[], $6::text[]) w(id, before, after), lateral (select version from member where tenant_id = $1 and id = w.id offset 0) m`,
		u.tenant, u.job.ID, u.start(), ids, befores, afters)
	return err
}

// restoreUpdated gives the next members back what the import changed of them.
func (u *undoing) restoreUpdated() error {
	all, err := u.nextUpdated()
	if err != nil {
		return err
	}
	if all == nil {
		u.next(undoGone)
		return nil
	}
	var there []*undone
	for _, d := range all {
		if d.row != nil {
			continue // deleted by the import later on
		}
		u.done++
		if d.Current == nil {
			u.keep(d.id, member.Problem{Code: member.MemberGone})
			continue
		}
		there = append(there, d)
	}
	if err := u.guard(there); err != nil {
		return err
	}
	if err := u.yield(there); err != nil {
		return err
	}
	var restored []*undone
	for _, d := range there {
		u.keep(d.id, d.Kept...)
		if len(d.Write) > 0 {
			restored = append(restored, d)
		}
		if len(d.Write)+len(d.released) > 0 {
			u.counts.Restored++
		}
	}
	if u.dry {
		return nil
	}
	if err := u.write(restored); err != nil {
		return err
	}
	return u.vouch(restored)
}

// nextUpdated returns the next members that the import changed, as they are and as they are to be; nil where none are
// left.
func (u *undoing) nextUpdated() ([]*undone, error) {
	ids, err := u.nextMembers(actUpdated)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	all, err := u.readJournal(ids)
	if err != nil {
		return nil, err
	}
	if err := u.readCurrent(all); err != nil {
		return nil, err
	}
	for _, d := range all {
		if d.Current != nil && d.row == nil {
			d.TakeBack(u.schema)
		}
	}
	return all, nil
}

// yield leaves unique values to those who have them.
func (u *undoing) yield(all []*undone) error {
	lost, err := u.taken(u.uniqueWishes(all), u.dry)
	if err != nil || len(lost) == 0 {
		return err
	}
	var again []wish
	for _, w := range lost {
		w.Leave(w.field.Key, member.KeyTaken)
		// What was taken from it in vain comes back, if nobody has been given it.
		if old, ok := w.released[w.field.Key]; ok {
			w.Write[w.field.Key] = old
			again = append(again, wish{w.undone, w.field, member.KeyOf(w.field, member.TextValue(w.Text(w.field.Key)))})
		}
	}
	lost, err = u.taken(again, u.dry)
	for _, w := range lost {
		delete(w.Write, w.field.Key)
	}
	return err
}

// write gives the members what is to be written, and keeps member_key in step.
func (u *undoing) write(all []*undone) error {
	if len(all) == 0 {
		return nil
	}
	ids, texts := make([]int64, len(all)), make([]string, len(all))
	columns := map[string]bool{}
	for n, d := range all {
		row, err := d.unflatten()
		if err != nil {
			return err
		}
		for key := range row {
			columns[key] = true
		}
		text, err := json.Marshal(row)
		if err != nil {
			return err
		}
		ids[n], texts[n] = d.id, string(text)
	}
	names := slices.Sorted(maps.Keys(columns))
	var b pgx.Batch
	b.Queue(`update member m set (`+strings.Join(names, `, `)+`) = (select r.`+strings.Join(names, `, r.`)+` from jsonb_populate_record(m, w.fields::jsonb) r),
			version = m.version + 1, updated_at = now()
		from unnest($2::bigint[], $3::text[]) w(id, fields) where m.tenant_id = $1 and m.id = any($2) and m.id = w.id`, u.tenant, ids, texts)
	u.queueKeys(&b, all)
	return u.tx.SendBatch(u.ctx, &b).Close()
}

// queueKeys has member_key say what the custom fields that are keys or unique are to be.
func (u *undoing) queueKeys(b *pgx.Batch, all []*undone) {
	var stale, ids []int64
	var names, keys, values []string
	var uniques []bool
	fields := u.schema.Fields()
	for i := range fields {
		f := &fields[i]
		if !f.Custom || !f.MergeKey && !f.Unique {
			continue
		}
		for _, d := range all {
			if _, written := d.Write[f.Key]; !written {
				continue
			}
			stale, names = append(stale, d.id), append(names, f.Key)
			if text := d.Text(f.Key); text != "" {
				ids, keys, values, uniques = append(ids, d.id), append(keys, f.Key), append(values, member.KeyOf(f, member.TextValue(text))), append(uniques, f.Unique)
			}
		}
	}
	if len(stale) > 0 {
		b.Queue(`delete from member_key k using unnest($2::bigint[], $3::text[]) d(id, field)
			where k.tenant_id = $1 and k.member_id = any($2) and k.member_id = d.id and k.field = d.field`, u.tenant, stale, names)
	}
	if len(ids) > 0 {
		b.Queue(`insert into member_key (tenant_id, list_id, member_id, field, value, is_unique)
			select $1, $2, * from unnest($3::bigint[], $4::text[], $5::text[], $6::boolean[])`, u.tenant, u.job.ListID, ids, keys, values, uniques)
	}
}
