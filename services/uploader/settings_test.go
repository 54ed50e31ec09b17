package uploader

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/postgres"
)

func TestSettingsHoldForTheImportsThatSayNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	patch := func(body string) *answer {
		return w.call(http.MethodPatch, "/v1/settings", strings.NewReader(body), "Content-Type", "application/json")
	}
	first := want[settingsView](w, http.StatusOK, w.get("/v1/settings"))
	if first.Name != "acme" || !first.Notify.Owners || !first.Notify.Importer || first.Notify.MinRows != 0 || first.Notify.Recipients == nil || first.RowLimit == 0 {
		t.Errorf("settings at first: %+v", first)
	}
	wantProblem(w, http.StatusForbidden, codeAdminDenied, patch(`{"label":"x"}`))
	w.owner()
	p := wantProblem(w, http.StatusUnprocessableEntity, codeOption, patch(`{"label":"a\nb","time_zone":"Tokyo","region":"XX","notify":{"recipients":["a@example.jp","nobody"]}}`))
	var options []string
	for _, e := range p.Errors {
		options = append(options, e.Option)
	}
	if !reflect.DeepEqual(options, []string{"label", "time_zone", "region", "notify.recipients"}) {
		t.Errorf("refused for %v", options)
	}
	if now := want[settingsView](w, http.StatusOK, w.get("/v1/settings")); !reflect.DeepEqual(now, first) {
		t.Errorf("settings %+v after a refusal, were %+v", now, first)
	}

	want[settingsView](w, http.StatusOK, patch(`{"label":" アクメ ","language":"en","time_zone":"Europe/Paris","region":"FR","notify":{"owners":false,"recipients":["ops@acme.example"]}}`))
	now := want[settingsView](w, http.StatusOK, patch(`{"notify":{"min_rows":500}}`))
	first.Label, first.Language, first.TimeZone, first.Region = "アクメ", "en", "Europe/Paris", "FR"
	first.Notify = notifySettings{Owners: false, Importer: true, Recipients: []string{"ops@acme.example"}, MinRows: 500}
	if !reflect.DeepEqual(now, first) {
		t.Errorf("settings %+v, want %+v", now, first)
	}
	i := w.create(`{"file_name":"members.csv"}`)
	if o := w.job(i.ID).Options; o.TimeZone != "Europe/Paris" || o.Region != "FR" || o.Notify.MinRows != 500 {
		t.Errorf("the import has the options %+v", o)
	}
	i = w.create(`{"file_name":"members.csv","notify":{"min_rows":0}}`)
	if o := w.job(i.ID).Options; o.Notify.MinRows != 0 {
		t.Errorf("the import that says so has %+v", o)
	}
	// Who is told: the importer, who is an owner too, and those that are named.
	u, err := w.db.CreateUser(t.Context(), w.acme.tenant.ID, postgres.User{Email: "second@acme.example", Name: "x", Role: postgres.RoleOwner})
	w.must(err)
	want[importView](w, http.StatusOK, w.post("/v1/imports/"+i.ID+"/cancel", ""))
	e, err := w.db.Ended(t.Context(), w.acme.tenant.ID, w.id(i.ID))
	w.must(err)
	var told []string
	for _, r := range e.Recipients {
		told = append(told, r.Email+" "+string(r.Language))
	}
	if !reflect.DeepEqual(told, []string{"ops@acme.example en", "owner@acme.example en"}) {
		t.Errorf("told are %v, not %s", told, u.Email)
	}
}
