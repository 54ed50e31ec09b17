package postgres

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
)

// bringBack makes the next members and leads again that the import deleted, removed or unified, unless their key exists
// again.
func (u *undoing) bringBack() error {
	ids, err := u.nextMembers("deleted", "removed", "unified")
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		u.next(undoOptOuts)
		return nil
	}
	all, err := u.readJournal(ids)
	if err == nil {
		err = u.readCurrent(all)
	}
	if err != nil {
		return err
	}
	u.done += int64(len(all))
	all = slices.DeleteFunc(all, func(d *undone) bool { return d.Current != nil }) // there again, with that very id
	for _, d := range all {
		flat, err := flatten(d.row)
		if err != nil {
			return fmt.Errorf("member %d: %w", d.id, err)
		}
		delete(flat, "email_key")
		d.columns = maps.Clone(d.row)
		delete(d.columns, "custom")
		d.BringBack(flat)
	}
	lost, err := u.taken(u.keyWishes(all), u.dry)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(d *undone) bool {
		at := slices.IndexFunc(lost, func(w wish) bool { return w.undone == d })
		if at >= 0 {
			u.keep(d.id, member.Problem{Code: member.KeyTaken, Field: lost[at].field.Key})
		}
		return at >= 0
	})
	if err := u.guard(all); err != nil {
		return err
	}
	for _, d := range all {
		u.keep(d.id, d.Kept...)
	}
	u.counts.Returned += int64(len(all))
	if u.dry || len(all) == 0 {
		return nil
	}
	if err := u.insert(all); err != nil {
		return err
	}
	return u.vouch(all)
}

// keyWishes returns the values by which a member may exist again: unique ones, the key of the import, and the contacts of
// a lead.
func (u *undoing) keyWishes(all []*undone) []wish {
	wishes := u.uniqueWishes(all)
	key := u.job.Options.Filled().Rules.Key
	for _, d := range all {
		keys := []string{key}
		if d.Text("kind") == string(member.KindLead) {
			keys = []string{"email", "phone"}
		}
		for _, key := range keys {
			f, ok := u.schema.Field(key)
			if text := d.Text(key); ok && !f.Unique && text != "" {
				wishes = append(wishes, wish{d, &f, member.KeyOf(&f, member.TextValue(text))})
			}
		}
	}
	return wishes
}

// insert writes members as they were. Columns that came later have their defaults.
func (u *undoing) insert(all []*undone) error {
	columns := maps.Clone(all[0].columns)
	rows := make([]string, len(all))
	for n, d := range all {
		row, err := d.unflatten()
		if err != nil {
			return err
		}
		maps.DeleteFunc(columns, func(key string, _ json.RawMessage) bool { _, ok := d.columns[key]; return !ok })
		text, err := json.Marshal(row)
		if err != nil {
			return err
		}
		rows[n] = string(text)
	}
	for _, key := range []string{"email_key", "custom", "version", "updated_at"} {
		delete(columns, key)
	}
	names := slices.Sorted(maps.Keys(columns))
	var b pgx.Batch
	b.Queue(`insert into member (custom, version, updated_at, `+strings.Join(names, `, `)+`)
		select r.custom, r.version + 1, now(), r.`+strings.Join(names, `, r.`)+` from unnest($2::text[]) w(fields), jsonb_populate_record(null::member, w.fields::jsonb) r
		where r.tenant_id = $1`, u.tenant, rows)
	u.queueKeys(&b, all)
	return u.tx.SendBatch(u.ctx, &b).Close()
}
