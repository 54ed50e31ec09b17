package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/meibo/meibo/internal/inspect"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
)

// reading is what may be said of how a file is to be read.
type reading struct {
	Encoding  string `placeholder:"NAME" help:"The encoding of a text file: UTF-8, Shift_JIS, EUC-JP, UTF-16LE or UTF-16BE."`
	Delimiter string `placeholder:"CHARACTER" help:"What separates the cells of a text file; tab for a tabulator."`
	Sheet     string `placeholder:"NAME" help:"The sheet of an Excel file."`
	HeaderRow int64  `placeholder:"NUMBER" help:"The number of the row that names the columns; what stands above it is left out."`
	NoHeader  bool   `help:"The first row is a member, not a header."`
}

// Validate is called by kong.
func (r *reading) Validate() error {
	if err := checkEncoding(r.Encoding); err != nil {
		return err
	}
	if _, ok := inspect.ParseDelimiter(r.Delimiter); !ok && r.Delimiter != "" {
		return fmt.Errorf("--delimiter %s: one ASCII character or tab expected", r.Delimiter)
	}
	if r.HeaderRow < 0 || r.HeaderRow > 0 && r.NoHeader {
		return errors.New("--header-row: a number from 1, and not together with --no-header")
	}
	return nil
}

func checkEncoding(name string) error {
	if _, ok := sheet.ParseEncoding(name); !ok && name != "" {
		return fmt.Errorf("--encoding %s: UTF-8, Shift_JIS, EUC-JP, UTF-16LE or UTF-16BE expected", name)
	}
	return nil
}

// inspectCmd looks at one file, without a server.
type inspectCmd struct {
	reading `embed:""`
	File    string `arg:"" help:"The file, or - for standard input."`

	Check bool `help:"Read the whole file and count the rows that cannot be imported."`
	JSON  bool `name:"json" help:"Write one JSON document to standard output, and nothing else."`
}

// inspection is the JSON document.
type inspection struct {
	File string `json:"file"`
	Size int64  `json:"size"`
	inspect.Shown
	Check *checked `json:"check,omitempty"`
}

// checked is what reading the whole file has shown, with a sentence for each fault.
type checked struct {
	Rows   int64          `json:"rows"`
	Faulty int64          `json:"faulty"`
	Faults []checkedFault `json:"faults"`
}

type checkedFault struct {
	inspect.Fault
	Detail string `json:"detail"`
}

// Run is called by kong.
func (i *inspectCmd) Run(c *console) error {
	file, name, err := i.open(c)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	schema := member.Standard()
	from, o := localFile(file, info.Size()), i.options()
	found, err := inspect.Look(from, o, schema)
	if err != nil {
		return c.unreadable(err, schema)
	}
	doc := inspection{File: name, Size: info.Size(), Shown: found.In(c.language, schema)}
	var status error
	if i.Check {
		result, err := inspect.Check(from, found, o)
		if err != nil {
			return c.unreadable(err, schema)
		}
		doc.Check = &checked{Rows: result.Rows, Faulty: result.Faulty, Faults: []checkedFault{}}
		for _, f := range result.Faults {
			doc.Check.Faults = append(doc.Check.Faults, checkedFault{f, f.Warning().Sentence(c.language, schema)})
		}
		if result.Faulty > 0 {
			status = exitStatus(exitFailedRows)
		}
	}
	if c.json {
		err = c.document(doc)
	} else {
		err = c.showInspection(&doc)
	}
	return errors.Join(err, status)
}

// open returns the file and its name. What cannot be read again, as standard input, is copied to a temporary file,
// which is gone when it is closed.
func (i *inspectCmd) open(c *console) (*os.File, string, error) {
	if i.File == "-" {
		f, err := spool(c.in)
		return f, "stdin", err
	}
	f, err := os.Open(i.File)
	if err != nil {
		return nil, "", usageError{fmt.Errorf("%s: %w", i.File, cause(err))}
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, "", errors.Join(err, f.Close())
	case info.IsDir():
		return nil, "", errors.Join(usageError{fmt.Errorf("%s: is a directory", i.File)}, f.Close())
	case !info.Mode().IsRegular():
		copied, err := spool(f)
		return copied, filepath.Base(i.File), errors.Join(err, f.Close())
	}
	return f, filepath.Base(i.File), nil
}

func spool(r io.Reader) (*os.File, error) {
	f, err := os.CreateTemp("", "meibo-inspect-*")
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(f, r)
	if err = errors.Join(err, os.Remove(f.Name())); err != nil {
		return nil, errors.Join(fmt.Errorf("copy input: %w", err), f.Close())
	}
	return f, nil
}

// localFile lets an open file be read any number of times.
func localFile(f *os.File, size int64) inspect.File {
	return inspect.File{
		Size:  size,
		Open:  func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(f, 0, size)), nil },
		Spool: func() (inspect.Spooled, int64, error) { return lent{f}, size, nil },
	}
}

// lent is a file that stays open.
type lent struct{ io.ReaderAt }

func (lent) Close() error { return nil }

// options are what the flags say. Dates and phone numbers are taken for Japanese ones, as a new tenant's are.
func (i *inspectCmd) options() inspect.Options {
	o := inspect.Options{Sheet: i.Sheet, HeaderRow: i.HeaderRow, Locale: &member.Locale{Zone: time.FixedZone("JST", 9*60*60), Region: "JP"}}
	o.Encoding, _ = sheet.ParseEncoding(i.Encoding)
	o.Delimiter, _ = inspect.ParseDelimiter(i.Delimiter)
	if i.NoHeader {
		o.Header = new(bool)
	}
	return o
}

// unreadable says why a file cannot be read so.
func (c *console) unreadable(err error, schema *member.Schema) error {
	var no *inspect.Impossible
	if errors.As(err, &no) {
		return usageError{fmt.Errorf("%s %s%s", no.Warning.Sentence(c.language, schema), c.say("使用できる値：", "Accepted: "), no.Accepted)}
	}
	return err
}

// listed joins names for people.
func (c *console) listed(names []string) string {
	shown := make([]string, len(names))
	for n := range names {
		shown[n] = printable(names[n])
	}
	return strings.Join(shown, c.say("、", ", "))
}
