package postgres

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
)

// unifyPairs finds, for each of the next leads of the list $3, the member that it becomes part of: of those that a row of
// the import $2 made or matched and that share a contact with the lead, the one of the lowest row. Ids from $4 to $5 are
// the import's own. Leads are those up to its ids that are verified and not blocked. Members are found for all of the
// leads at once: without statistics, which a list that was just filled does not have, a search for each might go through
// the whole list.
const unifyPairs = `with l as materialized (%leads%), c as materialized (%candidates%), s as materialized (
		select member_id, row_ordinal from import_seen
		where tenant_id = $1 and import_id = $2 and member_id = any(array(select id from c)) and row_ordinal is not null
	), r as materialized (
		select c.*, case when c.id between $4 and $5 then c.id - $4 else s.row_ordinal end as ordinal from c left join s on s.member_id = c.id
		where c.id between $4 and $5 or s.row_ordinal is not null
	), p as materialized (
		select distinct on (lead_id) lead_id, id from (
			select l.id as lead_id, r.id, r.ordinal from l join r on r.email_key = l.email_key
			union all select l.id, r.id, r.ordinal from l join r on r.phone = l.phone) x
		order by lead_id, ordinal, id
	) select l.id, coalesce(p.id, 0) from l left join p on p.lead_id = l.id order by l.id`

const (
	leadCondition = `kind = 'lead' and id > $6 and id <= $5 and contact_verified and blocked_at is null order by id limit $7`
	storedLeads   = `select id, email_key, phone from member where tenant_id = $1 and list_id = $3 and ` + leadCondition
	byAddress     = `kind = 'member' and email_key = any(array(select email_key from l))`
	byNumber      = `kind = 'member' and phone = any(array(select phone from l))`
	storedBy      = `select id, email_key, phone from member where tenant_id = $1 and list_id = $3 and `
	// What a dry run has made of a member stands in its shadow.
	unshadowed = ` and not exists (select from member_shadow w where w.tenant_id = $1 and w.import_id = $2 and w.id = member.id offset 0)`
	shadowBy   = `select id, email_key, phone from member_shadow where tenant_id = $1 and import_id = $2 and not gone and `
	dryLeads   = `select id, email_key, phone from (
		(select id, email_key, phone from member where tenant_id = $1 and list_id = $3` + unshadowed + ` and ` + leadCondition + `)
		union all
		(select id, email_key, phone from member_shadow where tenant_id = $1 and import_id = $2 and not gone and ` + leadCondition + `)) l
		order by id limit $7`
)

var (
	unifyPairsStored = strings.NewReplacer(`%leads%`, storedLeads, `%candidates%`,
		storedBy+byAddress+` union `+storedBy+byNumber).Replace(unifyPairs)
	unifyPairsDry = strings.NewReplacer(`%leads%`, dryLeads, `%candidates%`,
		storedBy+byAddress+unshadowed+` union `+storedBy+byNumber+unshadowed+` union `+
			shadowBy+byAddress+` union `+shadowBy+byNumber).Replace(unifyPairs)
)

// pair is a lead and the member that it becomes part of; 0 for none.
type pair struct{ lead, member int64 }

// unify lets the next leads become part of members. A dry run counts them, and keeps them from being counted as removed.
func (f *finishing) unify() error {
	if !f.job.WithLeads {
		f.next(stepCount)
		return nil
	}
	dry := f.job.Options.DryRun
	sql := unifyPairsStored
	if dry {
		sql = unifyPairsDry
	}
	rows, err := f.tx.Query(f.ctx, sql, f.tenant, f.job.ID, f.job.ListID, f.job.FirstID, f.end()-1, f.position, finishBatch)
	if err != nil {
		return err
	}
	pairs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p pair, err error) {
		err = row.Scan(&p.lead, &p.member)
		return p, err
	})
	if err != nil {
		return err
	}
	if len(pairs) < finishBatch {
		f.next(stepCount)
	} else {
		f.position = pairs[len(pairs)-1].lead
	}
	pairs = slices.DeleteFunc(pairs, func(p pair) bool { return p.member == 0 })
	if dry {
		return f.pretend(pairs)
	}
	return f.unite(pairs)
}

func (f *finishing) pretend(pairs []pair) error {
	leads := make([]int64, len(pairs))
	for n, p := range pairs {
		leads[n] = p.lead
	}
	_, err := f.tx.Exec(f.ctx, `insert into import_seen (tenant_id, import_id, member_id) select $1, $2, unnest($3::bigint[]) on conflict do nothing`,
		f.tenant, f.job.ID, leads)
	if err != nil {
		return err
	}
	return f.add("unified", int64(len(leads)))
}

// unite locks leads and members in order of id and writes what becomes of them. A pair that somebody has changed meanwhile,
// so that it has no contact in common any more, is left as it is.
func (f *finishing) unite(pairs []pair) error {
	if len(pairs) == 0 {
		return nil
	}
	ids := make([]int64, 0, 2*len(pairs))
	for _, p := range pairs {
		ids = append(ids, p.lead, p.member)
	}
	all, err := f.lockPeople(`m.tenant_id = $1 and m.id = any($2) order by m.id`, f.tenant, ids)
	if err != nil {
		return err
	}
	u := uniting{people: all, place: make(map[int64]int, len(all.records))}
	for n := range all.records {
		u.place[all.records[n].ID] = n
	}
	for _, p := range pairs {
		u.unite(p)
	}
	if len(u.leads) == 0 {
		return nil
	}
	if err := f.writeUnion(&u); err != nil {
		return err
	}
	return f.add("unified", int64(len(u.leads)))
}

// uniting is what comes of one batch of pairs.
type uniting struct {
	*people
	place map[int64]int // in records, by id
	// leads are gone, each into the member of into beside it.
	leads, into []int64
	// moved are the values of custom key fields that went from a lead to a member.
	movedFields        []string
	movedFrom, movedTo []int64
	optOuts            optOuts
}

// unite lets one lead become part of its member, on top of what other leads have made of it.
func (u *uniting) unite(p pair) {
	n, isLead := u.place[p.lead]
	to, isMember := u.place[p.member]
	if !isLead || !isMember || u.kinds[n] != string(member.KindLead) || u.kinds[to] != string(member.KindMember) {
		return
	}
	lead, m := &u.records[n], &u.records[to]
	if !member.SharesContact(u.fields, lead.Values, m.Values) {
		return
	}
	values := member.Unify(u.fields, m.Values, lead.Values)
	u.optOuts.add(u.fields, nil, lead.Values)
	u.optOuts.add(u.fields, m.Values, values)
	for i := u.stored; i < len(u.fields); i++ {
		if fd := &u.fields[i]; !m.Values[i].Set && values[i].Set && (fd.MergeKey || fd.Unique) {
			u.movedFields, u.movedFrom, u.movedTo = append(u.movedFields, fd.Key), append(u.movedFrom, p.lead), append(u.movedTo, p.member)
		}
	}
	for key, raw := range u.custom[n] {
		if _, has := u.custom[to][key]; !has {
			if u.custom[to] == nil {
				u.custom[to] = map[string]json.RawMessage{}
			}
			u.custom[to][key], m.Dirty = raw, true
		}
	}
	m.Dirty = m.Dirty || !slices.EqualFunc(values, m.Values, member.Value.Equal)
	m.Values = values
	u.leads, u.into = append(u.leads, p.lead), append(u.into, p.member)
}

// changed returns the ids of the members that changed, and their columns as a JSON array of objects.
func (u *uniting) changed() (ids []int64, rows []map[string]any) {
	for n := range u.records {
		r := &u.records[n]
		if !r.Dirty {
			continue
		}
		row := map[string]any{"id": r.ID}
		custom := map[string]any{}
		for key, raw := range u.custom[n] {
			custom[key] = raw
		}
		for i := range u.fields {
			switch v := r.Values[i]; {
			case i < u.stored && u.fields[i].Key != "id":
				row[u.fields[i].Key] = v.Any(u.fields[i].Type)
			case i >= u.stored && v.Set:
				custom[u.fields[i].Key] = v.Any(u.fields[i].Type)
			}
		}
		if len(custom) > 0 {
			row["custom"] = custom
		}
		ids, rows = append(ids, r.ID), append(rows, row)
	}
	return ids, rows
}

// flat are the fields of the member m as the journal has them, each under its key.
const flat = `to_jsonb(m) - '{custom,version,updated_at,email_key}'::text[] || coalesce(m.custom, '{}')`

// writeUnion deletes the leads and writes the members; both stand in the journal, as rows of the import would.
func (f *finishing) writeUnion(u *uniting) error {
	ids, rows := u.changed()
	sets := []string{"custom = r.custom"}
	for _, field := range u.fields[:u.stored] {
		if field.Key != "id" && field.Key != "updated_at" {
			sets = append(sets, field.Key+" = r."+field.Key)
		}
	}
	start := *f.job.StartedAt
	var b pgx.Batch
	b.Queue(`with gone as (delete from member where tenant_id = $1 and id = any($3) returning *)
		insert into journal (tenant_id, import_id, member_id, version, act, before, after, created_at)
		select tenant_id, $2, id, version, 'unified', to_jsonb(gone), jsonb_build_object('member_id', into_id), $5
		from gone join unnest($3::bigint[], $4::bigint[]) p(lead_id, into_id) on id = lead_id`, f.tenant, f.job.ID, u.leads, u.into, start)
	b.Queue(`update member_key k set member_id = v.to_id from unnest($2::text[], $3::bigint[], $4::bigint[]) v(field, from_id, to_id)
		where k.tenant_id = $1 and k.member_id = any($3) and k.member_id = v.from_id and k.field = v.field`, f.tenant, u.movedFields, u.movedFrom, u.movedTo)
	b.Queue(`delete from member_key where tenant_id = $1 and member_id = any($2)`, f.tenant, u.leads)
	b.Queue(`with old as materialized (select id, `+flat+` as fields from member m where tenant_id = $1 and id = any($4)),
		new as (update member m set updated_at = $2, version = m.version + 1, `+strings.Join(sets, ", ")+`
			from jsonb_populate_recordset(null::member, $3) r where m.tenant_id = $1 and m.id = any($4) and m.id = r.id
			returning m.id, m.version, `+flat+` as fields)
		insert into journal (tenant_id, import_id, member_id, version, created_at, act, before, after)
		select $1, $5, id, version, $2, case when id between $6 and $7 then 'created' else 'updated' end, d.before, d.after
		from old join new n using (id), lateral (
			select jsonb_object_agg(key, old.fields->key) as before, jsonb_object_agg(key, n.fields->key) as after
			from (select jsonb_object_keys(old.fields || n.fields) as key) k where coalesce(old.fields->key, 'null') <> coalesce(n.fields->key, 'null')) d`,
		f.tenant, start, rows, ids, f.job.ID, f.job.FirstID, f.end()-1)
	f.remember(&b, u.optOuts)
	return f.tx.SendBatch(f.ctx, &b).Close()
}
