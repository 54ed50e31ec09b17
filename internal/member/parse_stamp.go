package member

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxStampCell bounds the cells that are looked at as dates, in bytes.
const maxStampCell = 96

// scanStamp reads all forms of dates and times of product.md. It has no notion of zones and of what the field is.
func scanStamp(s string) (stamp, Code) {
	if len(s) == len("2006-01-02") && s[4] == s[7] && (s[4] == '-' || s[4] == '/') {
		if st, ok := scanPlainDate(s); ok {
			return st, checkDay(st.year, st.month, st.day)
		}
	}
	if len(s) > maxStampCell || !utf8.ValidString(s) {
		return stamp{}, DateInvalid
	}
	if !isASCII(s) {
		// Full-width digits and blanks, and the signs for whole eras (㋿) and months.
		s = strings.ReplaceAll(norm.NFKC.String(s), "\u2212", "-")
	}
	if allDigits(s) || (s[0] == '-' && allDigits(s[1:])) {
		return scanBareNumber(s)
	}
	return scanDateAndTime(s)
}

// scanPlainDate reads YYYY-MM-DD and YYYY/MM/DD.
func scanPlainDate(s string) (st stamp, ok bool) {
	for _, i := range [...]int{0, 1, 2, 3, 5, 6, 8, 9} {
		if !isDigit(s[i]) {
			return stamp{}, false
		}
	}
	st.year = int(s[0]-'0')*1000 + int(s[1]-'0')*100 + int(s[2]-'0')*10 + int(s[3]-'0')
	st.month = int(s[5]-'0')*10 + int(s[6]-'0')
	st.day = int(s[8]-'0')*10 + int(s[9]-'0')
	return st, true
}

// scanBareNumber tells YYYYMMDD from epoch milliseconds by the number of digits: 8, or 11 to 13. Fewer may be an
// Excel serial number or seconds, more are a timestamp of some other kind; both would silently be another day.
func scanBareNumber(s string) (stamp, Code) {
	digits := len(strings.TrimPrefix(s, "-"))
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err == nil && digits >= 11 && digits <= 13:
		return stamp{instant: true, millis: n}, ""
	case err == nil && digits == 8 && n > 0:
		st := stamp{year: int(n / 10000), month: int(n / 100 % 100), day: int(n % 100)}
		return st, checkDay(st.year, st.month, st.day)
	default:
		return stamp{}, DateNumber
	}
}

// scanDateAndTime reads a date, and a time of day behind a blank or a T.
func scanDateAndTime(s string) (stamp, Code) {
	c := scanner{rest: s}
	var st stamp
	if code := c.date(&st); code != "" {
		return stamp{}, code
	}
	if c.rest == "" {
		return st, ""
	}
	separated := c.blanks()
	if !separated {
		separated = c.skip("T") || c.skip("t")
	}
	if !separated || c.rest == "" || !isDigit(c.rest[0]) {
		return stamp{}, DateInvalid
	}
	if code := c.time(&st); code != "" {
		return stamp{}, code
	}
	if c.rest != "" {
		return stamp{}, TimeInvalid
	}
	return st, ""
}

// scanner reads a cell from its beginning.
type scanner struct{ rest string }

// skip takes prefix off, if it is there.
func (c *scanner) skip(prefix string) bool {
	rest, ok := strings.CutPrefix(c.rest, prefix)
	c.rest = rest
	return ok
}

// blanks takes blanks off and reports whether there were any.
func (c *scanner) blanks() bool {
	rest := strings.TrimLeft(c.rest, " ")
	found := len(rest) < len(c.rest)
	c.rest = rest
	return found
}

// number takes up to nine digits off and returns their value and how many they were.
func (c *scanner) number() (n, width int) {
	for width < len(c.rest) && width < 9 && isDigit(c.rest[width]) {
		n = n*10 + int(c.rest[width]-'0')
		width++
	}
	c.rest = c.rest[width:]
	return n, width
}

// date reads a date with separators, or YYYYMMDD in front of a time.
func (c *scanner) date(st *stamp) Code {
	e := c.era()
	year, width := c.number()
	if e != nil && width == 0 && c.skip("元") {
		year, width = 1, 1
	}
	if e == nil && width == 8 {
		st.year, st.month, st.day = year/10000, year/100%100, year%100
		return checkDay(st.year, st.month, st.day)
	}
	if width == 0 || c.rest == "" {
		return DateInvalid
	}
	dayWidth, code := c.monthAndDay(st)
	switch {
	case code != "":
		return code
	case e != nil && width <= 2:
		st.year, code = e.gregorian(year, st.month, st.day)
		return code
	case width == 4 && e == nil && dayWidth <= 2:
		st.year = year
		return checkDay(st.year, st.month, st.day)
	case width <= 2 && dayWidth <= 2:
		return DateTwoDigitYear
	default:
		return DateInvalid
	}
}

// monthAndDay reads the rest of a date behind the year, with one kind of separator throughout.
func (c *scanner) monthAndDay(st *stamp) (dayWidth int, code Code) {
	first, second, last := "/", "/", ""
	dots := false
	switch {
	case c.skip("年"):
		first, second, last = "年", "月", "日"
	case c.skip("-"):
		first, second = "-", "-"
	case c.skip("."):
		first, second, dots = ".", ".", true
	case !c.skip("/"):
		return 0, DateInvalid
	}
	kanji := first == "年"
	var monthWidth int
	if kanji {
		c.blanks()
	}
	st.month, monthWidth = c.number()
	if monthWidth == 0 || monthWidth > 2 || !c.skip(second) {
		return 0, DateInvalid
	}
	if kanji {
		c.blanks()
	}
	st.day, dayWidth = c.number()
	if dayWidth == 0 || (last != "" && !c.skip(last)) {
		return 0, DateInvalid
	}
	if dots {
		return 0, DateDots
	}
	return dayWidth, ""
}

// era takes the name of a Japanese era off, or its letter, and returns it; nil where there is none.
func (c *scanner) era() *era {
	if isDigit(c.rest[0]) {
		return nil
	}
	for i := range eras {
		e := &eras[i]
		if c.skip(e.name) {
			c.blanks()
			return e
		}
		if lower(c.rest[0]) == e.letter {
			c.rest = c.rest[1:]
			c.blanks()
			return e
		}
	}
	return nil
}

// time reads H:MM, H:MM:SS with a fraction of any length, or the same without colons (ISO 8601), and an offset.
// 24:00 is the end of the day (ISO 8601-1:2019/Amd 1); a leap second is refused.
func (c *scanner) time(st *stamp) Code {
	st.timed = true
	n, width := c.number()
	switch {
	case width == 6:
		st.hour, st.minute, st.second = n/10000, n/100%100, n%100
	case width == 4:
		st.hour, st.minute = n/100, n%100
	case width == 1 || width == 2:
		st.hour = n
		if !c.skip(":") {
			return TimeInvalid
		}
		if st.minute, width = c.number(); width != 2 {
			return TimeInvalid
		}
		if c.skip(":") {
			if st.second, width = c.number(); width != 2 {
				return TimeInvalid
			}
			width = 6
		}
	default:
		return TimeInvalid
	}
	if (width == 6 && !c.fraction(st)) || !c.offset(st) {
		return TimeInvalid
	}
	endOfDay := st.hour == 24 && st.minute == 0 && st.second == 0 && st.micros == 0
	if (st.hour > 23 && !endOfDay) || st.minute > 59 || st.second > 59 {
		return TimeInvalid
	}
	return ""
}

// fraction reads the fraction of a second, to the microsecond.
func (c *scanner) fraction(st *stamp) bool {
	if !c.skip(".") && !c.skip(",") {
		return true
	}
	digits, scale := 0, 100_000
	for digits < len(c.rest) && isDigit(c.rest[digits]) {
		st.micros += int(c.rest[digits]-'0') * scale
		scale /= 10
		digits++
	}
	c.rest = c.rest[digits:]
	return digits > 0
}

// offset reads Z, ±HH:MM, ±HHMM or ±HH, as far as 15:59, if there is one.
func (c *scanner) offset(st *stamp) bool {
	c.blanks()
	if c.rest == "" {
		return true
	}
	st.zoned = true
	if c.skip("Z") || c.skip("z") {
		return true
	}
	sign := 1
	if c.skip("-") {
		sign = -1
	} else if !c.skip("+") {
		return false
	}
	n, width := c.number()
	hours, minutes := n, 0
	switch {
	case width == 4:
		hours, minutes = n/100, n%100
	case width == 2 && c.skip(":"):
		if minutes, width = c.number(); width != 2 {
			return false
		}
	case width != 2:
		return false
	}
	st.offset = sign * (hours*3600 + minutes*60)
	return hours <= 15 && minutes <= 59
}
