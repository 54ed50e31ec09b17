package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/client"
)

// answering is a server that gives each call its answer, and keeps what it was asked.
type answering struct {
	*httptest.Server
	asked []string
}

func newAnswering(t *testing.T, answers map[string]any) *answering {
	t.Helper()
	a := &answering{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		call := r.Method + " " + r.URL.RequestURI()
		a.asked = append(a.asked, strings.TrimSpace(call+" "+string(bytes.TrimSuffix(body, []byte("null")))))
		answer, ok := answers[call]
		if !ok {
			t.Errorf("asked %s", call)
		}
		if answer == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		reply(w, http.StatusOK, answer)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *answering) run(t *testing.T, args ...string) told {
	t.Helper()
	return meibo(t.Context(), nil, "ja_JP.UTF-8", append(args, "--server", a.URL, "--api-key", "meibo_k")...)
}

func TestFieldsListsAndProfilesAtTheTerminal(t *testing.T) {
	t.Parallel()
	name := map[string]any{"key": "name", "type": "string", "required": true, "label": map[string]string{"ja": "氏名", "en": "Name"}}
	plan := map[string]any{
		"key": "plan", "type": "choice", "custom": true, "label": map[string]string{"ja": "プラン", "en": "Plan"},
		"choices": []any{map[string]any{"number": 1, "label": map[string]string{"ja": "松"}}},
	}
	items := func(of ...any) any { return map[string]any{"items": of} }
	mail := map[string]any{"name": "メール会員", "note": "春", "required": map[string]bool{"name": false, "email": true}}
	nightly := map[string]any{"name": "夜間", "list": "main", "header": []string{"No", "氏名"}, "options": map[string]any{"mode": "update"}}
	answers := map[string]any{
		"GET /v1/fields": items(name, plan), "GET /v1/fields?list=main": items(name), "GET /v1/fields?retired=true": items(name, plan),
		"POST /v1/fields": plan, "PATCH /v1/fields/plan": plan,
		"GET /v1/lists": items(mail), "POST /v1/lists": mail, "PATCH /v1/lists/a%2Fb": mail,
		"GET /v1/profiles": items(nightly), "GET /v1/profiles/" + "%E5%A4%9C%E9%96%93": nightly, "PUT /v1/profiles/" + "%E5%A4%9C%E9%96%93": nightly,
		"DELETE /v1/profiles/" + "%E5%A4%9C%E9%96%93": nil,
	}
	for _, c := range []struct {
		args, asked string
		says        []string
	}{
		{"fields list", "GET /v1/fields", []string{"氏名", "必須", "プラン", "独自、1 = 松"}},
		{"fields list --custom", "GET /v1/fields", []string{"plan"}},
		{"fields list --list main", "GET /v1/fields?list=main", []string{"name"}},
		{
			"fields create plan --type choice --label プラン --choice 松 --choice 5:竹 --required",
			`POST /v1/fields {"key":"plan","type":"choice","label":{"ja":"プラン","en":""},"required":true,"choices":[{"label":{"ja":"松","en":""}},{"number":5,"label":{"ja":"竹","en":""}}]}`,
			[]string{"plan  プラン"},
		},
		{"fields rename plan --label コース", `PATCH /v1/fields/plan {"label":{"ja":"コース","en":"Plan"}}`, []string{"plan"}},
		{"fields retire plan", `PATCH /v1/fields/plan {"retired":true}`, []string{"plan"}},
		{"fields retire plan --undo", `PATCH /v1/fields/plan {"retired":false}`, []string{"plan"}},
		{"lists list", "GET /v1/lists", []string{"メール会員", "春", "email（必須）、name（任意）"}},
		{
			"lists create メール会員 --note 春 --optional name --require email",
			`POST /v1/lists {"name":"メール会員","note":"春","required":{"email":true,"name":false}}`,
			[]string{"メール会員"},
		},
		{"lists rename a/b メール会員", `PATCH /v1/lists/a%2Fb {"name":"メール会員"}`, []string{"メール会員"}},
		{"profiles list", "GET /v1/profiles", []string{"夜間", "main", "2"}},
		{"profiles show 夜間", "GET /v1/profiles/%E5%A4%9C%E9%96%93", []string{"No、氏名", `"mode": "update"`}},
		{"profiles save 夜間 --import 01", `PUT /v1/profiles/%E5%A4%9C%E9%96%93 {"import":"01"}`, []string{"夜間"}},
		{"profiles delete 夜間", "DELETE /v1/profiles/%E5%A4%9C%E9%96%93", nil},
	} {
		a := newAnswering(t, answers)
		got := a.run(t, strings.Fields(c.args)...)
		if got.status != exitOK || a.asked[len(a.asked)-1] != c.asked {
			t.Errorf("%s: status %d, asked %q, want %q\n%s", c.args, got.status, a.asked, c.asked, got.err)
		}
		for _, says := range c.says {
			if !strings.Contains(got.out, says) {
				t.Errorf("%s: no %q in\n%s", c.args, says, got.out)
			}
		}
		a = newAnswering(t, answers)
		if got = a.run(t, append(strings.Fields(c.args), "--json")...); got.status != exitOK || !json.Valid([]byte(got.out)) {
			t.Errorf("%s --json: %+v", c.args, got)
		}
	}
	if got := newAnswering(t, nil).run(t, "fields", "rename", "plan"); got.status != exitUsage {
		t.Errorf("rename to nothing: %+v", got)
	}
}

func TestImportNamesItsProfileAndNewFields(t *testing.T) {
	t.Parallel()
	a := newAPI(t, ended("completed", 1, 0))
	got := meibo(t.Context(), a, "C", "import", "-", "--profile", "夜間", "--new-field", "key=shoe_size, type=number,label=靴,label_en=Shoe,synonyms=足|くつ,required",
		"--new-field", "key=plan,type=choice,choices=0:なし|松|竹:梅,unique=false,max_length=0")
	if got.status != exitOK {
		t.Fatalf("got %+v", got)
	}
	sent, err := json.Marshal(client.Options{Profile: a.options.Profile, NewFields: a.options.NewFields})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"profile":"夜間","new_fields":[{"key":"shoe_size","type":"number","label":{"ja":"靴","en":"Shoe"},"synonyms":["足","くつ"],"required":true},` +
		`{"key":"plan","type":"choice","choices":[{"number":0,"label":{"ja":"なし","en":""}},{"label":{"ja":"松","en":""}},{"label":{"ja":"竹:梅","en":""}}]}]}`
	if string(sent) != want {
		t.Errorf("sent\n%s\nwant\n%s", sent, want)
	}
	for _, bad := range []string{"", "key=a", "type=string", "key=a,type=string,colour=red", "key=a,type=string,max_length=x", "key=a,type=string,required=maybe", "key=,type=string"} {
		if got := meibo(t.Context(), a, "C", "import", "-", "--new-field", bad); got.status != exitUsage || !strings.Contains(got.err, "--new-field") {
			t.Errorf("%q: %+v", bad, got)
		}
	}
}

// FuzzParseField holds for any text: a definition with key and type, or an error, and never a panic.
func FuzzParseField(f *testing.F) {
	for _, seed := range []string{"key=a,type=string", "key=a,type=choice,choices=1:x|y|:", "required,key=a,type=b,unique=1", "=,=", "key=a,type=string,max_length=99999999999999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseField(text)
		if err == nil && (d.Key == "" || d.Type == "") {
			t.Fatalf("%q is %+v", text, d)
		}
	})
}
