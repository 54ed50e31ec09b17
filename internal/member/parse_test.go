package member

import (
	"strings"
	"testing"
	"time"
	"unicode"
)

// tokyo is the zone of most tests; Japan has had no change of clocks since 1951.
func tokyo(tb testing.TB) *Locale {
	tb.Helper()
	zone, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		tb.Fatal(err)
	}
	return &Locale{Zone: zone, Region: "JP"}
}

// parseCase is one cell and what Parse makes of it: want as show prints it, or a problem's code and detail.
type parseCase struct {
	cell, want string
	note       Code
	code       Code
	detail     string
}

func runParse(t *testing.T, f *Field, loc *Locale, cases []parseCase) {
	t.Helper()
	for _, c := range cases {
		v, note, p := f.Parse(c.cell, loc)
		if c.code != "" {
			if p == nil || p.Code != c.code || p.Field != f.Key || p.Detail != c.detail || v.Set || note != "" {
				t.Errorf("Parse(%q) = %v, %q, %+v; want the problem %q with detail %q", c.cell, show(f, v), note, p, c.code, c.detail)
			}
			continue
		}
		if got := show(f, v); p != nil || got != c.want || note != c.note {
			t.Errorf("Parse(%q) = %q, %q, %+v; want %q, %q", c.cell, got, note, p, c.want, c.note)
		}
	}
}

// show renders a value in the form that Parse reads back; "" is no value.
func show(f *Field, v Value) string {
	if !v.Set {
		return ""
	}
	switch a := v.Any(f.Type).(type) {
	case string:
		return a
	case bool:
		if a {
			return "true"
		}
		return "false"
	case int64:
		return decimal(a)
	case []string:
		return renderList(f.Type, a)
	default:
		panic("a value of no known kind")
	}
}

func TestBlankCellsHaveNoValue(t *testing.T) {
	t.Parallel()
	for typ := String; typ <= Tags; typ++ {
		f := &Field{Key: "f", Type: typ}
		for _, cell := range []string{"", " ", "\t", "　", " 　\r\n ", "\u00A0", "\uFEFF", "\u200B"} {
			if v, note, p := f.Parse(cell, tokyo(t)); v.Set || note != "" || p != nil {
				t.Errorf("%s: Parse(%q) = %+v, %q, %+v; want nothing", typ, cell, v, note, p)
			}
		}
	}
}

func TestIsBlankIsWhiteSpaceAndThreeInvisibleCharacters(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if want := unicode.IsSpace(r) || r == 0x200B || r == 0x2060 || r == 0xFEFF; isBlank(r) != want {
			t.Errorf("isBlank(%U) = %v", r, !want)
		}
	}
}

func TestInvalidUTF8IsUndecodableInEveryType(t *testing.T) {
	t.Parallel()
	for typ := String; typ <= Tags; typ++ {
		f := &Field{Key: "f", Type: typ, CommaSeparated: true}
		for _, cell := range []string{"\xff", "a\x83\x8b@b", "[\"\xe3\x81\"]", "090\xfa", "2024\xe5-1-1"} {
			if v, _, p := f.Parse(cell, tokyo(t)); v.Set || p == nil || p.Code != Undecodable {
				t.Errorf("%s: Parse(%q) = %+v, %+v; want undecodable", typ, cell, v, p)
			}
		}
	}
}

func TestParseString(t *testing.T) {
	t.Parallel()
	runParse(t, &Field{Key: "name", Type: String}, tokyo(t), []parseCase{
		{cell: "佐藤一郎", want: "佐藤一郎"},
		{cell: " 佐藤　一郎　", want: "佐藤　一郎"},
		{cell: "ＡＢＣ１２３", want: "ＡＢＣ１２３"}, // never folded in free text
		{cell: "ﾔﾏﾀﾞ", want: "ﾔﾏﾀﾞ"},
		{cell: "か\u3099き", want: "がき"},
		{cell: "e\u0301", want: "é"},
		{cell: "①㈱髙﨑𠮷😀〜−", want: "①㈱髙﨑𠮷😀〜−"},
		{cell: "line\nbreak\tand tab", want: "line\nbreak\tand tab"},
		{cell: "001", want: "001"},
		{cell: "\uFFFD", want: "\uFFFD"},
		{cell: "a\x00b", code: InvalidText},
		{cell: "あ\x00", code: InvalidText},
		{cell: strings.Repeat("あ", 1000), want: strings.Repeat("あ", 1000)},
		{cell: strings.Repeat("あ", 1001), code: TooLong, detail: "1000"},
		{cell: strings.Repeat("か\u3099", 1000), want: strings.Repeat("が", 1000)},
	})
	runParse(t, &Field{Key: "short", Type: String, MaxLength: 3}, nil, []parseCase{
		{cell: "あいう", want: "あいう"},
		{cell: " abc ", want: "abc"},
		{cell: "abcd", code: TooLong, detail: "3"},
	})
	runParse(t, &Field{Key: "key", Type: String, MergeKey: true}, nil, []parseCase{
		{cell: strings.Repeat("x", 256), code: TooLong, detail: "255"},
	})
}

func TestParseMemberNumberFoldsWidth(t *testing.T) {
	t.Parallel()
	f, _ := Standard().Field("member_sn")
	runParse(t, &f, tokyo(t), []parseCase{
		{cell: "654321UX7", want: "654321UX7"},
		{cell: "６５４３２１ＵＸ７", want: "654321UX7"},
		{cell: "　００１－Ａ　２", want: "001-A 2"},
		{cell: "会員０１", want: "会員01"},
		{cell: "ux7", want: "ux7"}, // case is kept: it may tell members apart
	})
}

func TestParseCountry(t *testing.T) {
	t.Parallel()
	f, _ := Standard().Field("iso_code")
	runParse(t, &f, tokyo(t), []parseCase{
		{cell: "JP", want: "JP"},
		{cell: "jp", want: "JP"},
		{cell: "ｊＰ", want: "JP"},
		{cell: "AD", want: "AD"},
		{cell: "ZW", want: "ZW"},
		{cell: "XX", code: CountryUnknown},
		{cell: "UK", code: CountryUnknown},
		{cell: "JPN", code: CountryUnknown},
		{cell: "日本", code: CountryUnknown},
		{cell: "!A", code: CountryUnknown},
		{cell: "ZZ", code: CountryUnknown},
	})
	if n := len(countries) / 2; n != 249 {
		t.Errorf("there are %d countries, ISO 3166-1 has 249", n)
	}
	for i := 2; i < len(countries); i += 2 {
		if countries[i-2:i] >= countries[i:i+2] {
			t.Errorf("%s is out of order", countries[i:i+2])
		}
	}
}

func TestParseEmail(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 242) + "@example.com"
	runParse(t, &Field{Key: "email", Type: Email}, tokyo(t), []parseCase{
		{cell: "Ichiro.sato@bebit.com", want: "Ichiro.sato@bebit.com"},
		{cell: "taro..yamada.@docomo.ne.jp", want: "taro..yamada.@docomo.ne.jp"},
		{cell: "\t a@b.jp \t", want: "a@b.jp"},
		{cell: "　ａ＠ｂ．ｊｐ　", want: "a@b.jp"},
		{cell: "\uFEFFa@b.jp\u200B", want: "a@b.jp"},
		{cell: "a@b", want: "a@b"},
		{cell: "a+b'c@例え.テスト", want: "a+b'c@例え.テスト"},
		{cell: "山田@example.jp", want: "山田@example.jp"},
		{cell: "u\u0308@b.jp", want: "ü@b.jp"},
		{cell: long, want: long},
		{cell: "a" + long, code: TooLong, detail: "254"},
		{cell: strings.Repeat("あ", 400) + "@b.jp", code: TooLong, detail: "254"},
		{cell: "a@b@c.jp", code: EmailInvalid},
		{cell: "a@b.jp,c@d.jp", code: EmailInvalid},
		{cell: "a", code: EmailInvalid},
		{cell: "@b.jp", code: EmailInvalid},
		{cell: "a@", code: EmailInvalid},
		{cell: "@", code: EmailInvalid},
		{cell: "a b@c.jp", code: EmailInvalid},
		{cell: "a@b .jp", code: EmailInvalid},
		{cell: "a\t@b.jp", code: EmailInvalid},
		{cell: "a\n@b.jp", code: EmailInvalid},
		{cell: "a　b@c.jp", code: EmailInvalid},
		{cell: "あ\u00A0い@c.jp", code: EmailInvalid},
		{cell: "a@例 え.jp", code: EmailInvalid},
		{cell: "a@例え\u200B.jp", code: EmailInvalid},
		{cell: "a@例え..\u0300", code: EmailInvalid},
	})
}

func TestEmailKeyLowersASCIIOnly(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "a@b.jp": "a@b.jp", "Taro.Yamada@DOCOMO.ne.jp": "taro.yamada@docomo.ne.jp", "ÄB@例え.JP": "Äb@例え.jp",
	} {
		if got := EmailKey(in); got != want {
			t.Errorf("EmailKey(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestParsePhone(t *testing.T) {
	t.Parallel()
	f := &Field{Key: "phone", Type: Phone}
	runParse(t, f, tokyo(t), []parseCase{
		// seeds 000 and 004
		{cell: "+810123456789", want: "+81123456789"},
		{cell: "+819012345678", want: "+819012345678"},
		{cell: "+81 090-1234-5678", want: "+819012345678"},
		{cell: "+81312345678", want: "+81312345678"},
		{cell: "+886912345678", want: "+886912345678"},
		{cell: "090-1234-5678", want: "+819012345678"},
		{cell: "09012345678", want: "+819012345678"},
		{cell: "090 1234 5678", want: "+819012345678"},
		{cell: "０９０－１２３４－５６７８", want: "+819012345678"},
		{cell: "090ー1234ー5678", want: "+819012345678"},
		{cell: "090−1234‐5678", want: "+819012345678"},
		{cell: "＋８１　９０－１２３４－５６７８", want: "+819012345678"},
		{cell: "(03)1234-5678", want: "+81312345678"},
		{cell: "03（1234）5678", want: "+81312345678"},
		{cell: "+81(0)90-1234-5678", want: "+819012345678"},
		{cell: "tel:+81-90-1234-5678", want: "+819012345678"},
		{cell: "0120-123-456", want: "+81120123456"},
		{cell: "0800-123-4567", want: "+818001234567"},
		{cell: "050-1234-5678", want: "+815012345678"},
		{cell: "0570-000-000", want: "+81570000000"},
		{cell: "819012345678", want: "+819012345678"},
		{cell: "010 1 650 253 0000", want: "+16502530000"},
		{cell: "+1 (650) 253-0000", want: "+16502530000"},
		{cell: "+44 (0)20 7946 0958", want: "+442079460958"},
		{cell: "9012345678", want: "+819012345678", note: PhoneZeroAdded},
		{cell: "90-1234-5678", want: "+819012345678", note: PhoneZeroAdded},
		{cell: "９０－１２３４－５６７８", want: "+819012345678", note: PhoneZeroAdded},
		{cell: "312345678", want: "+81312345678", note: PhoneZeroAdded},
		{cell: "120123456", want: "+81120123456", note: PhoneZeroAdded},
		{cell: "090-1234-567", code: PhoneInvalid},
		{cell: "110", code: PhoneInvalid},
		{cell: "-", code: PhoneInvalid},
		{cell: "なし", code: PhoneInvalid},
		{cell: "03-1234-5678 (携帯)", code: PhoneInvalid},
		{cell: "03-1234-5678 内線 3", code: PhoneInvalid},
		{cell: "03-1234-5678 ext 3", code: PhoneInvalid},
		{cell: "03-1234-5678x3", code: PhoneInvalid},
		{cell: "03-1234-5678#3", code: PhoneInvalid},
		{cell: "03-1234-5678/090-1234-5678", code: PhoneInvalid},
		{cell: "+81+9012345678", code: PhoneInvalid},
		{cell: "+", code: PhoneInvalid},
		{cell: "９" + strings.Repeat("0", 300), code: PhoneInvalid},
		{cell: "1.23E+10", code: PhoneInvalid},
	})
	runParse(t, f, &Locale{Region: "US"}, []parseCase{
		{cell: "(650) 253-0000", want: "+16502530000"},
		{cell: "6502530000", want: "+16502530000"},
		{cell: "+81 90-1234-5678", want: "+819012345678"},
		{cell: "090-1234-5678", code: PhoneInvalid},
	})
	runParse(t, f, &Locale{Region: "GB"}, []parseCase{
		{cell: "07911 123456", want: "+447911123456"},
		{cell: "7911 123456", want: "+447911123456", note: PhoneZeroAdded},
	})
	runParse(t, f, &Locale{Region: "IT"}, []parseCase{
		{cell: "06 1234 5678", want: "+390612345678"},
		{cell: "612345678", want: "+390612345678", note: PhoneZeroAdded},
	})
	runParse(t, f, &Locale{Region: "CN"}, []parseCase{{cell: "138 1234 5678", want: "+8613812345678"}})
	runParse(t, f, nil, []parseCase{
		{cell: "+81 90-1234-5678", want: "+819012345678"},
		{cell: "090-1234-5678", code: PhoneCountryMissing},
	})
}

func TestParseNumber(t *testing.T) {
	t.Parallel()
	digits38 := strings.Repeat("9", 38)
	runParse(t, &Field{Key: "points", Type: Number}, tokyo(t), []parseCase{
		{cell: "1", want: "1"},
		{cell: "1.01", want: "1.01"},
		{cell: "0", want: "0"},
		{cell: "-0", want: "0"},
		{cell: "-0.00", want: "0"},
		{cell: "+5", want: "5"},
		{cell: "-5", want: "-5"},
		{cell: "007", want: "7"},
		{cell: "1.50", want: "1.5"},
		{cell: "0.1", want: "0.1"},
		{cell: "-0.1", want: "-0.1"},
		{cell: ".5", want: "0.5"},
		{cell: "+.5", want: "0.5"},
		{cell: "-.50", want: "-0.5"},
		{cell: "5.", want: "5"},
		{cell: "1.0", want: "1"},
		{cell: "１２．５", want: "12.5"},
		{cell: "－３", want: "-3"},
		{cell: "−3", want: "-3"},
		{cell: "1234567890123456", want: "1234567890123456"},
		{cell: " 12 ", want: "12"},
		{cell: "00.50", want: "0.5"},
		{cell: digits38, want: digits38},
		{cell: "000" + digits38 + ".000", want: digits38},
		{cell: digits38 + "9", code: NumberTooLong, detail: "38"},
		{cell: "1,000", code: NumberThousands},
		{cell: "１，０００", code: NumberThousands},
		{cell: "1,000.5", code: NumberThousands},
		{cell: "1.23E+10", code: NumberExponent},
		{cell: "1e5", code: NumberExponent},
		{cell: "1e", code: NumberInvalid},
		{cell: ",1", code: NumberInvalid},
		{cell: "1.2.3", code: NumberInvalid},
		{cell: "abc", code: NumberInvalid},
		{cell: "-", code: NumberInvalid},
		{cell: ".", code: NumberInvalid},
		{cell: "--1", code: NumberInvalid},
		{cell: "1 000", code: NumberInvalid},
		{cell: "¥100", code: NumberInvalid},
		{cell: "100円", code: NumberInvalid},
		{cell: "NaN", code: NumberInvalid},
		{cell: "Infinity", code: NumberInvalid},
		{cell: "0x10", code: NumberInvalid},
		{cell: strings.Repeat("0", 300), code: NumberInvalid},
		{cell: "1,a", code: NumberInvalid},
	})
	runParse(t, &Field{Key: "id", Type: Number, Integer: true}, tokyo(t), []parseCase{
		{cell: "０12.0", want: "12"},
		{cell: "9223372036854775807", want: "9223372036854775807"},
		{cell: "9223372036854775808", code: NumberNotInteger},
		{cell: "1.5", code: NumberNotInteger},
	})
}

func TestParseBoolean(t *testing.T) {
	t.Parallel()
	f := &Field{Key: "ok", Type: Boolean}
	var cases []parseCase
	for _, cell := range []string{"true", "TRUE", "True", "yes", "YES", "y", "Y", "1", "○", "◯", "〇", "⭕", "⭕\uFE0F", "ＴＲＵＥ", "１", " Yes　"} {
		cases = append(cases, parseCase{cell: cell, want: "true"})
	}
	for _, cell := range []string{"false", "FALSE", "no", "No", "n", "N", "0", "×", "✕", "✖", "╳", "❌", "ｆａｌｓｅ", "０"} {
		cases = append(cases, parseCase{cell: cell, want: "false"})
	}
	for _, cell := range []string{"x", "X", "t", "f", "on", "off", "はい", "2", "-1", "yesno", "truth", "fals", "nö", "00", "有"} {
		cases = append(cases, parseCase{cell: cell, code: BooleanInvalid})
	}
	runParse(t, f, nil, cases)
}

func TestInvert(t *testing.T) {
	t.Parallel()
	if got := Invert(BoolValue(true)); !got.Equal(BoolValue(false)) {
		t.Errorf("the opposite of true is %+v", got)
	}
	if got := Invert(BoolValue(false)); !got.Equal(BoolValue(true)) {
		t.Errorf("the opposite of false is %+v", got)
	}
	if got := Invert(Value{}); got.Set {
		t.Errorf("the opposite of no value is %+v", got)
	}
}

func TestParseChoice(t *testing.T) {
	t.Parallel()
	s := Standard()
	sex, _ := s.Field("sex")
	var cases []parseCase
	for _, cell := range []string{"male", "MALE", "Male", "男性", "男", "M", "m", "Ｍ", "1", "１", "01", " 男 性 "} {
		cases = append(cases, parseCase{cell: cell, want: "1"})
	}
	for _, cell := range []string{"female", "女性", "女", "F", "ｆ", "2"} {
		cases = append(cases, parseCase{cell: cell, want: "2"})
	}
	for _, cell := range []string{"0", "3", "-1", "+1", "1.0", "不明", "99999999999999999999", strings.Repeat("男", 1000)} {
		cases = append(cases, parseCase{cell: cell, code: ChoiceUnknown})
	}
	runParse(t, &sex, nil, cases)

	bare := sex
	bare.choices = nil // as a field that is in no schema
	runParse(t, &bare, nil, cases)

	device, _ := s.Field("device")
	runParse(t, &device, nil, []parseCase{
		{cell: "0", want: "0"},
		{cell: "未設定", want: "0"},
		{cell: "PC", want: "1"},
		{cell: "フィーチャー・フォン", want: "2"},
		{cell: "ﾌｨｰﾁｬｰﾌｫﾝ", want: "2"},
		{cell: "iPhone", want: "3"},
		{cell: "android", want: "4"},
		{cell: "WindowsPhone", want: "5"},
		{cell: "6", code: ChoiceUnknown},
	})
}

func TestChoiceNamesComeBeforeNumbers(t *testing.T) {
	t.Parallel()
	f := &Field{Key: "age", Type: Choice, Choices: []Option{
		{Number: 1, Key: "teens", Label: Text{"10", "10"}}, {Number: 10, Key: "old", Label: Text{"100", "100"}},
	}}
	runParse(t, f, nil, []parseCase{{cell: "10", want: "1"}, {cell: "1", want: "1"}, {cell: "100", want: "10"}, {cell: "010", want: "10"}})
	blood := &Field{Key: "rh", Type: Choice, Choices: []Option{{Number: 1, Label: Text{JA: "Rh+"}}, {Number: 2, Label: Text{JA: "Rh-"}}}}
	runParse(t, blood, nil, []parseCase{{cell: "RH＋", want: "1"}, {cell: "rh-", want: "2"}})
}
