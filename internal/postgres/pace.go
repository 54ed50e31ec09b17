package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
)

// PaceEvery is the least time between two points of an import's pace; of one that takes long it is a multiple of it.
const PaceEvery = 5 * time.Second

// maxPace is how many points an import's pace has at most. One more has every second one go, and from then on points are
// taken half as often.
const maxPace = 238

// Pace is how many rows of an import had an outcome at a moment.
type Pace struct {
	At   time.Time
	Done int64
}

// NotePace notes how far each running import is, unless that was done a moment ago. Any number of processes may call it as
// often as they like. A clock that was set back, or forward, costs no more than a point that stands too far away.
func (db *DB) NotePace(ctx context.Context) error {
	_, err := db.pool.Exec(ctx, `insert into import_pace as p (tenant_id, import_id, at, done, every)
		select i.tenant_id, i.id, array[clock_timestamp()], array[s.done], $1
		from import i, lateral (select coalesce(sum(a.created + a.updated + a.unchanged + a.deleted + a.skipped + a.failed), 0)::bigint as done
			from import_lane a where a.tenant_id = i.tenant_id and a.import_id = i.id) s
		where i.state = 'running' order by i.tenant_id, i.id
		on conflict (tenant_id, import_id) do update set
			at = case when cardinality(p.at) < $2 then p.at
				else array(select v from unnest(p.at) with ordinality u (v, n) where n % 2 = 1 order by n) end || excluded.at,
			done = case when cardinality(p.done) < $2 then p.done
				else array(select v from unnest(p.done) with ordinality u (v, n) where n % 2 = 1 order by n) end || excluded.done,
			every = case when cardinality(p.at) < $2 then p.every else p.every * 2 end
		where abs(extract(epoch from excluded.at[1] - p.at[cardinality(p.at)])) >= p.every and excluded.done[1] >= p.done[cardinality(p.done)]`,
		int(PaceEvery.Seconds()), maxPace)
	if err != nil && !olderSchema(err) {
		return fmt.Errorf("note pace of imports: %w", err)
	}
	return nil
}

// PaceOf returns how an import came on, from its start to its end or its last point: at most 240 points, of which neither
// time nor rows ever go back. It is empty for an import that has not had its turn, and for one that does not exist.
func (db *DB) PaceOf(ctx context.Context, t tenant.ID, id imports.ID) (points []Pace, err error) {
	var begin, end *time.Time
	var rows int64
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `select started_at, finished_at, coalesce(total - not_processed, 0) from import where tenant_id = $1 and id = $2`,
			t, id).Scan(&begin, &end, &rows)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && begin == nil {
			return nil
		}
		if err != nil {
			return err
		}
		points = append(points, Pace{At: *begin})
		return ifMigrated(ctx, tx, func(tx pgx.Tx) error {
			found, err := tx.Query(ctx, `select u.at, u.done from import_pace p, unnest(p.at, p.done) with ordinality u (at, done, n)
				where p.tenant_id = $1 and p.import_id = $2 order by u.n`, t, id)
			if err != nil {
				return err
			}
			noted, err := pgx.CollectRows(found, pgx.RowToStructByPos[Pace])
			points = append(points, noted...)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("pace of import %s: %w", id, err)
	}
	if begin != nil && end != nil {
		points = append(points, Pace{*end, rows})
	}
	for n := 1; n < len(points); n++ {
		if p := &points[n]; p.At.Before(points[n-1].At) {
			p.At = points[n-1].At
		}
	}
	return points, nil
}
