package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/imports"
)

// importsCmd is about imports that exist.
type importsCmd struct {
	List     importsList     `cmd:"" help:"List imports, the newest first."`
	Show     importsShow     `cmd:"" help:"Show one import."`
	Watch    importsWatch    `cmd:"" help:"Watch an import to its end."`
	Cancel   importsCancel   `cmd:"" help:"Cancel an import; what was merged stays."`
	Pause    importsPause    `cmd:"" help:"Have a running import stand still."`
	Resume   importsResume   `cmd:"" help:"Have an import go on where it stood: a paused one, or one that has failed once the cause is mended."`
	Undo     importsUndo     `cmd:"" help:"Undo an import: take back all that it did."`
	Retry    importsRetry    `cmd:"" help:"Import the corrected failed rows of an import."`
	Failures importsFailures `cmd:"" help:"Show the failed rows of an import, or save them all."`
}

// importID is the argument of most commands.
type importID struct {
	ID string `arg:"" help:"The id of the import."`
}

type importsList struct {
	server `embed:""`
	Limit  int `default:"20" help:"How many at most; 0 for all."`
}

// Run is called by kong.
func (l *importsList) Run(ctx context.Context, c *console) error {
	api, err := l.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	items := []client.Import{}
	for i, err := range api.Imports(ctx) {
		if err != nil {
			return err
		}
		items = append(items, i)
		if len(items) == l.Limit {
			break
		}
	}
	if c.json {
		return c.document(list[client.Import]{items})
	}
	t := table{
		head: []string{
			"ID", c.say("状態", "State"), c.say("ファイル名", "File"), c.say("合計", "Total"), c.say("失敗", "Failed"), c.say("作成日時", "Created at"),
		},
		right: []bool{false, false, false, true, true, false},
	}
	for _, i := range items {
		t.add(i.ID, c.stage(i), i.FileName, number(i.Total), number(i.Failed), timeText(i.CreatedAt))
	}
	return t.write(c.out, "")
}

// list is the JSON document of commands that list.
type list[T any] struct {
	Items []T `json:"items"`
}

// timeLayout is how all commands show times: those that know the tenant's zone in it, the others in the machine's.
const timeLayout = "2006-01-02 15:04:05 -07:00"

// timeText returns a time for people, in the zone of the machine.
func timeText(t time.Time) string { return t.Local().Format(timeLayout) }

type importsShow struct {
	server   `embed:""`
	importID `embed:""`
}

// Run is called by kong.
func (s *importsShow) Run(ctx context.Context, c *console) error {
	api, err := s.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	i, err := api.Import(ctx, s.ID)
	if err != nil {
		return err
	}
	if c.json {
		return c.document(i)
	}
	t := table{}
	t.add("ID", i.ID)
	t.add(c.say("状態", "State"), c.stage(i))
	t.add(c.say("リスト", "List"), i.List)
	t.add(c.say("ファイル名", "File"), i.FileName)
	t.add(c.say("サイズ", "Size"), bytesText(i.Size))
	t.add(c.say("方式", "Mode"), fmt.Sprintf(c.say("%s（キー：%s）", "%s (key: %s)"), i.Mode, i.Key))
	c.showOptions(&t, i)
	for _, when := range []struct {
		name string
		at   *time.Time
	}{
		{c.say("作成", "Created at"), &i.CreatedAt},
		{c.say("開始", "Started at"), i.StartedAt},
		{c.say("終了", "Finished at"), i.FinishedAt},
	} {
		if when.at != nil {
			t.add(when.name, timeText(*when.at))
		}
	}
	if err := t.write(c.out, ""); err != nil {
		return err
	}
	if i.State == imports.StateUndoing || i.State == imports.StateUndone {
		if err := c.showUndo(ctx, api, s.ID); err != nil {
			return err
		}
	}
	if err := c.printResult(i); err != nil {
		return err
	}
	return c.printConverged(i)
}

type importsWatch struct {
	server   `embed:""`
	importID `embed:""`
}

// Run is called by kong.
func (w *importsWatch) Run(ctx context.Context, c *console) error {
	api, err := w.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	i, err := api.Import(ctx, w.ID)
	if err == nil && (i.State == imports.StateUndoing || i.State == imports.StateUndone) {
		return c.followUndo(ctx, api, w.ID, false)
	}
	show := newProgress(c)
	defer show.close()
	if err == nil && !i.State.Final() {
		if inspection, err := api.Inspection(ctx, w.ID); err == nil { // without it the bar just knows less
			show.expect(expectedRows(inspection, i.Size))
		}
	}
	return c.follow(ctx, api, w.ID, show)
}

type importsCancel struct {
	server   `embed:""`
	importID `embed:""`
}

// Run is called by kong.
func (a *importsCancel) Run(ctx context.Context, c *console) error {
	api, err := a.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	i, err := api.Cancel(ctx, a.ID)
	if err != nil {
		return err
	}
	if c.json {
		return c.document(i)
	}
	return c.printResult(i)
}

type importsPause struct {
	server   `embed:""`
	importID `embed:""`
}

// Run is called by kong.
func (p *importsPause) Run(ctx context.Context, c *console) error {
	api, err := p.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	i, err := api.Pause(ctx, p.ID)
	if err != nil {
		return err
	}
	if c.json {
		return c.document(i)
	}
	if err := c.printResult(i); err != nil {
		return err
	}
	return c.print("%s", c.say("再開するには：", "To have it go on: ")+c.name+" imports resume "+i.ID)
}

type importsResume struct {
	server   `embed:""`
	importID `embed:""`
}

// Run is called by kong.
func (r *importsResume) Run(ctx context.Context, c *console) error {
	api, err := r.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	i, err := api.Resume(ctx, r.ID)
	if err != nil {
		return err
	}
	if c.json {
		return c.document(i)
	}
	c.note("%s", c.say("取り込みを再開しました。進み具合：", "The import goes on. To watch it: ")+c.name+" imports watch "+i.ID)
	return c.print("%s", c.stage(i))
}

type importsFailures struct {
	server   `embed:""`
	importID `embed:""`
	CSV      bool   `name:"csv" xor:"format" help:"Write all failed rows as CSV, in the encoding of the file; the default for a FILE that ends in .csv."`
	XLSX     bool   `name:"xlsx" xor:"format" help:"Write all failed rows as an Excel file; the default for a FILE that ends in .xlsx."`
	Output   string `short:"o" placeholder:"FILE" help:"Where to write; standard output otherwise."`
}

// Validate is called by kong.
func (f *importsFailures) Validate() error {
	if !f.CSV && !f.XLSX {
		end := strings.ToLower(filepath.Ext(f.Output))
		f.CSV, f.XLSX = end == ".csv", end == ".xlsx"
	}
	switch {
	case (f.CSV || f.XLSX) && f.JSON:
		return fmt.Errorf("--csv and --xlsx cannot be used together with --json")
	case f.Output != "" && !f.CSV && !f.XLSX:
		return fmt.Errorf("-o needs --csv or --xlsx")
	}
	return nil
}

// Run is called by kong.
func (f *importsFailures) Run(ctx context.Context, c *console) error {
	api, err := f.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	if f.XLSX {
		return writeTo(c, f.Output, func(w io.Writer) error { return api.FailuresXLSX(ctx, f.ID, w) })
	}
	if f.CSV {
		return writeTo(c, f.Output, func(w io.Writer) error { return api.FailuresCSV(ctx, f.ID, w) })
	}
	failures, err := api.Failures(ctx, f.ID)
	if err != nil {
		return err
	}
	if c.json {
		return c.document(failures)
	}
	if failures.Total == 0 {
		err = c.print("%s", c.say("失敗した行はありません。", "No row has failed."))
	} else {
		err = c.printFailures(failures, len(failures.Items))
	}
	if err != nil || len(failures.Notes) == 0 {
		return err
	}
	return c.printNotes(failures)
}

// writeTo lets write fill the file, or standard output where the name is empty or -. A file that could not be filled is
// removed.
func writeTo(c *console, name string, write func(io.Writer) error) error {
	if name == "" || name == "-" {
		return write(c.out)
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	err = write(file)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(name)
	}
	return err
}
