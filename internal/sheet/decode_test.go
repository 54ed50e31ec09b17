package sheet

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/meibo/meibo/internal/member"
)

// decoded returns text as the transcoder gives it.
func decoded(t testing.TB, r io.Reader, e Encoding) string {
	t.Helper()
	d := decoderOf(e)
	if d == nil {
		t.Fatalf("no decoder of %s", e)
	}
	out, err := io.ReadAll(newTranscoder(nil, r, nil, d))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestParseEncodingTakesWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	for want, names := range map[Encoding]string{
		UTF8:     "UTF-8|utf8|UTF-8-BOM|utf-8-sig|UTF_8|Utf-8 (BOM)",
		ShiftJIS: "Shift_JIS|shift-jis|ShiftJIS|SJIS|sjis|cp932|CP-932|MS932|Windows-31J|windows31j",
		EUCJP:    "EUC-JP|eucjp|euc_jp|EUC|CP51932|eucJP-ms",
		UTF16LE:  "UTF-16LE|utf16|UTF-16|unicode|Unicode|utf-16-le",
		UTF16BE:  "UTF-16BE|utf16be|utf_16_be",
	} {
		for name := range strings.SplitSeq(names, "|") {
			if got, ok := ParseEncoding(name); !ok || got != want {
				t.Errorf("ParseEncoding(%q) = %q, %v; want %s", name, got, ok, want)
			}
		}
	}
	for _, name := range []string{"", "latin1", "ISO-2022-JP", "utf-32", "utf-8!", "ｕｔｆ８", "gbk"} {
		if got, ok := ParseEncoding(name); ok {
			t.Errorf("ParseEncoding(%q) = %s", name, got)
		}
	}
	for _, e := range Encodings() {
		if got, ok := ParseEncoding(string(e)); !ok || got != e {
			t.Errorf("ParseEncoding(%q) = %q, %v", e, got, ok)
		}
	}
}

// tableOf lists every sequence of a multi-byte encoding that stands for one character, and that character.
func tableOf(t testing.TB, e Encoding) string {
	t.Helper()
	var b strings.Builder
	var dst [64]byte
	decode := decoderOf(e)
	add := func(in ...byte) {
		n, _ := decode(dst[:], in, true)
		if r, size := utf8.DecodeRune(dst[:n]); size == n && r != utf8.RuneError {
			fmt.Fprintf(&b, "%x %04x\n", in, r)
		}
	}
	for lead := range 0x80 {
		add(byte(lead) | 0x80)
		for trail := range 0x100 {
			add(byte(lead)|0x80, byte(trail))
			if e == EUCJP {
				add(eucThree, byte(lead)|0x80, byte(trail))
			}
		}
	}
	return b.String()
}

// The expectations are those of Python's codecs: cp932 for Shift_JIS, without the bytes A0 and FD to FF, and for the
// rows of JIS X 0208; euc_jp for half-width kana and JIS X 0212, where 8FA2B7 is U+FF5E as at the WHATWG.
func TestDecodersKnowEveryCharacter(t *testing.T) {
	t.Parallel()
	for e, want := range map[Encoding]struct {
		size int
		hash string
	}{
		ShiftJIS: {9668, "9db60e5a480d55e3afc0091c37d1fb59aa4e1f55116c395b10a45a8dc258f9cc"},
		EUCJP:    {13466, "5da7366b15ba3b1a7a7b505c670e68e69f726d187b0b7340288326c2e6807bf8"},
	} {
		table := tableOf(t, e)
		hash := sha256.Sum256([]byte(table))
		if got := strings.Count(table, "\n"); got != want.size || hex.EncodeToString(hash[:]) != want.hash {
			t.Errorf("%s: %d characters, hash %x", e, got, hash)
		}
	}
}

func TestDecodersReadJapanese(t *testing.T) {
	t.Parallel()
	tests := []struct {
		e        Encoding
		in, want string
	}{
		{ShiftJIS, "\x8e\x81\x96\xbc,\x93\x64\x98\x62\r\n", "氏名,電話\r\n"},
		{ShiftJIS, "\x87\x40\x87\x8a\xfb\xfc\xfa\xb1\xee\xec", "①㈱髙﨑黑"},
		{ShiftJIS, "\xd4\xcf\xc0\xde \xc0\xdb\xb3", "ﾔﾏﾀﾞ ﾀﾛｳ"},
		{ShiftJIS, "\x95\x5c\x83\x5c\x94\x5c\x81\x7c\x81\x60", "表ソ能－～"},
		{ShiftJIS, "\xf0\x40\xf9\xfc", "\uE000\uE757"},
		{EUCJP, "\xbb\xe1\xcc\xbe,\xc5\xc5\xcf\xc3\n", "氏名,電話\n"},
		{EUCJP, "\x8e\xd4\x8e\xcf\x8e\xc0\x8e\xde", "ﾔﾏﾀﾞ"},
		{EUCJP, "\xad\xa1\xad\xea\xfc\xe2\x8f\xb0\xa1", "①㈱髙丂"},
		{UTF16LE, "\x0f\x6c\x0d\x54,\x00\x42\xd8\xb7\xdf\r\x00\n\x00", "氏名,𠮷\r\n"},
		{UTF16BE, "\x6c\x0f\x54\x0d\x00,\xd8\x42\xdf\xb7\x00a\x00b\x00c\x00d", "氏名,𠮷abcd"},
	}
	for _, tt := range tests {
		if got := decoded(t, strings.NewReader(tt.in), tt.e); got != tt.want {
			t.Errorf("%s % x: %q, want %q", tt.e, tt.in, got, tt.want)
		}
		if got := decoded(t, iotest.OneByteReader(strings.NewReader(tt.in)), tt.e); got != tt.want {
			t.Errorf("%s % x, byte by byte: %q, want %q", tt.e, tt.in, got, tt.want)
		}
	}
}

func TestUndecodableBytesAreFaultsWithTheirPlace(t *testing.T) {
	t.Parallel()
	const next = "2 [\"x\" \"y\"]\n"
	tests := []struct {
		name     string
		e        Encoding
		in, want string
	}{
		{"UTF-8", UTF8, "山田\xff,b\nx,y", "1 [\"山田\ufffd\" \"b\"] undecodable(1 0xFF @ 3)\n" + next},
		{"surrogates in UTF-8", UTF8, "a,\xed\xb2\x83\nx,y", "1 [\"a\" \"\ufffd\"] undecodable(2 0xED @ 1)\n" + next},
		{"a lead byte before a delimiter", ShiftJIS, "\x8e\x81\x8e,b\nx,y", "1 [\"氏\ufffd\" \"b\"] undecodable(1 0x8E @ 2)\n" + next},
		{"a lead byte before a line end", ShiftJIS, "a,\x83\r\nx,y", "1 [\"a\" \"\ufffd\"] undecodable(2 0x83 @ 1)\n" + next},
		{"a lead byte before a quote", ShiftJIS, "a,\"b\x83\"\r\nx,y", "1 [\"a\" \"b\ufffd\"] undecodable(2 0x83 @ 2)\n" + next},
		{"a lead byte at the end", ShiftJIS, "a,\x83", "1 [\"a\" \"\ufffd\"] undecodable(2 0x83 @ 1)\n"},
		{"a pair that is nothing", ShiftJIS, "a,\x8e\x81\x85\xa0z\nx,y", "1 [\"a\" \"氏\ufffdz\"] undecodable(2 0x85 @ 2)\n" + next},
		{"a pair that is nothing, with a letter", ShiftJIS, "a,\x85Az\nx,y", "1 [\"a\" \"\ufffdAz\"] undecodable(2 0x85 @ 1)\n" + next},
		{"bytes that only Mac has", ShiftJIS, "a,\xfd\xa0\xff\nx,y", "1 [\"a\" \"\ufffd\"] undecodable(2 0xFD @ 1)\n" + next},
		{"lines of UTF-8", ShiftJIS, "a,山田太郎\nx,y", "1 [\"a\" \"\ufffd\"] undecodable(2 0xE5 @ 1)\n" + next},
		{"a letter of UTF-8", ShiftJIS, "a,男\nx,y", "1 [\"a\" \"\ufffd\"] undecodable(2 0xE7 @ 1)\n" + next},
		{"NUL", ShiftJIS, "a,\x8e\x81\x00\nx,y", "1 [\"a\" \"氏\ufffd\"] undecodable(2 0x00 @ 2)\n" + next},
		{"half a character of EUC-JP", EUCJP, "a,\xbb\nx,y", "1 [\"a\" \"\ufffd\"] undecodable(2 0xBB @ 1)\n" + next},
		{"two thirds of a character of EUC-JP", EUCJP, "a,\x8f\xb0\nx,y", "1 [\"a\" \"\ufffd\"] undecodable(2 0x8F @ 1)\n" + next},
		{"kana of EUC-JP that is none", EUCJP, "a,1\x8e\xe1\nx,y", "1 [\"a\" \"1\ufffd\"] undecodable(2 0x8E @ 2)\n" + next},
		{"Shift_JIS within EUC-JP", EUCJP, "a,\x83\x8b\nx,y", "1 [\"a\" \"\ufffd\"] undecodable(2 0x83 @ 1)\n" + next},
		{"half a surrogate pair", UTF16LE, "a\x00,\x000\xd8\n\x00x\x00,\x00y\x00", "1 [\"a\" \"\ufffd\"] undecodable(2 0xD830 @ 1)\n" + next},
		{"the other half", UTF16BE, "\x00a\x00,\xdc\x83\x00\n\x00x\x00,\x00y", "1 [\"a\" \"\ufffd\"] undecodable(2 0xDC83 @ 1)\n" + next},
		{"half a surrogate pair at the end", UTF16BE, "\x00a\x00,\xd8\x42", "1 [\"a\" \"\ufffd\"] undecodable(2 0xD842 @ 1)\n"},
		{"an odd byte at the end", UTF16LE, "a\x00,\x00b\x00\x0a", "1 [\"a\" \"b\ufffd\"] undecodable(2 0x0A @ 2)\n"},
		{"NUL in UTF-16", UTF16LE, "a\x00,\x00\x00\x00\n\x00x\x00,\x00y\x00", "1 [\"a\" \"\ufffd\"] undecodable(2 0x0000 @ 1)\n" + next},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := Options{Encoding: tt.e, Delimiter: ','}
			if got := show(readCSV(t, strings.NewReader(tt.in), o)); got != tt.want {
				t.Errorf("rows:\n%swant:\n%s", got, tt.want)
			}
			if got := show(readCSV(t, iotest.OneByteReader(strings.NewReader(tt.in)), o)); got != tt.want {
				t.Errorf("rows, byte by byte:\n%swant:\n%s", got, tt.want)
			}
		})
	}
}

func TestByteOrderMarkGoesBeforeTheEncodingAskedFor(t *testing.T) {
	t.Parallel()
	want := "1 [\"氏名\" \"b\"]\n"
	for name, in := range map[string]string{
		"UTF-8":         BOM + "氏名,b\n",
		"UTF-8, double": BOM + BOM + "氏名,b\n",
		"UTF-16LE":      "\xff\xfe\x0f\x6c\x0d\x54,\x00b\x00\n\x00",
		"UTF-16BE":      "\xfe\xff\x6c\x0f\x54\x0d\x00,\x00b\x00\n",
	} {
		for _, e := range append(Encodings(), "") {
			if got := show(readCSV(t, strings.NewReader(in), Options{Encoding: e})); got != want {
				t.Errorf("%s read as %s: %s", name, e, got)
			}
		}
	}
}

func TestRowLimitCountsUTF8(t *testing.T) {
	t.Parallel()
	in := strings.Repeat("\x82\xa0", 10) + "\n" + strings.Repeat("\x82\xa0", 11) + "\n"
	got := readCSV(t, strings.NewReader(in), Options{Encoding: ShiftJIS, MaxRowBytes: 30})
	if len(got) != 2 || got[0].fault.Code != "" || got[1].fault.Code != member.RowTooLong {
		t.Errorf("rows:\n%s", show(got))
	}
}

// standard returns x/text's idea of e.
func standard(e Encoding) encoding.Encoding {
	switch e {
	case ShiftJIS:
		return japanese.ShiftJIS
	case EUCJP:
		return japanese.EUCJP
	case UTF16LE:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case UTF16BE:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return unicode.UTF8
}

// agreesOnText checks that text decodes as x/text decodes it, or that neither can; and that it does so wherever it is cut.
func agreesOnText(t testing.TB, in []byte, e Encoding) {
	t.Helper()
	got := decoded(t, bytes.NewReader(in), e)
	if again := decoded(t, iotest.OneByteReader(bytes.NewReader(in)), e); again != got {
		t.Fatalf("%s: % x decodes to %q, byte by byte to %q", e, in, got, again)
	}
	if strings.ContainsFunc(got, func(r rune) bool { return 0xE000 <= r && r <= 0xE757 }) {
		return // which x/text does not have
	}
	for run := range bytes.FieldsFuncSeq(in, func(r rune) bool { return r < 0x80 }) {
		if r, _ := utf8.DecodeRune(run); e == ShiftJIS && r >= 0x3000 && r != utf8.RuneError {
			return // which x/text takes for Shift_JIS
		}
	}
	want, err := standard(e).NewDecoder().String(string(in))
	if err != nil {
		t.Fatal(err)
	}
	real := (e == UTF16LE || e == UTF16BE) && strings.Contains(got, "\uFFFD")
	if bad := strings.Contains(want, "\uFFFD"); !real && (bad == utf8.ValidString(got) || !bad && got != want) {
		t.Fatalf("%s: % x decodes to %q, x/text has %q", e, in, got, want)
	}
	if lines := strings.Count(got, "\n"); e == ShiftJIS && lines != bytes.Count(in, []byte("\n")) {
		t.Fatalf("%s: % x has lost a line end: %q", e, in, got)
	}
}

func TestDecodersAgreeWithTheLibrary(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for _, e := range Encodings()[1:] {
		for range 2000 {
			in := make([]byte, r.IntN(12))
			for i := range in {
				if in[i] = byte(r.Uint32()); r.IntN(3) == 0 {
					in[i] &= 0x7F
				}
			}
			agreesOnText(t, in, e)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "a,b\r\n", "\x8e\x81\x96\xbc,\x93\x64\x98\x62", "\xbb\xe1\xcc\xbe\x8f\xb0\xa1\x8e\xb1", "\x42\xd8\xb7\xdf\x00", "\xf0\x40\x80\xa0\xff12345678\x83"} {
		for i := range Encodings() {
			f.Add([]byte(s), uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, n uint8) {
		if e := Encodings()[int(n)%len(encodings)]; e != UTF8 {
			agreesOnText(t, in, e)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, e := range Encodings()[1:] {
		in, err := standard(e).NewEncoder().Bytes(japaneseMembers(20000))
		if err != nil {
			b.Fatal(err)
		}
		for name, open := range map[string]func() io.Reader{
			"sheet":  func() io.Reader { return newTranscoder(nil, bytes.NewReader(in), nil, decoderOf(e)) },
			"x-text": func() io.Reader { return transform.NewReader(bytes.NewReader(in), standard(e).NewDecoder()) },
		} {
			b.Run(string(e)+"/"+name, func(b *testing.B) {
				buf := make([]byte, headSize)
				b.SetBytes(int64(len(in)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{open()}, buf); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// japaneseMembers is members with as much Japanese as lists have that stores collect.
func japaneseMembers(n int) []byte {
	var b bytes.Buffer
	b.WriteString("会員番号,氏名,フリガナ,郵便番号,住所,建物名,電話番号,メールアドレス,生年月日,性別,会員ランク,登録店舗,備考,a,b,c,d,e,f,g\r\n")
	for i := range n {
		fmt.Fprintf(&b, "M%08d,山田 太郎,ヤマダ タロウ,100-%04d,東京都千代田区丸の内１丁目%d番地,ソレイユ表参道%d号室,090-%04d-1234,", i, i%10000, i%30, i%900, i%10000)
		fmt.Fprintf(&b, "taro.yamada%d@example.jp,1980/%02d/01,男性,ゴールド,新宿本店,キャンペーンに応募いただいたお客様です。,TRUE,FALSE,TRUE,,,1,web\r\n", i, i%12+1)
	}
	return b.Bytes()
}

func BenchmarkCSVDecoded(b *testing.B) {
	const rows = 20000
	for _, e := range Encodings() {
		in, err := standard(e).NewEncoder().Bytes(japaneseMembers(rows))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(e)+"/sheet", func(b *testing.B) { benchmarkSheet(b, in, rows, Options{Delimiter: ',', Encoding: e}) })
		b.Run(string(e)+"/encoding-csv", func(b *testing.B) {
			benchmarkStandard(b, len(in), rows, func() io.Reader {
				if e == UTF8 {
					return bytes.NewReader(in)
				}
				return transform.NewReader(bytes.NewReader(in), standard(e).NewDecoder())
			})
		})
	}
}
