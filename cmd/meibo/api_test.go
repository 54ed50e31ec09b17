package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/imports"
)

// api is a server that has one import, which ends as it is told to.
type api struct {
	*httptest.Server
	end client.Import
	// root is the import 00, which it may retry.
	root client.Import
	// refuse is the problem that starting has.
	refuse *client.Problem
	// warnings are those of the file.
	warnings []client.Notice
	// never tells that the import does not end.
	never bool
	// watched is called when somebody asks how the import is.
	watched func()

	mu       sync.Mutex
	options  client.Options
	source   string
	requests []string
	// said is what was said last of a member: query, If-Match and body.
	said string
}

func newAPI(t *testing.T, end client.Import) *api {
	t.Helper()
	a := &api{end: end}
	a.end.ID = "01"
	mapping := []client.Column{{Header: "会員番号", Field: "member_sn"}, {Header: "備考\x1b[2J"}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/imports", func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if err := json.NewDecoder(r.Body).Decode(&a.options); err != nil {
			t.Error(err)
		}
		reply(w, http.StatusCreated, client.Import{ID: "01", State: imports.StateCreated})
	})
	mux.HandleFunc("PUT /v1/imports/01/source", func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.source = string(text)
		reply(w, http.StatusOK, client.Import{ID: "01", State: imports.StateUploaded, Size: int64(len(text))})
	})
	mux.HandleFunc("GET /v1/imports/01/inspection", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, client.Inspection{
			Format: "csv", Encoding: "UTF-8", MaxRows: 3,
			SuggestedMapping: mapping, Warnings: a.warnings,
		})
	})
	mux.HandleFunc("POST /v1/imports/01/start", func(w http.ResponseWriter, _ *http.Request) {
		if a.refuse != nil {
			reply(w, a.refuse.Status, a.refuse)
			return
		}
		reply(w, http.StatusAccepted, client.Import{ID: "01", State: imports.StateQueued, Mapping: mapping, Parent: a.end.Parent, Retried: a.end.Retried})
	})
	mux.HandleFunc("POST /v1/imports/01/cancel", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, client.Import{ID: "01", State: imports.StateCancelled})
	})
	mux.HandleFunc("POST /v1/imports/00/retry", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusCreated, client.Import{ID: "01", State: imports.StateCreated})
	})
	mux.HandleFunc("GET /v1/imports/00", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, a.root) })
	mux.HandleFunc("GET /v1/imports/01", a.read)
	mux.HandleFunc("GET /v1/imports/01/failures", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, client.Failures{
			Total: a.end.Failed, Counts: []client.FailureCount{{Code: "email_invalid", Field: "email", Rows: a.end.Failed, Reason: "メールアドレスの形式が正しくありません。"}},
			Items: []client.FailedRow{{RowNumber: 12, ErrorColumns: []string{"email"}, ErrorReason: "メールアドレスの形式が正しくありません。"}},
		})
	})
	mux.HandleFunc("GET /v1/imports/01/failures.csv", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "rowNumber,errorColumns,errorReason\r\n12,email,だめ\r\n")
	})
	mux.HandleFunc("GET /v1/imports/01/failures.xlsx", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "PK failures") })
	mux.HandleFunc("GET /v1/templates/{file}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s", r.PathValue("file"), r.URL.RawQuery, r.Header.Get("Accept-Language"))
	})
	mux.HandleFunc("GET /v1/imports", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, list[client.Import]{[]client.Import{a.end}})
	})
	for _, pattern := range []string{"POST /v1/members", "PATCH /v1/members/7", "DELETE /v1/members/7"} {
		mux.HandleFunc(pattern, a.changeMember)
	}
	mux.HandleFunc("GET /v1/members", func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.said = r.URL.Query().Encode()
		a.mu.Unlock()
		if r.URL.Query().Has("count") {
			reply(w, http.StatusOK, map[string]any{"items": []any{}, "count": 10000, "count_more": true})
			return
		}
		reply(w, http.StatusOK, list[client.Member]{[]client.Member{hanako()}})
	})
	mux.HandleFunc("GET /v1/members/7", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, hanako()) })
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.requests = append(a.requests, r.Method+" "+r.URL.Path)
		a.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *api) changeMember(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // what is not read is not said
	a.mu.Lock()
	a.said = strings.Join([]string{r.Method, r.URL.Query().Encode(), r.Header.Get("If-Match"), string(body)}, " ")
	a.mu.Unlock()
	if r.Method == http.MethodDelete {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	reply(w, http.StatusOK, hanako())
}

func (a *api) read(w http.ResponseWriter, _ *http.Request) {
	i := a.end
	if a.never {
		i.State = imports.StateRunning
	}
	reply(w, http.StatusOK, i)
	if a.watched != nil {
		a.watched()
	}
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func hanako() client.Member {
	return client.Member{ID: 7, List: "main", Kind: "member", Fields: map[string]any{"member_sn": "M-1", "name": "山田 花子", "email": nil}}
}

// ended is an import that ended so.
func ended(state imports.State, created, failed int64) client.Import {
	start := time.Date(2024, 5, 4, 1, 2, 3, 0, time.UTC)
	finish := start.Add(1500 * time.Millisecond)
	return client.Import{
		State: state, FileName: "会員.csv", List: "main", Mode: "upsert", Key: "member_sn",
		Total: created + failed, Created: created, Failed: failed, CreatedAt: start, StartedAt: &start, FinishedAt: &finish,
	}
}

// told is what a command line came to.
type told struct {
	status   int
	out, err string
}

// meibo runs a command line with the server's address and a key.
func meibo(ctx context.Context, a *api, lang string, args ...string) told {
	var out, errs bytes.Buffer
	c := &console{
		name: "meibo", in: strings.NewReader("会員番号\r\nM-1\r\n"), out: &out, err: &errs,
		getenv: func(name string) string { return map[string]string{"LANG": lang}[name] },
	}
	if a != nil {
		args = append(args, "--server", a.URL, "--api-key", "meibo_k")
	}
	status := c.run(ctx, args)
	return told{status, out.String(), errs.String()}
}
