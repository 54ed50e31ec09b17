package member

import (
	"testing"
	"time"
)

// goodDates are the forms that a date and, at midnight, a datetime field accept.
var goodDates = []parseCase{
	{cell: "2024-05-04", want: "2024-05-04"},
	{cell: "2024/05/04", want: "2024-05-04"},
	{cell: "2024/5/4", want: "2024-05-04"},
	{cell: "2024-5-4", want: "2024-05-04"},
	{cell: "2024/12/1", want: "2024-12-01"},
	{cell: "20240504", want: "2024-05-04"},
	{cell: "2024年5月4日", want: "2024-05-04"},
	{cell: "2024年05月04日", want: "2024-05-04"},
	{cell: "2024年 5月 4日", want: "2024-05-04"},
	{cell: "２０２４／５／４", want: "2024-05-04"},
	{cell: "２０２４年５月４日", want: "2024-05-04"},
	{cell: "２０２４－０５－０４", want: "2024-05-04"},
	{cell: "2024−05−04", want: "2024-05-04"},
	{cell: "　2024/5/4　", want: "2024-05-04"},
	{cell: "令和6年5月4日", want: "2024-05-04"},
	{cell: "令和　６年５月４日", want: "2024-05-04"},
	{cell: "令和6/5/4", want: "2024-05-04"},
	{cell: "㋿6年5月4日", want: "2024-05-04"},
	{cell: "R6年5月4日", want: "2024-05-04"},
	{cell: "r6/5/4", want: "2024-05-04"},
	{cell: "S55/05/04", want: "1980-05-04"},
	{cell: "令和元年5月1日", want: "2019-05-01"},
	{cell: "令和1年5月1日", want: "2019-05-01"},
	{cell: "平成31年4月30日", want: "2019-04-30"},
	{cell: "平成元年1月8日", want: "1989-01-08"},
	{cell: "昭和64年1月7日", want: "1989-01-07"},
	{cell: "昭和元年12月25日", want: "1926-12-25"},
	{cell: "大正15年12月25日", want: "1926-12-25"},
	{cell: "大正元年7月30日", want: "1912-07-30"},
	{cell: "明治45年7月30日", want: "1912-07-30"},
	{cell: "明治6年1月1日", want: "1873-01-01"},
	{cell: "1800-01-02", want: "1800-01-02"},
	{cell: "9999-12-31", want: "9999-12-31"},
	{cell: "2000-02-29", want: "2000-02-29"},
	{cell: "2024-02-29", want: "2024-02-29"},
}

// badDates are refused by date and datetime fields alike.
var badDates = []parseCase{
	{cell: "2024.05.04", code: DateDots},
	{cell: "2024.5.4", code: DateDots},
	{cell: "２０２４．５．４", code: DateDots},
	{cell: "2024.05.04 10:00", code: DateDots},
	{cell: "R6.5.4", code: DateDots},
	{cell: "令和6.5.4", code: DateDots},
	{cell: "2023-02-29", code: DateImpossible},
	{cell: "1900/2/29", code: DateImpossible},
	{cell: "2024/13/1", code: DateImpossible},
	{cell: "2024/0/1", code: DateImpossible},
	{cell: "2024-04-31", code: DateImpossible},
	{cell: "20240230", code: DateImpossible},
	{cell: "2024年2月30日", code: DateImpossible},
	{cell: "令和6年2月30日", code: DateImpossible},
	{cell: "00000000", code: DateNumber},
	{cell: "0000-00-00", code: DateImpossible},
	{cell: "0001-01-01", code: DateOutOfRange},
	{cell: "1799-12-31", code: DateOutOfRange},
	{cell: "平成31年5月1日", code: DateEra},
	{cell: "令和元年4月30日", code: DateEra},
	{cell: "昭和64年1月8日", code: DateEra},
	{cell: "平成元年1月7日", code: DateEra},
	{cell: "昭和元年12月24日", code: DateEra},
	{cell: "大正15年12月26日", code: DateEra},
	{cell: "大正元年7月29日", code: DateEra},
	{cell: "明治45年7月31日", code: DateEra},
	{cell: "明治5年12月31日", code: DateEra},
	{cell: "令和0年5月1日", code: DateEra},
	{cell: "昭和99年1月1日", code: DateEra},
	{cell: "24/5/4", code: DateTwoDigitYear},
	{cell: "24-05-04", code: DateTwoDigitYear},
	{cell: "99年5月4日", code: DateTwoDigitYear},
	{cell: "5/4/2024", code: DateInvalid},
	{cell: "2024/05-04", code: DateInvalid},
	{cell: "2024-05", code: DateInvalid},
	{cell: "2024年5月", code: DateInvalid},
	{cell: "2024年5月4", code: DateInvalid},
	{cell: "令和6年", code: DateInvalid},
	{cell: "令和2024年5月4日", code: DateInvalid},
	{cell: "慶応3年1月1日", code: DateInvalid},
	{cell: "12024-05-04", code: DateInvalid},
	{cell: "2024-005-04", code: DateInvalid},
	{cell: "2024/5/4(土)", code: DateInvalid},
	{cell: "May 4, 2024", code: DateInvalid},
	{cell: "Tuesday", code: DateInvalid},
	{cell: "-", code: DateInvalid},
	{cell: "元年", code: DateInvalid},
	{cell: "2024-05-04T", code: DateInvalid},
	{cell: "2024-W18-6", code: DateInvalid},
	{cell: "45416", code: DateNumber},          // an Excel serial number
	{cell: "1746316800", code: DateNumber},     // seconds
	{cell: "20250504090000", code: DateNumber}, // YYYYMMDDHHMMSS
	{cell: "-20240504", code: DateNumber},
	{cell: "0", code: DateNumber},
	{cell: "2024-05-04 25:00", code: TimeInvalid},
	{cell: "2024-05-04 10:60", code: TimeInvalid},
	{cell: "2024-05-04 24:01", code: TimeInvalid},
	{cell: "2024-05-04 23:59:60", code: TimeInvalid},
	{cell: "2024-05-04 10", code: TimeInvalid},
	{cell: "2024-05-04 10:5", code: TimeInvalid},
	{cell: "2024-05-04 9:30.5", code: TimeInvalid},
	{cell: "2024-05-04T10:00:00.", code: TimeInvalid},
	{cell: "2024-05-04T10:00:00+9", code: TimeInvalid},
	{cell: "2024-05-04T10:00:00+16:00", code: TimeInvalid},
	{cell: "2024-05-04T10:00:00+09:60", code: TimeInvalid},
	{cell: "2024-05-04T10:00:00[Asia/Tokyo]", code: TimeInvalid},
	{cell: "2024-05-04 10:00 AM", code: TimeInvalid},
	{cell: "2024-05-04T10:00:00Z junk", code: TimeInvalid},
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	f := &Field{Key: "birthday", Type: Date}
	runParse(t, f, tokyo(t), goodDates)
	runParse(t, f, tokyo(t), badDates)
	runParse(t, f, tokyo(t), []parseCase{
		{cell: "1746316800000", want: "2025-05-04"}, // seed 004
		{cell: "１７４６３１６８０００００", want: "2025-05-04"},
		{cell: "-315619200000", want: "1960-01-01"},
		{cell: "2025-05-04T00:00:00", want: "2025-05-04"}, // as XLSX date cells come
		{cell: "2025/5/4 0:00", want: "2025-05-04"},
		{cell: "2025-05-04T24:00:00", want: "2025-05-05"},
		{cell: "9999-12-31T24:00", code: DateOutOfRange},
		{cell: "2025-05-03T15:00:00Z", want: "2025-05-04"},
		{cell: "2025-05-03T14:59:59.999999Z", want: "2025-05-03"},
		{cell: "2025-05-04T09:00:00+09:00", want: "2025-05-04"},
		{cell: "2025-05-04T23:30:00-0500", want: "2025-05-05"},
		{cell: "9999-12-31T23:00:00Z", code: DateOutOfRange},
		{cell: "-9999999999999", code: DateOutOfRange},
	})
	runParse(t, f, nil, []parseCase{{cell: "2025-05-03T15:00:00Z", want: "2025-05-03"}})
}

func TestParseDateTime(t *testing.T) {
	t.Parallel()
	f := &Field{Key: "at", Type: DateTime}
	loc := tokyo(t)
	for _, c := range goodDates[:30] {
		day, err := time.ParseInLocation(time.DateOnly, c.want, loc.Zone)
		if err != nil {
			t.Fatal(err)
		}
		runParse(t, f, loc, []parseCase{{cell: c.cell, want: day.UTC().Format(time.RFC3339Nano)}})
	}
	runParse(t, f, loc, badDates)
	runParse(t, f, loc, []parseCase{
		{cell: "2025-05-04T09:00:00+09:00", want: "2025-05-04T00:00:00Z"}, // seed 004
		{cell: "2025-05-04T00:00:00+00:00", want: "2025-05-04T00:00:00Z"},
		{cell: "2025-05-04T00:00:00Z", want: "2025-05-04T00:00:00Z"},
		{cell: "2025-05-04T00:00:00", want: "2025-05-03T15:00:00Z"},
		{cell: "1746316800000", want: "2025-05-04T00:00:00Z"},
		{cell: "1746316800123", want: "2025-05-04T00:00:00.123Z"},
		{cell: "2025-05-04", want: "2025-05-03T15:00:00Z"},
		{cell: "2025/5/4 9:05", want: "2025-05-04T00:05:00Z"},
		{cell: "2025/5/4 9:05:07", want: "2025-05-04T00:05:07Z"},
		{cell: "２０２５／５／４　９：０５", want: "2025-05-04T00:05:00Z"},
		{cell: "2025-05-04 09:05:07.123456", want: "2025-05-04T00:05:07.123456Z"},
		{cell: "2025-05-04T09:05:07.1234569", want: "2025-05-04T00:05:07.123456Z"},
		{cell: "2025-05-04T09:05:07,5", want: "2025-05-04T00:05:07.5Z"},
		{cell: "2025-05-04t09:05z", want: "2025-05-04T09:05:00Z"},
		{cell: "2025-05-04 09:05:07 +0900", want: "2025-05-04T00:05:07Z"},
		{cell: "2025-05-04T09:05:07+09", want: "2025-05-04T00:05:07Z"},
		{cell: "2025-05-04T09:05:07-05:30", want: "2025-05-04T14:35:07Z"},
		{cell: "20250504T090507Z", want: "2025-05-04T09:05:07Z"},
		{cell: "20250504T0905+0900", want: "2025-05-04T00:05:00Z"},
		{cell: "2025年5月4日 9:05", want: "2025-05-04T00:05:00Z"},
		{cell: "令和7年5月4日 9:05", want: "2025-05-04T00:05:00Z"},
		{cell: "2025-05-04 24:00", want: "2025-05-04T15:00:00Z"},
		{cell: "1800-01-01T00:00:00+09:00", code: DateOutOfRange},
		{cell: "9999-12-31T23:59:59.999999Z", want: "9999-12-31T23:59:59.999999Z"},
		{cell: "9999-12-31T23:59:59-01:00", code: DateOutOfRange},
		{cell: "-9999999999999", code: DateOutOfRange},
	})
}

// TestLocalTimesAtAChangeOfClocks pins what happens to times that do not occur or occur twice.
func TestLocalTimesAtAChangeOfClocks(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	f := &Field{Key: "at", Type: DateTime}
	for cell, want := range map[string]time.Time{
		"2025-03-09 02:30": time.Date(2025, 3, 9, 2, 30, 0, 0, zone),
		"2025-11-02 01:30": time.Date(2025, 11, 2, 1, 30, 0, 0, zone),
	} {
		runParse(t, f, &Locale{Zone: zone}, []parseCase{{cell: cell, want: want.UTC().Format(time.RFC3339Nano)}})
	}
}

func TestDaysOfAgreesWithTheCalendarOfGo(t *testing.T) {
	t.Parallel()
	for d := time.Date(minYear, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() <= maxYear; d = d.AddDate(0, 0, 17) {
		y, m, day := d.Date()
		if got, want := daysOf(y, int(m), day), d.Unix()/86400; got != want {
			t.Fatalf("daysOf(%v) = %d, want %d", d, got, want)
		}
	}
}
