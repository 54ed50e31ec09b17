package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/postgres"
)

// auditCmd is about the audit log.
type auditCmd struct {
	List auditList `cmd:"" help:"List who did what, the newest first."`
}

type auditList struct {
	server `embed:""`
	Act    string `placeholder:"ACT" help:"Only this act, as in import.start; with a dot at its end all that begin so."`
	Object string `placeholder:"OBJECT" help:"Only what was done to this, as in member/12; with a slash at its end all of a kind."`
	Actor  string `placeholder:"NAME" help:"Only what this user, key or operator did."`
	Since  string `placeholder:"TIME" help:"Only from this moment on: a date, or a time as in 2026-04-01T09:00:00+09:00."`
	Until  string `placeholder:"TIME" help:"Only before this moment: a date, or a time."`
	Limit  int    `default:"20" help:"How many at most; 0 for all."`
}

// Validate is called by kong.
func (a *auditList) Validate() error {
	for _, at := range []*string{&a.Since, &a.Until} {
		if day, err := time.ParseInLocation(time.DateOnly, *at, time.Local); err == nil {
			*at = day.Format(time.RFC3339)
		}
		if _, err := time.Parse(time.RFC3339, *at); *at != "" && err != nil {
			return fmt.Errorf("%s: a date as in 2026-04-01, or a time as in 2026-04-01T09:00:00+09:00 expected", *at)
		}
	}
	return nil
}

// Run is called by kong.
func (a *auditList) Run(ctx context.Context, c *console) error {
	api, err := a.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	acts := []client.AuditEntry{}
	for e, err := range api.Audit(ctx, client.AuditQuery{Act: a.Act, Object: a.Object, Actor: a.Actor, Since: a.Since, Until: a.Until}) {
		if err != nil {
			return err
		}
		if acts = append(acts, e); len(acts) == a.Limit {
			break
		}
	}
	if c.json {
		return c.document(list[client.AuditEntry]{acts})
	}
	t := table{head: []string{c.say("日時", "Time"), c.say("実行者", "Who"), c.say("接続元", "From"), c.say("操作", "Act"), c.say("対象", "Object"), c.say("内容", "Detail")}}
	for _, e := range acts {
		detail := ""
		if len(e.Detail) > 0 {
			text, err := json.Marshal(e.Detail)
			if err != nil {
				return fmt.Errorf("show act %d: %w", e.ID, err)
			}
			detail = string(text)
		}
		t.add(timeText(e.At), e.Actor.Name, e.Actor.Address, e.Act, e.Object, detail)
	}
	return t.write(c.out, "")
}

// asOperator returns a context whose acts are those of the person who is logged in on this machine.
func asOperator(ctx context.Context) context.Context {
	a := postgres.Actor{Kind: postgres.ActorOperator, Name: "operator"}
	if u, err := user.Current(); err == nil {
		a.Name = u.Username
	}
	return postgres.WithActor(ctx, a)
}

type membersErase struct {
	server `embed:""`
	ID     int64 `arg:"" help:"The id of the member."`
	Show   bool  `help:"Erase nothing: show how far the erasing is."`
	Yes    bool  `short:"y" help:"Do not ask whether it is meant."`
}

// Run is called by kong.
func (m *membersErase) Run(ctx context.Context, c *console) error {
	api, err := m.client(c)
	if err != nil {
		return err
	}
	defer api.Close()
	do := api.EraseMember
	if m.Show {
		do = api.Erasure
	} else if err := m.confirm(c); err != nil {
		return err
	}
	e, err := do(ctx, m.ID)
	if err != nil {
		return err
	}
	if c.json {
		return c.document(e)
	}
	return c.showErasure(e)
}

// confirm asks whoever sits at a terminal whether the erasing is meant; a script has to say so.
func (m *membersErase) confirm(c *console) error {
	if m.Yes {
		return nil
	}
	id := strconv.FormatInt(m.ID, 10)
	if !c.terminal {
		return usageError{errorText(c.say("会員"+id+"の消去は取り消せません。実行するには --yes を指定してください。",
			"member "+id+" cannot be brought back once erased: please say --yes"))}
	}
	fmt.Fprint(c.err, c.say("会員"+id+"を完全に消去します。取り消しはできません。実行する場合は「yes」と入力してください：",
		"Member "+id+" will be erased for good, and cannot be brought back. Type yes to go on: "))
	answer, err := bufio.NewReader(io.LimitReader(c.in, 64)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read answer: %w", err)
	}
	if strings.TrimSpace(answer) != "yes" {
		c.note("%s", c.say("消去しませんでした。", "Nothing was erased."))
		return exitStatus(exitFailed)
	}
	return nil
}

// showErasure tells what is gone and which files may still hold the person.
func (c *console) showErasure(e client.Erasure) error {
	id := strconv.FormatInt(e.Member, 10)
	c.note("%s", c.say("会員"+id+"を消去しました。", "Member "+id+" is erased."))
	if e.FinishedAt == nil {
		c.note("%s", c.say("失敗した行のレポートからは、数分以内に削除されます。", "Its rows leave the reports of failed rows within minutes."))
	}
	if len(e.Sources) == 0 {
		return nil
	}
	c.note("%s", c.say("アップロードされた次のファイルは変更されず、期限まで保存されます。この会員が含まれている可能性があります。",
		"These uploaded files are not changed, and kept until they expire. The member may be in them."))
	t := table{head: []string{c.say("取り込み", "Import"), c.say("ファイル", "File"), c.say("期限", "Expires"), c.say("含まれる", "Held it")}}
	for _, s := range e.Sources {
		until, known := "", c.say("不明", "unknown")
		if s.Until != nil {
			until = timeText(*s.Until)
		}
		if s.Known {
			known = c.say("はい", "yes")
		}
		t.add(s.Import, s.FileName, until, known)
	}
	return t.write(c.out, "")
}
