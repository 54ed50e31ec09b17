package imports_test

import (
	"testing"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

func TestStageFollowsTheLifeOfAnImport(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for want, i := range map[imports.Stage]imports.Import{
		imports.StageWaiting:   {State: imports.StateQueued},
		imports.StageReading:   {State: imports.StateRunning},
		imports.StageMerging:   {State: imports.StateRunning, SplitAt: &now},
		imports.StageFinishing: {State: imports.StateRunning, SplitAt: &now, FinishingAt: &now},
		"":                     {State: imports.StateFailed, SplitAt: &now, FinishingAt: &now},
	} {
		if got := i.Stage(); got != want {
			t.Errorf("stage of %+v = %q, want %q", i, got, want)
		}
	}
}

func TestRemovalIsLimitedWhereNothingIsSaid(t *testing.T) {
	t.Parallel()
	replace := member.Rules{Mode: member.Replace}
	rows := imports.Limit{Set: true, Value: 7}
	for name, tt := range map[string]struct {
		options  imports.Options
		limit    string
		measures bool
	}{
		"nothing said":      {imports.Options{Rules: replace}, "10%", true},
		"a share":           {imports.Options{Rules: replace, MaxRemoved: imports.Percent(0.5)}, "0.5%", true},
		"a number":          {imports.Options{Rules: replace, MaxRemoved: rows}, "7", false},
		"removes nobody":    {imports.Options{}, "10%", false},
		"changes by share":  {imports.Options{MaxChanged: imports.Percent(5)}, "10%", true},
		"changes by number": {imports.Options{MaxChanged: rows}, "10%", false},
	} {
		if got := tt.options.RemovalLimit().String(); got != tt.limit {
			t.Errorf("%s: limit %s, want %s", name, got, tt.limit)
		}
		if got := tt.options.MeasuresList(); got != tt.measures {
			t.Errorf("%s: measures the list: %v", name, got)
		}
	}
}

func TestLimitsOfRowsAreExceededByMoreThanTheyAllow(t *testing.T) {
	t.Parallel()
	totals := imports.Totals{Total: 200, Counts: member.Counts{Updated: 6, Deleted: 4, Failed: 20, Created: 170}}
	rows := func(n float64) imports.Limit { return imports.Limit{Set: true, Value: n} }
	for name, tt := range map[string]struct {
		options imports.Options
		want    member.Problem
	}{
		"none":                    {},
		"failed rows allowed":     {options: imports.Options{MaxFailed: rows(20)}},
		"failed rows":             {imports.Options{MaxFailed: rows(19)}, member.Problem{Code: member.MaxFailed, Detail: "19"}},
		"failed share allowed":    {options: imports.Options{MaxFailed: imports.Percent(10)}},
		"failed share":            {imports.Options{MaxFailed: imports.Percent(9.9)}, member.Problem{Code: member.MaxFailed, Detail: "9.9%"}},
		"changed members allowed": {options: imports.Options{MaxChanged: rows(10)}},
		"changed members":         {imports.Options{MaxChanged: rows(9)}, member.Problem{Code: member.MaxChanged, Detail: "9"}},
		"changed share allowed":   {options: imports.Options{MaxChanged: imports.Percent(20)}},
		"changed share":           {imports.Options{MaxChanged: imports.Percent(19)}, member.Problem{Code: member.MaxChanged, Detail: "19%"}},
	} {
		i := imports.Import{Options: tt.options, Totals: totals, MembersBefore: 50}
		if got, exceeded := i.ExceededLimit(); got != tt.want || exceeded != (tt.want.Code != "") {
			t.Errorf("%s: %+v, %v; want %+v", name, got, exceeded, tt.want)
		}
	}
}
