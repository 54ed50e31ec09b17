package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/imports"
)

// shownFailures is how many failed rows are shown after an import.
const shownFailures = 10

// report tells what came of an import and returns the exit status as an error.
func (c *console) report(ctx context.Context, api *client.Client, i client.Import) error {
	if c.json {
		if err := c.document(i); err != nil {
			return err
		}
		return statusOfImport(i)
	}
	if err := c.printResult(i); err != nil {
		return err
	}
	if i.State == imports.StateFailed && i.Resumable {
		hint := c.say("原因を解消してから再開するには：", "To have it go on once the cause is mended: ")
		if err := c.print("%s", hint+c.name+" imports resume "+i.ID); err != nil {
			return err
		}
	}
	if i.Failed > 0 {
		failures, err := api.Failures(ctx, i.ID)
		if err != nil {
			return err
		}
		if err := c.printFailures(failures, shownFailures); err != nil {
			return err
		}
		hint := c.say("失敗した行をすべて保存するには：", "To save all failed rows: ")
		if err := c.print("%s", hint+c.name+" imports failures "+i.ID+" --csv -o failures.csv"); err != nil {
			return err
		}
		if i.DryRun {
			return statusOfImport(i) // there is nothing to retry
		}
		hint = c.say("修正したファイルを取り込み直すには：", "To import them once corrected: ")
		if err := c.print("%s", hint+c.name+" imports retry "+i.ID+" failures.csv"); err != nil {
			return err
		}
	}
	return statusOfImport(i)
}

// statusOfImport returns nil for an import that is completed without failed rows.
func statusOfImport(i client.Import) error {
	switch {
	case i.State != imports.StateCompleted:
		return exitStatus(exitFailed)
	case i.Failed > 0:
		return exitStatus(exitFailedRows)
	}
	return nil
}

// printResult prints how an import ended, and its numbers.
func (c *console) printResult(i client.Import) error {
	if err := c.print("%s", c.headline(i)); err != nil {
		return err
	}
	if far := c.howFar(i); far != "" {
		if err := c.print("%s", far); err != nil {
			return err
		}
	}
	if i.DryRun {
		if err := c.print("%s", c.say("テスト実行（ドライラン）です。データは変更していません。件数は実際に実行した場合のものです。",
			"This is a dry run: nothing was written. The numbers are those of the real run.")); err != nil {
			return err
		}
	}
	t := table{right: []bool{false, true}}
	for _, n := range c.outcomes(i) {
		t.add(n.name, number(n.rows))
	}
	if err := t.write(c.out, "  "); err != nil {
		return err
	}
	for _, warning := range i.Warnings {
		if c.warned[warning.Code] {
			continue
		}
		if err := c.print("%s", c.say("ご注意：", "Please note: ")+printable(warning.Detail)); err != nil {
			return err
		}
	}
	return nil
}

// headline says in a sentence how the import ended.
func (c *console) headline(i client.Import) string {
	name := printable(i.FileName)
	took := ""
	if i.StartedAt != nil && i.FinishedAt != nil {
		took = fmt.Sprintf(c.say("（%s）", " (%s)"), c.duration(i.FinishedAt.Sub(*i.StartedAt).Round(10*time.Millisecond)))
	}
	switch {
	case i.State == imports.StateFailed:
		reason := ""
		if i.Error != nil {
			reason = printable(i.Error.Detail)
		}
		return c.say("「"+name+"」の取り込みは、エラーにより終了しました。", "The import of "+name+" has failed. ") + reason
	case i.State == imports.StateCancelled:
		return c.say("「"+name+"」の取り込みはキャンセルされました。", "The import of "+name+" was cancelled.")
	case i.State != imports.StateCompleted:
		return name + c.say("：", ": ") + c.stage(i)
	case i.Failed > 0:
		return c.say("「"+name+"」の取り込みが完了しました。処理できなかった行があります。", "The import of "+name+" is complete; some rows failed.") + took
	}
	return c.say("「"+name+"」の取り込みが完了しました。", "The import of "+name+" is complete.") + took
}

// howFar says how far a stopped import had come; empty for any other.
func (c *console) howFar(i client.Import) string {
	s := i.Stopped
	if s == nil {
		return ""
	}
	if s.Stage == imports.StageWaiting {
		return c.say("取り込みは始まっていませんでした。", "It had not begun.")
	}
	doing := map[imports.Stage]string{
		imports.StageReading:   c.say("ファイルの読み取りと登録", "reading and merging the file"),
		imports.StageMerging:   c.say("残りの行の登録（ファイルは最後まで読み取り済み）", "merging the rest; the whole file was read"),
		imports.StageFinishing: c.say("仕上げ（すべての行を処理済み）", "finishing; every row was merged"),
	}[s.Stage]
	percent, last := "", ""
	if s.Percent != nil {
		percent = fmt.Sprintf(c.say("（%d%%）", " (%d%%)"), *s.Percent)
	}
	if s.LastRow > 0 {
		last = fmt.Sprintf(c.say("、ファイルの %s 行目まで", ", up to row %s of the file"), number(s.LastRow))
	}
	return fmt.Sprintf(c.say("停止した段階：%s%s。読み取り %s 行%s、処理済み %s 行、未処理 %s 行。", "Stopped while %s%s: %s rows read%s, %s merged, %s not processed."),
		doing, percent, number(s.RowsRead), last, number(s.RowsMerged), number(s.NotProcessed))
}

// outcome is how many rows had one outcome.
type outcome struct {
	name string
	rows int64
}

// outcomes returns the numbers of an import, with the names that the mail has for them. What cannot occur yet, or has
// not, is left out beside the outcomes that everybody looks for.
func (c *console) outcomes(i client.Import) []outcome {
	all := []outcome{
		{c.say("合計", "Total"), i.Total},
		{c.say("新規登録", "Created"), i.Created},
		{c.say("更新", "Updated"), i.Updated},
		{c.say("変更なし", "Unchanged"), i.Unchanged},
		{c.say("失敗", "Failed"), i.Failed},
	}
	for _, n := range []outcome{
		{c.say("削除", "Deleted"), i.Deleted},
		{c.say("スキップ", "Skipped"), i.Skipped},
		{c.say("未処理", "Not processed"), i.NotProcessed},
		{c.say("ファイルになく削除した会員", "Removed, not in the file"), i.Removed},
		{c.say("会員に統合したリード", "Leads unified"), i.Unified},
		{c.say("配信停止を維持した項目", "Opt-outs protected"), i.Protected},
		{c.say("インポートタグを付けた会員", "Given the import tag"), i.Tagged},
	} {
		if n.rows != 0 {
			all = append(all, n)
		}
	}
	return all
}

// printFailures prints the first failed rows, at most so many, and how many have which problem.
func (c *console) printFailures(f client.Failures, most int) error {
	if err := c.printReasons(c.say("失敗の理由（行数）", "Why rows failed (rows)"), f.Counts); err != nil {
		return err
	}
	rows := table{
		head:  []string{c.say("行番号", "Row"), c.say("項目", "Columns"), c.say("理由", "Reason")},
		right: []bool{true, false, false},
	}
	for _, row := range f.Items[:min(most, len(f.Items))] {
		rows.add(number(row.RowNumber), strings.Join(row.ErrorColumns, ", "), row.ErrorReason)
	}
	title := fmt.Sprintf(c.say("失敗した行（%s行のうち最初の%d行）", "Failed rows (of %s, the first %d)"), number(f.Total), len(rows.rows))
	return c.section(title, &rows)
}

// printNotes says why rows were skipped, and what was repaired.
func (c *console) printNotes(f client.Failures) error {
	return c.printReasons(c.say("スキップ・補正した行（行数）", "Skipped or repaired (rows)"), f.Notes)
}

func (c *console) printReasons(title string, counts []client.FailureCount) error {
	reasons := table{right: []bool{true, false}}
	for _, count := range counts {
		reasons.add(number(count.Rows), count.Reason)
	}
	return c.section(title, &reasons)
}

// section prints a table under its title, with an empty line after it.
func (c *console) section(title string, t *table) error {
	if err := c.print("%s", title); err != nil {
		return err
	}
	if err := t.write(c.out, "  "); err != nil {
		return err
	}
	return c.print("")
}
