package postgres

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
)

// undone is a member in an import's journal, and what is to become of it.
type undone struct {
	member.Undo
	id int64
	// row is the whole member as it was when the import deleted it, nil where it did not.
	row member.Image
	// released are the unique values that the undo itself has taken away, to give them to others.
	released member.Image
	// left is the version in which the import left the member or deleted it, changes how many of its rows of the journal have
	// changed it.
	left, changes int32
	// columns tells the fields that have a column from the custom ones.
	columns member.Image
}

// nextMembers returns the ids of the next members in the journal that others than the import created, and goes on behind
// them; none are left where it returns none. acts restricts the rows that count.
func (u *undoing) nextMembers(acts ...string) ([]int64, error) {
	rows, err := u.tx.Query(u.ctx, `select distinct member_id from (select member_id from journal
			where tenant_id = $1 and import_id = $2 and created_at = $3 and member_id > $4 and (member_id < $5 or member_id >= $6)
				and act = any($8) order by member_id limit $7) m order by member_id`,
		u.tenant, u.job.ID, u.start(), u.position, u.job.FirstID, u.job.FirstID+u.job.Source.MaxRows, undoBatch, acts)
	if err != nil {
		return nil, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err == nil && len(ids) > 0 {
		u.position = ids[len(ids)-1]
	}
	return ids, err
}

// readJournal reads all that the import did to the members. Of a field that it changed more than once, the first value
// before and the last one after count.
func (u *undoing) readJournal(ids []int64) ([]*undone, error) {
	rows, err := u.tx.Query(u.ctx, `select member_id, act, row_number is null, coalesce(version, 0), before, after from journal
		where tenant_id = $1 and import_id = $2 and created_at = $3 and member_id = any($4)
		order by member_id, version nulls first`, u.tenant, u.job.ID, u.start(), ids)
	if err != nil {
		return nil, err
	}
	var all []*undone
	var id int64
	var act string
	var late bool
	var version int32
	var before, after member.Image
	_, err = pgx.ForEachRow(rows, []any{&id, &act, &late, &version, &before, &after}, func() error {
		if len(all) == 0 || all[len(all)-1].id != id {
			all = append(all, &undone{id: id, released: member.Image{}, Undo: member.Undo{Before: member.Image{}, After: member.Image{}}})
		}
		all[len(all)-1].add(act, late, before, after)
		all[len(all)-1].left = max(all[len(all)-1].left, version)
		before, after = nil, nil
		return nil
	})
	return all, err
}

func (d *undone) add(act string, late bool, before, after member.Image) {
	if act != actUpdated {
		d.row = before
		return
	}
	d.changes++
	for key, v := range before {
		if _, known := d.Before[key]; !known {
			d.Before[key] = v
		}
	}
	maps.Copy(d.After, after)
	for key, v := range after {
		if late && string(v) == "null" {
			d.released[key] = before[key]
		}
	}
}

// readCurrent reads those members as they are, and but for a dry run keeps them so.
func (u *undoing) readCurrent(all []*undone) error {
	ids, place := make([]int64, len(all)), make(map[int64]*undone, len(all))
	for n, d := range all {
		ids[n], place[d.id] = d.id, d
	}
	lock := ` for update`
	if u.dry {
		lock = ``
	}
	rows, err := u.tx.Query(u.ctx, `select id, to_jsonb(m) from member m where tenant_id = $1 and id = any($2) order by id`+lock, u.tenant, ids)
	if err != nil {
		return err
	}
	var id int64
	var row member.Image
	_, err = pgx.ForEachRow(rows, []any{&id, &row}, func() error {
		d := place[id]
		d.columns = row
		d.Current, err = flatten(row)
		row = nil
		return err
	})
	return err
}

// flatten returns the row with the custom fields beside the others.
func flatten(row member.Image) (member.Image, error) {
	flat := maps.Clone(row)
	delete(flat, "custom")
	if raw := row["custom"]; len(raw) > 0 {
		var custom member.Image
		if err := json.Unmarshal(raw, &custom); err != nil {
			return nil, fmt.Errorf("custom values: %w", err)
		}
		maps.Copy(flat, custom)
	}
	return flat, nil
}

// unflatten returns what is written as columns: of the custom fields, all that the member is to have.
func (d *undone) unflatten() (member.Image, error) {
	out, custom := member.Image{}, member.Image{}
	if raw := d.columns["custom"]; len(raw) > 0 {
		if err := json.Unmarshal(raw, &custom); err != nil {
			return nil, fmt.Errorf("custom values of member %d: %w", d.id, err)
		}
		if custom == nil {
			custom = member.Image{}
		}
	}
	changed := false
	for key, v := range d.Write {
		_, column := d.columns[key]
		switch {
		case column:
			out[key] = v
			continue
		case string(v) == "null":
			delete(custom, key)
		default:
			custom[key] = v
		}
		changed = true
	}
	if !changed {
		return out, nil
	}
	out["custom"] = json.RawMessage("null")
	if len(custom) > 0 {
		text, err := json.Marshal(custom)
		if err != nil {
			return nil, fmt.Errorf("custom values of member %d: %w", d.id, err)
		}
		out["custom"] = text
	}
	return out, nil
}
