package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/meibo/meibo/internal/tenant"
)

// List is a separate set of members of a tenant.
type List struct {
	ID   int64
	Name string
	Note string
	// Required says of fields, by their keys, whether a new member of the list must have a value, where the fields
	// themselves say otherwise.
	Required  map[string]bool
	CreatedAt time.Time
}

// ListChange is what is to become of a list; what is nil stays as it is.
type ListChange struct {
	Name, Note *string
	Required   map[string]bool
}

// listColumns reads a List. In a database of the version before, where lists have no settings, the name settings means
// the column of older.
const listColumns = `l.id, l.name, coalesce(l.note, ''), coalesce((select settings->'required' from (select l.*) s), '{}'), l.created_at`

const older = `(select null::jsonb as settings) older`

// Lists returns the tenant's lists by name.
func (db *DB) Lists(ctx context.Context, t tenant.ID) (lists []List, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		lists, err = readLists(ctx, tx, `l.tenant_id = $1 order by l.name`, t)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list lists: %w", err)
	}
	return lists, nil
}

// List returns one of the tenant's lists. ErrNotFound: there is none of that name.
func (db *DB) List(ctx context.Context, t tenant.ID, name string) (l List, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		l, err = readList(ctx, tx, t, name)
		return err
	})
	if err != nil {
		return List{}, fmt.Errorf("list %q: %w", name, err)
	}
	return l, nil
}

func readLists(ctx context.Context, tx pgx.Tx, where string, args ...any) ([]List, error) {
	rows, err := tx.Query(ctx, `select `+listColumns+` from member_list l cross join `+older+` where `+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[List])
}

func readList(ctx context.Context, tx pgx.Tx, t tenant.ID, name string) (List, error) {
	found, err := readLists(ctx, tx, `l.tenant_id = $1 and l.name = $2`, t, name)
	if err != nil {
		return List{}, err
	}
	if len(found) == 0 {
		return List{}, ErrNotFound
	}
	return found[0], nil
}

// settings is what a list has of its own, as JSON.
type settings struct {
	Required map[string]bool `json:"required,omitempty"`
}

// CreateList adds a list. ErrExists: the name is taken.
func (db *DB) CreateList(ctx context.Context, t tenant.ID, n List) (l List, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `insert into member_list (tenant_id, name, note, settings) values ($1, $2, nullif($3, ''), $4)`,
			t, n.Name, n.Note, settings{n.Required}); err != nil {
			return err
		}
		if l, err = readList(ctx, tx, t, n.Name); err != nil {
			return err
		}
		return audit(ctx, tx, t, "list.create", "list/"+l.Name, nil)
	})
	if err != nil {
		return List{}, fmt.Errorf("create list %q: %w", n.Name, translate(err))
	}
	return l, nil
}

// UpdateList changes a list and returns it. Its members and imports stay with it under another name. ErrNotFound: there is
// none of that name; ErrExists: the new name is taken; ErrConflict: the list main keeps its name.
func (db *DB) UpdateList(ctx context.Context, t tenant.ID, name string, to ListChange) (l List, err error) {
	now := name
	if to.Name != nil {
		now = *to.Name
	}
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		if name == MainList && now != name {
			return ErrConflict
		}
		tag, err := tx.Exec(ctx, `update member_list set name = $3, note = case when $4::text is null then note else nullif($4, '') end,
				settings = case when $5::jsonb is null then settings else settings || jsonb_build_object('required', $5::jsonb) end
			where tenant_id = $1 and name = $2`, t, name, now, to.Note, to.Required)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrNotFound
		}
		if l, err = readList(ctx, tx, t, now); err != nil {
			return err
		}
		return audit(ctx, tx, t, "list.change", "list/"+name, detail{"name": now, "required": l.Required})
	})
	if err != nil {
		return List{}, fmt.Errorf("change list %q: %w", name, translate(err))
	}
	return l, nil
}

// DeleteList deletes a list that nothing depends on, with the mappings that are remembered for it and the profiles that
// are for it. ErrNotFound: there is none of that name; ErrConflict: it is main, or has members, imports or opt-outs.
func (db *DB) DeleteList(ctx context.Context, t tenant.ID, name string) error {
	err := db.asTenant(ctx, t, func(tx pgx.Tx) error {
		var id int64
		var used bool
		err := tx.QueryRow(ctx, `select id, exists (select from member m where m.tenant_id = $1 and m.list_id = l.id)
				or exists (select from import i where i.tenant_id = $1 and i.list_id = l.id)
				or exists (select from opt_out o where o.tenant_id = $1 and o.list_id = l.id)
			from member_list l where tenant_id = $1 and name = $2 for update`, t, name).Scan(&id, &used)
		if err != nil {
			return translate(err)
		}
		if used || name == MainList {
			return ErrConflict
		}
		for _, table := range []string{"mapping_memory", "profile"} {
			if _, err := tx.Exec(ctx, `delete from `+table+` where tenant_id = $1 and list_id = $2`, t, id); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `delete from member_list where tenant_id = $1 and id = $2`, t, id)
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.Code == codeForeignKeyViolation { // an import that was created meanwhile
			return ErrConflict
		}
		if err != nil {
			return err
		}
		return audit(ctx, tx, t, "list.delete", "list/"+name, nil)
	})
	if err != nil {
		return fmt.Errorf("delete list %q: %w", name, err)
	}
	return nil
}
