package postgres_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// shown is a preview as text, by outcome.
func (w *world) shown(t *testing.T) map[string][]string {
	t.Helper()
	rows, err := w.db.Preview(t.Context(), w.tenant, w.job.ID, "")
	must(t, err)
	all := map[string][]string{}
	for _, r := range rows {
		changes, err := json.Marshal(r.Changes)
		must(t, err)
		all[r.Outcome] = append(all[r.Outcome], fmt.Sprintf("%d %s %s", r.Row, r.Code, changes))
	}
	return all
}

// TestDryRunPreviewsWhatTheImportThenDoes has keys come again in later chunks, of lanes that are merged one after another, the
// last one first: what a row is compared with is what the rows before it have made of the member.
func TestDryRunPreviewsWhatTheImportThenDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	_, err := w.merge(t.Context(), 0, 0, 0, []string{"K0", "旧 一", "old@example.jp", "1990-05-20", "男性", "a", "FALSE"}, row("K1", "旧 二"))
	must(t, err)
	w.finish(t, 1, 2)
	const lanes, chunks, rows = 2, 4, 8
	run := func(o imports.Options) (map[string][]string, []postgres.PreviewRow) {
		o.Rules = member.Rules{ImportTag: "春"}.Filled()
		w.startWith(t, o, lanes)
		for lane := lanes - 1; lane >= 0; lane-- {
			for seq := range int64(chunks) {
				var cells [][]string
				for n := range rows { // each lane has its own keys, and its chunks lie between those of the other
					cells = append(cells, []string{fmt.Sprintf("K%d", n%5*lanes+lane), fmt.Sprintf("名%d", seq), "", "", "", fmt.Sprintf("t%d", seq), "TRUE"})
				}
				_, err := w.merge(t.Context(), lane, seq, (seq*lanes+int64(lane))*rows, cells...)
				must(t, err)
			}
		}
		all, err := w.db.Preview(t.Context(), w.tenant, w.job.ID, "")
		must(t, err)
		return w.shown(t), all
	}
	dry, planned := run(imports.Options{DryRun: true})
	must(t, w.db.EndOfSource(t.Context(), w.tenant, w.job.ID, lanes*chunks*rows, []int64{chunks, chunks}))
	_, err = w.db.FinishImport(t.Context(), w.tenant, w.job.ID)
	must(t, err)
	did, done := run(imports.Options{})
	if !reflect.DeepEqual(dry, did) {
		t.Errorf("the dry run shows\n%v\nthe import does\n%v", dry, did)
	}
	if len(dry["created"]) != 8 || len(dry["updated"]) != 10 || len(dry["unchanged"]) != 10 || len(dry) != 3 {
		t.Errorf("%d created, %d updated, %d unchanged: want 8, and 10 of each", len(dry["created"]), len(dry["updated"]), len(dry["unchanged"]))
	}
	// Who opted out stays so, and tags are added to; both lanes are there, in the order of the file.
	for n, want := range []string{
		`2  [{"field":"name","before":"旧 一","after":"名0"},{"field":"tags","before":["a"],"after":["a","t0"]},{"field":"import_tags","before":null,"after":["春"]}]`,
		`10  [{"field":"name","before":"旧 二","after":"名0"},{"field":"tags","before":null,"after":["t0"]},{"field":"import_tags","before":null,"after":["春"]}]`,
		`18  [{"field":"name","before":"名0","after":"名1"},{"field":"tags","before":["a","t0"],"after":["a","t0","t1"]}]`,
	} {
		if dry["updated"][n] != want {
			t.Errorf("row %s, want %s", dry["updated"][n], want)
		}
	}
	for n, d := range done {
		p := planned[n]
		if d.Member == nil || (p.Member == nil) != (*d.Member >= w.job.FirstID) {
			t.Errorf("row %d is of member %v in the dry run, and then of %v", d.Row, p.Member, d.Member)
		}
	}
	only, err := w.db.Preview(t.Context(), w.tenant, w.job.ID, "created")
	must(t, err)
	if len(only) != 8 || slices.ContainsFunc(only, func(r postgres.PreviewRow) bool { return r.Outcome != "created" }) {
		t.Errorf("created rows: %+v", only)
	}
}
