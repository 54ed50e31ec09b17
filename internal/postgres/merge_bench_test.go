package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
)

var benchFields = []string{
	"member_sn", "name", "last_name", "first_name", "email", "phone", "line_id", "member_level", "city", "country", "iso_code",
	"register_date", "birthday", "sex", "register_type", "tags", "is_active", "is_subscriber", "is_subscriber_sms", "crm_pk",
}

// BenchmarkMergeChunk merges chunks of 4,000 rows of 20 columns from two workers, parsed in the same loop.
func BenchmarkMergeChunk(b *testing.B) {
	for _, name := range []string{"fresh", "update", "unchanged"} {
		b.Run(name, func(b *testing.B) {
			const rows, chunks = 4000, 20
			w := newBenchWorld(b)
			if name != "fresh" {
				w.run(b, rows, chunks, "0")
				w.job.FirstID = 1 << 41 // as if another import had created the members: changes of those are journaled
			}
			round := 0
			b.ReportAllocs()
			for b.Loop() {
				if name == "fresh" {
					w = newBenchWorld(b)
				} else if name == "update" {
					round++
				}
				w.run(b, rows, chunks, fmt.Sprintf("%d", round))
				b.ReportMetric(float64(rows*chunks*2*b.N), "rows")
			}
		})
	}
}

type benchWorld struct {
	db   *postgres.DB
	job  *imports.Import
	plan *member.Plan
	seq  int64
}

func newBenchWorld(b *testing.B) *benchWorld {
	b.Helper()
	db := postgrestest.New(b)
	ctx := context.Background()
	ten, err := db.CreateTenant(ctx, postgres.Tenant{Name: "shop"})
	check(b, err)
	var m member.Mapping
	for _, f := range benchFields {
		m = append(m, member.Column{Header: f, Field: f})
	}
	o := imports.Options{Rules: member.Rules{}.Filled(), TimeZone: "Asia/Tokyo", Region: "JP"}
	i, _, err := db.CreateImport(ctx, ten.ID, postgres.NewImport{List: postgres.MainList, FileName: "a.csv", Options: o, MaxRowBytes: 1 << 18})
	check(b, err)
	source := imports.Source{Size: 1, Format: "csv", MaxRows: 1 << 40}
	_, err = db.SetUploaded(ctx, ten.ID, i.ID, postgres.Inspected{Source: source, Inspection: map[string]any{}})
	check(b, err)
	check(b, db.StartImport(ctx, ten.ID, i.ID, postgres.Settled{Options: o, Mapping: m, Cut: imports.Cut{Lanes: 2, ChunkRows: 4000, ChunkBytes: 1000}, Source: source}))
	_, err = db.OpenLedger(ctx, ten.ID, i.ID, 2)
	check(b, err)
	w := &benchWorld{db: db}
	w.job, err = db.ImportForWork(ctx, ten.ID, i.ID)
	check(b, err)
	w.plan, err = w.job.Plan()
	check(b, err)
	return w
}

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (w *benchWorld) run(b *testing.B, rows, chunks int, level string) {
	var wg sync.WaitGroup
	for lane := range 2 {
		wg.Go(func() {
			for c := range chunks {
				_, err := w.db.MergeChunk(context.Background(), w.job.Tenant, postgres.ChunkWork{
					Import: w.job, Plan: w.plan, Lane: lane, Seq: w.seq + int64(c),
					Parse:  func() ([]member.Row, error) { return w.rows(lane, c, rows, level), nil },
					Report: func(context.Context, []member.Row) error { return nil },
				})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	w.seq += int64(chunks)
}

func (w *benchWorld) rows(lane, chunk, n int, level string) []member.Row {
	rows := make([]member.Row, n)
	for i := range rows {
		k := (chunk*n+i)*2 + lane
		rows[i] = member.Row{
			Number: int64(k), Ordinal: int64(k), Values: make([]member.Value, len(w.plan.Fields)), Actions: make([]member.Action, len(w.plan.Fields)),
			Cells: []string{
				fmt.Sprintf("M%08d", k), "佐藤 一郎", "佐藤", "一郎", fmt.Sprintf("ichiro.sato.%d@example.co.jp", k), fmt.Sprintf("090-%04d-%04d", 1000+k/10000%9000, k%10000),
				fmt.Sprintf("U%032x", k), "ランク" + level, "横浜市港北区", "日本", "JP", "2023-01-01", "1990/05/20", "男性", "LINE", "男性/30代,vip", "TRUE", "TRUE", "FALSE", fmt.Sprintf("crm-%d", k),
			},
		}
		w.plan.Parse(&rows[i])
		if rows[i].Failed() {
			panic(fmt.Sprint(rows[i].Problems))
		}
	}
	return rows
}
