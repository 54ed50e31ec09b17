package sheet

import (
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/meibo/meibo/internal/member"
)

func readCSV(t testing.TB, r io.Reader, o Options) []record {
	t.Helper()
	var out []record
	for row, err := range OpenCSV(r, o).Rows() {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, keep(row))
	}
	return out
}

// show writes records on one line each: number, cells, fault.
func show(records []record) string {
	var b strings.Builder
	for _, r := range records {
		fmt.Fprintf(&b, "%d %q", r.number, r.cells)
		if r.fault.Code != "" {
			fmt.Fprintf(&b, " %s(%d %s)", r.fault.Code, r.fault.Column, r.fault.Detail)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestCSVGivesTheRecordsOfTheFile(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 40)
	tests := []struct{ name, in, want string }{
		{"empty file", "", ""},
		{"only a byte order mark", BOM, ""},
		{"only blank lines", "\n\r\n\r \t\n,,\n\"\",\"\"\n", ""},
		{"no final line end", "a,b\nc,d", "1 [\"a\" \"b\"]\n2 [\"c\" \"d\"]\n"},
		{"line ends of every kind", "a,b\r\nc,d\re,f\ng,h\r", "1 [\"a\" \"b\"]\n2 [\"c\" \"d\"]\n3 [\"e\" \"f\"]\n4 [\"g\" \"h\"]\n"},
		{"two byte order marks", BOM + BOM + "\"a\",b\n", "1 [\"a\" \"b\"]\n"},
		{"blank records count", "a,b\n\n , \n,,,\n1,2\n", "1 [\"a\" \"b\"]\n5 [\"1\" \"2\"]\n"},
		{"a quoted newline does not count", "a,b\n\"x\r\ny\",2\n3,4\n", "1 [\"a\" \"b\"]\n2 [\"x\\r\\ny\" \"2\"]\n3 [\"3\" \"4\"]\n"},
		{"doubled quotes", "\"say \"\"hi\"\"\",\"\"\"\"\n", "1 [\"say \\\"hi\\\"\" \"\\\"\"]\n"},
		{"empty cells at the ends", ",b,\n\"\",b,\"\"\n", "1 [\"\" \"b\" \"\"]\n2 [\"\" \"b\" \"\"]\n"},
		{"a bare quote stays", "pipe 5\",a\"b\"c\n \"x\",2\n", "1 [\"pipe 5\\\"\" \"a\\\"b\\\"c\"]\n2 [\" \\\"x\\\"\" \"2\"]\n"},
		{"ragged rows stay as they are", "a,b\n1\n1,2,3\n", "1 [\"a\" \"b\"]\n2 [\"1\"]\n3 [\"1\" \"2\" \"3\"]\n"},
		{"text after a closing quote", "1,\"a\"b,c\n2,x\n", "1 [\"1\" \"\\\"a\\\"b\" \"c\"] bad_quote(2 )\n2 [\"2\" \"x\"]\n"},
		{"blanks after a closing quote", "\"a\" ,\"b\"\t \r\n\"c\nd\"  ,\"e\" ", "1 [\"a\" \"b\"]\n2 [\"c\\nd\" \"e\"]\n"},
		{"blanks before a quote", "a, \"b,c\"\n", "1 [\"a\" \" \\\"b\" \"c\\\"\"]\n"},
		{"blanks and text after a closing quote", "\"a\" b,c\n", "1 [\"\\\"a\\\" b\" \"c\"] bad_quote(1 )\n"},
		{"the end of a DOS file", "a,b\r\n1,2\r\n\x1a", "1 [\"a\" \"b\"]\n2 [\"1\" \"2\"]\n"},
		{"the end of a DOS file after a quote", "a,\"b\nc\"\x1a", "1 [\"a\" \"b\\nc\"]\n"},
		{"only the end of a DOS file", "\x1a", ""},
		{"the end of a DOS file within one", "a\x1a\nb\n", "1 [\"a\\x1a\"]\n2 [\"b\"]\n"},
		{"Excel's line with the delimiter", BOM + "sep=;\r\na,b\n", "1 [\"a\" \"b\"]\n"},
		{"a header that looks like Excel's line", "sep=,x\n", "1 [\"sep=\" \"x\"]\n"},
		{"four quotes", "\"\"\"\",\"\"\"\"\"\"\n", "1 [\"\\\"\" \"\\\"\\\"\"]\n"},
		{"NUL alone", "\x00\n", "1 [\"\ufffd\"] undecodable(1 0x00 @ 1)\n"},
		{"cells before a bad quote are read", "\"a,\"\"1\",\"b\" x,c\n", "1 [\"a,\\\"1\" \"\\\"b\\\" x\" \"c\"] bad_quote(2 )\n"},
		{"a stray quote costs one line", "1,\"a\n2,b\n3,c\n", "1 [\"1\" \"\\\"a\"] unclosed_quote(2 )\n2 [\"2\" \"b\"]\n3 [\"3\" \"c\"]\n"},
		{"a stray quote before a quoted cell costs one line", "1,\"a\n2,\"b\"\n3,c\n", "1 [\"1\" \"\\\"a\"] unclosed_quote(2 )\n2 [\"2\" \"b\"]\n3 [\"3\" \"c\"]\n"},
		{"a stray quote after a quoted newline", "1,\"a\nb\",\"c\n2,d\n", "1 [\"1\" \"\\\"a\"] unclosed_quote(2 )\n2 [\"b\\\"\" \"\\\"c\"] unclosed_quote(2 )\n3 [\"2\" \"d\"]\n"},
		{"a quote that ends the file", "1,\"", "1 [\"1\" \"\\\"\"] unclosed_quote(2 )\n"},
		{"a line that is too long", "1\n" + long + "\n2\n", "1 [\"1\"]\n2 [] row_too_long(0 32)\n3 [\"2\"]\n"},
		{"a line that is too long and the last", "1\n" + long, "1 [\"1\"]\n2 [] row_too_long(0 32)\n"},
		{"a quoted cell that is too long", "1\n\"" + long + "\"\r\n2\n", "1 [\"1\"]\n2 [] row_too_long(0 32)\n3 [\"2\"]\n"},
		{"a record that is too long over lines", "\"a\nb\"," + long + "\n2\n", "1 [] row_too_long(0 32)\n2 [\"2\"]\n"},
		{"a quote that does not close within the limit", "\"a\n" + long[:30] + "\n2\"\n", "1 [\"\\\"a\"] unclosed_quote(1 )\n2 [\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"]\n3 [\"2\\\"\"]\n"},
		{"exactly the limit", strings.Repeat("y", 32) + "\r\n", "1 [\"" + strings.Repeat("y", 32) + "\"]\n"},
		{"bytes that are not UTF-8", "1,ab\x83\xffc,d\n2,\xe3\x81\n", "1 [\"1\" \"ab\ufffdc\" \"d\"] undecodable(2 0x83 @ 3)\n2 [\"2\" \"\ufffd\"] undecodable(2 0xE3 @ 1)\n"},
		{"a half character before a doubled quote", "\"\"\"\xe3\x81\"\"\",b\n", "1 [\"\\\"\ufffd\\\"\" \"b\"] undecodable(1 0xE3 @ 2)\n"},
		{"NUL", "1,a\x00b\n", "1 [\"1\" \"a\ufffdb\"] undecodable(2 0x00 @ 2)\n"},
		{"Japanese", "名前,メール\n\"山田, 太郎\",taro@example.jp\n", "1 [\"名前\" \"メール\"]\n2 [\"山田, 太郎\" \"taro@example.jp\"]\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := Options{Delimiter: ',', MaxRowBytes: 32}
			if got := show(readCSV(t, strings.NewReader(tt.in), o)); got != tt.want {
				t.Errorf("rows of %q:\n%swant:\n%s", tt.in, got, tt.want)
			}
			if got := show(referenceCSV(tt.in, ',', 32)); got != tt.want {
				t.Errorf("reference rows of %q:\n%swant:\n%s", tt.in, got, tt.want)
			}
		})
	}
}

func TestCSVDetectsItsDelimiter(t *testing.T) {
	t.Parallel()
	for _, d := range delimiters {
		in := strings.ReplaceAll("name@note@price\n\"a;,|\t\"@b@\"1,5\"\n", "@", string(d))
		got := readCSV(t, strings.NewReader(in), Options{})
		if len(got) != 2 || len(got[0].cells) != 3 || len(got[1].cells) != 3 {
			t.Errorf("delimiter %q: %s", d, show(got))
		}
	}
	if got := readCSV(t, strings.NewReader("one\ntwo;\n"), Options{}); len(got) != 2 || got[1].cells[0] != "two;" {
		t.Errorf("one column: %s", show(got))
	}
}

func TestCSVSurvivesAnyReader(t *testing.T) {
	t.Parallel()
	var in strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&in, "%d,\"some \"\"text\"\"\r\non two lines\",%s\r\n", i, strings.Repeat("z", i%50))
	}
	o := Options{Delimiter: ','}
	want := readCSV(t, strings.NewReader(in.String()), o)
	if len(want) != 20000 || want[19999].number != 20000 {
		t.Fatalf("rows = %d", len(want))
	}
	for name, r := range map[string]io.Reader{
		"one byte": iotest.OneByteReader(strings.NewReader(in.String())),
		"half":     iotest.HalfReader(strings.NewReader(in.String())),
		"data err": iotest.DataErrReader(strings.NewReader(in.String())),
	} {
		if got := readCSV(t, r, o); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: rows differ", name)
		}
	}
}

func TestCSVRangeCanBeContinued(t *testing.T) {
	t.Parallel()
	r := OpenCSV(strings.NewReader("h\n1\n2\n"), Options{})
	var got []string
	for range 4 {
		for row, err := range r.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(row.Cells[0]))
			break
		}
	}
	if want := []string{"h", "1", "2"}; !slices.Equal(got, want) {
		t.Errorf("rows = %v, want %v", got, want)
	}
}

func TestCSVReturnsTheSourcesError(t *testing.T) {
	t.Parallel()
	for _, broken := range []error{errors.New("connection reset"), io.ErrUnexpectedEOF, io.ErrNoProgress} {
		src := io.MultiReader(strings.NewReader("a,b\n1,2\n3,"), iotest.ErrReader(broken))
		var rows int
		var got error
		for _, err := range OpenCSV(src, Options{}).Rows() {
			if err != nil {
				got = err
				break
			}
			rows++
		}
		if rows != 2 || !errors.Is(got, broken) {
			t.Errorf("rows = %d, error = %v; want 2 and %v", rows, got, broken)
		}
	}
}

// endless is a source without end, of one byte.
type endless struct {
	b    byte
	left int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.left)
	for i := range p[:n] {
		p[i] = e.b
	}
	e.left -= n
	return n, nil
}

func TestCSVMemoryIsBoundedByTheRowLimit(t *testing.T) {
	t.Parallel()
	const size = 64 << 20
	for _, b := range []byte("x,\"\n") {
		c := OpenCSV(io.MultiReader(strings.NewReader("a,b\n\""), &endless{b, size}), Options{Delimiter: ',', MaxRowBytes: 1 << 20})
		rows := 0
		for row, err := range c.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			if rows++; rows > 1 && row.Fault.Code == "" {
				t.Errorf("byte %q: row %d has no fault", b, row.Number)
			}
		}
		if len(c.win.buf) > 2<<20 || cap(c.cells) > 2<<20 {
			t.Errorf("byte %q: window of %d bytes, %d cells", b, len(c.win.buf), cap(c.cells))
		}
	}
}

func TestCSVStrayQuotesCostLinearTime(t *testing.T) {
	t.Parallel()
	// Without the rule of doubt each line would be looked through up to the limit, which takes minutes.
	const lines = 200000
	for name, line := range map[string]string{
		"closed by the next":             "1,\"a\n",
		"closed and opened by the next":  "x\",y,\"z\n",
		"opened and filled with doubled": "x\"\",\"\"\"z\n",
		"never closed":                   "x,\"\n" + strings.Repeat("y\n", 20),
	} {
		rows := 0
		in := strings.Repeat(line, lines) + "\"bad\"quote\n"
		for _, err := range OpenCSV(strings.NewReader(in), Options{Delimiter: ','}).Rows() {
			if err != nil {
				t.Fatal(err)
			}
			rows++
		}
		if rows < lines/2 {
			t.Errorf("%s: %d rows", name, rows)
		}
	}
}

func TestCSVDoubtEndsWhereAQuotedCellBegins(t *testing.T) {
	t.Parallel()
	in := "1,\"stray\n2,\"\",b\n3,\"\"\"two\nlines\"\n"
	want := "1 [\"1\" \"\\\"stray\"] unclosed_quote(2 )\n2 [\"2\" \"\" \"b\"]\n3 [\"3\" \"\\\"two\\nlines\"]\n"
	if got := show(readCSV(t, strings.NewReader(in), Options{Delimiter: ','})); got != want {
		t.Errorf("rows:\n%swant:\n%s", got, want)
	}
}

func TestCSVTooManyCells(t *testing.T) {
	t.Parallel()
	in := "a\n" + strings.Repeat("1,", MaxColumns) + "1\n" + strings.Repeat("2,", MaxColumns-1) + "2\n"
	got := readCSV(t, strings.NewReader(in), Options{Delimiter: ','})
	if len(got) != 3 || got[1].fault != (Fault{Code: member.TooManyCells, Detail: "16385/16384"}) || len(got[1].cells) != 0 {
		t.Fatalf("rows = %d, fault = %+v", len(got), got[1].fault)
	}
	if len(got[2].cells) != MaxColumns || got[2].fault.Code != "" {
		t.Errorf("row at the limit: %d cells, %+v", len(got[2].cells), got[2].fault)
	}
}

// agreesWithStandard compares with encoding/csv where both define the same: no faults, no lone CR, no CRLF in
// quotes (which it turns to LF), and blank records left out.
func agreesWithStandard(t testing.TB, in string, got []record) {
	t.Helper()
	if strings.Contains(strings.ReplaceAll(in, "\r\n", "\n"), "\r") || strings.HasPrefix(in, BOM) || strings.HasSuffix(in, "\x1A") {
		return
	}
	if _, n := separatorLine([]byte(in)); n > 0 {
		return
	}
	r := stdcsv.NewReader(strings.NewReader(in))
	r.FieldsPerRecord = -1
	want, err := r.ReadAll()
	if err != nil {
		return
	}
	want = slices.DeleteFunc(want, func(cells []string) bool { return strings.Trim(strings.Join(cells, ""), " \t") == "" })
	if len(got) != len(want) {
		t.Fatalf("%q: %d rows, encoding/csv has %d", in, len(got), len(want))
	}
	for i, cells := range want {
		for j := range got[i].cells {
			got[i].cells[j] = strings.ReplaceAll(got[i].cells[j], "\r\n", "\n")
		}
		if got[i].fault.Code == "" && !slices.Equal(got[i].cells, cells) {
			t.Fatalf("%q: row %d is %q, encoding/csv has %q", in, i, got[i].cells, cells)
		}
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"", "a,b\n1,2\n", "\"a\"\"b\",\"c\r\nd\"\r\n", "1,\"a\n2,\"b\"x\n\"\"\"\"", BOM + "a;b\r\r\n;;\n", "\x00,\xff\n\"\xe3\"\"\",",
		"\"a\nb\" \t,\"c\" \nd\x1a\x1a", "\"\"\"\",\"a\"        b\n\"c\nd\"                  ,e", "sep=;\n\"a\";b",
		"\"a\nb\",\"c\n\"d\",e\"", "aaaaaaaaaaaaaaaaaaaaaaaa,\"bbbbbbbbbbbbbbbbbbbbbbbb\nc\",d\n",
	} {
		f.Add(s, byte(','), uint8(20))
		f.Add(s, byte(';'), uint8(255))
	}
	f.Fuzz(func(t *testing.T, in string, delim byte, limit uint8) {
		if delim == '"' || delim == '\r' || delim == '\n' || delim >= 0x80 || delim == 0 {
			return
		}
		if e := byMark([]byte(in)); e != "" && e != UTF8 {
			return
		}
		o := Options{Delimiter: delim, MaxRowBytes: int(limit) + 1}
		c := OpenCSV(iotest.HalfReader(strings.NewReader(in)), o)
		c.win.buf = make([]byte, 16) // so that records cross its end
		c.win.max = max(64, o.MaxRowBytes+lookahead+spare)
		var got []record
		for row, err := range c.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, keep(row))
		}
		if len(c.win.buf) > c.win.max {
			t.Fatalf("window of %d bytes", len(c.win.buf))
		}
		if want := referenceCSV(in, delim, o.MaxRowBytes); show(got) != show(want) {
			t.Fatalf("%q: rows\n%swant\n%s", in, show(got), show(want))
		}
		accounts(t, in, delim, got)
		if delim == ',' {
			agreesWithStandard(t, in, readCSV(t, strings.NewReader(in), Options{Delimiter: ','}))
		}
	})
}

// accounts checks that every byte of text is in some row, unless a row says that it is too long.
func accounts(t testing.TB, in string, delim byte, rows []record) {
	t.Helper()
	for strings.HasPrefix(in, BOM) {
		in = in[len(BOM):]
	}
	_, n := separatorLine([]byte(in))
	in = in[n:]
	letters := func(s string) (n int) {
		for _, b := range []byte(s) {
			if b > ' ' && b < 0x7F && b != '"' && b != delim {
				n++
			}
		}
		return n
	}
	got := 0
	for _, r := range rows {
		if r.fault.Code == member.RowTooLong {
			return
		}
		got += letters(strings.Join(r.cells, ""))
	}
	if want := letters(in); got != want {
		t.Fatalf("%q: %d letters in the rows, want %d", in, got, want)
	}
}
