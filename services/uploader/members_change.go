package uploader

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// memberBody is what is said of a member: values of fields by key.
type memberBody map[string]json.RawMessage

// Schema lets every field have whatever an import would read: what is wrong with a value is said as of a row.
func (memberBody) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true,
		Description: "Values of fields (GET /v1/fields) by key: text as the cell of a file may have it, a number, a boolean, or an array for a list. null and \"\" stand for no value.",
		Examples:    []any{map[string]any{"member_sn": "A-0012", "name": "青木 一", "email": "aoki@example.jp", "birthday": "1990-05-20", "tags": []string{"vip/gold"}}},
	}
}

// ConsentInput says whether somebody may be opted in who opted out.
type ConsentInput struct {
	Consent string `query:"consent" enum:"guard,allow" default:"guard" doc:"With guard, who opted out is not opted in, and a request for that is refused; allow is for owners and admins."`
}

func (in *ConsentInput) rule(ctx context.Context) (member.ConsentRule, error) {
	rule := member.ConsentRule(in.Consent)
	if rule == member.ConsentAllow && !callerOf(ctx).MayAllowConsent() {
		return rule, &refusal{status: http.StatusForbidden, code: codeConsentDenied, fill: []string{"accepted", string(member.ConsentGuard)}}
	}
	return rule, nil
}

type createMemberInput struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"The same key gives the same member again, instead of another one; for 30 days."`
	Key            string `query:"key" maxLength:"255" doc:"The field that tells whether the member exists. Default: the first of member_sn, email, phone and line_id that is given; for a lead, of email and phone."`
	NewConsent     string `query:"new_consent" enum:"true,false,required" default:"true" doc:"Consents that are not given."`
	ConsentInput
	Body memberBody
}

// createMember is POST /v1/members.
func (s *server) createMember(ctx context.Context, in *createMemberInput) (*memberOutput, error) {
	consent, err := in.rule(ctx)
	if err != nil {
		return nil, err
	}
	request, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(request)
	n := postgres.NewMember{List: postgres.MainList, IdempotencyKey: in.IdempotencyKey, Request: hash[:], Said: s.said(ctx, maps.Clone(in.Body))}
	n.Said.Rules = member.Rules{Kind: member.KindMember, Key: in.Key, NewConsent: member.NewConsent(in.NewConsent), Consent: consent}
	if err := in.heads(&n); err != nil {
		return nil, err
	}
	schema, err := s.memberSchema(ctx, n.List)
	if err != nil {
		return nil, err
	}
	if err := chooseKey(&n.Said, schema); err != nil {
		return nil, err
	}
	out, err := s.db.CreateMember(ctx, tenantOf(ctx), schema, n)
	switch {
	case errors.Is(err, postgres.ErrReused):
		return nil, invalid(part{code: codeKeyReused, option: "Idempotency-Key"})
	case errors.Is(err, postgres.ErrNotFound):
		return nil, unknownList(n.List)
	case errors.Is(err, postgres.ErrConflict): // made by the same request, and deleted since
		return nil, refuse(http.StatusNotFound, codeNotFound)
	case err != nil:
		return nil, err
	case out.Holder != 0:
		return nil, memberExists(out.Holder, n.Said.Rules.Key)
	case len(out.Problems) > 0:
		return nil, refuseMember(out.Problems, schema)
	}
	answer := outputMember(&out.Member, schema)
	answer.Location = memberPath(out.Member.ID)
	if !out.Existed {
		answer.Status = http.StatusCreated
	}
	return answer, nil
}

func memberPath(id int64) string { return "/v1/members/" + strconv.FormatInt(id, 10) }

func memberExists(id int64, key string) error {
	r := refuse(http.StatusConflict, codeMemberExists, "key", key, "id", strconv.FormatInt(id, 10))
	r.member, r.header = id, http.Header{"Location": {memberPath(id)}}
	return r
}

// said is what the caller says of a member, to be judged as a row of an import is.
func (s *server) said(ctx context.Context, values memberBody) member.Said {
	return member.Said{Values: values, Locale: locale(ctx), MaxBytes: callerOf(ctx).Tenant.MaxRowBytes}
}

// heads takes what is no field out of what is said.
func (in *createMemberInput) heads(n *postgres.NewMember) error {
	var wrong []part
	for _, head := range []struct {
		name, accepted string
		to             *string
	}{{"list", "main, …", &n.List}, {"kind", "member, lead", (*string)(&n.Said.Rules.Kind)}} {
		raw, given := n.Said.Values[head.name]
		delete(n.Said.Values, head.name)
		if given && (json.Unmarshal(raw, head.to) != nil || !storable(*head.to)) {
			wrong = append(wrong, badOption(head.name, head.accepted))
		}
	}
	if len(wrong) == 0 && !slices.Contains(member.Kinds, n.Said.Rules.Kind) {
		wrong = append(wrong, badOption("kind", "member, lead"))
	}
	if !storable(in.IdempotencyKey) {
		wrong = append(wrong, badOption("Idempotency-Key", "UTF-8"))
	}
	if len(wrong) > 0 {
		return invalid(wrong...)
	}
	return nil
}

// chooseKey settles the field that tells whether the member exists.
func chooseKey(said *member.Said, s *member.Schema) error {
	rules := &said.Rules
	usual := []string{"member_sn", "email", "phone", "line_id"}
	if rules.Kind == member.KindLead {
		usual = []string{"email", "phone"}
	}
	for _, key := range usual {
		if raw := string(said.Values[key]); rules.Key == "" && raw != "" && raw != "null" && raw != `""` {
			rules.Key = key
		}
	}
	if rules.Key == "" {
		rules.Key = usual[0]
	}
	var accepted []string
	for _, f := range s.Fields() {
		if f.MergeKey && !f.ReadOnly && (f.Key != "member_sn" || rules.Kind != member.KindLead) {
			accepted = append(accepted, f.Key)
		}
	}
	if !slices.Contains(accepted, rules.Key) {
		return invalid(badOption("key", strings.Join(accepted, ", ")))
	}
	return nil
}

type updateMemberInput struct {
	MemberInput
	IfMatch    string `header:"If-Match" maxLength:"1000" doc:"The ETag of the member as it was read; required. * changes whatever is there."`
	ListValues string `query:"list_values" enum:"replace,append" default:"replace" doc:"Whether lists and tags get exactly the given values, or those that they lack."`
	ConsentInput
	Body memberBody
}

// updateMember is PATCH /v1/members/{id}.
func (s *server) updateMember(ctx context.Context, in *updateMemberInput) (*memberOutput, error) {
	if in.IfMatch == "" {
		return nil, refuse(http.StatusPreconditionRequired, codeIfMatchRequired, "id", strconv.FormatInt(in.ID, 10))
	}
	consent, err := in.rule(ctx)
	if err != nil {
		return nil, err
	}
	_, schema, err := s.findMember(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	change := postgres.MemberChange{Said: s.said(ctx, in.Body), Versions: versions(in.IfMatch)}
	change.Said.Rules = member.Rules{ListValues: member.ListValues(in.ListValues), Consent: consent}
	out, err := s.db.UpdateMember(ctx, tenantOf(ctx), schema, in.ID, change)
	return s.edited(&out, schema, err)
}

// versions returns those that an If-Match names (RFC 9110, section 13.1.1), nil for any.
func versions(ifMatch string) []int32 {
	if strings.TrimSpace(ifMatch) == "*" {
		return nil
	}
	named := []int32{}
	for tag := range strings.SplitSeq(ifMatch, ",") {
		text, ok := strings.CutPrefix(strings.TrimSpace(tag), `"`)
		text, closed := strings.CutSuffix(text, `"`)
		if n, err := strconv.ParseInt(text, 10, 32); ok && closed && err == nil {
			named = append(named, int32(n))
		}
	}
	return named
}

// edited answers with the member as it has become, or says why it has not.
func (s *server) edited(out *postgres.Edited, schema *member.Schema, err error) (*memberOutput, error) {
	switch {
	case err != nil:
		return nil, err
	case out.Stale:
		return nil, memberChanged(&out.Member)
	case len(out.Problems) > 0:
		return nil, refuseMember(out.Problems, schema)
	}
	return outputMember(&out.Member, schema), nil
}

func memberChanged(m *postgres.Member) error {
	r := refuse(http.StatusPreconditionFailed, codeMemberChanged, "version", strconv.Itoa(int(m.Version)))
	r.header = http.Header{"ETag": {etag(m.Version)}}
	return r
}

type deleteMemberInput struct {
	MemberInput
	IfMatch string `header:"If-Match" maxLength:"1000" doc:"The ETag of the member as it was read; it is deleted whatever it is where this is not given."`
}

// deleteMember is DELETE /v1/members/{id}.
func (s *server) deleteMember(ctx context.Context, in *deleteMemberInput) (*struct{}, error) {
	_, schema, err := s.findMember(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var expected []int32
	if in.IfMatch != "" {
		expected = versions(in.IfMatch)
	}
	out, err := s.db.DeleteMember(ctx, tenantOf(ctx), schema, in.ID, expected)
	if err == nil && out.Stale {
		err = memberChanged(&out.Member)
	}
	return nil, err
}

// blockMember is POST /v1/members/{id}/block.
func (s *server) blockMember(ctx context.Context, in *MemberInput) (*memberOutput, error) {
	return s.setBlocked(ctx, in.ID, true)
}

// unblockMember is POST /v1/members/{id}/unblock.
func (s *server) unblockMember(ctx context.Context, in *MemberInput) (*memberOutput, error) {
	return s.setBlocked(ctx, in.ID, false)
}

func (s *server) setBlocked(ctx context.Context, id int64, blocked bool) (*memberOutput, error) {
	_, schema, err := s.findMember(ctx, id)
	if err != nil {
		return nil, err
	}
	out, err := s.db.BlockMember(ctx, tenantOf(ctx), schema, id, blocked)
	return s.edited(&out, schema, err)
}

// maxAhead is how far the clocks of callers may be ahead of ours.
const maxAhead = 5 * time.Minute

type seeMemberInput struct {
	MemberInput
	At time.Time `query:"at" doc:"When the member was seen. Default: now."`
}

// seeMember is POST /v1/members/{id}/seen.
func (s *server) seeMember(ctx context.Context, in *seeMemberInput) (*memberOutput, error) {
	now := time.Now()
	switch {
	case in.At.IsZero() || in.At.After(now) && in.At.Sub(now) <= maxAhead:
		in.At = now
	case in.At.After(now) || in.At.Year() < 1970:
		return nil, invalid(badOption("at", "1970-01-01T00:00:00Z – "+now.UTC().Format(time.RFC3339)))
	}
	_, schema, err := s.findMember(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	m, err := s.db.SeeMember(ctx, tenantOf(ctx), schema, in.ID, in.At)
	if err != nil {
		return nil, err
	}
	return outputMember(&m, schema), nil
}
