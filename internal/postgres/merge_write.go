package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
)

// write stores what the rows have made of the members; a dry run, of their shadows.
func (m *merging) write() error {
	if err := m.release(); err != nil {
		return fmt.Errorf("release member numbers: %w", err)
	}
	if len(m.batch.Created) > 0 {
		if err := m.copyTo(m.layout.insertColumns(), m.appendCreated); err != nil {
			return fmt.Errorf("copy new members: %w", err)
		}
	}
	if err := m.writeChanged(); err != nil {
		return err
	}
	if err := m.markSeen(); err != nil {
		return fmt.Errorf("mark members: %w", err)
	}
	if m.layout.dry {
		return nil
	}
	if err := m.deleteGone(); err != nil {
		return fmt.Errorf("delete members: %w", err)
	}
	if err := m.journal(); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	if err := m.indexKeys(); err != nil {
		return fmt.Errorf("index keys: %w", err)
	}
	if err := m.noteOptOuts(); err != nil {
		return fmt.Errorf("note opt-outs: %w", err)
	}
	return nil
}

// writeChanged gives the stored members their new values. A dry run keeps those that would be gone, too.
func (m *merging) writeChanged() error {
	changed := 0
	for i := range m.loaded.records {
		if r := &m.loaded.records[i]; r.Dirty || m.layout.dry && r.Gone {
			changed++
		}
	}
	if changed == 0 {
		return nil
	}
	if err := m.copyTo(m.layout.incomingColumns(), m.appendChanged); err != nil {
		return fmt.Errorf("copy changed members: %w", err)
	}
	if m.layout.dry {
		if _, err := m.tx.Exec(m.ctx, shadowFromIncoming, m.named()); err != nil {
			return fmt.Errorf("shadow members: %w", err)
		}
	}
	tag, err := m.tx.Exec(m.ctx, m.layout.updateFromIncoming(), m.named())
	if err != nil {
		return fmt.Errorf("update members: %w", err)
	}
	if tag.RowsAffected() != int64(changed) && !m.layout.dry {
		return errChanged
	}
	return nil
}

// release takes the member numbers away that members give up, before they are given to others, new ones among them: the
// index is checked row by row. Members that stay as they are keep theirs.
func (m *merging) release() error {
	numbered := slices.ContainsFunc(m.work.Plan.Uniques(), func(i int) bool { return m.work.Plan.Fields[i].Key == "member_sn" })
	var ids []int64
	for i := range m.loaded.records {
		if r := &m.loaded.records[i]; r.Released && r.Dirty {
			ids = append(ids, r.ID)
		}
	}
	if !numbered || len(ids) == 0 || m.layout.dry {
		return nil
	}
	_, err := m.tx.Exec(m.ctx, `update member set member_sn = null where tenant_id = $1 and id = any($2::bigint[])`, m.tenant, ids)
	return err
}

// marks reports whether the import must remember which members its rows name.
func (m *merging) marks() bool {
	rules := &m.work.Plan.Rules
	return rules.Mode == member.Replace || rules.Duplicates == member.DuplicatesFirst || m.work.Import.WithLeads
}

// markSeen remembers the members that the rows name, but for those that the import created itself, whose ids tell it. A
// row that failed or was skipped has its members spared by replace, and that is all.
func (m *merging) markSeen() error {
	if !m.marks() {
		return nil
	}
	seen := map[int64]*int64{}
	mark := func(r *member.Record, ordinal *int64) {
		if r.New || r.ID >= m.batch.FirstID && r.ID < m.batch.FirstID+m.batch.MaxRows {
			return
		}
		if old, ok := seen[r.ID]; !ok || old == nil {
			seen[r.ID] = ordinal
		}
	}
	for i := range m.rows {
		switch r := &m.rows[i]; r.Outcome {
		case member.Updated, member.Unchanged:
			mark(r.Member, &r.Ordinal)
			for o := m.batch.Members[r.Key]; o != nil; o = o.Next { // those that were not the most recent are in the file, too
				mark(o, nil)
			}
		case member.Skipped, member.Failed:
			if r.Outcome == member.Skipped && m.work.Plan.Rules.Mode != member.Replace {
				continue
			}
			for o := m.batch.Members[r.Key]; o != nil && r.Key != ""; o = o.Next {
				mark(o, nil)
			}
		case member.Created, member.Deleted:
		}
	}
	if len(seen) == 0 {
		return nil
	}
	ids, ordinals := make([]int64, 0, len(seen)), make([]*int64, 0, len(seen))
	for id := range seen {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		ordinals = append(ordinals, seen[id])
	}
	_, err := m.tx.Exec(m.ctx, `insert into import_seen as s (tenant_id, import_id, member_id, row_ordinal)
		select $1, $2, * from unnest($3::bigint[], $4::bigint[])
		on conflict (tenant_id, import_id, member_id) do update set row_ordinal = least(s.row_ordinal, excluded.row_ordinal)
			where excluded.row_ordinal is not null`, m.tenant, m.work.Import.ID, ids, ordinals)
	return err
}

// deleteGone deletes the members that rows deleted, unless somebody changed one since it was read.
func (m *merging) deleteGone() error {
	var ids, numbers []int64
	var versions []int32
	for i := range m.loaded.records {
		if r := &m.loaded.records[i]; r.Gone {
			ids, versions, numbers = append(ids, r.ID), append(versions, r.Stored), append(numbers, r.Row)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	w := m.work
	if _, err := m.tx.Exec(m.ctx, optOutsOf(`import_opt_out (tenant_id, import_id, field, contact, opted_out)`, `$1::bigint, $4::uuid, o.field, o.contact, true`)+` on conflict do nothing`,
		m.tenant, ids, customConsents(w.Import.Schema), w.Import.ID); err != nil {
		return err
	}
	tag, err := m.tx.Exec(m.ctx, `with gone as (
			delete from member m using unnest($3::bigint[], $4::integer[], $6::bigint[]) g(id, version, number)
			where m.tenant_id = $1 and m.id = g.id and m.version = g.version returning m.id, g.number, m.version, to_jsonb(m) as before),
		keys as (delete from member_key k using gone where k.tenant_id = $1 and k.member_id = gone.id)
		insert into journal (tenant_id, import_id, member_id, row_number, version, act, before, created_at)
		select $1, $2, id, number, version, 'deleted', before, $5 from gone`, m.tenant, w.Import.ID, ids, versions, *w.Import.StartedAt, numbers)
	if err == nil && tag.RowsAffected() != int64(len(ids)) {
		err = errChanged
	}
	return err
}

// optOutsOf is a statement that remembers what the members $2 of the tenant $1 have opted out of: their consents that are
// false, by each contact that they have; $3 are the keys of the custom consents. values are those of the columns, over o.
func optOutsOf(columns, values string) string {
	standard := make([]string, 0, 8)
	for _, f := range member.Standard().Fields() {
		for _, contact := range f.Contacts {
			if contact == "email" {
				contact = "email_key"
			}
			standard = append(standard, `select '`+f.Key+`', m.`+contact+` where not m.`+f.Key+` and m.`+contact+` is not null`)
		}
	}
	return `insert into ` + columns + ` select distinct ` + values + ` from member m, lateral (` + strings.Join(standard, ` union all `) + `
			union all select c.key, m.email_key from unnest($3::text[]) c(key) where m.custom->c.key = 'false' and m.email_key is not null
		) o(field, contact)
		where m.tenant_id = $1 and m.id = any($2::bigint[])`
}

// customConsents returns the keys of the consents that a tenant has defined.
func customConsents(s *member.Schema) []string {
	keys := []string{}
	if s == nil {
		return keys
	}
	for _, f := range s.Fields() {
		if f.Custom && f.Consent {
			keys = append(keys, f.Key)
		}
	}
	return keys
}

// indexKeys keeps member_key in step with the custom fields that are keys or unique.
func (m *merging) indexKeys() error {
	indexed, fields := m.layout.indexed, m.work.Plan.Fields
	if len(indexed) == 0 {
		return nil
	}
	var stale, ids []int64
	var names, values, keys []string
	var uniques []bool
	for _, i := range indexed {
		names = append(names, fields[i].Key)
	}
	add := func(r *member.Record) {
		for _, i := range indexed {
			if f := &fields[i]; r.Values[i].Set {
				ids, keys = append(ids, r.ID), append(keys, f.Key)
				values, uniques = append(values, member.KeyOf(f, r.Values[i])), append(uniques, f.Unique)
			}
		}
	}
	for _, r := range m.batch.Created {
		add(r)
	}
	for i := range m.loaded.records {
		if r := &m.loaded.records[i]; r.Dirty && r.Touched {
			stale = append(stale, r.ID)
			add(r)
		}
	}
	var b pgx.Batch
	if len(stale) > 0 {
		b.Queue(`delete from member_key where tenant_id = $1 and member_id = any($2::bigint[]) and field = any($3::text[])`, m.tenant, stale, names)
	}
	if len(ids) > 0 {
		b.Queue(`insert into member_key (tenant_id, list_id, member_id, field, value, is_unique)
			select $1, $2, * from unnest($3::bigint[], $4::text[], $5::text[], $6::boolean[])`, m.tenant, m.work.Import.ListID, ids, keys, values, uniques)
	}
	return m.tx.SendBatch(m.ctx, &b).Close()
}

// noteOptOuts keeps the opt-outs of the rows, and the opt-ins where they are allowed, until the import ends.
func (m *merging) noteOptOuts() error {
	if len(m.batch.OptOuts) == 0 {
		return nil
	}
	fields, contacts, outs := sortedOptOuts(m.batch.OptOuts)
	_, err := m.tx.Exec(m.ctx, `insert into import_opt_out as o (tenant_id, import_id, field, contact, opted_out)
		select $1, $2, * from unnest($3::text[], $4::text[], $5::boolean[])
		on conflict (tenant_id, import_id, field, contact) do update set opted_out = true where excluded.opted_out and not o.opted_out`,
		m.tenant, m.work.Import.ID, fields, contacts, outs)
	return err
}

// sortedOptOuts returns opt-outs and opt-ins in one order, so that two who write them never wait for each other.
func sortedOptOuts(all map[member.OptOut]bool) (fields, contacts []string, outs []bool) {
	sorted := make([]member.OptOut, 0, len(all))
	for o := range all {
		sorted = append(sorted, o)
	}
	slices.SortFunc(sorted, func(a, b member.OptOut) int {
		return strings.Compare(a.Field+"\x00"+a.Contact, b.Field+"\x00"+b.Contact)
	})
	fields, contacts, outs = make([]string, len(sorted)), make([]string, len(sorted)), make([]bool, len(sorted))
	for i, o := range sorted {
		fields[i], contacts[i], outs[i] = o.Field, o.Contact, all[o]
	}
	return fields, contacts, outs
}
