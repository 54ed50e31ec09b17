package imports

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/meibo/meibo/internal/member"
)

func read(block string, cells, rows int) (got []member.Row, err error) {
	err = ReadBlock(block, cells, rows, func(r member.Row) { got = append(got, r) })
	return got, err
}

func TestBlockGivesBackWhatWasAdded(t *testing.T) {
	t.Parallel()
	var b Block
	for range 2 { // a block that is used again starts empty
		b.Reset(3)
		b.Add(2, 0, member.Problem{}, [][]byte{[]byte("A1"), nil, []byte("改行\nあり")})
		b.Add(7, 0, member.Problem{Code: "row_too_long", Field: "name", Detail: "262144"}, [][]byte{nil, nil, nil})
		b.Add(8, 1, member.Problem{}, [][]byte{bytes.Repeat([]byte("x"), 300), []byte("b"), nil})
	}
	got, err := read(string(b.Bytes()), 3, b.Rows())
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0].Number != 2 || got[1].Number != 7 || got[2].Number != 8 || got[2].Ordinal != 1 {
		t.Errorf("rows = %+v", got)
	}
	if !slices.Equal(got[0].Cells, []string{"A1", "", "改行\nあり"}) || len(got[2].Cells[0]) != 300 {
		t.Errorf("cells = %q, %q", got[0].Cells, got[2].Cells)
	}
	if want := (member.Problem{Code: "row_too_long", Field: "name", Detail: "262144"}); len(got[1].Problems) != 1 || got[1].Problems[0] != want || got[0].Failed() {
		t.Errorf("problems = %+v and %+v", got[0].Problems, got[1].Problems)
	}
}

func TestMalformedBlockIsRefused(t *testing.T) {
	t.Parallel()
	var b Block
	b.Reset(2)
	b.Add(2, 0, member.Problem{}, [][]byte{[]byte("A1"), []byte("青木")})
	good := string(b.Bytes())
	for name, tt := range map[string]struct {
		block       string
		cells, rows int
	}{
		"too few rows":  {good, 2, 0},
		"too many rows": {good, 2, 2},
		"other cells":   {good, 3, 1},
		"cut off":       {good[:len(good)-1], 2, 1},
		"trailing":      {good + "x", 2, 1},
		"empty":         {"", 2, 1},
		"huge claim":    {good, 2, 1 << 40},
	} {
		if _, err := read(tt.block, tt.cells, tt.rows); !errors.Is(err, ErrBlock) {
			t.Errorf("%s: error = %v, want ErrBlock", name, err)
		}
	}
}

func FuzzReadBlock(f *testing.F) {
	var b Block
	b.Reset(2)
	b.Add(2, 0, member.Problem{}, [][]byte{[]byte("A1"), []byte("青木")})
	b.Add(3, 0, member.Problem{Code: "bad_quote"}, [][]byte{nil, nil})
	f.Add(string(b.Bytes()), 2, 2)
	f.Fuzz(func(t *testing.T, block string, cells, rows int) {
		if cells < 0 || cells > 100 {
			return
		}
		got, err := read(block, cells, rows)
		if err != nil {
			return
		}
		var again Block
		again.Reset(cells)
		for _, r := range got {
			var p member.Problem
			if r.Failed() {
				p = r.Problems[0]
			}
			row := make([][]byte, len(r.Cells))
			for i, c := range r.Cells {
				row[i] = []byte(c)
			}
			again.Add(r.Number, r.Ordinal, p, row)
		}
		if second, err := read(string(again.Bytes()), cells, rows); err != nil || fmt.Sprint(second) != fmt.Sprint(got) {
			t.Errorf("read again: %v, %v; was %v", second, err, got)
		}
	})
}

// cutAll cuts rows whose keys repeat and returns the chunks.
func cutAll(t *testing.T, c Cut, rows int) (chunks []Chunk, counts []int64) {
	t.Helper()
	cutter := NewCutter(c, 1, func(chunk Chunk) error { chunks = append(chunks, chunk); return nil })
	for n := range rows {
		key := fmt.Sprintf("K%d", n%97)
		if err := cutter.Add(c.Lane(key), int64(n+2), int64(n), member.Problem{}, [][]byte{[]byte(key)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := cutter.Flush(); err != nil {
		t.Fatal(err)
	}
	return chunks, cutter.Chunks()
}

func TestCuttingIsDeterministicAndKeepsKeysInOrder(t *testing.T) {
	t.Parallel()
	for _, cut := range []Cut{{1, 10, 1000}, {7, 3, 1000}, {16, 100, 60}, {4, 1, 1}} {
		chunks, counts := cutAll(t, cut, 1000)
		again, _ := cutAll(t, cut, 1000)
		if fmt.Sprint(chunks) != fmt.Sprint(again) {
			t.Fatalf("%+v: two cuttings differ", cut)
		}
		next := make([]int64, cut.Lanes)
		last := map[string]int64{}
		laneOf := map[string]int{}
		total := 0
		for _, c := range chunks {
			if c.Seq != next[c.Lane] || c.Rows > cut.ChunkRows || c.Rows == 0 {
				t.Fatalf("%+v: chunk %d of lane %d with %d rows, want seq %d", cut, c.Seq, c.Lane, c.Rows, next[c.Lane])
			}
			next[c.Lane]++
			rows, err := read(string(c.Block), 1, c.Rows)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				key := r.Cells[0]
				if was, ok := laneOf[key]; ok && was != c.Lane {
					t.Fatalf("%+v: key %s in lanes %d and %d", cut, key, was, c.Lane)
				}
				if r.Number <= last[key] {
					t.Fatalf("%+v: row %d of key %s comes after row %d", cut, r.Number, key, last[key])
				}
				laneOf[key], last[key] = c.Lane, r.Number
				total++
			}
		}
		if total != 1000 || !slices.Equal(next, counts) {
			t.Errorf("%+v: %d rows in %v chunks, want 1000 in %v", cut, total, next, counts)
		}
	}
}

func TestTotalsBalanceWhoeverIsAhead(t *testing.T) {
	t.Parallel()
	c := member.Counts{Created: 3, Updated: 2, Unchanged: 1, Deleted: 1, Skipped: 1, Failed: 2, Protected: 9}
	for _, read := range []int64{0, 10, 25} {
		if got := NewTotals(read, c); !got.Balanced() || got.Total != max(read, 10) {
			t.Errorf("read %d: %+v", read, got)
		}
	}
}

func TestSmallFileHasOneLane(t *testing.T) {
	t.Parallel()
	for size, want := range map[int64]int{0: 1, 100_000: 1, 2 << 20: 4, 1 << 30: maxLanes} {
		if got := NewCut(size).Lanes; got != want {
			t.Errorf("NewCut(%d) has %d lanes, want %d", size, got, want)
		}
	}
}

func BenchmarkReadBlock(b *testing.B) {
	var block Block
	block.Reset(20)
	cells := make([][]byte, 20)
	for i := range cells {
		cells[i] = []byte("横浜市港北区")
	}
	for n := range DefaultChunkRows {
		block.Add(int64(n), int64(n), member.Problem{}, cells)
	}
	b.SetBytes(int64(block.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if err := ReadBlock(string(block.Bytes()), 20, block.Rows(), func(member.Row) {}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestNumbersInABlockMayGoBack is about retries: people put the rows of a report into another order, or lose a number.
func TestNumbersInABlockMayGoBack(t *testing.T) {
	t.Parallel()
	want := []int64{900, 2, 0, 1 << 62, 3}
	var b Block
	b.Reset(1)
	for n, number := range want {
		b.Add(number, int64(n), member.Problem{}, [][]byte{[]byte("x")})
	}
	rows, err := read(string(b.Bytes()), 1, b.Rows())
	if err != nil {
		t.Fatal(err)
	}
	for n, r := range rows {
		if r.Number != want[n] || r.Ordinal != int64(n) {
			t.Errorf("row %d has number %d and ordinal %d, want %d", n, r.Number, r.Ordinal, want[n])
		}
	}
}
