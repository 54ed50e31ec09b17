package uploader

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/sheet"
	"github.com/meibo/meibo/internal/source"
	"github.com/meibo/meibo/internal/tenant"
)

// Bounds of an inspection.
const (
	// lookRows and lookBytes bound what fill rates are measured on.
	lookRows  = 1000
	lookBytes = 4 << 20
	// The rest bounds what is shown.
	sampleRows    = 30
	sampleBytes   = 256 << 10
	columnSamples = 3
	cellRunes     = 100
)

// Inspection is what is known of a source from its beginning. It is stored as it is.
type Inspection struct {
	Format    string            `json:"format" enum:"csv,xlsx"`
	Encoding  string            `json:"encoding" example:"UTF-8" doc:"How the text of a CSV is written; empty for a workbook."`
	Delimiter string            `json:"delimiter" example:"," doc:"What separates the cells of a CSV; empty for a workbook."`
	Sheet     string            `json:"sheet,omitempty" doc:"The sheet of a workbook that is read."`
	Sheets    []string          `json:"sheets,omitempty" doc:"All sheets of a workbook."`
	Header    bool              `json:"header" doc:"Whether the first row names the columns. If not, they are called by their numbers, from 1."`
	Columns   []inspectedColumn `json:"columns"`
	Sample    [][]string        `json:"sample_rows" doc:"Up to 30 of the first data rows. Long cells are cut."`
	Suggested []member.Column   `json:"suggested_mapping" doc:"What an import uses that is told no other mapping."`
	Warnings  []member.Problem  `json:"warnings"`
	MaxRows   int64             `json:"max_rows" doc:"An upper bound of the number of data rows."`
}

// inspectedColumn is a column of a source.
type inspectedColumn struct {
	Header   string   `json:"header" doc:"The column's name: trimmed, and unique in the file."`
	FillRate float64  `json:"fill_rate" minimum:"0" maximum:"1" doc:"The part of the cells that are not blank, in the first rows."`
	Samples  []string `json:"samples" doc:"Up to three different cells."`
}

// table is a source open at its first record.
type table struct {
	detected sheet.Detected
	rows     iter.Seq2[*sheet.Row, error]
	// again starts over a workbook without a header, whose rows may be wider than the first; nil for a CSV.
	again func() error
	// maxRows bounds the rows of a workbook.
	maxRows int64
	sheet   string
	sheets  []string
	close   func() error
}

// inspect looks at the stored source of an import, read by the import's options; header says whether it has
// one, nil lets it be guessed. The error is a *sheet.Unsupported for what cannot be read as a table.
func (s *server) inspect(ctx context.Context, i *imports.Import, header *bool) (*Inspection, error) {
	t, err := s.openTable(ctx, i)
	if err != nil {
		return nil, err
	}
	found, err := s.look(t, i, header)
	return found, errors.Join(err, t.close())
}

func (s *server) openTable(ctx context.Context, i *imports.Import) (*table, error) {
	o := sheet.Options{Sheet: i.Options.Sheet, MaxRowBytes: i.MaxRowBytes}
	if i.Options.Delimiter != "" {
		o.Delimiter = i.Options.Delimiter[0]
	}
	body, size, err := s.blobs.OpenSource(ctx, i.Tenant, i.ID.String(), i.Source.Upload, i.Source.ETag)
	if err != nil {
		return nil, err
	}
	buffered := bufio.NewReaderSize(body, sheet.HeadSize)
	head, err := buffered.Peek(sheet.HeadSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Join(fmt.Errorf("inspect source: %w", err), body.Close())
	}
	detected, err := sheet.Detect(head, size)
	if err != nil {
		return nil, errors.Join(err, body.Close())
	}
	if detected.Format == sheet.CSV {
		o = o.With(detected)
		detected.Delimiter = o.Delimiter
		return &table{detected: detected, rows: sheet.OpenCSV(buffered, o).Rows(), close: body.Close}, nil
	}
	if err := body.Close(); err != nil {
		return nil, fmt.Errorf("inspect source: %w", err)
	}
	return s.openWorkbook(ctx, i, o, detected)
}

func (s *server) openWorkbook(ctx context.Context, i *imports.Import, o sheet.Options, detected sheet.Detected) (*table, error) {
	if i.Source.Size > source.MaxWorkbook {
		return nil, tooLarge(source.MaxWorkbook)
	}
	f, size, err := source.Spool(ctx, s.blobs, i)
	if err != nil {
		return nil, err
	}
	book, err := sheet.OpenXLSX(f, size, o)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	t := &table{detected: detected, rows: book.Rows(), sheet: book.Sheet().Name, maxRows: book.MaxRows()}
	for _, sh := range book.Sheets() {
		t.sheets = append(t.sheets, sh.Name)
	}
	t.again = func() error {
		o.NoHeader = true
		next, err := sheet.OpenXLSX(f, size, o)
		if err != nil {
			return err
		}
		err = book.Close()
		book, t.rows = next, next.Rows()
		return err
	}
	t.close = func() error { return errors.Join(book.Close(), f.Close()) }
	return t, nil
}

// tooLarge refuses a workbook that does not fit on the disk that it is read from.
func tooLarge(limit int64) *sheet.Unsupported {
	detail := strconv.FormatInt(limit>>30, 10) + " GiB"
	say := func(lang tenant.Language) string {
		return member.Problem{Code: member.FileTooLarge, Detail: detail}.Sentence(lang, nil)
	}
	return &sheet.Unsupported{
		Code: member.FileTooLarge, Detail: detail, Reason: member.Text{JA: say(tenant.Japanese), EN: say(tenant.English)},
	}
}

// look reads the first rows.
func (s *server) look(t *table, i *imports.Import, header *bool) (*Inspection, error) {
	rows, faults, err := firstRows(t.rows)
	if err != nil {
		return nil, err
	}
	found := &Inspection{
		Format: string(t.detected.Format), Encoding: string(t.detected.Encoding), Sheet: t.sheet, Sheets: t.sheets,
		Columns: []inspectedColumn{}, Suggested: []member.Column{}, Warnings: faults,
	}
	if t.detected.Format == sheet.CSV {
		found.Delimiter = string(rune(t.detected.Delimiter))
	}
	names := headerNames(rows)
	if found.Header = s.hasHeader(rows, names, i, header); found.Header {
		found.Suggested, rows = s.schema.Suggest(names), rows[1:]
	} else if rows, names, err = numbered(t, rows); err != nil {
		return nil, err
	}
	for n, name := range names {
		found.Columns = append(found.Columns, summary(rows, n, name))
		if !found.Header {
			found.Suggested = append(found.Suggested, member.Column{Header: name})
		}
	}
	found.Sample = shown(rows)
	if found.MaxRows = t.maxRows; t.detected.Format == sheet.CSV {
		found.MaxRows = sheet.MaxRows(i.Source.Size, len(names), t.detected.Gzip)
	}
	return found, nil
}

// headerNames returns the names that the first row gives the columns, if it is a header.
func headerNames(rows [][]string) []string {
	if len(rows) == 0 {
		return nil
	}
	cells := make([][]byte, len(rows[0]))
	for n, c := range rows[0] {
		cells[n] = []byte(c)
	}
	return sheet.Header(cells)
}

// hasHeader reports whether the first row names the columns: because the caller says so, because the caller's
// mapping calls columns by these names, or because it looks so.
func (s *server) hasHeader(rows [][]string, names []string, i *imports.Import, header *bool) bool {
	switch {
	case len(rows) == 0:
		return false
	case header != nil:
		return *header
	case i.Options.NoHeader:
		return false
	}
	return s.schema.LooksLikeHeader(rows[0]) ||
		slices.ContainsFunc(i.Mapping, func(c member.Column) bool { return c.Header != "" && slices.Contains(names, c.Header) })
}

// numbered returns the first rows of a source without a header, and the numbers that its columns are called by.
func numbered(t *table, rows [][]string) ([][]string, []string, error) {
	if t.again != nil {
		if err := t.again(); err != nil {
			return nil, nil, err
		}
		var err error
		if rows, _, err = firstRows(t.rows); err != nil {
			return nil, nil, err
		}
	}
	if len(rows) == 0 {
		return nil, nil, nil
	}
	names := make([]string, len(rows[0]))
	for n := range names {
		names[n] = strconv.Itoa(n + 1)
	}
	return rows, names, nil
}

// firstRows returns copies of the first rows, of which nothing remains of what is not shown, and a warning for
// each kind of fault among them.
func firstRows(all iter.Seq2[*sheet.Row, error]) (rows [][]string, faults []member.Problem, err error) {
	faults = []member.Problem{}
	size := 0
	for row, err := range all {
		if err != nil {
			return nil, nil, fmt.Errorf("inspect source: %w", err)
		}
		if c := row.Fault.Code; c != "" && !slices.ContainsFunc(faults, func(p member.Problem) bool { return p.Code == c }) {
			faults = append(faults, member.Problem{Code: c, Detail: row.Fault.Detail})
		}
		cells := make([]string, len(row.Cells))
		for n, c := range row.Cells {
			cells[n] = string(c)
			size += len(c) + 16
		}
		// A row that cannot be read says nothing of the columns, unless it should name them.
		if row.Fault.Code == "" || len(rows) == 0 {
			rows = append(rows, cells)
		}
		if len(rows) > lookRows || size > lookBytes {
			break
		}
	}
	return rows, faults, nil
}

// summary tells of one column.
func summary(rows [][]string, n int, name string) inspectedColumn {
	c := inspectedColumn{Header: name, Samples: []string{}}
	filled := 0
	for _, row := range rows {
		if n >= len(row) || strings.TrimSpace(row[n]) == "" {
			continue
		}
		filled++
		if cell := clip(row[n]); len(c.Samples) < columnSamples && !slices.Contains(c.Samples, cell) {
			c.Samples = append(c.Samples, cell)
		}
	}
	if len(rows) > 0 {
		c.FillRate = float64(filled) / float64(len(rows))
	}
	return c
}

// shown returns what people see of the first rows.
func shown(rows [][]string) [][]string {
	out, size := [][]string{}, 0
	for _, row := range rows[:min(len(rows), sampleRows)] {
		cells := make([]string, len(row))
		for n := range row {
			cells[n] = clip(row[n])
			size += len(cells[n]) + 3
		}
		if size > sampleBytes {
			break
		}
		out = append(out, cells)
	}
	return out
}

// clip cuts a cell to what is shown of it. A NUL cannot be stored.
func clip(s string) string {
	s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	if len(s) <= cellRunes || utf8.RuneCountInString(s) <= cellRunes {
		return s
	}
	return string([]rune(s[:min(len(s), cellRunes*utf8.UTFMax)])[:cellRunes]) + "…"
}

// inspectionView is an inspection as the API shows it.
type inspectionView struct {
	Inspection
	Warnings []notice `json:"warnings" doc:"What is wrong with some of the first rows."`
}

type inspectionOutput struct{ Body inspectionView }

// readInspection is GET /v1/imports/{id}/inspection.
func (s *server) readInspection(ctx context.Context, in *ImportInput) (*inspectionOutput, error) {
	i, err := s.findImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	found, err := s.inspectionOf(ctx, i)
	if err != nil {
		return nil, err
	}
	out := &inspectionOutput{Body: inspectionView{Inspection: *found, Warnings: []notice{}}}
	for _, w := range found.Warnings {
		out.Body.Warnings = append(out.Body.Warnings, notice{string(w.Code), w.Sentence(sessionOf(ctx).lang(), s.schema)})
	}
	return out, nil
}

// inspectionOf returns what was found when the source was uploaded.
func (s *server) inspectionOf(ctx context.Context, i *imports.Import) (*Inspection, error) {
	var found Inspection
	err := s.db.Inspection(ctx, i.Tenant, i.ID, &found)
	if errors.Is(err, postgres.ErrNotFound) {
		return nil, refuse(http.StatusConflict, codeNotUploaded)
	}
	return &found, err
}
