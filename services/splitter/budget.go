package splitter

import (
	"sync"

	"github.com/meibo/meibo/internal/tenant"
)

// budget is the room that all imports of a splitter share. A part of it, of the memory as of the turns, is kept from the
// large ones, so that a small import never waits for them; and of what there is for large ones a tenant has half at most,
// unless it has one alone, so that nobody waits for all of somebody else's.
type budget struct {
	// bytes is the memory of all imports, turns how many large ones may be cut at the same time; 0 is any number.
	bytes int64
	turns int

	mu     sync.Mutex
	taken  int64
	large  share
	shares map[tenant.ID]share
}

// share is what large imports have of a budget.
type share struct {
	bytes int64
	turns int
}

func newBudget(bytes int64) *budget { return &budget{bytes: bytes, shares: map[tenant.ID]share{}} }

// take takes so many bytes for an import of the tenant, at most what there is at all, and returns how to give them back;
// not ok: there are too few for now. It never waits: another splitter may have room.
func (b *budget) take(t tenant.ID, bytes int64, large bool) (release func(), ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !large {
		bytes = min(bytes, b.bytes)
		if b.taken+bytes > b.bytes {
			return nil, false
		}
		b.taken += bytes
		return func() { b.giveBack(bytes) }, true
	}
	most := b.bytes * 3 / 4
	bytes = min(bytes, most)
	own := b.shares[t]
	switch {
	case b.taken+bytes > b.bytes, b.large.bytes+bytes > most, b.turns > 0 && b.large.turns >= b.turns,
		own.turns > 0 && (own.bytes+bytes > most/2 || b.turns > 0 && own.turns >= max(1, b.turns/2)):
		return nil, false
	}
	b.taken += bytes
	b.add(t, bytes, 1)
	return func() { b.giveBack(bytes); b.mu.Lock(); defer b.mu.Unlock(); b.add(t, -bytes, -1) }, true
}

func (b *budget) giveBack(bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken -= bytes
}

// add changes what large imports have. The budget is locked.
func (b *budget) add(t tenant.ID, bytes int64, turns int) {
	b.large = share{b.large.bytes + bytes, b.large.turns + turns}
	own := share{b.shares[t].bytes + bytes, b.shares[t].turns + turns}
	if b.shares[t] = own; own == (share{}) {
		delete(b.shares, t)
	}
}
