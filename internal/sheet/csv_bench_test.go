package sheet

import (
	"bytes"
	stdcsv "encoding/csv"
	"fmt"
	"io"
	"testing"
)

// members is a CSV of n rows of 20 columns, as a member list has them.
func members(n int) []byte {
	var b bytes.Buffer
	b.WriteString("member_sn")
	for i := range 19 {
		fmt.Fprintf(&b, ",column %d", i)
	}
	b.WriteString("\r\n")
	for i := range n {
		fmt.Fprintf(&b, "M%08d,山田 太郎,太郎,山田,taro.yamada%d@example.jp,+8190%08d,Tokyo,JP,2024-01-%02d,1980-%02d-01,1,", i, i, i, i%28+1, i%12+1)
		fmt.Fprintf(&b, "gold,TRUE,FALSE,TRUE,,,crm-%d,web,note %d\r\n", i*7, i)
	}
	return b.Bytes()
}

func BenchmarkCSV(b *testing.B) {
	const rows = 20000
	in := members(rows)
	b.Run("sheet", func(b *testing.B) { benchmarkSheet(b, in, rows, Options{Delimiter: ','}) })
	b.Run("encoding-csv", func(b *testing.B) {
		benchmarkStandard(b, len(in), rows, func() io.Reader { return bytes.NewReader(in) })
	})
}

// benchmarkSheet reads a CSV of so many rows, and its header.
func benchmarkSheet(b *testing.B, in []byte, rows int, o Options) {
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range OpenCSV(bytes.NewReader(in), o).Rows() {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != rows+1 {
			b.Fatal(n)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}

// benchmarkStandard reads a CSV of so many bytes and rows, and its header, by encoding/csv.
func benchmarkStandard(b *testing.B, size, rows int, open func() io.Reader) {
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		r := stdcsv.NewReader(open())
		r.ReuseRecord = true
		n := 0
		for {
			if _, err := r.Read(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != rows+1 {
			b.Fatal(n)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}
