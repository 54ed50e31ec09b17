package postgres

import (
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
)

// creator is an import of the list, and the ids that are reserved for it.
type creator struct {
	id          imports.ID
	start       time.Time
	first, last int64
}

// vouch notes of members that an earlier import has created, and that are again just as it left them, that nobody has
// changed them since: so several imports can be undone one after another, the last first. written are as they were before
// the undo wrote them; those of which something is kept do not count.
func (u *undoing) vouch(written []*undone) error {
	var clean []*undone
	for _, d := range written {
		if len(d.Kept) == 0 {
			clean = append(clean, d)
		}
	}
	if len(clean) == 0 {
		return nil
	}
	creators, err := u.creators(clean[0].id, clean[len(clean)-1].id)
	if err != nil || len(creators) == 0 {
		return err
	}
	var ids []int64
	var of []imports.ID
	var starts []time.Time
	var were, are []int32
	for _, d := range clean {
		for _, c := range creators {
			if d.id >= c.first && d.id <= c.last {
				ids, of, starts = append(ids, d.id), append(of, c.id), append(starts, c.start)
				were, are = append(were, d.left-d.changes), append(are, d.left+1)
			}
		}
	}
	// With as many versions between as the import has made, all of them are its own.
	_, err = u.tx.Exec(u.ctx, `insert into journal (tenant_id, import_id, member_id, created_at, version, act)
		select $1, d.import_id, d.id, d.start, d.is_now, 'created'
		from unnest($2::bigint[], $3::uuid[], $4::timestamptz[], $5::integer[], $6::integer[]) d(id, import_id, start, was, is_now),
			lateral (select version from member where tenant_id = $1 and id = d.id offset 0) m
		where m.version = d.is_now and d.was = greatest(1, (select max(j.version) from journal j
			where j.tenant_id = $1 and j.import_id = d.import_id and j.created_at = d.start and j.member_id = d.id))`, u.tenant, ids, of, starts, were, are)
	return err
}

// creators returns the imports of the list that can still be undone and may have created members with those ids.
func (u *undoing) creators(from, to int64) ([]creator, error) {
	rows, err := u.tx.Query(u.ctx, `select id, started_at, first_member_id, first_member_id + (source->>'max_rows')::bigint - 1 from import
		where tenant_id = $1 and list_id = $2 and id <> $3 and first_member_id <= $5 and first_member_id + (source->>'max_rows')::bigint > $4
			and state in ('completed', 'failed', 'cancelled') and journaled and journal_gone_at is null`, u.tenant, u.job.ListID, u.job.ID, from, to)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c creator, err error) {
		err = row.Scan(&c.id, &c.start, &c.first, &c.last)
		return c, err
	})
}
