package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/tenant"
)

// Credential is what a password is compared with.
type Credential struct {
	Tenant Tenant
	User   User
	// Password is what is stored of it, empty for somebody who cannot sign in.
	Password string
}

// CredentialOf finds what somebody signs in with: the tenant by its name, the user by its address in any case. Whoever is
// not there, or is disabled, has a Credential that nobody can sign in with, so that nothing tells the one from the other.
func (db *DB) CredentialOf(ctx context.Context, s SignIn) (Credential, error) {
	return db.credential(ctx, `t.name = $1 and lower(u.email) = lower($2) order by u.email = $3 desc, u.id limit 1`, storable(s.Tenant), s.email(), storable(s.Email))
}

// OwnCredential is CredentialOf for a user of the tenant.
func (db *DB) OwnCredential(ctx context.Context, t tenant.ID, user int64) (Credential, error) {
	return db.credential(ctx, `t.id = $1 and u.id = $2`, t, user)
}

// TokenCredential is CredentialOf for the user whose token it is. ErrNotFound: it is none, was used, or has expired.
func (db *DB) TokenCredential(ctx context.Context, token string) (Credential, error) {
	c, err := db.credential(ctx, `(u.tenant_id, u.id) = (select tenant_id, user_id from user_token where hash = $1 and expires_at > now())`, hashKey(token))
	if err == nil && c.User.ID == 0 {
		err = fmt.Errorf("token: %w", ErrNotFound)
	}
	return c, err
}

func (db *DB) credential(ctx context.Context, where string, args ...any) (c Credential, err error) {
	err = db.pool.QueryRow(ctx, `select `+callerTenant+`, u.id, u.email, u.name, u.language, u.role, coalesce(u.password, '')
		from app_user u join tenant t on t.id = u.tenant_id where u.disabled_at is null and `+where, args...).
		Scan(append(c.Tenant.places(), &c.User.ID, &c.User.Email, &c.User.Name, &c.User.Language, &c.User.Role, &c.Password)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return Credential{}, nil
	}
	if err != nil {
		return Credential{}, fmt.Errorf("find credential: %w", err)
	}
	return c, nil
}

// SetPassword stores the hash of a new password of a user, ends all of the user's sessions, and makes a token worthless that
// was not used yet. ErrNotFound: the tenant has no such user.
func (db *DB) SetPassword(ctx context.Context, t tenant.ID, user int64, hash string) error {
	err := db.asTenant(ctx, t, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update app_user set password = $3 where tenant_id = $1 and id = $2`, t, user, hash)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrNotFound
		}
		if err := signOut(ctx, tx, t, user); err != nil {
			return err
		}
		return audit(ctx, tx, t, "password.change", userObject(user), nil)
	})
	if err != nil {
		return fmt.Errorf("set password of user %d: %w", user, err)
	}
	return nil
}

// UpgradePassword replaces the hash of a password that stays the same, unless it was changed meanwhile.
func (db *DB) UpgradePassword(ctx context.Context, t tenant.ID, user int64, from, to string) error {
	err := db.asTenant(ctx, t, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `update app_user set password = $4 where tenant_id = $1 and id = $2 and password = $3`, t, user, from, to)
		return err
	})
	if err != nil {
		return fmt.Errorf("upgrade password of user %d: %w", user, err)
	}
	return nil
}

// IssueToken makes a token by which a user can choose a password once, for somebody of role by, and returns it; it cannot be
// read again. One from before is worthless from now on. ErrNotFound: the tenant has no such user; ErrDenied: the user may do
// more than by; ErrConflict: the user is disabled.
func (db *DB) IssueToken(ctx context.Context, t tenant.ID, by Role, user int64, lifetime time.Duration) (token string, expires time.Time, err error) {
	token = newSecret(tokenPrefix)
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		p, err := readPerson(ctx, tx, t, user)
		switch {
		case err != nil:
			return err
		case !by.atLeast(p.Role):
			return ErrDenied
		case p.DisabledAt != nil:
			return ErrConflict
		}
		if err := audit(ctx, tx, t, "user.invite", userObject(user), nil); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `insert into user_token as k (tenant_id, user_id, hash, created_at, expires_at) values ($1, $2, $3, now(), now() + $4::interval)
			on conflict (tenant_id, user_id) do update set hash = excluded.hash, created_at = excluded.created_at, expires_at = excluded.expires_at
			returning expires_at`, t, user, hashKey(token), lifetime).Scan(&expires)
	})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("issue token for user %d: %w", user, translate(err))
	}
	return token, expires, nil
}

// RedeemToken sets the password of the user whose token it is, as SetPassword does; the token is used up. ErrNotFound: it is
// none, was used, or has expired.
func (db *DB) RedeemToken(ctx context.Context, token, hash string) error {
	err := db.inTx(ctx, func(tx pgx.Tx) error {
		var t tenant.ID
		var user int64
		if err := tx.QueryRow(ctx, `delete from user_token where hash = $1 and expires_at > now() returning tenant_id, user_id`, hashKey(token)).Scan(&t, &user); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update app_user set password = $3 where tenant_id = $1 and id = $2`, t, user, hash); err != nil {
			return err
		}
		if err := signOut(ctx, tx, t, user); err != nil {
			return err
		}
		return audit(ctx, tx, t, "password.redeem", userObject(user), nil)
	})
	if err != nil {
		return fmt.Errorf("redeem token: %w", translate(err))
	}
	return nil
}
