package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/meibo/meibo/internal/sample"
	"github.com/meibo/meibo/internal/sheet"
)

type sampleCmd struct {
	Rows     int     `default:"1000" help:"How many members."`
	Seed     uint64  `default:"1" help:"Another seed gives other members; the same one the same file."`
	Format   string  `default:"csv" enum:"csv,xlsx" help:"The format: ${enum}."`
	Encoding string  `placeholder:"NAME" help:"The encoding of the CSV: UTF-8, Shift_JIS, EUC-JP, UTF-16LE or UTF-16BE (default: UTF-8)."`
	Defects  float64 `default:"0.01" help:"The share of bad rows, from 0 to 1."`
	Output   string  `short:"o" placeholder:"FILE" help:"Where to write; standard output otherwise."`
}

// Validate is called by kong.
func (s *sampleCmd) Validate() error {
	if s.Rows < 0 || s.Defects < 0 || s.Defects > 1 {
		return fmt.Errorf("--rows must not be negative, and --defects has to be from 0 to 1")
	}
	if s.Encoding != "" && s.Format != "csv" {
		return errors.New("--encoding is for a CSV")
	}
	return checkEncoding(s.Encoding)
}

// Run is called by kong.
func (s *sampleCmd) Run(c *console) error {
	var expect sample.Expect
	err := writeTo(c, s.Output, func(w io.Writer) (err error) {
		encoding, _ := sheet.ParseEncoding(s.Encoding)
		expect, err = writeSample(w, s.Format, encoding, sample.Config{Rows: s.Rows, Seed: s.Seed, DefectRate: s.Defects})
		return err
	})
	if err != nil {
		return err
	}
	c.note(c.say("%s 行を書き出しました（うち失敗するはずの行：%s）。", "Wrote %s rows, of which %s must fail."),
		number(int64(expect.Total)), number(int64(expect.Failed)))
	return nil
}

// writeSample writes a sample; "" is UTF-8. UTF-16 has a byte order mark, as Excel writes it.
func writeSample(w io.Writer, format string, encoding sheet.Encoding, cfg sample.Config) (sample.Expect, error) {
	if format == "xlsx" {
		return sample.WriteXLSX(w, cfg)
	}
	encoded := sheet.NewEncoder(w, encoding)
	if encoding == sheet.UTF16LE || encoding == sheet.UTF16BE {
		if _, err := io.WriteString(encoded, sheet.BOM); err != nil {
			return sample.Expect{}, err
		}
	}
	return sample.WriteCSV(encoded, cfg)
}
