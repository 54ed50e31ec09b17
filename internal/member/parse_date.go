package member

import "time"

// The years that dates may lie in: 9999-12-31 is what many systems write for "never", and nobody registers
// members who were born before 1800.
const (
	minYear = 1800
	maxYear = 9999
)

// stamp is a date, with or without a time of day, or an instant, as a cell says it.
type stamp struct {
	year, month, day             int
	hour, minute, second, micros int
	// timed stamps have a time of day, zoned ones an offset from UTC in seconds.
	timed, zoned bool
	offset       int
	// instant stamps are epoch milliseconds and nothing else.
	instant bool
	millis  int64
}

// parseDate reads a date. Of a date with a time of day it takes the date: as written where there is no offset, in
// zone where there is one, as of epoch milliseconds.
func parseDate(s string, zone *time.Location) (Value, Code) {
	st, code := scanStamp(s)
	if code != "" {
		return Value{}, code
	}
	days := daysOf(st.year, st.month, st.day)
	if st.instant || (st.timed && st.zoned) {
		year, month, day := st.time(zone).In(zone).Date()
		if year < minYear || year > maxYear {
			return Value{}, DateOutOfRange
		}
		days = daysOf(year, int(month), day)
	} else if st.hour == 24 {
		days++
		if days > daysOf(maxYear, 12, 31) {
			return Value{}, DateOutOfRange
		}
	}
	return Value{Int: days, Set: true}, ""
}

// parseDateTime reads an instant to the microsecond; further digits are cut off. Without an offset the time is that
// of zone; one that a change of the clocks leaves out, or makes happen twice, is read with the offset on one side of
// the change, as time.Date does.
func parseDateTime(s string, zone *time.Location) (Value, Code) {
	st, code := scanStamp(s)
	if code != "" {
		return Value{}, code
	}
	micros := st.time(zone).UnixMicro()
	if micros < daysOf(minYear, 1, 1)*microsPerDay || micros >= daysOf(maxYear+1, 1, 1)*microsPerDay {
		return Value{}, DateOutOfRange
	}
	return Value{Int: micros, Set: true}, ""
}

const microsPerDay = 24 * 60 * 60 * 1_000_000

// time returns the instant; zone is that of stamps without an offset.
func (st *stamp) time(zone *time.Location) time.Time {
	switch {
	case st.instant:
		return time.UnixMilli(st.millis)
	case st.zoned:
		return time.Date(st.year, time.Month(st.month), st.day, st.hour, st.minute, st.second-st.offset, st.micros*1000, time.UTC)
	default:
		return time.Date(st.year, time.Month(st.month), st.day, st.hour, st.minute, st.second, st.micros*1000, zone)
	}
}

// daysOf returns the days from 1970-01-01 to a date of the Gregorian calendar, of which there must be one.
func daysOf(year, month, day int) int64 {
	// The year is taken to begin in March, so that the leap day is its last.
	if month <= 2 {
		year--
		month += 12
	}
	y := int64(year)
	return 365*y + y/4 - y/100 + y/400 + int64((153*(month-3)+2)/5) + int64(day) - 719_469
}

// daysIn returns the number of days of a month.
func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}

// checkDay says what is wrong with a date of the Gregorian calendar.
func checkDay(year, month, day int) Code {
	switch {
	case month < 1 || month > 12 || day < 1 || day > daysIn(year, month):
		return DateImpossible
	case year < minYear || year > maxYear:
		return DateOutOfRange
	default:
		return ""
	}
}

// era is a Japanese era, from its first day to its last, both as year·10000 + month·100 + day.
type era struct {
	name     string
	letter   byte // in lower case
	from, to int
}

// eras are those of the Gregorian calendar in Japan. Meiji begins with its year 6: before 1873-01-01 Japan used a
// lunisolar calendar, so that an earlier date would silently become another day (JIS X 0301 and java.time begin
// there, too). The day of a change belongs to both eras where people used both.
var eras = [...]era{
	{"令和", 'r', 2019_05_01, maxYear*10000 + 12_31},
	{"平成", 'h', 1989_01_08, 2019_04_30},
	{"昭和", 's', 1926_12_25, 1989_01_07},
	{"大正", 't', 1912_07_30, 1926_12_25},
	{"明治", 'm', 1873_01_01, 1912_07_30},
}

// firstYear is the Gregorian year of the era's year 1.
func (e *era) firstYear() int {
	if e.letter == 'm' {
		return 1868
	}
	return e.from / 10000
}

// gregorian returns the year that year n of the era is, or what is wrong with the date.
func (e *era) gregorian(n, month, day int) (year int, code Code) {
	year = e.firstYear() + n - 1
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, DateImpossible
	}
	if date := year*10000 + month*100 + day; n < 1 || date < e.from || date > e.to {
		return 0, DateEra
	}
	return year, ""
}
