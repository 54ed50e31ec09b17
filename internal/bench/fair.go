package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/devstack"
	"github.com/meibo/meibo/internal/embedded"
	"github.com/meibo/meibo/internal/sample"
)

// smallRows is how many rows a small import has.
const smallRows = 1000

// patience is how many times its idle time a small import may take beside a large one, at the 95th percentile.
const patience = 5

// fair measures the small imports of many tenants while nothing else is done, and beside a large one.
type fair struct {
	*meibo
	dir   string
	small []*client.Client
	files int
}

// measureFairness prints what `make bench-fair` promises.
func measureFairness(ctx context.Context, o options, s embedded.Settings) (err error) {
	m, err := startMeibo(ctx, o, s, 0)
	if err != nil {
		return err
	}
	defer func() {
		_, stopErr := m.stop()
		err = errors.Join(err, stopErr)
	}()
	f := &fair{meibo: m, dir: o.dir}
	for n := range o.small {
		name := fmt.Sprintf("small-%d", n)
		key, err := devstack.Prepare(ctx, m.database, name, filepath.Join(o.dir, name))
		if err != nil {
			return err
		}
		f.small = append(f.small, client.New(m.url, key))
	}
	if _, err := f.each(ctx, 1); err != nil { // warms up
		return err
	}
	idle, err := f.both(ctx, "idle")
	if err != nil {
		return err
	}
	large, err := f.begin(ctx, o.rows)
	if err != nil {
		return err
	}
	loaded, err := f.both(ctx, "beside the large import")
	if err != nil {
		return err
	}
	if large, err = m.client.Import(ctx, large.ID); err != nil {
		return err
	}
	if large.State.Final() {
		return fmt.Errorf("the large import was %s before the small ones had ended: more rows are needed", large.State)
	}
	fmt.Printf("the large import had %d of %d rows merged then\n", large.Total-large.NotProcessed, o.rows)
	for n, way := range ways {
		ratio := loaded[n].Seconds() / idle[n].Seconds()
		fmt.Printf("%-18s %.2f times as long at the 95th percentile\n", way.name, ratio)
		if ratio > patience {
			err = errors.Join(err, fmt.Errorf("%s: %.2f times as long as idle, want %d at most", way.name, ratio, patience))
		}
	}
	return err
}

// ways are how many of the small imports are there at the same time; 0 is all.
var ways = []struct {
	name   string
	atOnce int
}{{"one after another", 1}, {"all at once", 0}}

// both measures the small imports in each way, and returns the 95th percentiles.
func (f *fair) both(ctx context.Context, when string) (all []time.Duration, err error) {
	for _, way := range ways {
		took, err := f.each(ctx, way.atOnce)
		if err != nil {
			return nil, err
		}
		slices.Sort(took)
		p95 := took[(len(took)*95+99)/100-1]
		fmt.Printf("%d imports of %d rows, %s, %s: median %.3f s, 95th percentile %.3f s\n",
			len(took), smallRows, way.name, when, took[len(took)/2].Seconds(), p95.Seconds())
		all = append(all, p95)
	}
	return all, nil
}

// each imports new members into every small tenant, and returns how long each took from the first call to its end.
func (f *fair) each(ctx context.Context, atOnce int) ([]time.Duration, error) {
	if atOnce == 0 {
		atOnce = len(f.small)
	}
	f.files++
	took, errs := make([]time.Duration, len(f.small)), make([]error, len(f.small))
	turns := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for n, c := range f.small {
		path := filepath.Join(f.dir, fmt.Sprintf("small-%d-%d.csv", f.files, n))
		if err := writeSample(path, sample.Config{Rows: smallRows, Seed: uint64(1000*f.files + n), Plain: true}); err != nil {
			return nil, err
		}
		turns <- struct{}{}
		wg.Go(func() {
			defer func() { <-turns }()
			one := &meibo{client: c}
			start := time.Now()
			i, err := one.load(ctx, path)
			if errs[n] = err; err == nil {
				took[n] = i.FinishedAt.Sub(start)
			}
		})
	}
	wg.Wait()
	return took, errors.Join(errs...)
}

// begin starts a large import, and returns when its first rows are merged.
func (f *fair) begin(ctx context.Context, rows int) (client.Import, error) {
	path := filepath.Join(f.dir, "large.csv")
	if err := writeSample(path, sample.Config{Rows: rows, Seed: 1, Plain: true}); err != nil {
		return client.Import{}, err
	}
	file, err := os.Open(path)
	if err != nil {
		return client.Import{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return client.Import{}, err
	}
	i, err := f.client.Create(ctx, client.Options{FileName: "large.csv"})
	if err != nil {
		return i, err
	}
	if _, err := f.client.UploadSource(ctx, i.ID, file, info.Size(), nil); err != nil {
		return i, err
	}
	if i, err = f.client.Start(ctx, i.ID, client.Options{}); err != nil {
		return i, err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for i.Total == i.NotProcessed && !i.State.Final() {
		select {
		case <-ctx.Done():
			return i, ctx.Err()
		case <-tick.C:
		}
		if i, err = f.client.Import(ctx, i.ID); err != nil {
			return i, err
		}
	}
	return i, nil
}
