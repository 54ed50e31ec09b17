package uploader

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// happeningView is one thing that happened to a member, as the API shows it.
type happeningView struct {
	At       time.Time       `json:"at" doc:"When it happened; what an import did has the start of the import."`
	Act      string          `json:"act" enum:"created,updated,deleted,removed,unified,blocked,unblocked" doc:"What happened. removed: a replace did not name the member; unified: the lead became part of a member."`
	MemberID int64           `json:"member_id" doc:"The member, or a lead that became part of it."`
	Into     int64           `json:"into,omitempty" doc:"Of a lead that was unified: the member that it became part of."`
	Import   *importName     `json:"import" doc:"The import that did it; null for what was done by hand."`
	Row      *int64          `json:"row_number" doc:"The number of the row in the import's file; null where it is not known."`
	Actor    string          `json:"actor" doc:"Who did it, or had the import done; empty where nobody is known."`
	Changes  []historyChange `json:"changes" doc:"The fields that changed. Those of a new member are not kept."`
	Values   bool            `json:"values_kept" doc:"Whether before and after are known: of what was done by hand only the names of the fields are kept."`
	Undone   bool            `json:"undone" doc:"Whether the import was undone, and this with it."`
}

// importName is an import that something came from.
type importName struct {
	ID       string `json:"id" format:"uuid"`
	FileName string `json:"file_name"`
}

// historyChange is a field before and after.
type historyChange struct {
	Field  string `json:"field"`
	Before any    `json:"before" doc:"As a member has it; null where it had none."`
	After  any    `json:"after"`
	Kept   bool   `json:"kept,omitempty" doc:"Whether the field was left as it is when the import was undone."`
}

type historyInput struct {
	MemberInput
	PageInput
}

type historyOutput struct {
	Body struct {
		Items      []happeningView `json:"items" doc:"The newest first."`
		NextCursor string          `json:"next_cursor,omitempty" doc:"The cursor of the next page; absent on the last one."`
	} `nameHint:"HistoryPage"`
}

// memberHistory is GET /v1/members/{id}/history.
func (s *server) memberHistory(ctx context.Context, in *historyInput) (*historyOutput, error) {
	var from postgres.HistoryPlace
	if in.Cursor != "" {
		raw, err := base64.RawURLEncoding.DecodeString(in.Cursor)
		if n, wrong := binary.Decode(raw, binary.BigEndian, &from); err != nil || wrong != nil || n != len(raw) {
			return nil, invalid(badOption("cursor", "next_cursor"))
		}
	}
	schema, err := s.memberSchema(ctx, "")
	if err != nil {
		return nil, err
	}
	page, next, err := s.db.MemberHistory(ctx, tenantOf(ctx), in.ID, from, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &historyOutput{}
	out.Body.Items = make([]happeningView, len(page))
	for n := range page {
		out.Body.Items[n] = viewHappening(&page[n], schema)
	}
	if next != nil {
		text, err := binary.Append(nil, binary.BigEndian, next)
		if err != nil {
			return nil, err
		}
		out.Body.NextCursor = base64.RawURLEncoding.EncodeToString(text)
	}
	return out, nil
}

func viewHappening(h *postgres.Happening, schema *member.Schema) happeningView {
	v := happeningView{
		At: h.At, Act: h.Act, MemberID: h.Member, Into: h.Into, Actor: h.Actor, Undone: h.Undone, Changes: []historyChange{},
		Values: h.Import != nil && h.Before != nil,
	}
	if h.Import != nil {
		v.Import = &importName{h.Import.ID.String(), h.Import.FileName}
	}
	if h.Row > 0 {
		v.Row = &h.Row
	}
	whole := h.Before != nil && h.After == nil
	fields := schema.Fields()
	for i := range fields {
		f := &fields[i]
		before, had := h.Before[f.Key]
		after, has := h.After[f.Key]
		was := journaled(f, before)
		if !had && !has && !slices.Contains(h.Fields, f.Key) || whole && (isHead(f.Key) || was == nil) {
			continue
		}
		v.Changes = append(v.Changes, historyChange{f.Key, was, journaled(f, after), slices.Contains(h.Kept, f.Key)})
	}
	if whole { // what else there is of it are no fields
		return v
	}
	for _, key := range slices.Sorted(maps.Keys(h.After)) {
		if schema.Index(key) < 0 {
			v.Changes = append(v.Changes, historyChange{key, raw(h.Before[key]), raw(h.After[key]), slices.Contains(h.Kept, key)})
		}
	}
	return v
}

// journaled is a value as a member shows it.
func journaled(f *member.Field, text json.RawMessage) any {
	if len(text) == 0 {
		return nil
	}
	value, err := member.ParseJSON(f.Type, text)
	if err != nil { // of a field that had another type
		return raw(text)
	}
	return fieldValue(f, value)
}

// raw is a value of which no more is known than that it is JSON.
func raw(text json.RawMessage) any {
	if len(text) == 0 {
		return nil
	}
	return text
}
