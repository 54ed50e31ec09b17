package e2e

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/meibo/meibo/internal/e2e/oracle"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

// call makes a call of the API that the client has no method for, and returns its status and the answer.
func (w *citizen) call(ctx context.Context, uploader int, method, path, body string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, w.urls[uploader]+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "Bearer "+w.key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<22))
	return res.StatusCode, string(text), err
}

// knows reports whether the API has a route, by its document.
func (c *town) knows(ctx context.Context, route string) bool {
	who := c.tenants[0]
	for n := 0; ctx.Err() == nil; n++ {
		if status, text, err := who.call(ctx, n%len(who.urls), http.MethodGet, "/openapi.json", ""); err == nil && status == http.StatusOK {
			return strings.Contains(text, `"/v1/imports/{id}/`+route+`"`)
		}
		rest(ctx, 200*time.Millisecond)
	}
	return false
}

// insist repeats a call about an import until it has been taken, or the import is in one of the states.
func (c *town) insist(ctx context.Context, e *errand, what, body string, states ...imports.State) {
	for n := 0; ctx.Err() == nil; n++ {
		once, cancel := context.WithTimeout(ctx, step)
		status, text, err := e.who.call(once, n%len(e.who.urls), http.MethodPost, "/v1/imports/"+e.id+"/"+what, body)
		if err == nil && status/100 == 2 {
			cancel()
			c.note("%s %s", what, e.name)
			return
		}
		i, readErr := e.who.clients[n%len(e.who.clients)].Import(once, e.id)
		cancel()
		if readErr == nil && slices.Contains(states, i.State) {
			c.note("%s %s: it is %s", what, e.name, i.State)
			return
		}
		c.note("%s %s: %d %s %v", what, e.name, status, text, err)
		rest(ctx, 200*time.Millisecond)
	}
}

// interrupt pauses an import for a while.
func (c *town) interrupt(ctx context.Context, e *errand) {
	over := []imports.State{imports.StateCompleted, imports.StateFailed, imports.StateCancelled}
	rest(ctx, e.paused)
	c.insist(ctx, e, "pause", "", append(over, "paused")...)
	rest(ctx, e.pause)
	c.insist(ctx, e, "resume", "", append(over, imports.StateQueued, imports.StateRunning)...)
}

// takeBack undoes the last import of every list in another storm; each list must be then what it was before that.
func (a *audit) takeBack(ctx context.Context, r *rand.Rand, clock bool) {
	if !a.knows(ctx, "undo") {
		a.note("there is no undoing")
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { a.suffer(ctx, faults(r, 6, 3*time.Second, clock)) })
	for _, b := range a.before {
		wg.Go(func() { a.insist(ctx, b.last, "undo", `{"dry_run": false}`, "undoing", "undone") })
	}
	wg.Wait()
	a.note("the second storm is over")
	if !a.until(ctx, "every undo has ended", func(ctx context.Context) (string, error) {
		return a.text(ctx, `select concat_ws(' ', u.import_id, i.state, u.step, u.position, u.failure) from import_undo u
			join import i on i.tenant_id = u.tenant_id and i.id = u.import_id where not u.dry_run and (u.finished_at is null or i.state <> 'undone')`)
	}) {
		return
	}
	for _, b := range a.before {
		if err := a.restored(ctx, b); err != nil {
			a.blame("undo of %s: %v", b.last.name, err)
		}
	}
}

// before is a list as it was before its last import.
type before struct {
	last *errand
	list oracle.List
}

func (a *audit) restored(ctx context.Context, b before) error {
	id, err := imports.ParseID(b.last.id)
	if err != nil {
		return err
	}
	i := a.all[id]
	h := &house{press: a.press, tenant: i.Tenant, list: i.ListID}
	members, out, err := h.state(ctx, member.Standard())
	if err != nil {
		return err
	}
	wrong := difference(values(members), values(b.list.Members)) + difference(optOuts(out), optOuts(b.list.OptOuts))
	if wrong != "" {
		return fmt.Errorf("members are not what they were:\n%s", excerpt(wrong))
	}
	return nil
}

// values are the members without what tells how often and when they were changed or seen.
func values(members []oracle.Member) []string {
	plain := slices.Clone(members)
	for n := range plain {
		plain[n].Version, plain[n].UpdatedAt, plain[n].LastSeenAt = 0, time.Time{}, time.Time{}
	}
	slices.SortFunc(plain, func(a, b oracle.Member) int { return cmp.Compare(a.ID, b.ID) })
	return lines(member.Standard(), plain, time.Time{})
}
