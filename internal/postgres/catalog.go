package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// ErrFields: a field that is to be imported is not in use any more.
var ErrFields = errors.New("fields have changed")

// readCatalog returns the member.Catalog of a list as it is now, as JSON; nil where its fields are the standard ones.
func readCatalog(ctx context.Context, tx pgx.Tx, t tenant.ID, list int64) (catalog json.RawMessage, err error) {
	err = tx.QueryRow(ctx, `select nullif(jsonb_strip_nulls(jsonb_build_object(
			'custom', (select jsonb_agg(definition order by place) from custom_field
				where tenant_id = $1 and not coalesce((definition->>'retired')::boolean, false)),
			'required', (select nullif(settings->'required', '{}') from member_list where tenant_id = $1 and id = $2))), '{}')`,
		t, list).Scan(&catalog)
	return catalog, err
}

// keepFields notes on an import that starts what the fields of its list are, by which its rows are read from now on, and
// returns them. ErrFields: the mapping has one that is not among them. A database of the version before has the standard
// fields only.
func keepFields(ctx context.Context, tx pgx.Tx, t tenant.ID, list int64, id imports.ID, m member.Mapping) (s *member.Schema, err error) {
	err = pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		catalog, err := readCatalog(ctx, tx, t, list)
		if err != nil {
			return err
		}
		if s, err = schemas.of(catalog); err != nil {
			return err
		}
		for _, c := range m {
			if c.Field != "" && s.Index(c.Field) < 0 {
				return fmt.Errorf("%s: %w", c.Field, ErrFields)
			}
		}
		_, err = tx.Exec(ctx, `update import set fields = $3 where tenant_id = $1 and id = $2`, t, id, catalog)
		return err
	})
	if olderSchema(err) {
		return schemas.of(nil)
	}
	return s, err
}

// schemaCache keeps schemas by the JSON that they are made of, so that none is ever out of date.
type schemaCache struct {
	mu   sync.Mutex
	made map[[sha256.Size]byte]*member.Schema
}

// keptSchemas bounds how many schemas are kept.
const keptSchemas = 128

var schemas = schemaCache{made: make(map[[sha256.Size]byte]*member.Schema)}

// of returns the schema of a member.Catalog, of the standard fields where there is none.
func (c *schemaCache) of(catalog json.RawMessage) (*member.Schema, error) {
	key := sha256.Sum256(catalog)
	c.mu.Lock()
	s := c.made[key]
	c.mu.Unlock()
	if s != nil {
		return s, nil
	}
	var all member.Catalog
	if len(catalog) > 0 {
		if err := json.Unmarshal(catalog, &all); err != nil {
			return nil, fmt.Errorf("read fields: %w", err)
		}
	}
	s, err := all.Schema()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.made) >= keptSchemas {
		clear(c.made)
	}
	c.made[key] = s
	return s, nil
}
