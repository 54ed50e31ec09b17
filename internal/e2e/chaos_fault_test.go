package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// fault is one thing that goes wrong.
type fault struct {
	// at is when it begins, after the first import does, and lasts how long it stays.
	at, lasts time.Duration
	what      string
	// on is the name of the worker, the part, or the link.
	on string
	// much is what its kind measures: milliseconds, bytes a second, seconds of a clock.
	much int
}

func (f fault) String() string {
	s := fmt.Sprintf("%s %s for %v", f.what, f.on, f.lasts)
	if f.much != 0 {
		s += fmt.Sprintf(" (%d)", f.much)
	}
	return s
}

var services = []string{"uploader", "splitter", "merger", "notifier"}

// kinds are the faults with their weights.
var kinds = []struct {
	what   string
	weight int
}{
	{"kill", 8},
	{"stop", 2},
	{"freeze", 5},
	{"crash", 5},
	{"restart", 3},
	{"cut", 4},
	{"lose requests", 3},
	{"lose answers", 4},
	{"delay", 3},
	{"slow", 3},
	{"fill disk", 2},
	{"step clock", 3},
}

// faults makes the plan of a seed: so many faults, each beginning within the time.
func faults(r *rand.Rand, n int, within time.Duration, clock bool) (plan []fault) {
	total := 0
	for _, k := range kinds {
		total += k.weight
	}
	for len(plan) < n {
		draw, what := r.IntN(total), ""
		for _, k := range kinds {
			if draw -= k.weight; draw < 0 {
				what = k.what
				break
			}
		}
		f := fault{at: ms(r.Int64N(within.Milliseconds())), lasts: ms(50 + r.Int64N(1500)), what: what}
		who := fmt.Sprintf("%s-%d", services[r.IntN(len(services))], 1+r.IntN(2))
		switch what {
		case "kill", "stop":
			f.on = who
		case "freeze":
			f.on = who
			if r.IntN(8) == 0 {
				f.lasts = ms(11_000 + r.Int64N(2_000)) // longer than the queue waits for a sign of life
			}
		case "crash", "restart":
			f.on = partNames[r.IntN(len(partNames))]
		case "fill disk":
			f.on = "nats"
		case "step clock":
			f.on, f.much = who, int(r.Int64N(7200)-3600)
		default:
			f.on = who + "/" + partNames[r.IntN(len(partNames))]
			if r.IntN(10) == 0 {
				f.on = fmt.Sprintf("uploader-%d", 1+r.IntN(2))
			}
			switch what {
			case "delay":
				f.much = 5 + r.IntN(150)
			case "slow":
				f.much = 20_000 + r.IntN(400_000)
			}
		}
		if what != "step clock" || clock {
			plan = append(plan, f)
		}
	}
	slices.SortStableFunc(plan, func(a, b fault) int { return int(a.at - b.at) })
	return plan
}

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// suffer has all faults happen in their time and returns when all of them are over.
func (c *town) suffer(ctx context.Context, plan []fault) {
	var wg sync.WaitGroup
	start := time.Now()
	for _, f := range plan {
		wg.Go(func() {
			rest(ctx, f.at-time.Since(start))
			c.happen(ctx, f)
		})
	}
	wg.Wait()
}

// rest waits, at most until ctx ends.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// happen has one fault happen. What suffers one already has it after that.
func (c *town) happen(ctx context.Context, f fault) {
	switch f.what {
	case "kill", "stop", "freeze", "step clock":
		c.hurtWorker(ctx, f)
	case "crash", "restart":
		p := c.parts[f.on]
		p.busy.Lock()
		defer p.busy.Unlock()
		c.note("%v", f)
		if err := p.down(f.what == "crash"); err != nil {
			c.note("%s: %v", f.on, err)
		}
		rest(ctx, f.lasts)
		if err := p.up(ctx); err != nil {
			c.blame("%v", err)
		}
		c.note("%s is back", f.on)
	case "fill disk":
		c.fill(ctx, f)
	default:
		l := c.links[f.on]
		l.busy.Lock()
		defer l.busy.Unlock()
		c.note("%v", f)
		l.set(weather{
			Cut: f.what == "cut", LoseUp: f.what == "lose requests", LoseDown: f.what == "lose answers",
			Delay: ifIs(f, "delay", ms(int64(f.much))), Rate: ifIs(f, "slow", f.much),
		})
		rest(ctx, f.lasts)
		l.set(weather{})
		c.note("%s is well", f.on)
	}
}

func ifIs[T any](f fault, what string, v T) (otherwise T) {
	if f.what == what {
		return v
	}
	return otherwise
}

func (c *town) hurtWorker(ctx context.Context, f fault) {
	n := slices.IndexFunc(c.workers, func(w *worker) bool { return w.name == f.on })
	w := c.workers[n]
	w.busy.Lock()
	defer w.busy.Unlock()
	c.note("%v", f)
	switch f.what {
	case "step clock":
		if err := setClock(filepath.Join(c.dir, w.name+".clock"), time.Duration(f.much)*time.Second); err != nil {
			c.blame("%v: %v", f, err)
		}
	case "freeze":
		w.signal(syscall.SIGSTOP)
		rest(ctx, f.lasts)
		w.signal(syscall.SIGCONT)
		c.note("%s goes on", f.on)
	default:
		sig := syscall.SIGKILL
		if f.what == "stop" {
			sig = syscall.SIGTERM
		}
		if !w.stop(sig, time.Minute) {
			c.blame("%s does not stop in a minute", w.name)
		}
		rest(ctx, f.lasts)
		if err := w.start(); err != nil {
			c.blame("start %s again: %v", w.name, err)
		}
		c.note("%s is back", f.on)
	}
}

// fill takes all the room that the queue has on its disk, and gives it back.
func (c *town) fill(ctx context.Context, f fault) {
	p := c.parts["nats"]
	p.busy.Lock()
	defer p.busy.Unlock()
	err := c.withQueue(func(js jetstream.JetStream) error {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "BALLAST", Subjects: []string{"ballast"}}); err != nil {
			return err
		}
		stored := 0
		for size := 4 << 20; size >= 256; {
			if _, err := js.Publish(ctx, "ballast", make([]byte, size)); err != nil {
				size /= 2
				continue
			}
			stored++
		}
		c.note("%v: full after %d messages", f, stored)
		rest(ctx, f.lasts)
		err := js.DeleteStream(ctx, "BALLAST")
		c.note("there is room again")
		return err
	})
	if err != nil {
		c.blame("%v: %v", f, err)
	}
}

func (c *town) withQueue(f func(jetstream.JetStream) error) error {
	nc, err := nats.Connect(c.natsURL)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	return f(js)
}
