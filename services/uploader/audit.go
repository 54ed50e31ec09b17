package uploader

import (
	"context"
	"encoding/base64"
	"net/netip"
	"strconv"
	"time"

	"github.com/meibo/meibo/internal/postgres"
)

// actor is who the caller's acts are written down as: the person, where it is one, and the key that was used.
func actor(c *postgres.Caller, from netip.Addr) postgres.Actor {
	a := postgres.Actor{Kind: postgres.ActorKey, Name: c.KeyName, Key: c.KeyName}
	if from.IsValid() {
		a.Address = from.String()
	}
	if c.User.ID != 0 {
		a.Kind, a.User, a.Name = postgres.ActorUser, c.User.ID, c.User.Name
	}
	return a
}

// auditEntry is an act as the API shows it.
type auditEntry struct {
	ID     int64          `json:"id" doc:"Later acts have greater ones."`
	At     time.Time      `json:"at"`
	Actor  auditActor     `json:"actor"`
	Act    string         `json:"act" example:"import.start" doc:"What was done."`
	Object string         `json:"object" example:"import/0198c1f0-7d3a-7a52-9c1e-2f4b6d8e0a13" doc:"To what: its kind, and its id or name."`
	Detail map[string]any `json:"detail" doc:"What else is known of the act: ids, numbers, settings and names of fields. Never what a member's fields hold."`
}

// auditActor is who did something, as it was then.
type auditActor struct {
	Kind    postgres.ActorKind `json:"kind" enum:"user,key,operator,system" doc:"A user, a key that belongs to nobody, an operator at the command line, or Meibo itself."`
	UserID  int64              `json:"user_id,omitempty" doc:"The id of a user."`
	Name    string             `json:"name" doc:"The name of the user, of the key or of the operator."`
	Key     string             `json:"key,omitempty" doc:"The name of the API key that was used."`
	Address string             `json:"address,omitempty" doc:"Where the request came from."`
}

type auditInput struct {
	PageInput
	Act    string             `query:"act" maxLength:"100" doc:"One act, as import.start; or all that begin so, as import. with a dot at its end."`
	Object string             `query:"object" maxLength:"200" doc:"One object, as member/12; or all of a kind, as member/ with a slash at its end."`
	Actor  string             `query:"actor" maxLength:"200" doc:"The name of who did it."`
	Kind   postgres.ActorKind `query:"kind" enum:"user,key,operator,system" doc:"What did it."`
	UserID int64              `query:"user_id" minimum:"0" doc:"The id of the user who did it."`
	Since  time.Time          `query:"since" doc:"The first moment."`
	Until  time.Time          `query:"until" doc:"The moment after the last."`
}

type auditOutput struct {
	Body struct {
		Items      []auditEntry `json:"items" doc:"The newest first."`
		NextCursor string       `json:"next_cursor,omitempty" doc:"The cursor of the next page; absent on the last one."`
	} `nameHint:"AuditPage"`
}

// listAudit is GET /v1/audit.
func (s *server) listAudit(ctx context.Context, in *auditInput) (*auditOutput, error) {
	f := postgres.AuditFilter{
		Act: in.Act, Object: in.Object, Actor: in.Actor, Kind: in.Kind, User: in.UserID, Since: in.Since, Until: in.Until, Limit: in.Limit + 1,
	}
	for name, text := range map[string]string{"act": f.Act, "object": f.Object, "actor": f.Actor} {
		if !storable(text) {
			return nil, invalid(badOption(name, "UTF-8"))
		}
	}
	if in.Cursor != "" {
		raw, err := base64.RawURLEncoding.DecodeString(in.Cursor)
		if err == nil {
			f.Before, err = strconv.ParseInt(string(raw), 10, 64)
		}
		if err != nil || f.Before <= 0 {
			return nil, invalid(badOption("cursor", "next_cursor"))
		}
	}
	page, err := s.db.Audit(ctx, tenantOf(ctx), f)
	if err != nil {
		return nil, err
	}
	out := &auditOutput{}
	out.Body.Items = make([]auditEntry, 0, len(page))
	if len(page) > in.Limit {
		page = page[:in.Limit]
		out.Body.NextCursor = base64.RawURLEncoding.EncodeToString(strconv.AppendInt(nil, page[in.Limit-1].ID, 10))
	}
	for _, e := range page {
		a := auditActor{e.Actor.Kind, e.Actor.User, e.Actor.Name, e.Actor.Key, e.Actor.Address}
		out.Body.Items = append(out.Body.Items, auditEntry{e.ID, e.At, a, e.Act, e.Object, e.Detail})
	}
	return out, nil
}
