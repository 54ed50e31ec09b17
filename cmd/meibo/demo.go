package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/devstack"
	"github.com/meibo/meibo/internal/embedded"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sample"
	"github.com/meibo/meibo/internal/sheet"
)

// demoCmd shows the whole product on a generated sample, and checks it.
type demoCmd struct {
	Rows        int    `default:"100000" help:"How many rows the CSV file has; the Excel file has a twentieth of them."`
	Data        string `placeholder:"DIR" help:"A directory to use, which must be empty (default: a temporary one)."`
	Keep        bool   `help:"Keep the data afterwards."`
	DatabaseURL string `placeholder:"URL" help:"A database to use instead of an own one; no other Meibo may be running on it."`
}

const (
	demoSeed    = 20_240_504
	demoDefects = 0.002
	demoChanges = 0.2
	// mailPatience is how long a mail may take after its import has ended.
	mailPatience = 15 * time.Second
)

// Validate is called by kong.
func (d *demoCmd) Validate() error {
	if d.Rows < 20 {
		return errors.New("--rows has to be at least 20")
	}
	if d.Data == "" {
		return nil
	}
	entries, err := os.ReadDir(d.Data)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("--data %s: the directory has to be empty", d.Data)
	}
	return nil
}

// Run is called by kong.
func (d *demoCmd) Run(ctx context.Context, c *console) (err error) {
	started := time.Now()
	data, err := d.directory()
	if err != nil {
		return err
	}
	if !d.Keep && d.Data == "" {
		defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	}
	logFile, err := os.OpenFile(filepath.Join(data, "meibo.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer logFile.Close()
	c.note("%s", c.say("PostgreSQL、NATS、S3 互換ストレージ、メールサーバー、4つのサービスを起動しています…",
		"Starting PostgreSQL, NATS, an S3-compatible store, a mail server and the four services …"))
	stack, err := c.startStack(ctx, devstack.Options{
		Data: data, Listen: "127.0.0.1:0", Log: devLog(logFile, zapcore.InfoLevel),
		// A tenant of its own: the database may be one that has seen another demo.
		Tenant: fmt.Sprintf("demo-%d", started.UnixNano()),
		Parts:  embedded.StackConfig{DatabaseURL: d.DatabaseURL},
	})
	if err != nil {
		return err
	}
	err = d.show(ctx, c, stack, data)
	if err := errors.Join(err, stack.Stop()); err != nil {
		return err
	}
	if d.Keep || d.Data != "" {
		c.note("%s%s", c.say("データ：", "Data: "), data)
	}
	c.note(c.say("すべて期待どおりでした（%s）。", "All came out as expected (%s)."), c.duration(time.Since(started).Round(100*time.Millisecond)))
	return nil
}

// directory returns a directory for the data, through which the database's user may pass.
func (d *demoCmd) directory() (string, error) {
	if d.Data != "" {
		if err := os.MkdirAll(d.Data, 0o711); err != nil {
			return "", fmt.Errorf("make data directory: %w", err)
		}
		return d.Data, nil
	}
	data, err := os.MkdirTemp("", "meibo-demo-")
	if err != nil {
		return "", fmt.Errorf("make data directory: %w", err)
	}
	if err := os.Chmod(data, 0o711); err != nil {
		return "", fmt.Errorf("make data directory: %w", err)
	}
	return data, nil
}

// trial is one import of the demo, and what it must come to.
type trial struct {
	title string
	file  string
	want  totals
	// expect is what the generator says of the failed rows.
	expect sample.Expect
}

// totals are the numbers of an import that the demo checks.
type totals struct{ Total, Created, Updated, Unchanged, Failed int64 }

// show runs the imports and checks them.
func (d *demoCmd) show(ctx context.Context, c *console, stack *devstack.Dev, data string) error {
	trials, err := d.trials(c, data)
	if err != nil {
		return err
	}
	api := client.New(stack.Info.URL, stack.Info.APIKey)
	api.Language = string(c.language)
	defer api.Close()
	mails := mailbox{dir: stack.Info.MailDir}
	var done []client.Import
	for n, t := range trials {
		if err := c.print("\n■ %d. %s", n+1, t.title); err != nil {
			return err
		}
		imp, err := c.try(ctx, api, t)
		if err != nil {
			return err
		}
		failures, err := api.Failures(ctx, imp.ID)
		if err != nil {
			return err
		}
		if err := t.checkFailures(failures); err != nil {
			return err
		}
		done = append(done, imp)
		mail, err := mails.await(ctx, mailPatience, n+1)
		if err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		if err := c.printDetails(failures, mail); err != nil {
			return err
		}
	}
	return c.printOverview(trials, done)
}

// trials writes the files of the demo.
func (d *demoCmd) trials(c *console, data string) ([]trial, error) {
	c.note("%s", c.say("サンプルファイルを作成しています…", "Writing the sample files …"))
	first := sample.Config{Rows: d.Rows, Seed: demoSeed, DefectRate: demoDefects}
	csvFile, fresh, err := writeDemoFile(filepath.Join(data, "会員.csv"), "csv", sheet.UTF8, first)
	if err != nil {
		return nil, err
	}
	sjisFile, again, err := writeDemoFile(filepath.Join(data, "会員_Shift_JIS.csv"), "csv", sheet.ShiftJIS, first)
	if err != nil {
		return nil, err
	}
	later := first
	later.Rows, later.Revision, later.ChangeRate = d.Rows/20, 1, demoChanges
	xlsxFile, changed, err := writeDemoFile(filepath.Join(data, "会員_変更.xlsx"), "xlsx", "", later)
	if err != nil {
		return nil, err
	}
	good := int64(fresh.Total - fresh.Failed)
	return []trial{
		{
			c.say("CSV を新しいリストに取り込みます", "A CSV file into an empty list"), csvFile,
			totals{Total: int64(fresh.Total), Created: good, Failed: int64(fresh.Failed)},
			fresh,
		},
		{
			c.say("同じ内容を Shift_JIS の CSV で取り込みます", "The same content again, in Shift_JIS"), sjisFile,
			totals{Total: int64(again.Total), Unchanged: good, Failed: int64(again.Failed)},
			again,
		},
		{
			c.say("一部の会員が変わった Excel ファイルを取り込みます", "An Excel file in which some members have changed"), xlsxFile,
			totals{
				Total: int64(changed.Total), Updated: int64(changed.Changed), Failed: int64(changed.Failed),
				Unchanged: int64(changed.Total - changed.Failed - changed.Changed),
			},
			changed,
		},
	}, nil
}

func writeDemoFile(name, format string, encoding sheet.Encoding, cfg sample.Config) (string, sample.Expect, error) {
	file, err := os.Create(name)
	if err != nil {
		return "", sample.Expect{}, fmt.Errorf("write sample: %w", err)
	}
	expect, err := writeSample(file, format, encoding, cfg)
	return name, expect, errors.Join(err, file.Close())
}

// try runs one import and checks its numbers.
func (c *console) try(ctx context.Context, api *client.Client, t trial) (client.Import, error) {
	file, err := os.Open(t.file)
	if err != nil {
		return client.Import{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return client.Import{}, err
	}
	show := newProgress(c)
	defer show.close()
	imp, err := (&importCmd{File: t.file}).submit(ctx, c, api, file, info.Size(), show)
	if err != nil {
		return imp, err
	}
	imp, err = api.Watch(ctx, imp.ID, show.rows)
	show.close()
	if err != nil {
		return imp, err
	}
	if err := c.printResult(imp); err != nil {
		return imp, err
	}
	return imp, t.check(imp)
}

// check compares an import with what it must come to.
func (t trial) check(i client.Import) error {
	got := totals{Total: i.Total, Created: i.Created, Updated: i.Updated, Unchanged: i.Unchanged, Failed: i.Failed}
	switch {
	case i.State != imports.StateCompleted:
		return fmt.Errorf("import %s: it is %s, not completed", i.FileName, i.State)
	case !i.Balanced():
		return fmt.Errorf("import %s: the outcomes do not add up to the total: %+v", i.FileName, got)
	case got != t.want:
		return fmt.Errorf("import %s: got %+v, want %+v", i.FileName, got, t.want)
	}
	return nil
}

// checkFailures compares the failed rows with those that must fail: how many for which reason, and which are the first.
func (t trial) checkFailures(f client.Failures) error {
	got := make(map[member.Code]int)
	for _, count := range f.Counts {
		got[member.Code(count.Code)] += int(count.Rows)
	}
	if !maps.Equal(got, t.expect.ByCode) {
		return fmt.Errorf("import %s: rows failed for %v, want %v", filepath.Base(t.file), got, t.expect.ByCode)
	}
	for n, row := range f.Items[:min(len(f.Items), len(t.expect.Failures))] {
		want := t.expect.Failures[n]
		if row.RowNumber != want.Row || len(row.Problems) != 1 || row.Problems[0].Code != string(want.Code) {
			return fmt.Errorf("import %s: failed row %d is %+v, want %+v", filepath.Base(t.file), n+1, row, want)
		}
	}
	return nil
}

// printDetails prints the failed rows of an import, and its mail.
func (c *console) printDetails(failures client.Failures, mail letter) error {
	if err := c.print(""); err != nil {
		return err
	}
	if err := c.printFailures(failures, shownFailures); err != nil {
		return err
	}
	if err := c.print("%s", c.say("届いたメール", "The mail that arrived")); err != nil {
		return err
	}
	return c.print("%s", mail.quoted())
}

// printOverview prints the numbers of all imports beside one another.
func (c *console) printOverview(trials []trial, done []client.Import) error {
	t := table{
		head: []string{
			c.say("ファイル", "File"), c.say("合計", "Total"), c.say("新規登録", "Created"), c.say("更新", "Updated"),
			c.say("変更なし", "Unchanged"), c.say("失敗", "Failed"), c.say("時間", "Time"), c.say("行/秒", "Rows/s"),
		},
		right: []bool{false, true, true, true, true, true, true, true},
	}
	for n, i := range done {
		took := i.FinishedAt.Sub(*i.StartedAt)
		t.add(filepath.Base(trials[n].file), number(i.Total), number(i.Created), number(i.Updated), number(i.Unchanged),
			number(i.Failed), c.duration(took.Round(10*time.Millisecond)), number(int64(float64(i.Total)/took.Seconds())))
	}
	return c.section(c.say("\n■ まとめ", "\n■ Overview"), &t)
}
