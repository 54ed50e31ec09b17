package client

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// AuditEntry is an act of the audit log.
type AuditEntry struct {
	ID     int64          `json:"id"`
	At     time.Time      `json:"at"`
	Actor  AuditActor     `json:"actor"`
	Act    string         `json:"act"`
	Object string         `json:"object"`
	Detail map[string]any `json:"detail"`
}

// AuditActor is who did something.
type AuditActor struct {
	Kind    string `json:"kind"`
	UserID  int64  `json:"user_id,omitempty"`
	Name    string `json:"name"`
	Key     string `json:"key,omitempty"`
	Address string `json:"address,omitempty"`
}

// AuditQuery says which acts to return; empty ones do not narrow. Since and Until are times as RFC 3339 has them.
type AuditQuery struct {
	Act, Object, Actor, Since, Until string
}

// Audit returns the acts that match, the newest first. It reads page by page, as far as the loop goes, and ends at the
// first error.
func (c *Client) Audit(ctx context.Context, q AuditQuery) iter.Seq2[AuditEntry, error] {
	query := make(url.Values)
	for name, value := range map[string]string{"act": q.Act, "object": q.Object, "actor": q.Actor, "since": q.Since, "until": q.Until} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return pages[AuditEntry](ctx, c, "/v1/audit", query)
}

// Erasure is the erasing of a member everywhere.
type Erasure struct {
	Member      int64        `json:"member_id"`
	RequestedAt time.Time    `json:"requested_at"`
	FinishedAt  *time.Time   `json:"finished_at"`
	Journal     int64        `json:"journal_rows"`
	Rows        int64        `json:"report_rows"`
	Reports     int64        `json:"reports"`
	Sources     []KeptSource `json:"sources"`
	More        bool         `json:"more_sources"`
}

// KeptSource is an uploaded file that may hold the member.
type KeptSource struct {
	Import   string     `json:"import_id"`
	FileName string     `json:"file_name"`
	State    string     `json:"state"`
	Until    *time.Time `json:"expires_at"`
	Known    bool       `json:"known"`
}

// EraseMember deletes the member for good; failure reports follow.
func (c *Client) EraseMember(ctx context.Context, id int64) (e Erasure, err error) {
	if err := c.call(ctx, request{method: http.MethodPost, path: memberPath(id) + "/erase"}, &e); err != nil {
		return Erasure{}, fmt.Errorf("erase member: %w", err)
	}
	return e, nil
}

// Erasure returns how far the latest erasing of the member is.
func (c *Client) Erasure(ctx context.Context, id int64) (e Erasure, err error) {
	if err := c.call(ctx, request{method: http.MethodGet, path: memberPath(id) + "/erase", again: true}, &e); err != nil {
		return Erasure{}, fmt.Errorf("read erasure: %w", err)
	}
	return e, nil
}
