package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/tenant"
)

// Profile is what is said of an import, under a name.
type Profile struct {
	Name string
	// List is the list that the profile is for, empty for any.
	List string
	// Header are the headers that a file is expected to have, in any order; nil expects nothing.
	Header               []string
	CreatedAt, UpdatedAt time.Time
	// Options are what is said, as the API has it: stored as it is.
	Options json.RawMessage
}

const profileColumns = `p.name, coalesce(l.name, ''), p.header, p.created_at, p.updated_at`

const profileTables = ` from profile p left join member_list l on l.tenant_id = p.tenant_id and l.id = p.list_id `

// Profiles returns the tenant's profiles by name, without their options. A database of the version before has none.
func (db *DB) Profiles(ctx context.Context, t tenant.ID) (all []Profile, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+profileColumns+`, null::jsonb`+profileTables+`where p.tenant_id = $1 order by p.name`, t)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Profile])
		return err
	})
	if err != nil && !olderSchema(err) {
		return nil, fmt.Errorf("list profiles: %w", err)
	}
	return all, nil
}

// Profile returns one of the tenant's profiles. ErrNotFound: there is none of that name.
func (db *DB) Profile(ctx context.Context, t tenant.ID, name string) (p Profile, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		p, err = readProfile(ctx, tx, t, name)
		return err
	})
	if err != nil {
		return Profile{}, fmt.Errorf("profile %q: %w", name, translate(err))
	}
	return p, nil
}

func readProfile(ctx context.Context, tx pgx.Tx, t tenant.ID, name string) (p Profile, err error) {
	err = tx.QueryRow(ctx, `select `+profileColumns+`, p.options`+profileTables+`where p.tenant_id = $1 and p.name = $2`, t, name).
		Scan(&p.Name, &p.List, &p.Header, &p.CreatedAt, &p.UpdatedAt, &p.Options)
	return p, err
}

// CreateProfile adds a profile. ErrExists: the name is taken; ErrNotFound: the list is unknown.
func (db *DB) CreateProfile(ctx context.Context, t tenant.ID, n Profile) (Profile, error) {
	return db.putProfile(ctx, t, n, "profile.create", ``)
}

// PutProfile adds a profile, or puts it in the place of the one of its name. ErrNotFound: the list is unknown.
func (db *DB) PutProfile(ctx context.Context, t tenant.ID, n Profile) (Profile, error) {
	return db.putProfile(ctx, t, n, "profile.put", ` on conflict (tenant_id, name) do update set list_id = excluded.list_id, options = excluded.options,
		header = excluded.header, updated_at = excluded.updated_at`)
}

func (db *DB) putProfile(ctx context.Context, t tenant.ID, n Profile, act, conflict string) (p Profile, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		var list *int64
		if n.List != "" {
			id, err := listID(ctx, tx, t, n.List)
			if err != nil {
				return err
			}
			list = &id
		}
		_, err := tx.Exec(ctx, `insert into profile (tenant_id, name, list_id, options, header, created_at, updated_at)
			values ($1, $2, $3, $4, $5, $6, $6)`+conflict, t, n.Name, list, n.Options, n.Header, time.Now())
		if err != nil {
			return err
		}
		if p, err = readProfile(ctx, tx, t, n.Name); err != nil {
			return err
		}
		return audit(ctx, tx, t, act, "profile/"+p.Name, nil)
	})
	if err != nil {
		return Profile{}, fmt.Errorf("save profile %q: %w", n.Name, translate(err))
	}
	return p, nil
}

// DeleteProfile deletes a profile. ErrNotFound: there is none of that name.
func (db *DB) DeleteProfile(ctx context.Context, t tenant.ID, name string) error {
	err := db.asTenant(ctx, t, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `delete from profile where tenant_id = $1 and name = $2`, t, name)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrNotFound
		}
		return audit(ctx, tx, t, "profile.delete", "profile/"+name, nil)
	})
	if err != nil {
		return fmt.Errorf("delete profile %q: %w", name, err)
	}
	return nil
}
