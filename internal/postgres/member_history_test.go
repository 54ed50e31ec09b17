package postgres_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// history reads the whole history of a member in pages of that size, each happening as a line.
func (c *closing) history(t *testing.T, id int64, limit int) (lines []string) {
	t.Helper()
	for from := (postgres.HistoryPlace{}); ; {
		page, next, err := c.db.MemberHistory(t.Context(), c.tenant, id, from, limit)
		must(t, err)
		for _, h := range page {
			line := h.Act
			if h.Import != nil {
				line += fmt.Sprintf(" by %s row %d", h.Import.FileName, h.Row)
			} else {
				line += fmt.Sprintf(" by hand of %s %v", h.Actor, h.Fields)
			}
			if h.Member != id {
				line += fmt.Sprintf(" of lead, into %v", h.Into == id)
			}
			for _, key := range []string{"name", "email"} {
				if was, ok := h.Before[key]; ok {
					line += fmt.Sprintf(" %s %s→%s", key, was, h.After[key])
				}
			}
			if h.Undone {
				line += " undone"
			}
			lines = append(lines, line+strings.Join(h.Kept, ","))
		}
		if next == nil {
			return lines
		}
		if len(page) != limit {
			t.Fatalf("a page of %d that is not the last, want %d", len(page), limit)
		}
		from = *next
	}
}

// imported runs an import of rows to its end, and returns its id.
func (c *closing) imported(t *testing.T, rules member.Rules, rows ...[]string) imports.ID {
	t.Helper()
	c.startWith(t, imports.Options{Rules: rules.Filled()}, 1)
	_, err := c.merge(t.Context(), 0, 0, 0, rows...)
	must(t, err)
	must(t, c.db.EndOfSource(t.Context(), c.tenant, c.job.ID, int64(len(rows)), []int64{1}))
	must(t, c.db.NotePlace(t.Context(), c.tenant, c.job.ID, int64(len(rows))+1, 1))
	_, err = c.db.FinishImport(t.Context(), c.tenant, c.job.ID)
	must(t, err)
	for left := true; left; {
		left, err = c.db.FinishStep(t.Context(), c.tenant, c.job)
		if errors.Is(err, postgres.ErrStopped) {
			break
		}
		must(t, err)
	}
	return c.job.ID
}

func TestHistoryTellsWhatHappenedToAMemberAndFromWhere(t *testing.T) {
	t.Parallel()
	c := newClosing(t)
	ctx := postgres.WithActor(t.Context(), postgres.Actor{Kind: postgres.ActorUser, User: 7, Name: "花子"})
	c.imported(t, member.Rules{}, row("A1", "青木"), row("", "番号なし"), row("A2", "井上"), row("A3", "上田"))
	var id, other int64
	c.ask(t, &id, `select id from member where member_sn = 'A2'`)
	c.ask(t, &other, `select id from member where member_sn = 'A3'`)
	lead := c.put(t, `kind, name, email`, "lead", "井上 次", "inoue@example.jp")
	second := c.imported(t, member.Rules{}, row("A9", "別人"), []string{"A2", "井上 改", "inoue@example.jp", "", "", "", ""})
	_, err := c.db.UpdateMember(ctx, c.tenant, standard, id, postgres.MemberChange{Said: said("", map[string]string{"city": "京都"})})
	must(t, err)
	_, err = c.db.BlockMember(ctx, c.tenant, standard, id, true)
	must(t, err)
	c.imported(t, member.Rules{Mode: member.Delete}, row("A1", ""), row("A2", ""))
	c.exec(t, `update import set file_name = 'file' || (select count(*) from import o where o.id <= import.id)`)

	want := []string{
		`deleted by file3 row 3 name "井上 改"→ email "inoue@example.jp"→`,
		`blocked by hand of 花子 []`,
		`updated by hand of 花子 [city]`,
		`unified by file2 row 0 of lead, into true name "井上 次"→ email "inoue@example.jp"→`,
		`updated by file2 row 3 name "井上"→"井上 改" email null→"inoue@example.jp"`,
		`created by file1 row 4`,
	}
	for _, limit := range []int{100, 1, 2} {
		got := c.history(t, id, limit)
		if !slices.Equal(got, want) {
			t.Errorf("in pages of %d the history is\n%s\nwant\n%s", limit, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if got := c.history(t, other, 10); !slices.Equal(got, []string{`created by file1 row 5`}) {
		t.Errorf("who was never changed has the history %q", got)
	}
	if got := c.history(t, lead, 10); len(got) != 1 || !strings.HasPrefix(got[0], "unified by file2") {
		t.Errorf("the lead has the history %q", got)
	}

	// What an undo leaves is not undone.
	c.exec(t, `update import set state = 'undone' where id = $1`, second)
	c.exec(t, `insert into import_undo_kept values ($1, $2, false, $3, 'email', 'changed_since')`, c.tenant, second, id)
	if got := c.history(t, id, 10)[4]; got != want[4]+" undoneemail" {
		t.Errorf("after an undo that kept a field: %s", got)
	}
	c.exec(t, `update import_undo_kept set field = ''`)
	if got := c.history(t, id, 10)[4]; got != want[4] {
		t.Errorf("after an undo that kept the member: %s", got)
	}

	for what, id := range map[string]int64{"erased": c.erase(t, id), "nobody": 1 << 40} {
		if _, _, err := c.db.MemberHistory(t.Context(), c.tenant, id, postgres.HistoryPlace{}, 10); !errors.Is(err, postgres.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", what, err)
		}
	}
}

// erase erases a member, and returns its id.
func (c *closing) erase(t *testing.T, id int64) int64 {
	t.Helper()
	_, err := c.db.EraseMember(t.Context(), c.tenant, standard, id)
	must(t, err)
	return id
}
