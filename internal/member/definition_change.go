package member

import (
	"fmt"
	"slices"

	"github.com/meibo/meibo/internal/tenant"
)

// FieldChange is what is to become of a custom field; what is nil stays as it is.
type FieldChange struct {
	Label    *Text    `json:"label,omitempty" doc:"What people call the field."`
	Synonyms []string `json:"synonyms,omitempty" maxItems:"50" doc:"Headers of files that mean the field, in place of those there are."`
	// Choices without a number that are called as a choice before keep its number; other ones get the next free one.
	Choices        []DefinedChoice `json:"choices,omitempty" maxItems:"1000" doc:"All choices, those there are and new ones. A choice keeps its number, is called otherwise by its number, and is never removed."`
	Required       *bool           `json:"required,omitempty" doc:"Whether a new member must have a value."`
	ReadOnly       *bool           `json:"read_only,omitempty" doc:"Whether imports leave the field alone."`
	CommaSeparated *bool           `json:"comma_separated,omitempty" doc:"Whether a list may be written with commas."`
	MaxLength      *int            `json:"max_length,omitempty" minimum:"0" doc:"How many characters text may have; not fewer than before."`
	Retired        *bool           `json:"retired,omitempty" doc:"Whether the field is not used any more; false takes it back into use."`

	// What is settled when a field is created, to be refused where it is another.
	Type     *string `json:"type,omitempty" doc:"As it is: the type cannot be changed."`
	MergeKey *bool   `json:"merge_key,omitempty" doc:"As it is: a field is made a key when it is created."`
	Unique   *bool   `json:"unique,omitempty" doc:"As it is: a field is made unique when it is created."`
	Consent  *bool   `json:"consent,omitempty" doc:"As it is: a field is made a consent when it is created."`
}

// Change returns the definition as the change makes it, or what keeps it from being changed so: problems whose field is
// the property that is wrong. Values that are stored stay what they are: no choice changes its number or goes away, and no
// text becomes too long.
func (d Definition) Change(to FieldChange) (Definition, []Problem) {
	d = d.Filled()
	changed := d
	c := &definitionCheck{}
	c.settled("type", to.Type == nil || *to.Type == d.Type)
	for _, flag := range []struct {
		property string
		to       *bool
		was      bool
	}{{"merge_key", to.MergeKey, d.MergeKey}, {"unique", to.Unique, d.Unique}, {"consent", to.Consent, d.Consent}} {
		c.settled(flag.property, flag.to == nil || *flag.to == flag.was)
	}
	if to.Label != nil {
		changed.Label = *to.Label
	}
	if to.Synonyms != nil {
		changed.Synonyms = to.Synonyms
	}
	if to.Choices != nil {
		changed.Choices = d.numbered(to.Choices)
		c.kept(d.Choices, changed.Choices)
	}
	change(&changed.Required, to.Required)
	change(&changed.ReadOnly, to.ReadOnly)
	change(&changed.CommaSeparated, to.CommaSeparated)
	change(&changed.Retired, to.Retired)
	if to.MaxLength != nil {
		before, after := d.Field(), changed.Field()
		after.MaxLength = *to.MaxLength
		if after.Longest() < before.Longest() {
			c.say(FieldShorter, "max_length", decimal(int64(before.Longest())))
		}
		changed.MaxLength = *to.MaxLength
	}
	changed = changed.Filled()
	return changed, append(c.problems, changed.Check()...)
}

func change[T any](v *T, to *T) {
	if to != nil {
		*v = *to
	}
}

func (c *definitionCheck) settled(property string, same bool) {
	if !same {
		c.say(FieldSettled, property, "")
	}
}

// numbered gives choices without a number the one of the choice that is called so, or the next free one.
func (d Definition) numbered(choices []DefinedChoice) []DefinedChoice {
	next := int64(1)
	for _, old := range d.Choices {
		next = max(next, *old.Number+1)
	}
	for _, c := range choices {
		if c.Number != nil && *c.Number < maxNumber {
			next = max(next, *c.Number+1)
		}
	}
	choices = slices.Clone(choices)
	for i := range choices {
		c := &choices[i]
		if c.Number != nil {
			continue
		}
		label := tidyText(c.Label)
		at := slices.IndexFunc(d.Choices, func(old DefinedChoice) bool { return old.Label == label })
		if at >= 0 {
			c.Number = d.Choices[at].Number
			continue
		}
		c.Number = new(next)
		next++
	}
	return choices
}

// kept refuses choices among which one is missing that was there.
func (c *definitionCheck) kept(before, after []DefinedChoice) {
	for _, old := range before {
		if !slices.ContainsFunc(after, func(n DefinedChoice) bool { return n.Number != nil && *n.Number == *old.Number }) {
			c.say(FieldChoiceGone, "choices", fmt.Sprintf("%d = %s", *old.Number, old.Label.In(tenant.Japanese)))
		}
	}
}
