package member

import (
	"slices"
	"strconv"
)

// Unify returns the values of a member of which a lead becomes part, both in the order of fields (product.md, section
// Modes, Leads; ユニフィケーション of seed 004). The member's own values stay, and the lead's fill what is empty.
// Consents are combined so that an opt-out on either side wins; tags are united; the member was last seen when either
// was, and its address bounced as often as the more unlucky one's. What Meibo assigned to the member stays, and what is
// derived is derived again.
func Unify(fields []Field, m, lead []Value) []Value {
	out := make([]Value, len(fields))
	email, carrier := -1, -1
	for i := range fields {
		out[i] = unifyField(&fields[i], m[i], lead[i])
		switch fields[i].Key {
		case "email":
			email = i
		case "carrier":
			carrier = i
		}
	}
	if email >= 0 && carrier >= 0 && !out[email].Equal(m[email]) {
		out[carrier] = IntValue(Carrier(out[email].Text))
	}
	return out
}

func unifyField(f *Field, m, lead Value) Value {
	switch {
	case !lead.Set || f.Automatic:
		return m
	case f.Consent && m.Set:
		return BoolValue(m.Bool() && lead.Bool())
	case f.Key == "last_seen_at" && m.Set:
		return IntValue(max(m.Int, lead.Int))
	case f.Key == "bounce_count" && m.Set:
		return largerNumber(m, lead)
	case f.Key == "import_tags":
		tags := union(m, lead).List
		return ListValue(tags[max(0, len(tags)-maxImportTags):])
	case f.Type == Tags:
		return union(m, lead)
	case !m.Set || isList(f.Type) && len(m.List) == 0:
		return lead
	}
	return m
}

// largerNumber compares whole numbers, which bounce counts are.
func largerNumber(a, b Value) Value {
	x, _ := strconv.ParseInt(a.Text, 10, 64)
	y, _ := strconv.ParseInt(b.Text, 10, 64)
	if y > x {
		return b
	}
	return a
}

// SharesContact reports whether the values, in the order of fields, have the same e-mail address or phone number: those
// are the contacts by which a lead finds its member.
func SharesContact(fields []Field, a, b []Value) bool {
	return slices.ContainsFunc([]string{"email", "phone"}, func(contact string) bool {
		i := slices.IndexFunc(fields, func(f Field) bool { return f.Key == contact })
		return i >= 0 && a[i].Set && b[i].Set && KeyOf(&fields[i], a[i]) == KeyOf(&fields[i], b[i])
	})
}
