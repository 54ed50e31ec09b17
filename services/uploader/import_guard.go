package uploader

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

// GuardOptions keep an import from doing harm, and say who hears of it.
type GuardOptions struct {
	DryRun     *bool          `json:"dry_run,omitempty" doc:"Everything but the writing, with the exact totals and report of the real run. Default: false."`
	MaxFailed  limitOption    `json:"max_failed,omitempty" doc:"How many rows may fail, or which percentage of the total. Beyond it the import stops as failed; a dry run does the same. Default: none."`
	MaxRemoved limitOption    `json:"max_removed,omitempty" doc:"How many members mode replace may remove, or which percentage of the list's. Beyond it nothing is removed and the import ends as failed. Default: 10%."`
	MaxChanged limitOption    `json:"max_changed,omitempty" doc:"How many members may be updated or deleted, or which percentage of the list's. Beyond it the import stops as failed. Default: none."`
	Note       string         `json:"note,omitempty" maxLength:"1000" doc:"What is noted about the list (備考) when the import starts; a dry run notes nothing. Default: the name of the file, where the list has no note."`
	Notify     *NotifyOptions `json:"notify,omitempty" doc:"Who is told of the end, and when. Default: as the account's settings say (GET /v1/settings)."`
}

// NotifyOptions say who is told of an import's end.
type NotifyOptions struct {
	Recipients []string `json:"recipients,omitzero" maxItems:"20" doc:"E-mail addresses in place of the tenant's owners and the importer; an empty list tells nobody."`
	MinRows    *int64   `json:"min_rows,omitempty" minimum:"0" doc:"A completed import of fewer rows is told to nobody; a failed one always is. Default: 0."`
}

// limitOption is a limit as the caller writes it: a number, a percentage or none. The empty one says nothing.
type limitOption string

// limitPattern is the text that a limit can be.
const limitPattern = `^(none|[0-9]{1,15}|(100|[0-9]{1,2})(\.[0-9]{1,6})?%)$`

// Schema is called by huma.
func (limitOption) Schema(huma.Registry) *huma.Schema {
	text := &huma.Schema{Type: huma.TypeString, Pattern: limitPattern, Examples: []any{"10%", "none"}}
	text.PrecomputeMessages()
	number := &huma.Schema{Type: huma.TypeInteger, Minimum: new(0.0), Maximum: new(1e15), Examples: []any{100}}
	number.PrecomputeMessages()
	return &huma.Schema{OneOf: []*huma.Schema{text, number}}
}

// UnmarshalJSON reads a number or text; the schema has checked which.
func (l *limitOption) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	if string(data) == "null" {
		return nil
	}
	if !bytes.HasPrefix(data, []byte(`"`)) {
		*l = limitOption(data)
		return nil
	}
	return json.Unmarshal(data, (*string)(l))
}

// apply puts what the caller says into the options, and returns what is wrong with it.
func (o *GuardOptions) apply(to *imports.Options) (wrong []part) {
	if o.DryRun != nil {
		to.DryRun = *o.DryRun
	}
	for _, l := range []struct {
		name string
		said limitOption
		to   *imports.Limit
	}{
		{"max_failed", o.MaxFailed, &to.MaxFailed}, {"max_removed", o.MaxRemoved, &to.MaxRemoved}, {"max_changed", o.MaxChanged, &to.MaxChanged},
	} {
		limit, err := imports.ParseLimit(string(l.said))
		if err != nil {
			wrong = append(wrong, wrongOption(l.name))
		} else if limit.Set || limit.None {
			*l.to = limit
		}
	}
	if !storable(o.Note) || o.Note != "" && strings.TrimSpace(o.Note) == "" {
		wrong = append(wrong, wrongOption("note"))
	}
	set(&to.Note, strings.TrimSpace(o.Note))
	if o.Notify != nil {
		wrong = append(wrong, o.Notify.apply(&to.Notify)...)
	}
	return wrong
}

func (o *NotifyOptions) apply(to *imports.Notify) (wrong []part) {
	if o.MinRows != nil {
		to.MinRows = *o.MinRows
	}
	if o.Recipients == nil {
		return nil
	}
	to.Recipients = make([]string, 0, len(o.Recipients))
	for _, address := range o.Recipients {
		address, ok := mailAddress(address)
		if !ok {
			return []part{wrongOption("notify.recipients")}
		}
		if !slices.Contains(to.Recipients, address) {
			to.Recipients = append(to.Recipients, address)
		}
	}
	return nil
}

// mailAddress returns an e-mail address as cells may hold it, those of Japanese carriers included.
func mailAddress(s string) (string, bool) {
	f := member.Field{Key: "email", Type: member.Email}
	v, _, problem := f.Parse(s, &member.Locale{})
	return v.Text, problem == nil && v.Set && utf8.ValidString(v.Text)
}
