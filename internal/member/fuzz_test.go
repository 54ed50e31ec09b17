package member

import (
	"testing"
	"time"
	"unicode/utf8"
)

// fuzzParse holds for every cell: no panic; a Value or a Problem, never both; the cell is not what a Problem
// quotes at length; and a Value that is written out is read back as the same Value, without a note.
func fuzzParse(f *testing.F, field Field, seeds ...string) {
	f.Helper()
	zone := time.FixedZone("JST", 9*60*60)
	loc := &Locale{Zone: zone, Region: "JP"}
	for _, s := range append(seeds, "", " ", "　", "\xff", "##DELETE##", "0", "-", "[", "ａ＠ｂ") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		v, note, p := field.Parse(cell, loc)
		if p != nil {
			if v.Set || note != "" || sentences[p.Code] == (Text{}) || utf8.RuneCountInString(p.Detail) > maxDetail+1 {
				t.Fatalf("Parse(%q) = %+v, %q, %+v", cell, v, note, p)
			}
			return
		}
		if v.Set == (trimBlanks(cell) == "") {
			t.Fatalf("Parse(%q): a value is set: %v", cell, v.Set)
		}
		if !v.Set {
			return
		}
		written := show(&field, v)
		again, note, p := field.Parse(written, loc)
		if p != nil || note != "" || !again.Equal(v) {
			t.Fatalf("Parse(%q) = %+v, written %q, read back as %+v, %q, %+v", cell, v, written, again, note, p)
		}
	})
}

func FuzzParseString(f *testing.F) {
	fuzzParse(f, Field{Key: "f", Type: String}, "佐藤", "か\u3099", "e\u0301", "a\x00", "\u1100\u1161\u11a8")
}

func FuzzParseMemberNumber(f *testing.F) {
	fuzzParse(f, Field{Key: "f", Type: String, Fold: true}, "６５Ａ", "A　1", "ﾞ")
}

func FuzzParseCountry(f *testing.F) {
	fuzzParse(f, Field{Key: "f", Type: String, Fold: true, Country: true}, "jp", "ＪＰ", "xx")
}

func FuzzParseEmail(f *testing.F) {
	fuzzParse(f, Field{Key: "f", Type: Email}, "a@b.jp", "ａ＠ｂ．ｊｐ", "x@例え.テスト", "a@b@c", "a@xn--a", "é@ß.de")
}

func FuzzParsePhone(f *testing.F) {
	fuzzParse(f, Field{Key: "f", Type: Phone}, "090-1234-5678", "+81 090-1234-5678", "9012345678", "(03)1234-5678", "+1 650 253 0000", "tel:+39 06 1234 5678")
}

func FuzzParseNumber(f *testing.F) {
	fuzzParse(f, Field{Key: "f", Type: Number}, "1.01", "-.50", "+007", "1,000", "1e5", "－３．０")
}

func FuzzParseInteger(f *testing.F) {
	fuzzParse(f, Field{Key: "f", Type: Number, Integer: true}, "12.0", "9223372036854775808", "1.5")
}

func FuzzParseDate(f *testing.F) {
	fuzzParse(f, Field{Key: "f", Type: Date}, "2024-05-04", "2024/5/4", "20240504", "2024年5月4日", "令和元年5月1日", "1746316800000", "-315619200000",
		"2024-05-04T10:00:00+09:00", "9999-12-31T24:00", "R6.5.4", "㋿6年5月4日")
}

func FuzzParseDateTime(f *testing.F) {
	fuzzParse(f, Field{Key: "f", Type: DateTime}, "2024-05-04", "2024/5/4 9:05:07", "20240504T090507Z", "1746316800123", "2024-05-04 10:00:00.123456 -0530",
		"9999-12-31T24:00:00Z", "1800-01-01T00:00Z")
}

func FuzzParseBoolean(f *testing.F) {
	fuzzParse(f, Field{Key: "f", Type: Boolean}, "true", "ＹＥＳ", "○", "×", "⭕\uFE0F")
}

func FuzzParseChoice(f *testing.F) {
	field, _ := Standard().Field("sex")
	fuzzParse(f, field, "男性", "Ｆ", "01", "男 性")
}

func FuzzParseList(f *testing.F) {
	fuzzParse(f, Field{Key: "f", Type: List, CommaSeparated: true}, `["a","b"]`, `["\u3042\ud83d"]`, "a,b,,", `["a`, `[]`)
}

func FuzzParseNumberList(f *testing.F) {
	fuzzParse(f, Field{Key: "f", Type: NumberList, CommaSeparated: true}, "[1,2]", "［１，２］", "1,,2", "[1.50]")
}

func FuzzParseTags(f *testing.F) {
	fuzzParse(f, Field{Key: "f", Type: Tags, CommaSeparated: true}, "男性/サラリーマン, 男性/30代", `["a/b","a/b"]`, "a/b/c", "a.b")
}

func FuzzMatchColumn(f *testing.F) {
	s := Standard()
	for _, seed := range []string{"氏名 (name)*", "unsubscribeEmail", "会員№", ")(", "((", "【必須】", "\xff("} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		field, inverted, ok := s.MatchColumn(header)
		if ok != (s.Index(field.Key) >= 0) || (inverted && field.Type != Boolean) {
			t.Fatalf("MatchColumn(%q) = %q, %v, %v", header, field.Key, inverted, ok)
		}
		m := s.Suggest([]string{header, "氏名", header})
		if m[0].Field != "" && m[0].Field == m[2].Field {
			t.Fatalf("Suggest maps %q twice", header)
		}
		s.LooksLikeHeader([]string{header})
	})
}
