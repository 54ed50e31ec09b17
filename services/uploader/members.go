package uploader

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// memberView is a member as the API shows it: what every member has, then the fields in their order.
type memberView struct {
	member *postgres.Member
	schema *member.Schema
}

// heads are what stands before the fields, and is no field or stands there already.
var heads = []string{"id", "list", "kind", "version", "created_at", "updated_at", "last_seen_at", "blocked_at"}

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
	fixed := map[string]any{"id": v.member.ID, "list": v.member.List, "kind": v.member.Kind, "version": v.member.Version, "blocked_at": v.member.BlockedAt}
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
		"version": {Type: huma.TypeInteger, Description: "1 for a new member; grows with each change. The ETag is made of it."},
		"blocked_at": {
			Type: huma.TypeString, Format: "date-time", Nullable: true,
			Description: "Since when the member is blocked, and left out of search, counts and quota; null where it is not.",
		},
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

// MemberInput names one member.
type MemberInput struct {
	ID int64 `path:"id" doc:"The id of the member."`
}

type memberOutput struct {
	Status   int
	Location string `header:"Location" doc:"The address of a new member."`
	ETag     string `header:"ETag" doc:"The version, for If-Match."`
	Body     memberView
}

func outputMember(m *postgres.Member, s *member.Schema) *memberOutput {
	return &memberOutput{Status: http.StatusOK, ETag: etag(m.Version), Body: memberView{m, s}}
}

// etag is the name of a version of a member.
func etag(version int32) string { return strconv.Quote(strconv.Itoa(int(version))) }

// memberSchema returns the fields of a list of the caller's tenant; of any list where it is not named.
func (s *server) memberSchema(ctx context.Context, list string) (*member.Schema, error) {
	return s.fieldsOfList(ctx, list)
}

// locale is how dates and phone numbers are read that the caller gives.
func locale(ctx context.Context) *member.Locale {
	t := &callerOf(ctx).Tenant
	zone, err := time.LoadLocation(t.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	return &member.Locale{Zone: zone, Region: t.Region}
}

// readMember is GET /v1/members/{id}.
func (s *server) readMember(ctx context.Context, in *MemberInput) (*memberOutput, error) {
	m, schema, err := s.findMember(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return outputMember(&m, schema), nil
}

// findMember returns a member of the caller's tenant, and the fields of its list.
func (s *server) findMember(ctx context.Context, id int64) (postgres.Member, *member.Schema, error) {
	schema, err := s.memberSchema(ctx, "")
	if err != nil {
		return postgres.Member{}, nil, err
	}
	m, err := s.db.Member(ctx, tenantOf(ctx), schema, id)
	if err != nil {
		return postgres.Member{}, nil, err
	}
	schema, err = s.memberSchema(ctx, m.List)
	return m, schema, err
}
