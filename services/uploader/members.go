package uploader

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// memberView is a member as the API shows it: what every member has, then the fields in their order.
type memberView struct {
	member *postgres.Member
	schema *member.Schema
}

// heads are what stands before the fields, and is no field or stands there already.
var heads = []string{"id", "list", "kind", "version", "created_at", "updated_at", "last_seen_at"}

// MarshalJSON writes the fields in the order of the schema, those without a value as null.
func (v memberView) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	put := func(key string, value any) error {
		text, err := json.Marshal(value)
		if b.Len() == 0 {
			b.WriteByte('{')
		} else {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(key) + ":")
		b.Write(text)
		return err
	}
	fixed := map[string]any{"id": v.member.ID, "list": v.member.List, "kind": v.member.Kind, "version": v.member.Version}
	fields := v.schema.Fields()
	for i := range fields {
		if _, ok := fixed[fields[i].Key]; !ok && isHead(fields[i].Key) {
			fixed[fields[i].Key] = fieldValue(&fields[i], v.member.Values[i])
		}
	}
	var errs []error
	for _, key := range heads {
		errs = append(errs, put(key, fixed[key]))
	}
	for i := range fields {
		if !isHead(fields[i].Key) {
			errs = append(errs, put(fields[i].Key, fieldValue(&fields[i], v.member.Values[i])))
		}
	}
	b.WriteByte('}')
	return b.Bytes(), errors.Join(errs...)
}

func isHead(key string) bool {
	for _, h := range heads {
		if h == key {
			return true
		}
	}
	return false
}

// fieldValue is a value in JSON: whole numbers are numbers, others text, so that no digit is lost.
func fieldValue(f *member.Field, v member.Value) any {
	if f.Integer && v.Set {
		return json.Number(v.Text)
	}
	return v.Any(f.Type)
}

// Schema describes a member with the standard fields, and whichever the tenant has beside them.
func (memberView) Schema(huma.Registry) *huma.Schema {
	out := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{
		"id":      {Type: huma.TypeInteger, Format: "int64", Description: "Assigned by Meibo; unique in the tenant."},
		"list":    {Type: huma.TypeString, Description: "The list that the member is in."},
		"kind":    {Type: huma.TypeString, Enum: []any{"member", "lead"}},
		"version": {Type: huma.TypeInteger, Description: "1 for a new member; grows with each change."},
	}, Required: append([]string{}, heads...), AdditionalProperties: true, Description: "A member, with all fields of GET /v1/fields."}
	fields := member.Standard().Fields()
	for i := range fields {
		if _, ok := out.Properties[fields[i].Key]; !ok {
			out.Properties[fields[i].Key] = fieldSchema(&fields[i])
			if !isHead(fields[i].Key) {
				out.Required = append(out.Required, fields[i].Key)
			}
		}
	}
	return out
}

func fieldSchema(f *member.Field) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Nullable: true, Description: f.Label.EN + " / " + f.Label.JA}
	switch f.Type {
	case member.Boolean:
		s.Type = huma.TypeBoolean
	case member.Choice:
		s.Type = huma.TypeInteger
	case member.Date:
		s.Format = "date"
	case member.DateTime:
		s.Format = "date-time"
	case member.List, member.NumberList, member.Tags:
		s.Type, s.Items = huma.TypeArray, &huma.Schema{Type: huma.TypeString}
	case member.Number:
		if f.Integer {
			s.Type = huma.TypeInteger
		}
	}
	return s
}

// memberPage is a page of members.
type memberPage struct {
	Items      []memberView `json:"items" doc:"By id."`
	NextCursor string       `json:"next_cursor,omitempty" doc:"The cursor of the next page; absent on the last one."`
}

type memberPageInput struct {
	PageInput
	List     string `query:"list" default:"main" maxLength:"255" doc:"The list."`
	MemberSN string `query:"member_sn" maxLength:"1000" doc:"Only the member with this number."`
	Email    string `query:"email" maxLength:"1000" doc:"Only members with this address, in any case."`
	Phone    string `query:"phone" maxLength:"1000" doc:"Only members with this number, in any form that an import accepts."`
}

type memberPageOutput struct{ Body memberPage }

// listMembers is GET /v1/members.
func (s *server) listMembers(ctx context.Context, in *memberPageInput) (*memberPageOutput, error) {
	f := postgres.MemberFilter{List: in.List, Limit: in.Limit + 1}
	if in.Cursor != "" {
		raw, err := base64.RawURLEncoding.DecodeString(in.Cursor)
		if err == nil {
			f.After, err = strconv.ParseInt(string(raw), 10, 64)
		}
		if err != nil {
			return nil, invalid(badOption("cursor", "next_cursor"))
		}
	}
	for _, c := range []struct {
		field, cell string
		to          *string
	}{{"member_sn", in.MemberSN, &f.MemberSN}, {"email", in.Email, &f.Email}, {"phone", in.Phone, &f.Phone}} {
		var err error
		if *c.to, err = s.criterion(ctx, c.field, c.cell); err != nil {
			return nil, err
		}
	}
	schema, err := s.db.Schema(ctx, tenantOf(ctx), 0)
	if err != nil {
		return nil, err
	}
	page, err := s.db.Members(ctx, tenantOf(ctx), schema, f)
	if errors.Is(err, postgres.ErrNotFound) || !storable(in.List) {
		return nil, invalid(part{code: codeUnknownList, option: "list", fill: []string{"list", in.List}})
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
	return out, nil
}

// criterion reads what is searched for as an import would read a cell.
func (s *server) criterion(ctx context.Context, key, cell string) (string, error) {
	if cell == "" {
		return "", nil
	}
	f, _ := s.schema.Field(key)
	t := &callerOf(ctx).Tenant
	zone, err := time.LoadLocation(t.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	v, _, problem := f.Parse(cell, &member.Locale{Zone: zone, Region: t.Region})
	if problem != nil {
		return "", invalid(part{code: string(problem.Code), option: key, say: func(lang tenant.Language) string { return problem.Sentence(lang, s.schema) }})
	}
	return v.Text, nil
}

type memberInput struct {
	ID int64 `path:"id" doc:"The id of the member."`
}

type memberOutput struct{ Body memberView }

// readMember is GET /v1/members/{id}.
func (s *server) readMember(ctx context.Context, in *memberInput) (*memberOutput, error) {
	schema, err := s.db.Schema(ctx, tenantOf(ctx), 0)
	if err != nil {
		return nil, err
	}
	m, err := s.db.Member(ctx, tenantOf(ctx), schema, in.ID)
	if err != nil {
		return nil, err
	}
	return &memberOutput{Body: memberView{&m, schema}}, nil
}
