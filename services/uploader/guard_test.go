package uploader

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

// owner makes an owner of acme the caller.
func (w *world) owner() {
	w.Helper()
	u, err := w.db.CreateUser(w.Context(), w.acme.tenant.ID, postgres.User{Email: "owner@acme.example", Name: "Hanako", Language: "en", Role: postgres.RoleOwner})
	w.must(err)
	w.acme.key, err = w.db.CreateKey(w.Context(), w.acme.tenant.ID, "owner's", u.ID)
	w.must(err)
}

// unaudited are operations that change something and are no acts by themselves, and why.
var unaudited = map[string]string{
	"begin-parts": "a step of an upload, which is written down when the file is complete",
	"put-part":    "as begin-parts",
	"sign-parts":  "as begin-parts",
	"abort-parts": "as begin-parts: nothing was uploaded",
	"see-member":  "seeing is not editing, and a busy site does it all the time",
}

func TestEveryOperationThatChangesSomethingIsInTheAuditLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wantProblem(w, http.StatusForbidden, codeAdminDenied, w.get("/v1/audit"))
	broken := w.broken(nil)
	w.owner()
	var id, member, user, key, token, session, cookie string
	json := func(method, path, body string, headers ...string) func() *answer {
		return func() *answer {
			fill := strings.NewReplacer("{id}", id, "{member}", member, "{user}", user, "{key}", key, "{token}", token, "{session}", session)
			return w.call(method, fill.Replace(path), strings.NewReader(fill.Replace(body)), append([]string{"Content-Type", "application/json"}, headers...)...)
		}
	}
	// Somebody else of the same name comes in as people do, without a key.
	person := func(method, path, body string) func() *answer {
		return func() *answer {
			a := json(method, path, body, "Authorization", "", "Cookie", cookie)()
			if set, _, ok := strings.Cut(a.header.Get("Set-Cookie"), ";"); ok {
				cookie = set
			}
			return a
		}
	}
	signIn := func(password string) func() *answer {
		return person(http.MethodPost, "/v1/session", `{"tenant":"acme","email":"guard@acme.example","password":"`+password+`"}`)
	}
	hired := func() *answer {
		a := json(http.MethodPost, "/v1/users", `{"email":"guard@acme.example","name":"Hanako","role":"editor"}`)()
		user = fmt.Sprint(want[personView](w, http.StatusCreated, a).ID)
		return a
	}
	invited := func() *answer {
		a := json(http.MethodPost, "/v1/users/{user}/invitation", "")()
		token = want[invitationView](w, http.StatusOK, a).Token
		return a
	}
	twice := func() *answer {
		session = fmt.Sprint(want[signedInView](w, http.StatusOK, person(http.MethodGet, "/v1/session", "")()).Session.ID)
		cookie = ""
		return signIn("一日ごとに新しい馬が来る朝")()
	}
	issued := func() *answer {
		a := json(http.MethodPost, "/v1/keys", `{"name":"nightly"}`)()
		key = fmt.Sprint(want[createdKeyView](w, http.StatusCreated, a).ID)
		return a
	}
	created := func() *answer {
		a := json(http.MethodPost, "/v1/imports", `{"file_name":"members.csv"}`)()
		id = want[importView](w, http.StatusCreated, a).ID
		return a
	}
	joined := func() *answer {
		a := json(http.MethodPost, "/v1/members", `{"member_sn":"Z1","name":"座間"}`)()
		member = fmt.Sprint(want[struct{ ID int64 }](w, http.StatusCreated, a).ID)
		return a
	}
	acts := []struct {
		operation, act string
		do             func() *answer
	}{
		{"create-field", "field.create", json(http.MethodPost, "/v1/fields", `{"key":"plan","type":"choice","choices":[{"label":{"ja":"松"}}]}`)},
		{"change-field", "field.change", json(http.MethodPatch, "/v1/fields/plan", `{"label":{"ja":"プラン"}}`)},
		{"retire-field", "field.change", json(http.MethodPost, "/v1/fields/plan/retire", "")},
		{"create-list", "list.create", json(http.MethodPost, "/v1/lists", `{"name":"second"}`)},
		{"change-list", "list.change", json(http.MethodPatch, "/v1/lists/second", `{"note":"x"}`)},
		{"create-profile", "profile.create", json(http.MethodPost, "/v1/profiles", `{"name":"p"}`)},
		{"put-profile", "profile.put", json(http.MethodPut, "/v1/profiles/p", `{}`)},
		{"delete-profile", "profile.delete", json(http.MethodDelete, "/v1/profiles/p", "")},
		{"delete-list", "list.delete", json(http.MethodDelete, "/v1/lists/second", "")},
		{"change-retention", "retention.change", json(http.MethodPatch, "/v1/retention", `{"source_days":10}`)},
		{"change-settings", "tenant.change", json(http.MethodPatch, "/v1/settings", `{"label":"株式会社アクメ","notify":{"min_rows":1000}}`)},
		{"create-member", "member.create", joined},
		{"update-member", "member.change", json(http.MethodPatch, "/v1/members/{member}", `{"name":"座間 一"}`, "If-Match", "*")},
		{"block-member", "member.block", json(http.MethodPost, "/v1/members/{member}/block", "")},
		{"unblock-member", "member.unblock", json(http.MethodPost, "/v1/members/{member}/unblock", "")},
		{"delete-member", "member.delete", json(http.MethodDelete, "/v1/members/{member}", "")},
		{"create-member", "member.create", joined},
		{"erase-member", "member.erase", json(http.MethodPost, "/v1/members/{member}/erase", "")},
		{"create-import", "import.create", created},
		{"put-source", "import.upload", func() *answer { return w.put(id, smallCSV) }},
		{"complete-parts", "import.upload", func() *answer {
			w.begin(id)
			w.mustPut(id, 1, otherCSV)
			return w.complete(id, claim(otherCSV))
		}},
		{"start-import", "import.start", json(http.MethodPost, "/v1/imports/{id}/start", "")},
		{"pause-import", "import.pause", json(http.MethodPost, "/v1/imports/{id}/pause", "")},
		{"resume-import", "import.resume", json(http.MethodPost, "/v1/imports/{id}/resume", "")},
		{"cancel-import", "import.cancel", json(http.MethodPost, "/v1/imports/{id}/cancel", "")},
		{"retry-import", "import.retry", json(http.MethodPost, "/v1/imports/"+broken+"/retry", "{}")},
		{"undo-import", "import.undo", json(http.MethodPost, "/v1/imports/{id}/undo", "{}")},
		{"create-user", "user.create", hired},
		{"change-user", "user.change", json(http.MethodPatch, "/v1/users/{user}", `{"language":"en"}`)},
		{"invite-user", "user.invite", invited},
		{"redeem-token", "password.redeem", person(http.MethodPost, "/v1/password", `{"token":"{token}","password":"correct horse battery"}`)},
		{"sign-in", "session.create", signIn("correct horse battery")},
		{"change-password", "password.change", person(http.MethodPut, "/v1/password", `{"old_password":"correct horse battery","new_password":"一日ごとに新しい馬が来る朝"}`)},
		{"sign-in", "session.create", twice},
		{"end-session", "session.end", person(http.MethodDelete, "/v1/sessions/{session}", "")},
		{"sign-in", "session.end", signIn("一日ごとに新しい馬が来る朝")}, // which ends the session of the cookie
		{"sign-out", "session.end", person(http.MethodDelete, "/v1/session", "")},
		{"create-key", "key.create", issued},
		{"revoke-key", "key.revoke", json(http.MethodPost, "/v1/keys/{key}/revoke", "")},
		{"delete-user", "user.delete", json(http.MethodDelete, "/v1/users/{user}", "")},
	}
	tried := map[string]bool{}
	var last int64
	for _, a := range acts {
		tried[a.operation] = true
		if answer := a.do(); answer.status >= 300 {
			t.Errorf("%s: %d %s", a.operation, answer.status, answer.body)
		}
		log, err := w.db.Audit(t.Context(), w.acme.tenant.ID, postgres.AuditFilter{Act: a.act, Limit: 1})
		w.must(err)
		if len(log) != 1 || log[0].ID <= last || log[0].Actor.Kind != postgres.ActorUser || log[0].Actor.Name != "Hanako" || log[0].Actor.Address != "127.0.0.1" {
			t.Fatalf("%s leaves no %s of its own in the audit log: %+v", a.operation, a.act, log)
		}
		last = log[0].ID
	}
	all, err := w.db.Audit(t.Context(), w.acme.tenant.ID, postgres.AuditFilter{Limit: 1000})
	w.must(err)
	for _, secret := range []string{"meibo_", "argon2", "battery", "馬"} {
		if strings.Contains(fmt.Sprint(all), secret) {
			t.Errorf("the audit log says %q", secret)
		}
	}
	d, _ := document(t)
	for path, item := range d.Paths {
		for method, op := range item {
			if method != "get" && !tried[op.OperationID] && unaudited[op.OperationID] == "" {
				t.Errorf("%s %s (%s) is not tried: does it leave a row in the audit log?", method, path, op.OperationID)
			}
		}
	}

	// The log is read in pages, and narrowed.
	type page struct {
		Items      []auditEntry `json:"items"`
		NextCursor string       `json:"next_cursor"`
	}
	var read []int64
	for query := "?act=member.&limit=3"; query != ""; {
		p := want[page](w, http.StatusOK, w.get("/v1/audit"+query))
		for _, e := range p.Items {
			read = append(read, e.ID)
			if !strings.HasPrefix(e.Act, "member.") || strings.Contains(fmt.Sprint(e.Detail), "座間") {
				t.Errorf("act %+v", e)
			}
		}
		if query = ""; p.NextCursor != "" {
			query = "?act=member.&limit=3&cursor=" + p.NextCursor
		}
	}
	if len(read) != 7 || !slices.IsSortedFunc(read, func(a, b int64) int { return int(b - a) }) {
		t.Errorf("acts %v, want 7, the newest first", read)
	}
	for query, n := range map[string]int{"object=member/" + member: 2, "since=2999-01-01T00:00:00Z": 0, "actor=nobody": 0, "kind=key": 0, "object=import/" + id: 8} {
		if p := want[page](w, http.StatusOK, w.get("/v1/audit?"+query)); len(p.Items) != n {
			t.Errorf("%s: %d acts, want %d", query, len(p.Items), n)
		}
	}
}

func TestFailedRowsOfAnErasedMemberAreTakenOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.owner()
	id, waiting := w.running(1), w.uploaded(smallCSV).ID
	w.merge(id, 0, 0, []int64{2, 3, 4}, []string{"A1", "あ", "090-1234-5678"}, []string{"Ａ１", "あ２", "123"}, []string{"A2", "い", "123"})
	var all struct{ Items []struct{ ID int64 } }
	want[struct{}](w, http.StatusOK, w.get("/v1/members?member_sn=A1"))
	w.get("/v1/members?member_sn=A1").into(w, &all)
	path := fmt.Sprintf("/v1/members/%d/erase", all.Items[0].ID)
	e := want[erasureView](w, http.StatusAccepted, w.post(path, ""))
	if len(e.Sources) != 2 || e.Sources[1].Import != id || !e.Sources[1].Known || e.Sources[0].Known {
		t.Errorf("erasure %+v, want both files, of which the first held the member", e)
	}
	eraser := &eraser{db: w.db, blobs: w.blobs, log: zap.NewNop()}
	w.must(eraser.erase(t.Context()))
	if e := want[erasureView](w, http.StatusOK, w.get(path)); e.FinishedAt != nil {
		t.Errorf("erasure %+v does not wait for the import that runs", e)
	}
	if all, err := w.db.Erasures(t.Context(), 10); err != nil || len(all) != 0 {
		t.Errorf("work %+v, %v; what waits must not stand in the way of others", all, err)
	}
	want[importView](w, http.StatusOK, w.post("/v1/imports/"+id+"/cancel", ""))
	w.must(eraser.erase(t.Context()))
	if e := want[erasureView](w, http.StatusOK, w.get(path)); e.FinishedAt == nil || e.Rows != 1 || e.Reports != 1 {
		t.Errorf("erasure %+v, want it finished, with one row of one report", e)
	}
	if report := string(w.get("/v1/imports/" + id + "/failures.csv").body); strings.Contains(report, "あ２") || !strings.Contains(report, "A2") {
		t.Errorf("report %q", report)
	}
	if f := want[failuresBody](w, http.StatusOK, w.get("/v1/imports/"+id+"/failures")); f.Total != 2 || len(f.Items) != 1 || f.Items[0].Cells["member_sn"] != "A2" {
		t.Errorf("failures %+v", f)
	}

	// A month later, nothing but numbers is left of the import, and the one that never started waits for another file.
	keeper := &keeper{db: w.db, blobs: w.blobs, log: zap.NewNop()}
	now := time.Now()
	if done, err := keeper.keep(t.Context(), now); err != nil || done != (expired{}) {
		t.Errorf("kept %+v, %v; nothing has expired", done, err)
	}
	want[retentionView](w, http.StatusOK, w.call(http.MethodPatch, "/v1/retention", strings.NewReader(`{"source_days":7}`), "Content-Type", "application/json"))
	if done, err := keeper.keep(t.Context(), now.AddDate(0, 0, 8)); err != nil || done != (expired{sources: 2}) {
		t.Errorf("expired %+v, %v; want both sources", done, err)
	}
	if done, err := keeper.keep(t.Context(), now.AddDate(0, 0, 31)); err != nil || done.reports != 1 || done.journals != 1 {
		t.Errorf("expired %+v, %v; want a report and a journal", done, err)
	}
	if w.sources(id)+w.sources(waiting) != 0 || w.state(waiting) != imports.StateCreated {
		t.Errorf("%d and %d files, state %s", w.sources(id), w.sources(waiting), w.state(waiting))
	}
	wantProblem(w, http.StatusGone, codeSourceExpired, w.get("/v1/imports/"+id+"/inspection"))
	wantProblem(w, http.StatusGone, codeReportExpired, w.get("/v1/imports/"+id+"/failures.csv"))
	if f := want[failuresBody](w, http.StatusOK, w.get("/v1/imports/"+id+"/failures")); f.Total != 2 || len(f.Items) != 0 || len(f.Counts) == 0 {
		t.Errorf("failures %+v, want their numbers", f)
	}
	want[importView](w, http.StatusOK, w.put(waiting, smallCSV))

	// What has failed for a reason that can be mended goes on only with its file.
	want[importView](w, http.StatusAccepted, w.start(waiting, ``))
	_, err := w.db.FailImport(t.Context(), w.acme.tenant.ID, w.id(waiting), member.Problem{Code: member.PoisonChunk})
	w.must(err)
	if done, err := keeper.keep(t.Context(), now.AddDate(0, 0, 8)); err != nil || done.sources != 1 {
		t.Errorf("expired %+v, %v; want the source of the import that has failed", done, err)
	}
	wantProblem(w, http.StatusGone, codeSourceExpired, w.post("/v1/imports/"+waiting+"/resume", ""))
	if failed := want[importView](w, http.StatusOK, w.get("/v1/imports/"+waiting)); failed.Resumable || failed.State != imports.StateFailed {
		t.Errorf("the import is %s, resumable %v", failed.State, failed.Resumable)
	}
}
