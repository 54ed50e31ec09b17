package member

import (
	"slices"
	"time"
)

// Type is what a field holds.
type Type uint8

// The types of product.md, section Fields.
const (
	String Type = iota + 1
	Email
	Phone
	Number
	Date
	DateTime
	Boolean
	Choice
	List
	NumberList
	Tags
)

var typeNames = [...]string{
	String: "string", Email: "email", Phone: "phone", Number: "number", Date: "date", DateTime: "datetime",
	Boolean: "boolean", Choice: "choice", List: "list", NumberList: "number_list", Tags: "tags",
}

// String returns the name that the API uses.
func (t Type) String() string { return typeNames[t] }

// ParseType finds a type by the name that the API uses.
func ParseType(name string) (t Type, ok bool) {
	at := slices.Index(typeNames[:], name)
	return Type(max(at, 0)), at >= int(String)
}

// Value is the value of one field. The zero Value is "no value" (NULL).
//
// A value is canonical: two values of one field are the same exactly if Equal says so, and what the
// database stores is Text, Int or List as it stands.
type Value struct {
	// Text holds string, email (as written), phone (E.164) and number (canonical decimal).
	Text string
	// List holds list, number list (canonical decimals) and tags; never nil where Set and the type is one of these.
	List []string
	// Int holds date (days since 1970-01-01), datetime (microseconds since 1970-01-01T00:00:00Z),
	// boolean (0 or 1) and choice (its number).
	Int int64
	// Set tells a value from no value.
	Set bool
}

// TextValue returns the value of a string, email, phone or number field.
func TextValue(s string) Value { return Value{Text: s, Set: true} }

// IntValue returns the value of a choice field.
func IntValue(n int64) Value { return Value{Int: n, Set: true} }

// BoolValue returns the value of a boolean field.
func BoolValue(b bool) Value {
	if b {
		return Value{Int: 1, Set: true}
	}
	return Value{Set: true}
}

// ListValue returns the value of a list, number list or tags field.
func ListValue(items []string) Value {
	if items == nil {
		items = []string{}
	}
	return Value{List: items, Set: true}
}

// DateValue returns the value of a date field; the time of day and the zone of t are ignored.
func DateValue(t time.Time) Value {
	y, m, d := t.Date()
	return Value{Int: time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400, Set: true}
}

// DateTimeValue returns the value of a datetime field, to the microsecond.
func DateTimeValue(t time.Time) Value { return Value{Int: t.UnixMicro(), Set: true} }

// Bool reports whether v is the boolean true.
func (v Value) Bool() bool { return v.Set && v.Int != 0 }

// Equal reports whether v and w are the same value of one field.
func (v Value) Equal(w Value) bool {
	return v.Set == w.Set && v.Int == w.Int && v.Text == w.Text && slices.Equal(v.List, w.List)
}

// Any returns v as JSON shows it: nil, string, bool, int64, or []string; a number stays a decimal string,
// so that no digit is lost.
func (v Value) Any(t Type) any {
	switch {
	case !v.Set:
		return nil
	case t == Boolean:
		return v.Bool()
	case t == Choice:
		return v.Int
	case t == Date:
		return time.Unix(v.Int*86400, 0).UTC().Format(time.DateOnly)
	case t == DateTime:
		return time.UnixMicro(v.Int).UTC().Format(time.RFC3339Nano)
	case t == List || t == NumberList || t == Tags:
		return v.List
	default:
		return v.Text
	}
}
