package inspect

import (
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
	"github.com/meibo/meibo/internal/tenant"
)

// FuzzLook: whatever the bytes and options, a file is refused in words or described in a way that can be stored, that
// agrees with itself, and by which the whole file can be read.
func FuzzLook(f *testing.F) {
	f.Add([]byte("会員番号,氏名,電話番号\nA1,青木,9012345678\n"), "", "", int64(0), false)
	f.Add([]byte("会員一覧\n出力日,2024/05/04\n\n会員番号;氏名\nA1;\"青\n木\"\n"), "UTF-8", ";", int64(4), false)
	f.Add([]byte("\x89\xef\x88\xf5\x94\xd4\x8d\x86,\x8e\x81\x96\xbc\r\nA1,\x90\xc2\x96\xd8\r\n"), "Shift_JIS", "", int64(0), false)
	f.Add([]byte("a,a,,\n1.2E+10,13/05/2024,\x00,\xff\n"), "", "\t", int64(1), true)
	f.Add([]byte(workbook(f, [][]string{{"題"}, {"会員番号", "氏名"}, {"A1", ""}})), "", "", int64(2), false)
	f.Fuzz(func(t *testing.T, content []byte, encoding, delimiter string, headerRow int64, noHeader bool) {
		o := Options{HeaderRow: max(headerRow, 0), Key: "member_sn", Locale: &member.Locale{Region: "JP"}, Remembered: []RememberedMapping{
			{Mapping: member.Mapping{{Header: "会員番号", Field: "member_sn"}, {Header: "a", Field: "gone"}, {Header: "氏名", Field: "city"}}},
		}}
		o.Encoding, _ = sheet.ParseEncoding(encoding)
		o.Delimiter, _ = ParseDelimiter(delimiter)
		if noHeader {
			o.Header = new(false)
		}
		file := fileOf(string(content))
		found, err := Look(file, o, standard)
		var unsupported *sheet.Unsupported
		var no *Impossible
		if errors.As(err, &unsupported) || errors.As(err, &no) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		checkInspection(t, found)
		checked, err := Check(file, found, o)
		if err != nil && !errors.As(err, &unsupported) {
			t.Fatal(err)
		}
		if err == nil && checked.Rows-checked.Faulty > found.MaxRows {
			t.Errorf("%d rows, more than the bound of %d", checked.Rows-checked.Faulty, found.MaxRows)
		}
	})
}

func checkInspection(t *testing.T, i *Inspection) {
	t.Helper()
	if len(i.Suggested) != len(i.Columns) || len(i.Sample) != len(i.RowNumbers) || i.Header != (i.HeaderRow > 0) {
		t.Errorf("inspection = %+v", i)
	}
	names := make(map[string]bool)
	for n, c := range i.Columns {
		if c.Header != i.Suggested[n].Header || c.Header == "" || names[c.Header] || c.FillRate < 0 || c.FillRate > 1 || c.TypeShare < 0 || c.TypeShare > 1 {
			t.Errorf("column %d: %+v", n, c)
		}
		names[c.Header] = true
	}
	for _, number := range i.RowNumbers {
		if number <= i.HeaderRow {
			t.Errorf("row %d is a sample above the header %d", number, i.HeaderRow)
		}
	}
	for _, w := range i.Warnings {
		if text := w.Sentence(tenant.Japanese, standard); text == string(w.Code) || !utf8.ValidString(text) {
			t.Errorf("%+v has no sentence: %q", w, text)
		}
	}
	text, err := json.Marshal(i)
	if err != nil || !utf8.Valid(text) {
		t.Errorf("it cannot be stored: %v", err)
	}
}
