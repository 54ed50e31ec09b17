package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/tenant"
)

// Errors of managing users and keys.
var (
	// ErrDenied: whoever asks may not do that to somebody who may do more.
	ErrDenied = errors.New("needs a higher role")
	// ErrLastOwner: the tenant would be without an owner who can sign in.
	ErrLastOwner = errors.New("last owner")
)

// Person is a user as those see it who manage users.
type Person struct {
	User
	// HasPassword tells that the user has chosen one.
	HasPassword bool
	CreatedAt   time.Time
	// DisabledAt is nil for a user who may sign in.
	DisabledAt *time.Time
	SignedInAt *time.Time
	// TokenExpiresAt is until when a token of the user's can be used that was not yet; nil where there is none.
	TokenExpiresAt *time.Time
}

// PersonChange is what changes of a user; nil is left as it is.
type PersonChange struct {
	Name     *string
	Language *tenant.Language
	Role     *Role
	Disabled *bool
}

const personColumns = `u.id, u.email, u.name, u.language, u.role, u.password is not null, u.created_at, u.disabled_at, u.signed_in_at,
	(select expires_at from user_token k where k.tenant_id = u.tenant_id and k.user_id = u.id and k.expires_at > now()) from app_user u`

func scanPerson(row pgx.CollectableRow) (p Person, err error) {
	err = row.Scan(&p.ID, &p.Email, &p.Name, &p.Language, &p.Role, &p.HasPassword, &p.CreatedAt, &p.DisabledAt, &p.SignedInAt, &p.TokenExpiresAt)
	return p, err
}

func readPerson(ctx context.Context, tx pgx.Tx, t tenant.ID, id int64) (Person, error) {
	rows, err := tx.Query(ctx, `select `+personColumns+` where u.tenant_id = $1 and u.id = $2`, t, id)
	if err != nil {
		return Person{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scanPerson)
}

func readUser(ctx context.Context, tx pgx.Tx, t tenant.ID, id int64) (u User, err error) {
	err = tx.QueryRow(ctx, `select id, email, name, language, role from app_user where tenant_id = $1 and id = $2`, t, id).
		Scan(&u.ID, &u.Email, &u.Name, &u.Language, &u.Role)
	return u, err
}

// People returns the tenant's users by their addresses.
func (db *DB) People(ctx context.Context, t tenant.ID) (people []Person, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+personColumns+` where u.tenant_id = $1 order by lower(u.email), u.id`, t)
		if err != nil {
			return err
		}
		people, err = pgx.CollectRows(rows, scanPerson)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return people, nil
}

// Person returns one of the tenant's users. ErrNotFound: there is none of that id.
func (db *DB) Person(ctx context.Context, t tenant.ID, id int64) (p Person, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		p, err = readPerson(ctx, tx, t, id)
		return err
	})
	if err != nil {
		return Person{}, fmt.Errorf("user %d: %w", id, translate(err))
	}
	return p, nil
}

// managing runs f while nobody else changes the tenant's users: what is true of all of them together stays true.
func (db *DB) managing(ctx context.Context, t tenant.ID, f func(tx pgx.Tx) error) error {
	return db.asTenant(ctx, t, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('meibo users ' || $1::text, 0))`, t.String()); err != nil {
			return err
		}
		return f(tx)
	})
}

// AddPerson adds a user who has no password yet, for somebody of role by. ErrExists: the address is taken, in whatever case;
// ErrDenied: by may not make one of that role.
func (db *DB) AddPerson(ctx context.Context, t tenant.ID, by Role, u User) (p Person, err error) {
	err = db.managing(ctx, t, func(tx pgx.Tx) error {
		if !by.atLeast(u.Role) {
			return ErrDenied
		}
		var taken bool
		if err := tx.QueryRow(ctx, `select exists (select from app_user where tenant_id = $1 and lower(email) = lower($2))`, t, u.Email).Scan(&taken); err != nil {
			return err
		}
		if taken {
			return ErrExists
		}
		var id int64
		if err := tx.QueryRow(ctx, `insert into app_user (tenant_id, email, name, language, role)
			values ($1, $2, $3, coalesce(nullif($4, ''), (select language from tenant where id = $1)), $5) returning id`,
			t, u.Email, u.Name, u.Language, u.Role).Scan(&id); err != nil {
			return err
		}
		if p, err = readPerson(ctx, tx, t, id); err != nil {
			return err
		}
		return audit(ctx, tx, t, "user.create", userObject(id), detail{"email": p.Email, "role": p.Role})
	})
	if err != nil {
		return Person{}, fmt.Errorf("create user: %w", translate(err))
	}
	return p, nil
}

// ChangePerson changes a user, for somebody of role by. Who is disabled is signed out everywhere; who becomes an owner has
// neither a token nor keys of scope admin from before. ErrNotFound: there is none of that id; ErrDenied: by may not change that user, or not to that role; ErrLastOwner: it is the last one.
func (db *DB) ChangePerson(ctx context.Context, t tenant.ID, by Role, id int64, to PersonChange) (p Person, err error) {
	err = db.managing(ctx, t, func(tx pgx.Tx) error {
		before, err := readPerson(ctx, tx, t, id)
		if err != nil {
			return err
		}
		if !by.atLeast(before.Role) || to.Role != nil && !by.atLeast(*to.Role) {
			return ErrDenied
		}
		if _, err := tx.Exec(ctx, `update app_user set name = coalesce($3, name), language = coalesce($4, language), role = coalesce($5, role),
				disabled_at = case when $6::boolean then coalesce(disabled_at, now()) when not $6 then null else disabled_at end
			where tenant_id = $1 and id = $2`, t, id, to.Name, to.Language, to.Role, to.Disabled); err != nil {
			return err
		}
		if p, err = readPerson(ctx, tx, t, id); err != nil {
			return err
		}
		if p.DisabledAt != nil {
			if err := signOut(ctx, tx, t, id); err != nil {
				return err
			}
		}
		if p.Role == RoleOwner && before.Role != RoleOwner {
			if err := crown(ctx, tx, t, id); err != nil {
				return err
			}
		}
		if err := keepsOwner(ctx, tx, t, before); err != nil {
			return err
		}
		return audit(ctx, tx, t, "user.change", userObject(id), detail{"role": p.Role, "role_before": before.Role, "disabled": p.DisabledAt != nil})
	})
	if err != nil {
		return Person{}, fmt.Errorf("change user %d: %w", id, translate(err))
	}
	return p, nil
}

// DeletePerson deletes a user with its keys and sessions, for somebody of role by. Imports and what else the user did stay.
// ErrNotFound, ErrDenied, ErrLastOwner: as for ChangePerson.
func (db *DB) DeletePerson(ctx context.Context, t tenant.ID, by Role, id int64) (p Person, err error) {
	err = db.managing(ctx, t, func(tx pgx.Tx) error {
		if p, err = readPerson(ctx, tx, t, id); err != nil {
			return err
		}
		if !by.atLeast(p.Role) {
			return ErrDenied
		}
		if _, err := tx.Exec(ctx, `delete from api_key where tenant_id = $1 and user_id = $2`, t, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from app_user where tenant_id = $1 and id = $2`, t, id); err != nil {
			return err
		}
		if err := keepsOwner(ctx, tx, t, p); err != nil {
			return err
		}
		return audit(ctx, tx, t, "user.delete", userObject(id), detail{"email": p.Email, "role": p.Role})
	})
	if err != nil {
		return Person{}, fmt.Errorf("delete user %d: %w", id, translate(err))
	}
	return p, nil
}

func userObject(id int64) string { return fmt.Sprintf("user/%d", id) }

// keepsOwner refuses what has left a tenant that had an owner without one who can sign in.
func keepsOwner(ctx context.Context, tx pgx.Tx, t tenant.ID, before Person) error {
	if before.Role != RoleOwner || before.DisabledAt != nil {
		return nil
	}
	var left bool
	err := tx.QueryRow(ctx, `select exists (select from app_user where tenant_id = $1 and role = 'owner' and disabled_at is null)`, t).Scan(&left)
	if err == nil && !left {
		return ErrLastOwner
	}
	return err
}

// crown makes worthless, for somebody who becomes an owner, what an administrator may have in hand of them from before: a
// token that was not used yet, and keys that manage, which import from now on.
func crown(ctx context.Context, tx pgx.Tx, t tenant.ID, user int64) error {
	_, err := tx.Exec(ctx, `with k as (update api_key set scope = 'import' where tenant_id = $1 and user_id = $2 and scope = 'admin')
		delete from user_token where tenant_id = $1 and user_id = $2`, t, user)
	return err
}

// signOut ends all sessions of a user, and makes a token worthless that was not used yet.
func signOut(ctx context.Context, tx pgx.Tx, t tenant.ID, user int64) error {
	_, err := tx.Exec(ctx, `with s as (delete from user_session where tenant_id = $1 and user_id = $2) delete from user_token where tenant_id = $1 and user_id = $2`, t, user)
	return err
}
