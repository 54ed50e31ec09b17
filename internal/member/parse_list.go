package member

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// parseList reads a JSON array or, where the field allows it, items with commas between them. Items are trimmed,
// empty ones are left out, and repeats are kept: a list is what the cell says, in its order.
func (f *Field) parseList(s string) (v Value, code Code, detail string) {
	if f.Type == NumberList {
		s = foldWidth(s)
	}
	items, code := f.listItems(s)
	if code != "" {
		return Value{}, code, f.bound(code)
	}
	kept := items[:0]
	for _, item := range items {
		if item = trimBlanks(item); item == "" {
			continue
		}
		if f.Type == NumberList {
			item, code = canonicalNumber(item)
		} else {
			item, code = cleanText(item, f.textBound())
		}
		if code != "" {
			return Value{}, code, f.bound(code)
		}
		kept = append(kept, item)
	}
	return ListValue(kept), "", ""
}

// bound is the detail of a problem that is a bound exceeded.
func (f *Field) bound(code Code) string {
	switch code {
	case TooLong:
		return decimal(int64(f.textBound()))
	case NumberTooLong:
		return decimal(maxDigits)
	case ListTooMany:
		return decimal(maxListItems)
	default:
		return ""
	}
}

// parseTags reads tags as seeds 000 and 004 write them: a JSON array, or tags with commas between them. A repeated
// tag keeps its first place.
func (f *Field) parseTags(s string) (v Value, code Code, detail string) {
	items, code := f.listItems(s)
	if code != "" {
		return Value{}, code, f.bound(code)
	}
	tags := distinct{items: items[:0]}
	for _, item := range items {
		if item = trimBlanks(item); item == "" {
			continue
		}
		tag, code := cleanText(item, f.textBound())
		if code != "" {
			return Value{}, code, f.bound(code)
		}
		if code = checkTag(tag); code != "" {
			return Value{}, code, clip(tag)
		}
		tags.add(tag)
	}
	return ListValue(tags.items), "", ""
}

// distinct collects items without repeats. It searches a few and hashes many.
type distinct struct {
	items []string
	seen  map[string]struct{}
}

func (d *distinct) add(item string) {
	const few = 16
	if d.seen == nil {
		if slices.Contains(d.items, item) {
			return
		}
		if d.items = append(d.items, item); len(d.items) == few {
			d.seen = make(map[string]struct{}, 4*few)
			for _, known := range d.items {
				d.seen[known] = struct{}{}
			}
		}
		return
	}
	if _, repeated := d.seen[item]; !repeated {
		d.seen[item] = struct{}{}
		d.items = append(d.items, item)
	}
}

// checkTag says what is wrong with a tag, by the rules of seed 004: at most two levels, no / at either end, none
// of . $ \ or blank.
func checkTag(tag string) Code {
	slashes := 0
	for _, r := range tag {
		switch {
		case r == '/':
			slashes++
		case r == '.' || r == '$' || r == '\\' || r < ' ' || r == 0x7F || isBlank(r):
			return TagCharacter
		}
	}
	if slashes > 1 || tag[0] == '/' || tag[len(tag)-1] == '/' {
		return TagLevels
	}
	return ""
}

// listItems takes a cell apart without judging the items. What begins with a bracket must be a JSON array.
func (f *Field) listItems(s string) ([]string, Code) {
	switch {
	case s[0] == '[' && utf8.ValidString(s):
		return jsonItems(s, f.Type == NumberList)
	case s[0] == '[' || !f.CommaSeparated:
		return nil, ListInvalid
	case strings.Count(s, ",") >= maxListItems:
		return nil, ListTooMany
	default:
		return strings.Split(s, ","), ""
	}
}

// jsonItems reads a JSON array (RFC 8259) of strings, or of numbers. Strings without escapes are parts of s.
func jsonItems(s string, numbers bool) ([]string, Code) {
	read := jsonString
	if numbers {
		read = jsonNumber
	}
	items := make([]string, 0, min(strings.Count(s, ",")+1, maxListItems))
	rest := skipJSONSpace(s[1:])
	if rest != "" && rest[0] == ']' {
		return items, trailing(rest[1:])
	}
	for {
		n, item, ok := read(rest)
		if !ok {
			return nil, ListInvalid
		}
		if len(items) == maxListItems {
			return nil, ListTooMany
		}
		items = append(items, item)
		rest = skipJSONSpace(rest[n:])
		switch {
		case rest == "":
			return nil, ListInvalid
		case rest[0] == ']':
			return items, trailing(rest[1:])
		case rest[0] != ',':
			return nil, ListInvalid
		}
		rest = skipJSONSpace(rest[1:])
	}
}

// jsonNumber returns what s begins with up to the next delimiter; whether it is a number is seen later.
func jsonNumber(s string) (n int, item string, ok bool) {
	n = strings.IndexAny(s, ",] \t\r\n")
	if n <= 0 {
		return 0, "", false
	}
	return n, s[:n], true
}

func trailing(rest string) Code {
	if skipJSONSpace(rest) != "" {
		return ListInvalid
	}
	return ""
}

func skipJSONSpace(s string) string { return strings.TrimLeft(s, " \t\r\n") }

// jsonString reads the string that s begins with and returns its length in s and its content.
func jsonString(s string) (n int, item string, ok bool) {
	if s == "" || s[0] != '"' {
		return 0, "", false
	}
	escaped := false
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			if !escaped {
				return i + 1, s[1:i], true
			}
			item, ok = unescape(s[:i+1])
			return i + 1, item, ok
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			return 0, "", false
		}
	}
	return 0, "", false
}

// unescape reads a JSON string with escapes. Half a surrogate pair is refused: it would silently become U+FFFD.
func unescape(quoted string) (string, bool) {
	var out string
	if err := json.Unmarshal([]byte(quoted), &out); err != nil {
		return "", false
	}
	if strings.Count(out, "\uFFFD") > strings.Count(quoted, "\uFFFD")+strings.Count(strings.ToLower(quoted), `\ufffd`) {
		return "", false
	}
	return out, true
}
