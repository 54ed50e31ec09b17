package postgres

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// attempts is how many attempts to sign in are let through before the next has to wait, and for how long: first, and twice
// as long after each further one, up to longest. Those longer ago than window are forgotten.
type attempts struct {
	free           int
	first, longest time.Duration
	window         time.Duration
}

// What is let through. An account is locked for minutes, not for ever: whoever knows an address could lock out its user. An
// address may be that of a whole office.
var (
	ofAccount = attempts{free: 5, first: time.Minute, longest: 15 * time.Minute, window: time.Hour}
	ofAddress = attempts{free: 50, first: time.Minute, longest: 15 * time.Minute, window: 15 * time.Minute}
)

// SignIn is an attempt to sign in: for a user of a tenant, by the names that were given, from a client's address.
type SignIn struct {
	Tenant, Email, Address string
}

// email is the form in which addresses are looked up and attempts are counted: no spelling of an address is counted apart.
func (s *SignIn) email() string { return strings.ToLower(storable(s.Email)) }

func (s *SignIn) account() []byte { return hashOf("account", storable(s.Tenant), s.email()) }

func (s *SignIn) address() []byte { return hashOf("address", s.Address) }

func hashOf(parts ...string) []byte {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return sum[:]
}

// BeginSignIn counts an attempt before it is looked at, so that many at the same moment are as many. It returns how long to
// wait where it is one too many, of the account or of the client's address; it does not count then. Whether the account
// exists makes no difference.
func (db *DB) BeginSignIn(ctx context.Context, s SignIn) (wait time.Duration, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		for _, of := range []struct {
			what  []byte
			bound attempts
		}{{s.address(), ofAddress}, {s.account(), ofAccount}} {
			if wait, err = countAttempt(ctx, tx, of.what, of.bound); err != nil || wait > 0 {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("begin to sign in: %w", err)
	}
	return wait, nil
}

func countAttempt(ctx context.Context, tx pgx.Tx, what []byte, bound attempts) (wait time.Duration, err error) {
	if _, err := tx.Exec(ctx, `insert into sign_in_attempt (what, attempts, attempted_at) values ($1, 0, now()) on conflict do nothing`, what); err != nil {
		return 0, err
	}
	var made int
	if err := tx.QueryRow(ctx, `select case when attempted_at < clock_timestamp() - $2::interval then 0 else attempts end,
			greatest(coalesce(locked_until - clock_timestamp(), interval '0'), interval '0')
		from sign_in_attempt where what = $1 for update`, what, bound.window).Scan(&made, &wait); err != nil || wait > 0 {
		return wait, err
	}
	made++
	var lock *time.Duration
	if over := made - bound.free; over >= 0 {
		lock = new(min(bound.first<<min(over, 20), bound.longest))
	}
	_, err = tx.Exec(ctx, `update sign_in_attempt set attempts = $2, attempted_at = clock_timestamp(), locked_until = clock_timestamp() + $3::interval where what = $1`, what, made, lock)
	return 0, err
}

// EndSignIn forgets an attempt that came to something, and those at the account before it.
func (db *DB) EndSignIn(ctx context.Context, s SignIn) error {
	err := db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `update sign_in_attempt set attempts = greatest(attempts - 1, 0), locked_until = null where what = $1`, s.address()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `delete from sign_in_attempt where what = $1`, s.account())
		return err
	})
	if err != nil {
		return fmt.Errorf("end to sign in: %w", err)
	}
	return nil
}
