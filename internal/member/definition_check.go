package member

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
)

// Bounds of a definition.
const (
	maxChoices     = 1000
	maxSynonyms    = 50
	maxLabel       = 100    // code points, of labels and synonyms
	maxFieldLength = 10_000 // code points, for max_length
	maxNumber      = 1_000_000_000
)

var fieldKey = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// reserved are keys that no custom field can have: a member shows them beside its fields, or Meibo keeps them of it.
var reserved = []string{
	"list", "list_id", "kind", "version", "tenant_id", "custom", "provisional", "contact_verified", "blocked", "blocked_at", "email_key",
	ReportRow, ReportFields, ReportReason,
}

// Check returns everything that keeps a field from being defined so. The field of each problem is the property that is
// wrong, such as choices[2].number.
func (d Definition) Check() []Problem {
	c := &definitionCheck{d: d}
	c.checkKey()
	t, ok := ParseType(d.Type)
	if !ok {
		c.say(FieldTypeUnknown, "type", "")
		return c.problems
	}
	c.checkFlags(t)
	c.checkWords("label", d.Label, "synonyms", d.Synonyms)
	c.checkLength(t)
	if t == Choice {
		c.checkChoices()
	} else if len(d.Choices) > 0 {
		c.say(FieldPropertyUnfit, "choices", d.Type)
	}
	return c.problems
}

var standardKeys = sync.OnceValue(func() (keys []string) {
	for _, f := range Standard().Fields() {
		keys = append(keys, f.Key)
	}
	return keys
})

// definitionCheck is a definition that is being checked.
type definitionCheck struct {
	d        Definition
	problems []Problem
}

func (c *definitionCheck) say(code Code, property, detail string) {
	c.problems = append(c.problems, Problem{Code: code, Field: property, Detail: detail})
}

// checkKey refuses keys that look like those of other fields: as headers of a report, they would be taken for them.
func (c *definitionCheck) checkKey() {
	name := normalHeader(c.d.Key)
	alike := func(key string) bool { return normalHeader(key) == name }
	switch {
	case !fieldKey.MatchString(c.d.Key):
		c.say(FieldKeyInvalid, "key", "")
	case slices.ContainsFunc(reserved, alike) || slices.ContainsFunc(standardKeys(), alike):
		c.say(FieldKeyReserved, "key", c.d.Key)
	}
}

// AlikeKeys reports whether two keys cannot be told apart as headers of a file.
func AlikeKeys(a, b string) bool { return normalHeader(a) == normalHeader(b) }

// checkFlags refuses what the type does not go with, and what contradicts itself.
func (c *definitionCheck) checkFlags(t Type) {
	d := &c.d
	indexed := t == String || t == Email || t == Phone || t == Number
	for _, flag := range []struct {
		property string
		set, fit bool
	}{
		{"merge_key", d.MergeKey, indexed},
		{"unique", d.Unique, indexed},
		{"consent", d.Consent, t == Boolean},
		{"comma_separated", d.CommaSeparated, t == List || t == NumberList || t == Tags},
		{"max_length", d.MaxLength != 0, t == String || t == Email || t == List || t == Tags},
	} {
		if flag.set && !flag.fit {
			c.say(FieldPropertyUnfit, flag.property, d.Type)
		}
	}
	if d.Required && d.ReadOnly {
		c.say(FieldNeverSet, "read_only", "")
	}
}

// checkLength bounds text by what the database can hold, and can index.
func (c *definitionCheck) checkLength(t Type) {
	most := maxFieldLength
	switch {
	case t == Email:
		most = maxEmail
	case t == Tags:
		most = maxTag
	case c.d.MergeKey || c.d.Unique:
		most = maxIndexed
	}
	if c.d.MaxLength < 0 || c.d.MaxLength > most {
		c.say(FieldNumberRange, "max_length", "0–"+strconv.Itoa(most))
	}
}

// checkWords checks a label and synonyms.
func (c *definitionCheck) checkWords(label string, text Text, synonyms string, words []string) {
	c.checkWord(label+".ja", text.JA)
	c.checkWord(label+".en", text.EN)
	if len(words) > maxSynonyms {
		c.say(FieldTooMany, synonyms, strconv.Itoa(maxSynonyms))
		return
	}
	for i, w := range words {
		c.checkWord(fmt.Sprintf("%s[%d]", synonyms, i), w)
	}
}

func (c *definitionCheck) checkWord(property, word string) {
	if _, code := cleanText(word, maxLabel); code != "" || slices.ContainsFunc([]rune(word), isControl) {
		c.say(FieldTextInvalid, property, strconv.Itoa(maxLabel))
	}
}

func isControl(r rune) bool { return r < ' ' || r == 0x7F || r == utf8.RuneError }

func (c *definitionCheck) checkChoices() {
	switch n := len(c.d.Choices); {
	case n == 0:
		c.say(FieldChoicesMissing, "choices", "")
		return
	case n > maxChoices:
		c.say(FieldTooMany, "choices", strconv.Itoa(maxChoices))
		return
	}
	choices := c.d.Filled().Choices
	taken := make(map[string]int64, 4*len(choices)) // names, and numbers as text
	for i, o := range choices {
		property := fmt.Sprintf("choices[%d]", i)
		if *o.Number < -maxNumber || *o.Number > maxNumber {
			c.say(FieldNumberRange, property+".number", fmt.Sprintf("%d–%d", -maxNumber, maxNumber))
		}
		if _, twice := taken[decimal(*o.Number)]; twice {
			c.say(FieldChoiceTwice, property, decimal(*o.Number))
		}
		taken[decimal(*o.Number)] = *o.Number
		if o.Label == (Text{}) {
			c.say(FieldTextInvalid, property+".label", strconv.Itoa(maxLabel))
		}
		c.checkWords(property+".label", o.Label, property+".synonyms", o.Synonyms)
	}
	// A name that is another choice's number would be read otherwise than it was written.
	for i, o := range choices {
		for _, name := range append([]string{o.Label.JA, o.Label.EN}, o.Synonyms...) {
			form := normalChoice(name)
			if other, is := taken[form]; is && other != *o.Number && form != "" {
				c.say(FieldChoiceTwice, fmt.Sprintf("choices[%d]", i), clip(name))
				break
			}
			taken[form] = *o.Number
		}
	}
}
