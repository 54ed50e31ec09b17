package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// Happening is one thing that happened to a member, or to a lead that became part of it.
type Happening struct {
	// At is when it happened; what imports did has their start.
	At time.Time
	// Act is created, updated, deleted, removed, unified, blocked or unblocked.
	Act string
	// Member is the member's id, or the lead's.
	Member int64
	// Into is the member that a lead became part of.
	Into int64
	// Import did it; nil where somebody did by hand.
	Import *HappenedIn
	// Row is the number of the row in the import's file; 0 where it is not known.
	Row int64
	// Actor is who did it, or had the import done.
	Actor string
	// Before and After are the values of the fields that changed, by key, as the journal has them: nil for what is done by
	// hand, of which Fields tells no more than the keys.
	Before, After map[string]json.RawMessage
	Fields        []string
	// Undone tells that the import was undone, and this with it; Kept are the fields that the undo left as they were.
	Undone bool
	Kept   []string
}

// HappenedIn is the import in which something happened.
type HappenedIn struct {
	ID       imports.ID
	FileName string
}

// HistoryPlace is how far somebody has read in a history, each of its sources by itself: the last that was read of each,
// zero where nothing was. Its size is fixed, so that it can be written down (encoding/binary). Times are in microseconds.
type HistoryPlace struct {
	Journal JournalPlace
	// Audit is the id of an act.
	Audit int64
	// Begun is when somebody was created, by id.
	Begun struct{ At, Member int64 }
}

// JournalPlace is the place of a row of the journal in a history.
type JournalPlace struct {
	At          int64
	Import      imports.ID
	Seq, Member int64
}

// happened is a happening, and how its source is gone on with behind it.
type happened struct {
	Happening
	pass func(*HistoryPlace)
}

// MemberHistory returns what happened to a member, the newest first, also to one that was deleted: up to limit happenings
// behind a place, and the place behind them, nil where none are left. It reads rows of that member only, by the index that
// every week of the journal has. ErrNotFound: nothing is known of a member of that id, or it was erased.
func (db *DB) MemberHistory(ctx context.Context, t tenant.ID, id int64, from HistoryPlace, limit int) (page []Happening, next *HistoryPlace, err error) {
	ids, err := db.withLeads(ctx, t, id)
	var all []happened
	if err == nil {
		err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
			there, err := remembered(ctx, tx, t, id)
			if err != nil {
				return err
			}
			h := history{ctx: ctx, tx: tx, tenant: t, ids: ids, from: from, limit: limit + 1}
			if err := errors.Join(h.journal(), h.byHand(), h.beginnings()); err != nil {
				return err
			}
			traced := slices.ContainsFunc(h.all, func(e happened) bool { return e.Act != actCreated || e.Import == nil })
			if from == (HistoryPlace{}) && !there && !traced {
				return ErrNotFound
			}
			all = h.all
			return nil
		})
	}
	if err != nil {
		return nil, nil, fmt.Errorf("history of member %d: %w", id, err)
	}
	slices.SortStableFunc(all, func(a, b happened) int { return b.At.Compare(a.At) })
	if len(all) > limit {
		all, next = all[:limit], &from
	}
	page = make([]Happening, len(all))
	for n, e := range all {
		page[n] = e.Happening
		if next != nil {
			e.pass(next)
		}
	}
	return page, next, nil
}

// withLeads returns the member's id and those of the leads that became part of it. Outside of the wall, behind which the
// index of them is of no use: what it compares is no column.
func (db *DB) withLeads(ctx context.Context, t tenant.ID, id int64) ([]int64, error) {
	rows, err := db.pool.Query(ctx, `select distinct member_id from journal
		where tenant_id = $1 and act = 'unified' and (after->>'member_id')::bigint = $2 order by member_id limit 100`, t, id)
	if err != nil {
		return nil, err
	}
	leads, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	return append([]int64{id}, leads...), err
}

// remembered reports whether there is a member of that id. ErrNotFound: it was erased, and nothing of it may be told.
func remembered(ctx context.Context, tx pgx.Tx, t tenant.ID, id int64) (there bool, err error) {
	var erased bool
	err = ifMigrated(ctx, tx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select exists (select from erasure where tenant_id = $1 and member_id = $2)`, t, id).Scan(&erased)
	})
	if err == nil && erased {
		err = ErrNotFound
	}
	if err == nil {
		err = tx.QueryRow(ctx, `select exists (select from member where tenant_id = $1 and id = $2)`, t, id).Scan(&there)
	}
	return there, err
}

// history collects from its sources what happened to members, up to limit from each behind the place.
type history struct {
	ctx    context.Context
	tx     pgx.Tx
	tenant tenant.ID
	ids    []int64
	from   HistoryPlace
	limit  int
	all    []happened
}

// undoneWith tells, of something that the import i did to member m, whether an undo took it back, and in which fields it did
// not: it kept the member as a whole where the field is empty.
const undoneWith = `i.state = 'undone', coalesce((select array_agg(k.field order by k.field) from import_undo_kept k
	where k.tenant_id = i.tenant_id and k.import_id = i.id and not k.dry_run and k.member_id = m), '{}')`

// journal reads what imports did. Within one, members are changed before they are deleted, and what is no row's doing is
// done behind all rows.
func (h *history) journal() error {
	from := h.from.Journal
	rows, err := h.tx.Query(h.ctx, `select j.created_at, j.import_id, j.seq, j.m, j.act, coalesce(j.row_number, 0), j.before, j.after, i.file_name, coalesce(u.name, ''), `+undoneWith+`
		from (select *, member_id as m, 2 * coalesce(version, 0) + (act <> 'updated' and act <> 'created')::int + (row_number is null)::int * (1::bigint << 40) as seq
				from journal where tenant_id = $1 and member_id = any($2) offset 0) j
			join import i on i.tenant_id = $1 and i.id = j.import_id
			left join app_user u on u.tenant_id = $1 and u.id = i.user_id
		where ($3::bigint = 0 or (j.created_at, j.import_id, j.seq, j.m) < ('epoch'::timestamptz + $3 * interval '1 microsecond', $4, $5, $6))
		order by j.created_at desc, j.import_id desc, j.seq desc, j.m desc limit $7`,
		h.tenant, h.ids, from.At, from.Import, from.Seq, from.Member, h.limit)
	if err != nil {
		return err
	}
	var id imports.ID
	var seq int64
	var e Happening
	var file string
	_, err = pgx.ForEachRow(rows, []any{&e.At, &id, &seq, &e.Member, &e.Act, &e.Row, &e.Before, &e.After, &file, &e.Actor, &e.Undone, &e.Kept}, func() error {
		at := JournalPlace{e.At.UnixMicro(), id, seq, e.Member}
		e.Import = &HappenedIn{id, file}
		switch e.Act {
		case actCreated: // is told by the id; this is a row behind it that changed the member once more
			e.Act = actUpdated
		case "unified":
			if err := json.Unmarshal(e.After["member_id"], &e.Into); err != nil {
				return fmt.Errorf("whom lead %d became: %w", e.Member, err)
			}
			e.After = nil
		}
		e.settle()
		h.all = append(h.all, happened{e, func(p *HistoryPlace) { p.Journal = at }})
		e = Happening{}
		return nil
	})
	return err
}

// settle takes what an undo kept as a whole for not undone, and the custom fields of a whole row for fields.
func (e *Happening) settle() {
	if !e.Undone || slices.Contains(e.Kept, "") {
		e.Undone, e.Kept = false, nil
	}
	if raw := e.Before["custom"]; len(raw) > 0 && e.After == nil {
		if flat, err := flatten(e.Before); err == nil {
			e.Before = flat
		}
	}
}

// happens are the acts of the audit log that happen to a member, and what they are called in its history.
var happens = map[string]string{
	"member.create": actCreated, "member.change": actUpdated, "member.delete": "deleted", "member.block": "blocked", "member.unblock": "unblocked",
}

// byHand reads what people and keys did.
func (h *history) byHand() error {
	objects := make([]string, len(h.ids))
	for n, id := range h.ids {
		objects[n] = memberObject(id)
	}
	before := int64(1<<63 - 1)
	if h.from.Audit > 0 {
		before = h.from.Audit
	}
	return ifMigrated(h.ctx, h.tx, func(tx pgx.Tx) error {
		rows, err := tx.Query(h.ctx, `select id, at, act, object, actor, detail->'fields' from audit
			where tenant_id = $1 and object = any($2) and id < $3 and act = any($5) order by id desc limit $4`, h.tenant, objects, before, h.limit,
			slices.Sorted(maps.Keys(happens)))
		if err != nil {
			return err
		}
		var id int64
		var act, object string
		var e Happening
		_, err = pgx.ForEachRow(rows, []any{&id, &e.At, &act, &object, &e.Actor, &e.Fields}, func() (err error) {
			at := id
			e.Act = happens[act]
			e.Member, err = strconv.ParseInt(strings.TrimPrefix(object, "member/"), 10, 64)
			h.all = append(h.all, happened{e, func(p *HistoryPlace) { p.Audit = at }})
			e = Happening{}
			return err
		})
		return err
	})
}

// unreadable are the codes of rows that count in the numbers of a file but not in the ids of its members.
var unreadable = []string{
	string(member.TooFewCells), string(member.TooManyCells), string(member.RowTooLong), string(member.Undecodable), string(member.CellError),
	string(member.BadQuote), string(member.UnclosedQuote),
}

// beginnings tells which imports created the members, by the ids that these had taken. The number of the row follows from
// the id where the rows of the file stand one below the other, from the header to the last.
func (h *history) beginnings() error {
	rows, err := h.tx.Query(h.ctx, `select m, i.started_at, i.id, i.file_name, coalesce(u.name, ''), `+undoneWith+`, exists (select from member x where x.tenant_id = $1 and x.id = m),
			case when i.parent_id is null and i.split_at is not null and (to_jsonb(r)->>'last_row')::bigint - i.total = h.row
				and not exists (select from import_problem_count c where c.tenant_id = $1 and c.import_id = i.id and c.code = any($3))
				then h.row + 1 + m - i.first_member_id else 0 end
		from unnest($2::bigint[]) m
			cross join lateral (select * from import where tenant_id = $1 and first_member_id <= m order by first_member_id desc limit 1) i
			cross join lateral (select case when coalesce((i.options->>'no_header')::boolean, false) then 0 else greatest(coalesce((i.options->>'header_row')::bigint, 1), 1) end as row) h
			left join import_progress r on r.tenant_id = $1 and r.import_id = i.id
			left join app_user u on u.tenant_id = $1 and u.id = i.user_id
		where m < i.first_member_id + (i.source->>'max_rows')::bigint and not coalesce((i.options->>'dry_run')::boolean, false) and i.started_at is not null
			and ($4::bigint = 0 or (i.started_at, m) < ('epoch'::timestamptz + $4 * interval '1 microsecond', $5))
		order by i.started_at desc, m desc limit $6`, h.tenant, h.ids, unreadable, h.from.Begun.At, h.from.Begun.Member, h.limit)
	if err != nil {
		return err
	}
	var e Happening
	var in HappenedIn
	var there bool
	_, err = pgx.ForEachRow(rows, []any{&e.Member, &e.At, &in.ID, &in.FileName, &e.Actor, &e.Undone, &e.Kept, &there, &e.Row}, func() error {
		at := h.from.Begun
		at.At, at.Member = e.At.UnixMicro(), e.Member
		e.Act, e.Import = actCreated, &HappenedIn{in.ID, in.FileName}
		e.settle()
		e.Undone = e.Undone && !there
		h.all = append(h.all, happened{e, func(p *HistoryPlace) { p.Begun = at }})
		e = Happening{}
		return nil
	})
	return err
}
