package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Member is one member of a list.
type Member struct {
	ID         int64
	List       string
	Kind       string
	Version    int64
	CreatedAt  time.Time
	UpdatedAt  *time.Time
	LastSeenAt *time.Time
	// Fields holds the value of every other field by its key: nil, a string, a bool, a [json.Number] or a list of such.
	Fields map[string]any
}

// memberHead is what every member has.
type memberHead struct {
	ID         int64      `json:"id"`
	List       string     `json:"list"`
	Kind       string     `json:"kind"`
	Version    int64      `json:"version"`
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  *time.Time `json:"updated_at"`
	LastSeenAt *time.Time `json:"last_seen_at"`
}

// headKeys are the keys of memberHead.
var headKeys = []string{"id", "list", "kind", "version", "created_at", "updated_at", "last_seen_at"}

// UnmarshalJSON reads a member as the API writes it: the fields beside the rest.
func (m *Member) UnmarshalJSON(text []byte) error {
	var head memberHead
	if err := json.Unmarshal(text, &head); err != nil {
		return err
	}
	fields := make(map[string]any)
	numbers := json.NewDecoder(bytes.NewReader(text))
	numbers.UseNumber() // a member number of 16 digits would not survive as a float
	if err := numbers.Decode(&fields); err != nil {
		return err
	}
	for _, key := range headKeys {
		delete(fields, key)
	}
	*m = Member{
		ID: head.ID, List: head.List, Kind: head.Kind, Version: head.Version,
		CreatedAt: head.CreatedAt, UpdatedAt: head.UpdatedAt, LastSeenAt: head.LastSeenAt, Fields: fields,
	}
	return nil
}

// MarshalJSON writes a member as the API does.
func (m Member) MarshalJSON() ([]byte, error) {
	all := maps.Clone(m.Fields)
	if all == nil {
		all = make(map[string]any, len(headKeys))
	}
	for i, value := range []any{m.ID, m.List, m.Kind, m.Version, m.CreatedAt, m.UpdatedAt, m.LastSeenAt} {
		all[headKeys[i]] = value
	}
	return json.Marshal(all)
}

// Text returns the value of a field as text for people; "" where it has none.
func (m Member) Text(field string) string {
	switch v := m.Fields[field].(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		return string(text)
	}
}

// MemberQuery says which members to return; empty ones do not narrow.
type MemberQuery struct {
	List, MemberSN, Email, Phone string
}

// Members returns the members that match, by id. It reads page by page, as far as the loop goes, and ends at the first
// error.
func (c *Client) Members(ctx context.Context, q MemberQuery) iter.Seq2[Member, error] {
	query := make(url.Values)
	for name, value := range map[string]string{"list": q.List, "member_sn": q.MemberSN, "email": q.Email, "phone": q.Phone} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return pages[Member](ctx, c, "/v1/members", query)
}

// Member returns the member with that id.
func (c *Client) Member(ctx context.Context, id int64) (Member, error) {
	var m Member
	path := "/v1/members/" + strconv.FormatInt(id, 10)
	if err := c.call(ctx, request{method: http.MethodGet, path: path, again: true}, &m); err != nil {
		return Member{}, fmt.Errorf("read member: %w", err)
	}
	return m, nil
}
