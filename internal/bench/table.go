package main

import (
	"fmt"
	"io"
	"strconv"
	"time"
)

// The phases.
const (
	fresh     = "fresh load"
	update    = "full update"
	unchanged = "unchanged"
)

// table collects times by way and phase.
type table struct {
	times map[[2]string]time.Duration
	quiet bool
}

func (t *table) add(way, phase string, d time.Duration) {
	if t.times == nil {
		t.times = map[[2]string]time.Duration{}
	}
	t.times[[2]string{way, phase}] = d
	if !t.quiet {
		fmt.Printf("  %-8s %-12s %6.2f s\n", way, phase, d.Seconds())
	}
}

// print writes rows per second, Meibo's speed as a multiple of each way by hand, and how many times the time of a CSV
// the same content takes as a workbook.
func (t *table) print(w io.Writer, rows int, all []usage) {
	fmt.Fprintf(w, "\n%-12s %12s %12s %12s %10s %10s %12s %10s\n", "rows/s", "meibo", "psql ×1", "psql ×2", "to ×1", "to ×2", "xlsx", "time ×CSV")
	for _, phase := range []string{fresh, update, unchanged} {
		rate := func(way string) float64 { // 0 for a way that was not measured
			if d := t.times[[2]string{way, phase}]; d > 0 {
				return float64(rows) / d.Seconds()
			}
			return 0
		}
		m, one, two, book := rate("meibo"), rate("psql ×1"), rate("psql ×2"), rate("xlsx")
		fmt.Fprintf(w, "%-12s %12s %12s %12s %10s %10s %12s %10s\n", phase,
			figure(m, 1, 0), figure(one, 1, 0), figure(two, 1, 0), figure(m, one, 2), figure(m, two, 2), figure(book, 1, 0), figure(m, book, 2))
	}
	fmt.Fprintf(w, "\n%-12s %12s %12s\n", "process", "peak memory", "CPU")
	for _, u := range all {
		fmt.Fprintf(w, "%-12s %8.0f MiB %10.1f s\n", u.name, float64(u.peak)/(1<<20), u.cpu.Seconds())
	}
}

// figure is a / b with so many decimals, or a dash where either was not measured.
func figure(a, b float64, decimals int) string {
	if a == 0 || b == 0 {
		return "-"
	}
	return strconv.FormatFloat(a/b, 'f', decimals, 64)
}
