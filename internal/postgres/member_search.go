package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// ErrTooSlow: a search had to look at more members than there was time for.
var ErrTooSlow = errors.New("search takes too long")

// MaxCount is how far the members that match are counted.
const MaxCount = 10_000

// searchTime bounds a search where it does not say how long it may take.
const searchTime = 5 * time.Second

// Blocked says whether blocked members are found.
type Blocked string

// Blocked members are left out unless they are asked for.
const (
	BlockedExcluded Blocked = "exclude"
	BlockedIncluded Blocked = "include"
	BlockedOnly     Blocked = "only"
)

// MemberFilter says which members to return; empty criteria do not narrow.
type MemberFilter struct {
	List string
	// After is the id of the last member of the page before, 0 for the first page.
	After int64
	Limit int
	// MemberSN, Email and Phone are canonical values, as a member.Field parses them.
	MemberSN, Email, Phone string
	Kind                   member.Kind
	Blocked                Blocked
	// Words is free text that is looked for; nil where there is none.
	Words *member.Words
	// Filters all have to hold.
	Filters []member.Filter
	// Within bounds the search; 0 is five seconds.
	Within time.Duration
}

// Members returns a page of a list's members by id. ErrNotFound: the tenant has no such list. ErrTooSlow: it took too long,
// for want of a criterion that an index answers.
func (db *DB) Members(ctx context.Context, t tenant.ID, s *member.Schema, f MemberFilter) (page []Member, err error) {
	err = db.searching(ctx, t, f, func(tx pgx.Tx, where string, args []any) error {
		page, err = readMembers(ctx, tx, s, where+fmt.Sprintf(` order by m.id limit %d`, f.Limit), args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	return page, nil
}

// CountMembers returns how many members match, up to MaxCount; more tells that there are more. Errors are those of Members.
func (db *DB) CountMembers(ctx context.Context, t tenant.ID, f MemberFilter) (n int, more bool, err error) {
	f.After = 0
	err = db.searching(ctx, t, f, func(tx pgx.Tx, where string, args []any) error {
		return tx.QueryRow(ctx, fmt.Sprintf(`select count(*) from (select from member m where %s limit %d) m`, where, MaxCount+1),
			append([]any{pgx.QueryExecModeCacheDescribe}, args...)...).Scan(&n)
	})
	if err != nil {
		return 0, false, fmt.Errorf("count members: %w", err)
	}
	return min(n, MaxCount), n > MaxCount, nil
}

// searching runs f with the condition of a search, in bounded time.
func (db *DB) searching(ctx context.Context, t tenant.ID, f MemberFilter, search func(tx pgx.Tx, where string, args []any) error) error {
	within := f.Within
	if within == 0 {
		within = searchTime
	}
	err := db.asTenant(ctx, t, func(tx pgx.Tx) error {
		list, err := listID(ctx, tx, t, f.List)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `select set_config('statement_timeout', $1, true)`, fmt.Sprint(within.Milliseconds())); err != nil {
			return err
		}
		if f.plain() {
			if _, err := tx.Exec(ctx, inOrder); err != nil {
				return err
			}
		}
		where, args := f.where(t, list)
		return search(tx, where, args)
	})
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == codeQueryCanceled && ctx.Err() == nil {
		return ErrTooSlow
	}
	return err
}

// plain reports whether nothing is asked for but the list, what most of its members have, and a part of a name, which no
// index answers.
func (f *MemberFilter) plain() bool {
	return f.MemberSN == "" && f.Email == "" && f.Phone == "" && (f.Words == nil || f.Words.Name != "") && len(f.Filters) == 0
}

// inOrder has the planner walk along the primary key to the end of a page. Without statistics it might read and sort all
// members of the tenant for each.
const inOrder = `select set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true)`

// where returns the condition and its arguments.
func (f MemberFilter) where(t tenant.ID, list int64) (string, []any) {
	w := memberWhere{args: []any{t, list, f.After}, and: []string{`m.tenant_id = $1 and m.list_id = $2 and m.id > $3`}}
	for _, exact := range [][2]string{{`member_sn`, f.MemberSN}, {`email_key`, member.EmailKey(f.Email)}, {`phone`, f.Phone}} {
		if exact[1] != "" {
			w.add(w.indexed(exact[0], exact[1]))
		}
	}
	if f.Kind != "" {
		w.add(`m.kind = ` + w.arg(f.Kind))
	}
	switch f.Blocked {
	case BlockedIncluded:
	case BlockedOnly:
		w.add(`m.blocked_at is not null`)
	default:
		w.add(`m.blocked_at is null`)
	}
	for i := range f.Filters {
		w.add(w.filter(&f.Filters[i]))
	}
	if f.Words != nil {
		w.add(w.words(f.Words))
	}
	return strings.Join(w.and, ` and `), w.args
}

// memberWhere is a condition over members m of a tenant ($1) and list ($2).
type memberWhere struct {
	and  []string
	args []any
}

func (w *memberWhere) add(condition string) { w.and = append(w.and, condition) }

// arg makes the value an argument, and returns its name.
func (w *memberWhere) arg(value any) string {
	w.args = append(w.args, value)
	return fmt.Sprintf(`$%d`, len(w.args))
}

// indexed finds the members that have a value by an index. By ids, so that the planner uses the column's index and not
// the primary key, whose order is asked for.
func (w *memberWhere) indexed(column, value string) string {
	return `m.id = any(array(select x.id from member x where x.tenant_id = $1 and x.list_id = $2 and x.` + column + ` = ` + w.arg(value) + `))`
}

// lastRune sorts behind whatever may follow a prefix.
const lastRune = "\U0010FFFF"

// prefixed finds the members whose column begins with the value. A range, because it is answered by the column's index,
// which LIKE is not under row-level security.
func (w *memberWhere) prefixed(column, value string) string {
	return `(m.` + column + ` >= ` + w.arg(value) + ` and m.` + column + ` < ` + w.arg(value+lastRune) + `)`
}

// words is free text, as far as it may be what people know a member by.
func (w *memberWhere) words(t *member.Words) string {
	var or []string
	if t.Number != "" {
		or = append(or, w.prefixed(`member_sn`, t.Number))
	}
	if t.Email != "" {
		or = append(or, w.prefixed(`email_key`, t.Email))
	}
	if t.Phone != "" {
		or = append(or, w.prefixed(`phone`, t.Phone))
	}
	if t.Name != "" {
		or = append(or, contains(`m.name`, w.arg(t.Name)))
	}
	if len(or) == 0 {
		return `false`
	}
	return `(` + strings.Join(or, ` or `) + `)`
}

func contains(expression, arg string) string {
	return `position(lower(` + arg + `::text) in lower(` + expression + `)) > 0`
}
