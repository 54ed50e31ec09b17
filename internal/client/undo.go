package client

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/meibo/meibo/internal/imports"
)

// Undo is the undoing of an import, or a dry run of it.
type Undo struct {
	State    imports.UndoState `json:"state"`
	DryRun   bool              `json:"dry_run"`
	Total    int64             `json:"total"`
	Done     int64             `json:"done"`
	Removed  int64             `json:"removed"`
	Restored int64             `json:"restored"`
	Returned int64             `json:"returned"`
	// Kept members, or fields of them, stay as they are, by the reason why in KeptCounts.
	Kept        int64       `json:"kept"`
	KeptCounts  []KeptCount `json:"kept_counts"`
	RequestedAt time.Time   `json:"requested_at"`
	StartedAt   *time.Time  `json:"started_at"`
	FinishedAt  *time.Time  `json:"finished_at"`
	// Error is why it cannot go on for now; empty where it can.
	Error string `json:"error,omitempty"`
	// Items are the first of what is kept.
	Items []Kept `json:"items"`
}

// KeptCount is how much an undo keeps for a reason.
type KeptCount struct {
	Code   string `json:"code"`
	Count  int64  `json:"count"`
	Reason string `json:"reason"`
}

// Kept is a member, or a field of one, that an undo leaves as it is.
type Kept struct {
	Member int64  `json:"member_id"`
	Code   string `json:"code"`
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// Undo has an import undone, or a dry run tell what that would do. Asking again changes nothing.
func (c *Client) Undo(ctx context.Context, id string, dryRun bool) (Undo, error) {
	var u Undo
	body := map[string]bool{"dry_run": dryRun}
	if err := c.call(ctx, request{method: http.MethodPost, path: importPath(id) + "/undo", body: body, again: true}, &u); err != nil {
		return Undo{}, fmt.Errorf("undo import: %w", err)
	}
	return u, nil
}

// UndoOf returns the undo of an import, or the latest dry run of one, as it is now.
func (c *Client) UndoOf(ctx context.Context, id string, dryRun bool) (Undo, error) {
	var u Undo
	err := c.call(ctx, request{method: http.MethodGet, path: importPath(id) + "/undo", query: dryQuery(dryRun), again: true}, &u)
	if err != nil {
		return u, fmt.Errorf("read undo: %w", err)
	}
	return u, nil
}

// WatchUndo calls changed with the undo as it is now and whenever it has changed, and returns it when it is done.
func (c *Client) WatchUndo(ctx context.Context, id string, dryRun bool, changed func(Undo)) (Undo, error) {
	for pause := c.timing.poll / 8; ; pause = min(2*pause, c.timing.poll) {
		u, err := c.UndoOf(ctx, id, dryRun)
		if err != nil {
			return u, err
		}
		changed(u)
		if u.State == imports.UndoDone {
			return u, nil
		}
		if err := sleep(ctx, pause); err != nil {
			return u, err
		}
	}
}

// UndoKept returns all that is listed of what an undo keeps, page by page, and ends at the first error.
func (c *Client) UndoKept(ctx context.Context, id string, dryRun bool) iter.Seq2[Kept, error] {
	return pages[Kept](ctx, c, importPath(id)+"/undo/kept", dryQuery(dryRun))
}

func dryQuery(dryRun bool) url.Values { return url.Values{"dry_run": {strconv.FormatBool(dryRun)}} }
