package postgres

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/member"
)

// Members are written and read in PostgreSQL's binary format directly: for 20 columns this costs a tenth of
// what a driver value per cell does. The formats are those of the type's send and receive functions
// (documentation of COPY, section Binary Format; a date counts days and a timestamptz microseconds since
// 2000-01-01).

const (
	epochDays   = 10957
	epochMicros = epochDays * 86400 * 1_000_000
	oidText     = 25
)

// copyHeader is the signature, no flags, no extension.
const copyHeader = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"

func appendInt16(b []byte, n int) []byte   { return binary.BigEndian.AppendUint16(b, uint16(n)) }
func appendInt32(b []byte, n int) []byte   { return binary.BigEndian.AppendUint32(b, uint32(n)) }
func appendInt64(b []byte, n int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(n)) }

// appendBigint and its like append one field of a tuple: its length and its bytes.
func appendBigint(b []byte, n int64) []byte { return appendInt64(appendInt32(b, 8), n) }

func appendInteger(b []byte, n int32) []byte {
	return appendInt32(appendInt32(b, 4), int(n))
}

func appendTime(b []byte, t time.Time) []byte {
	return appendBigint(b, t.UnixMicro()-epochMicros)
}

// appendValue appends a member's field.
func appendValue(b []byte, t member.Type, v *member.Value) []byte {
	if !v.Set {
		return appendInt32(b, -1)
	}
	switch t {
	case member.Boolean:
		return append(appendInt32(b, 1), byte(v.Int))
	case member.Choice:
		return appendInt16(appendInt32(b, 2), int(v.Int))
	case member.Date:
		return appendInt32(appendInt32(b, 4), int(v.Int-epochDays))
	case member.DateTime:
		return appendBigint(b, v.Int-epochMicros)
	case member.List, member.Tags, member.NumberList:
		return appendTextArray(b, v.List)
	default:
		return append(appendInt32(b, len(v.Text)), v.Text...)
	}
}

// jsonbVersion begins the binary form of a jsonb.
const jsonbVersion = 1

// appendCustom appends the custom fields of a member as jsonb. What has no value is null, or left out where it is not
// to be kept.
func appendCustom(b []byte, fields []member.Field, custom []int, values []member.Value, nulls bool) ([]byte, error) {
	object := make(map[string]any, len(custom))
	for _, i := range custom {
		if v := values[i]; v.Set || nulls {
			object[fields[i].Key] = v.Any(fields[i].Type)
		}
	}
	if len(object) == 0 {
		return appendInt32(b, -1), nil
	}
	data, err := json.Marshal(object)
	if err != nil {
		return nil, fmt.Errorf("write custom fields: %w", err)
	}
	return append(append(appendInt32(b, len(data)+1), jsonbVersion), data...), nil
}

func appendText(b []byte, s string) []byte { return append(appendInt32(b, len(s)), s...) }

func appendBool(b []byte, v bool) []byte {
	b = appendInt32(b, 1)
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

func readBool(raw []byte) (bool, error) {
	if len(raw) != 1 {
		return false, fmt.Errorf("%d bytes, want 1", len(raw))
	}
	return raw[0] != 0, nil
}

func readInt64(raw []byte) (int64, error) {
	if len(raw) != 8 {
		return 0, fmt.Errorf("%d bytes, want 8", len(raw))
	}
	return int64(binary.BigEndian.Uint64(raw)), nil
}

func appendTextArray(b []byte, items []string) []byte {
	at := len(b)
	b = appendInt32(b, 0) // the length, set below
	dimensions := min(len(items), 1)
	b = appendInt32(appendInt32(appendInt32(b, dimensions), 0), oidText)
	if dimensions == 1 {
		b = appendInt32(appendInt32(b, len(items)), 1)
	}
	for _, s := range items {
		b = append(appendInt32(b, len(s)), s...)
	}
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	return b
}

// loader reads members that a query returns in binary format. Their texts are collected into one string, so
// that a batch of members costs a handful of allocations.
type loader struct {
	fields []member.Field
	// stored are the indexes of the fields that have a column; custom those that share the column of JSON behind them.
	stored, custom []int
	extras         []extra
	records        []member.Record
	keys           []string
	values         []member.Value
	text           []byte
	spans          []span
}

// span is where in the collected text a value's text stands.
type span struct{ value, from, to int }

// loaderText is how much text of a member a loader makes room for.
const loaderText = 256

// read takes the rows of a query, about so many, whose columns are the key as text, id, version, the stored fields, the
// custom ones as JSON if there are any, and the extras.
func (l *loader) read(rows pgx.Rows, expected int) error {
	defer rows.Close()
	keySpans := make([]span, 0, expected)
	columns := 3 + len(l.stored) + min(len(l.custom), 1) + len(l.extras)
	for rows.Next() {
		if l.records == nil {
			l.records = make([]member.Record, 0, expected)
			l.values = make([]member.Value, 0, expected*len(l.fields))
			l.spans = make([]span, 0, expected*len(l.fields)/2)
			l.text = make([]byte, 0, expected*loaderText)
		}
		raw := rows.RawValues()
		if len(raw) != columns || len(raw[1]) != 8 || len(raw[2]) != 4 {
			return fmt.Errorf("unexpected shape of member row: %d columns", len(raw))
		}
		keySpans = append(keySpans, l.keep(0, raw[0]))
		version := int32(binary.BigEndian.Uint32(raw[2]))
		l.records = append(l.records, member.Record{ID: int64(binary.BigEndian.Uint64(raw[1])), Version: version, Stored: version})
		if err := l.readValues(&l.records[len(l.records)-1], raw[3:]); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	all := string(l.text)
	for _, s := range l.spans {
		l.values[s.value].Text = all[s.from:s.to]
	}
	l.keys = make([]string, len(keySpans))
	for i, s := range keySpans {
		l.keys[i] = all[s.from:s.to]
		l.records[i].Values = l.values[i*len(l.fields) : (i+1)*len(l.fields) : (i+1)*len(l.fields)]
	}
	return nil
}

// readValues reads one member's fields and extras.
func (l *loader) readValues(r *member.Record, raw [][]byte) error {
	base := len(l.values)
	l.values = slices.Grow(l.values, len(l.fields))[:base+len(l.fields)]
	clear(l.values[base:])
	for n, i := range l.stored {
		v, err := l.value(base+i, l.fields[i].Type, raw[n])
		if err != nil {
			return fmt.Errorf("field %s: %w", l.fields[i].Key, err)
		}
		l.values[base+i] = v
	}
	raw = raw[len(l.stored):]
	if len(l.custom) > 0 {
		if err := l.readCustom(l.values[base:], raw[0]); err != nil {
			return err
		}
		raw = raw[1:]
	}
	for n, e := range l.extras {
		if err := e.read(r, raw[n]); err != nil {
			return fmt.Errorf("column %s: %w", e.sql, err)
		}
	}
	return nil
}

// readCustom reads the custom fields out of their column.
func (l *loader) readCustom(values []member.Value, raw []byte) error {
	if raw == nil {
		return nil
	}
	var all map[string]json.RawMessage
	if len(raw) < 1 || raw[0] != jsonbVersion {
		return fmt.Errorf("unexpected form of jsonb")
	}
	if err := json.Unmarshal(raw[1:], &all); err != nil {
		return fmt.Errorf("custom fields: %w", err)
	}
	for _, i := range l.custom {
		f := &l.fields[i]
		data, ok := all[f.Key]
		if !ok {
			continue
		}
		v, err := member.ParseJSON(f.Type, data)
		if err != nil {
			return fmt.Errorf("custom field %s: %w", f.Key, err)
		}
		values[i] = v
	}
	return nil
}

func (l *loader) keep(value int, raw []byte) span {
	from := len(l.text)
	l.text = append(l.text, raw...)
	return span{value, from, len(l.text)}
}

// value decodes one field, which is to stand at so many values; the text of a text value follows when all rows are read.
func (l *loader) value(at int, t member.Type, raw []byte) (member.Value, error) {
	if raw == nil {
		return member.Value{}, nil
	}
	want := 0
	v := member.Value{Set: true}
	switch t {
	case member.Boolean:
		if want = 1; len(raw) == want {
			v.Int = int64(raw[0])
		}
	case member.Choice:
		if want = 2; len(raw) == want {
			v.Int = int64(int16(binary.BigEndian.Uint16(raw)))
		}
	case member.Date:
		if want = 4; len(raw) == want {
			v.Int = int64(int32(binary.BigEndian.Uint32(raw))) + epochDays
		}
	case member.DateTime:
		if want = 8; len(raw) == want {
			v.Int = int64(binary.BigEndian.Uint64(raw)) + epochMicros
		}
	case member.List, member.Tags, member.NumberList:
		items, err := readTextArray(raw)
		return member.ListValue(items), err
	default:
		l.spans = append(l.spans, l.keep(at, raw))
		return v, nil
	}
	if len(raw) != want {
		return v, fmt.Errorf("%d bytes, want %d", len(raw), want)
	}
	return v, nil
}

func readTextArray(raw []byte) ([]string, error) {
	malformed := fmt.Errorf("malformed array of %d bytes", len(raw))
	if len(raw) < 12 {
		return nil, malformed
	}
	if binary.BigEndian.Uint32(raw) == 0 {
		return nil, nil
	}
	if binary.BigEndian.Uint32(raw) != 1 || len(raw) < 20 {
		return nil, malformed
	}
	n, raw := int(binary.BigEndian.Uint32(raw[12:])), raw[20:]
	items := make([]string, 0, min(n, len(raw)))
	for range n {
		if len(raw) < 4 {
			return nil, malformed
		}
		size := int(int32(binary.BigEndian.Uint32(raw)))
		raw = raw[4:]
		if size < 0 || size > len(raw) {
			return nil, malformed
		}
		items = append(items, string(raw[:size]))
		raw = raw[size:]
	}
	return items, nil
}
