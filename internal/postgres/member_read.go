package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

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
	// BlockedAt is nil for a member that is not blocked.
	BlockedAt *time.Time
	// Values stand in the order of the schema's fields; that of the field id is ID again.
	Values []member.Value
}

// Member returns one member. ErrNotFound: there is none of that id.
func (db *DB) Member(ctx context.Context, t tenant.ID, s *member.Schema, id int64) (m Member, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		m, err = getMember(ctx, tx, t, s, id)
		return err
	})
	if err != nil {
		return Member{}, fmt.Errorf("member %d: %w", id, err)
	}
	return m, nil
}

func getMember(ctx context.Context, tx pgx.Tx, t tenant.ID, s *member.Schema, id int64) (Member, error) {
	found, err := readMembers(ctx, tx, s, `m.tenant_id = $1 and m.id = $2`, t, id)
	if err != nil {
		return Member{}, err
	}
	if len(found) == 0 {
		return Member{}, ErrNotFound
	}
	return found[0], nil
}

// readMembers reads the members m that the rest of the statement names.
func readMembers(ctx context.Context, tx pgx.Tx, s *member.Schema, where string, args ...any) ([]Member, error) {
	fields := s.Fields()
	members := []Member{}
	l := loader{fields: fields, extras: []extra{{`m.kind`, func(_ *member.Record, raw []byte) error {
		members = append(members, Member{Kind: member.Kind(raw)})
		return nil
	}}, {`m.blocked_at`, func(_ *member.Record, raw []byte) error {
		if raw == nil {
			return nil
		}
		micros, err := readInt64(raw)
		members[len(members)-1].BlockedAt = new(time.UnixMicro(micros + epochMicros).UTC())
		return err
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
	rows, err := tx.Query(ctx, `select l.name, m.id, m.version, `+strings.Join(names, ", ")+`, m.kind, m.blocked_at from member m
		join member_list l on l.tenant_id = m.tenant_id and l.id = m.list_id where `+where,
		append([]any{pgx.QueryExecModeCacheDescribe, pgx.QueryResultFormats{pgx.BinaryFormatCode}}, args...)...)
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
