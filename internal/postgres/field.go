package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// Bounds of what a tenant may define: the number of fields, retired ones included, and the size of all definitions
// together as JSON, in bytes, since every import keeps them.
const (
	MaxFields     = 500
	maxDefinition = 1 << 20
)

// Fields returns the tenant's own fields in the order in which they were made, retired ones included. A database of the
// version before has none.
func (db *DB) Fields(ctx context.Context, t tenant.ID) (all []member.Definition, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		all, err = readFields(ctx, tx, t)
		return err
	})
	if err != nil && !olderSchema(err) {
		return nil, fmt.Errorf("list fields: %w", err)
	}
	return all, nil
}

func readFields(ctx context.Context, tx pgx.Tx, t tenant.ID) ([]member.Definition, error) {
	rows, err := tx.Query(ctx, `select definition from custom_field where tenant_id = $1 order by place`, t)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[member.Definition])
}

// CreateField adds a field of the tenant's own. What keeps it from being defined so is returned as problems, whose field
// is the property that is wrong. ErrExists: there is a field of that key, retired ones included.
func (db *DB) CreateField(ctx context.Context, t tenant.ID, d member.Definition) (problems []member.Problem, err error) {
	d = d.Filled()
	if problems = d.Check(); len(problems) > 0 {
		return problems, nil
	}
	err = db.defining(ctx, t, func(tx pgx.Tx, all []member.Definition) error {
		if slices.ContainsFunc(all, func(o member.Definition) bool { return o.Key == d.Key }) {
			return ErrExists
		}
		if problems, err = addField(ctx, tx, t, d, all); err == nil && len(problems) > 0 {
			err = errUndone
		}
		return err
	})
	if err != nil && !errors.Is(err, errUndone) {
		return nil, fmt.Errorf("create field %q: %w", d.Key, err)
	}
	return problems, nil
}

// EnsureFields adds those of the fields that are not there yet: all of them, or none where there are problems. A field
// that is there has to be the same and in use. The field of a problem is the place of the definition and its property, as
// in [0].key.
func (db *DB) EnsureFields(ctx context.Context, t tenant.ID, fields []member.Definition) (problems []member.Problem, err error) {
	err = db.defining(ctx, t, func(tx pgx.Tx, all []member.Definition) error {
		for i, d := range fields {
			found := d.Filled().Check()
			if len(found) == 0 {
				if found, err = ensureField(ctx, tx, t, d.Filled(), &all); err != nil {
					return err
				}
			}
			for _, p := range found {
				p.Field = fmt.Sprintf("[%d].%s", i, p.Field)
				problems = append(problems, p)
			}
		}
		if len(problems) > 0 {
			return errUndone
		}
		return nil
	})
	if err != nil && !errors.Is(err, errUndone) {
		return nil, fmt.Errorf("create fields: %w", err)
	}
	return problems, nil
}

// errUndone ends a transaction of which nothing is to stay.
var errUndone = errors.New("undone")

func ensureField(ctx context.Context, tx pgx.Tx, t tenant.ID, d member.Definition, all *[]member.Definition) ([]member.Problem, error) {
	at := slices.IndexFunc(*all, func(o member.Definition) bool { return o.Key == d.Key })
	switch {
	case at < 0:
		problems, err := addField(ctx, tx, t, d, *all)
		*all = append(*all, d)
		return problems, err
	case (*all)[at].Retired:
		return []member.Problem{{Code: member.FieldRetired, Field: "key", Detail: d.Key}}, nil
	case !(*all)[at].Same(d):
		return []member.Problem{{Code: member.FieldDiffers, Field: "key", Detail: d.Key}}, nil
	}
	return nil, nil
}

// addField adds a field beside all others, of which none has its key.
func addField(ctx context.Context, tx pgx.Tx, t tenant.ID, d member.Definition, all []member.Definition) ([]member.Problem, error) {
	for _, o := range all {
		if member.AlikeKeys(o.Key, d.Key) {
			return []member.Problem{{Code: member.FieldKeyTaken, Field: "key", Detail: o.Key}}, nil
		}
	}
	if len(all) >= MaxFields {
		return []member.Problem{{Code: member.FieldTooMany, Field: "fields", Detail: strconv.Itoa(MaxFields)}}, nil
	}
	if _, err := tx.Exec(ctx, `insert into custom_field (tenant_id, key, definition, created_at) values ($1, $2, $3, $4)`,
		t, d.Key, d, time.Now()); err != nil {
		return nil, err
	}
	if err := audit(ctx, tx, t, "field.create", "field/"+d.Key, nil); err != nil {
		return nil, err
	}
	return checkSize(ctx, tx, t)
}

// checkSize refuses definitions that are too large together; the caller undoes what made them so.
func checkSize(ctx context.Context, tx pgx.Tx, t tenant.ID) ([]member.Problem, error) {
	var size int64
	err := tx.QueryRow(ctx, `select coalesce(sum(octet_length(definition::text)), 0) from custom_field where tenant_id = $1`, t).Scan(&size)
	if err != nil || size <= maxDefinition {
		return nil, err
	}
	return []member.Problem{{Code: member.FieldsTooLarge, Field: "fields", Detail: strconv.Itoa(maxDefinition >> 20)}}, nil
}

// UpdateField changes a field of the tenant's own and returns it, or what keeps it from being changed so: problems whose
// field is the property that is wrong. ErrNotFound: there is none of that key.
func (db *DB) UpdateField(ctx context.Context, t tenant.ID, key string, to member.FieldChange) (d member.Definition, problems []member.Problem, err error) {
	err = db.defining(ctx, t, func(tx pgx.Tx, all []member.Definition) error {
		at := slices.IndexFunc(all, func(o member.Definition) bool { return o.Key == key })
		if at < 0 {
			return ErrNotFound
		}
		if d, problems = all[at].Change(to); len(problems) > 0 {
			return nil
		}
		if _, err := tx.Exec(ctx, `update custom_field set definition = $3 where tenant_id = $1 and key = $2`, t, key, d); err != nil {
			return err
		}
		if problems, err = checkSize(ctx, tx, t); err == nil && len(problems) > 0 {
			err = errUndone
		}
		if err != nil {
			return err
		}
		return audit(ctx, tx, t, "field.change", "field/"+key, detail{"retired": d.Retired})
	})
	if err != nil && !errors.Is(err, errUndone) {
		return d, nil, fmt.Errorf("change field %q: %w", key, err)
	}
	return d, problems, nil
}

// defining runs f for the one transaction at a time that defines fields of the tenant; all are those that it has.
func (db *DB) defining(ctx context.Context, t tenant.ID, f func(tx pgx.Tx, all []member.Definition) error) error {
	return db.asTenant(ctx, t, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(xxhash.Sum64String("fields/"+t.String()))); err != nil {
			return err
		}
		all, err := readFields(ctx, tx, t)
		if err != nil {
			return err
		}
		return f(tx, all)
	})
}

// Schema returns the fields of a list as they are now: the standard ones and the tenant's own that are in use, with what
// the list says of required ones. List 0 stands for none. In a database of the version before, they are the standard ones.
func (db *DB) Schema(ctx context.Context, t tenant.ID, list int64) (s *member.Schema, err error) {
	var catalog json.RawMessage
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		catalog, err = readCatalog(ctx, tx, t, list)
		return err
	})
	if olderSchema(err) {
		catalog, err = nil, nil
	}
	if err == nil {
		s, err = schemas.of(catalog)
	}
	if err != nil {
		return nil, fmt.Errorf("fields of list %d: %w", list, err)
	}
	return s, nil
}
