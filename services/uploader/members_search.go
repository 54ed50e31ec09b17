package uploader

import (
	"context"
	"encoding/base64"
	"errors"
	"strconv"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// memberPage is a page of members.
type memberPage struct {
	Items      []memberView `json:"items" doc:"By id."`
	NextCursor string       `json:"next_cursor,omitempty" doc:"The cursor of the next page; absent on the last one."`
	Count      *int         `json:"count,omitempty" doc:"How many members match on all pages, at most 10,000; where it was asked for."`
	CountMore  bool         `json:"count_more,omitempty" doc:"Whether there are more than were counted."`
}

type memberPageInput struct {
	PageInput
	List     string   `query:"list" default:"main" maxLength:"255" doc:"The list."`
	MemberSN string   `query:"member_sn" maxLength:"1000" doc:"Only the member with this number."`
	Email    string   `query:"email" maxLength:"1000" doc:"Only members with this address, in any case."`
	Phone    string   `query:"phone" maxLength:"1000" doc:"Only members with this number, in any form that an import accepts."`
	Kind     string   `query:"kind" enum:"any,member,lead" default:"any" doc:"Only members, or only leads."`
	Blocked  string   `query:"blocked" enum:"exclude,include,only" default:"exclude" doc:"What becomes of blocked members."`
	Q        string   `query:"q" maxLength:"200" doc:"Free text: with an @ the beginning of an e-mail address; with a digit the beginning of a member number, or a phone number; anything else a part of a name, or the beginning of a member number or an address."`
	Filter   []string `query:"filter,explode" maxItems:"20" doc:"A condition field:operator:value; can be repeated, and all have to hold."`
	Count    bool     `query:"count" doc:"Whether to count the members that match."`
}

type memberPageOutput struct{ Body memberPage }

// listMembers is GET /v1/members.
func (s *server) listMembers(ctx context.Context, in *memberPageInput) (*memberPageOutput, error) {
	schema, err := s.memberSchema(ctx, in.List)
	if err != nil {
		return nil, err
	}
	f, err := in.filter(ctx, schema)
	if err != nil {
		return nil, err
	}
	page, err := s.db.Members(ctx, tenantOf(ctx), schema, f)
	if errors.Is(err, postgres.ErrNotFound) || !storable(in.List) {
		return nil, unknownList(in.List)
	}
	if err != nil {
		return nil, err
	}
	out := &memberPageOutput{Body: memberPage{Items: make([]memberView, 0, len(page))}}
	if len(page) > in.Limit {
		page = page[:in.Limit]
		out.Body.NextCursor = base64.RawURLEncoding.EncodeToString(strconv.AppendInt(nil, page[in.Limit-1].ID, 10))
	}
	for i := range page {
		out.Body.Items = append(out.Body.Items, memberView{&page[i], schema})
	}
	if in.Count {
		n, more, err := s.db.CountMembers(ctx, tenantOf(ctx), f)
		if err != nil {
			return nil, err
		}
		out.Body.Count, out.Body.CountMore = &n, more
	}
	return out, nil
}

func unknownList(name string) error {
	return invalid(part{code: codeUnknownList, option: "list", fill: []string{"list", name}})
}

// filter returns what is searched for. The error is a refusal that names every part of it that cannot be.
func (in *memberPageInput) filter(ctx context.Context, schema *member.Schema) (postgres.MemberFilter, error) {
	f := postgres.MemberFilter{List: in.List, Limit: in.Limit + 1, Blocked: postgres.Blocked(in.Blocked)}
	if in.Kind != "any" {
		f.Kind = member.Kind(in.Kind)
	}
	var wrong []part
	if in.Cursor != "" {
		raw, err := base64.RawURLEncoding.DecodeString(in.Cursor)
		if err == nil {
			f.After, err = strconv.ParseInt(string(raw), 10, 64)
		}
		if err != nil {
			wrong = append(wrong, badOption("cursor", "next_cursor"))
		}
	}
	place := locale(ctx)
	refuse := func(option string, p *member.Problem) {
		wrong = append(wrong, part{code: string(p.Code), option: option, field: p.Field, say: func(lang tenant.Language) string { return p.Sentence(lang, schema) }})
	}
	for _, c := range []struct {
		field, cell string
		to          *string
	}{{"member_sn", in.MemberSN, &f.MemberSN}, {"email", in.Email, &f.Email}, {"phone", in.Phone, &f.Phone}} {
		field, _ := schema.Field(c.field)
		v, _, problem := field.Parse(c.cell, place)
		if problem != nil {
			refuse(c.field, problem)
		}
		*c.to = v.Text
	}
	for _, text := range in.Filter {
		filter, problem := schema.ParseFilter(text, place)
		if problem != nil {
			refuse("filter", problem)
			continue
		}
		f.Filters = append(f.Filters, filter)
	}
	if !storable(in.Q) {
		wrong = append(wrong, badOption("q", "UTF-8"))
	}
	f.Words = schema.ParseWords(in.Q, place)
	if len(wrong) > 0 {
		return f, invalid(wrong...)
	}
	return f, nil
}
