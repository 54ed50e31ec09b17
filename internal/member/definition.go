package member

import (
	"maps"
	"slices"
)

// Definition is a custom field as its tenant defines it. It is stored as JSON: properties may be added, and are never
// renamed.
type Definition struct {
	Key      string   `json:"key" minLength:"1" maxLength:"63" example:"shoe_size" doc:"The name in the API and in reports: a small letter, then small letters, digits and _. It cannot be changed later."`
	Type     string   `json:"type" enum:"string,email,phone,number,date,datetime,boolean,choice,list,number_list,tags" doc:"What the field holds. It cannot be changed later."`
	Label    Text     `json:"label,omitzero" doc:"What people call the field. A language of which nothing is said has the other's."`
	Synonyms []string `json:"synonyms,omitempty" maxItems:"50" doc:"Headers of files that mean this field; width, case, spacing and punctuation do not matter."`
	Required bool     `json:"required,omitempty" doc:"Whether a new member must have a value, unless the list says otherwise."`
	ReadOnly bool     `json:"read_only,omitempty" doc:"Whether imports leave the field alone."`
	MergeKey bool     `json:"merge_key,omitempty" doc:"Whether the field can be the key of an import: string, email, phone and number fields only. It cannot be changed later."`
	Unique   bool     `json:"unique,omitempty" doc:"Whether a list has each value at most once: string, email, phone and number fields only. It cannot be changed later."`
	Consent  bool     `json:"consent,omitempty" doc:"Whether the boolean field says that the member takes a service of the tenant's, by e-mail. No value means FALSE. It cannot be changed later."`

	Choices        []DefinedChoice `json:"choices,omitempty" maxItems:"1000" doc:"The values of a choice field."`
	CommaSeparated bool            `json:"comma_separated,omitempty" doc:"Whether a list may be written with commas instead of as a JSON array."`
	MaxLength      int             `json:"max_length,omitempty" minimum:"0" doc:"How many characters text may have, each item of a list; 0 for 1,000, or 255 for keys and unique fields."`
	Retired        bool            `json:"retired,omitempty" doc:"Whether the field is not used any more. Its values are kept."`
}

// DefinedChoice is one value of a custom choice field.
type DefinedChoice struct {
	// Number is what is stored. Where it is nil, it is one more than that of the choice before, 1 for the first one.
	Number   *int64   `json:"number,omitempty" doc:"What is stored; one more than the choice before where it is left out, from 1. It cannot be changed later."`
	Label    Text     `json:"label" doc:"What people call the choice. A language of which nothing is said has the other's."`
	Synonyms []string `json:"synonyms,omitempty" maxItems:"50" doc:"Other words that mean the choice."`
}

// Filled returns the definition as it is stored: texts without blanks around them, and every choice with its number.
func (d Definition) Filled() Definition {
	d.Label, d.Synonyms = tidyText(d.Label), tidy(d.Synonyms)
	d.Choices = slices.Clone(d.Choices)
	next := int64(1)
	for i := range d.Choices {
		c := &d.Choices[i]
		c.Label, c.Synonyms = tidyText(c.Label), tidy(c.Synonyms)
		if c.Number == nil {
			c.Number = new(next)
		}
		next = *c.Number + 1
	}
	return d
}

func tidyText(t Text) Text { return Text{JA: trimBlanks(t.JA), EN: trimBlanks(t.EN)} }

// tidy returns the words without blanks around them and without those that are empty.
func tidy(words []string) []string {
	var kept []string
	for _, w := range words {
		if w = trimBlanks(w); w != "" {
			kept = append(kept, w)
		}
	}
	return kept
}

// Field returns the field that a definition without problems defines.
func (d Definition) Field() Field {
	t, _ := ParseType(d.Type)
	f := Field{
		Key: d.Key, Type: t, Required: d.Required, ReadOnly: d.ReadOnly, Consent: d.Consent, MergeKey: d.MergeKey, Unique: d.Unique,
		Custom: true, MaxLength: d.MaxLength, Label: d.Label, Synonyms: d.Synonyms, CommaSeparated: d.CommaSeparated || t == Tags,
	}
	if d.Consent {
		f.Contacts = []string{"email"}
	}
	for _, c := range d.Filled().Choices {
		f.Choices = append(f.Choices, Option{Number: *c.Number, Label: c.Label, Synonyms: c.Synonyms})
	}
	return f
}

// Same reports whether two definitions define the same field, retired or not.
func (d Definition) Same(other Definition) bool {
	a, b := d.Filled(), other.Filled()
	sameChoice := func(x, y DefinedChoice) bool {
		return *x.Number == *y.Number && x.Label == y.Label && slices.Equal(x.Synonyms, y.Synonyms)
	}
	return a.Key == b.Key && a.Type == b.Type && a.Label == b.Label && slices.Equal(a.Synonyms, b.Synonyms) &&
		a.Required == b.Required && a.ReadOnly == b.ReadOnly && a.MergeKey == b.MergeKey && a.Unique == b.Unique && a.Consent == b.Consent &&
		slices.EqualFunc(a.Choices, b.Choices, sameChoice) && a.CommaSeparated == b.CommaSeparated && a.MaxLength == b.MaxLength
}

// Catalog is what makes the schema of a list: the tenant's own fields, and what the list says of required ones. An import
// keeps the one that it was started with.
type Catalog struct {
	Custom []Definition `json:"custom,omitempty"`
	// Required says of fields, by their keys, whether a new member of the list must have a value.
	Required map[string]bool `json:"required,omitempty"`
}

// Schema returns the standard fields and, after them, the custom ones that are not retired. What Required says of fields
// that are not there, or that Meibo assigns, is ignored; so is a custom field whose key has become a standard one's.
func (c Catalog) Schema() (*Schema, error) {
	s := Standard()
	fields := slices.Clone(s.fields)
	for _, d := range c.Custom {
		if !d.Retired && s.Index(d.Key) < 0 {
			fields = append(fields, d.Field())
		}
	}
	for i := range fields {
		if required, said := c.Required[fields[i].Key]; said && !fields[i].ReadOnly {
			fields[i].Required = required
		}
	}
	return NewSchema(fields)
}

// CheckRequired returns what keeps a list from saying this of the fields of s: a field that is not there, or that Meibo
// assigns. The field of each problem is the property that is wrong.
func (s *Schema) CheckRequired(required map[string]bool) (problems []Problem) {
	for _, key := range slices.Sorted(maps.Keys(required)) {
		switch f, ok := s.Field(key); {
		case !ok:
			problems = append(problems, Problem{Code: FieldUnknown, Field: "required", Detail: clip(key)})
		case f.ReadOnly:
			problems = append(problems, Problem{Code: FieldAssigned, Field: "required", Detail: clip(key)})
		}
	}
	return problems
}
