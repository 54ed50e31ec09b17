package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
)

// deadCmd is for operators: it goes to the queue and the database, and needs no server.
type deadCmd struct {
	List   deadList   `cmd:"" help:"List the messages that could not be handled, the oldest first."`
	Show   deadShow   `cmd:"" help:"Show such a message: what went wrong, and what it holds."`
	Resume deadResume `cmd:"" help:"Have the work of a message done once the cause is mended: its import goes on where it stood."`
	Drop   deadDrop   `cmd:"" help:"Delete such a message; its import stays as it is."`
}

// letters is how an operator's command reaches the queue.
type letters struct {
	NATSURL string `name:"nats-url" required:"" env:"MEIBO_NATS_URL" placeholder:"URL" help:"Address of the queue."`
	JSON    bool   `name:"json" help:"Write one JSON document to standard output, and nothing else."`
}

// letterID is the argument of most commands.
type letterID struct {
	ID uint64 `arg:"" help:"The id of the message, as in the list."`
}

// queueWait bounds how long an operator waits for the queue.
const queueWait = 30 * time.Second

func (l *letters) with(ctx context.Context, f func(context.Context, *queue.Queue) error) error {
	q, err := queue.Open(queue.Config{URL: l.NATSURL, Replicas: 1}, zap.NewNop())
	if err != nil {
		return err
	}
	defer q.Close()
	ctx, cancel := context.WithTimeout(ctx, queueWait)
	defer cancel()
	return f(ctx, q)
}

// letterView is a dead letter as JSON.
type letterView struct {
	ID         uint64    `json:"id"`
	Time       time.Time `json:"time"`
	Subject    string    `json:"subject"`
	Consumer   string    `json:"consumer"`
	Deliveries uint64    `json:"deliveries"`
	Tenant     string    `json:"tenant,omitempty"`
	Import     string    `json:"import,omitempty"`
	Reason     string    `json:"reason"`
	Size       int       `json:"size"`

	Lane *int      `json:"lane,omitempty"`
	Seq  *int64    `json:"seq,omitempty"`
	Rows []rowView `json:"rows,omitempty"`
	Wire string    `json:"unreadable,omitempty"`
}

// rowView is a row of a chunk.
type rowView struct {
	Row   int64    `json:"row"`
	Cells []string `json:"cells"`
}

func viewLetter(l *queue.Letter) letterView {
	v := letterView{
		ID: l.ID, Time: l.Time, Subject: l.Subject, Consumer: l.Consumer, Deliveries: l.Deliveries, Reason: l.Reason, Size: len(l.Data),
	}
	if l.Job.Tenant != 0 {
		v.Tenant = l.Job.Tenant.String()
	}
	if l.Job.Import != (imports.ID{}) {
		v.Import = l.Job.Import.String()
	}
	if c, ok := l.Chunk(); ok {
		v.Lane, v.Seq = &c.Lane, &c.Seq
	}
	return v
}

type deadList struct {
	letters `embed:""`
}

// Run is called by kong.
func (d *deadList) Run(ctx context.Context, c *console) error {
	items := []letterView{}
	err := d.with(ctx, func(ctx context.Context, q *queue.Queue) error {
		for l, err := range q.DeadLetters(ctx) {
			if err != nil {
				return err
			}
			items = append(items, viewLetter(&l))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if c.json {
		return c.document(list[letterView]{items})
	}
	if len(items) == 0 {
		return c.print("%s", c.say("処理できなかったメッセージはありません。", "There are no messages that could not be handled."))
	}
	t := table{
		head:  []string{"ID", c.say("日時", "Time"), c.say("処理", "Consumer"), c.say("取り込み", "Import"), c.say("理由", "Reason")},
		right: []bool{true, false, false, false, false},
	}
	for _, l := range items {
		t.add(strconv.FormatUint(l.ID, 10), timeText(l.Time), l.Consumer, l.Import, shorten(printable(l.Reason), shownReason))
	}
	return t.write(c.out, "")
}

// shownReason is how much of a reason a list shows, in characters.
const shownReason = 100

func shorten(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

type deadShow struct {
	letters  `embed:""`
	letterID `embed:""`
	// The database has what a chunk's cells are; without it they are not shown.
	DatabaseURL string `env:"MEIBO_DATABASE_URL" placeholder:"URL" help:"Address of the database, which tells what the cells of a chunk are."`
	Raw         bool   `help:"Write the bytes of the message to standard output, and nothing else."`
}

// Run is called by kong.
func (d *deadShow) Run(ctx context.Context, c *console) error {
	var l queue.Letter
	err := d.with(ctx, func(ctx context.Context, q *queue.Queue) (err error) {
		l, err = q.DeadLetter(ctx, d.ID)
		return err
	})
	if err != nil {
		return noLetter(c, err)
	}
	if d.Raw {
		_, err := c.out.Write(l.Data)
		return err
	}
	v := viewLetter(&l)
	v.Rows, err = d.rows(ctx, &l)
	if err != nil {
		v.Wire = err.Error()
	}
	if c.json {
		return c.document(v)
	}
	return c.printLetter(&v)
}

// rows reads the rows of a chunk; none where the message is no chunk. Which columns it has its import tells.
func (d *deadShow) rows(ctx context.Context, l *queue.Letter) (rows []rowView, err error) {
	chunk, ok := l.Chunk()
	if !ok || d.DatabaseURL == "" {
		return nil, nil
	}
	db := database{DatabaseURL: d.DatabaseURL}
	err = db.with(ctx, func(ctx context.Context, db *postgres.DB) error {
		i, err := db.ImportForWork(ctx, chunk.Tenant, chunk.Import)
		if err != nil {
			return err
		}
		plan, err := i.Plan()
		if err != nil {
			return err
		}
		return imports.ReadBlock(string(chunk.Block), plan.Columns, chunk.Rows, func(r member.Row) {
			rows = append(rows, rowView{Row: r.Number, Cells: r.Cells})
		})
	})
	return rows, err
}

func (c *console) printLetter(v *letterView) error {
	t := table{}
	t.add("ID", strconv.FormatUint(v.ID, 10))
	t.add(c.say("日時", "Time"), timeText(v.Time))
	t.add(c.say("宛先", "Subject"), printable(v.Subject))
	t.add(c.say("処理", "Consumer"), v.Consumer)
	t.add(c.say("配信回数", "Deliveries"), strconv.FormatUint(v.Deliveries, 10))
	t.add(c.say("テナントID", "Tenant"), v.Tenant)
	t.add(c.say("取り込み", "Import"), v.Import)
	t.add(c.say("サイズ", "Size"), bytesText(int64(v.Size)))
	if v.Lane != nil {
		t.add(c.say("レーン", "Lane"), strconv.Itoa(*v.Lane))
		t.add(c.say("番号", "Chunk"), strconv.FormatInt(*v.Seq, 10))
	}
	t.add(c.say("理由", "Reason"), printable(v.Reason))
	if v.Wire != "" {
		t.add(c.say("読み取れない内容", "Unreadable"), printable(v.Wire))
	}
	if err := t.write(c.out, ""); err != nil || len(v.Rows) == 0 {
		return err
	}
	if err := c.print(""); err != nil {
		return err
	}
	rows := table{head: []string{c.say("行番号", "Row"), c.say("値", "Cells")}, right: []bool{true, false}}
	for _, r := range v.Rows {
		cells := make([]string, len(r.Cells))
		for n, cell := range r.Cells {
			cells[n] = strconv.Quote(cell)
		}
		rows.add(number(r.Row), strings.Join(cells, ", "))
	}
	return rows.write(c.out, "")
}

// noLetter says of a letter that is not there what to do.
func noLetter(c *console, err error) error {
	if errors.Is(err, queue.ErrNoLetter) {
		return errors.New(c.say("そのIDのメッセージはありません。meibo dead list で確認してください。", "there is no message of that id; see meibo dead list"))
	}
	return err
}

type deadResume struct {
	letters  `embed:""`
	database `embed:""`
	letterID `embed:""`
}

// Run is called by kong. The message goes only once its work is asked for again.
func (d *deadResume) Run(ctx context.Context, c *console) error {
	var done string
	err := d.letters.with(ctx, func(ctx context.Context, q *queue.Queue) error {
		l, err := q.DeadLetter(ctx, d.ID)
		if err != nil {
			return err
		}
		if l.Ends() {
			done = c.say("メッセージをもう一度処理します。", "The message is handled again.")
			err = q.Redeliver(ctx, l)
		} else {
			err = d.database.with(ctx, func(ctx context.Context, db *postgres.DB) error {
				done, err = c.resumeOf(ctx, db, l.Job)
				return err
			})
		}
		if err != nil {
			return err
		}
		return q.DropLetter(ctx, l.ID)
	})
	if err != nil {
		return noLetter(c, err)
	}
	return c.resumed(d.ID, done)
}

// resumeOf has the import of a letter go on, and says what came of that.
func (c *console) resumeOf(ctx context.Context, db *postgres.DB, j queue.Job) (string, error) {
	state, err := db.ResumeImportOf(ctx, j.Tenant, j.Import)
	switch {
	case errors.Is(err, postgres.ErrConflict) && !state.Final():
		return fmt.Sprintf(c.say("取り込み %s はすでに再開されています。", "The import %s goes on already."), j.Import), nil
	case errors.Is(err, postgres.ErrConflict), errors.Is(err, postgres.ErrOvertaken), errors.Is(err, postgres.ErrSourceExpired),
		errors.Is(err, postgres.ErrReportExpired):
		return "", fmt.Errorf(c.say("取り込み %s は再開できません（状態：%s）。不要な場合は meibo dead drop で削除してください。",
			"the import %s cannot be resumed (it is %s); meibo dead drop deletes the message"), j.Import, state)
	case err != nil:
		return "", err
	}
	return fmt.Sprintf(c.say("取り込み %s を再開しました。", "The import %s goes on."), j.Import), nil
}

func (c *console) resumed(id uint64, done string) error {
	if c.json {
		return c.document(struct {
			ID   uint64 `json:"id"`
			Done string `json:"done"`
		}{id, done})
	}
	return c.print("%s", done)
}

type deadDrop struct {
	letters  `embed:""`
	letterID `embed:""`
}

// Run is called by kong.
func (d *deadDrop) Run(ctx context.Context, c *console) error {
	err := d.with(ctx, func(ctx context.Context, q *queue.Queue) error { return q.DropLetter(ctx, d.ID) })
	if err != nil {
		return noLetter(c, err)
	}
	return c.resumed(d.ID, c.say("メッセージを削除しました。", "The message is deleted."))
}
