package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// Member is a stored member, as people read it.
type Member struct {
	ID   int64
	List string
	Kind member.Kind
	// Version is 1 for a new member and grows with each change.
	Version int32
	// Values stand in the order of the schema's fields; that of the field id is ID again.
	Values []member.Value
}

// MemberFilter says which members to return; empty criteria do not narrow.
type MemberFilter struct {
	List string
	// After is the id of the last member of the page before, 0 for the first page.
	After int64
	Limit int
	// MemberSN, Email and Phone are canonical values, as a member.Field parses them.
	MemberSN, Email, Phone string
}

// Members returns a page of a list's members by id. ErrNotFound: the tenant has no such list.
func (db *DB) Members(ctx context.Context, t tenant.ID, s *member.Schema, f MemberFilter) (page []Member, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		list, err := listID(ctx, tx, t, f.List)
		if err != nil {
			return err
		}
		where, args := f.where(t, list)
		page, err = readMembers(ctx, tx, s, where+fmt.Sprintf(` order by m.id limit %d`, f.Limit), args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	return page, nil
}

// where returns the condition and its arguments.
func (f MemberFilter) where(t tenant.ID, list int64) (string, []any) {
	where := `m.tenant_id = $1 and m.list_id = $2 and m.id > $3`
	args := []any{t, list, f.After}
	narrow := func(column, value string) {
		if value != "" {
			args = append(args, value)
			// By ids, so that the planner uses the column's index and not the primary key, whose order is asked for.
			where += fmt.Sprintf(` and m.id = any(array(select id from member where tenant_id = $1 and list_id = $2 and %s = $%d))`, column, len(args))
		}
	}
	narrow(`member_sn`, f.MemberSN)
	narrow(`email_key`, member.EmailKey(f.Email))
	narrow(`phone`, f.Phone)
	return where, args
}

// Member returns one member. ErrNotFound: there is none of that id.
func (db *DB) Member(ctx context.Context, t tenant.ID, s *member.Schema, id int64) (m Member, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		found, err := readMembers(ctx, tx, s, `m.tenant_id = $1 and m.id = $2`, t, id)
		if err == nil && len(found) == 0 {
			err = ErrNotFound
		}
		if err == nil {
			m = found[0]
		}
		return err
	})
	if err != nil {
		return Member{}, fmt.Errorf("member %d: %w", id, err)
	}
	return m, nil
}

// readMembers reads the members m that the rest of the statement names.
func readMembers(ctx context.Context, tx pgx.Tx, s *member.Schema, where string, args ...any) ([]Member, error) {
	fields := s.Fields()
	members := []Member{}
	l := loader{fields: fields, extras: []extra{{`m.kind`, func(_ *member.Record, raw []byte) error {
		members = append(members, Member{Kind: member.Kind(raw)})
		return nil
	}}}}
	names := make([]string, 0, len(fields))
	for i := range fields {
		if fields[i].Custom {
			l.custom = append(l.custom, i)
			continue
		}
		name := "m." + fields[i].Key
		if fields[i].Type == member.Number {
			name += "::text" // a number's canonical form is decimal text
		}
		names, l.stored = append(names, name), append(l.stored, i)
	}
	if len(l.custom) > 0 {
		names = append(names, "m.custom")
	}
	rows, err := tx.Query(ctx, `select l.name, m.id, m.version, `+strings.Join(names, ", ")+`, m.kind from member m
		join member_list l on l.tenant_id = m.tenant_id and l.id = m.list_id where `+where,
		append([]any{pgx.QueryResultFormats{pgx.BinaryFormatCode}}, args...)...)
	if err != nil {
		return nil, err
	}
	if err := l.read(rows, 1); err != nil {
		return nil, err
	}
	for i, r := range l.records {
		m := &members[i]
		m.ID, m.List, m.Version, m.Values = r.ID, l.keys[i], r.Version, r.Values
		for n := range fields {
			if f := &fields[n]; f.Custom && f.Consent && !m.Values[n].Set {
				m.Values[n] = member.BoolValue(false) // not asked
			}
		}
	}
	return members, nil
}
