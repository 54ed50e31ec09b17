package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/tenant"
)

// keptRequests is how long an idempotency key of a new member is remembered; sweptRequests how many older ones each new
// one removes.
const (
	keptRequests  = 30 * 24 * time.Hour
	sweptRequests = 10
)

// claimRequest returns the member that the same request made before, 0 for none: then nobody else makes one by that
// idempotency key until the transaction ends.
func claimRequest(ctx context.Context, tx pgx.Tx, t tenant.ID, n NewMember) (id int64, err error) {
	if n.IdempotencyKey == "" {
		return 0, nil
	}
	lock := int64(xxhash.Sum64String(fmt.Sprintf("member_request/%d/%s", t, n.IdempotencyKey)))
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, lock); err != nil {
		return 0, err
	}
	var request []byte
	err = tx.QueryRow(ctx, `select member_id, request_hash from member_request where tenant_id = $1 and idempotency_key = $2`,
		t, n.IdempotencyKey).Scan(&id, &request)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, nil
	case err == nil && !bytes.Equal(request, n.Request):
		return 0, ErrReused
	}
	return id, err
}

// keepRequest remembers which member a request made.
func keepRequest(ctx context.Context, tx pgx.Tx, t tenant.ID, n NewMember, id int64) error {
	if n.IdempotencyKey == "" {
		return nil
	}
	now := time.Now()
	var b pgx.Batch
	b.Queue(`insert into member_request (tenant_id, idempotency_key, request_hash, member_id, created_at) values ($1, $2, $3, $4, $5)`,
		t, n.IdempotencyKey, n.Request, id, now)
	b.Queue(`delete from member_request where tenant_id = $1 and idempotency_key in (
		select idempotency_key from member_request where tenant_id = $1 and created_at < $2 order by created_at limit $3)`,
		t, now.Add(-keptRequests), sweptRequests)
	return tx.SendBatch(ctx, &b).Close()
}
