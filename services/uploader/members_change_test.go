package uploader

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// shown is what the tests look at of a member.
type shown struct {
	ID        int64
	List      string
	Kind      string
	Version   int
	Name      *string
	Email     *string
	MemberSN  *string `json:"member_sn"`
	Tags      []string
	Carrier   *int
	Mail      bool    `json:"is_subscriber"`
	BlockedAt *string `json:"blocked_at"`
	LastSeen  string  `json:"last_seen_at"`
}

func (w *world) change(id int64, ifMatch, query, body string) *answer {
	w.Helper()
	headers := []string{"Content-Type", "application/merge-patch+json"}
	if ifMatch != "" {
		headers = append(headers, "If-Match", ifMatch)
	}
	return w.call(http.MethodPatch, memberPath(id)+query, strings.NewReader(body), headers...)
}

func (w *world) member(status int, a *answer) shown {
	w.Helper()
	m := want[shown](w, status, a)
	if got := a.header.Get("ETag"); got != strconv.Quote(strconv.Itoa(m.Version)) {
		w.Errorf("ETag %s of version %d", got, m.Version)
	}
	return m
}

// become has acme call as a person of the role that u has.
func (w *world) become(u postgres.User) {
	w.Helper()
	u.Email, u.Name, u.Language = "hanako@acme.example", "Hanako", "en"
	u, err := w.db.CreateUser(w.Context(), w.acme.tenant.ID, u)
	w.must(err)
	w.acme.key, err = w.db.CreateKey(w.Context(), w.acme.tenant.ID, "hanako", u.ID)
	w.must(err)
}

// faults returns the parts of a problem as field:code, sorted.
func faults(p problem) string {
	var all []string
	for _, e := range p.Errors {
		all = append(all, e.Field+e.Option+":"+e.Code)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestMemberIsCreatedReadChangedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.post("/v1/members", `{"member_sn":"Ａ１","name":"青木","email":"a@docomo.ne.jp","tags":["b","a"],"kind":"member","list":"main"}`)
	m := w.member(http.StatusCreated, a)
	if m.Version != 1 || *m.MemberSN != "A1" || *m.Carrier != 1 || m.List != "main" || m.Kind != "member" || a.header.Get("Location") != memberPath(m.ID) {
		t.Errorf("created %s, %v", a.body, a.header)
	}
	if read := w.get(memberPath(m.ID)); string(read.body) != string(a.body) || read.header.Get("ETag") != `"1"` {
		t.Errorf("read %s, created %s", read.body, a.body)
	}
	p := wantProblem(w, http.StatusPreconditionRequired, codeIfMatchRequired, w.change(m.ID, "", "", `{"name":"青山"}`))
	if !strings.Contains(p.Detail, strconv.FormatInt(m.ID, 10)) {
		t.Errorf("detail %q", p.Detail)
	}
	changed := w.member(http.StatusOK, w.change(m.ID, `"1"`, "", `{"email":null,"tags":["c"]}`))
	if changed.Version != 2 || changed.Email != nil || changed.Carrier != nil || !slices.Equal(changed.Tags, []string{"c"}) || *changed.Name != "青木" {
		t.Errorf("changed = %+v", changed)
	}
	for _, stale := range []string{`"1"`, `W/"2"`, `2`, `"x"`, `"9", "1"`} {
		a := w.change(m.ID, stale, "", `{"name":"x"}`)
		wantProblem(w, http.StatusPreconditionFailed, codeMemberChanged, a)
		if a.header.Get("ETag") != `"2"` {
			t.Errorf("If-Match %s: ETag %q, want that of now", stale, a.header.Get("ETag"))
		}
	}
	if more := w.member(http.StatusOK, w.change(m.ID, `"1", "2"`, "?list_values=append", `{"tags":"c,d"}`)); !slices.Equal(more.Tags, []string{"c", "d"}) {
		t.Errorf("tags = %v", more.Tags)
	}
	w.member(http.StatusOK, w.change(m.ID, `*`, "", `{}`))
	wantProblem(w, http.StatusPreconditionFailed, codeMemberChanged, w.call(http.MethodDelete, memberPath(m.ID), nil, "If-Match", `"1"`))
	if a := w.call(http.MethodDelete, memberPath(m.ID), nil, "If-Match", `"3"`); a.status != http.StatusNoContent || len(a.body) > 0 {
		t.Errorf("delete: %d %s", a.status, a.body)
	}
	for _, a := range []*answer{
		w.get(memberPath(m.ID)), w.change(m.ID, "*", "", `{}`), w.call(http.MethodDelete, memberPath(m.ID), nil), w.post(memberPath(m.ID)+"/block", ""),
		w.post(memberPath(m.ID)+"/unblock", ""), w.post(memberPath(m.ID)+"/seen", ""),
	} {
		wantProblem(w, http.StatusNotFound, codeNotFound, a)
	}
}

func TestWhatIsWrongWithAMemberIsSaidOfEveryField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.post("/v1/members", `{"member_sn":"A1","email":"a@","birthday":"2024.05.04","sex":"x","tags":{},"color":1,"version":3,"carrier":1}`)
	p := wantProblem(w, http.StatusUnprocessableEntity, codeInvalid, a)
	if got, want := faults(p), "birthday:date_dots carrier:read_only color:unknown_field email:email_invalid sex:choice_unknown tags:value_type version:read_only"; got != want {
		t.Errorf("faults %s, want %s", got, want)
	}
	for _, e := range p.Errors {
		if e.Detail == "" || strings.ContainsAny(e.Detail, "{}") {
			t.Errorf("%s: %q", e.Field, e.Detail)
		}
	}
	ja := w.post("/v1/members", `{"member_sn":"A1","carrier":1,"name":"x"}`, "Accept-Language", "ja").problem(w)
	if ja.Code != "read_only" || ja.Detail != "「携帯キャリア」は自動で設定される項目のため、指定できません。リクエストから取り除いてください。" {
		t.Errorf("in Japanese: %+v", ja)
	}
	for body, want := range map[string]string{
		`{"name":"青木"}`: "member_sn:key_missing", `{"kind":"lead","name":"x"}`: "email:key_missing", `{"member_sn":"A1"}`: "name:required",
		`{"kind":"person"}`: "kind:invalid_option", `{"list":"none","member_sn":"A1","name":"x"}`: "list:unknown_list", `{"list":1,"kind":2}`: "kind:invalid_option list:invalid_option",
		`{"kind":"lead","email":"a@example.jp","member_sn":"A1"}`: "member_sn:lead_member_number", `{"list":"\u0000"}`: "list:invalid_option",
		`{"member_sn":"A\u0000","name":"x"}`: "member_sn:invalid_text",
	} {
		if a := w.post("/v1/members", body); a.status != http.StatusUnprocessableEntity || faults(a.problem(w)) != want {
			t.Errorf("%s: %d %s, want %s", body, a.status, a.body, want)
		}
	}
	if a := w.post("/v1/members?key=city", `{"city":"x","name":"x"}`); faults(a.problem(w)) != "key:invalid_option" || !strings.Contains(a.problem(w).Detail, "line_id") {
		t.Errorf("a key that is none: %s", a.body)
	}
	for _, body := range []string{`[]`, `null`, `"x"`} {
		if a := w.post("/v1/members", body); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	wantProblem(w, http.StatusBadRequest, codeMalformed, w.post("/v1/members", `{`))
}

func TestMemberWithTheKeyOfAnotherIsNotCreated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.member(http.StatusCreated, w.post("/v1/members", `{"email":"a@example.jp","name":"青木"}`))
	a := w.post("/v1/members", `{"email":"A@example.jp","name":"青木"}`)
	p := wantProblem(w, http.StatusConflict, codeMemberExists, a)
	if p.Member != m.ID || a.header.Get("Location") != memberPath(m.ID) || !strings.Contains(p.Detail, strconv.FormatInt(m.ID, 10)) {
		t.Errorf("%s %v", a.body, a.header)
	}
	w.member(http.StatusCreated, w.post("/v1/members", `{"email":"A@example.jp","member_sn":"A1","name":"家族"}`))
	wantProblem(w, http.StatusConflict, codeMemberExists, w.post("/v1/members?key=email", `{"email":"A@example.jp","member_sn":"A2","name":"家族"}`))
}

func TestMemberIsCreatedOnceForAnIdempotencyKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := `{"email":"a@example.jp","name":"青木"}`
	first := w.member(http.StatusCreated, w.post("/v1/members", body, "Idempotency-Key", "k"))
	w.member(http.StatusOK, w.change(first.ID, "*", "", `{"name":"青山"}`))
	again := w.member(http.StatusOK, w.post("/v1/members", ` {"name": "青木","email":"a@example.jp"}`, "Idempotency-Key", "k"))
	if again.ID != first.ID || *again.Name != "青山" {
		t.Errorf("again = %+v, first %+v", again, first)
	}
	wantProblem(w, http.StatusUnprocessableEntity, codeKeyReused, w.post("/v1/members", `{"email":"b@example.jp","name":"青木"}`, "Idempotency-Key", "k"))
	if a := w.call(http.MethodDelete, memberPath(first.ID), nil); a.status != http.StatusNoContent {
		t.Fatalf("delete: %d", a.status)
	}
	wantProblem(w, http.StatusNotFound, codeNotFound, w.post("/v1/members", body, "Idempotency-Key", "k"))
}

func TestOptingInNeedsAPermissionAndIsNeverSilent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.member(http.StatusCreated, w.post("/v1/members", `{"email":"a@example.jp","name":"青木","is_subscriber":false}`))
	p := wantProblem(w, http.StatusUnprocessableEntity, "consent_protected", w.change(m.ID, "*", "", `{"is_subscriber":true,"name":"x"}`))
	if faults(p) != "is_subscriber:consent_protected" || !strings.Contains(p.Detail, "consent=allow") {
		t.Errorf("%+v", p)
	}
	wantProblem(w, http.StatusForbidden, codeConsentDenied, w.change(m.ID, "*", "?consent=allow", `{"is_subscriber":true}`))
	w.become(postgres.User{Role: "admin"})
	wantProblem(w, http.StatusUnprocessableEntity, "consent_protected", w.change(m.ID, "*", "", `{"is_subscriber":true}`))
	if in := w.member(http.StatusOK, w.change(m.ID, "*", "?consent=allow", `{"is_subscriber":true}`)); !in.Mail {
		t.Errorf("opted in = %+v", in)
	}
	if fresh := w.member(http.StatusCreated, w.post("/v1/members?new_consent=false", `{"email":"b@example.jp","name":"x"}`)); fresh.Mail {
		t.Errorf("new_consent=false: %+v", fresh)
	}
	if a := w.post("/v1/members?new_consent=required", `{"email":"c@example.jp","name":"x"}`); faults(a.problem(w)) != "is_subscriber:consent_required" {
		t.Errorf("new_consent=required: %s", a.body)
	}
}

func TestViewersReadOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.member(http.StatusCreated, w.post("/v1/members", `{"email":"a@example.jp","name":"青木"}`))
	w.become(postgres.User{Role: "viewer"})
	w.member(http.StatusOK, w.get(memberPath(m.ID)))
	for _, a := range []*answer{
		w.post("/v1/members", `{"email":"b@example.jp","name":"x"}`), w.change(m.ID, "*", "", `{"name":"x"}`), w.call(http.MethodDelete, memberPath(m.ID), nil),
		w.post(memberPath(m.ID)+"/block", ""), w.post(memberPath(m.ID)+"/unblock", ""), w.post(memberPath(m.ID)+"/seen", ""),
	} {
		wantProblem(w, http.StatusForbidden, codeEditDenied, a)
	}
}

func TestMemberIsBlockedAndSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.member(http.StatusCreated, w.post("/v1/members", `{"email":"a@example.jp","name":"青木"}`))
	if b := w.member(http.StatusOK, w.post(memberPath(m.ID)+"/block", "")); b.BlockedAt == nil || b.Version != 2 {
		t.Errorf("blocked = %+v", b)
	}
	for query, want := range map[string]int{"": 0, "?blocked=include": 1, "?blocked=only": 1, "?email=a@example.jp": 0} {
		if ids, _, _ := w.members(query); len(ids) != want {
			t.Errorf("%q: %d members, want %d", query, len(ids), want)
		}
	}
	if b := w.member(http.StatusOK, w.post(memberPath(m.ID)+"/unblock", "")); b.BlockedAt != nil || b.Version != 3 {
		t.Errorf("unblocked = %+v", b)
	}
	if s := w.member(http.StatusOK, w.post(memberPath(m.ID)+"/seen", "")); s.LastSeen <= m.LastSeen || s.Version != 3 {
		t.Errorf("seen = %+v, before %+v", s, m)
	}
	if s := w.member(http.StatusOK, w.post(memberPath(m.ID)+"/seen?at=2001-02-03T04:05:06Z", "")); s.LastSeen <= m.LastSeen {
		t.Errorf("seen earlier = %+v", s)
	}
	if a := w.post(memberPath(m.ID)+"/seen?at=2999-01-01T00:00:00Z", ""); faults(a.problem(w)) != "at:invalid_option" {
		t.Errorf("seen in the future: %s", a.body)
	}
}

func TestMembersAreSearchedThroughTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(http.StatusCreated, w.post("/v1/members", `{"member_sn":"A1","name":"青木","birthday":"1990-05-20","tags":["vip"]}`))
	w.member(http.StatusCreated, w.post("/v1/members", `{"member_sn":"A2","name":"石井","birthday":"1980-05-20"}`))
	w.member(http.StatusCreated, w.post("/v1/members", `{"email":"u@example.jp","kind":"lead"}`))
	for query, want := range map[string]int{
		"filter=birthday:gte:1990-01-01": 1, "filter=tags:none:vip&filter=birthday:present": 1, "kind=lead": 1, "kind=member": 2, "q=青": 1, "q=A": 2, "q=u@ex": 1,
		"filter=name:eq:青木,石井": 0, "q=%20": 3,
	} {
		values, err := url.ParseQuery(query)
		w.must(err)
		values.Set("count", "true")
		page := searched(w, w.get("/v1/members?"+values.Encode()))
		if len(page.Items) != want || page.Count == nil || *page.Count != want || page.CountMore {
			t.Errorf("%s: %d members, count %v, want %d", query, len(page.Items), page.Count, want)
		}
	}
	for query, want := range map[string]string{
		"filter=birthday": "filter:filter_invalid", "filter=color:eq:1": "filter:filter_field", "filter=birthday:contains:1": "birthdayfilter:filter_operator",
		"filter=birthday:eq:x&filter=name:empty:1": "birthdayfilter:date_invalid filter:filter_invalid", "kind=x": "kind:invalid_option", "blocked=x": "blocked:invalid_option",
	} {
		if a := w.get("/v1/members?" + query); a.status != http.StatusUnprocessableEntity || faults(a.problem(w)) != want {
			t.Errorf("%s: %d %s, want %s", query, a.status, a.body, want)
		}
	}
}

func searched(w *world, a *answer) (page struct {
	Items     []json.RawMessage
	Count     *int
	CountMore bool `json:"count_more"`
},
) {
	w.Helper()
	if a.status != http.StatusOK {
		w.Fatalf("status %d: %s", a.status, a.body)
	}
	a.into(w, &page)
	return page
}

func TestSentencesOfMembersAreInBothLanguages(t *testing.T) {
	t.Parallel()
	place := regexp.MustCompile(`\{\w+\}`)
	for code, text := range memberSentences {
		if text.JA == "" || !strings.HasSuffix(text.JA, "。") || !strings.HasSuffix(text.EN, ".") || !slices.Equal(place.FindAllString(text.JA, -1), place.FindAllString(text.EN, -1)) {
			t.Errorf("%s: %+v", code, text)
		}
		if p := (member.Problem{Code: code}); p.Sentence(tenant.English, nil) == string(code) {
			t.Errorf("%s is no code of a problem", code)
		}
	}
}
