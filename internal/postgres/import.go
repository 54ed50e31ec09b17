package postgres

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// NewImport is what is known of an import when it is created.
type NewImport struct {
	List        string
	FileName    string
	Options     imports.Options
	Mapping     member.Mapping
	MaxRowBytes int
	User        int64
	// IdempotencyKey is empty where the caller gives none. Request is a hash of all that the caller has said.
	IdempotencyKey string
	Request        []byte
}

// CreateImport adds an import in the state created. The same idempotency key gives the import that it gave
// before, with existed true. ErrNotFound: the list is unknown; ErrReused: the key came with another request.
func (db *DB) CreateImport(ctx context.Context, t tenant.ID, n NewImport) (i *imports.Import, existed bool, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		list, err := listID(ctx, tx, t, n.List)
		if err != nil {
			return err
		}
		id := imports.NewID()
		err = tx.QueryRow(ctx, `insert into import (tenant_id, id, list_id, file_name, options, mapping, max_row_bytes, user_id, idempotency_key, created_at)
			values ($1, $2, $3, $4, $5, $6, $7, nullif($8, 0), nullif($9, ''), $10)
			on conflict (tenant_id, idempotency_key) where idempotency_key is not null do nothing returning id`,
			t, id, list, n.FileName, n.Options, n.Mapping, n.MaxRowBytes, n.User, n.IdempotencyKey, time.Now()).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			existed = true
			err = tx.QueryRow(ctx, `select id from import where tenant_id = $1 and idempotency_key = $2`, t, n.IdempotencyKey).Scan(&id)
		}
		if err != nil {
			return err
		}
		if n.IdempotencyKey != "" {
			if err := sameRequest(ctx, tx, t, id, n.Request, existed); err != nil {
				return err
			}
		}
		if i, err = getImport(ctx, tx, t, id); err != nil || existed {
			return err
		}
		return audit(ctx, tx, t, "import.create", importObject(id), detail{"list": n.List, "file_name": n.FileName})
	})
	if err != nil {
		return nil, false, fmt.Errorf("create import: %w", translate(err))
	}
	return i, existed, nil
}

// importObject names an import in the audit log.
func importObject(id imports.ID) string { return "import/" + id.String() }

// sameRequest notes the request that an import is made of or, where it existed, compares with the one that is noted. A
// database of the version before notes none.
func sameRequest(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID, request []byte, existed bool) error {
	if !existed {
		// In a transaction of its own, so that the import stays where the note cannot be.
		err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `update import set request_hash = $3 where tenant_id = $1 and id = $2`, t, id, request)
			return err
		})
		if olderSchema(err) {
			return nil
		}
		return err
	}
	var noted *string // as PostgreSQL writes bytea in hexadecimal
	err := tx.QueryRow(ctx, `select to_jsonb(i)->>'request_hash' from import i where tenant_id = $1 and id = $2`, t, id).Scan(&noted)
	if err == nil && noted != nil && *noted != `\x`+hex.EncodeToString(request) {
		err = ErrReused
	}
	return err
}

// importColumns and scanImport belong together. While an import runs its totals come from the ledger.
const importColumns = `i.tenant_id, i.id, i.list_id, l.name, i.state, i.file_name, i.options, i.mapping, i.source, i.cut,
	coalesce(i.first_member_id, 0), i.into_empty, i.allowance, i.max_row_bytes, i.failure, coalesce(u.name, ''),
	i.created_at, i.uploaded_at, i.queued_at, i.started_at, i.split_at, i.finished_at,
	coalesce(i.total, p.rows_read, 0), coalesce(i.created, s.created, 0), coalesce(i.updated, s.updated, 0),
	coalesce(i.unchanged, s.unchanged, 0), coalesce(i.deleted, s.deleted, 0), coalesce(i.skipped, s.skipped, 0),
	coalesce(i.failed, s.failed, 0), coalesce(i.protected, s.protected, 0), coalesce(i.tagged, s.tagged, 0),
	n.with_leads, coalesce(n.members_before, 0), n.finishing_at, coalesce(n.removed, 0), coalesce(n.unified, 0), n.warnings,
	coalesce(i.parent_id, '00000000-0000-0000-0000-000000000000'), n.fields,
	n.run, n.paused_at, n.resumed_at, coalesce((to_jsonb(r)->>'read_share')::double precision, 0),
	coalesce((to_jsonb(r)->>'last_row')::bigint, 0), n.source_gone_at, n.report_gone_at`

const importTables = ` from import i
	join member_list l on l.tenant_id = i.tenant_id and l.id = i.list_id
	left join app_user u on u.tenant_id = i.tenant_id and u.id = i.user_id
	left join import_progress p on i.finished_at is null and p.tenant_id = i.tenant_id and p.import_id = i.id
	left join import_progress r on r.tenant_id = i.tenant_id and r.import_id = i.id
	left join lateral (` + laneSums + ` and i.finished_at is null) s on true
	` + newColumns

// newColumns gives the columns of the import i that the schema of the release before does not have, as n. There they have
// the values of the subquery absent: a name that the innermost query does not know is looked up in the ones around it.
const newColumns = `cross join (select false as with_leads, null::bigint as members_before, null::timestamptz as finishing_at,
		null::bigint as removed, null::bigint as unified, null::jsonb as warnings, null::jsonb as fields,
		1 as run, null::timestamptz as paused_at, null::timestamptz as resumed_at, null::timestamptz as source_gone_at,
		null::timestamptz as report_gone_at) absent
	cross join lateral (select with_leads, members_before, finishing_at, removed, unified, warnings, fields, run, paused_at, resumed_at,
		source_gone_at, report_gone_at from (select i.*) own) n `

// laneSums adds up the ledger of the import i; every column is null where it has no lanes yet.
const laneSums = `select sum(created)::bigint created, sum(updated)::bigint updated, sum(unchanged)::bigint unchanged,
	sum(deleted)::bigint deleted, sum(skipped)::bigint skipped, sum(failed)::bigint failed, sum(protected)::bigint protected, sum(tagged)::bigint tagged
	from import_lane a where a.tenant_id = i.tenant_id and a.import_id = i.id`

func scanImport(row pgx.Row) (*imports.Import, error) {
	var i imports.Import
	var source *imports.Source
	var cut *imports.Cut
	var failure *member.Problem
	var read int64
	var catalog json.RawMessage
	var c member.Counts
	var removed, unified int64
	err := row.Scan(&i.Tenant, &i.ID, &i.ListID, &i.List, &i.State, &i.FileName, &i.Options, &i.Mapping, &source, &cut,
		&i.FirstID, &i.IntoEmpty, &i.Allowance, &i.MaxRowBytes, &failure, &i.User,
		&i.CreatedAt, &i.UploadedAt, &i.QueuedAt, &i.StartedAt, &i.SplitAt, &i.FinishedAt,
		&read, &c.Created, &c.Updated, &c.Unchanged, &c.Deleted, &c.Skipped, &c.Failed, &c.Protected, &c.Tagged,
		&i.WithLeads, &i.MembersBefore, &i.FinishingAt, &removed, &unified, &i.Warnings, &i.Parent, &catalog,
		&i.Run, &i.PausedAt, &i.ResumedAt, &i.ReadShare, &i.LastRow, &i.SourceGoneAt, &i.ReportGoneAt)
	if err != nil {
		return nil, err
	}
	if source != nil {
		i.Source = *source
	}
	if cut != nil {
		i.Cut = *cut
	}
	if failure != nil {
		i.Failure = *failure
	}
	if len(catalog) > 0 {
		if i.Schema, err = schemas.of(catalog); err != nil {
			return nil, err
		}
	}
	i.Totals = imports.NewTotals(read, c)
	i.Totals.Removed, i.Totals.Unified = removed, unified
	return &i, nil
}

func getImport(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID) (*imports.Import, error) {
	return scanImport(tx.QueryRow(ctx, `select `+importColumns+importTables+`where i.tenant_id = $1 and i.id = $2`, t, id))
}

// Import returns an import with its totals so far, for people.
func (db *DB) Import(ctx context.Context, t tenant.ID, id imports.ID) (i *imports.Import, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		i, err = getImport(ctx, tx, t, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", id, translate(err))
	}
	return i, nil
}

// Inspected is what the uploader found out about a source.
type Inspected struct {
	Source imports.Source
	// Inspection is shown to people as it is; it is stored as JSON.
	Inspection any
}

// SetUploaded records that the source is stored and verified, and returns the one that was recorded before, which is
// zero for the first one: nothing names that one any more. ErrConflict: the import has been started or has ended, and
// keeps its source. A *LimitError: the tenant has no room for it; nothing is recorded. After any other error either may be
// recorded.
func (db *DB) SetUploaded(ctx context.Context, t tenant.ID, id imports.ID, in Inspected) (replaced imports.Source, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		if err := takeStorage(ctx, tx, t, id, in.Source.Size); err != nil {
			return err
		}
		var old *imports.Source
		// The row is locked before it is read, so that of two uploads the second replaces the first.
		err := tx.QueryRow(ctx, `update import i set state = 'uploaded', uploaded_at = $3, source = $4, inspection = $5
			from (select source from import where tenant_id = $1 and id = $2 and state in ('created', 'uploaded') for update) old
			where i.tenant_id = $1 and i.id = $2 returning old.source`, t, id, time.Now(), in.Source, in.Inspection).Scan(&old)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrConflict
		}
		if err != nil {
			return err
		}
		if old != nil {
			replaced = *old
		}
		return audit(ctx, tx, t, "import.upload", importObject(id), detail{"size": in.Source.Size, "sha256": in.Source.SHA256})
	})
	if err != nil {
		return imports.Source{}, fmt.Errorf("record upload of import %s: %w", id, err)
	}
	return replaced, nil
}

// SetInspection records that the import's source was looked at in another way. ErrConflict: it is not the import's
// source any more, or the import has been started or has ended.
func (db *DB) SetInspection(ctx context.Context, t tenant.ID, id imports.ID, in Inspected) error {
	err := db.asTenant(ctx, t, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update import set source = $3, inspection = $4
			where tenant_id = $1 and id = $2 and state = 'uploaded' and source->>'upload' = $5`,
			t, id, in.Source, in.Inspection, in.Source.Upload)
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrConflict
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("record inspection of import %s: %w", id, err)
	}
	return nil
}

// Inspection reads what SetUploaded or SetInspection stored last into dst.
func (db *DB) Inspection(ctx context.Context, t tenant.ID, id imports.ID, dst any) error {
	err := db.asTenant(ctx, t, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select inspection from import where tenant_id = $1 and id = $2 and inspection is not null`, t, id).Scan(dst)
	})
	if err != nil {
		return fmt.Errorf("inspection of import %s: %w", id, translate(err))
	}
	return nil
}
