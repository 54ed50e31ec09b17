package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/sheet"
)

// read returns the data rows of a source, each as its number and cells.
func read(t *testing.T, r reader, o sheet.Options, headerRow int64) (data []string) {
	t.Helper()
	closed := false
	s := &Source{rows: rows(r, o, headerRow), close: func() error { closed = true; return nil }}
	for row, err := range s.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, fmt.Sprintf("%d %s", row.Number, bytes.Join(row.Cells, []byte("|"))))
	}
	if err := s.Close(); err != nil || !closed {
		t.Errorf("close: %v", err)
	}
	return data
}

func TestRowsBeginBelowTheHeader(t *testing.T) {
	t.Parallel()
	const content = "会員一覧\n\n\"出力\n日\",2024\n会員番号,氏名\n\nA1,青木\nA2,石井,x\n"
	for _, c := range []struct {
		o         sheet.Options
		headerRow int64
		want      []string
	}{
		{sheet.Options{}, 4, []string{"6 A1|青木", "7 A2|石井|x"}},
		{sheet.Options{}, 3, []string{"4 会員番号|氏名", "6 A1|青木", "7 A2|石井|x"}},
		{sheet.Options{}, 0, []string{"3 出力\n日|2024", "4 会員番号|氏名", "6 A1|青木", "7 A2|石井|x"}},
		{sheet.Options{}, 1, []string{"3 出力\n日|2024", "4 会員番号|氏名", "6 A1|青木", "7 A2|石井|x"}},
		{sheet.Options{}, 7, nil},
		{sheet.Options{NoHeader: true}, 0, []string{"1 会員一覧", "3 出力\n日|2024", "4 会員番号|氏名", "6 A1|青木", "7 A2|石井|x"}},
	} {
		c.o.Format = sheet.CSV
		got := read(t, sheet.OpenCSV(strings.NewReader(content), c.o), c.o, c.headerRow)
		if !slices.Equal(got, c.want) {
			t.Errorf("header in row %d: %q, want %q", c.headerRow, got, c.want)
		}
	}
}

func TestRowsOfAWorkbookAreAsWideAsItsHeader(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	rows := [][]string{{"会員一覧", "", "", "", "本店"}, {"会員番号", "氏名", "電話番号"}, {"A1"}, {"A2", "石井", "", "", "x"}}
	if err := sheet.WriteXLSX(&b, "名簿", slices.Values(rows)); err != nil {
		t.Fatal(err)
	}
	for headerRow, want := range map[int64][]string{
		2: {"3 A1||", "4 A2|石井|||x"},
		1: {"2 会員番号|氏名|電話番号||", "3 A1||||", "4 A2|石井|||x"},
	} {
		o := sheet.Options{Format: sheet.XLSX}
		book, err := sheet.OpenXLSX(bytes.NewReader(b.Bytes()), int64(b.Len()), o)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, book, o, headerRow); !slices.Equal(got, want) {
			t.Errorf("header in row %d: %q, want %q", headerRow, got, want)
		}
		if err := book.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFailureAboveTheHeaderIsNoRow(t *testing.T) {
	t.Parallel()
	broken := io.MultiReader(strings.NewReader("title\n"), failing{})
	o := sheet.Options{Format: sheet.CSV}
	failed := 0
	for row, err := range rows(sheet.OpenCSV(broken, o), o, 5) {
		if failed++; row != nil || err == nil || !strings.Contains(err.Error(), io.ErrUnexpectedEOF.Error()) {
			t.Errorf("row %v, error %v", row, err)
		}
	}
	if failed != 1 {
		t.Errorf("%d failures, want one", failed)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestWorkbookThatNobodyWantsIsNotReadOn(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	r := interruptible{strings.NewReader("workbook"), ctx}
	if n, err := r.ReadAt(make([]byte, 4), 2); n != 4 || err != nil {
		t.Errorf("read %d, %v; want 4", n, err)
	}
	cancel()
	if n, err := r.ReadAt(make([]byte, 4), 2); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("read %d, %v after the end", n, err)
	}
}
