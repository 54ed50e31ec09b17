package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/imports"
)

// retried is a server whose import 01 has retried the import 00, of which so many rows still fail.
func retried(t *testing.T, end client.Import, left int64) *api {
	t.Helper()
	a := newAPI(t, end)
	a.end.Parent = new("00")
	a.root = ended(imports.StateCompleted, 90, 10)
	a.root.Converged = &client.Converged{Created: 100 - left, Failed: left}
	return a
}

func TestRetryEndsWellOnceNoFailedRowIsLeft(t *testing.T) {
	t.Parallel()
	file := fileOf(t, "rowNumber,errorColumns,errorReason\n")
	for _, test := range []struct {
		name string
		end  client.Import
		left int64
		want int
	}{
		{"all corrected", ended(imports.StateCompleted, 10, 0), 0, exitOK},
		{"rows left out", ended(imports.StateCompleted, 8, 0), 2, exitFailedRows},
		{"rows that still fail", ended(imports.StateCompleted, 8, 2), 2, exitFailedRows},
		{"failed", ended(imports.StateFailed, 0, 0), 10, exitFailed},
		{"cancelled", ended(imports.StateCancelled, 3, 0), 7, exitFailed},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, more := range [][]string{nil, {"--json"}} {
				a := retried(t, test.end, test.left)
				got := meibo(t.Context(), a, "C", append([]string{"imports", "retry", "00", file}, more...)...)
				if got.status != test.want || a.source == "" || !slices.Contains(a.requests, "POST /v1/imports/01/start") {
					t.Errorf("%v: got %+v, want status %d", more, got, test.want)
				}
			}
		})
	}
}

func TestRetryShowsWhatBecameOfTheWholeFile(t *testing.T) {
	t.Parallel()
	a := retried(t, ended(imports.StateCompleted, 8, 2), 2)
	const want = `取り込み直しを含む「会員.csv」の結果
  合計      100
  新規登録   98
  更新        0
  変更なし    0
  失敗        2
`
	for _, args := range [][]string{{"imports", "retry", "00", fileOf(t, "x")}, {"imports", "show", "00"}} {
		if got := meibo(t.Context(), a, "ja_JP.UTF-8", args...); !strings.Contains(got.out, want) {
			t.Errorf("%q: got\n%s\nwant in it\n%s", args, got.out, want)
		}
	}
}

func TestRetryThatCannotStartIsCancelled(t *testing.T) {
	t.Parallel()
	a := retried(t, ended(imports.StateCompleted, 8, 2), 2)
	a.refuse = &client.Problem{Status: 422, Code: "not_a_report", Detail: "no report"}
	got := meibo(t.Context(), a, "C", "imports", "retry", "00", fileOf(t, "x"))
	if got.status == exitOK || !strings.Contains(got.err, "no report") || !slices.Contains(a.requests, "POST /v1/imports/01/cancel") {
		t.Errorf("got %+v after %v", got, a.requests)
	}
	if got := meibo(t.Context(), a, "C", "imports", "retry", "00", "missing.csv"); got.status != exitUsage {
		t.Errorf("a file that is not there: %+v", got)
	}
}
