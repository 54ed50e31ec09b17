package member

import (
	"encoding/json"
	"unicode/utf8"
)

// Change is what a row did to one field of its member. Values are JSON as Value.Any gives it, but for whole numbers, which
// are numbers; null is no value.
type Change struct {
	Field  string          `json:"field"`
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
	// Cut tells that a value is longer than it is shown.
	Cut bool `json:"cut,omitempty"`
}

// What a Change shows of a value: so many characters of a text and of each item of a list, and so many items. Values that
// identify are whole: whoever erases a member looks for them.
const (
	maxShownText  = 200
	maxShownItems = 20
)

// former is what a member was before the row that was merged last.
type former struct {
	values []Value
	tags   []string
}

// look keeps what the member is before the row is applied.
func (f *former) look(m *Record) {
	f.values, f.tags = f.values[:0], nil
	if m != nil {
		f.values, f.tags = append(f.values, m.Values...), m.ImportTags
	}
}

// Changes returns what the row changed, which must be the last one that was merged, field by field: of a created member
// what it got, of a deleted one what goes with it. An updated one, or one that was only tagged, is compared with what it
// was, as far as the batch was Watched.
func (b *Batch) Changes(r *Row) ([]Change, error) {
	m := r.Member
	if m == nil || r.Outcome == Skipped || r.Outcome == Failed {
		return []Change{}, nil
	}
	before, after, tags := b.former.values, m.Values, b.former.tags
	switch r.Outcome {
	case Created:
		before, tags = nil, nil
	case Deleted:
		before, after = m.Values, nil
	case Updated, Unchanged, Skipped, Failed:
	}
	changes := []Change{}
	for i := range b.Plan.Fields {
		if err := compare(&changes, &b.Plan.Fields[i], valueAt(before, i), valueAt(after, i)); err != nil {
			return nil, err
		}
	}
	if b.Plan.Rules.ImportTag != "" && r.Outcome != Deleted {
		field := Field{Key: "import_tags", Type: Tags}
		if err := compare(&changes, &field, tagsValue(tags), tagsValue(m.ImportTags)); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

func valueAt(values []Value, i int) Value {
	if i < len(values) {
		return values[i]
	}
	return Value{}
}

func tagsValue(tags []string) Value {
	if len(tags) == 0 {
		return Value{}
	}
	return ListValue(tags)
}

// compare adds the change of a field, if it is one.
func compare(changes *[]Change, f *Field, before, after Value) (err error) {
	if before.Equal(after) {
		return nil
	}
	c := Change{Field: f.Key}
	if c.Before, err = c.show(f, before); err != nil {
		return err
	}
	if c.After, err = c.show(f, after); err != nil {
		return err
	}
	*changes = append(*changes, c)
	return nil
}

// show returns a value as JSON, and notes whether it is cut.
func (c *Change) show(f *Field, v Value) (json.RawMessage, error) {
	switch shown := v.Any(f.Type).(type) {
	case string:
		if f.Integer {
			return json.RawMessage(shown), nil
		}
		if !f.Identifies() {
			shown = c.shorten(shown)
		}
		return json.Marshal(shown)
	case []string:
		if len(shown) > maxShownItems {
			shown, c.Cut = shown[:maxShownItems], true
		}
		items := make([]string, len(shown))
		for i, item := range shown {
			items[i] = c.shorten(item)
		}
		return json.Marshal(items)
	default:
		return json.Marshal(shown)
	}
}

func (c *Change) shorten(s string) string {
	if len(s) <= maxShownText || utf8.RuneCountInString(s) <= maxShownText {
		return s
	}
	n := 0
	for i := range s {
		if n == maxShownText {
			c.Cut = true
			return s[:i] + "…"
		}
		n++
	}
	return s
}
