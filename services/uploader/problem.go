package uploader

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/sheet"
	"github.com/meibo/meibo/internal/tenant"
)

// refusal is an error that is the caller's to mend. It is said in no language yet.
type refusal struct {
	status int
	code   string
	// fill holds pairs of a place in the code's sentence and what stands there.
	fill []string
	// say is the sentence where it is not the code's.
	say func(tenant.Language) string
	// parts are the options, columns or fields that are wrong, if it is they.
	parts []part
	// header is what the answer has beside the problem.
	header http.Header
	// limit is the limit of the tenant that is in the way.
	limit *limitView
	// member is the id of the member that is in the way.
	member int64
	cause  error
}

// part is what is wrong with one part of a request.
type part struct {
	code                  string
	option, field, header string
	fill                  []string
	say                   func(tenant.Language) string
}

func refuse(status int, code string, fill ...string) *refusal {
	return &refusal{status: status, code: code, fill: fill}
}

// invalid refuses a request for its parts.
func invalid(parts ...part) *refusal {
	return &refusal{status: http.StatusUnprocessableEntity, code: codeInvalid, parts: parts}
}

// badOption is an option with a value that is not accepted.
func badOption(option, accepted string) part {
	return part{code: codeOption, option: option, fill: []string{"option", option, "accepted", accepted}}
}

// Error says what is refused, for the log.
func (r *refusal) Error() string {
	words := []string{r.code}
	for _, p := range r.parts {
		words = append(words, strings.TrimSpace(strings.Join([]string{p.code, p.option, p.header, p.field}, " ")))
	}
	if r.cause != nil {
		words = append(words, r.cause.Error())
	}
	return strings.Join(words, "; ")
}

// Unwrap returns the cause, if there is one.
func (r *refusal) Unwrap() error { return r.cause }

// problem is a refusal as the caller reads it (RFC 9457).
type problem struct {
	Type   string        `json:"type" example:"about:blank" doc:"Always about:blank: the code tells problems apart."`
	Title  string        `json:"title" example:"Unprocessable Entity" doc:"The status in words."`
	Status int           `json:"status" example:"422" doc:"The HTTP status."`
	Detail string        `json:"detail" example:"No column is mapped to the key Member number." doc:"What is wrong and what to do about it, in the language of Accept-Language (ja or en), else in that of the key's user or tenant."`
	Code   string        `json:"code" example:"key_not_mapped" doc:"A stable name of the problem, for programs."`
	Errors []problemPart `json:"errors,omitempty" doc:"The parts of the request that are wrong, where it is they."`
	Member int64         `json:"member_id,omitempty" doc:"The member that has the key already (member_exists)."`
	Limit  *limitView    `json:"limit,omitempty" doc:"The limit of the account that is in the way (rows_per_day, storage_limit)."`
	header http.Header
}

// problemPart is one part of a request that is wrong.
type problemPart struct {
	Code   string `json:"code" example:"key_not_mapped" doc:"A stable name of what is wrong, for programs."`
	Option string `json:"option,omitempty" doc:"The option or parameter."`
	Field  string `json:"field,omitempty" example:"member_sn" doc:"The field, of a member or of a mapping."`
	Header string `json:"header,omitempty" doc:"The column of a mapping, by its header."`
	Detail string `json:"detail" doc:"What is wrong and what to do about it."`
}

// Error and the two below make a problem what huma writes as it is.
func (p *problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus returns the HTTP status.
func (p *problem) GetStatus() int { return p.Status }

// ContentType returns the media type of RFC 9457.
func (p *problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// problemOf translates an error into what the caller reads; faults of ours are kept for the log.
func (s *server) problemOf(ctx context.Context, err error) *problem {
	ses := sessionOf(ctx)
	r := classify(ctx, err)
	if r.status >= http.StatusInternalServerError {
		ses.err = err
	}
	return r.in(ses.lang())
}

// classify is the one table from errors to statuses.
func classify(ctx context.Context, err error) *refusal {
	var r *refusal
	var unsupported *sheet.Unsupported
	var beyond *postgres.LimitError
	switch {
	case errors.As(err, &r):
		return r
	case errors.As(err, &beyond):
		return beyondLimit(ctx, beyond)
	case errors.As(err, &unsupported):
		return &refusal{status: http.StatusUnsupportedMediaType, code: string(unsupported.Code), say: unsupported.Reason.In, cause: err}
	case errors.Is(err, postgres.ErrNotFound):
		return refuse(http.StatusNotFound, codeNotFound)
	case errors.Is(err, postgres.ErrTooSlow):
		return refuse(http.StatusUnprocessableEntity, codeTooSlow)
	case ctx.Err() != nil:
		return refuse(statusClientGone, codeClientGone)
	}
	return refuse(http.StatusInternalServerError, codeInternal)
}

// statusClientGone is what logs call a request whose caller did not wait for the answer. Nobody receives it.
const statusClientGone = 499

// in says a refusal in a language.
func (r *refusal) in(lang tenant.Language) *problem {
	p := &problem{Type: "about:blank", Title: http.StatusText(r.status), Status: r.status, Code: r.code, Member: r.member, Limit: r.limit, header: r.header}
	for _, part := range r.parts {
		p.Errors = append(p.Errors, problemPart{
			Code: part.code, Option: part.option, Field: part.field, Header: part.header,
			Detail: sentence(part.code, part.say, part.fill, lang),
		})
	}
	// A request with one fault, or several of a kind, is that problem.
	if len(p.Errors) > 0 && !differ(p.Errors) {
		p.Code = p.Errors[0].Code
	}
	if len(p.Errors) == 1 {
		p.Detail = p.Errors[0].Detail
	} else {
		p.Detail = sentence(r.code, r.say, r.fill, lang)
	}
	return p
}

func differ(parts []problemPart) bool {
	for _, p := range parts {
		if p.Code != parts[0].Code {
			return true
		}
	}
	return false
}

func sentence(code string, say func(tenant.Language) string, fill []string, lang tenant.Language) string {
	if say != nil {
		return say(lang)
	}
	text, ok := sentences[code]
	if !ok {
		return member.Problem{Code: member.Code(code)}.Sentence(lang, nil)
	}
	places := make([]string, len(fill))
	for i := range fill {
		places[i] = fill[i]
		if i%2 == 0 {
			places[i] = "{" + fill[i] + "}"
		}
	}
	return strings.NewReplacer(places...).Replace(text.In(lang))
}

// fail answers with the problem that err is.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := s.problemOf(r.Context(), err)
	maps.Copy(w.Header(), p.header)
	w.Header().Set("Content-Type", problemType)
	writeJSON(w, p.Status, p)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // A caller who is gone needs no answer.
}

// translate is huma's transformer of answers: what its validation refuses becomes a problem like any other.
func (s *server) translate(ctx huma.Context, _ string, v any) (any, error) {
	if m, ok := v.(*huma.ErrorModel); ok {
		return s.problemOf(ctx.Context(), refusalOf(m)), nil
	}
	return v, nil
}

// refusalOf reads huma's own errors.
func refusalOf(m *huma.ErrorModel) *refusal {
	r := refuse(m.Status, codeInvalid)
	switch m.Status {
	case http.StatusBadRequest:
		r.code = codeMalformed
		if m.Detail == "request body is required" {
			r.code = codeNotAnObject
		}
		return r
	case http.StatusRequestTimeout:
		r.code = codeStalled
		return r
	case http.StatusRequestEntityTooLarge:
		r.code = codeTooLarge
		return r
	case http.StatusUnsupportedMediaType:
		r.code = codeContentType
		return r
	case http.StatusUnprocessableEntity:
		if notAnObject(m.Errors) {
			r.code = codeNotAnObject
			return r
		}
		r.parts = partsOf(m.Errors)
		return r
	}
	r.cause = fmt.Errorf("%s: %v", m.Detail, m.Errors)
	r.code = codeInternal
	return r
}

// notAnObject reports whether the body as a whole is what is wrong.
func notAnObject(details []*huma.ErrorDetail) bool {
	return slices.ContainsFunc(details, func(d *huma.ErrorDetail) bool {
		return d != nil && d.Location == "body" && d.Message == "expected object"
	})
}

// bounds are the beginnings of findings of huma's validation, and what they say for people.
var bounds = []struct {
	message string
	text    member.Text
}{
	{"expected number >= ", member.Text{JA: "%s以上の数値", EN: "a number from %s"}},
	{"expected number <= ", member.Text{JA: "%s以下の数値", EN: "a number up to %s"}},
	{"expected length >= ", member.Text{JA: "%s文字以上の文字列", EN: "text of at least %s characters"}},
	{"expected length <= ", member.Text{JA: "%s文字以内の文字列", EN: "text of at most %s characters"}},
	{"expected array length >= ", member.Text{JA: "%s件以上の配列", EN: "a list of at least %s"}},
	{"expected array length <= ", member.Text{JA: "%s件以内の配列", EN: "a list of at most %s"}},
	{"expected array", member.Text{JA: "配列", EN: "a list"}},
	{"expected object", member.Text{JA: "オブジェクト", EN: "an object"}},
	{"expected string to be RFC 3339 date-time", member.Text{JA: "RFC 3339 形式の日時", EN: "a time as in 2026-04-01T09:00:00+09:00"}},
	{"expected string", member.Text{JA: "文字列", EN: "text"}},
	{"expected boolean", truthValues},
	{"expected integer", member.Text{JA: "整数", EN: "a whole number"}},
	{"expected number", member.Text{JA: "数値", EN: "a number"}},
	{"invalid integer", member.Text{JA: "整数", EN: "a whole number"}},
	{"invalid boolean", truthValues},
}

// expected says what a value that huma's validation has refused should have been: in its own words, where there are no
// others.
func expected(message string) member.Text {
	for _, b := range bounds {
		if bound, ok := strings.CutPrefix(message, b.message); ok {
			return member.Text{JA: strings.Replace(b.text.JA, "%s", bound, 1), EN: strings.Replace(b.text.EN, "%s", bound, 1)}
		}
	}
	return member.Text{JA: message, EN: message}
}

// partsOf translates the findings of huma's validation, of which only the English text tells what they are.
func partsOf(details []*huma.ErrorDetail) []part {
	parts := make([]part, 0, len(details))
	for _, d := range details {
		if d == nil {
			continue
		}
		_, option, _ := strings.Cut(d.Location, ".")
		p := part{code: codeOption, option: option}
		accepted, known := acceptedFor(option)
		if name, ok := strings.CutPrefix(d.Message, "expected required property "); ok {
			name, _, _ = strings.Cut(name, " ")
			p.code, p.option = codeRequired, strings.TrimPrefix(option+"."+name, ".")
		} else if strings.HasPrefix(d.Message, "required ") {
			p.code = codeRequired
		} else if d.Message == "unexpected property" || d.Message == "unknown query parameter" {
			p.code = codeUnknownOption
		} else if known {
			p.say = notAccepted(option, accepted).say
		} else if _, list, ok := strings.Cut(d.Message, `one of "`); ok {
			p.fill = []string{"accepted", strings.TrimSuffix(list, `"`)}
		} else {
			p = notAccepted(cmp.Or(option, d.Location), expected(d.Message))
		}
		p.fill = append(p.fill, "option", p.option)
		parts = append(parts, p)
	}
	return parts
}
