package postgres

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// Erasure is the erasing of a member everywhere.
type Erasure struct {
	ID          int64
	Member      int64
	RequestedAt time.Time
	// FinishedAt is when no failure report named the member any more; nil as long as some are still looked through.
	FinishedAt *time.Time
	// Journal is the number of the journal's rows that are gone, Rows that of failed rows in Reports reports.
	Journal, Rows, Reports int64
	// Sources are the files of the member's list that are still kept, the newest first; they are never changed. More tells that
	// there are others.
	Sources []KeptSource
	More    bool
}

// KeptSource is a file that may hold somebody.
type KeptSource struct {
	Import   imports.ID
	FileName string
	State    imports.State
	// Until is when it is deleted at the latest; nil for an import that has not ended.
	Until *time.Time
	// Known tells that it did hold the member.
	Known bool
}

// maxKeptSources bounds Erasure.Sources.
const maxKeptSources = 200

// Unified says that a lead has become part of the member, who is to be erased instead.
type Unified struct{ Member int64 }

// Error names the member.
func (u *Unified) Error() string {
	return fmt.Sprintf("the lead has become part of member %d", u.Member)
}

// EraseMember deletes a member for good, also one that was deleted before, with its leads: its row, its keys and all that
// the journal has of it; the failed rows that name it are left to the erasure that is returned (ErasureWork). What the member
// opted out of is remembered by its contacts, as after any deletion, but no longer by which import. Its values of keys and
// contacts, also former ones, are kept as marks until then. ErrNotFound: nothing is known of a member of that id; Unified: it
// was a lead.
func (db *DB) EraseMember(ctx context.Context, t tenant.ID, s *member.Schema, id int64) (e Erasure, err error) {
	_, err = db.editing(ctx, t, func(tx pgx.Tx, _ *Edited) error {
		p, err := findPerson(ctx, tx, t, id)
		if err != nil {
			return err
		}
		if p.there {
			if err := deleteMember(ctx, tx, t, s, id); err != nil {
				return err
			}
		}
		if err := p.forget(ctx, tx, t); err != nil {
			return err
		}
		if e, err = p.keep(ctx, tx, t, s); err != nil {
			return err
		}
		return audit(ctx, tx, t, "member.erase", memberObject(id), detail{"erasure": e.ID, "journal": p.journal})
	})
	if err != nil {
		return Erasure{}, fmt.Errorf("erase member %d: %w", id, err)
	}
	return e, nil
}

// person is a member and the leads that became part of it, with all that was ever written down of them.
type person struct {
	id      int64
	list    int64
	there   bool // not deleted yet
	ids     []int64
	images  []map[string]json.RawMessage
	imports []imports.ID
	journal int64
}

func findPerson(ctx context.Context, tx pgx.Tx, t tenant.ID, id int64) (*person, error) {
	p := &person{id: id, ids: []int64{id}}
	var image map[string]json.RawMessage
	err := tx.QueryRow(ctx, `select list_id, to_jsonb(m) from member m where tenant_id = $1 and id = $2 for update`, t, id).Scan(&p.list, &image)
	switch {
	case err == nil:
		p.there, p.images = true, append(p.images, image)
	case !errors.Is(err, pgx.ErrNoRows):
		return nil, err
	default:
		if err := notUnified(ctx, tx, t, id); err != nil {
			return nil, err
		}
	}
	rows, err := tx.Query(ctx, `select member_id from journal where tenant_id = $1 and act = 'unified' and (after->>'member_id')::bigint = $2`, t, id)
	if err != nil {
		return nil, err
	}
	leads, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	p.ids = append(p.ids, leads...)
	if err := p.readJournal(ctx, tx, t); err != nil {
		return nil, err
	}
	if p.list == 0 {
		return nil, ErrNotFound
	}
	return p, nil
}

// notUnified refuses a lead that is a member now.
func notUnified(ctx context.Context, tx pgx.Tx, t tenant.ID, id int64) error {
	var into int64
	err := tx.QueryRow(ctx, `select m.id from journal j join member m on m.tenant_id = $1 and m.id = (j.after->>'member_id')::bigint
		where j.tenant_id = $1 and j.member_id = $2 and j.act = 'unified' limit 1`, t, id).Scan(&into)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = &Unified{into}
	}
	return err
}

// readJournal collects what imports have written down. Of a member that is not there, the list is told by its last row.
func (p *person) readJournal(ctx context.Context, tx pgx.Tx, t tenant.ID) error {
	rows, err := tx.Query(ctx, `select import_id, before, after from journal where tenant_id = $1 and member_id = any($2)`, t, p.ids)
	if err != nil {
		return err
	}
	var id imports.ID
	var before, after map[string]json.RawMessage
	known := make(map[imports.ID]bool)
	_, err = pgx.ForEachRow(rows, []any{&id, &before, &after}, func() error {
		if raw, whole := before["list_id"]; whole && p.list == 0 {
			if err := json.Unmarshal(raw, &p.list); err != nil {
				return err
			}
		}
		if !known[id] {
			known[id], p.imports = true, append(p.imports, id)
		}
		p.images = append(p.images, before, after)
		before, after = nil, nil
		return nil
	})
	return err
}

// forget deletes what is written down beside the member itself.
func (p *person) forget(ctx context.Context, tx pgx.Tx, t tenant.ID) error {
	tag, err := tx.Exec(ctx, `delete from journal where tenant_id = $1 and member_id = any($2)`, t, p.ids)
	if err != nil {
		return err
	}
	p.journal = tag.RowsAffected()
	var b pgx.Batch
	b.Queue(`delete from member_key where tenant_id = $1 and member_id = any($2)`, t, p.ids)
	b.Queue(`delete from member_shadow where tenant_id = $1 and id = any($2)`, t, p.ids)
	b.Queue(`delete from import_undo_kept where tenant_id = $1 and member_id = any($2)`, t, p.ids)
	b.Queue(`delete from import_seen where tenant_id = $1 and member_id = any($2)`, t, p.ids)
	// A request that made the member makes it no second time.
	b.Queue(`update member_request set request_hash = '' where tenant_id = $1 and member_id = any($2)`, t, p.ids)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return err
	}
	return ifMigrated(ctx, tx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `delete from import_preview where tenant_id = $1 and member_id = any($2)`, t, p.ids)
		return err
	})
}

// keep writes down what is left to do, and what is never done.
func (p *person) keep(ctx context.Context, tx pgx.Tx, t tenant.ID, s *member.Schema) (Erasure, error) {
	marks, salt, contacts := p.marks(s)
	if _, err := tx.Exec(ctx, `update opt_out set import_id = null where tenant_id = $1 and list_id = $2 and contact = any($3)`, t, p.list, contacts); err != nil {
		return Erasure{}, err
	}
	e := Erasure{Member: p.id, RequestedAt: time.Now(), Journal: p.journal}
	err := tx.QueryRow(ctx, `insert into erasure (tenant_id, member_id, list_id, salt, marks, imports, requested_at, journal)
		values ($1, $2, $3, $4, $5, $6 || array(select id from import where tenant_id = $1 and list_id = $3 and $2 >= first_member_id
			and $2 < first_member_id + (source->>'max_rows')::bigint), $7, $8) returning id`,
		t, p.id, p.list, salt, marks.Hashes(), p.imports, e.RequestedAt, p.journal).Scan(&e.ID)
	if err != nil {
		return Erasure{}, err
	}
	return e, readSources(ctx, tx, t, &e)
}

// marks are the values by which the person is or was known, and contacts those that opt-outs are remembered by.
func (p *person) marks(s *member.Schema) (m *member.Marks, salt []byte, contacts []string) {
	salt, contacts = make([]byte, 16), []string{}
	rand.Read(salt)
	m = member.NewMarks(salt, nil)
	for _, f := range s.Fields() {
		for _, image := range p.images {
			raw := image[f.Key]
			var custom map[string]json.RawMessage
			if f.Custom && raw == nil && json.Unmarshal(image["custom"], &custom) == nil {
				raw = custom[f.Key]
			}
			v, err := member.ParseJSON(f.Type, raw)
			if len(raw) == 0 || err != nil { // not an image of this field
				continue
			}
			m.Add(&f, v)
			if contact := member.KeyOf(&f, v); contact != "" && !f.Custom && f.Identifies() {
				contacts = append(contacts, contact)
			}
		}
	}
	if f, ok := s.Field("id"); ok {
		for _, id := range p.ids {
			m.Add(&f, member.IntValue(id))
		}
	}
	return m, salt, contacts
}

// readSources fills in the files that may hold the member.
func readSources(ctx context.Context, tx pgx.Tx, t tenant.ID, e *Erasure) error {
	rows, err := tx.Query(ctx, `select i.id, i.file_name, i.state, i.finished_at + make_interval(days => (select source_days from tenant where id = $1)), i.id = any(e.imports)
		from erasure e join import i on i.tenant_id = $1 and i.list_id = e.list_id
		where e.tenant_id = $1 and e.id = $2 and i.source is not null and i.source_gone_at is null order by i.id desc limit $3`, t, e.ID, maxKeptSources+1)
	if err != nil {
		return err
	}
	if e.Sources, err = pgx.CollectRows(rows, pgx.RowToStructByPos[KeptSource]); err != nil {
		return err
	}
	if e.More = len(e.Sources) > maxKeptSources; e.More {
		e.Sources = e.Sources[:maxKeptSources]
	}
	return nil
}

// ErasureOf returns how far the latest erasure of a member is. ErrNotFound: there is none.
func (db *DB) ErasureOf(ctx context.Context, t tenant.ID, id int64) (e Erasure, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `select id, member_id, requested_at, finished_at, journal, rows, reports from erasure
			where tenant_id = $1 and member_id = $2 order by id desc limit 1`, t, id).
			Scan(&e.ID, &e.Member, &e.RequestedAt, &e.FinishedAt, &e.Journal, &e.Rows, &e.Reports)
		if err != nil {
			return translate(err)
		}
		return readSources(ctx, tx, t, &e)
	})
	if err != nil {
		return Erasure{}, fmt.Errorf("erasure of member %d: %w", id, err)
	}
	return e, nil
}
