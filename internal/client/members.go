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

	"github.com/google/uuid"
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
	BlockedAt  *time.Time
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
	BlockedAt  *time.Time `json:"blocked_at"`
}

// headKeys are the keys of memberHead.
var headKeys = []string{"id", "list", "kind", "version", "created_at", "updated_at", "last_seen_at", "blocked_at"}

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
		CreatedAt: head.CreatedAt, UpdatedAt: head.UpdatedAt, LastSeenAt: head.LastSeenAt, BlockedAt: head.BlockedAt, Fields: fields,
	}
	return nil
}

// MarshalJSON writes a member as the API does.
func (m Member) MarshalJSON() ([]byte, error) {
	all := maps.Clone(m.Fields)
	if all == nil {
		all = make(map[string]any, len(headKeys))
	}
	for i, value := range []any{m.ID, m.List, m.Kind, m.Version, m.CreatedAt, m.UpdatedAt, m.LastSeenAt, m.BlockedAt} {
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
	// Kind is member or lead, Blocked include or only; Text is free text.
	Kind, Blocked, Text string
	// Filters are conditions field:operator:value, which all have to hold.
	Filters []string
}

func (q *MemberQuery) values() url.Values {
	query := make(url.Values)
	for name, value := range map[string]string{
		"list": q.List, "member_sn": q.MemberSN, "email": q.Email, "phone": q.Phone, "kind": q.Kind, "blocked": q.Blocked, "q": q.Text,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(q.Filters) > 0 {
		query["filter"] = q.Filters
	}
	return query
}

// Members returns the members that match, by id. It reads page by page, as far as the loop goes, and ends at the first
// error.
func (c *Client) Members(ctx context.Context, q MemberQuery) iter.Seq2[Member, error] {
	return pages[Member](ctx, c, "/v1/members", q.values())
}

// CountMembers returns how many members match, as far as the server counts; more tells that there are more.
func (c *Client) CountMembers(ctx context.Context, q MemberQuery) (n int, more bool, err error) {
	query := q.values()
	query.Set("count", "true")
	query.Set("limit", "1")
	var page struct {
		Count     int  `json:"count"`
		CountMore bool `json:"count_more"`
	}
	if err := c.call(ctx, request{method: http.MethodGet, path: "/v1/members", query: query, again: true}, &page); err != nil {
		return 0, false, fmt.Errorf("count members: %w", err)
	}
	return page.Count, page.CountMore, nil
}

// Member returns the member with that id.
func (c *Client) Member(ctx context.Context, id int64) (Member, error) {
	var m Member
	if err := c.call(ctx, request{method: http.MethodGet, path: memberPath(id), again: true}, &m); err != nil {
		return Member{}, fmt.Errorf("read member: %w", err)
	}
	return m, nil
}

func memberPath(id int64) string { return "/v1/members/" + strconv.FormatInt(id, 10) }

// MemberOptions say how a member is created or changed. Empty ones are the server's defaults.
type MemberOptions struct {
	// Key is the field that tells whether a new member exists; NewConsent the consents that are not given.
	Key, NewConsent string
	// Consent is allow for who may opt in who opted out; ListValues append to keep what lists have.
	Consent, ListValues string
	// Version is the one that the member must have; 0 for any.
	Version int64
}

func (o MemberOptions) query() url.Values {
	query := make(url.Values)
	for name, value := range map[string]string{"key": o.Key, "new_consent": o.NewConsent, "consent": o.Consent, "list_values": o.ListValues} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return query
}

func (o MemberOptions) ifMatch() string {
	if o.Version == 0 {
		return "*"
	}
	return strconv.Quote(strconv.FormatInt(o.Version, 10))
}

// CreateMember creates a member; beside its fields, said may have list and kind. One that exists is a [Problem] with the
// code member_exists.
func (c *Client) CreateMember(ctx context.Context, said map[string]any, o MemberOptions) (Member, error) {
	var m Member
	r := request{
		method: http.MethodPost, path: "/v1/members", query: o.query(), header: http.Header{"Idempotency-Key": {uuid.NewString()}}, body: said, again: true,
	}
	if err := c.call(ctx, r, &m); err != nil {
		return Member{}, fmt.Errorf("create member: %w", err)
	}
	return m, nil
}

// UpdateMember changes fields of a member; nil clears one.
func (c *Client) UpdateMember(ctx context.Context, id int64, said map[string]any, o MemberOptions) (Member, error) {
	var m Member
	r := request{method: http.MethodPatch, path: memberPath(id), query: o.query(), header: http.Header{"If-Match": {o.ifMatch()}}, body: said}
	if err := c.call(ctx, r, &m); err != nil {
		return Member{}, fmt.Errorf("change member: %w", err)
	}
	return m, nil
}

// DeleteMember deletes a member, if it has the version, where that is not 0.
func (c *Client) DeleteMember(ctx context.Context, id, version int64) error {
	r := request{method: http.MethodDelete, path: memberPath(id)}
	if version != 0 {
		r.header = http.Header{"If-Match": {MemberOptions{Version: version}.ifMatch()}}
	}
	if err := c.call(ctx, r, nil); err != nil {
		return fmt.Errorf("delete member: %w", err)
	}
	return nil
}
