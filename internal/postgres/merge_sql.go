package postgres

import (
	"bytes"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/meibo/meibo/internal/member"
)

// mergeConn returns a connection that is prepared for merging: it has the temporary table for changed
// members, and joins by index lookups only, because the table never has statistics.
func (db *DB) mergeConn(ctx context.Context) (*pgxpool.Conn, error) {
	const prepared = "meibo.merge"
	conn, err := db.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	data := conn.Conn().PgConn().CustomData()
	if data[prepared] != nil {
		return conn, nil
	}
	_, err = conn.Exec(ctx, `set enable_hashjoin = off; set enable_mergejoin = off; set enable_seqscan = off; set enable_bitmapscan = off; set enable_material = off;
		create temporary table incoming on commit delete rows as
			select *, 0 as stored, ''::text as merge_key, false as gone, false as touched from member with no data`)
	if err != nil {
		conn.Release()
		return nil, err
	}
	data[prepared] = true
	return conn, nil
}

// selectHolders finds which members of the list have the values @values of a unique field, as keys are compared. Those that
// a dry run has made have an index of their numbers, not of custom fields.
func (l *layout) selectHolders(f *member.Field) string {
	from := `select k.value, m.id from unnest(@values::text[]) k(value), lateral (
		select m.id from member m where m.tenant_id = @tenant and m.list_id = @list and m.` + f.Key + ` = k.value offset 0) m`
	shadows := `select k.value, m.id from unnest(@values::text[]) k(value), lateral (
		select m.id from member_shadow m where m.tenant_id = @tenant and m.import_id = @import and m.` + f.Key + ` = k.value and not m.gone offset 0) m`
	if f.Custom {
		from = `select k.value, m.id from unnest(@values::text[]) k(value), lateral (
			select member_id as id from member_key where tenant_id = @tenant and list_id = @list and field = @field and value = k.value offset 0) m`
		value := `m.custom->>@field`
		if f.Type == member.Email {
			value = `lower(` + value + `)`
		}
		shadows = `select ` + value + `, m.id from member_shadow m
			where m.tenant_id = @tenant and m.import_id = @import and not m.gone and ` + value + ` = any(@values)`
	}
	if !l.dry {
		return from
	}
	return from + ` where not exists (select from member_shadow s where s.tenant_id = @tenant and s.import_id = @import and s.id = m.id)
		union all ` + shadows
}

// copyTo streams one chunk of tuples that fill appends.
func (m *merging) copyTo(target string, fill func([]byte) ([]byte, error)) error {
	data, err := fill(append(make([]byte, 0, 1<<20), copyHeader...))
	if err != nil {
		return err
	}
	data = appendInt16(data, -1)
	_, err = m.tx.Conn().PgConn().CopyFrom(m.ctx, bytes.NewReader(data), `copy `+target+` from stdin (format binary)`)
	return err
}

// appendCreated appends the new members as insertColumns names them.
func (m *merging) appendCreated(b []byte) ([]byte, error) {
	i, l, rules := m.work.Import, m.layout, &m.work.Plan.Rules
	columns := 7 + len(l.createdColumns()) + len(l.stored) + min(len(l.custom), 1)
	if l.dry {
		columns += 2
	}
	prefix := appendInt16(nil, columns)
	prefix = appendBigint(appendBigint(prefix, int64(m.tenant)), i.ListID)
	for range 3 { // created_at, updated_at, last_seen_at: the import's start
		prefix = appendTime(prefix, *i.StartedAt)
	}
	keys := m.createdKeys()
	for n, r := range m.batch.Created {
		b = append(b, prefix...)
		b = appendBigint(appendInteger(b, r.Version), r.ID)
		if l.dry {
			b = appendText(append(appendInt32(b, 16), i.ID[:]...), keys[n])
		}
		if rules.Kind == member.KindLead {
			b = appendText(b, string(member.KindLead))
		}
		if rules.Registration == member.Provisional {
			b = appendBool(b, true)
		}
		if rules.ImportTag != "" {
			b = appendTextArray(b, r.ImportTags)
		}
		var err error
		if b, err = m.appendValues(b, r, false); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// createdKeys returns the merge keys of the new members, in their order.
func (m *merging) createdKeys() []string {
	if !m.layout.dry {
		return nil
	}
	keys := make([]string, 0, len(m.batch.Created))
	for i := range m.rows {
		if r := &m.rows[i]; r.Outcome == member.Created {
			keys = append(keys, r.Key)
		}
	}
	return keys
}

// appendChanged appends the changed members as incomingColumns names them.
func (m *merging) appendChanged(b []byte) ([]byte, error) {
	l, tagged := m.layout, m.work.Plan.Rules.ImportTag != ""
	columns := 3 + len(l.stored) + min(len(l.custom), 1)
	if l.dry {
		columns += 2
	}
	if tagged {
		columns += 2
	}
	for i := range m.loaded.records {
		r := &m.loaded.records[i]
		if !r.Dirty && !(l.dry && r.Gone) {
			continue
		}
		b = appendInt16(b, columns)
		b = appendInteger(appendInteger(appendBigint(b, r.ID), r.Stored), r.Version)
		if l.dry {
			b = appendBool(appendText(b, m.loaded.keys[i]), r.Gone)
		}
		if tagged {
			b = appendTextArray(appendBool(b, r.Touched), r.ImportTags)
		}
		var err error
		if b, err = m.appendValues(b, r, true); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (m *merging) appendValues(b []byte, r *member.Record, nulls bool) ([]byte, error) {
	fields, l := m.work.Plan.Fields, m.layout
	for _, i := range l.stored {
		b = appendValue(b, fields[i].Type, &r.Values[i])
	}
	if len(l.custom) == 0 {
		return b, nil
	}
	b, err := appendCustom(b, fields, l.custom, r.Values, nulls)
	if err != nil {
		return nil, fmt.Errorf("member %d: %w", r.ID, err)
	}
	return b, nil
}
