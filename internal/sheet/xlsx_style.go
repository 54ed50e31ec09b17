package sheet

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// look is how a number format makes a number look, as far as it matters for its text.
type look uint8

const (
	lookNumber look = iota
	lookDate
	lookTime
	lookDateTime
	lookElapsed // [h]:mm:ss
	lookDigits  // 000-0000: see masks
)

// style is what a cell's format says about its number.
type style struct {
	look look
	// masks are those of lookDigits.
	masks masks
}

// builtinLooks are the formats that have a number instead of a code (ECMA-376 part 1, 18.8.30); 27 to 36 and
// 50 to 58 are those of Japanese, Chinese and Korean.
var builtinLooks = map[int]look{
	14: lookDate, 15: lookDate, 16: lookDate, 17: lookDate, 18: lookTime, 19: lookTime, 20: lookTime, 21: lookTime, 22: lookDateTime,
	27: lookDate, 28: lookDate, 29: lookDate, 30: lookDate, 31: lookDate, 32: lookTime, 33: lookTime, 34: lookDate, 35: lookDate, 36: lookDate,
	45: lookTime, 46: lookElapsed, 47: lookTime,
	50: lookDate, 51: lookDate, 52: lookDate, 53: lookDate, 54: lookDate, 55: lookDate, 56: lookDate, 57: lookDate, 58: lookDate,
}

// maxStyles is the number of cell formats that a workbook of Excel can have ("Excel specifications and
// limits": 65,490), rounded up.
const maxStyles = 1 << 16

// maxFormat is how many bytes of a number format are looked at; Excel's own limit is 255 characters.
const maxFormat = 1 << 10

// readStyles reads xl/styles.xml into the style of each cell format, in order.
func readStyles(r io.Reader) ([]style, error) {
	s := newScanner(r)
	custom := map[int]style{}
	var styles []style
	inCells := false
	for {
		tok, err := s.next()
		if err != nil || tok == endOfPart {
			return styles, err
		}
		switch name := string(s.name); {
		case tok == charData:
		case name == "cellXfs":
			inCells = tok == startTag
		case tok == endTag:
		case name == "numFmt":
			if id, err := strconv.Atoi(s.attr("numFmtId")); err == nil && len(custom) < maxStyles {
				custom[id] = parseFormat(clip(s.attr("formatCode"), maxFormat))
			}
		case name == "xf" && inCells:
			if len(styles) == maxStyles {
				return nil, fmt.Errorf("more than %d cell formats", maxStyles)
			}
			id, _ := strconv.Atoi(s.attr("numFmtId")) // absent: 0, General
			st, ok := custom[id]
			if !ok {
				st = style{look: builtinLooks[id]}
			}
			styles = append(styles, st)
		}
	}
}

// notDates are the words of a format whose letters are no parts of a date.
var notDates = strings.NewReplacer("General", "", "GENERAL", "", "general", "", "G/標準", "", "AM/PM", "", "am/pm", "", "A/P", "", "a/p", "")

// parseFormat tells from a format code (ECMA-376 part 1, 18.8.31) how it makes a number look: by its first
// section, leaving out what is quoted, escaped, or in brackets.
func parseFormat(code string) style {
	if m := parseMasks(code); m != nil {
		return style{lookDigits, m}
	}
	code = notDates.Replace(code)
	day, hour, minute, elapsed, literal := false, false, false, false, false
	for i := 0; i < len(code); i++ {
		c := code[i] | 0x20
		switch {
		case code[i] == '"':
			literal = !literal
		case literal:
		case code[i] == ';':
			i = len(code)
		case code[i] == '\\', code[i] == '_', code[i] == '*':
			i++
		case code[i] == '[':
			n := max(0, strings.IndexByte(code[i:], ']'))
			if inner := strings.ToLower(code[i+min(1, n) : i+n]); inner != "" && strings.Trim(inner, string(inner[0])) == "" && strings.Contains("hms", inner[:1]) {
				elapsed = true
			}
			i += n
		case c == 'e' && i+1 < len(code) && (code[i+1] == '+' || code[i+1] == '-'): // an exponent
		case c == 'y', c == 'd', c == 'e', c == 'g', c == 'b', c == 'a', c == 'r': // also weekdays and eras
			day = true
		case c == 'h', c == 's':
			hour = true
		case c == 'm':
			minute = true
		}
	}
	switch {
	case elapsed:
		return style{look: lookElapsed}
	case day && hour:
		return style{look: lookDateTime}
	case hour:
		return style{look: lookTime}
	case day || minute: // an m without hours and seconds is a month
		return style{look: lookDate}
	}
	return style{}
}
