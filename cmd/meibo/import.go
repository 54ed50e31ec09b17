package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/imports"
)

// importCmd imports one file.
type importCmd struct {
	server  `embed:""`
	reading `embed:""`
	File    string `arg:"" help:"The file, or - for standard input."`

	List          string `placeholder:"NAME" help:"The list to import into (default: main)."`
	importOptions `embed:""`

	Map        []string `sep:"none" placeholder:"COLUMN=FIELD" help:"Import the column into the field; COLUMN= leaves it out. Can be repeated."`
	Profile    string   `placeholder:"NAME" help:"Take what is not said here from the profile of this name."`
	NewField   []string `sep:"none" placeholder:"key=KEY,type=TYPE,…" help:"Create a field, if it is not there yet: key, type, label, label_en, synonyms, choices, max_length, required, merge_key, unique, consent, comma_separated. Can be repeated."`
	Remembered bool     `help:"Map the columns of which nothing is said as an earlier import of such a file did."`
	Detach     bool     `help:"Do not wait for the end of the import."`
	Resume     string   `placeholder:"ID" help:"Go on with the import of this file whose upload was interrupted."`
}

// partsFrom is from which size on a file is sent in parts, which bears broken connections, in bytes. Less is sent again
// as quickly.
const partsFrom = 32 << 20

// Validate is called by kong.
func (i *importCmd) Validate() error {
	if err := i.reading.Validate(); err != nil {
		return err
	}
	if err := i.importOptions.Validate(); err != nil {
		return err
	}
	if _, err := columns("--map", i.Map); err != nil {
		return err
	}
	if _, err := parseFields(i.NewField); err != nil {
		return err
	}
	if i.Resume != "" {
		if err := i.checkResume(); err != nil {
			return err
		}
	}
	if i.File == "-" || i.File == "" { // kong tells of a missing one itself
		return nil
	}
	info, err := os.Stat(i.File)
	if err != nil {
		return fmt.Errorf("%s: %w", i.File, cause(err))
	}
	if info.IsDir() {
		return fmt.Errorf("%s: is a directory", i.File)
	}
	return nil
}

// checkResume refuses what is settled since the import was created.
func (i *importCmd) checkResume() error {
	if i.File == "-" {
		return errors.New("--resume: standard input cannot be read again")
	}
	given := i.options()
	given.FileName = ""
	if !reflect.DeepEqual(given, client.Options{}) {
		return errors.New("--resume: the import has its options already")
	}
	return nil
}

// options returns what the server is told.
func (i *importCmd) options() client.Options {
	o := i.importOptions.options()
	o.List, o.FileName = i.List, "stdin"
	o.Encoding, o.Delimiter, o.NoHeader, o.HeaderRow, o.Sheet = i.Encoding, i.Delimiter, i.NoHeader, i.HeaderRow, i.Sheet
	if i.File != "-" {
		o.FileName = filepath.Base(i.File)
	}
	o.Profile = i.Profile
	o.NewFields, _ = parseFields(i.NewField) // see Validate
	if i.Remembered {
		o.MappingFrom = imports.FromMemory
	}
	o.Map, _ = columns("--map", i.Map)
	return o
}

// Run is called by kong.
func (i *importCmd) Run(ctx context.Context, c *console) error {
	api, err := i.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	source, size, err := i.open(c)
	if err != nil {
		return err
	}
	defer source.Close()
	show := newProgress(c)
	defer show.close()
	imp, err := i.submit(ctx, c, api, source, size, show)
	if err != nil {
		return err
	}
	if !i.Detach {
		return c.follow(ctx, api, imp.ID, show)
	}
	show.close()
	if c.json {
		return c.document(imp)
	}
	c.note("%s", c.say("取り込みを開始しました。進み具合：", "The import has started. To watch it: ")+c.name+" imports watch "+imp.ID)
	return c.print("%s", imp.ID)
}

// open returns the file and its size, -1 where that is not known.
func (i *importCmd) open(c *console) (io.ReadCloser, int64, error) {
	if i.File == "-" {
		return io.NopCloser(c.in), -1, nil
	}
	file, err := os.Open(i.File)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return file, -1, nil
	}
	return file, info.Size(), nil
}

// submit creates an import, or goes on with one, uploads its source and starts it. An import that cannot be started is
// cancelled, so that nothing half-made is left on the server; one whose upload can be gone on with is kept.
func (i *importCmd) submit(ctx context.Context, c *console, api *client.Client, source io.Reader, size int64, show progress) (client.Import, error) {
	imp, err := i.create(ctx, c, api)
	if err != nil || imp.State != imports.StateCreated && imp.State != imports.StateUploaded {
		return imp, err // what has been started before is followed
	}
	send, resumable := i.sender(api, source, size)
	started, err := c.uploadAndStart(ctx, api, imp.ID, send, size, show)
	switch {
	case err == nil:
		return started, nil
	case resumable && !refused(err):
		show.close()
		c.note("%s", c.say("送信済みのデータは保存されています。続きから再開するには：", "What was sent is kept. To go on with it: ")+
			c.name+" import --resume "+imp.ID+" "+shellWord(i.File))
	case i.Resume == "":
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, cancelErr := api.Cancel(clean, imp.ID); cancelErr == nil { // else the error to tell is the one before
			show.close()
			c.note("%s", c.say("この取り込み（"+imp.ID+"）は開始できなかったため、キャンセルしました。一覧には「キャンセル」と表示されます。会員は変更されていません。",
				"The import "+imp.ID+" could not be started and was cancelled, as the list of imports shows; no member was changed."))
		}
	}
	return imp, err
}

func (i *importCmd) create(ctx context.Context, c *console, api *client.Client) (client.Import, error) {
	options := i.options()
	if i.Resume == "" {
		return api.Create(ctx, options)
	}
	imp, err := api.Import(ctx, i.Resume)
	if err == nil && imp.FileName != "" && imp.FileName != shownName(options.FileName) {
		name := printable(imp.FileName)
		err = usageError{errors.New("--resume: " + c.say("この取り込みのファイルは「"+name+"」です。同じファイルを指定してください。",
			"the import is of "+name+"; please name the same file"))}
	}
	return imp, err
}

// shownName is a file's name as the server keeps it: without what cannot be shown.
func shownName(name string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(name, "")))
}

// sender uploads a source and tells how many bytes are sent.
type sender func(ctx context.Context, id string, sent func(bytes int64)) (client.Import, error)

// sender returns how the source is sent, and whether that can be gone on with later.
func (i *importCmd) sender(api *client.Client, source io.Reader, size int64) (send sender, resumable bool) {
	file, ok := source.(*os.File)
	if ok && size >= 0 && (size > partsFrom || i.Resume != "") {
		return func(ctx context.Context, id string, sent func(bytes int64)) (client.Import, error) {
			return api.UploadParts(ctx, id, file, size, sent)
		}, true
	}
	return func(ctx context.Context, id string, sent func(bytes int64)) (client.Import, error) {
		return api.UploadSource(ctx, id, source, size, sent)
	}, false
}

// refused tells whether the server does not want what it was sent, so that sending it again is of no use.
func refused(err error) bool {
	var problem *client.Problem
	return errors.As(err, &problem) && problem.Status < 500 && problem.Status != http.StatusRequestTimeout &&
		(problem.Status != http.StatusTooManyRequests || problem.Code == client.CodeRowsPerDay)
}

// shellWord returns a word as it can be pasted into a shell.
func shellWord(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || strings.ContainsRune("\"'`$&|;<>()*?[]{}~#!\\", r)
	}) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}

func (c *console) uploadAndStart(ctx context.Context, api *client.Client, id string, send sender, size int64, show progress) (client.Import, error) {
	uploaded, err := send(ctx, id, func(sent int64) { show.upload(sent, size) })
	if err != nil {
		return uploaded, err
	}
	show.uploaded(uploaded.Size)
	inspection, err := api.Inspection(ctx, id)
	if err != nil {
		return uploaded, err
	}
	started, err := api.Start(ctx, id, client.Options{})
	if err == nil && len(inspection.SuggestedMapping) > 0 { // else the file has no columns
		inspection.SuggestedMapping = started.Mapping // with what the options say of it
		inspection.Warnings = slices.DeleteFunc(inspection.Warnings, func(w client.Notice) bool { return mapsAfterAll(started.Mapping, w) })
	}
	show.inspected(inspection)
	show.expect(expectedRows(inspection, uploaded.Size))
	return started, err
}

// mapsAfterAll reports whether a warning says of a field that no column is mapped to it, and the mapping has one.
func mapsAfterAll(mapping []client.Column, w client.Notice) bool {
	return strings.HasSuffix(w.Code, "_not_mapped") && slices.ContainsFunc(mapping, func(c client.Column) bool { return c.Field == w.Field })
}

// follow watches a started import to its end and tells what came of it.
func (c *console) follow(ctx context.Context, api *client.Client, id string, show progress) error {
	imp, err := api.Watch(ctx, id, show.rows)
	show.close()
	if err == nil {
		return c.report(ctx, api, imp)
	}
	if ctx.Err() == nil {
		return err
	}
	c.note("%s", c.say("取り込みはサーバーで続いています。", "The import goes on on the server."))
	c.note("%s", c.say("  続きを見る：", "  watch it:  ")+c.name+" imports watch "+id)
	c.note("%s", c.say("  中止する　：", "  cancel it: ")+c.name+" imports cancel "+id)
	if c.json && imp.ID == "" {
		return err // nothing was heard of the import: the error is the document
	}
	if c.json {
		if err := c.document(imp); err != nil {
			return err
		}
	}
	return exitStatus(exitInterrupted)
}

// cause returns why a file operation failed, without the name of the operation and the file.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
