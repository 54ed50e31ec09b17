package member

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// headerMeaning is what a header stands for.
type headerMeaning struct {
	field    int
	inverted bool
	// weight orders meanings: keys before labels before synonyms, earlier synonyms before later ones.
	weight int
}

// The weights of the ways in which a header can name a field.
const (
	weightKey     = 3000
	weightLabel   = 2000
	weightSynonym = 1000
)

// maxHeader bounds the headers that are looked at, in bytes; nothing longer names a field.
const maxHeader = 256

// indexHeaders maps every normalised key, label, synonym and inverted header to its field. Where two fields
// claim a header, the heavier claim wins, then the earlier field.
func indexHeaders(fields []Field) map[string]headerMeaning {
	index := make(map[string]headerMeaning, len(fields)*12)
	claim := func(header string, m headerMeaning) {
		name := normalHeader(header)
		if old, taken := index[name]; name != "" && (!taken || m.weight > old.weight) {
			index[name] = m
		}
	}
	for i := range fields {
		f := &fields[i]
		claim(f.Key, headerMeaning{field: i, weight: weightKey})
		claim(f.Label.JA, headerMeaning{field: i, weight: weightLabel})
		claim(f.Label.EN, headerMeaning{field: i, weight: weightLabel})
		for n, synonym := range f.Synonyms {
			claim(synonym, headerMeaning{field: i, weight: weightSynonym - n})
		}
		for n, inverted := range f.Inverted {
			claim(inverted, headerMeaning{field: i, inverted: true, weight: weightSynonym - n})
		}
	}
	return index
}

// HeaderKey returns the form in which headers are compared: width, case, spacing and punctuation do not matter. One
// that has nothing else is its own key.
func HeaderKey(header string) string {
	if key := normalHeader(header); key != "" {
		return key
	}
	return trimBlanks(header)
}

// KnownHeaders counts the different fields that the cells name, as those of a header do.
func (s *Schema) KnownHeaders(cells []string) int {
	known := make(map[int]bool)
	for _, cell := range cells {
		cell = trimBlanks(cell)
		if cell == "" || len(cell) > maxHeader || strings.ContainsAny(cell, "@＠") || isDataNumber(cell) {
			continue
		}
		if m, ok := s.meaning(cell); ok {
			known[m.field] = true
		}
	}
	return len(known)
}

// normalHeader folds what does not matter in a header: width, case, spacing and punctuation.
func normalHeader(s string) string {
	if isNormalHeader(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFKC.String(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

func isNormalHeader(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// MatchColumn returns the field that a header names, whatever its width, case, spacing and punctuation. Of the
// form "label (key)*" (seed 000) the part in parentheses is tried, then the label. inverted tells that the column
// says the opposite of the field, as unsubscribeEmail does (seed 004).
func (s *Schema) MatchColumn(header string) (f Field, inverted, ok bool) {
	m, ok := s.meaning(header)
	if !ok {
		return Field{}, false, false
	}
	return s.fields[m.field], m.inverted, true
}

func (s *Schema) meaning(header string) (headerMeaning, bool) {
	if len(header) > maxHeader || !utf8.ValidString(header) {
		return headerMeaning{}, false
	}
	label, inner, parenthesised := splitHeader(header)
	whole := normalHeader(header)
	if !parenthesised {
		return s.lookUp(whole)
	}
	// "氏名 (姓)" and "データID (数値)" are known as a whole.
	if m, ok := s.lookUp(whole); ok {
		return m, true
	}
	if m, ok := s.lookUp(normalHeader(inner)); ok {
		return m, true
	}
	return s.lookUp(normalHeader(label))
}

// lookUp finds a normalised header, also with a mark that the column must or may be filled.
func (s *Schema) lookUp(name string) (headerMeaning, bool) {
	if m, ok := s.byHeader[name]; ok {
		return m, true
	}
	for _, mark := range []string{"必須", "任意", "required", "optional"} {
		bare := strings.TrimSuffix(strings.TrimPrefix(name, mark), mark)
		if m, ok := s.byHeader[bare]; ok && bare != name {
			return m, true
		}
	}
	return headerMeaning{}, false
}

// splitHeader takes "label (inner)*" apart; ok is false where there are no parentheses.
func splitHeader(header string) (label, inner string, ok bool) {
	h := norm.NFKC.String(header)
	end := strings.LastIndexByte(h, ')')
	if end < 0 {
		return "", "", false
	}
	start := strings.LastIndexByte(h[:end], '(')
	if start < 0 {
		return "", "", false
	}
	return h[:start] + h[end+1:], h[start+1 : end], true
}

// LooksLikeHeader reports whether the first row of a file is its header: a cell says メールアドレス (seed 003), or the
// row holds known field names. Where a cell is an address or a number, as a member's would be, at least two and
// half of all cells must be known names; where some other cell holds digits (1-2-3) that do not count columns (住所1), two. That of a
// report of failed rows is one in any case.
func (s *Schema) LooksLikeHeader(cells []string) bool {
	if IsReport(cells) {
		return true
	}
	known, filled, data, digits := 0, 0, false, false
	for _, cell := range cells {
		cell = trimBlanks(cell)
		if cell == "" || len(cell) > maxHeader {
			continue
		}
		filled++
		if strings.ContainsAny(cell, "@＠") || isDataNumber(cell) {
			data = true
			continue
		}
		if strings.Contains(norm.NFKC.String(cell), "メールアドレス") {
			return true
		}
		if _, ok := s.meaning(cell); ok {
			known++
		} else if strings.ContainsAny(norm.NFKC.String(withoutCount(cell)), "0123456789") {
			digits = true
		}
	}
	switch half := known*2 >= filled; {
	case data:
		return known >= 2 && half
	case digits:
		return known >= 2 || (known == 1 && half)
	default:
		return known >= 1
	}
}

// withoutCount cuts one or two digits behind a letter off the end: columns of a kind are counted so (住所1, 備考１２).
func withoutCount(cell string) string {
	runes := []rune(cell)
	n := len(runes)
	for n > 0 && len(runes)-n < 2 && unicode.IsDigit(runes[n-1]) {
		n--
	}
	if n == 0 || !unicode.IsLetter(runes[n-1]) {
		return cell
	}
	return string(runes[:n])
}

// isDataNumber reports whether the cell is a number, a date or a phone number: digits and punctuation only.
func isDataNumber(cell string) bool {
	found := false
	for _, r := range cell {
		switch {
		case unicode.IsDigit(r):
			found = true
		case unicode.IsLetter(r):
			return false
		}
	}
	return found
}
