package member

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// parseBoolean reads the words of product.md, and the signs ○ and × in the forms that keyboards give for them. An
// ASCII x is refused: it means "no" to some and "ticked" to others.
func parseBoolean(s string) (Value, Code) {
	if b, ok := booleanWord(s); ok {
		return BoolValue(b), ""
	}
	if len(s) > 32 || isASCII(s) {
		return Value{}, BooleanInvalid
	}
	switch strings.TrimSuffix(s, "\uFE0F") { // the variation selector of emoji
	case "○", "◯", "〇", "⭕":
		return BoolValue(true), ""
	case "×", "✕", "✖", "╳", "❌":
		return BoolValue(false), ""
	}
	if b, ok := booleanWord(foldWidth(s)); ok {
		return BoolValue(b), ""
	}
	return Value{}, BooleanInvalid
}

func booleanWord(s string) (value, ok bool) {
	switch len(s) {
	case 1:
		switch s[0] {
		case '1', 'y', 'Y':
			return true, true
		case '0', 'n', 'N':
			return false, true
		}
	case 2:
		return false, equalWord(s, "no")
	case 3:
		return true, equalWord(s, "yes")
	case 4:
		return true, equalWord(s, "true")
	case 5:
		return false, equalWord(s, "false")
	}
	return false, false
}

// equalWord reports whether s is the ASCII word, in any case.
func equalWord(s, word string) bool {
	for i := range len(s) {
		if lower(s[i]) != word[i] {
			return false
		}
	}
	return true
}

// maxChoiceCell bounds the cells that are looked at as choices, in bytes.
const maxChoiceCell = 1024

// parseChoice finds the option by its label, key or synonym, then by its number.
func (f *Field) parseChoice(s string) (Value, Code) {
	if len(s) > maxChoiceCell {
		return Value{}, ChoiceUnknown
	}
	index := f.choices
	if index == nil {
		var err error
		if index, err = indexChoices(f.Choices); err != nil {
			return Value{}, ChoiceUnknown
		}
	}
	if n, ok := index[s]; ok {
		return IntValue(n), ""
	}
	name := normalChoice(s)
	if n, ok := index[name]; ok {
		return IntValue(n), ""
	}
	n, err := strconv.ParseInt(name, 10, 64)
	if err != nil || !allDigits(strings.TrimPrefix(name, "-")) {
		return Value{}, ChoiceUnknown
	}
	for i := range f.Choices {
		if f.Choices[i].Number == n {
			return IntValue(n), ""
		}
	}
	return Value{}, ChoiceUnknown
}

// indexChoices maps the names of the options, as written and normalised, to their numbers. It fails where two
// options have one number or one name.
func indexChoices(options []Option) (map[string]int64, error) {
	index := make(map[string]int64, len(options)*6)
	numbers := make(map[int64]bool, len(options))
	var errs []error
	for _, o := range options {
		if numbers[o.Number] {
			errs = append(errs, fmt.Errorf("two options have the number %d", o.Number))
		}
		numbers[o.Number] = true
		for _, name := range append([]string{o.Key, o.Label.JA, o.Label.EN}, o.Synonyms...) {
			for _, form := range []string{name, normalChoice(name)} {
				if form == "" {
					continue
				}
				if other, taken := index[form]; taken && other != o.Number {
					errs = append(errs, fmt.Errorf("two options are called %q", name))
				}
				index[form] = o.Number
			}
		}
	}
	// A number is looked up as fast as a name, unless it is another option's name.
	for n := range numbers {
		if _, taken := index[decimal(n)]; !taken {
			index[decimal(n)] = n
		}
	}
	return index, errors.Join(errs...)
}

// normalChoice folds width, case and blanks, which do not tell options apart; punctuation does (Rh+ and Rh-).
func normalChoice(s string) string {
	return strings.Map(func(r rune) rune {
		if isBlank(r) {
			return -1
		}
		return r
	}, strings.ToLower(norm.NFKC.String(s)))
}
