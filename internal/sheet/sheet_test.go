package sheet

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/member"
)

func TestHeaderNamesAreUsable(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"a|b", "a|b"},
		{" a |\u3000b\u3000", "a|b"},
		{"||a", "column_1|column_2|a"},
		{"a|a|a", "a|a (2)|a (3)"},
		{"a|a (2)|a", "a|a (2)|a (3)"},
		{"a|a|a (2)", "a|a (3)|a (2)"},
		{"column_2||", "column_2|column_2 (2)|column_3"},
		{"\xffa|b", "\ufffda|b"},
	}
	for _, tt := range tests {
		if got := strings.Join(Header(bytes.Split([]byte(tt.in), []byte("|"))), "|"); got != tt.want {
			t.Errorf("Header(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestMaxRowsIsNeverTooFew(t *testing.T) {
	t.Parallel()
	for columns := 1; columns < 5; columns++ {
		for rows := range 5 {
			for _, end := range []string{"\n", ""} {
				in := strings.TrimSuffix(strings.Repeat(strings.Repeat(",", columns-1)+"k\n", rows), "\n") + end
				if got := MaxRows(int64(len(in)), columns); got < int64(rows) || got > int64(rows)+2 {
					t.Errorf("MaxRows of %q = %d", in, got)
				}
			}
		}
	}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	ok := func(d byte) Detected { return Detected{Format: CSV, Encoding: UTF8, Delimiter: d} }
	sjis := "\x96\xbc\x91\x4f,\x83\x81\x81\x5b\x83\x8b\n\x8e\x52\x93\x63,a@example.jp\n"
	eucjp := "\xcc\xbe\xc1\xb0,\xa5\xe1\xa1\xbc\xa5\xeb\n\xbb\xb3\xc5\xc4,a@example.jp\n"
	tests := []struct {
		name, in string
		want     Detected
		code     member.Code
		detail   string
	}{
		{"empty", "", ok(','), "", ""},
		{"byte order mark", BOM, ok(','), "", ""},
		{"commas", "a,b\n1,2\n", ok(','), "", ""},
		{"tabs", "a\tb,c\n1\t2,3\n", ok('\t'), "", ""},
		{"semicolons", BOM + "a;b\n1,5;2,5\n", ok(';'), "", ""},
		{"bars", "a|b|c\n1|2|3\n", ok('|'), "", ""},
		{"one column", "名前\n山田\n", ok(','), "", ""},
		{"quoted commas", "\"a,b\";c\n\"1,2\";3\n", ok(';'), "", ""},
		{"a few broken bytes", strings.Repeat("名前,メール\n", 5) + "\x83,\x00\n", ok(','), "", ""},
		{"a cell that starts like JSON", "[a],b\n1,2\n", ok(','), "", ""},
		{"XLSX", string(plainBook.zip(t)), Detected{Format: XLSX}, "", ""},
		{"Shift_JIS", sjis, Detected{}, member.EncodingUnsupported, ""},
		{"EUC-JP", eucjp, Detected{}, member.EncodingUnsupported, ""},
		{"ISO-2022-JP", "\x1b$BL>A0\x1b(B,b\n", Detected{}, member.EncodingUnsupported, "ISO-2022-JP"},
		{"UTF-16LE", "\xff\xfea\x00,\x00b\x00", Detected{}, member.EncodingUnsupported, "UTF-16"},
		{"UTF-16BE", "\xfe\xff\x00a\x00,\x00b", Detected{}, member.EncodingUnsupported, "UTF-16"},
		{"UTF-16 without mark", "a\x00,\x00b\x00\n\x001\x00,\x002\x00", Detected{}, member.EncodingUnsupported, "UTF-16"},
		{"XLS", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 500), Detected{}, member.FormatUnsupported, "XLS"},
		{"XLSX with a password", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + string(utf16("EncryptedPackage")), Detected{}, member.EncryptedFile, ""},
		{"XLSB", string(book{"xl/workbook.bin": ""}.zip(t)), Detected{}, member.FormatUnsupported, "XLSB"},
		{"ODS", "PK\x03\x04" + strings.Repeat("\x00", 26) + "mimetypeapplication/vnd.oasis.opendocument.spreadsheet", Detected{}, member.FormatUnsupported, "OpenDocument"},
		{"DOCX", "PK\x03\x04" + strings.Repeat("\x00", 26) + "[Content_Types].xml word/document.xml", Detected{}, member.FormatUnsupported, "Office"},
		{"ZIP", "PK\x03\x04" + strings.Repeat("\x00", 26) + "members.csv", Detected{}, member.FormatUnsupported, "ZIP"},
		{"gzip", "\x1f\x8b\x08\x00", Detected{}, member.FormatUnsupported, "gzip"},
		{"PDF", "%PDF-1.7\n", Detected{}, member.FormatUnsupported, "PDF"},
		{"HTML", BOM + "\r\n<!DOCTYPE html><html>", Detected{}, member.FormatUnsupported, "HTML"},
		{"HTML table", "<table><tr><td>a", Detected{}, member.FormatUnsupported, "HTML"},
		{"XML of Excel 2003", `<?xml version="1.0"?><Workbook>`, Detected{}, member.FormatUnsupported, "XML"},
		{"JSON", "[\n {\"a\": 1}]", Detected{}, member.FormatUnsupported, "JSON"},
		{"JSON object", "{\"a\": 1}", Detected{}, member.FormatUnsupported, "JSON"},
		{"PNG", "\x89PNG\r\n\x1a\n", Detected{}, member.NotATable, ""},
		{"control bytes", strings.Repeat("\x01\x02", 100), Detected{}, member.NotATable, ""},
	}
	for _, tt := range tests {
		got, err := Detect([]byte(tt.in), int64(len(tt.in)))
		if tt.code == "" {
			if err != nil || got.Format != tt.want.Format || got.Encoding != tt.want.Encoding || got.Delimiter != tt.want.Delimiter {
				t.Errorf("%s: %+v, %v; want %+v", tt.name, got, err, tt.want)
			}
			continue
		}
		var u *Unsupported
		if !errors.As(err, &u) || u.Code != tt.code || u.Detail != tt.detail || u.Reason.JA == "" || u.Reason.EN == "" {
			t.Errorf("%s: %+v, want %s %s", tt.name, err, tt.code, tt.detail)
		}
	}
}

func TestDetectForgivesACharacterCutByTheHead(t *testing.T) {
	t.Parallel()
	in := "ascii only, then 名"
	if _, err := Detect([]byte(in[:len(in)-1]), 1000); err != nil {
		t.Errorf("cut head: %v", err)
	}
	if _, err := Detect([]byte(in[:len(in)-1]), int64(len(in)-1)); err == nil {
		t.Error("broken end: no error")
	}
}

func TestOptionsGoBeforeDetection(t *testing.T) {
	t.Parallel()
	d := Detected{Format: CSV, Encoding: UTF8, Delimiter: ';'}
	if got := (Options{}).With(d); got.Format != CSV || got.Delimiter != ';' {
		t.Errorf("as detected: %+v", got)
	}
	if got := (Options{Delimiter: ','}).With(d); got.Delimiter != ',' {
		t.Errorf("overridden: %+v", got)
	}
}

func TestGuardRoundTrips(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "a": "a", "=1+1": "'=1+1", "+81": "'+81", "-5": "'-5", "@x": "'@x", "'=1": "''=1", "'a": "'a", "''": "''", "\t=1": "'\t=1", "＝1": "'＝1", " =1": " =1",
	} {
		if got := Guard(in); got != want {
			t.Errorf("Guard(%q) = %q, want %q", in, got, want)
		}
		if got := Unguard(Guard(in)); got != in {
			t.Errorf("Unguard(Guard(%q)) = %q", in, got)
		}
	}
	for _, in := range []string{"'tis", "'", "", "a'=b"} {
		if got := Unguard(in); got != in {
			t.Errorf("Unguard(%q) = %q, which Guard did not make", in, got)
		}
	}
}

func TestWriteCSVQuotesWhatNeedsIt(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	rows := [][]string{{"a", "b c", "1,5", "x;y", "say \"hi\"", "l1\r\nl2", " x", "", BOM}, {""}, {"", ""}}
	if err := WriteCSV(&out, slices.Values(rows)); err != nil {
		t.Fatal(err)
	}
	want := "a,b c,\"1,5\",\"x;y\",\"say \"\"hi\"\"\",\"l1\r\nl2\",\" x\",,\"" + BOM + "\"\r\n\"\"\r\n,\r\n"
	if out.String() != want {
		t.Errorf("wrote %q, want %q", out.String(), want)
	}
	if err := WriteCSV(failing{}, slices.Values(rows)); err == nil {
		t.Error("no error from a writer that fails")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errBroken }

// sameAfterCSV writes rows and reads them back: by their delimiter, and by what detection makes of them.
func sameAfterCSV(t testing.TB, rows [][]string, o Options) {
	t.Helper()
	var out bytes.Buffer
	if err := WriteCSV(&out, slices.Values(rows)); err != nil {
		t.Fatal(err)
	}
	got := readCSV(t, bytes.NewReader(out.Bytes()), o)
	i := 0
	for n, row := range rows {
		if strings.Trim(strings.Join(row, ""), " \t") == "" {
			continue
		}
		if i == len(got) || got[i].number != int64(n+1) || got[i].fault.Code != "" || !slices.Equal(got[i].cells, row) {
			t.Fatalf("row %d %q was read as %s of %q", n+1, row, show(got[min(i, len(got)):min(i+1, len(got))]), out.String())
		}
		i++
	}
	if i != len(got) {
		t.Fatalf("%d rows too many", len(got)-i)
	}
}

func TestWriteCSVIsReadBackTheSame(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		sameAfterCSV(t, textRows(r, 20, 1+r.IntN(6)), Options{})
	}
}

func FuzzWriteCSV(f *testing.F) {
	f.Add("a\"b", "c,d", "\r\n")
	f.Add(BOM, "", "'=1")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if got := Unguard(Guard(a)); got != a {
			t.Fatalf("Unguard(Guard(%q)) = %q", a, got)
		}
		if storable([]byte(a)) && storable([]byte(b)) && storable([]byte(c)) {
			sameAfterCSV(t, [][]string{{"key", a, b}, {c}, {a, b, c, ""}, {b}}, Options{Delimiter: ','})
		}
	})
}
