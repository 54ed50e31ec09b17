package member

import (
	"fmt"
	"slices"
)

// Plan is one import's mapping and rules, compiled: which fields its rows feed, in the order in which cells arrive, and
// which others a row may change or is judged by. A Plan is read-only once compiled and may be shared by goroutines.
type Plan struct {
	// Rules decide what becomes of a row; they have no empty value.
	Rules Rules
	// Fields are the fields that rows of this import touch: first the mapped ones, in the order of their columns, then
	// those that are derived from them, put back by replace, or needed to judge a consent. A Record's values stand in
	// this order.
	Fields []Field
	// Columns is the number of mapped columns, and so of cells that a row of a chunk has.
	Columns int
	// Key is the index in Fields of the merge key.
	Key int

	locale *Locale
	// columns is how the cells of each mapped column are read.
	columns []columnRule
	// resets are the fields that replace puts back to their default.
	resets []int
	// name, first and last are indexes in Fields where the name is made of its parts, else -1.
	name, first, last int
	// email and carrier are indexes in Fields where the carrier is derived, else -1; phone is that of the phone.
	email, carrier, phone int
	// skip is the index of the field whose empty cell has a row skipped, or -1.
	skip int
	// consents are the consent fields, with the indexes of their contacts; uniques the unique fields whose values others
	// may have: those beside the key, and a key that leads can have, too.
	consents []consentPlace
	uniques  []int
	// unmapped lists required fields that no column feeds: a row cannot create a member without them.
	unmapped []string
}

// columnRule is how the cells of one column are read.
type columnRule struct {
	inverted, blankClears, listReplaces bool
}

// consentPlace is the index of a consent field and those of its contacts, as far as they are in the plan.
type consentPlace struct {
	field    int
	contacts []int
}

// NewPlan compiles a mapping that Schema.CheckMapping accepted for rows under these rules.
func NewPlan(s *Schema, m Mapping, rules Rules, locale *Locale) (*Plan, error) {
	rules = rules.Filled()
	p := &Plan{Rules: rules, Key: -1, locale: locale, name: -1, first: -1, last: -1, email: -1, carrier: -1, phone: -1, skip: -1}
	for _, c := range m {
		if c.Field == "" {
			continue
		}
		f, ok := s.Field(c.Field)
		if !ok {
			return nil, fmt.Errorf("unknown field %q", c.Field)
		}
		if f.Key == rules.Key {
			p.Key = len(p.Fields)
		}
		p.Fields = append(p.Fields, f)
		p.columns = append(p.columns, rules.column(c))
	}
	if p.Key < 0 {
		return nil, fmt.Errorf("no column feeds the key %q", rules.Key)
	}
	p.Columns = len(p.Fields)
	if p.skip = p.index(rules.SkipWithout); p.skip < 0 && rules.SkipWithout != "" {
		return nil, fmt.Errorf("no column feeds %q, without which rows are skipped", rules.SkipWithout)
	}
	if rules.Mode == Delete {
		return p, nil
	}
	if first, last := p.index("first_name"), p.index("last_name"); p.index("name") < 0 && first >= 0 && last >= 0 {
		p.first, p.last = first, last
		p.name = p.need(s, "name")
	}
	p.addResets(s)
	p.addLead(s)
	if p.email = p.index("email"); p.email >= 0 {
		p.carrier = p.need(s, "carrier")
	}
	p.addConsents(s)
	for i := range p.Fields {
		if p.Fields[i].Unique && (i != p.Key || p.Fields[i].Custom) {
			p.uniques = append(p.uniques, i)
		}
	}
	for _, f := range s.Fields() {
		if f.Required && rules.Kind == KindMember && p.index(f.Key) < 0 {
			p.unmapped = append(p.unmapped, f.Key)
		}
	}
	return p, nil
}

// column returns how the cells of a column are read: as the column says, else as the rules do.
func (r Rules) column(c Column) columnRule {
	fill(&c.Blank, r.Blank)
	fill(&c.ListValues, r.ListValues)
	return columnRule{inverted: c.Inverted, blankClears: c.Blank == BlankClear, listReplaces: c.ListValues == ListReplace}
}

// addResets adds what a list that is replaced does not keep: every field that could be imported and is not, but for
// consents and required fields.
func (p *Plan) addResets(s *Schema) {
	if p.Rules.Mode != Replace {
		return
	}
	for _, f := range s.Fields() {
		if !f.ReadOnly && !f.Consent && !f.Required && p.index(f.Key) < 0 {
			p.resets = append(p.resets, p.need(s, f.Key))
		}
	}
}

// addLead adds the contacts by which leads are known.
func (p *Plan) addLead(s *Schema) {
	if p.Rules.Kind == KindLead {
		p.need(s, "email")
		p.phone = p.need(s, "phone")
	}
}

// addConsents adds the consents that a row may change by itself, or by its contacts, and their contacts, for which an
// opt-out is remembered.
func (p *Plan) addConsents(s *Schema) {
	for _, f := range s.Fields() {
		if !f.Consent {
			continue
		}
		touched := p.index(f.Key) >= 0 || slices.ContainsFunc(f.Contacts, func(key string) bool { return p.index(key) >= 0 })
		if !touched && (f.Custom || p.Rules.NewConsent == NewConsentTrue || !p.Rules.Mode.Creates()) {
			continue
		}
		c := consentPlace{field: p.need(s, f.Key)}
		for _, key := range f.Contacts {
			// All of them or none, so that what is remembered does not depend on which of them are mapped.
			if !touched {
				break
			}
			if i := p.need(s, key); i >= 0 {
				c.contacts = append(c.contacts, i)
			}
		}
		p.consents = append(p.consents, c)
	}
}

// need returns the index of a field, which is added where it is not there yet.
func (p *Plan) need(s *Schema, key string) int {
	if i := p.index(key); i >= 0 {
		return i
	}
	return p.add(s, key)
}

func (p *Plan) add(s *Schema, key string) int {
	f, ok := s.Field(key)
	if !ok {
		return -1
	}
	p.Fields = append(p.Fields, f)
	return len(p.Fields) - 1
}

func (p *Plan) index(key string) int {
	for i := range p.Fields {
		if p.Fields[i].Key == key {
			return i
		}
	}
	return -1
}

// KeyOf returns the form in which values of a key field are compared and hashed; "" for no value.
func KeyOf(f *Field, v Value) string {
	if f.Type == Email {
		return EmailKey(v.Text)
	}
	return v.Text
}

// KeyField returns the field that is the merge key.
func (p *Plan) KeyField() *Field { return &p.Fields[p.Key] }

// RouteKey returns the normalised merge key of a cell, by which a row finds its lane. A cell that is no
// valid key is returned as it is: its row will fail, in whichever lane.
func (p *Plan) RouteKey(cell string) string {
	if key, ok := p.CellKey(cell); ok {
		return key
	}
	return cell
}

// OneLane reports whether rows of different keys can get into one another's way, so that the import must be merged in
// file order throughout: they may claim the same value of a unique field.
func (p *Plan) OneLane() bool {
	return slices.ContainsFunc(p.uniques, func(i int) bool { return i != p.Key })
}

// Uniques returns the indexes in Fields of the unique fields whose values other members than the matched one may have.
func (p *Plan) Uniques() []int { return p.uniques }
