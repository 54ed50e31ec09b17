// Command bench measures what `make bench` promises: a file end to end, from upload to completed, through the four
// services as separate processes, beside what a careful DBA writes by hand on the same PostgreSQL in the same run:
// COPY into a temporary table, then INSERT … SELECT … ON CONFLICT DO UPDATE with COALESCE, same table, same indexes,
// in one psql session and in two sessions of half a file each.
//
// Machines are noisy: what it prints to be quoted are ratios, phase by phase.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/meibo/meibo/internal/embedded"
	"github.com/meibo/meibo/internal/sample"
)

func main() {
	embedded.RunIfChild()
	var o options
	flag.IntVar(&o.rows, "rows", 1_000_000, "rows of the file, of 20 columns")
	flag.IntVar(&o.rounds, "rounds", 1, "how often everything is measured")
	flag.StringVar(&o.bin, "bin", "bin", "folder of the built services")
	flag.StringVar(&o.dir, "dir", "", "where data is kept meanwhile; a temporary folder by default")
	flag.BoolVar(&o.alone, "alone", false, "only Meibo, nothing by hand: for profiling")
	flag.BoolVar(&o.xlsx, "xlsx", true, "also import the content as a workbook")
	flag.BoolVar(&o.fair, "fair", false, "measure small imports beside one of so many rows instead")
	flag.IntVar(&o.small, "small", 50, "how many small imports, each of a tenant of its own")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := bench(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	rows, rounds int
	small        int
	fair         bool
	bin, dir     string
	xlsx, alone  bool
}

func bench(ctx context.Context, o options) (err error) {
	if o.dir == "" {
		if o.dir, err = os.MkdirTemp("", "meibo-bench-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()
	}
	if err := os.Chmod(o.dir, 0o711); err != nil { // PostgreSQL runs as another user where we are root
		return err
	}
	if o.fair {
		stack, err := embedded.StartStack(ctx, embedded.StackConfig{Dir: filepath.Join(o.dir, "data")})
		if err != nil {
			return err
		}
		return errors.Join(measureFairness(ctx, o, stack.Settings), stack.Close())
	}
	f, err := writeFiles(o)
	if err != nil {
		return err
	}
	stack, err := embedded.StartStack(ctx, embedded.StackConfig{Dir: filepath.Join(o.dir, "data")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stack.Close()) }()
	// The first writer makes the server's WAL files, which the others find ready.
	fmt.Println("warming up …")
	if err := byHand(ctx, stack.Settings.DatabaseURL, f, 1, -1, &table{quiet: true}); err != nil {
		return err
	}
	for round := range o.rounds {
		if err := measure(ctx, o, f, stack.Settings, round); err != nil {
			return err
		}
	}
	return nil
}

// measure runs every way through every phase once and prints the table.
func measure(ctx context.Context, o options, f files, s embedded.Settings, round int) error {
	var t table
	m, err := startMeibo(ctx, o, s, round)
	if err != nil {
		return err
	}
	err = m.run(ctx, f, &t)
	usage, stopErr := m.stop()
	if err := errors.Join(err, stopErr); err != nil {
		return err
	}
	for sessions := 1; sessions <= 2 && !o.alone; sessions++ {
		if err := byHand(ctx, s.DatabaseURL, f, sessions, round, &t); err != nil {
			return err
		}
	}
	t.print(os.Stdout, o.rows, usage)
	return nil
}

// files are the generated sources.
type files struct {
	rows int
	// first has new members, second the same with three columns changed, each also in halves.
	first, second         string
	firstHalf, secondHalf [2]string
	xlsx                  string
}

func writeFiles(o options) (files, error) {
	start := time.Now()
	f := files{rows: o.rows}
	var err error
	write := func(path *string, name string, revision int) {
		if err != nil {
			return
		}
		*path = filepath.Join(o.dir, name)
		err = writeSample(*path, sample.Config{Rows: o.rows, Seed: 1, Plain: true, Revision: revision, ChangeRate: 1})
	}
	write(&f.first, "first.csv", 0)
	write(&f.second, "second.csv", 1)
	if err == nil {
		f.firstHalf, err = halve(f.first, o.rows)
	}
	if err == nil {
		f.secondHalf, err = halve(f.second, o.rows)
	}
	if err == nil && o.xlsx {
		f.xlsx = filepath.Join(o.dir, "first.xlsx")
		err = writeWorkbook(f.xlsx, sample.Config{Rows: o.rows, Seed: 1, Plain: true})
	}
	if err != nil {
		return files{}, fmt.Errorf("write sample: %w", err)
	}
	info, err := os.Stat(f.first)
	if err != nil {
		return files{}, err
	}
	fmt.Printf("%d rows × 20 columns, %.0f MB a file, written in %.1f s\n", o.rows, float64(info.Size())/1e6, time.Since(start).Seconds())
	return f, nil
}
