package splitter

import (
	"bytes"
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sample"
	"github.com/meibo/meibo/internal/sheet"
)

// BenchmarkCut reads a CSV of 20 columns and cuts it into chunks, without a queue.
func BenchmarkCut(b *testing.B) {
	const rows = 200_000
	var file bytes.Buffer
	if _, err := sample.WriteCSV(&file, sample.Config{Rows: rows, Seed: 1, Plain: true}); err != nil {
		b.Fatal(err)
	}
	i := &imports.Import{Source: imports.Source{MaxRows: rows + 1}, Cut: imports.NewCut(1 << 30), Options: imports.Options{Rules: member.Rules{}.Filled(), TimeZone: "Asia/Tokyo", Region: "JP"}}
	for _, key := range sample.Columns() {
		i.Mapping = append(i.Mapping, member.Column{Header: key, Field: key})
	}
	plan, err := i.Plan()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(file.Len()))
	b.ReportAllocs()
	for b.Loop() {
		var cutter *imports.Cutter
		cutter = imports.NewCutter(i.Cut, plan.Columns, func(c imports.Chunk) error { cutter.Release(c.Block); return nil })
		c := newCutting(i, plan, cutter)
		for row, err := range sheet.OpenCSV(bytes.NewReader(file.Bytes()), sheet.Options{Delimiter: ','}).Rows() {
			if err != nil {
				b.Fatal(err)
			}
			if err := c.add(row); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}
