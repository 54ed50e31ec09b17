package uploader

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func (w *world) members(query string) (ids []int64, next string, raw []json.RawMessage) {
	w.Helper()
	page := want[struct {
		Items      []json.RawMessage
		NextCursor string `json:"next_cursor"`
	}](w, http.StatusOK, w.get("/v1/members"+query))
	for _, item := range page.Items {
		var m struct{ ID int64 }
		w.must(json.Unmarshal(item, &m))
		ids = append(ids, m.ID)
	}
	return ids, page.NextCursor, page.Items
}

func TestMembersAreReadWithAllFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.running(1)
	w.merge(id, 0, 0, []int64{2, 3, 4}, []string{"Ａ１", "青木", "090-1234-5678"}, []string{"A2", "石井", ""}, []string{"A3", "上田", ""})
	ids, _, raw := w.members("")
	if len(ids) != 3 {
		t.Fatalf("%d members, want 3", len(ids))
	}
	text := string(raw[0])
	if !strings.HasPrefix(text, `{"id":`+strconv.FormatInt(ids[0], 10)+`,"list":"main","kind":"member","version":1,"created_at":"2`) {
		t.Errorf("member = %s", text)
	}
	for _, part := range []string{
		`"member_sn":"A1"`, `"name":"青木"`, `"phone":"+819012345678"`, `"email":null`, `"birthday":null`, `"tags":null`, `"is_active":true`,
		`"is_subscriber":true`, `"bounce_count":0`, `"sex":null`,
	} {
		if !strings.Contains(text, part) {
			t.Errorf("member %s lacks %s", text, part)
		}
	}
	a := w.get("/v1/members/" + strconv.FormatInt(ids[0], 10))
	if strings.TrimSpace(string(a.body)) != text {
		t.Errorf("by id: %s, want %s", a.body, text)
	}
}

func TestMembersAreFoundAndPaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.running(1)
	w.merge(id, 0, 0, []int64{2, 3, 4}, []string{"A1", "青木", "090-1234-5678"}, []string{"A2", "石井", ""}, []string{"A3", "上田", ""})
	for query, want := range map[string]int{
		"?member_sn=%EF%BC%A1%EF%BC%92": 1, "?member_sn=A9": 0, "?phone=%2B819012345678": 1, "?phone=09012345678": 1, "?email=a@example.jp": 0,
		"?list=main": 3, "?member_sn=A1&phone=09012345678": 1,
	} {
		if ids, _, _ := w.members(query); len(ids) != want {
			t.Errorf("%s: %d members, want %d", query, len(ids), want)
		}
	}
	first, next, _ := w.members("?limit=2")
	second, end, _ := w.members("?limit=2&cursor=" + next)
	if len(first) != 2 || len(second) != 1 || second[0] <= first[1] || end != "" {
		t.Errorf("pages %v and %v, then %q", first, second, end)
	}
	for query, option := range map[string]string{"?list=none": "list", "?list=%00": "list", "?cursor=x": "cursor", "?phone=x": "phone", "?email=x": "email", "?name=x": "name"} {
		a := w.get("/v1/members" + query)
		if p := a.problem(w); p.Status != http.StatusUnprocessableEntity || len(p.Errors) != 1 || p.Errors[0].Option != option {
			t.Errorf("%s: %s", query, a.body)
		}
	}
}

func TestOtherTenantsMemberIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.running(1)
	w.merge(id, 0, 0, []int64{2}, []string{"A1", "青木", ""})
	ids, _, _ := w.members("")
	w.acme = w.account("other", "en")
	wantProblem(w, http.StatusNotFound, codeNotFound, w.get("/v1/members/"+strconv.FormatInt(ids[0], 10)))
	if ids, _, _ := w.members(""); len(ids) != 0 {
		t.Errorf("members of another tenant: %v", ids)
	}
}
