package inspect

import (
	"bytes"
	"compress/gzip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"

	"github.com/meibo/meibo/internal/sheet"
)

func encoded(t testing.TB, e encoding.Encoding, text string) string {
	t.Helper()
	out, err := e.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func packed(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const people = "会員番号,氏名,市区町村\r\nA1,青木 太郎,横浜市\r\nA2,石井 花子,神戸市\r\nA3,上田 次郎,札幌市\r\n"

func TestEncodingIsShownWithCellsToTellItBy(t *testing.T) {
	t.Parallel()
	utf16 := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	for name, c := range map[string]struct {
		content  string
		encoding string
		gzip     bool
	}{
		"UTF-8":          {people, "UTF-8", false},
		"with BOM":       {sheet.BOM + people, "UTF-8", false},
		"Shift_JIS":      {encoded(t, japanese.ShiftJIS, people), "Shift_JIS", false},
		"EUC-JP":         {encoded(t, japanese.EUCJP, people), "EUC-JP", false},
		"UTF-16":         {encoded(t, utf16, people), "UTF-16LE", false},
		"gzip":           {packed(t, encoded(t, japanese.ShiftJIS, people)), "Shift_JIS", true},
		"late in a file": {"会員番号,x,y\n"[12:] + strings.Repeat("A1,b,c\n", 20000) + encoded(t, japanese.ShiftJIS, people), "Shift_JIS", false},
	} {
		found := inspected(t, c.content, Options{})
		if found.Encoding != c.encoding || found.Gzip != c.gzip || found.Delimiter != "," || len(found.Encodings) == 0 || found.Encodings[0].Encoding != c.encoding {
			t.Errorf("%s: %s, gzip %v, candidates %+v", name, found.Encoding, found.Gzip, found.Encodings)
			continue
		}
		if found.EncodingConfidence < certain || found.EncodingConfidence != found.Encodings[0].Confidence || found.FormatConfidence == 0 || found.DelimiterConfidence < 0.8 {
			t.Errorf("%s: confidence %v, %v, %v", name, found.EncodingConfidence, found.FormatConfidence, found.DelimiterConfidence)
		}
		if got := found.Encodings[0].Samples; !slices.Contains(got, "青木 太郎") {
			t.Errorf("%s: samples %q", name, got)
		}
		if found.MaxRows < 3 {
			t.Errorf("%s: at most %d rows", name, found.MaxRows)
		}
	}
}

func TestEncodingThatIsSaidGoesBefore(t *testing.T) {
	t.Parallel()
	content := encoded(t, japanese.ShiftJIS, "会員番号;氏名\nA1;青木\n")
	found := inspected(t, content, Options{Encoding: sheet.EUCJP})
	if found.Encoding != "EUC-JP" || found.Delimiter != ";" || found.EncodingConfidence > 0.5 {
		t.Errorf("%s (%v), delimiter %q", found.Encoding, found.EncodingConfidence, found.Delimiter)
	}
	readings := map[string][]string{}
	for _, e := range found.Encodings {
		readings[e.Encoding] = e.Samples
	}
	if !slices.Contains(readings["Shift_JIS"], "青木") || !strings.Contains(strings.Join(readings["EUC-JP"], ""), "\uFFFD") {
		t.Errorf("readings %q", readings)
	}
	// Nobody need guess then: UTF-16 without a byte order mark, and hardly any of it.
	utf16 := encoded(t, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "会員番号\t氏名\n青木\t石井\n")
	found = inspected(t, utf16, Options{Encoding: sheet.UTF16BE})
	if found.Encoding != "UTF-16BE" || found.Delimiter != "\t" || headers(found) != "会員番号,氏名" {
		t.Errorf("%s, delimiter %q, columns %s", found.Encoding, found.Delimiter, headers(found))
	}
	// A byte order mark is no text in any other encoding.
	found = inspected(t, sheet.BOM+people, Options{Encoding: sheet.ShiftJIS})
	if found.Encoding != "UTF-8" || headers(found) != "会員番号,氏名,市区町村" {
		t.Errorf("%s, columns %s", found.Encoding, headers(found))
	}
}

func TestLineOfExcelThatNamesTheDelimiterIsNoRow(t *testing.T) {
	t.Parallel()
	found := inspected(t, "sep=;\n会員番号;氏名\nA1;青木\n", Options{})
	if found.Delimiter != ";" || found.DelimiterConfidence != 1 || found.HeaderRow != 1 || found.RowNumbers[0] != 2 {
		t.Errorf("delimiter %q, header in row %d, rows %v", found.Delimiter, found.HeaderRow, found.RowNumbers)
	}
}

func TestEncodingAskedForIsReadAlsoWhereNoneIsFound(t *testing.T) {
	t.Parallel()
	// Letters of Europe, which no encoding of Japan has.
	text := "member_sn,name\n" + strings.Repeat("A1,Jos\xe9 Garc\xeda\n", 50) + encoded(t, japanese.ShiftJIS, "A2,青木\n")
	for name, content := range map[string]string{"plain": text, "gzip": packed(t, text)} {
		if _, err := Look(fileOf(content), Options{}, standard); err == nil {
			t.Errorf("%s: no refusal", name)
		}
		found := inspected(t, content, Options{Encoding: sheet.ShiftJIS})
		checked, err := Check(fileOf(content), found, Options{Encoding: sheet.ShiftJIS})
		if headers(found) != "member_sn,name" || err != nil || checked.Rows != 51 || checked.Faulty != 50 {
			t.Errorf("%s: columns %s, %d of %d rows are faulty, %v", name, headers(found), checked.Faulty, checked.Rows, err)
		}
	}
}

func TestTextThatIsRatherChineseOrKoreanIsUncertain(t *testing.T) {
	t.Parallel()
	names := "회원번호,이름\n" + strings.Repeat("김민준,서울특별시\n이서연,부산광역시\n박지후,대전광역시\n최하은,인천광역시\n", 5)
	found := inspected(t, encoded(t, korean.EUCKR, names), Options{})
	if found.EncodingConfidence > 0.5 || !slices.Contains(codes(found), "encoding_uncertain") {
		t.Errorf("%s with %.2f, warnings %q", found.Encoding, found.EncodingConfidence, codes(found))
	}
}
