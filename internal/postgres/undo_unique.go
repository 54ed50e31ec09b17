package postgres

import (
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
)

// wish is a value that a member is to be given and that another may have.
type wish struct {
	*undone
	field *member.Field
	value string
}

// uniqueWishes returns the unique values that are among what is to be written.
func (u *undoing) uniqueWishes(all []*undone) (wishes []wish) {
	fields := u.schema.Fields()
	for _, d := range all {
		for i := range fields {
			f := &fields[i]
			if _, written := d.Write[f.Key]; !written || !f.Unique || f.Key == "id" {
				continue
			}
			if text := d.Text(f.Key); text != "" {
				wishes = append(wishes, wish{d, f, member.KeyOf(f, member.TextValue(text))})
			}
		}
	}
	return wishes
}

// taken returns those of the wishes that cannot be fulfilled: another member has the value, or an earlier wish is for it.
// ahead looks ahead: who is to lose the value, or is to be removed, does not count. Of a field that is not unique only
// members that were made since the import began do: the others may have had the value beside this one before.
func (u *undoing) taken(wishes []wish, ahead bool) ([]wish, error) {
	var lost []wish
	for _, key := range fieldsOf(wishes) {
		var of []wish
		for _, w := range wishes {
			if w.field.Key == key {
				of = append(of, w)
			}
		}
		holders, err := u.holders(of)
		if err != nil {
			return nil, err
		}
		leaving := map[int64]bool{}
		if ahead {
			if leaving, err = u.leaving(of[0].field, holders); err != nil {
				return nil, err
			}
		}
		claimed := map[string]bool{}
		for _, w := range of {
			other := func(id int64) bool { return id != w.id && !leaving[id] && (w.field.Unique || id >= u.job.FirstID) }
			if slices.ContainsFunc(holders[w.value], other) || w.field.Unique && claimed[w.value] {
				lost = append(lost, w)
			} else {
				claimed[w.value] = true
			}
		}
	}
	return lost, nil
}

func fieldsOf(wishes []wish) (keys []string) {
	for _, w := range wishes {
		if !slices.Contains(keys, w.field.Key) {
			keys = append(keys, w.field.Key)
		}
	}
	return keys
}

// holders returns who has the values of the wishes, which are all for one field.
func (u *undoing) holders(wishes []wish) (map[string][]int64, error) {
	values := make([]string, len(wishes))
	for n, w := range wishes {
		values[n] = w.value
	}
	f := wishes[0].field
	column := f.Key
	if f.Type == member.Email {
		column = "email_key"
	}
	sql, args := `select m.`+column+`, m.id from unnest($3::text[]) k(value), lateral (
		select `+column+`, id from member where tenant_id = $1 and list_id = $2 and `+column+` = k.value offset 0) m`, []any{u.tenant, u.job.ListID, values}
	if f.Custom {
		sql, args = `select k.value, m.member_id from unnest($3::text[]) k(value), lateral (
			select member_id from member_key where tenant_id = $1 and list_id = $2 and field = $4 and value = k.value offset 0) m`, append(args, f.Key)
	}
	rows, err := u.tx.Query(u.ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	found := map[string][]int64{}
	var value string
	var id int64
	_, err = pgx.ForEachRow(rows, []any{&value, &id}, func() error { found[value] = append(found[value], id); return nil })
	return found, err
}

// leaving returns which holders of values of a field the undo takes them from.
func (u *undoing) leaving(f *member.Field, holders map[string][]int64) (map[int64]bool, error) {
	var own, others []int64
	for _, ids := range holders {
		for _, id := range ids {
			if u.own(id) {
				own = append(own, id)
			} else {
				others = append(others, id)
			}
		}
	}
	leaving := map[int64]bool{}
	if len(own) > 0 {
		rows, err := u.tx.Query(u.ctx, `select id, version from member where tenant_id = $1 and id = any($2)`, u.tenant, own)
		if err != nil {
			return nil, err
		}
		found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[versioned])
		if err != nil {
			return nil, err
		}
		edited, err := u.edited(found)
		if err != nil {
			return nil, err
		}
		for _, m := range found {
			leaving[m.ID] = !edited[m.ID]
		}
	}
	if len(others) == 0 {
		return leaving, nil
	}
	all, err := u.readJournal(others)
	if err == nil {
		ahead := *u
		ahead.dry = true // locks nobody
		err = ahead.readCurrent(all)
	}
	for _, d := range all {
		if d.Current != nil && d.row == nil {
			d.TakeBack(u.schema)
			_, leaving[d.id] = d.Write[f.Key]
		}
	}
	return leaving, err
}
