package splitter

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/queue"
)

// errStopped: the import is not running any more, or was set going again since.
var errStopped = errors.New("import is not running")

// perWorker is how many chunks may be in the queue for each worker that merges: the one in its hands, and one in the line,
// so that it has the next at once although nobody looks at the lanes all the time. What comes then waits for no more.
const perWorker = 2

// minWindow is how many chunks may always be in the queue, also where no worker is known.
const minWindow = 2

// A splitter notes its progress and asks whether the import still runs so often: sooner at first, since those that began
// together have not heard of one another.
const (
	firstCheckIn = 50 * time.Millisecond
	checkInEvery = time.Second
)

// The pause between two looks at the lanes grows from the first to the second while none gets free.
const (
	shortPause = 2 * time.Millisecond
	longPause  = 10 * time.Millisecond
)

// pump publishes an import's chunks as their lanes get free.
type pump struct {
	*handler
	job *imports.Import
	// release takes back the memory of a published chunk.
	release func(block []byte)
	// merged is how many chunks of each lane are done since before this splitter began.
	merged []int64
	// waiting are the chunks of each lane that are not published yet, in order.
	waiting [][]imports.Chunk
	count   int
	// busy are the lanes that held a chunk when last looked at.
	busy      []bool
	busyCount int
	looked    time.Time
	// share is how many chunks the import may have in the queue, read the number of data rows so far; watch sets and
	// tells them in another goroutine.
	share, read atomic.Int64
	// row is the number of the last row that was read, part the bits of the part of the file that was.
	row  atomic.Int64
	part atomic.Uint64
}

func newPump(h *handler, i *imports.Import, merged []int64) *pump {
	return &pump{handler: h, job: i, merged: merged, waiting: make([][]imports.Chunk, i.Cut.Lanes), busy: make([]bool, i.Cut.Lanes)}
}

// offer takes a chunk, publishes what can be, and returns once no more than one chunk per lane waits.
func (p *pump) offer(ctx context.Context, c imports.Chunk) error {
	if c.Seq < p.merged[c.Lane] {
		p.release(c.Block)
		return nil
	}
	p.waiting[c.Lane] = append(p.waiting[c.Lane], c)
	p.count++
	return p.drain(ctx, p.job.Cut.Lanes)
}

// drain publishes until no more than limit chunks wait.
func (p *pump) drain(ctx context.Context, limit int) error {
	sleep := shortPause
	for {
		published, err := p.publish(ctx)
		if err == nil && p.count > 0 && time.Since(p.looked) > shortPause {
			p.look(ctx)
			published, err = p.publish(ctx)
		}
		if err != nil {
			return err
		}
		if p.count <= limit {
			return nil
		}
		if published {
			sleep = shortPause
		}
		if err := pause(ctx, sleep); err != nil {
			return err
		}
		sleep = min(sleep*2, longPause)
	}
}

// publish sends the first waiting chunk of every lane that is believed free, as far as the window allows.
func (p *pump) publish(ctx context.Context) (any bool, err error) {
	for lane := range p.waiting {
		if len(p.waiting[lane]) == 0 || p.busy[lane] || int64(p.busyCount) >= p.share.Load() || ctx.Err() != nil {
			continue
		}
		c := p.waiting[lane][0]
		err := p.queue.PublishChunk(ctx, queue.Chunk{Job: queue.Job{Tenant: p.job.Tenant, Import: p.job.ID}, Chunk: c, Run: p.job.Run})
		// Whatever the answer was: the lane is taken for now.
		p.busy[lane] = true
		p.busyCount++
		if err == nil {
			p.waiting[lane] = p.waiting[lane][1:]
			p.count--
			p.release(c.Block)
			any = true
		} else if errors.Is(err, queue.ErrTooLarge) {
			return any, &imports.Failure{Problem: member.Problem{Code: member.PoisonChunk}, Err: err}
		} else if !errors.Is(err, queue.ErrLaneBusy) && ctx.Err() == nil {
			// Nobody knows whether it is stored. The same chunk is published again when the lane is free; the
			// ledger makes the repeat harmless, a gap would not be.
			p.log.Warn("chunk not published", zap.Stringer("import", p.job.ID), zap.Int("lane", lane), zap.Error(err))
		}
	}
	return any, nil
}

// look asks the queue which lanes are busy.
func (p *pump) look(ctx context.Context) {
	busy, err := p.queue.BusyLanes(ctx, p.job.ID)
	if err != nil {
		if ctx.Err() == nil {
			p.log.Warn("cannot see the lanes", zap.Stringer("import", p.job.ID), zap.Error(err))
		}
		return
	}
	p.looked = time.Now()
	p.busyCount = 0
	for lane := range p.busy {
		p.busy[lane] = busy[lane]
		if busy[lane] {
			p.busyCount++
		}
	}
}

// watch checks in now and then again and again until stop is called. The context that it returns ends, with errStopped as
// its cause, when the import does not run any more, whatever the splitter waits for at that moment.
func (p *pump) watch(ctx context.Context) (watched context.Context, stop func(), err error) {
	if err := p.checkIn(ctx); err != nil {
		return nil, nil, err
	}
	watched, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for every := firstCheckIn; pause(watched, every) == nil; every = min(2*every, checkInEvery) {
			switch err := p.checkIn(watched); {
			case errors.Is(err, errStopped):
				cancel(err)
			case err != nil && watched.Err() == nil:
				p.log.Warn("cannot check in", zap.Stringer("import", p.job.ID), zap.Error(err))
			}
		}
	})
	return watched, func() { cancel(context.Canceled); wg.Wait() }, nil
}

// checkIn notes the progress and returns errStopped if the import does not run any more, or does in another run. It shares
// out what may be in the queue, which is little more than the workers have in their hands, so that a small import never
// waits long behind large ones: among the tenants whose imports are being cut, and then among the imports of each.
func (p *pump) checkIn(ctx context.Context) error {
	run, parts, err := p.db.Progress(ctx, p.job.Tenant, p.job.ID, p.read.Load())
	if err != nil {
		return err
	}
	if run != p.job.Run {
		return errStopped
	}
	if row := p.row.Load(); row > 0 {
		if err := p.db.NotePlace(ctx, p.job.Tenant, p.job.ID, row, math.Float64frombits(p.part.Load())); err != nil {
			return err
		}
	}
	workers, err := p.queue.Mergers(ctx)
	if err != nil && ctx.Err() == nil {
		p.log.Warn("cannot see the mergers", zap.Stringer("import", p.job.ID), zap.Error(err))
	}
	window := min(max(minWindow, perWorker*workers), p.window)
	p.share.Store(int64(max(1, window/parts)))
	return nil
}

// leaveWait bounds the last note of a splitter that cannot go on.
const leaveWait = time.Second

// leave notes how far the splitter has come that cannot go on. That it cannot is told by another error.
func (p *pump) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveWait)
	defer cancel()
	if err := p.checkIn(ctx); err != nil && !errors.Is(err, errStopped) {
		p.log.Warn("cannot check in", zap.Stringer("import", p.job.ID), zap.Error(err))
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
