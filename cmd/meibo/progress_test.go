package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
)

func TestSpeedCountsFromTheFirstRunningMoment(t *testing.T) {
	t.Parallel()
	start := time.Date(2024, 5, 4, 0, 0, 0, 0, time.UTC)
	s := speed{total: 1000}
	if _, ok := s.left(); ok {
		t.Error("knows the time left before anything is done")
	}
	s.take(client.Import{State: imports.StateQueued}, start)
	s.take(client.Import{State: imports.StateRunning, Total: 300, NotProcessed: 200}, start.Add(time.Minute))
	s.take(client.Import{State: imports.StateRunning, Total: 700, NotProcessed: 200}, start.Add(time.Minute+4*time.Second))
	if left, ok := s.left(); s.rate != 100 || s.current != 500 || left != 5*time.Second || !ok {
		t.Errorf("got %+v, %v", s, left)
	}
	// The bound was too high: the file has fewer rows.
	s.take(client.Import{State: imports.StateCompleted, Total: 900, Created: 900}, start.Add(2*time.Minute))
	if s.total != 900 || s.current != 900 {
		t.Errorf("got %+v", s)
	}
}

// anImport plays what a short import shows.
func anImport(p progress) {
	p.upload(50, 100)
	p.upload(100, 100)
	p.uploaded(100)
	p.inspected(client.Inspection{Format: "xlsx", Sheet: "会員"})
	p.expect(10)
	p.rows(client.Import{State: imports.StateQueued})
	p.rows(client.Import{State: imports.StateRunning, Total: 5, NotProcessed: 3})
	p.rows(client.Import{State: imports.StateRunning, Total: 10, NotProcessed: 3})
	p.rows(client.Import{State: imports.StateRunning, Stage: imports.StageFinishing, Total: 10, Unified: 2, Removed: 1000})
	p.rows(client.Import{State: imports.StateRunning, Stage: imports.StageFinishing, Total: 10, Unified: 2, Removed: 2000})
	p.rows(client.Import{State: imports.StateCompleted, Total: 10})
	p.close()
	p.close()
}

func TestLinesTellEachStageOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	anImport(newProgress(&console{err: &out, language: tenant.Japanese}))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	want := []string{"アップロード完了：100 B", "ファイル：xlsx, 会員", "順番待ち", "取り込み中：2 / 約 10 行", "仕上げ中（リードの統合 2 件、ファイルにない会員の削除 1,000 件）", "完了：10 / 10 行"}
	if len(lines) != len(want) {
		t.Fatalf("got %q", lines)
	}
	for i := range want {
		if !strings.HasPrefix(lines[i], want[i]) {
			t.Errorf("got %q, want %q", lines[i], want[i])
		}
	}
}

func TestBarsEndWhenTheImportDoes(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int64{"known size": 100, "unknown size": -1} {
		var out bytes.Buffer
		p := newProgress(&console{err: &out, terminal: true})
		if size < 0 {
			p.upload(70, size)
		}
		anImport(p)
		for _, want := range []string{"Upload", "Import", "10 / 10 rows", "File: xlsx"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %q is not shown in %q", name, want, out.String())
			}
		}
	}
}

func TestBarsThatAreInterruptedEndToo(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(&console{err: &out, terminal: true})
	p.upload(50, 100)
	p.close()
	p.rows(client.Import{State: imports.StateRunning, Total: 10, NotProcessed: 3})
	p.close()
}

func TestExpectedRowsComeFromTheFirstOnes(t *testing.T) {
	t.Parallel()
	rows := [][]string{{"M-1", "山田"}, {"M-2", ""}} // 11 and 5 bytes
	for _, test := range []struct {
		inspection client.Inspection
		want       int64
	}{
		{client.Inspection{Format: "csv", SampleRows: rows, MaxRows: 1000}, 100},
		{client.Inspection{Format: "csv", SampleRows: rows, MaxRows: 50}, 50},
		{client.Inspection{Format: "csv", MaxRows: 50}, 50},
		{client.Inspection{Format: "xlsx", SampleRows: rows, MaxRows: 1000}, 1000},
	} {
		if got := expectedRows(test.inspection, 800); got != test.want {
			t.Errorf("%+v: got %d, want %d", test.inspection, got, test.want)
		}
	}
}

func TestDurationsReadInBothLanguages(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration][2]string{
		190 * time.Millisecond:      {"190ミリ秒", "190ms"},
		1500 * time.Millisecond:     {"1.5秒", "1.5s"},
		70 * time.Second:            {"1分10秒", "1m10s"},
		2*time.Hour + 3*time.Second: {"2時間0分3秒", "2h0m3s"},
	} {
		japanese, english := console{language: tenant.Japanese}, console{language: tenant.English}
		if got := [2]string{japanese.duration(d), english.duration(d)}; got != want {
			t.Errorf("%d: %q, want %q", d, got, want)
		}
	}
}
