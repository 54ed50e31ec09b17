package postgres

import (
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
)

// What a chunk changes stands in the journal as it was before and as it is then, by field, so that undoing the import can
// tell its own changes from later ones. Members that the import created need no entry: their ids tell them. One that it
// changes again has one with its version, by which undo sees whether anybody else changed it since.

const (
	actCreated = "created"
	actUpdated = "updated"
)

// journalColumns are the columns of the entries, in the order in which appendJournal writes them.
const journalColumns = `journal (tenant_id, import_id, member_id, created_at, row_number, version, act, before, after)`

// journal writes the entries of the members that the chunk changed, and of those that it created and changed again. A database
// that is not migrated yet keeps none: what starts there is not undone.
func (m *merging) journal() error {
	if !slices.ContainsFunc(m.loaded.records, func(r member.Record) bool { return r.Dirty }) && !slices.ContainsFunc(m.batch.Created, changedAgain) {
		return nil
	}
	return ifMigrated(m.ctx, m.tx, func(pgx.Tx) error { return m.copyTo(journalColumns, m.appendJournal) })
}

func (m *merging) appendJournal(b []byte) ([]byte, error) {
	i := m.work.Import
	prefix := appendBigint(appendInt16(nil, 9), int64(m.tenant))
	prefix = append(appendInt32(prefix, 16), i.ID[:]...)
	for _, r := range m.batch.Created {
		if changedAgain(r) {
			b = appendOwn(append(b, prefix...), r, *i.StartedAt)
		}
	}
	var before, after []byte
	for n := range m.loaded.records {
		r := &m.loaded.records[n]
		if !r.Dirty {
			continue
		}
		b = append(b, prefix...)
		if m.batch.Own(r) {
			b = appendOwn(b, r, *i.StartedAt)
			continue
		}
		b = appendInteger(appendBigint(appendTime(appendBigint(b, r.ID), *i.StartedAt), r.Row), r.Version)
		before, after = append(before[:0], jsonbVersion, '{'), append(after[:0], jsonbVersion, '{')
		for f := range r.Before {
			if old, now := &r.Before[f], &r.Values[f]; !old.Equal(*now) {
				field := &m.work.Plan.Fields[f]
				before, after = appendMember(before, field, old), appendMember(after, field, now)
			}
		}
		if r.Tagged {
			tags := member.Field{Key: "import_tags", Type: member.Tags}
			now, old := member.ListValue(r.ImportTags), member.Value{}
			if len(r.TagsBefore) > 0 {
				old = member.ListValue(r.TagsBefore)
			}
			before, after = appendMember(before, &tags, &old), appendMember(after, &tags, &now)
		}
		b = appendText(b, actUpdated)
		for _, object := range [...][]byte{before, after} {
			b = append(append(appendInt32(b, len(object)+1), object...), '}')
		}
	}
	return b, nil
}

// changedAgain reports whether a row behind the one that created the member changed it, in the same chunk.
func changedAgain(r *member.Record) bool { return r.Version > 1 }

// appendOwn appends the entry of a member that the import created, but for what all entries begin with.
func appendOwn(b []byte, r *member.Record, start time.Time) []byte {
	b = appendInteger(appendBigint(appendTime(appendBigint(b, r.ID), start), r.Row), r.Version)
	return appendInt32(appendInt32(appendText(b, actCreated), -1), -1)
}

// appendMember appends a field to a JSON object that is not closed yet.
func appendMember(b []byte, f *member.Field, v *member.Value) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(appendString(b, f.Key), ':')
	switch value := v.Any(f.Type).(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, value)
	case int64:
		return strconv.AppendInt(b, value, 10)
	case []string:
		b = append(b, '[')
		for n, item := range value {
			if n > 0 {
				b = append(b, ',')
			}
			b = appendString(b, item)
		}
		return append(b, ']')
	default:
		return appendString(b, value.(string))
	}
}

// appendString appends a JSON string (RFC 8259, section 7) of valid UTF-8.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		if from = i + 1; c < ' ' {
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		} else {
			b = append(b, '\\', c)
		}
	}
	return append(append(b, s[from:]...), '"')
}
