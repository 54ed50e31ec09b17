package member

import "slices"

// Mode is what an import does with known and unknown keys (product.md, section Modes).
type Mode string

// The modes.
const (
	// Upsert creates unknown members and updates known ones.
	Upsert Mode = "upsert"
	// Append creates unknown members; keys known before the import began are skipped.
	Append Mode = "append"
	// Update updates known members and skips unknown keys.
	Update Mode = "update"
	// Replace makes the list's members of the import's kind what the file says, and removes those it does not name.
	Replace Mode = "replace"
	// Delete removes the members that match, and skips unknown keys.
	Delete Mode = "delete"
)

// Blank is what an empty cell does to its field.
type Blank string

// The effects of an empty cell. Consent fields are always kept.
const (
	BlankKeep  Blank = "keep"
	BlankClear Blank = "clear"
)

// ListValues is what a cell does to a list or tag field that has values.
type ListValues string

// The policies of list fields.
const (
	// ListAppend adds the values that the field lacks.
	ListAppend ListValues = "append"
	// ListReplace gives the field exactly the cell's values.
	ListReplace ListValues = "replace"
)

// Duplicates is what becomes of rows of one file that have the same key.
type Duplicates string

// The policies of duplicates. A row that fails for another reason does not count as first.
const (
	// DuplicatesLast applies them one after another, in file order.
	DuplicatesLast Duplicates = "last"
	// DuplicatesFirst skips all but the first.
	DuplicatesFirst Duplicates = "first"
	// DuplicatesReject fails them all.
	DuplicatesReject Duplicates = "reject"
)

// Multiple is what becomes of a row whose key several members have.
type Multiple string

// The policies of multiple matches. Mode delete always refuses.
const (
	MultipleReject Multiple = "reject"
	// MultipleMostRecent takes the member that was seen last; of those seen at the same time, the one of the lowest id.
	MultipleMostRecent Multiple = "most_recent"
)

// NewConsent is the consent of a created member whose cell is empty or not mapped.
type NewConsent string

// The consents of created members: as seed 000 has it, its opposite, and as seed 004 has it.
const (
	NewConsentTrue     NewConsent = "true"
	NewConsentFalse    NewConsent = "false"
	NewConsentRequired NewConsent = "required"
)

// ConsentRule says whether an import may opt somebody in who opted out.
type ConsentRule string

// The consent rules.
const (
	ConsentGuard ConsentRule = "guard"
	// ConsentAllow applies what the cells say; it needs its own permission.
	ConsentAllow ConsentRule = "allow"
)

// Registration is the state in which members are created (seed 002).
type Registration string

// The registrations.
const (
	Registered  Registration = "registered"
	Provisional Registration = "provisional"
)

// Rules are the options of an import that decide what becomes of a row. What is empty is the default, which Filled
// gives.
type Rules struct {
	Kind            Kind         `json:"kind"`
	Mode            Mode         `json:"mode"`
	Key             string       `json:"key"`
	Blank           Blank        `json:"blank"`
	ListValues      ListValues   `json:"list_values,omitempty"`
	Duplicates      Duplicates   `json:"duplicates"`
	MultipleMatches Multiple     `json:"multiple_matches,omitempty"`
	NewConsent      NewConsent   `json:"new_consent,omitempty"`
	Consent         ConsentRule  `json:"consent,omitempty"`
	Registration    Registration `json:"registration,omitempty"`
	// ImportTag is added to the field import_tags of every created, updated or unchanged member.
	ImportTag string `json:"import_tag,omitempty"`
	// SkipWithout names a field: rows whose cell of it is empty are skipped (seed 003, カラム更新, whose rows without an
	// e-mail address are).
	SkipWithout string `json:"skip_without,omitempty"`
}

// Filled returns the rules with the default of everything that is not said. A list that is replaced becomes what the
// file says, so there the defaults are those of a first import: empty cells clear, lists are replaced, and the first of
// several rows counts.
func (r Rules) Filled() Rules {
	fill(&r.Kind, KindMember)
	fill(&r.Mode, Upsert)
	if r.Kind == KindLead {
		fill(&r.Key, "email")
	}
	fill(&r.Key, "member_sn")
	if r.Mode == Replace {
		fill(&r.Blank, BlankClear)
		fill(&r.ListValues, ListReplace)
	}
	if r.Mode == Replace || r.Mode == Append {
		fill(&r.Duplicates, DuplicatesFirst)
	}
	fill(&r.Blank, BlankKeep)
	fill(&r.ListValues, ListAppend)
	fill(&r.Duplicates, DuplicatesLast)
	fill(&r.MultipleMatches, MultipleReject)
	fill(&r.NewConsent, NewConsentTrue)
	fill(&r.Consent, ConsentGuard)
	fill(&r.Registration, Registered)
	return r
}

// Or returns the rules with those of otherwise in place of what is not said.
func (r Rules) Or(otherwise Rules) Rules {
	fill(&r.Kind, otherwise.Kind)
	fill(&r.Mode, otherwise.Mode)
	fill(&r.Key, otherwise.Key)
	fill(&r.Blank, otherwise.Blank)
	fill(&r.ListValues, otherwise.ListValues)
	fill(&r.Duplicates, otherwise.Duplicates)
	fill(&r.MultipleMatches, otherwise.MultipleMatches)
	fill(&r.NewConsent, otherwise.NewConsent)
	fill(&r.Consent, otherwise.Consent)
	fill(&r.Registration, otherwise.Registration)
	fill(&r.ImportTag, otherwise.ImportTag)
	fill(&r.SkipWithout, otherwise.SkipWithout)
	return r
}

func fill[T ~string](v *T, otherwise T) {
	if *v == "" {
		*v = otherwise
	}
}

// The closed sets of the options, the default first.
var (
	Kinds         = []Kind{KindMember, KindLead}
	Modes         = []Mode{Upsert, Append, Update, Replace, Delete}
	Blanks        = []Blank{BlankKeep, BlankClear}
	ListPolicies  = []ListValues{ListAppend, ListReplace}
	DuplicateSet  = []Duplicates{DuplicatesLast, DuplicatesFirst, DuplicatesReject}
	MultipleSet   = []Multiple{MultipleReject, MultipleMostRecent}
	NewConsents   = []NewConsent{NewConsentTrue, NewConsentFalse, NewConsentRequired}
	ConsentRules  = []ConsentRule{ConsentGuard, ConsentAllow}
	Registrations = []Registration{Registered, Provisional}
)

// ParseOption reads a value of a closed set; ok is false for a value that it does not have. The empty value stands for
// the default.
func ParseOption[T ~string](s string, set []T) (v T, ok bool) {
	return T(s), s == "" || slices.Contains(set, T(s))
}

// Creates reports whether rows of the mode may create members.
func (m Mode) Creates() bool { return m == Upsert || m == Append || m == Replace }
