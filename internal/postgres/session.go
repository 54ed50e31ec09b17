package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/tenant"
)

// Session is somebody who is signed in somewhere.
type Session struct {
	ID int64
	// Address and Agent are where it was opened from.
	Address, Agent string
	CreatedAt      time.Time
	// SeenAt is when it was last used, exact to a minute.
	SeenAt    time.Time
	ExpiresAt time.Time
}

// NewSession says where and for how long somebody signs in.
type NewSession struct {
	Address, Agent string
	Lifetime       time.Duration
	// Password is the hash of the password that was proved; empty where none had to be.
	Password string
}

// maxSessions is how many sessions a user has at most; the oldest makes room for another.
const maxSessions = 50

const sessionColumns = `id, address, agent, created_at, seen_at, expires_at`

// OpenSession signs a user in and returns the token of the session, which cannot be read again. ErrNotFound: the tenant has
// no such user, one that is disabled, or one whose password has changed since it was proved.
func (db *DB) OpenSession(ctx context.Context, t tenant.ID, user int64, n NewSession) (token string, s Session, err error) {
	token = newSecret(sessionPrefix)
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update app_user set signed_in_at = now() where tenant_id = $1 and id = $2 and disabled_at is null and ($3 = '' or password = $3)`,
			t, user, n.Password)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrNotFound
		}
		if _, err := tx.Exec(ctx, `delete from user_session where tenant_id = $1 and user_id = $2 and id in (
			select id from user_session where tenant_id = $1 and user_id = $2 order by id desc offset $3)`, t, user, maxSessions-1); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `insert into user_session (tenant_id, user_id, hash, address, agent, expires_at)
			values ($1, $2, $3, $4, $5, now() + $6::interval) returning `+sessionColumns, t, user, hashKey(token), storable(n.Address), storable(n.Agent), n.Lifetime)
		if err != nil {
			return err
		}
		if s, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Session]); err != nil {
			return err
		}
		return audit(ctx, tx, t, "session.create", userObject(user), detail{"session": s.ID})
	})
	if err != nil {
		return "", Session{}, fmt.Errorf("open session: %w", err)
	}
	return token, s, nil
}

// AuthenticateSession returns who is signed in with a token, and until when; ErrNotFound where it is unknown, has expired, or
// was not used for longer than idle.
func (db *DB) AuthenticateSession(ctx context.Context, token string, idle time.Duration) (Caller, error) {
	var c Caller
	var stale bool
	err := db.pool.QueryRow(ctx, `select `+callerTenant+`, s.id, u.id, u.email, u.name, u.language, u.role, s.seen_at < now() - least(interval '1 minute', $2::interval / 2)
		from user_session s join tenant t on t.id = s.tenant_id join app_user u on u.tenant_id = s.tenant_id and u.id = s.user_id
		where s.hash = $1 and s.expires_at > now() and s.seen_at > now() - $2::interval and u.disabled_at is null`, hashKey(token), idle).
		Scan(append(c.Tenant.places(), &c.Session, &c.User.ID, &c.User.Email, &c.User.Name, &c.User.Language, &c.User.Role, &stale)...)
	if err == nil && stale {
		_, err = db.pool.Exec(ctx, `update user_session set seen_at = now() where tenant_id = $1 and id = (
			select id from user_session where tenant_id = $1 and id = $2 for update skip locked)`, c.Tenant.ID, c.Session)
	}
	if err != nil {
		return Caller{}, fmt.Errorf("authenticate session: %w", translate(err))
	}
	return c, nil
}

// Sessions returns the sessions of a user that have not expired, the newest first.
func (db *DB) Sessions(ctx context.Context, t tenant.ID, user int64, idle time.Duration) (sessions []Session, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+sessionColumns+` from user_session
			where tenant_id = $1 and user_id = $2 and expires_at > now() and seen_at > now() - $3::interval order by id desc`, t, user, idle)
		if err != nil {
			return err
		}
		sessions, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Session])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return sessions, nil
}

// CloseSession ends a session of a user. ErrNotFound: the user has no such session.
func (db *DB) CloseSession(ctx context.Context, t tenant.ID, user, id int64) error {
	err := db.asTenant(ctx, t, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `delete from user_session where tenant_id = $1 and user_id = $2 and id = $3`, t, user, id)
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		return audit(ctx, tx, t, "session.end", userObject(user), detail{"session": id})
	})
	if err != nil {
		return fmt.Errorf("close session %d: %w", id, err)
	}
	return nil
}

// SweepAccounts deletes sessions and tokens that have expired, and attempts to sign in of more than a day ago. It returns the
// number of rows.
func (db *DB) SweepAccounts(ctx context.Context, idle time.Duration) (n int64, err error) {
	err = db.pool.QueryRow(ctx, `with s as (delete from user_session where expires_at < now() or seen_at < now() - $1::interval returning 1),
			k as (delete from user_token where expires_at < now() returning 1),
			a as (delete from sign_in_attempt where attempted_at < now() - interval '1 day' returning 1)
		select (select count(*) from s) + (select count(*) from k) + (select count(*) from a)`, idle).Scan(&n)
	if err != nil && !olderSchema(err) {
		return 0, fmt.Errorf("sweep accounts: %w", err)
	}
	return n, nil
}
