package sheet

import (
	"bytes"
	"math"
	"strconv"
	"time"
)

// appendNumber appends the text of a cell that holds a number, as a person sees it in the cell, but exact and
// without the surroundings: dates as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS, times as HH:MM:SS, numbers without
// float noise and without exponent. What is not a number is appended as it is.
//
// Of formats that only dress a number up nothing is left: 12% is 0.12, ¥1,234 is 1234, and 1.5 shown without decimals is
// 1.5. A number field could read none of the former, and the latter is what the person wrote.
func appendNumber(dst, v []byte, st style, date1904 bool) []byte {
	if st.look == lookNumber && plain(v) {
		return appendPlain(dst, v)
	}
	if !numeric(v) {
		return append(dst, v...)
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil || math.IsInf(f, 0) {
		return append(dst, v...)
	}
	switch st.look {
	case lookNumber:
	case lookDigits:
		if out, ok := st.masks.append(dst, f); ok {
			return out
		}
	default:
		if out, ok := appendSerial(dst, f, st.look, date1904); ok {
			return out
		}
	}
	return appendFloat(dst, f)
}

// numeric reports whether v is made of the characters of a decimal number.
func numeric(v []byte) bool {
	for _, c := range v {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'E' && c != 'e' {
			return false
		}
	}
	return len(v) > 0
}

// plain reports whether the digits of v are those to show: an integer of any length, or a decimal of at most
// 15 digits, without needless zeros in front.
func plain(v []byte) bool {
	if len(v) > 0 && v[0] == '-' {
		v = v[1:]
	}
	if len(v) == 0 || v[0] == '0' && len(v) > 1 && v[1] != '.' || v[0] == '.' {
		return false
	}
	point := -1
	for i, c := range v {
		if c == '.' && point < 0 {
			point = i
		} else if c < '0' || c > '9' {
			return false
		}
	}
	return point < 0 || len(v) <= 16
}

// appendPlain appends a plain number without needless zeros at the end, and without the sign of zero.
func appendPlain(dst, v []byte) []byte {
	if bytes.IndexByte(v, '.') >= 0 {
		v = bytes.TrimRight(v, "0")
		v = bytes.TrimSuffix(v, []byte("."))
	}
	if string(v) == "-0" {
		v = v[1:]
	}
	return append(dst, v...)
}

// appendFloat appends f without exponent: an integer with all its digits, as few of them significant as tell f
// from its neighbours; any other number with at most the 15 significant digits that Excel shows, so that
// 0.1+0.2 is 0.3.
func appendFloat(dst []byte, f float64) []byte {
	if f == 0 {
		return append(dst, '0')
	}
	if f != math.Trunc(f) {
		var buf [32]byte
		if rounded, err := strconv.ParseFloat(string(strconv.AppendFloat(buf[:0], f, 'e', 14, 64)), 64); err == nil {
			f = rounded
		}
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

const (
	secondsPerDay = 24 * 60 * 60
	// lastSerial is the day after 9999-12-31, the last one that Excel can show, in the system of 1900.
	lastSerial = 2958466
	// offset1904 is the serial of 1904-01-01 in the system of 1900 (ECMA-376 part 1, 18.17.4.1).
	offset1904 = 1462
)

// appendSerial appends a date, time or both. It is false for what Excel cannot show as one and fills with #.
func appendSerial(dst []byte, f float64, l look, date1904 bool) ([]byte, bool) {
	if f < 0 || f >= lastSerial {
		return dst, false
	}
	// To the millisecond, which is what the fraction of a day of this size can hold without noise.
	ms := int64(math.Round(f * secondsPerDay * 1000))
	if l == lookDate {
		return appendDay(dst, ms/(secondsPerDay*1000), date1904)
	}
	sec := (ms + 500) / 1000
	switch l {
	case lookElapsed:
		return appendClock(dst, sec), true
	case lookTime:
		return appendClock(dst, sec%secondsPerDay), true
	}
	out, ok := appendDay(dst, sec/secondsPerDay, date1904)
	if !ok {
		return dst, false
	}
	return appendClock(append(out, 'T'), sec%secondsPerDay), true
}

// appendDay appends the date of a serial number. In the system of 1900 day 60 is 1900-02-29, which never was,
// and day 0 is 1900-01-00: both are written as Excel shows them.
func appendDay(dst []byte, serial int64, date1904 bool) ([]byte, bool) {
	switch {
	case date1904:
		serial += offset1904
	case serial == 0:
		return append(dst, "1900-01-00"...), true
	case serial == 60:
		return append(dst, "1900-02-29"...), true
	case serial < 60:
		serial++
	}
	if serial >= lastSerial {
		return dst, false
	}
	return time.Date(1899, 12, 30+int(serial), 0, 0, 0, 0, time.UTC).AppendFormat(dst, time.DateOnly), true
}

// appendClock appends seconds as HH:MM:SS, with as many hours as there are.
func appendClock(dst []byte, sec int64) []byte {
	hours := sec / 3600
	if hours < 10 {
		dst = append(dst, '0')
	}
	dst = strconv.AppendInt(dst, hours, 10)
	for _, n := range []int64{sec / 60 % 60, sec % 60} {
		dst = append(dst, ':', byte('0'+n/10), byte('0'+n%10))
	}
	return dst
}

// appendISODate appends a cell of type d (ISO 8601) the way appendSerial would: without offset, zone and
// fraction of a second, and without the time or date where the format shows none.
func appendISODate(dst, v []byte, st style) []byte {
	const date, full = len("2006-01-02"), len("2006-01-02T15:04:05")
	if len(v) <= date || v[date] != 'T' {
		return append(dst, v...)
	}
	v = v[:min(len(v), full)]
	switch st.look {
	case lookDate:
		v = v[:date]
	case lookTime:
		v = v[date+1:]
	}
	return append(dst, v...)
}
