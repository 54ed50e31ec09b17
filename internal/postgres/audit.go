package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/tenant"
)

// ActorKind tells what causes something.
type ActorKind string

// The kinds of actors.
const (
	ActorUser ActorKind = "user"
	// ActorKey is an API key that belongs to nobody.
	ActorKey ActorKind = "key"
	// ActorOperator works on the database itself, by the command line.
	ActorOperator ActorKind = "operator"
	// ActorSystem is Meibo.
	ActorSystem ActorKind = "system"
)

// ActorKinds are all of them.
var ActorKinds = []ActorKind{ActorUser, ActorKey, ActorOperator, ActorSystem}

// Actor is who causes what a use case does.
type Actor struct {
	Kind ActorKind
	// User is the id of a user, 0 for anyone else.
	User int64
	// Name is the user's or the key's, or what the operator is called.
	Name string
	// Key names the API key by which a user acts.
	Key string
	// Address is where the request comes from.
	Address string
}

type actorKey struct{}

// WithActor returns a context whose use cases are that actor's.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// actorOf returns who acts: Meibo itself where nobody is said to.
func actorOf(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey{}).(Actor); ok {
		return a
	}
	return Actor{Kind: ActorSystem, Name: "meibo"}
}

// detail is what there is to know of an act: ids, numbers, settings and names of fields. What a member's fields hold, and
// anything secret, is never among it.
type detail map[string]any

// audit writes down who did what, within the transaction that does it: one is not there without the other. An act is named
// like import.start; an object is the kind and id of what it was done to, like import/0198…. A database of the version
// before has no audit log.
func audit(ctx context.Context, tx pgx.Tx, t tenant.ID, act, object string, d detail) error {
	a := actorOf(ctx)
	if d == nil {
		d = detail{}
	}
	err := ifMigrated(ctx, tx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `insert into audit (tenant_id, actor_kind, user_id, actor, key_name, address, act, object, detail)
			values ($1, $2, nullif($3, 0), $4, $5, $6, $7, $8, $9)`, t, a.Kind, a.User, storable(a.Name), storable(a.Key), a.Address, act, storable(object), d)
		return err
	})
	if err != nil {
		return fmt.Errorf("audit %s: %w", act, err)
	}
	return nil
}

// AuditEntry is one act of the audit log.
type AuditEntry struct {
	ID     int64
	At     time.Time
	Actor  Actor
	Act    string
	Object string
	// Detail is a JSON object.
	Detail map[string]any
}

// AuditFilter chooses entries of the audit log; what is zero chooses all.
type AuditFilter struct {
	// Act is one, or the beginning of several that ends in a dot, as in member.
	Act string
	// Object is one, or the beginning of several that ends in a slash, as in member/.
	Object string
	// Actor is a name, and Kind what it is of; User is an id.
	Actor string
	Kind  ActorKind
	User  int64
	// Since is the first moment, Until the one after the last.
	Since, Until time.Time
	// Before is the id that all are older than.
	Before int64
	Limit  int
}

// Audit returns a page of the audit log, the newest first.
func (db *DB) Audit(ctx context.Context, t tenant.ID, f AuditFilter) (page []AuditEntry, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select id, at, actor_kind, coalesce(user_id, 0), actor, key_name, address, act, object, detail from audit
			where `+f.where()+` order by id desc limit @limit`, pgx.NamedArgs{
			"tenant": t, "act": f.Act, "object": f.Object, "actor": f.Actor, "kind": f.Kind, "user": f.User,
			"since": f.Since, "until": f.Until, "before": f.Before, "limit": f.Limit,
		})
		if err != nil {
			return err
		}
		page, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e AuditEntry, err error) {
			a := &e.Actor
			err = row.Scan(&e.ID, &e.At, &a.Kind, &a.User, &a.Name, &a.Key, &a.Address, &e.Act, &e.Object, &e.Detail)
			return e, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	return page, nil
}

// where is the filter as a condition, with no more in it than is asked for: so each has its index.
func (f *AuditFilter) where() string {
	conditions := []string{`tenant_id = @tenant`}
	for _, c := range []struct {
		given     bool
		condition string
	}{
		{f.Act != "" && !strings.HasSuffix(f.Act, "."), `act = @act`},
		{strings.HasSuffix(f.Act, "."), `starts_with(act, @act)`},
		{f.Object != "" && !strings.HasSuffix(f.Object, "/"), `object = @object`},
		{strings.HasSuffix(f.Object, "/"), `starts_with(object, @object)`},
		{f.Actor != "", `actor = @actor`},
		{f.Kind != "", `actor_kind = @kind`},
		{f.User != 0, `user_id = @user`},
		{!f.Since.IsZero(), `at >= @since`},
		{!f.Until.IsZero(), `at < @until`},
		{f.Before != 0, `id < @before`},
	} {
		if c.given {
			conditions = append(conditions, c.condition)
		}
	}
	return strings.Join(conditions, " and ")
}
