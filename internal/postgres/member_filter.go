package postgres

import (
	"github.com/meibo/meibo/internal/member"
)

// filter is the condition that a filter says. Standard merge keys and custom fields that are keys or unique are answered by
// an index where they are compared by eq; everything else looks at the members of the list one after another.
func (w *memberWhere) filter(f *member.Filter) string {
	field := &f.Field
	if f.Op == member.OpEqual && field.Key != "id" && (field.MergeKey || field.Custom && field.Unique) {
		return w.keyed(field, member.KeyOf(field, f.Value))
	}
	e := w.expression(field)
	list := field.Type == member.List || field.Type == member.NumberList || field.Type == member.Tags
	switch f.Op {
	case member.OpEmpty, member.OpPresent:
		condition := e + ` is null`
		switch {
		case list && field.Custom:
			condition = `coalesce(` + e + `, '[]') = '[]'`
		case list:
			condition = `coalesce(` + e + `, '{}') = '{}'`
		}
		if f.Op == member.OpPresent {
			return `not (` + condition + `)`
		}
		return `(` + condition + `)`
	case member.OpContains:
		return contains(e, w.arg(f.Value.Text))
	case member.OpStarts:
		return w.starts(f, e)
	case member.OpAny, member.OpAll, member.OpNone:
		return w.items(f, e)
	case member.OpNotEqual:
		return `(` + e + ` is distinct from ` + w.value(f) + `)`
	}
	return `(` + e + ` ` + map[member.Op]string{member.OpEqual: `=`, member.OpGreater: `>`, member.OpAtLeast: `>=`, member.OpLess: `<`, member.OpAtMost: `<=`}[f.Op] + ` ` + w.value(f) + `)`
}

// expression is the value of a field of the member m, in the type in which it is compared.
func (w *memberWhere) expression(f *member.Field) string {
	if !f.Custom {
		if f.Type == member.Email {
			return `m.email_key`
		}
		return `m.` + f.Key
	}
	key := w.arg(f.Key)
	text := `(m.custom->>` + key + `::text)`
	switch f.Type {
	case member.Email:
		return `lower(` + text + ` collate "C")`
	case member.Number:
		return text + `::numeric`
	case member.Date:
		return text + `::date`
	case member.DateTime:
		return text + `::timestamptz`
	case member.Choice:
		return text + `::bigint`
	case member.Boolean:
		if f.Consent { // not asked is no
			return `coalesce(` + text + `::boolean, false)`
		}
		return text + `::boolean`
	case member.List, member.NumberList, member.Tags:
		return `(m.custom->` + key + `::text)`
	case member.String, member.Phone:
	}
	return text
}

// value is what a field is compared with.
func (w *memberWhere) value(f *member.Filter) string {
	v := f.Value
	switch f.Field.Type {
	case member.Boolean:
		return w.arg(v.Bool()) + `::boolean`
	case member.Choice:
		return w.arg(v.Int) + `::bigint`
	case member.Date:
		return `(` + w.arg(v.Any(member.Date)) + `::text)::date`
	case member.DateTime:
		return `(` + w.arg(v.Any(member.DateTime)) + `::text)::timestamptz`
	case member.Number:
		if f.Field.Integer {
			return `(` + w.arg(v.Text) + `::text)::bigint`
		}
		return `(` + w.arg(v.Text) + `::text)::numeric`
	case member.String, member.Email, member.Phone, member.List, member.NumberList, member.Tags:
	}
	return w.arg(member.KeyOf(&f.Field, v)) + `::text`
}

// keyed finds the members that have a value of a field by the field's index.
func (w *memberWhere) keyed(f *member.Field, key string) string {
	switch {
	case f.Custom:
		return `m.id = any(array(select x.member_id from member_key x where x.tenant_id = $1 and x.list_id = $2 and x.field = ` + w.arg(f.Key) +
			` and x.value = ` + w.arg(key) + `))`
	case f.Type == member.Email:
		return w.indexed(`email_key`, key)
	}
	return w.indexed(f.Key, key)
}

// starts is about text whose beginning is known. The merge keys have an index, and are compared as they are.
func (w *memberWhere) starts(f *member.Filter, expression string) string {
	switch key := f.Field.Key; {
	case f.Field.Custom || !f.Field.MergeKey:
		return `starts_with(lower(` + expression + `), lower(` + w.arg(f.Value.Text) + `::text))`
	case f.Field.Type == member.Email:
		return w.prefixed(`email_key`, member.EmailKey(f.Value.Text))
	default:
		return w.prefixed(key, f.Value.Text)
	}
}

// items is about the items of a list.
func (w *memberWhere) items(f *member.Filter, expression string) string {
	items := w.arg(f.Value.List) + `::text[]`
	any, all := expression+` && `+items, expression+` @> `+items
	if f.Field.Custom {
		any, all = expression+` ?| `+items, expression+` ?& `+items
	}
	switch f.Op {
	case member.OpAll:
		return `coalesce(` + all + `, false)`
	case member.OpNone:
		return `not coalesce(` + any + `, false)`
	}
	return `coalesce(` + any + `, false)`
}
