package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/meibo/meibo/internal/member"
)

// Field is a property that members have.
type Field struct {
	Key            string        `json:"key"`
	Type           string        `json:"type"`
	Required       bool          `json:"required"`
	ReadOnly       bool          `json:"read_only"`
	Consent        bool          `json:"consent"`
	MergeKey       bool          `json:"merge_key"`
	Unique         bool          `json:"unique"`
	Custom         bool          `json:"custom"`
	Retired        bool          `json:"retired"`
	Label          member.Text   `json:"label"`
	Synonyms       []string      `json:"synonyms"`
	Choices        []FieldChoice `json:"choices,omitempty"`
	CommaSeparated bool          `json:"comma_separated"`
	MaxLength      int           `json:"max_length"`
}

// FieldChoice is a value of a choice field.
type FieldChoice struct {
	Number   int64       `json:"number"`
	Key      string      `json:"key"`
	Label    member.Text `json:"label"`
	Synonyms []string    `json:"synonyms,omitempty"`
}

// page is a list that the server does not cut into pages.
type page[T any] struct {
	Items []T `json:"items"`
}

// Fields returns the fields of a list, of any list where it is empty; with retired also those that are not used any more.
func (c *Client) Fields(ctx context.Context, list string, retired bool) ([]Field, error) {
	query := make(url.Values)
	if list != "" {
		query.Set("list", list)
	}
	if retired {
		query.Set("retired", "true")
	}
	var all page[Field]
	if err := c.call(ctx, request{method: http.MethodGet, path: "/v1/fields", query: query, again: true}, &all); err != nil {
		return nil, fmt.Errorf("list fields: %w", err)
	}
	return all.Items, nil
}

// CreateField adds a field of the tenant's own.
func (c *Client) CreateField(ctx context.Context, d member.Definition) (Field, error) {
	var f Field
	if err := c.call(ctx, request{method: http.MethodPost, path: "/v1/fields", body: d}, &f); err != nil {
		return Field{}, fmt.Errorf("create field: %w", err)
	}
	return f, nil
}

// ChangeField changes a field of the tenant's own.
func (c *Client) ChangeField(ctx context.Context, key string, to member.FieldChange) (Field, error) {
	var f Field
	if err := c.call(ctx, request{method: http.MethodPatch, path: "/v1/fields/" + url.PathEscape(key), body: to, again: true}, &f); err != nil {
		return Field{}, fmt.Errorf("change field: %w", err)
	}
	return f, nil
}

// List is a separate set of members.
type List struct {
	Name string `json:"name"`
	Note string `json:"note"`
	// Required says of fields whether a new member must have a value, where the fields themselves say otherwise.
	Required  map[string]bool `json:"required"`
	CreatedAt time.Time       `json:"created_at"`
}

// NewList is what a list is made of.
type NewList struct {
	Name     string          `json:"name"`
	Note     string          `json:"note,omitempty"`
	Required map[string]bool `json:"required,omitempty"`
}

// ListChange is what is to become of a list; what is nil stays.
type ListChange struct {
	Name     *string         `json:"name,omitempty"`
	Note     *string         `json:"note,omitempty"`
	Required map[string]bool `json:"required,omitempty"`
}

// Lists returns the lists by name.
func (c *Client) Lists(ctx context.Context) ([]List, error) {
	var all page[List]
	if err := c.call(ctx, request{method: http.MethodGet, path: "/v1/lists", again: true}, &all); err != nil {
		return nil, fmt.Errorf("list lists: %w", err)
	}
	return all.Items, nil
}

// CreateList adds a list.
func (c *Client) CreateList(ctx context.Context, n NewList) (List, error) {
	var l List
	if err := c.call(ctx, request{method: http.MethodPost, path: "/v1/lists", body: n}, &l); err != nil {
		return List{}, fmt.Errorf("create list: %w", err)
	}
	return l, nil
}

// ChangeList changes a list. It is tried once: under its new name it would not be found again.
func (c *Client) ChangeList(ctx context.Context, name string, to ListChange) (List, error) {
	var l List
	if err := c.call(ctx, request{method: http.MethodPatch, path: "/v1/lists/" + url.PathEscape(name), body: to}, &l); err != nil {
		return List{}, fmt.Errorf("change list: %w", err)
	}
	return l, nil
}

// Profile is what is said of imports, under a name.
type Profile struct {
	Name string `json:"name"`
	// List is empty for a profile that is for any list.
	List string `json:"list"`
	// Options are what an import can be told (see [Options]); nil where profiles are listed.
	Options json.RawMessage `json:"options,omitempty"`
	// Header is nil where a profile expects nothing.
	Header    []string  `json:"header"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Profiles returns the profiles by name, without their options.
func (c *Client) Profiles(ctx context.Context) ([]Profile, error) {
	var all page[Profile]
	if err := c.call(ctx, request{method: http.MethodGet, path: "/v1/profiles", again: true}, &all); err != nil {
		return nil, fmt.Errorf("list profiles: %w", err)
	}
	return all.Items, nil
}

// Profile returns the profile with that name.
func (c *Client) Profile(ctx context.Context, name string) (Profile, error) {
	return c.profile(ctx, request{method: http.MethodGet, path: profilePath(name), again: true})
}

// SaveProfile makes a profile of an import that was started, in place of the one of that name, if there is one.
func (c *Client) SaveProfile(ctx context.Context, name, importID string) (Profile, error) {
	return c.profile(ctx, request{method: http.MethodPut, path: profilePath(name), body: map[string]string{"import": importID}, again: true})
}

func (c *Client) profile(ctx context.Context, r request) (Profile, error) {
	var p Profile
	if err := c.call(ctx, r, &p); err != nil {
		return Profile{}, fmt.Errorf("profile: %w", err)
	}
	return p, nil
}

// DeleteProfile deletes the profile with that name.
func (c *Client) DeleteProfile(ctx context.Context, name string) error {
	if err := c.call(ctx, request{method: http.MethodDelete, path: profilePath(name)}, nil); err != nil {
		return fmt.Errorf("delete profile: %w", err)
	}
	return nil
}

func profilePath(name string) string { return "/v1/profiles/" + url.PathEscape(name) }
