package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/tenant"
)

// What makes a secret that was pasted somewhere recognisable, for people and for secret scanners.
const (
	keyPrefix     = "meibo_"
	sessionPrefix = "meibo_session_"
	tokenPrefix   = "meibo_token_"
)

// newSecret returns 256 random bits as text.
func newSecret(prefix string) string {
	secret := make([]byte, 32)
	rand.Read(secret)
	return prefix + base64.RawURLEncoding.EncodeToString(secret)
}

// hashKey returns what is stored of a secret: it needs no salt, because it is 256 random bits.
func hashKey(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return sum[:]
}

// Key is an API key, without the key.
type Key struct {
	ID           int64
	Name         string
	Scope        Scope
	AllowConsent bool
	// User is zero for a key that belongs to nobody.
	User      User
	CreatedAt time.Time
	// ExpiresAt is nil for a key that does not expire.
	ExpiresAt *time.Time
	// LastUsedAt is exact to a minute; nil for a key that was never used.
	LastUsedAt *time.Time
	RevokedAt  *time.Time
}

// NewKey is what a key is made of.
type NewKey struct {
	Name         string
	Scope        Scope
	AllowConsent bool
	// User is 0 for a key that belongs to nobody.
	User      int64
	ExpiresAt *time.Time
}

const keyColumns = `k.id, k.name, k.scope, k.allow_consent, coalesce(u.id, 0), coalesce(u.email, ''), coalesce(u.name, ''), coalesce(u.language, ''), coalesce(u.role, ''),
	k.created_at, k.expires_at, k.last_used_at, k.revoked_at
	from api_key k left join app_user u on u.tenant_id = k.tenant_id and u.id = k.user_id`

func scanKey(row pgx.CollectableRow) (k Key, err error) {
	err = row.Scan(&k.ID, &k.Name, &k.Scope, &k.AllowConsent, &k.User.ID, &k.User.Email, &k.User.Name, &k.User.Language, &k.User.Role,
		&k.CreatedAt, &k.ExpiresAt, &k.LastUsedAt, &k.RevokedAt)
	return k, err
}

// CreateKey makes an API key that may do all that its user may, and returns it; it cannot be read again. user is 0 for a key
// that belongs to nobody, which may import.
func (db *DB) CreateKey(ctx context.Context, t tenant.ID, name string, user int64) (string, error) {
	n := NewKey{Name: name, User: user, Scope: ScopeAdmin}
	if user == 0 {
		n.Scope = ScopeImport
	}
	_, secret, err := db.IssueKey(ctx, t, RoleOwner, n)
	return secret, err
}

// IssueKey makes an API key, for somebody of role by, and returns it with its secret, which cannot be read again.
// ErrNotFound: the tenant has no such user; ErrDenied: the user may do more than by.
func (db *DB) IssueKey(ctx context.Context, t tenant.ID, by Role, n NewKey) (k Key, secret string, err error) {
	secret = newSecret(keyPrefix)
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		if n.User != 0 {
			u, err := readUser(ctx, tx, t, n.User)
			if err != nil {
				return err
			}
			if !by.atLeast(u.Role) {
				return ErrDenied
			}
		}
		var id int64
		if err := tx.QueryRow(ctx, `insert into api_key (tenant_id, hash, name, user_id, scope, allow_consent, expires_at)
			values ($1, $2, $3, nullif($4, 0), $5, $6, $7) returning id`,
			t, hashKey(secret), n.Name, n.User, n.Scope, n.AllowConsent, n.ExpiresAt).Scan(&id); err != nil {
			return err
		}
		if k, err = readKey(ctx, tx, t, id); err != nil {
			return err
		}
		return audit(ctx, tx, t, "key.create", keyObject(id), detail{
			"name": n.Name, "user": n.User, "scope": n.Scope, "allow_consent": n.AllowConsent, "expires_at": n.ExpiresAt,
		})
	})
	if err != nil {
		return Key{}, "", fmt.Errorf("create key %q: %w", n.Name, translate(err))
	}
	return k, secret, nil
}

func keyObject(id int64) string { return fmt.Sprintf("key/%d", id) }

func readKey(ctx context.Context, tx pgx.Tx, t tenant.ID, id int64) (Key, error) {
	rows, err := tx.Query(ctx, `select `+keyColumns+` where k.tenant_id = $1 and k.id = $2`, t, id)
	if err != nil {
		return Key{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scanKey)
}

// Keys returns the tenant's keys, the newest first, also those that are revoked.
func (db *DB) Keys(ctx context.Context, t tenant.ID) (keys []Key, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+keyColumns+` where k.tenant_id = $1 order by k.id desc`, t)
		if err != nil {
			return err
		}
		keys, err = pgx.CollectRows(rows, scanKey)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return keys, nil
}

// RevokeKey makes a key worthless from now on; one that is revoked already stays so. ErrNotFound: the tenant has no such key.
func (db *DB) RevokeKey(ctx context.Context, t tenant.ID, id int64) (k Key, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `update api_key set revoked_at = coalesce(revoked_at, now()) where tenant_id = $1 and id = $2`, t, id); err != nil {
			return err
		}
		if k, err = readKey(ctx, tx, t, id); err != nil {
			return err
		}
		return audit(ctx, tx, t, "key.revoke", keyObject(id), detail{"name": k.Name})
	})
	if err != nil {
		return Key{}, fmt.Errorf("revoke key %d: %w", id, translate(err))
	}
	return k, nil
}

// Authenticate returns who a key belongs to; ErrNotFound where it is unknown, revoked or expired, or its user is disabled. A
// database of the version before knows less of keys: what it may lack is asked for in a way that allows for that.
func (db *DB) Authenticate(ctx context.Context, key string) (Caller, error) {
	var c Caller
	var stale bool
	err := db.pool.QueryRow(ctx, `select `+callerTenant+`, k.id, k.name, coalesce(to_jsonb(k)->>'scope', ''), coalesce((to_jsonb(k)->>'allow_consent')::boolean, false),
			coalesce(u.id, 0), coalesce(u.email, ''), coalesce(u.name, ''), coalesce(u.language, t.language), coalesce(u.role, ''),
			to_jsonb(k) ? 'last_used_at' and coalesce((to_jsonb(k)->>'last_used_at')::timestamptz < now() - interval '1 minute', true)
		from api_key k join tenant t on t.id = k.tenant_id left join app_user u on u.tenant_id = k.tenant_id and u.id = k.user_id
		where k.hash = $1 and k.revoked_at is null and coalesce((to_jsonb(k)->>'expires_at')::timestamptz > now(), true)
			and to_jsonb(u)->>'disabled_at' is null`, hashKey(key)).
		Scan(append(c.Tenant.places(), &c.Key, &c.KeyName, &c.KeyScope, &c.KeyAllowsConsent,
			&c.User.ID, &c.User.Email, &c.User.Name, &c.User.Language, &c.User.Role, &stale)...)
	if err == nil && stale {
		// Another request may be noting the same: neither waits for the other.
		_, err = db.pool.Exec(ctx, `update api_key set last_used_at = now() where tenant_id = $1 and id = (
			select id from api_key where tenant_id = $1 and id = $2 for update skip locked)`, c.Tenant.ID, c.Key)
	}
	if err != nil {
		return Caller{}, fmt.Errorf("authenticate: %w", translate(err))
	}
	return c, nil
}

// callerTenant and places belong together.
const callerTenant = `t.id, t.name, t.language, t.time_zone, t.region, coalesce(t.mail_from, ''), t.max_row_bytes,
	coalesce(to_jsonb(t)->>'label', ''), coalesce((to_jsonb(t)->'notify'->>'min_rows')::bigint, 0)`

func (t *Tenant) places() []any {
	return []any{&t.ID, &t.Name, &t.Language, &t.TimeZone, &t.Region, &t.MailFrom, &t.MaxRowBytes, &t.Label, &t.NotifyMinRows}
}
