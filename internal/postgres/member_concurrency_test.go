package postgres_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// byEmail begins an import whose key is the e-mail address.
func (d *desk) byEmail(t *testing.T) {
	t.Helper()
	o := imports.Options{Rules: member.Rules{Key: "email"}.Filled(), TimeZone: "Asia/Tokyo", Region: "JP"}
	i, _, err := d.db.CreateImport(t.Context(), d.tenant, postgres.NewImport{List: postgres.MainList, FileName: "a.csv", Options: o, MaxRowBytes: 1 << 18})
	must(t, err)
	source := imports.Source{Size: 1, Format: "csv", MaxRows: 1000}
	_, err = d.db.SetUploaded(t.Context(), d.tenant, i.ID, postgres.Inspected{Source: source, Inspection: map[string]any{}})
	must(t, err)
	must(t, d.db.StartImport(t.Context(), d.tenant, i.ID, postgres.Settled{
		Options: o, Mapping: member.Mapping{{Header: "e", Field: "email"}, {Header: "n", Field: "name"}, {Header: "c", Field: "city"}},
		Cut: imports.Cut{Lanes: 1, ChunkRows: 10, ChunkBytes: 1000}, Source: source,
	}))
	_, err = d.db.OpenLedger(t.Context(), d.tenant, i.ID, 1)
	must(t, err)
	d.job, err = d.db.ImportForWork(t.Context(), d.tenant, i.ID)
	must(t, err)
	d.plan, err = d.job.Plan()
	must(t, err)
}

func TestCreatingOneAddressAtOnceMakesOneMember(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.byEmail(t)
	const addresses, callers = 15, 3
	var wg sync.WaitGroup
	errs := make([]error, callers+1)
	created := make([]int, callers+1)
	wg.Go(func() {
		for n := range int64(addresses) {
			r, err := d.merge(t.Context(), 0, n, n, []string{fmt.Sprintf("A%d@example.jp", n), "取込", "港区"})
			errs[callers] = errors.Join(errs[callers], err)
			created[callers] += int(r.Counts.Created)
		}
	})
	for c := range callers {
		wg.Go(func() {
			for n := range addresses {
				out, err := d.db.CreateMember(t.Context(), d.tenant, standard, postgres.NewMember{
					List: postgres.MainList, Said: said("email", map[string]string{"email": fmt.Sprintf("a%d@example.jp", n), "name": "窓口"}),
				})
				errs[c] = errors.Join(errs[c], err)
				if out.Member.ID != 0 {
					created[c]++
				} else if out.Holder == 0 {
					errs[c] = errors.Join(errs[c], fmt.Errorf("nothing was done: %+v", out))
				}
			}
		})
	}
	wg.Wait()
	must(t, errors.Join(errs...))
	total := 0
	for _, n := range created {
		total += n
	}
	if got := d.text(t, `select count(*) || ' ' || count(distinct email_key) || ' ' || count(city) from member`); total != addresses || got != fmt.Sprintf("%[1]d %[1]d %[1]d", addresses) {
		t.Errorf("%d created, members, addresses, cities: %s; want %d of each", total, got, addresses)
	}
}

// TestNothingIsLostBetweenAnImportAndSingleChanges: both change other fields of the same members at once, in both orders.
func TestNothingIsLostBetweenAnImportAndSingleChanges(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var ids []int64
	for n := range 8 {
		ids = append(ids, d.made(t, "email", map[string]string{"email": fmt.Sprintf("a%d@example.jp", n), "name": "元"}).ID)
	}
	d.byEmail(t)
	const rounds = 12
	var wg sync.WaitGroup
	errs := make([]error, 3)
	wg.Go(func() {
		for seq := range int64(rounds) {
			var rows [][]string
			for n := range ids {
				rows = append(rows, []string{fmt.Sprintf("a%d@example.jp", n), "", fmt.Sprintf("市%d", seq)})
			}
			_, err := d.merge(t.Context(), 0, seq, seq*int64(len(ids)), rows...)
			errs[0] = errors.Join(errs[0], err)
		}
	})
	for c, field := range []string{"name", "member_level"} {
		wg.Go(func() {
			for n := range rounds {
				for _, id := range ids {
					_, err := d.db.UpdateMember(t.Context(), d.tenant, standard, id, postgres.MemberChange{Said: said("", map[string]string{field: fmt.Sprintf("値%d", n)})})
					errs[1+c] = errors.Join(errs[1+c], err)
				}
			}
		})
	}
	wg.Wait()
	must(t, errors.Join(errs...))
	for _, id := range ids {
		m, err := d.db.Member(t.Context(), d.tenant, standard, id)
		must(t, err)
		got := fmt.Sprintln(value(m, "name").Text, value(m, "member_level").Text, value(m, "city").Text, m.Version)
		if want := fmt.Sprintln("値11", "値11", "市11", 1+3*rounds); got != want {
			t.Errorf("member %d = %swant %s", id, got, want)
		}
	}
}

// TestChunkThatReadAMemberBeforeItWasChangedKeepsTheChange has the change come between a chunk's reading and writing, and
// a chunk's writing before the change reads.
func TestChunkThatReadAMemberBeforeItWasChangedKeepsTheChange(t *testing.T) {
	t.Parallel()
	for _, change := range []string{"update", "delete"} {
		t.Run(change, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			m := d.made(t, "email", map[string]string{"email": "a@example.jp", "name": "元"})
			d.byEmail(t)
			// The row is locked, so that the chunk, which has read the member, waits to write it.
			tx, err := d.admin.Begin(t.Context())
			must(t, err)
			_, err = tx.Exec(t.Context(), `select from member where id = $1 for update`, m.ID)
			must(t, err)
			var wg sync.WaitGroup
			var chunk postgres.ChunkResult
			var chunkErr error
			wg.Go(func() { chunk, chunkErr = d.merge(t.Context(), 0, 0, 0, []string{"a@example.jp", "取込", "港区"}) })
			awaitBlocked(t, tx)
			if change == "update" {
				_, err = tx.Exec(t.Context(), `update member set member_level = '金', version = version + 1 where id = $1`, m.ID)
			} else {
				_, err = tx.Exec(t.Context(), `delete from member where id = $1`, m.ID)
			}
			must(t, err)
			must(t, tx.Commit(t.Context()))
			wg.Wait()
			must(t, chunkErr)
			after := d.only(t)
			got := fmt.Sprintln(value(after, "name").Text, value(after, "city").Text, value(after, "member_level").Text, chunk.Counts.Created, chunk.Counts.Updated)
			if want := map[string]string{"update": "取込 港区 金 0 1\n", "delete": "取込 港区  1 0\n"}[change]; got != want {
				t.Errorf("member = %swant %s", got, want)
			}
		})
	}
}

// TestOptOutOfAMemberWhoIsDeletedWhileAChunkIsMergedIsKept has the member go, and the first opt-out of the list come, when
// a chunk has had its turn and has not yet read who is there.
func TestOptOutOfAMemberWhoIsDeletedWhileAChunkIsMergedIsKept(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.byEmail(t)
	_, err := d.merge(t.Context(), 0, 0, 0, []string{"", "", ""}) // prepares the connection
	must(t, err)
	tx, err := d.admin.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), `lock table member in access exclusive mode`)
	must(t, err)
	var wg sync.WaitGroup
	var chunkErr error
	wg.Go(func() { _, chunkErr = d.merge(t.Context(), 0, 1, 1, []string{"a@example.jp", "取込", "港区"}) })
	awaitBlocked(t, tx)
	_, err = tx.Exec(t.Context(), `insert into opt_out (tenant_id, list_id, field, contact, created_at) values ($1, $2, 'is_subscriber', 'a@example.jp', now())`,
		d.tenant, d.job.ListID)
	must(t, err)
	must(t, tx.Commit(t.Context()))
	wg.Wait()
	must(t, chunkErr)
	if v := value(d.only(t), "is_subscriber"); !v.Set || v.Bool() {
		t.Errorf("is_subscriber = %+v, want false", v)
	}
}

// awaitBlocked waits until somebody waits for what tx holds.
func awaitBlocked(t *testing.T, tx pgx.Tx) {
	t.Helper()
	for {
		var waiting bool
		must(t, tx.QueryRow(t.Context(), `select exists (select from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid)))`).Scan(&waiting))
		if waiting {
			return
		}
	}
}
