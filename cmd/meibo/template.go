package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/meibo/meibo/internal/client"
)

// templateCmd saves an empty file to fill in.
type templateCmd struct {
	server   `embed:""`
	List     string `default:"main" help:"The list (default: main)."`
	Kind     string `default:"member" enum:"member,lead" help:"What the rows are: ${enum}."`
	CSV      bool   `name:"csv" xor:"format" help:"As CSV; the default, unless FILE ends in .xlsx."`
	XLSX     bool   `name:"xlsx" xor:"format" help:"As an Excel file, with drop-downs and a sheet that explains the fields."`
	Encoding string `default:"" enum:",utf-8,shift_jis" placeholder:"NAME" help:"The encoding of the CSV: utf-8 or shift_jis (default: utf-8)."`
	Output   string `short:"o" placeholder:"FILE" help:"Where to write; standard output otherwise."`
}

// Validate is called by kong.
func (t *templateCmd) Validate() error {
	switch {
	case t.JSON:
		return fmt.Errorf("a template is no JSON: --json cannot be used")
	case t.Encoding != "" && t.workbook():
		return fmt.Errorf("--encoding is for --csv")
	}
	return nil
}

// workbook tells whether an Excel file is asked for.
func (t *templateCmd) workbook() bool {
	return t.XLSX || !t.CSV && strings.EqualFold(filepath.Ext(t.Output), ".xlsx")
}

// Run is called by kong.
func (t *templateCmd) Run(ctx context.Context, c *console) error {
	api, err := t.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	o := client.TemplateOptions{List: t.List, Kind: t.Kind, Encoding: t.Encoding, XLSX: t.workbook()}
	return writeTo(c, t.Output, func(w io.Writer) error { return api.Template(ctx, o, w) })
}
