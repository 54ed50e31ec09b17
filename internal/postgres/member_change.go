package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// Members are changed one by one under the rules of an import: what is said of a member is the only row of a batch
// (member.Edit). Nothing is lost beside a running import. Whoever creates a member waits for the chunks that are being
// merged into its list, and the next ones wait for it: of a key there are never two new members. Whoever changes or
// deletes one locks its row and gives it the next version; a chunk that has read the version before is merged again.

// NewMember is a member to be created.
type NewMember struct {
	List string
	// Said has the rules' kind and key, and whether consents are guarded; the rest of them is settled here.
	Said member.Said
	// IdempotencyKey makes the same request give the same member again; Request is what tells requests apart.
	IdempotencyKey string
	Request        []byte
}

// MemberChange is what is to become of a member.
type MemberChange struct {
	// Said has the rules' list values, replace by default, and whether consents are guarded; the rest of them is settled here.
	Said member.Said
	// Versions are those of which the member must have one, nil for any.
	Versions []int32
}

// Edited is what came of the change of one member.
type Edited struct {
	// Member is the member as it is now, also where it is Stale.
	Member Member
	// Problems are why nothing was done; none where it was.
	Problems []member.Problem
	// Notes are repairs of what was said.
	Notes []member.Problem
	// Holder is the id of the member that has the key already, so that none was created; 0 where one was.
	Holder int64
	// Existed tells that the member was made by the same request before.
	Existed bool
	// Stale tells that the member has none of the versions that were expected: nothing was done.
	Stale bool
}

// errRefused ends a transaction of which nothing is to stay, where an Edited tells why.
var errRefused = errors.New("refused")

// CreateMember adds a member to a list whose fields are those of s, unless one has its key. ErrNotFound: the list is
// unknown. ErrConflict: the member that the same request made is gone. ErrReused: the idempotency key came with another
// request.
func (db *DB) CreateMember(ctx context.Context, t tenant.ID, s *member.Schema, n NewMember) (Edited, error) {
	n.Said.Rules.Mode, n.Said.Rules.Duplicates = member.Append, member.DuplicatesLast
	n.Said.Rules.MultipleMatches, n.Said.Rules.Blank = member.MultipleMostRecent, member.BlankClear
	out, err := db.editing(ctx, t, func(tx pgx.Tx, out *Edited) error {
		id, err := claimRequest(ctx, tx, t, n)
		if err != nil {
			return err
		}
		if id != 0 {
			out.Existed = true
			if out.Member, err = getMember(ctx, tx, t, s, id); errors.Is(err, ErrNotFound) {
				err = ErrConflict
			}
			return err
		}
		e, err := newCreation(ctx, tx, t, s, n)
		if err != nil {
			return err
		}
		if err := e.apply(out); err != nil {
			return err
		}
		if err := audit(ctx, tx, t, "member.create", memberObject(out.Member.ID), detail{"fields": slices.Sorted(maps.Keys(n.Said.Values))}); err != nil {
			return err
		}
		return keepRequest(ctx, tx, t, n, out.Member.ID)
	})
	if err != nil {
		return Edited{}, fmt.Errorf("create member: %w", err)
	}
	return out, nil
}

// UpdateMember changes a member of a list whose fields are those of s. What does not change it leaves its version as it
// is. ErrNotFound: there is none of that id.
func (db *DB) UpdateMember(ctx context.Context, t tenant.ID, s *member.Schema, id int64, c MemberChange) (Edited, error) {
	rules := &c.Said.Rules
	rules.Mode, rules.Key, rules.Blank, rules.Duplicates = member.Update, "id", member.BlankClear, member.DuplicatesLast
	rules.ListValues = cmp.Or(rules.ListValues, member.ListReplace)
	out, err := db.editing(ctx, t, func(tx pgx.Tx, out *Edited) error {
		m, err := lockMember(ctx, tx, t, id)
		if err != nil {
			return err
		}
		if c.Versions != nil && !slices.Contains(c.Versions, m.version) {
			out.Stale = true
			out.Member, err = getMember(ctx, tx, t, s, id)
			return err
		}
		rules.Kind = m.kind
		edit, err := s.NewEdit(c.Said, id)
		if err != nil {
			return err
		}
		e, err := newEditing(ctx, tx, t, s, edit, m.list)
		if err != nil {
			return err
		}
		if err := e.apply(out); err != nil || out.Member.Version == m.version {
			return err
		}
		return audit(ctx, tx, t, "member.change", memberObject(id), detail{"fields": slices.Sorted(maps.Keys(c.Said.Values)), "version": out.Member.Version})
	})
	if err != nil {
		return Edited{}, fmt.Errorf("update member %d: %w", id, err)
	}
	return out, nil
}

// memberObject names a member in the audit log.
func memberObject(id int64) string { return "member/" + strconv.FormatInt(id, 10) }

// editing runs f in a transaction, again from the start where somebody else got in its way.
func (db *DB) editing(ctx context.Context, t tenant.ID, f func(tx pgx.Tx, out *Edited) error) (out Edited, err error) {
	for range maxConflicts {
		out = Edited{}
		err = db.asTenant(ctx, t, func(tx pgx.Tx) error { return f(tx, &out) })
		if !conflicted(err) {
			break
		}
	}
	if errors.Is(err, errRefused) {
		return out, nil
	}
	return out, err
}

// lockedMember is what must be known of a member before it is changed.
type lockedMember struct {
	list    int64
	kind    member.Kind
	version int32
	blocked bool
}

// lockMember keeps a member as it is until the transaction ends.
func lockMember(ctx context.Context, tx pgx.Tx, t tenant.ID, id int64) (m lockedMember, err error) {
	err = tx.QueryRow(ctx, `select list_id, kind, version, blocked_at is not null from member where tenant_id = $1 and id = $2 for update`, t, id).
		Scan(&m.list, &m.kind, &m.version, &m.blocked)
	return m, translate(err)
}

// editing is the work on one member inside its transaction: that on a chunk of one row.
type editing struct {
	merging
	schema *member.Schema
	edit   *member.Edit
	now    time.Time
}

func newEditing(ctx context.Context, tx pgx.Tx, t tenant.ID, s *member.Schema, edit *member.Edit, list int64) (*editing, error) {
	e := &editing{schema: s, edit: edit}
	if err := tx.QueryRow(ctx, `select now()`).Scan(&e.now); err != nil {
		return nil, err
	}
	e.merging = merging{
		ctx: ctx, tx: tx, tenant: t, rows: []member.Row{edit.Row}, layout: newLayout(edit.Plan, false),
		work:  &ChunkWork{Import: &imports.Import{ListID: list, StartedAt: &e.now, Schema: s}, Plan: edit.Plan},
		batch: member.Batch{Plan: edit.Plan, Members: map[string]*member.Record{}},
	}
	return e, nil
}

// newCreation locks the list's members against other new ones, and takes the next id and what the quota leaves. The id
// comes before the quota, as where imports start.
func newCreation(ctx context.Context, tx pgx.Tx, t tenant.ID, s *member.Schema, n NewMember) (*editing, error) {
	list, err := listID(ctx, tx, t, n.List)
	if err != nil {
		return nil, err
	}
	edit, err := s.NewEdit(n.Said, 0)
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, membersLock(t, list)); err != nil {
		return nil, err
	}
	e, err := newEditing(ctx, tx, t, s, edit, list)
	if err != nil {
		return nil, err
	}
	e.batch.MaxRows = 1
	err = tx.QueryRow(ctx, `update member_id_counter set next_id = next_id + 1 where tenant_id = $1 returning next_id - 1`, t).Scan(&e.batch.FirstID)
	if err != nil {
		return nil, err
	}
	e.batch.Allowance, err = allowance(ctx, tx, t)
	return e, err
}

// allowance returns how many members the tenant may still have, nil for any number.
func allowance(ctx context.Context, tx pgx.Tx, t tenant.ID) (*int64, error) {
	var quota *int64
	if err := tx.QueryRow(ctx, `select member_quota from tenant where id = $1`, t).Scan(&quota); err != nil || quota == nil {
		return nil, err
	}
	return quotaLeft(ctx, tx, t, imports.ID{})
}

// apply merges the row, and writes what came of it.
func (e *editing) apply(out *Edited) error {
	if err := e.load(); err != nil {
		return err
	}
	e.merge()
	row := &e.rows[0]
	out.Notes = row.Notes
	switch row.Outcome {
	case member.Failed:
		out.Problems = row.Problems
		return errRefused
	case member.Skipped:
		if row.Member == nil {
			return ErrNotFound
		}
		out.Holder = row.Member.ID
		return errRefused
	case member.Created, member.Updated, member.Unchanged, member.Deleted:
	}
	if out.Problems = e.edit.Refused(row.Member); len(out.Problems) > 0 {
		return errRefused
	}
	if err := e.store(row); err != nil {
		return err
	}
	var err error
	out.Member, err = getMember(e.ctx, e.tx, e.tenant, e.schema, row.Member.ID)
	return err
}
