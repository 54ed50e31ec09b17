package postgres

import (
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
)

// load reads what the rows need to know: the members that they match, who has the unique values that they claim, and
// the opt-outs that are remembered of their contacts.
func (m *merging) load() error {
	if err := m.loadMembers(); err != nil {
		return fmt.Errorf("find members: %w", err)
	}
	if err := m.loadHolders(); err != nil {
		return fmt.Errorf("find unique values: %w", err)
	}
	if err := m.loadOptOuts(); err != nil {
		return fmt.Errorf("find opt-outs: %w", err)
	}
	return nil
}

// named are the arguments of the statements of a chunk.
func (m *merging) named() pgx.NamedArgs {
	return pgx.NamedArgs{"tenant": m.tenant, "list": m.work.Import.ListID, "import": m.work.Import.ID, "started": *m.work.Import.StartedAt}
}

func (m *merging) loadMembers() error {
	l, w := m.layout, m.work
	m.loaded = loader{fields: w.Plan.Fields, stored: l.stored, custom: l.custom, extras: l.extras()}
	if w.AllNew {
		return nil
	}
	keys := m.keys()
	args := m.named()
	args["keys"], args["field"] = keys, w.Plan.KeyField().Key
	rows, err := m.tx.Query(m.ctx, l.selectMatches(w.locks), pgx.QueryResultFormats{pgx.BinaryFormatCode}, args)
	if err != nil {
		return err
	}
	if err := m.loaded.read(rows, len(keys)); err != nil {
		return err
	}
	for i := range m.loaded.records {
		r, key := &m.loaded.records[i], m.loaded.keys[i]
		if l.uniqueKey() && m.batch.Members[key] != nil {
			return fmt.Errorf("several members have the unique key %q", key)
		}
		r.Next = m.batch.Members[key]
		m.batch.Members[key] = r
		if w.Plan.KeyField().Key == "id" {
			r.Values[w.Plan.Key] = member.TextValue(key)
		}
	}
	return nil
}

// doubt looks up the keys of the failed rows where those of the chunk were taken to be new: a row that would fail to create
// a member may well change one, or be skipped for it, and as it is not written no index tells.
func (m *merging) doubt(failed []member.Row) error {
	if !m.work.AllNew {
		return nil
	}
	keys := make([]string, 0, len(failed))
	for i := range failed {
		if key := failed[i].Key; key != "" {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	args := m.named()
	args["keys"], args["field"] = keys, m.work.Plan.KeyField().Key
	var known bool
	if err := m.tx.QueryRow(m.ctx, m.layout.selectKnown(), args).Scan(&known); err != nil {
		return fmt.Errorf("find members of failed rows: %w", err)
	}
	if known {
		return errChanged
	}
	return nil
}

// keys returns the keys of the rows that have one, each once. That of a row that fails is among them where its member
// must be known.
func (m *merging) keys() []string {
	keys := make([]string, 0, len(m.rows))
	first := m.work.Plan.Rules.Duplicates == member.DuplicatesFirst
	for i := range m.rows {
		r := &m.rows[i]
		if r.Key == "" || r.Failed() && !first && !m.marks() {
			continue
		}
		if _, seen := m.batch.Members[r.Key]; seen {
			continue
		}
		m.batch.Members[r.Key] = nil
		keys = append(keys, r.Key)
	}
	return keys
}

// loadHolders finds the members that have values of unique fields which the rows claim.
func (m *merging) loadHolders() error {
	p := m.work.Plan
	if len(p.Uniques()) == 0 {
		return nil
	}
	m.batch.Holders = map[member.Holding]int64{}
	for _, field := range p.Uniques() {
		f := &p.Fields[field]
		values := map[string]struct{}{}
		for i := range m.rows {
			if r := &m.rows[i]; r.Actions[field] == member.Set {
				values[member.KeyOf(f, r.Values[field])] = struct{}{}
			}
		}
		if len(values) == 0 {
			continue
		}
		args := m.named()
		args["values"], args["field"] = slices.Collect(maps.Keys(values)), f.Key
		rows, err := m.tx.Query(m.ctx, m.layout.selectHolders(f), args)
		if err != nil {
			return err
		}
		var value string
		var id int64
		if _, err := pgx.ForEachRow(rows, []any{&value, &id}, func() error {
			m.batch.Holders[member.Holding{Field: field, Value: value}] = id
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// loadOptOuts finds the opt-outs of the contacts that the rows give and the members have. It comes behind the members:
// the opt-outs of one who was deleted meanwhile are there by then.
func (m *merging) loadOptOuts() error {
	var guarded bool
	err := m.tx.QueryRow(m.ctx, `select exists (select from opt_out where tenant_id = $1 and list_id = $2)`, m.tenant, m.work.Import.ListID).Scan(&guarded)
	if err != nil || !guarded {
		return err
	}
	possible := map[member.OptOut]struct{}{}
	for i := range m.rows {
		for o := range m.work.Plan.OptOuts(m.rows[i].Values) {
			possible[o] = struct{}{}
		}
	}
	for i := range m.loaded.records {
		for o := range m.work.Plan.OptOuts(m.loaded.records[i].Values) {
			possible[o] = struct{}{}
		}
	}
	if len(possible) == 0 {
		return nil
	}
	fields, contacts := make([]string, 0, len(possible)), make([]string, 0, len(possible))
	for o := range possible {
		fields, contacts = append(fields, o.Field), append(contacts, o.Contact)
	}
	rows, err := m.tx.Query(m.ctx, `select o.field, o.contact from unnest($3::text[], $4::text[]) k(field, contact), lateral (
		select field, contact from opt_out where tenant_id = $1 and list_id = $2 and field = k.field and contact = k.contact offset 0) o`,
		m.tenant, m.work.Import.ListID, fields, contacts)
	if err != nil {
		return err
	}
	m.batch.OptedOut = map[member.OptOut]struct{}{}
	var o member.OptOut
	_, err = pgx.ForEachRow(rows, []any{&o.Field, &o.Contact}, func() error {
		m.batch.OptedOut[o] = struct{}{}
		return nil
	})
	return err
}
