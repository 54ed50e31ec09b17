package member

// Kind is what a member is: one with an account, or one known by a contact only.
type Kind string

// The kinds of product.md. A lead never has a member number.
const (
	KindMember Kind = "member"
	KindLead   Kind = "lead"
)

// Field is a named, typed property of a member.
type Field struct {
	// Key is the name in the API and in reports, for example member_sn.
	Key  string
	Type Type
	// Required fields must have a value when a member is created.
	Required bool
	// ReadOnly fields are assigned by Meibo and are never imported.
	ReadOnly bool
	// Consent fields are subject to the consent rules: an empty cell keeps them, and an import never opts in
	// somebody who opted out.
	Consent bool
	// MergeKey fields can be the key of an import.
	MergeKey bool
	// Unique fields have each value at most once in a list.
	Unique bool
	// Fold turns full-width letters, digits and blanks into their half-width forms (member numbers).
	Fold bool
	// Integer fields hold a whole number of at most 64 bits (id, bounce_count).
	Integer bool
	// Country fields hold an ISO 3166-1 alpha-2 code in upper case.
	Country bool
	// Automatic fields are filled by Meibo from the others (carrier from the e-mail's domain).
	Automatic bool
	// Custom fields are defined by the tenant. Of a custom consent field no value means "not asked": it is shown as
	// false, and may still be given.
	Custom bool
	// Contacts are the fields whose values a consent field is about: opt-outs are remembered for them.
	Contacts []string
	// MaxLength bounds text, and each item of a list, in Unicode code points; 0 stands for the type's own bound:
	// 1,000, or 255 where the field is a merge key or unique (it is indexed); 254 bytes for an e-mail address; 100
	// for a tag.
	MaxLength int
	// Default is what a created member has where its cell is empty or not mapped.
	Default Value
	// Label names the field for people.
	Label Text
	// Synonyms are headers that mean this field; width, case, spacing and punctuation do not matter.
	Synonyms []string
	// Inverted are headers that mean the opposite of this (boolean) field, such as unsubscribeEmail.
	Inverted []string
	// Choices are the values of a choice field.
	Choices []Option
	// CommaSeparated lets a list field be written with commas instead of as a JSON array.
	CommaSeparated bool
	// choices finds an option by its normalised names; made by NewSchema, nil in a field outside of a schema.
	choices map[string]int64
}

// Option is one value of a choice field.
type Option struct {
	Number   int64
	Key      string
	Label    Text
	Synonyms []string
}

// Text is a sentence or a label in the languages of the product.
type Text struct {
	JA string `json:"ja" required:"false"`
	EN string `json:"en" required:"false"`
}

// Longest returns how many Unicode code points text of the field may have, each item of it in a list; 0 where the type
// bounds its values by other means.
func (f *Field) Longest() int {
	switch f.Type {
	case String, List, Tags:
		return f.textBound()
	case Email:
		if f.MaxLength > 0 {
			return min(maxEmail, f.MaxLength)
		}
		return maxEmail
	}
	return 0
}
