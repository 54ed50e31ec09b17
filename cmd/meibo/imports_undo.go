package main

import (
	"context"
	"fmt"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/imports"
)

// importsUndo takes back what an import did.
type importsUndo struct {
	server   `embed:""`
	importID `embed:""`
	DryRun   bool `help:"Only tell what would be done; nothing is changed."`
	Detach   bool `help:"Do not wait for the end of the undo."`
}

// Run is called by kong.
func (u *importsUndo) Run(ctx context.Context, c *console) error {
	api, err := u.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	undo, err := api.Undo(ctx, u.ID, u.DryRun)
	if err != nil {
		return err
	}
	if u.Detach {
		if c.json {
			return c.document(undo)
		}
		return c.print("%s", c.undoLine(undo))
	}
	return c.followUndo(ctx, api, u.ID, u.DryRun)
}

// followUndo shows how an undo goes on, and then what it has done.
func (c *console) followUndo(ctx context.Context, api *client.Client, id string, dryRun bool) error {
	last := ""
	undo, err := api.WatchUndo(ctx, id, dryRun, func(now client.Undo) {
		if line := c.undoLine(now); line != last && !c.json && now.State != imports.UndoDone {
			c.note("%s", line)
			last = line
		}
	})
	if err != nil {
		return err
	}
	if c.json {
		return c.document(undo)
	}
	return c.printUndo(undo)
}

// showUndo tells what an undo has done, or how far it is.
func (c *console) showUndo(ctx context.Context, api *client.Client, id string) error {
	u, err := api.UndoOf(ctx, id, false)
	if err != nil {
		return err
	}
	if u.State == imports.UndoDone {
		return c.printUndo(u)
	}
	return c.print("%s", c.undoLine(u))
}

// undoLine tells how far an undo is.
func (c *console) undoLine(u client.Undo) string {
	if u.Error != "" {
		return c.say("処理を続けられないため、自動的に再試行しています：", "It cannot go on for now and is tried again: ") + printable(u.Error)
	}
	switch u.State {
	case imports.UndoQueued:
		return c.say("順番待ちです。ほかのインポートの終了後に元に戻します。", "Waiting for the list's turn.")
	case imports.UndoDone:
		return c.say("完了しました。", "Done.")
	}
	return fmt.Sprintf(c.say("元に戻しています：会員 %s / %s 件", "Undoing: %s of %s members"), number(u.Done), number(u.Total))
}

// printUndo prints what an undo has done, or would do.
func (c *console) printUndo(u client.Undo) error {
	headline := c.say("インポートを元に戻しました。", "The import is undone.")
	if u.DryRun {
		headline = c.say("テスト実行（ドライラン）です。データは変更していません。件数は実際に元に戻した場合のものです。",
			"This is a dry run: nothing was changed. The numbers are those of the real undo.")
	}
	if err := c.print("%s", headline); err != nil {
		return err
	}
	t := table{right: []bool{false, true}}
	for _, n := range []outcome{
		{c.say("登録の取り消し", "Created members removed"), u.Removed},
		{c.say("更新前の値に復元", "Changed members restored"), u.Restored},
		{c.say("削除・統合された会員の復元", "Deleted or unified ones brought back"), u.Returned},
		{c.say("変更せずに残したもの", "Kept as they are"), u.Kept},
	} {
		t.add(n.name, number(n.rows))
	}
	if err := t.write(c.out, "  "); err != nil || u.Kept == 0 {
		return err
	}
	t = table{head: []string{c.say("会員ID", "Member"), c.say("項目", "Field"), c.say("理由", "Reason")}}
	for _, k := range u.Items {
		t.add(fmt.Sprint(k.Member), k.Field, k.Reason)
	}
	return c.section(c.say("変更せずに残した会員と項目（先頭の30件まで）", "What is kept (the first 30)"), &t)
}
