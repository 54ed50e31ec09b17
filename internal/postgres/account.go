package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/tenant"
)

// Tenant is an isolated account.
type Tenant struct {
	ID       tenant.ID
	Name     string
	Language tenant.Language
	TimeZone string
	Region   string
	MailFrom string
	// MaxRowBytes bounds a row of its files, in bytes of UTF-8, from MinRowLimit to MaxRowLimit.
	MaxRowBytes int
	// MemberQuota is how many members and leads it may have, nil for any number; blocked ones do not count.
	MemberQuota *int64
	// Label is what people call it where that is not its name, NotifyMinRows that of its Settings; of a Caller only.
	Label         string
	NotifyMinRows int64
}

// The bounds of a tenant's limit on rows: a row of product.md's largest still fits into a message, and the smallest
// holds a header.
const (
	MinRowLimit = 1 << 10
	MaxRowLimit = 256 << 10
)

// User is a person of a tenant.
type User struct {
	ID       int64
	Email    string
	Name     string
	Language tenant.Language
	Role     Role
}

// Role is what a person may do.
type Role string

// The roles. Who may do more may do all that the ones below may.
const (
	RoleOwner  Role = "owner"
	RoleAdmin  Role = "admin"
	RoleEditor Role = "editor"
	// RoleViewer may look at everything and change nothing.
	RoleViewer Role = "viewer"
)

// Caller is who a request comes from: a key or, where Key is 0, somebody who is signed in.
type Caller struct {
	Tenant Tenant
	// Key is the id of the API key, and KeyName its name.
	Key     int64
	KeyName string
	// KeyScope bounds what the key may do; empty is no bound but the user's role.
	KeyScope Scope
	// KeyAllowsConsent says that the key itself has the permission that MayAllowConsent is about.
	KeyAllowsConsent bool
	// Session is the id of the session of somebody who is signed in.
	Session int64
	// User is zero for a key that belongs to nobody.
	User User
}

// MayEdit reports whether the caller may change members, and so import.
func (c *Caller) MayEdit() bool { return c.May(ScopeImport) }

// MayAllowConsent reports whether the caller's imports may opt in who opted out (consent: allow): those of owners and
// administrators may, but not by a key that was made for less, unless it was made for that.
func (c *Caller) MayAllowConsent() bool {
	return c.MayEdit() && (c.KeyAllowsConsent || c.User.Role != "" && c.May(ScopeAdmin))
}

// MainList is the list that every tenant has.
const MainList = "main"

// CreateTenant adds a tenant with its list main, as the operator who owns the database. ErrExists: the name is taken.
func (db *DB) CreateTenant(ctx context.Context, t Tenant) (Tenant, error) {
	err := db.asOperator(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `insert into tenant (name, language, time_zone, region, mail_from, max_row_bytes)
			values ($1, coalesce(nullif($2, ''), 'ja'), coalesce(nullif($3, ''), 'Asia/Tokyo'), coalesce(nullif($4, ''), 'JP'), nullif($5, ''),
				coalesce(nullif($6, 0), $7))
			returning id, language, time_zone, region, max_row_bytes`,
			t.Name, t.Language, t.TimeZone, t.Region, t.MailFrom, t.MaxRowBytes, MaxRowLimit).
			Scan(&t.ID, &t.Language, &t.TimeZone, &t.Region, &t.MaxRowBytes)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `with c as (insert into member_id_counter (tenant_id) values ($1))
			insert into member_list (tenant_id, name) values ($1, $2)`, t.ID, MainList)
		if err != nil {
			return err
		}
		return audit(ctx, tx, t.ID, "tenant.create", "tenant/"+t.ID.String(), detail{"name": t.Name})
	})
	if err != nil {
		return Tenant{}, fmt.Errorf("create tenant %q: %w", t.Name, translate(err))
	}
	return t, nil
}

// UpdateTenant gives a tenant the settings that are not zero in t; imports that were created before keep what they have.
func (db *DB) UpdateTenant(ctx context.Context, id tenant.ID, t Tenant) (Tenant, error) {
	var now Tenant
	err := db.inTx(ctx, func(tx pgx.Tx) (err error) {
		now, err = scanTenant(tx.QueryRow(ctx, `update tenant set language = coalesce(nullif($2, ''), language), time_zone = coalesce(nullif($3, ''), time_zone),
				region = coalesce(nullif($4, ''), region), mail_from = coalesce(nullif($5, ''), mail_from),
				max_row_bytes = coalesce(nullif($6, 0), max_row_bytes)
			where id = $1 returning `+tenantColumns,
			id, t.Language, t.TimeZone, t.Region, t.MailFrom, t.MaxRowBytes))
		if err != nil || t == (Tenant{}) {
			return err
		}
		return audit(ctx, tx, id, "tenant.change", "tenant/"+id.String(), detail{
			"language": now.Language, "time_zone": now.TimeZone, "region": now.Region, "mail_from": now.MailFrom, "max_row_bytes": now.MaxRowBytes,
		})
	})
	if err != nil {
		return Tenant{}, fmt.Errorf("update tenant %s: %w", id, translate(err))
	}
	return now, nil
}

// SetMemberQuota says how many members and leads a tenant may have, nil for any number. Imports that have started keep
// what they were allowed.
func (db *DB) SetMemberQuota(ctx context.Context, id tenant.ID, quota *int64) error {
	err := db.inTx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update tenant set member_quota = $2 where id = $1`, id, quota)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrNotFound
		}
		return audit(ctx, tx, id, "tenant.change", "tenant/"+id.String(), detail{"member_quota": quota})
	})
	if err != nil {
		return fmt.Errorf("set member quota of tenant %s: %w", id, err)
	}
	return nil
}

// TenantByName finds a tenant for the command line.
func (db *DB) TenantByName(ctx context.Context, name string) (Tenant, error) {
	t, err := scanTenant(db.pool.QueryRow(ctx, `select `+tenantColumns+` from tenant where name = $1`, name))
	if err != nil {
		return Tenant{}, fmt.Errorf("tenant %q: %w", name, translate(err))
	}
	return t, nil
}

// Tenants returns all tenants by name, for the command line.
func (db *DB) Tenants(ctx context.Context) ([]Tenant, error) {
	rows, err := db.pool.Query(ctx, `select `+tenantColumns+` from tenant order by name`)
	if err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Tenant, error) { return scanTenant(row) })
	if err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	return all, nil
}

// tenantColumns and scanTenant belong together.
const tenantColumns = `id, name, language, time_zone, region, coalesce(mail_from, ''), max_row_bytes, member_quota`

func scanTenant(row pgx.Row) (t Tenant, err error) {
	err = row.Scan(&t.ID, &t.Name, &t.Language, &t.TimeZone, &t.Region, &t.MailFrom, &t.MaxRowBytes, &t.MemberQuota)
	return t, err
}

// CreateUser adds a person to a tenant. ErrExists: the e-mail address is taken.
func (db *DB) CreateUser(ctx context.Context, t tenant.ID, u User) (User, error) {
	err := db.inTx(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `insert into app_user (tenant_id, email, name, language, role)
			values ($1, $2, $3, coalesce(nullif($4, ''), (select language from tenant where id = $1)), coalesce(nullif($5, ''), 'editor'))
			returning id, language, role`, t, u.Email, u.Name, u.Language, u.Role).Scan(&u.ID, &u.Language, &u.Role)
		if err != nil {
			return err
		}
		return audit(ctx, tx, t, "user.create", fmt.Sprintf("user/%d", u.ID), detail{"role": u.Role})
	})
	if err != nil {
		return User{}, fmt.Errorf("create user %q: %w", u.Email, translate(err))
	}
	return u, nil
}

// UserByEmail finds a person of a tenant.
func (db *DB) UserByEmail(ctx context.Context, t tenant.ID, email string) (User, error) {
	u := User{Email: email}
	err := db.pool.QueryRow(ctx, `select id, name, language, role from app_user where tenant_id = $1 and email = $2`, t, email).
		Scan(&u.ID, &u.Name, &u.Language, &u.Role)
	if err != nil {
		return User{}, fmt.Errorf("user %q: %w", email, translate(err))
	}
	return u, nil
}

// AllowConsent lets imports that are made by a key of the tenant opt in who opted out. ErrNotFound: it has no such key.
func (db *DB) AllowConsent(ctx context.Context, t tenant.ID, key string) error {
	err := db.inTx(ctx, func(tx pgx.Tx) error {
		var id int64
		err := tx.QueryRow(ctx, `update api_key set allow_consent = true where tenant_id = $1 and hash = $2 returning id`, t, hashKey(key)).Scan(&id)
		if err != nil {
			return translate(err)
		}
		return audit(ctx, tx, t, "key.change", fmt.Sprintf("key/%d", id), detail{"allow_consent": true})
	})
	if err != nil {
		return fmt.Errorf("allow consent: %w", err)
	}
	return nil
}

// listID finds a list by name inside a transaction.
func listID(ctx context.Context, tx pgx.Tx, t tenant.ID, name string) (int64, error) {
	var id int64
	err := tx.QueryRow(ctx, `select id from member_list where tenant_id = $1 and name = $2`, t, name).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("list %q: %w", name, ErrNotFound)
	}
	return id, err
}
