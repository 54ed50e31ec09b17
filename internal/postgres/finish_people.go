package postgres

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
)

// people are members and leads that a step has locked, by id, with the values of all fields.
type people struct {
	fields []member.Field
	// stored is the number of fields that have a column; behind them stand the custom ones.
	stored  int
	records []member.Record
	kinds   []string
	// custom are the values of custom fields as they are stored, of those that the list does not have any more, too.
	custom []map[string]json.RawMessage
}

// lockPeople locks the members m that the rest of the statement names, and reads them.
func (f *finishing) lockPeople(where string, args ...any) (*people, error) {
	schema := f.job.Schema
	if schema == nil {
		schema = member.Standard()
	}
	p := &people{}
	var custom []member.Field
	var columns []string
	for _, field := range schema.Fields() {
		if field.Custom {
			custom = append(custom, field)
			continue
		}
		p.fields = append(p.fields, field)
		column := "m." + field.Key
		if field.Type == member.Number {
			column += "::text"
		}
		columns = append(columns, column)
	}
	p.stored = len(p.fields)
	rows, err := f.tx.Query(f.ctx, `select m.kind, m.id, m.version, `+strings.Join(columns, ", ")+`, m.custom::text from member m where `+where+` for update of m`,
		append([]any{pgx.QueryResultFormats{pgx.BinaryFormatCode}}, args...)...)
	if err != nil {
		return nil, err
	}
	// The custom values are read as one more field, behind the others.
	l := loader{fields: append(p.fields[:p.stored:p.stored], member.Field{Key: "custom", Type: member.String})}
	for i := range l.fields {
		l.stored = append(l.stored, i)
	}
	if err := l.read(rows, finishBatch); err != nil {
		return nil, err
	}
	p.fields = append(p.fields, custom...)
	p.records, p.kinds = l.records, l.keys
	return p, p.readCustom()
}

// readCustom puts the custom values behind the others.
func (p *people) readCustom() error {
	p.custom = make([]map[string]json.RawMessage, len(p.records))
	for n := range p.records {
		r := &p.records[n]
		stored := r.Values[p.stored]
		r.Values = append(r.Values[:p.stored:p.stored], make([]member.Value, len(p.fields)-p.stored)...)
		if !stored.Set {
			continue
		}
		if err := json.Unmarshal([]byte(stored.Text), &p.custom[n]); err != nil {
			return fmt.Errorf("custom values of member %d: %w", r.ID, err)
		}
		for i := p.stored; i < len(p.fields); i++ {
			raw, ok := p.custom[n][p.fields[i].Key]
			if !ok {
				continue
			}
			var err error
			if r.Values[i], err = member.ParseJSON(p.fields[i].Type, raw); err != nil {
				return fmt.Errorf("field %s of member %d: %w", p.fields[i].Key, r.ID, err)
			}
		}
	}
	return nil
}

func (p *people) ids() []int64 {
	ids := make([]int64, len(p.records))
	for n := range p.records {
		ids[n] = p.records[n].ID
	}
	return ids
}

// optOuts are pairs of a consent field and a contact.
type optOuts struct{ fields, contacts []string }

// optOuts returns those that are forgotten with the people unless they are remembered.
func (p *people) optOuts() (o optOuts) {
	for n := range p.records {
		o.add(p.fields, nil, p.records[n].Values)
	}
	return o
}

// add adds the opt-outs of values that before, which may be nil, does not have.
func (o *optOuts) add(fields []member.Field, before, values []member.Value) {
	for i := range fields {
		if !fields[i].Consent || !values[i].Set || values[i].Bool() {
			continue
		}
		for _, contact := range fields[i].Contacts {
			c := slices.IndexFunc(fields, func(f member.Field) bool { return f.Key == contact })
			if c < 0 || !values[c].Set {
				continue
			}
			key := member.KeyOf(&fields[c], values[c])
			if before != nil && before[i].Equal(values[i]) && member.KeyOf(&fields[c], before[c]) == key {
				continue
			}
			o.fields, o.contacts = append(o.fields, fields[i].Key), append(o.contacts, key)
		}
	}
}
