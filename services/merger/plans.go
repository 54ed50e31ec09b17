package merger

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
)

// keptPlans bounds how many imports a merger remembers.
const keptPlans = 256

// plans remembers the imports that chunks belong to. What it remembers is fixed for each run of an import; whether that
// still goes on is asked in each chunk's transaction.
type plans struct {
	db   *postgres.DB
	mu   sync.Mutex
	byID map[imports.ID]*compiled
}

// compiled is an import and its mapping, ready for use.
type compiled struct {
	job  *imports.Import
	plan *member.Plan
	// allNew expects further chunks to have new keys only: until the first that has not.
	allNew atomic.Bool
}

func newPlans(db *postgres.DB) *plans { return &plans{db: db, byID: map[imports.ID]*compiled{}} }

// get returns the import of a chunk that was cut in that run, 0 for any. postgres.ErrStopped: it is of another.
func (p *plans) get(ctx context.Context, j queue.Job, run int) (*compiled, error) {
	p.mu.Lock()
	c := p.byID[j.Import]
	p.mu.Unlock()
	if c != nil && c.job.Tenant == j.Tenant && (run == 0 || run == c.job.Run) {
		return c, nil
	}
	i, err := p.db.ImportForWork(ctx, j.Tenant, j.Import)
	if errors.Is(err, postgres.ErrNotFound) {
		return nil, queue.Drop(err)
	}
	if err != nil {
		return nil, queue.Unavailable(err)
	}
	if i.StartedAt == nil {
		return nil, queue.Drop(errors.New("chunk of an import that was never started"))
	}
	if run != 0 && run != i.Run {
		return nil, postgres.ErrStopped
	}
	plan, err := i.Plan()
	if err != nil {
		return nil, queue.Drop(err)
	}
	c = &compiled{job: i, plan: plan}
	c.allNew.Store(i.Run == 1 && i.IntoEmpty && !i.Options.DryRun && plan.Rules.Key == "member_sn" && plan.Rules.Mode.Creates())
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.byID) >= keptPlans {
		clear(p.byID)
	}
	p.byID[j.Import] = c
	return c, nil
}
