package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
)

// errand is an import that somebody wants done, whatever happens.
type errand struct {
	who     *citizen
	list    string
	name    string
	options client.Options
	header  []string
	records [][]string
	// after is the pause before it, cancelled the time from its start until it is cancelled, 0 for never; echoed ones have
	// their messages delivered twice.
	after, cancelled time.Duration
	echoed           bool
	// paused is the time from its start until it is paused, 0 for never, and pause how long.
	paused, pause time.Duration

	id string
	// asked tells that cancelling was confirmed.
	asked bool
}

// wishes says how much is imported.
type wishes struct {
	lists, each, rows int
}

// errands makes what is imported: for each list a sequence of imports, one after another.
func (w wishes) errands(r *rand.Rand, tenants []*citizen) (all [][]*errand) {
	for n := range w.lists {
		who, list := tenants[n%len(tenants)], "main"
		if n >= len(tenants) {
			list = fmt.Sprintf("l%d", n)
		}
		var line []*errand
		for k := range w.each {
			e := newErrand(r, k == 0, 1+w.rows/4+r.IntN(w.rows))
			e.who, e.list = who, list
			e.options.List = list
			e.name += fmt.Sprintf("%s-%d.csv", list, k)
			e.after = ms(r.Int64N(1500))
			if r.IntN(5) == 0 {
				e.cancelled = ms(1 + r.Int64N(2000))
			}
			e.echoed = r.IntN(3) == 0
			if r.IntN(4) == 0 {
				e.paused, e.pause = ms(1+r.Int64N(1000)), ms(1+r.Int64N(1000))
			}
			line = append(line, e)
		}
		all = append(all, line)
	}
	return all
}

// newErrand makes the file and the options.
func newErrand(r *rand.Rand, first bool, rows int) *errand {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	e := &errand{header: []string{"member_sn", "name", "email", "phone", "birthday", "city", "tags", "is_subscriber"}}
	o := &e.options
	o.Mode = pick("upsert", "upsert", "upsert", "update", "append", "replace", "delete")
	if first {
		o.Mode = "upsert"
	}
	o.Key = pick("member_sn", "member_sn", "member_sn", "email")
	o.Blank = pick("keep", "clear")
	o.ListValues = pick("append", "replace")
	o.Duplicates = pick("last", "last", "first", "reject")
	o.NewConsent = pick("true", "false")
	o.MultipleMatches = pick("reject", "most_recent")
	if o.Mode == string(member.Delete) {
		o.MultipleMatches = ""
	}
	o.MaxRemoved = "100%"
	if r.IntN(4) == 0 {
		o.ImportTag = pick("春", "夏")
	}
	lanes := 1 + r.IntN(6)
	if o.Key == "email" {
		if r.IntN(2) == 0 {
			o.Kind = string(member.KindLead)
		}
		e.header = e.header[1:]
	}
	e.name = fmt.Sprintf("%dx%d-", lanes, 20+r.IntN(rows/6+1))
	for _, h := range e.header {
		o.Mapping = append(o.Mapping, client.Column{Header: h, Field: h})
	}
	for range rows {
		e.records = append(e.records, record(r, e.header, rows))
	}
	return e
}

// record makes a row of somebody among so many people; some rows are wrong.
func record(r *rand.Rand, header []string, people int) []string {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	n := r.IntN(people)
	rarely := func(otherwise, wrong string) string {
		if r.IntN(50) == 0 {
			return wrong
		}
		return otherwise
	}
	cells := make([]string, len(header))
	for i, h := range header {
		switch h {
		case "member_sn":
			cells[i] = rarely(fmt.Sprintf("K%d", n), "")
		case "name":
			cells[i] = rarely(pick("青木", "井上 花子", "上田", "髙﨑"), pick("", member.ClearMark))
		case "email":
			cells[i] = rarely(fmt.Sprintf("m%d@%s", n/pickInt(r, 1, 1, 1, 2), pick("x.jp", "docomo.ne.jp")), pick("a@", ""))
		case "phone":
			cells[i] = pick("", fmt.Sprintf("090-1234-%04d", n%10_000))
		case "birthday":
			cells[i] = rarely(pick("", "1990-05-20", "2000/2/29"), "1990-02-30")
		case "city":
			cells[i] = pick("横浜市", "札幌市", "")
		case "tags":
			cells[i] = pick("", "春", "夏,秋", "男性/30代")
		case "is_subscriber":
			cells[i] = pick("TRUE", "", "", "FALSE")
		}
	}
	if r.IntN(80) == 0 {
		return cells[:len(cells)-1]
	}
	return cells
}

func pickInt(r *rand.Rand, of ...int) int { return of[r.IntN(len(of))] }

func (e *errand) csv() []byte {
	var out bytes.Buffer
	if err := sheet.WriteCSV(&out, slices.Values(append([][]string{e.header}, e.records...))); err != nil {
		panic(err) // memory takes everything
	}
	return out.Bytes()
}

// run does the errands of all lists and returns when each import has been started, and cancelled where it is to be.
func (c *town) run(ctx context.Context, all [][]*errand, echo *echo) {
	var wg, later sync.WaitGroup
	pauses := c.knows(ctx, "pause")
	for _, line := range all {
		wg.Go(func() {
			for _, e := range line {
				rest(ctx, e.after)
				if !c.do(ctx, e) {
					return
				}
				if e.echoed {
					id, _ := imports.ParseID(e.id)
					echo.add(id)
				}
				if e.cancelled > 0 {
					later.Go(func() {
						rest(ctx, e.cancelled)
						c.cancel(ctx, e)
					})
				}
				if e.paused > 0 && pauses {
					later.Go(func() { c.interrupt(ctx, e) })
				}
			}
		})
	}
	wg.Wait()
	later.Wait()
}

// step bounds one try of a call: a process may be frozen.
const step = 15 * time.Second

// try repeats a call of either uploader until it is done or ctx ends.
func (c *town) try(ctx context.Context, e *errand, what string, call func(context.Context, *client.Client) (done bool, err error)) bool {
	for n := 0; ctx.Err() == nil; n++ {
		once, cancel := context.WithTimeout(ctx, step)
		done, err := call(once, e.who.clients[n%len(e.who.clients)])
		cancel()
		if done {
			return true
		}
		if err != nil {
			c.note("%s %s: %v", what, e.name, err)
		}
		if p := (*client.Problem)(nil); errors.As(err, &p) && p.Status == http.StatusUnprocessableEntity {
			c.blame("%s %s: %v", what, e.name, err)
			return false
		}
		rest(ctx, 200*time.Millisecond)
	}
	return false
}

// do imports the file: it goes on asking until the import is started. It reports whether it is.
func (c *town) do(ctx context.Context, e *errand) bool {
	content := e.csv()
	e.options.FileName = e.name
	created := c.try(ctx, e, "create", func(ctx context.Context, to *client.Client) (bool, error) {
		i, err := to.Create(ctx, e.options)
		e.id = i.ID
		return err == nil, err
	})
	started := created && c.try(ctx, e, "start", func(ctx context.Context, to *client.Client) (bool, error) {
		i, err := to.Import(ctx, e.id)
		switch {
		case err != nil:
			return false, err
		case i.State == imports.StateCreated:
			_, err = to.UploadSource(ctx, e.id, bytes.NewReader(content), int64(len(content)), nil)
		case i.State == imports.StateUploaded:
			_, err = to.Start(ctx, e.id, client.Options{})
		default:
			return true, nil
		}
		return false, err
	})
	if !started {
		c.blame("%s (import %s) could not be started", e.name, e.id)
		return false
	}
	c.note("%s is import %s of tenant %d, list %s", e.name, e.id, e.who.id, e.list)
	return true
}

func (c *town) cancel(ctx context.Context, e *errand) {
	c.try(ctx, e, "cancel", func(ctx context.Context, to *client.Client) (bool, error) {
		_, err := to.Cancel(ctx, e.id)
		if err == nil {
			e.asked = true
			return true, nil
		}
		i, readErr := to.Import(ctx, e.id)
		return readErr == nil && i.State.Final(), err
	})
	c.note("cancelled %s", e.name)
}
