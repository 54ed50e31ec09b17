package sheet

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
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
				if got := MaxRows(int64(len(in)), columns, false); got < int64(rows) || got > int64(rows)+2 {
					t.Errorf("MaxRows of %q = %d", in, got)
				}
			}
		}
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
