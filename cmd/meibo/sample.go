package main

import (
	"fmt"
	"io"

	"github.com/meibo/meibo/internal/sample"
)

type sampleCmd struct {
	Rows    int     `default:"1000" help:"How many members."`
	Seed    uint64  `default:"1" help:"Another seed gives other members; the same one the same file."`
	Format  string  `default:"csv" enum:"csv,xlsx" help:"The format: ${enum}."`
	Defects float64 `default:"0.01" help:"The share of bad rows, from 0 to 1."`
	Output  string  `short:"o" placeholder:"FILE" help:"Where to write; standard output otherwise."`
}

// Validate is called by kong.
func (s *sampleCmd) Validate() error {
	if s.Rows < 0 || s.Defects < 0 || s.Defects > 1 {
		return fmt.Errorf("--rows must not be negative, and --defects has to be from 0 to 1")
	}
	return nil
}

// Run is called by kong.
func (s *sampleCmd) Run(c *console) error {
	var expect sample.Expect
	err := writeTo(c, s.Output, func(w io.Writer) (err error) {
		expect, err = writeSample(w, s.Format, sample.Config{Rows: s.Rows, Seed: s.Seed, DefectRate: s.Defects})
		return err
	})
	if err != nil {
		return err
	}
	c.note(c.say("%s 行を書き出しました（うち失敗するはずの行：%s）。", "Wrote %s rows, of which %s must fail."),
		number(int64(expect.Total)), number(int64(expect.Failed)))
	return nil
}

func writeSample(w io.Writer, format string, cfg sample.Config) (sample.Expect, error) {
	if format == "xlsx" {
		return sample.WriteXLSX(w, cfg)
	}
	return sample.WriteCSV(w, cfg)
}
