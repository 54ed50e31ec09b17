package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/e2e/oracle"
	"github.com/meibo/meibo/internal/member"
)

// The members of the oracle and the rows of the table.

// memberColumns are all columns of the table that can be written.
const memberColumns = `tenant_id, list_id, id, created_at, updated_at, last_seen_at, version, bounce_count, register_date, birthday, sex, device,
	carrier, is_active, is_subscriber, is_subscriber_sms, is_subscriber_line, is_subscriber_pn, is_subscriber_messenger, kind, member_sn, name,
	first_name, last_name, email, phone, line_id, crm_pk, google_id, facebook_id, messenger_psid, apns_token, fcm_token, register_type,
	member_level, city, country, iso_code, tags, import_tags, custom, provisional, contact_verified, blocked_at`

// insert stores members as they are.
func (h *house) insert(ctx context.Context, s *member.Schema, members []oracle.Member) error {
	rows := make([]map[string]any, 0, len(members))
	for n := range members {
		m := &members[n]
		row := map[string]any{
			"tenant_id": h.tenant, "list_id": h.list, "id": m.ID, "kind": m.Kind, "version": m.Version, "created_at": m.CreatedAt, "updated_at": m.UpdatedAt,
			"provisional": m.Provisional, "contact_verified": !m.Unverified,
		}
		if !m.LastSeenAt.IsZero() {
			row["last_seen_at"] = m.LastSeenAt
		}
		if m.Blocked {
			row["blocked_at"] = m.UpdatedAt
		}
		custom := map[string]any{}
		for _, f := range s.Fields() {
			switch v := m.Values[f.Key]; {
			case !v.Set:
			case f.Custom:
				custom[f.Key] = v.Any(f.Type)
			default:
				row[f.Key] = v.Any(f.Type)
			}
		}
		if len(custom) > 0 {
			row["custom"] = custom
		}
		rows = append(rows, row)
	}
	for _, line := range indexOf(s, members) {
		var field, value string
		var id int64
		if _, err := fmt.Sscanf(line, "%s %s %d", &field, &value, &id); err != nil {
			return err
		}
		f, _ := s.Field(field)
		_, err := h.sql.Exec(ctx, `insert into member_key (tenant_id, list_id, field, value, member_id, is_unique) values ($1, $2, $3, $4, $5, $6)`,
			h.tenant, h.list, field, value, id, f.Unique)
		if err != nil {
			return err
		}
	}
	_, err := h.sql.Exec(ctx, `insert into member (`+memberColumns+`) select `+memberColumns+` from jsonb_populate_recordset(null::member, $1)`, rows)
	return err
}

// state reads all members of the list, and what is remembered of those who opted out.
func (h *house) state(ctx context.Context, s *member.Schema) (members []oracle.Member, optOuts []oracle.OptOut, err error) {
	var texts, remembered []byte
	err = h.sql.QueryRow(ctx, `select (select coalesce(jsonb_agg(to_jsonb(m) order by m.id), '[]') from member m where tenant_id = $1 and list_id = $2),
		(select coalesce(jsonb_agg(jsonb_build_object('Field', field, 'Contact', contact) order by field collate "C", contact collate "C"), '[]')
			from opt_out where tenant_id = $1 and list_id = $2)`, h.tenant, h.list).Scan(&texts, &remembered)
	if err != nil {
		return nil, nil, err
	}
	if err := json.Unmarshal(remembered, &optOuts); err != nil {
		return nil, nil, err
	}
	var rows []map[string]any
	d := json.NewDecoder(bytes.NewReader(texts))
	d.UseNumber()
	if err := d.Decode(&rows); err != nil {
		return nil, nil, err
	}
	for _, row := range rows {
		m, err := fromRow(s, row)
		if err != nil {
			return nil, nil, err
		}
		members = append(members, m)
	}
	return members, optOuts, nil
}

// index reads the index of custom fields, as indexOf gives it.
func (h *house) index(ctx context.Context) ([]string, error) {
	rows, err := h.sql.Query(ctx, `select concat_ws(' ', field, value, member_id) from member_key where tenant_id = $1 and list_id = $2`, h.tenant, h.list)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// indexOf is what the index must have of the members: custom fields that are keys or unique, which are words here.
func indexOf(s *member.Schema, members []oracle.Member) (lines []string) {
	for n := range members {
		for _, f := range s.Fields() {
			if v := members[n].Values[f.Key]; f.Custom && (f.MergeKey || f.Unique) && v.Set {
				lines = append(lines, fmt.Sprintf("%s %s %d", f.Key, v.Text, members[n].ID))
			}
		}
	}
	return lines
}

// fromRow reads a row of the table as JSON has it.
func fromRow(s *member.Schema, row map[string]any) (oracle.Member, error) {
	m := oracle.Member{Kind: member.Kind(row["kind"].(string)), Values: map[string]member.Value{}}
	m.Provisional, m.Unverified, m.Blocked = row["provisional"] == true, row["contact_verified"] != true, row["blocked_at"] != nil
	var version int64
	for to, column := range map[*int64]string{&m.ID: "id", &version: "version"} {
		n, err := row[column].(json.Number).Int64()
		if err != nil {
			return m, err
		}
		*to = n
	}
	m.Version = int(version)
	for to, column := range map[*time.Time]string{&m.CreatedAt: "created_at", &m.UpdatedAt: "updated_at", &m.LastSeenAt: "last_seen_at"} {
		if row[column] == nil {
			continue
		}
		t, err := time.Parse(time.RFC3339Nano, row[column].(string))
		if err != nil {
			return m, err
		}
		*to = t
	}
	custom, _ := row["custom"].(map[string]any)
	for _, f := range s.Fields() {
		from := row
		if f.Custom {
			from = custom
		}
		if f.Type == member.DateTime && !f.Custom || f.Key == "id" || from[f.Key] == nil {
			continue
		}
		v, err := fromColumn(&f, from[f.Key])
		if err != nil {
			return m, fmt.Errorf("%s: %w", f.Key, err)
		}
		m.Values[f.Key] = v
	}
	return m, nil
}

func fromColumn(f *member.Field, stored any) (member.Value, error) {
	switch v := stored.(type) {
	case bool:
		return member.BoolValue(v), nil
	case json.Number:
		if f.Type != member.Choice {
			return member.TextValue(v.String()), nil
		}
		n, err := v.Int64()
		return member.IntValue(n), err
	case string:
		if f.Type != member.Date {
			return member.TextValue(v), nil
		}
		day, err := time.Parse(time.DateOnly, v)
		return member.DateValue(day), err
	case []any:
		items := make([]string, len(v))
		for n := range v {
			items[n] = fmt.Sprint(v[n])
		}
		return member.ListValue(items), nil
	}
	return member.Value{}, fmt.Errorf("%T %v in a column", stored, stored)
}

// lines are the members, one a line.
func lines(s *member.Schema, members []oracle.Member, start time.Time) []string {
	out := make([]string, len(members))
	for n := range members {
		out[n] = members[n].Line(s, start)
	}
	return out
}

// difference shows the lines that only one of both has; "" where there are none.
func difference(got, want []string) string {
	var b strings.Builder
	for _, line := range want {
		if !slices.Contains(got, line) {
			fmt.Fprintf(&b, "  want %s\n", line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			fmt.Fprintf(&b, "  got  %s\n", line)
		}
	}
	if b.Len() == 0 && len(got) != len(want) {
		return fmt.Sprintf("  %d lines, want %d\n", len(got), len(want))
	}
	return b.String()
}
