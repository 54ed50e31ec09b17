package postgres

import (
	"bytes"
	"context"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/meibo/meibo/internal/member"
)

// The statements of a chunk. Column names come from the schema of fields, never from a file.

// selectMatches reads, for each key of $3, the member that has it. LATERAL with OFFSET 0 keeps it at one index
// lookup per key: without statistics the planner might scan the whole table for every chunk.
func selectMatches(p *member.Plan) string {
	return `select k.key, m.* from unnest($3::text[]) k(key), lateral (
		select id, version, ` + columns(p) + ` from member where tenant_id = $1 and list_id = $2 and ` +
		p.KeyField().Key + ` = k.key offset 0) m`
}

func columns(p *member.Plan) string {
	names := make([]string, len(p.Fields))
	for i := range p.Fields {
		names[i] = p.Fields[i].Key
	}
	return strings.Join(names, ", ")
}

func insertColumns(p *member.Plan) string {
	return `member (tenant_id, list_id, created_at, updated_at, last_seen_at, version, id, ` + columns(p) + `)`
}

func incomingColumns(p *member.Plan) string {
	return `incoming (id, stored, version, ` + columns(p) + `)`
}

// updateFromIncoming gives changed members their new values, unless somebody else changed them since they
// were read.
func updateFromIncoming(p *member.Plan) string {
	sets := make([]string, 0, len(p.Fields))
	for i := range p.Fields {
		if i != p.Key {
			sets = append(sets, p.Fields[i].Key+` = i.`+p.Fields[i].Key)
		}
	}
	return `update member m set updated_at = $2, version = i.version, ` + strings.Join(sets, ", ") +
		` from incoming i where m.tenant_id = $1 and m.id = i.id and m.version = i.stored`
}

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
		create temporary table incoming on commit delete rows as select *, 0 as stored from member with no data`)
	if err != nil {
		conn.Release()
		return nil, err
	}
	data[prepared] = true
	return conn, nil
}

// copyTo streams one chunk of tuples that fill appends.
func (m *merging) copyTo(target string, fill func([]byte) []byte) error {
	data := fill(append(make([]byte, 0, 1<<20), copyHeader...))
	data = appendInt16(data, -1)
	_, err := m.tx.Conn().PgConn().CopyFrom(m.ctx, bytes.NewReader(data), `copy `+target+` from stdin (format binary)`)
	return err
}

// appendCreated appends the new members as insertColumns names them.
func (m *merging) appendCreated(b []byte) []byte {
	i, fields := m.work.Import, m.work.Plan.Fields
	prefix := appendInt16(nil, 7+len(fields))
	prefix = appendBigint(appendBigint(prefix, int64(m.tenant)), i.ListID)
	for range 3 { // created_at, updated_at, last_seen_at: the import's start
		prefix = appendTime(prefix, *i.StartedAt)
	}
	for _, r := range m.batch.Created {
		b = append(b, prefix...)
		b = appendBigint(appendInteger(b, r.Version), r.ID)
		b = appendValues(b, fields, r)
	}
	return b
}

// appendChanged appends the changed members as incomingColumns names them.
func (m *merging) appendChanged(b []byte) []byte {
	fields := m.work.Plan.Fields
	for i := range m.loaded.records {
		r := &m.loaded.records[i]
		if !r.Dirty {
			continue
		}
		b = appendInt16(b, 3+len(fields))
		b = appendInteger(appendInteger(appendBigint(b, r.ID), r.Stored), r.Version)
		b = appendValues(b, fields, r)
	}
	return b
}

func appendValues(b []byte, fields []member.Field, r *member.Record) []byte {
	for i := range fields {
		b = appendValue(b, fields[i].Type, &r.Values[i])
	}
	return b
}
