package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/meibo/meibo/internal/client"
)

// importsRetry imports a corrected report of failed rows.
type importsRetry struct {
	server    `embed:""`
	importID  `embed:""`
	File      string `arg:"" help:"The corrected report of failed rows, as CSV or XLSX; - for standard input."`
	Encoding  string `placeholder:"NAME" help:"The encoding of a text file: UTF-8, Shift_JIS, EUC-JP, UTF-16LE or UTF-16BE."`
	Delimiter string `placeholder:"CHARACTER" help:"What separates the cells of a text file; tab for a tabulator."`
	Sheet     string `placeholder:"NAME" help:"The sheet of an Excel file."`
	Detach    bool   `help:"Do not wait for the end of the import."`
}

// Validate is called by kong.
func (r *importsRetry) Validate() error { return r.file().Validate() }

// file is the report as a file to import.
func (r *importsRetry) file() *importCmd {
	return &importCmd{File: r.File, reading: reading{Encoding: r.Encoding, Delimiter: r.Delimiter, Sheet: r.Sheet}}
}

// Run is called by kong. As with import, the exit status tells whether all is well now: no row of the report has failed,
// and none of the original import is left that has.
func (r *importsRetry) Run(ctx context.Context, c *console) error {
	api, err := r.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	source, size, err := r.file().open(c)
	if err != nil {
		return err
	}
	defer source.Close()
	show := newProgress(c)
	defer show.close()
	o := client.RetryOptions{Encoding: r.Encoding, Delimiter: r.Delimiter, Sheet: r.Sheet}
	if r.File != "-" {
		o.FileName = filepath.Base(r.File)
	}
	imp, err := api.Retry(ctx, r.ID, o)
	if err != nil {
		return err
	}
	send, resumable := r.file().sender(api, source, size)
	if started, err := c.uploadAndStart(ctx, api, imp.ID, send, size, show); err != nil {
		return r.interrupted(ctx, c, api, imp.ID, resumable && !refused(err), err)
	} else {
		imp = started
	}
	if !r.Detach {
		return c.converge(ctx, api, imp, c.follow(ctx, api, imp.ID, show))
	}
	show.close()
	if c.json {
		return c.document(imp)
	}
	c.note("%s", c.say("取り込みを開始しました。進み具合：", "The import has started. To watch it: ")+c.name+" imports watch "+imp.ID)
	return c.print("%s", imp.ID)
}

// interrupted returns err, and keeps a retry that can be gone on with; any other is cancelled.
func (r *importsRetry) interrupted(ctx context.Context, c *console, api *client.Client, id string, keep bool, err error) error {
	if keep {
		c.note("%s", c.say("送信済みのデータは保存されています。続きから再開するには：", "What was sent is kept. To go on with it: ")+
			c.name+" import --resume "+id+" "+shellWord(r.File))
		return err
	}
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, _ = api.Cancel(clean, id) // the error to tell is the one before
	return err
}

// converge shows what became of the whole file by a retry that has ended, and returns the exit status: ended, or that
// failed rows of the file are left.
func (c *console) converge(ctx context.Context, api *client.Client, retry client.Import, ended error) error {
	var status exitStatus
	if ended != nil && !errors.As(ended, &status) || status == exitInterrupted || retry.Parent == nil {
		return ended
	}
	root, err := api.Import(ctx, *retry.Parent)
	if err != nil { // what is told of the retry is true all the same
		c.note("%s", c.say("元の取り込みの結果を取得できませんでした：", "What became of the original import is not known: ")+err.Error())
		return ended
	}
	if !c.json {
		if err := c.printConverged(root); err != nil {
			return err
		}
	}
	if ended == nil && root.Converged != nil && root.Converged.Failed > 0 {
		return exitStatus(exitFailedRows)
	}
	return ended
}

// printConverged prints what became of the rows of an import's file, where some were retried.
func (c *console) printConverged(i client.Import) error {
	if i.Converged == nil {
		return nil
	}
	title := fmt.Sprintf(c.say("取り込み直しを含む「%s」の結果", "What became of %s, retries included"), printable(i.FileName))
	n := i.Converged
	t := table{right: []bool{false, true}}
	for _, o := range c.outcomes(client.Import{
		Total: i.Total, Created: n.Created, Updated: n.Updated, Unchanged: n.Unchanged, Deleted: n.Deleted, Skipped: n.Skipped,
		Failed: n.Failed, NotProcessed: i.NotProcessed,
	}) {
		t.add(o.name, number(o.rows))
	}
	return c.section(title, &t)
}
