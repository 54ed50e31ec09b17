package sheet

import (
	"bytes"
	stdcsv "encoding/csv"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/transform"
)

// dialect is a way in which programs write tables as text.
type dialect struct {
	encoding  Encoding
	delimiter byte
	end       string // of a line
	quote     func(*rand.Rand) bool
	mark      string // what comes before the text
	last      bool   // the last line has its end
}

func someDialect(r *rand.Rand) dialect {
	d := dialect{
		encoding:  Encodings()[r.IntN(len(encodings))],
		delimiter: (delimiters + rareDelimiters + "\\ a")[r.IntN(len(delimiters+rareDelimiters)+3)],
		end:       []string{"\r\n", "\n", "\r"}[r.IntN(3)],
		last:      r.IntN(2) == 0,
	}
	often := r.IntN(3)
	d.quote = func(r *rand.Rand) bool { return r.IntN(3) < often }
	if !strings.HasPrefix(string(d.encoding), "UTF") {
		return d
	}
	d.mark = strings.Repeat(BOM, r.IntN(3))
	return d
}

// write writes rows the way of the dialect, in its encoding.
func (d dialect) write(t testing.TB, r *rand.Rand, rows [][]string) string {
	t.Helper()
	b := []byte(d.mark)
	for n, row := range rows {
		for i, cell := range row {
			if i > 0 {
				b = append(b, d.delimiter)
			}
			if special := strings.ContainsAny(cell, "\"\r\n"+string(rune(d.delimiter))); !special && !d.quote(r) {
				b = append(b, cell...)
				continue
			}
			b = append(b, '"')
			b = append(b, strings.ReplaceAll(cell, `"`, `""`)...)
			b = append(b, '"')
		}
		if n < len(rows)-1 || d.last {
			b = append(b, d.end...)
		}
	}
	return encoded(t, string(b), d.encoding, len(b)+1)
}

// someCell returns text with everything that gives a CSV trouble, and letters whose second byte in Shift_JIS does.
func someCell(r *rand.Rand) string {
	parts := []string{
		"", "", "a", "\"", "\"\"", ",", ";", "\t", "|", "\n", "\r\n", "\r", " ", "~", "^", ":", "'", "0", "山田", "ソ", "表", "能", "ミ", "ポ", "ﾔﾏﾀﾞ",
		"①", "髙", "﨑", "—", "～", "あ", "\\", "sep=;", "\x1a", "\x1f", "田",
	}
	var b strings.Builder
	for range r.IntN(5) {
		b.WriteString(parts[r.IntN(len(parts))])
	}
	return b.String()
}

func TestRowsOfAnyDialectAndEncodingAreReadBackTheSame(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	for range 2000 {
		d := someDialect(r)
		rows := make([][]string, 1+r.IntN(8))
		for i := range rows {
			rows[i] = make([]string, 1+r.IntN(5))
			for j := range rows[i] {
				// What the encoding has in the place of letters that it lacks.
				rows[i][j] = strings.ReplaceAll(someCell(r), "—", "―")
			}
		}
		rows[0][0] = "k" // no line of Excel's
		if last := rows[len(rows)-1]; strings.HasSuffix(last[len(last)-1], "\x1a") {
			last[len(last)-1] += "."
		}
		file := d.write(t, r, rows)
		o := Options{Encoding: d.encoding, Delimiter: d.delimiter}
		got := readCSV(t, strings.NewReader(file), o)
		sameRows(t, got, rows, file)
		if d.encoding == UTF8 || d.mark != "" {
			o.Encoding = "" // as a mark says, or by default
			sameRows(t, readCSV(t, strings.NewReader(file), o), rows, file)
		}
		if d.mark == "" {
			sameAsStandard(t, file, d, got)
		}
	}
}

// sameRows checks that rows came back as they were written, with the numbers that Excel shows.
func sameRows(t testing.TB, got []record, rows [][]string, file string) {
	t.Helper()
	i := 0
	for n, row := range rows {
		if strings.Trim(strings.Join(row, ""), " \t") == "" {
			continue
		}
		if i == len(got) || got[i].number != int64(n+1) || got[i].fault.Code != "" || !slices.Equal(got[i].cells, row) {
			t.Fatalf("row %d %q was read as %s of %q", n+1, row, show(got[min(i, len(got)):min(i+1, len(got))]), file)
		}
		i++
	}
	if i != len(got) {
		t.Fatalf("%d rows too many of %q", len(got)-i, file)
	}
}

// sameAsStandard compares with encoding/csv behind x/text, where both can read the dialect.
func sameAsStandard(t testing.TB, file string, d dialect, got []record) {
	t.Helper()
	r := stdcsv.NewReader(transform.NewReader(strings.NewReader(file), standard(d.encoding).NewDecoder()))
	r.FieldsPerRecord, r.Comma = -1, rune(d.delimiter)
	want, err := r.ReadAll()
	if err != nil || d.end == "\r" || strings.Contains(file, "\x1a") {
		return
	}
	want = slices.DeleteFunc(want, func(cells []string) bool { return strings.Trim(strings.Join(cells, ""), " \t") == "" })
	if len(want) != len(got) {
		t.Fatalf("%q: %d rows, encoding/csv has %d", file, len(got), len(want))
	}
	for i, cells := range want {
		for j, c := range got[i].cells {
			if c := strings.ReplaceAll(c, "\r\n", "\n"); c != cells[j] {
				t.Fatalf("%q: cell %q, encoding/csv has %q", file, c, cells[j])
			}
		}
	}
}

func TestFilesOfMembersAreDetectedAndReadInAnyDialect(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(13, 14))
	for range 500 {
		d := someDialect(r)
		d.delimiter = delimiters[r.IntN(len(delimiters))]
		rows := [][]string{{"会員番号", "氏名", "メール", "備考"}}
		for n := range 2 + r.IntN(40) {
			note := ""
			if r.IntN(4) == 0 {
				note = strings.TrimSpace(someCell(r))
			}
			rows = append(rows, []string{strings.Repeat("0", 3) + string(rune('0'+n%10)), "山田 " + string([]rune("太郎花子次郎")[n%6]), "a@example.jp", strings.Trim(strings.ReplaceAll(note, "—", "―"), "\x1a")})
		}
		file := d.write(t, r, rows)
		var packed bytes.Buffer
		packed.WriteString(gzipped(t, file))
		for _, file := range []string{file, packed.String()} {
			found, err := DetectFrom(strings.NewReader(file))
			if err != nil || found.Encoding != d.encoding || found.Delimiter != d.delimiter {
				t.Fatalf("%q of %q in %s: %+v, %v", rows, d.delimiter, d.encoding, found, err)
			}
			sameRows(t, readCSV(t, io.Reader(strings.NewReader(file)), Options{}.With(found)), rows, file)
		}
	}
}
