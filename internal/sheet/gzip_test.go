package sheet

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/meibo/meibo/internal/member"
)

func TestGzipIsReadAsItsText(t *testing.T) {
	t.Parallel()
	want := show(readCSV(t, strings.NewReader(people), Options{Delimiter: ','}))
	half := len(people)/2 + 1
	for name, file := range map[string]string{
		"one member":              gzipped(t, people),
		"two members":             gzipped(t, people[:half]) + gzipped(t, people[half:]),
		"an empty member":         gzipped(t, "") + gzipped(t, people) + gzipped(t, ""),
		"many empty members":      strings.Repeat(gzipped(t, ""), 500) + gzipped(t, people) + strings.Repeat(gzipped(t, ""), 500),
		"padding":                 gzipped(t, people) + strings.Repeat("\x00", 5000),
		"Shift_JIS":               gzipped(t, in(t, ShiftJIS, people)),
		"UTF-16 with a mark":      gzipped(t, "\xff\xfe"+in(t, UTF16LE, people)),
		"two members of a letter": gzipped(t, in(t, EUCJP, people)[:15]) + gzipped(t, in(t, EUCJP, people)[15:]),
	} {
		d, err := detectBoth(t, file)
		if err != nil || !d.Gzip {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
		for _, r := range []io.Reader{strings.NewReader(file), iotest.OneByteReader(strings.NewReader(file))} {
			if got := show(readCSV(t, r, Options{}.With(d))); got != want {
				t.Errorf("%s: rows\n%swant\n%s", name, got, want)
			}
		}
	}
}

func TestGzipThatIsDamagedEndsTheRowsWithARefusal(t *testing.T) {
	t.Parallel()
	text := strings.Repeat(people, 2000)
	whole := gzipped(t, text)
	damaged := []byte(whole)
	damaged[len(damaged)-6] ^= 0xff // of the checksum
	for name, file := range map[string]string{
		"cut off":         whole[:len(whole)-100],
		"without its end": whole[:len(whole)-8],
		"damaged":         string(damaged),
		"text after it":   whole + "a,b\n",
		"half a member":   whole + whole[:5],
		"text after zero": whole + "\x00\x00a",
		"nothing":         "",
		"no gzip":         people,
	} {
		var got error
		for _, err := range OpenCSV(strings.NewReader(file), Options{Gzip: true, Delimiter: ','}).Rows() {
			got = err
		}
		var u *Unsupported
		if !errors.As(got, &u) || u.Code != member.CorruptFile || !strings.Contains(u.Reason.EN, "gzip") {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestGzipReturnsTheSourcesError(t *testing.T) {
	t.Parallel()
	file := gzipped(t, strings.Repeat(people, 100))
	for at := range len(file) {
		src := io.MultiReader(strings.NewReader(file[:at]), iotest.ErrReader(io.ErrUnexpectedEOF))
		var got error
		for _, err := range OpenCSV(src, Options{Gzip: true, Delimiter: ','}).Rows() {
			got = err
		}
		var u *Unsupported
		if !errors.Is(got, io.ErrUnexpectedEOF) || errors.As(got, &u) {
			t.Fatalf("broken at %d: %v, want that it can be tried again", at, got)
		}
	}
}

// packedRepeat is a gzip of a text many times.
func packedRepeat(t testing.TB, text string, times int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	for range times {
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestGzipBombIsRefusedEarly(t *testing.T) {
	t.Parallel()
	file := packedRepeat(t, strings.Repeat("a", 1<<20), 300)
	src := bytes.NewReader(file)
	var got error
	for _, err := range OpenCSV(src, Options{Gzip: true, Delimiter: ','}).Rows() {
		got = err
	}
	var u *Unsupported
	if !errors.As(got, &u) || u.Code != member.FileTooLarge || u.Detail == "" || u.Reason.JA == "" {
		t.Errorf("%v", got)
	}
	if src.Len() < len(file)/3 {
		t.Errorf("only %d bytes of %d were left", src.Len(), len(file))
	}
	if _, err := DetectFrom(bytes.NewReader(file)); !errors.As(err, &u) || u.Code != member.FileTooLarge {
		t.Errorf("DetectFrom: %v", err)
	}
}

func TestMaxRowsOfAGzipIsNeverTooFew(t *testing.T) {
	t.Parallel()
	const row, times = "1,taro@example.jp,TRUE\n", 1 << 20
	file := packedRepeat(t, row, times)
	rows := int64(0)
	for _, err := range OpenCSV(bytes.NewReader(file), Options{Gzip: true, Delimiter: ','}).Rows() {
		if err != nil {
			t.Fatal(err)
		}
		rows++
	}
	if got := MaxRows(int64(len(file)), 3, true); rows != times || got < rows {
		t.Errorf("MaxRows = %d, of %d rows", got, rows)
	}
	for size, want := range map[int64]int64{0: gzipFree / 2, 1 << 50: maxUnpacked / 2, 1 << 62: maxUnpacked / 2} {
		if got := MaxRows(size, 1, true); got < want || got > want+2 {
			t.Errorf("MaxRows of %d bytes = %d, want %d", size, got, want)
		}
	}
}

func FuzzGzip(f *testing.F) {
	f.Add([]byte(gzipped(f, people)))
	f.Add([]byte(gzipped(f, "a") + gzipped(f, "b") + "\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := io.ReadAll(newGunzip(bytes.NewReader(file)))
		again, errAgain := io.ReadAll(newGunzip(iotest.OneByteReader(bytes.NewReader(file))))
		if !bytes.Equal(got, again) || (err == nil) != (errAgain == nil) {
			t.Fatalf("%d bytes, %v; byte by byte %d, %v", len(got), err, len(again), errAgain)
		}
		var u *Unsupported
		if err != nil && !errors.As(err, &u) {
			t.Fatal(err)
		}
		r, stdErr := gzip.NewReader(bytes.NewReader(file))
		if stdErr != nil {
			return
		}
		want, stdErr := io.ReadAll(r)
		if stdErr == nil && (err != nil || !bytes.Equal(got, want)) {
			t.Fatalf("%d bytes, %v; compress/gzip has %d", len(got), err, len(want))
		}
	})
}
