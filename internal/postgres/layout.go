package postgres

import (
	"strings"

	"github.com/meibo/meibo/internal/member"
)

// layout is how the fields of a plan lie in the tables: a standard field is a column of its name, the custom ones
// share one of JSON. What else a batch needs of a member is selected behind them.
type layout struct {
	plan *member.Plan
	// stored and custom are indexes in plan.Fields.
	stored, custom []int
	// indexed are the custom fields whose values member_key finds.
	indexed []int
	dry     bool
}

func newLayout(p *member.Plan, dry bool) *layout {
	l := &layout{plan: p, dry: dry}
	for i := range p.Fields {
		switch f := &p.Fields[i]; {
		case f.Custom:
			l.custom = append(l.custom, i)
			if f.MergeKey || f.Unique {
				l.indexed = append(l.indexed, i)
			}
		case f.Key != "id":
			l.stored = append(l.stored, i)
		}
	}
	return l
}

// columns returns the names of the stored columns, each behind the prefix.
func (l *layout) columns(prefix string) string {
	names := make([]string, 0, len(l.stored)+1)
	for _, i := range l.stored {
		names = append(names, prefix+l.plan.Fields[i].Key)
	}
	if len(l.custom) > 0 {
		names = append(names, prefix+`custom`)
	}
	return strings.Join(names, ", ")
}

// uniqueKey reports whether at most one member has a key.
func (l *layout) uniqueKey() bool { return l.plan.KeyField().Unique }

// selectMatches reads, for each key of @keys, the members that have it. LATERAL with OFFSET 0 keeps it at one index
// lookup per key: without statistics the planner might scan the whole table for every chunk. A dry run sees what it has
// made of members in place of what is stored. lock keeps the members as they are until the transaction ends.
func (l *layout) selectMatches(lock bool) string {
	selected := `select m.id, m.version, ` + l.columns(`m.`)
	if len(l.stored)+len(l.custom) == 0 {
		selected = `select m.id, m.version`
	}
	for _, e := range l.extras() {
		selected += `, ` + e.sql
	}
	kind := ``
	switch rules := &l.plan.Rules; {
	case rules.Key == "member_sn": // which no lead has
	case rules.Kind == member.KindMember || rules.Mode == member.Delete:
		kind = ` and m.kind = '` + string(rules.Kind) + `'`
	}
	stored := selected + l.fromKey() + kind
	if l.dry {
		stored += ` and not exists (select from member_shadow s where s.tenant_id = @tenant and s.import_id = @import and s.id = m.id)
			union all ` + selected + ` from member_shadow m where m.tenant_id = @tenant and m.import_id = @import and m.merge_key = k.key and not m.gone`
	}
	stored += ` offset 0`
	if lock && !l.dry {
		stored += ` for update of m`
	}
	return `select k.key, m.* from unnest(@keys::text[]) k(key), lateral (` + stored + `) m`
}

// selectKnown tells whether any member has one of @keys.
func (l *layout) selectKnown() string {
	return `select exists (select from unnest(@keys::text[]) k(key), lateral (select m.id` + l.fromKey() + ` offset 0) m)`
}

// fromKey finds the members m of the list that have the key k.key.
func (l *layout) fromKey() string {
	f := l.plan.KeyField()
	switch {
	case f.Custom:
		return ` from member_key x join member m on m.tenant_id = @tenant and m.id = x.member_id
			where x.tenant_id = @tenant and x.list_id = @list and x.field = @field and x.value = k.key`
	case f.Key == "id":
		return ` from member m where m.tenant_id = @tenant and m.id = k.key::bigint and m.list_id = @list`
	case f.Type == member.Email:
		return ` from member m where m.tenant_id = @tenant and m.list_id = @list and m.email_key = k.key`
	}
	return ` from member m where m.tenant_id = @tenant and m.list_id = @list and m.` + f.Key + ` = k.key`
}

// extra is what a batch needs of a member beside its fields: the expression over m, and what takes its binary form.
type extra struct {
	sql  string
	read func(r *member.Record, raw []byte) error
}

func (l *layout) extras() (extras []extra) {
	rules := &l.plan.Rules
	if rules.Kind == member.KindLead {
		extras = append(extras, extra{`m.kind = 'lead'`, func(r *member.Record, raw []byte) (err error) {
			r.Lead, err = readBool(raw)
			return err
		}})
	}
	if !l.uniqueKey() {
		extras = append(extras, extra{`coalesce(m.last_seen_at, '-infinity')`, func(r *member.Record, raw []byte) (err error) {
			r.LastSeen, err = readInt64(raw)
			return err
		}})
	}
	if rules.ImportTag != "" {
		extras = append(extras, extra{`m.import_tags`, func(r *member.Record, raw []byte) (err error) {
			if raw != nil {
				r.ImportTags, err = readTextArray(raw)
			}
			return err
		}})
	}
	if rules.Duplicates == member.DuplicatesFirst {
		extras = append(extras, extra{`exists (select from import_seen x where x.tenant_id = @tenant and x.import_id = @import and x.member_id = m.id
			and x.row_ordinal is not null)`, func(r *member.Record, raw []byte) (err error) {
			r.Seen, err = readBool(raw)
			return err
		}})
	}
	return extras
}

// insertColumns are the columns of the new members, in the order in which appendCreated writes them.
func (l *layout) insertColumns() string {
	table, more := `member`, ``
	if l.dry {
		table, more = `member_shadow`, `, import_id, merge_key`
	}
	for _, name := range l.createdColumns() {
		more += `, ` + name
	}
	return table + ` (tenant_id, list_id, created_at, updated_at, last_seen_at, version, id` + more + l.andColumns() + `)`
}

// createdColumns are those that only some imports write into new members.
func (l *layout) createdColumns() (names []string) {
	rules := &l.plan.Rules
	if rules.Kind == member.KindLead {
		names = append(names, `kind`)
	}
	if rules.Registration == member.Provisional {
		names = append(names, `provisional`)
	}
	if rules.ImportTag != "" {
		names = append(names, `import_tags`)
	}
	return names
}

func (l *layout) andColumns() string {
	if columns := l.columns(``); columns != "" {
		return `, ` + columns
	}
	return ``
}

// incomingColumns are the columns of the changed members, in the order in which appendChanged writes them.
func (l *layout) incomingColumns() string {
	more := ``
	if l.dry {
		more += `, merge_key, gone`
	}
	if l.plan.Rules.ImportTag != "" {
		more += `, touched, import_tags`
	}
	return `incoming (id, stored, version` + more + l.andColumns() + `)`
}

// updateFromIncoming gives changed members their new values, unless somebody else changed them since they
// were read. A dry run does so with their shadows.
func (l *layout) updateFromIncoming() string {
	sets := make([]string, 0, len(l.plan.Fields)+2)
	if l.plan.Rules.ImportTag != "" {
		sets = append(sets, `updated_at = case when i.touched then @started else m.updated_at end`, `import_tags = i.import_tags`)
	} else {
		sets = append(sets, `updated_at = @started`)
	}
	for _, i := range l.stored {
		// The key of a row is that of its member, but for the case of an e-mail address.
		if f := &l.plan.Fields[i]; i != l.plan.Key || f.Type == member.Email {
			sets = append(sets, f.Key+` = i.`+f.Key)
		}
	}
	if len(l.custom) > 0 {
		sets = append(sets, `custom = nullif(jsonb_strip_nulls(coalesce(m.custom, '{}') || i.custom), '{}')`)
	}
	set := ` set version = i.version, ` + strings.Join(sets, ", ") + ` from incoming i where m.tenant_id = @tenant and m.id = i.id`
	if l.dry {
		return `update member_shadow m` + set + ` and m.import_id = @import`
	}
	return `update member m` + set + ` and m.version = i.stored`
}

// memberColumns are the columns of member that can be copied into its shadow.
const memberColumns = `tenant_id, list_id, id, created_at, updated_at, last_seen_at, version, bounce_count, register_date, birthday, sex, device, ` +
	`carrier, is_active, is_subscriber, is_subscriber_sms, is_subscriber_line, is_subscriber_pn, is_subscriber_messenger, kind, ` +
	`member_sn, name, first_name, last_name, email, phone, line_id, crm_pk, google_id, facebook_id, messenger_psid, apns_token, fcm_token, ` +
	`register_type, member_level, city, country, iso_code, tags, import_tags, custom, provisional, contact_verified, blocked_at`

// shadowFromIncoming makes shadows of the changed members that have none yet. LATERAL as in selectMatches.
var shadowFromIncoming = `insert into member_shadow (` + memberColumns + `, import_id, merge_key, gone)
	select ` + `m.` + strings.Join(strings.Split(memberColumns, `, `), `, m.`) + `, @import, i.merge_key, i.gone
	from incoming i, lateral (select * from member where tenant_id = @tenant and id = i.id offset 0) m
	on conflict (tenant_id, import_id, id) do update set gone = excluded.gone`
