package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// DeleteMember removes a member, unless it has none of the versions, where these are not nil; its opt-outs are remembered
// by its contacts. ErrNotFound: there is none of that id.
func (db *DB) DeleteMember(ctx context.Context, t tenant.ID, s *member.Schema, id int64, versions []int32) (Edited, error) {
	out, err := db.editing(ctx, t, func(tx pgx.Tx, out *Edited) error {
		m, err := lockMember(ctx, tx, t, id)
		if err != nil {
			return err
		}
		if versions != nil && !slices.Contains(versions, m.version) {
			out.Stale = true
			out.Member, err = getMember(ctx, tx, t, s, id)
			return err
		}
		if err := deleteMember(ctx, tx, t, s, id); err != nil {
			return err
		}
		return audit(ctx, tx, t, "member.delete", memberObject(id), nil)
	})
	if err != nil {
		return Edited{}, fmt.Errorf("delete member %d: %w", id, err)
	}
	return out, nil
}

func deleteMember(ctx context.Context, tx pgx.Tx, t tenant.ID, s *member.Schema, id int64) error {
	var b pgx.Batch
	b.Queue(optOutsOf(`opt_out as out (tenant_id, list_id, field, contact, created_at)`, `$1::bigint, m.list_id, o.field, o.contact, now()`)+`
			on conflict (tenant_id, list_id, field, contact) do update set import_id = null, also = null where out.import_id is not null`,
		t, []int64{id}, customConsents(s))
	b.Queue(`delete from member_key where tenant_id = $1 and member_id = $2`, t, id)
	b.Queue(`delete from member where tenant_id = $1 and id = $2`, t, id)
	return tx.SendBatch(ctx, &b).Close()
}

// BlockMember blocks a member, which leaves it out of search, counts and quota, or ends that, unless there is no room under
// the quota; a member that is as it should be stays as it is. ErrNotFound: there is none of that id.
func (db *DB) BlockMember(ctx context.Context, t tenant.ID, s *member.Schema, id int64, blocked bool) (Edited, error) {
	out, err := db.editing(ctx, t, func(tx pgx.Tx, out *Edited) error {
		m, err := lockMember(ctx, tx, t, id)
		if err != nil {
			return err
		}
		if m.blocked && !blocked {
			left, err := allowance(ctx, tx, t)
			if err != nil {
				return err
			}
			if left != nil && *left <= 0 {
				out.Problems = []member.Problem{{Code: member.QuotaExceeded}}
				return errRefused
			}
		}
		if m.blocked != blocked {
			if _, err := tx.Exec(ctx, `update member set blocked_at = case when $3 then now() end, version = version + 1, updated_at = now()
				where tenant_id = $1 and id = $2`, t, id, blocked); err != nil {
				return err
			}
			act := "member.unblock"
			if blocked {
				act = "member.block"
			}
			if err := audit(ctx, tx, t, act, memberObject(id), nil); err != nil {
				return err
			}
		}
		out.Member, err = getMember(ctx, tx, t, s, id)
		return err
	})
	if err != nil {
		return Edited{}, fmt.Errorf("block member %d: %w", id, err)
	}
	return out, nil
}

// SeeMember notes that a member was seen, unless it was seen later than that. Its version stays: who edits it is not in the
// way of those who see it. ErrNotFound: there is none of that id.
func (db *DB) SeeMember(ctx context.Context, t tenant.ID, s *member.Schema, id int64, at time.Time) (m Member, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `update member set last_seen_at = $3 where tenant_id = $1 and id = $2 and (last_seen_at < $3 or last_seen_at is null)`,
			t, id, at); err != nil {
			return err
		}
		m, err = getMember(ctx, tx, t, s, id)
		return err
	})
	if err != nil {
		return Member{}, fmt.Errorf("see member %d: %w", id, err)
	}
	return m, nil
}
