package member

import "fmt"

// Plan is one import's mapping, compiled: which fields its rows feed, in the order in which cells arrive, and
// what is derived from them. A Plan is read-only once compiled and may be shared by goroutines.
type Plan struct {
	// Rules decide what becomes of a row; they have no empty value.
	Rules Rules
	// Fields are the fields that rows of this import write: first the mapped ones, in the order of their
	// columns, then the derived ones. A Record's values stand in this order.
	Fields []Field
	// Columns is the number of mapped columns, and so of cells that a row of a chunk has.
	Columns int
	// Key is the index in Fields of the merge key.
	Key int

	locale   *Locale
	inverted []bool
	// name, first and last are indexes in Fields where the name is made of its parts, else -1.
	name, first, last int
	// email and carrier are indexes in Fields where the carrier is derived, else -1.
	email, carrier int
	// unmapped lists required fields that no column feeds: a row cannot create a member without them.
	unmapped []string
}

// NewPlan compiles a mapping that Schema.CheckMapping accepted for rows under these rules.
func NewPlan(s *Schema, m Mapping, rules Rules, locale *Locale) (*Plan, error) {
	rules = rules.Filled()
	key := rules.Key
	p := &Plan{Rules: rules, Key: -1, locale: locale, name: -1, first: -1, last: -1, email: -1, carrier: -1}
	for _, c := range m {
		if c.Field == "" {
			continue
		}
		f, ok := s.Field(c.Field)
		if !ok {
			return nil, fmt.Errorf("unknown field %q", c.Field)
		}
		if f.Key == key {
			p.Key = len(p.Fields)
		}
		p.Fields = append(p.Fields, f)
		p.inverted = append(p.inverted, c.Inverted)
	}
	if p.Key < 0 {
		return nil, fmt.Errorf("no column feeds the key %q", key)
	}
	p.Columns = len(p.Fields)
	p.derive(s)
	for _, f := range s.Fields() {
		if f.Required && p.index(f.Key) < 0 {
			p.unmapped = append(p.unmapped, f.Key)
		}
	}
	return p, nil
}

// derive adds the fields that are made of mapped ones.
func (p *Plan) derive(s *Schema) {
	if first, last := p.index("first_name"), p.index("last_name"); p.index("name") < 0 && first >= 0 && last >= 0 {
		p.first, p.last = first, last
		p.name = p.add(s, "name")
	}
	if email := p.index("email"); email >= 0 {
		p.email = email
		p.carrier = p.add(s, "carrier")
	}
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
	f := p.KeyField()
	v, _, problem := f.Parse(cell, p.locale)
	if problem != nil || !v.Set {
		return cell
	}
	return KeyOf(f, v)
}
