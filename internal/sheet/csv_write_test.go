package sheet

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestWriteDelimitedIsReadBackTheSame(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for _, delimiter := range []byte("\t;|,:x") {
		want := textRows(r, 50, 5)
		want[3][1], want[3][2] = "axb:c", "1;2|3\t4"
		var out bytes.Buffer
		if err := WriteDelimited(&out, delimiter, slices.Values(want)); err != nil {
			t.Fatal(err)
		}
		got := readCSV(t, bytes.NewReader(out.Bytes()), Options{Delimiter: delimiter})
		if len(got) != len(want) {
			t.Fatalf("%q: %d rows, want %d", delimiter, len(got), len(want))
		}
		for i := range want {
			if !slices.Equal(got[i].cells, want[i]) {
				t.Fatalf("%q: row %d is %q, want %q", delimiter, i+1, got[i].cells, want[i])
			}
		}
		// The delimiters of real files are found again.
		if d, err := Detect(out.Bytes(), int64(out.Len())); strings.IndexByte(delimiters, delimiter) >= 0 && (err != nil || d.Delimiter != delimiter) {
			t.Errorf("%q: detected %+v, %v", delimiter, d, err)
		}
	}
}

func BenchmarkWriteCSV(b *testing.B) {
	row := make([]string, 23)
	for i := range row {
		row[i] = "横浜市港北区1-2-3"
	}
	row[5], row[6] = `say "hi"`, "a,b"
	const rows = 20_000
	b.ReportAllocs()
	for b.Loop() {
		var size counter
		err := WriteCSV(&size, func(yield func([]string) bool) {
			for range rows {
				if !yield(row) {
					return
				}
			}
		})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(size))
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}

// counter counts what is written.
type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// TestGuardIsUndoneForEveryString tries what starts like a formula, behind any number of guards.
func TestGuardIsUndoneForEveryString(t *testing.T) {
	t.Parallel()
	pieces := []string{"", "'", "''", "=", "＝", "+", "＋", "-", "－", "@", "＠", "\t", "\r", "\n", "\r\n", " ", "a", "\xff", "\uFFFD", BOM}
	for _, a := range pieces {
		for _, b := range pieces {
			for _, c := range pieces {
				in := a + b + c
				guarded := Guard(in)
				if got := Unguard(guarded); got != in {
					t.Fatalf("Unguard(%q) = %q, want %q", guarded, got, in)
				}
				if got := string(UnguardBytes([]byte(guarded))); got != in {
					t.Fatalf("UnguardBytes(%q) = %q, want %q", guarded, got, in)
				}
				if formula(guarded) {
					t.Fatalf("Guard(%q) = %q is still a formula", in, guarded)
				}
			}
		}
	}
}
