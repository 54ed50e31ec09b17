package postgres

import (
	"encoding/binary"
	"fmt"
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
	fields  []member.Field
	records []member.Record
	keys    []string
	values  []member.Value
	text    []byte
	spans   []span
}

// span is where in the collected text a value's text stands.
type span struct{ value, from, to int }

// loaderText is how much text of a member a loader makes room for.
const loaderText = 256

// read takes the rows of a query, about so many, whose columns are the key as text, id, version, and the fields.
func (l *loader) read(rows pgx.Rows, expected int) error {
	defer rows.Close()
	keySpans := make([]span, 0, expected)
	for rows.Next() {
		if l.records == nil {
			l.records = make([]member.Record, 0, expected)
			l.values = make([]member.Value, 0, expected*len(l.fields))
			l.spans = make([]span, 0, expected*len(l.fields)/2)
			l.text = make([]byte, 0, expected*loaderText)
		}
		raw := rows.RawValues()
		if len(raw) != 3+len(l.fields) || len(raw[1]) != 8 || len(raw[2]) != 4 {
			return fmt.Errorf("unexpected shape of member row: %d columns", len(raw))
		}
		keySpans = append(keySpans, l.keep(0, raw[0]))
		version := int32(binary.BigEndian.Uint32(raw[2]))
		l.records = append(l.records, member.Record{ID: int64(binary.BigEndian.Uint64(raw[1])), Version: version, Stored: version})
		for i := range l.fields {
			v, err := l.value(l.fields[i].Type, raw[3+i])
			if err != nil {
				return fmt.Errorf("field %s: %w", l.fields[i].Key, err)
			}
			l.values = append(l.values, v)
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

func (l *loader) keep(value int, raw []byte) span {
	from := len(l.text)
	l.text = append(l.text, raw...)
	return span{value, from, len(l.text)}
}

// value decodes one field; the text of a text value follows when all rows are read.
func (l *loader) value(t member.Type, raw []byte) (member.Value, error) {
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
		l.spans = append(l.spans, l.keep(len(l.values), raw))
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
