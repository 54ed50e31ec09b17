package member

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// Image is fields of a member as JSON, by key; one that is null or not there has no value.
type Image map[string]json.RawMessage

// Undo takes back what an import has made of one member (product.md, section Life of an import, Undo): a field whose value
// is not the import's any more stays as it is, lists are taken back value by value, and nobody is opted in who has opted
// out since.
type Undo struct {
	// Before and After are the fields that the import changed, as they were before it and as it left them.
	Before, After Image
	// Current is the member as it is now; nil for one that is not there and is brought back.
	Current Image
	// Write are the fields that the member is to be given. Kept are those that stay as they are, and why.
	Write Image
	Kept  []Problem
}

// TakeBack finds what is to be written of a member that is there.
func (u *Undo) TakeBack(s *Schema) {
	u.Write, u.Kept = Image{}, nil
	for _, key := range slices.Sorted(maps.Keys(u.Before)) {
		before, after, now := u.Before[key], u.After[key], u.Current[key]
		f := s.fieldOr(key)
		switch {
		case key == "carrier" && has(u.Before, "email"), key == "version", key == "updated_at", key == "email_key":
		case sameJSON(f, before, now):
		case sameJSON(f, after, now):
			u.Write[key] = before
		case isListOf(f, before, after, now):
			if list := takeBackItems(key, before, after, now); !sameJSON(f, list, now) {
				u.Write[key] = list
			}
		default:
			u.Kept = append(u.Kept, Problem{Code: ChangedSince, Field: key})
		}
	}
	// The carrier is the address's: it goes with it.
	if carrier, ok := u.Before["carrier"]; ok && has(u.Write, "email") {
		u.Write["carrier"] = carrier
	}
	// Where the journal writes an empty list of import tags, the member had none.
	if tags, ok := u.Write["import_tags"]; ok && len(items(tags)) == 0 {
		u.Write["import_tags"] = json.RawMessage("null")
	}
}

// BringBack finds what is to be written of a member that the import deleted: row is all of it as it was then, and Before
// what the import had changed of it until then.
func (u *Undo) BringBack(row Image) {
	u.Write, u.Kept = Image{}, nil
	maps.Copy(u.Write, row)
	maps.Copy(u.Write, u.Before)
}

// Leave has a field stay as it is, for a reason.
func (u *Undo) Leave(key string, why Code) {
	delete(u.Write, key)
	if key == "email" {
		delete(u.Write, "carrier")
	}
	u.Kept = append(u.Kept, Problem{Code: why, Field: key})
}

// OptOuts returns the opt-outs that, if somebody else has recorded them since, keep a consent from being given back: by
// each contact of a consent that is turned on, and by each contact that is given back while the consent is on.
func (u *Undo) OptOuts(s *Schema) (outs []OptOut) {
	for i := range s.fields {
		f := &s.fields[i]
		if !f.Consent || string(u.result(f.Key)) != "true" {
			continue
		}
		for _, contact := range f.Contacts {
			if !has(u.Write, f.Key) && !has(u.Write, contact) {
				continue
			}
			if o, ok := u.optOut(s, f, contact); ok {
				outs = append(outs, o)
			}
		}
	}
	return outs
}

// Guard leaves those consents off for which an opt-out of OptOuts stands.
func (u *Undo) Guard(s *Schema, standing map[OptOut]struct{}) {
	for _, o := range u.OptOuts(s) {
		if _, stands := standing[o]; !stands || string(u.result(o.Field)) != "true" {
			continue
		}
		if has(u.Write, o.Field) && u.Current != nil {
			delete(u.Write, o.Field)
		} else {
			u.Write[o.Field] = json.RawMessage("false")
		}
		u.Kept = append(u.Kept, Problem{Code: OptedOutSince, Field: o.Field})
	}
}

func (u *Undo) optOut(s *Schema, consent *Field, contact string) (o OptOut, ok bool) {
	f, known := s.Field(contact)
	text := u.Text(contact)
	if !known || text == "" {
		return o, false
	}
	return OptOut{Field: consent.Key, Contact: KeyOf(&f, TextValue(text))}, true
}

// Text is a text field as it is once Write is written; empty for no value.
func (u *Undo) Text(key string) string {
	var text *string
	if err := json.Unmarshal(u.result(key), &text); err != nil || text == nil {
		return ""
	}
	return *text
}

func (u *Undo) result(key string) json.RawMessage {
	if v, ok := u.Write[key]; ok {
		return v
	}
	return u.Current[key]
}

func has(i Image, key string) bool {
	_, ok := i[key]
	return ok
}

// fieldOr returns a field of the schema, or one without a type for what is none any more.
func (s *Schema) fieldOr(key string) *Field {
	if i := s.Index(key); i >= 0 {
		return &s.fields[i]
	}
	return &Field{Key: key}
}

// sameJSON reports whether two values of a field are the same, whoever wrote them as JSON: the database writes moments
// and whole numbers otherwise than Value.Any does.
func sameJSON(f *Field, a, b json.RawMessage) bool {
	return string(a) == string(b) || canonicalJSON(f, a) == canonicalJSON(f, b)
}

func canonicalJSON(f *Field, raw json.RawMessage) string {
	if isNull(raw) {
		return ""
	}
	switch f.Type {
	case DateTime:
		var at time.Time
		if json.Unmarshal(raw, &at) == nil {
			return at.UTC().Format(time.RFC3339Nano)
		}
	case Number, Choice:
		return strings.Trim(string(raw), `" `)
	}
	var v any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return string(raw)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return string(raw)
	}
	return string(text)
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// isListOf reports whether the values are those of a list. Of a field that is none any more, the values tell.
func isListOf(f *Field, values ...json.RawMessage) bool {
	if f.Type != 0 {
		return isList(f.Type)
	}
	return !slices.ContainsFunc(values, func(v json.RawMessage) bool { return !isNull(v) && v[0] != '[' })
}

func items(raw json.RawMessage) (list []string) {
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return list
}

// takeBackItems takes the items that the import added to a list from what it is now, and gives it back those that the
// import took from it: in front of the import tags, of which the oldest are dropped first, and behind other lists.
func takeBackItems(key string, before, after, now json.RawMessage) json.RawMessage {
	was, left, out := items(before), items(after), items(now)
	var back []string
	for _, item := range was {
		if !slices.Contains(left, item) && !slices.Contains(out, item) {
			back = append(back, item)
		}
	}
	out = slices.DeleteFunc(out, func(item string) bool { return slices.Contains(left, item) && !slices.Contains(was, item) })
	if key == "import_tags" {
		out = append(back, out...)
		out = out[max(0, len(out)-maxImportTags):]
	} else {
		out = append(out, back...)
	}
	if len(out) == 0 && isNull(before) {
		return json.RawMessage("null")
	}
	text, err := json.Marshal(out)
	if err != nil || out == nil {
		return json.RawMessage("[]")
	}
	return text
}
