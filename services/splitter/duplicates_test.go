package splitter

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/sheet"
)

// find has the duplicates among the keys found with so many keys in memory.
func find(t *testing.T, memory int, keys []string) (*imports.RowSet, *duplicates) {
	t.Helper()
	d := newDuplicates(memory, unnamedFile)
	t.Cleanup(d.close)
	for n, key := range keys {
		must(t, d.add(imports.Sight(key, int64(n))))
	}
	found, err := d.find(t.Context())
	must(t, err)
	return found, d
}

// TestRepeatedKeysAreThoseOfAMap compares, for random files of few and of many keys, with what a map finds.
func TestRepeatedKeysAreThoseOfAMap(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 9))
	spilled := 0
	for range 400 {
		rows, kinds := random.IntN(600), 1+random.IntN(1200)
		keys := make([]string, rows)
		count := map[string]int{}
		for n := range keys {
			keys[n] = fmt.Sprint("K", random.IntN(kinds))
			count[keys[n]]++
		}
		memory := 1 + random.IntN(64)
		found, d := find(t, memory, keys)
		for n, key := range keys {
			if want := count[key] > 1; found.Has(int64(n)) != want {
				t.Fatalf("%d rows of %d keys, %d in memory: row %d is repeated: %v, want %v", rows, kinds, memory, n, !want, want)
			}
		}
		if len(d.runs) > 2 {
			spilled++
		}
	}
	if spilled < 100 {
		t.Errorf("only %d of the files did not fit into memory", spilled)
	}
}

func TestFileOfOneKeyNeedsNoDisk(t *testing.T) {
	t.Parallel()
	found, d := find(t, 100, slices.Repeat([]string{"same"}, 10_000))
	if d.file != nil || found.Len() != 10_000 {
		t.Errorf("%d rows are repeated, and %d runs on disk; want all, and none", found.Len(), len(d.runs))
	}
}

// TestFullDiskIsWaitedFor has the keys of a file go to a disk that is full: the import can go on when it is not any more.
func TestFullDiskIsWaitedFor(t *testing.T) {
	t.Parallel()
	d := newDuplicates(4, func() (*os.File, error) { return os.OpenFile("/dev/full", os.O_RDWR, 0) })
	defer d.close()
	var err error
	for n := int64(0); err == nil && n < 100; n++ {
		err = d.add(imports.Sight(fmt.Sprint(n), n))
	}
	if err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Fatalf("error = %v, want that there is no space left", err)
	}
	if got, want := fmt.Sprintf("%T", fate(err)), fmt.Sprintf("%T", queue.Unavailable(err)); got != want {
		t.Errorf("fate = %s, want %s", got, want)
	}
}

const repeating = "会員番号,備考,氏名\nA1,x,青木\nA2,x,井上\n Ａ１ ,x,上田\n,x,江藤\n,x,大野\nA3,x\nA3,x,加藤\n##DELETE##,x,木村\n##DELETE##,x,久保\na2,x,見城\nA2,x,##DELETE##\n"

// TestRowsOfARepeatedKeyFailAllTheSame is about the same rows as CSV, compressed, and as a workbook, in several cuts.
func TestRowsOfARepeatedKeyFailAllTheSame(t *testing.T) {
	t.Parallel()
	for name, file := range map[string][]byte{"csv": []byte(repeating), "gzip": zipped(t, repeating), "xlsx": workbook(t, repeating)} {
		for _, cut := range []imports.Cut{{Lanes: 1, ChunkRows: 100, ChunkBytes: 1 << 16}, {Lanes: 3, ChunkRows: 1, ChunkBytes: 1 << 16}} {
			t.Run(fmt.Sprint(name, cut.Lanes), func(t *testing.T) {
				t.Parallel()
				testRepeatedKeys(t, name, file, cut)
			})
		}
	}
}

func testRepeatedKeys(t *testing.T, format string, file []byte, cut imports.Cut) {
	b := newBench(t)
	b.rules.Duplicates = member.DuplicatesReject
	b.source = imports.Source{Format: "csv", Gzip: format == "gzip", MaxRows: 100}
	if format == "xlsx" {
		b.source.Format = "xlsx"
	}
	i := b.merged(t, b.running(t, string(file), cut))
	got := b.reasons(t, i)
	want := []string{
		"2 duplicate_key", "3 duplicate_key", "4 duplicate_key", "5 key_missing", "6 key_missing", "7 too_few_cells",
		"9 cannot_clear", "10 cannot_clear", "12 duplicate_key cannot_clear",
	}
	if format == "xlsx" { // whose rows are as wide as the first
		want[5] = "7 duplicate_key"
		want = slices.Insert(want, 6, "8 duplicate_key")
	}
	created := int64(2)
	if format == "xlsx" {
		created = 1
	}
	if !slices.Equal(got, want) || i.Totals.Created != created {
		t.Errorf("failed rows\n%s\nwant\n%s\nand %d created, want %d", strings.Join(got, "\n"), strings.Join(want, "\n"), i.Totals.Created, created)
	}
}

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write([]byte(text))
	must(t, err)
	must(t, w.Close())
	return out.Bytes()
}

func workbook(t *testing.T, text string) []byte {
	t.Helper()
	var rows [][]string
	for line := range strings.Lines(text) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), ","))
	}
	var out bytes.Buffer
	must(t, sheet.WriteXLSX(&out, "Sheet1", slices.Values(rows)))
	return out.Bytes()
}

// BenchmarkRepeatedKeys finds the repeated keys of files that fit into memory, and that do not.
func BenchmarkRepeatedKeys(b *testing.B) {
	const rows = 1 << 20
	keys := make([]string, rows)
	for n := range keys {
		keys[n] = fmt.Sprintf("M%08d", n-n%100/99)
	}
	for _, memory := range []int{rows + 1, 1 << 16} {
		b.Run(fmt.Sprint(memory), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d := newDuplicates(memory, unnamedFile)
				for n, key := range keys {
					if err := d.add(imports.Sight(key, int64(n))); err != nil {
						b.Fatal(err)
					}
				}
				found, err := d.find(b.Context())
				if err != nil || found.Len() == 0 {
					b.Fatal(found.Len(), err)
				}
				d.close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}
