package client

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/meibo/meibo/internal/imports"
)

// newClient returns an impatient client of a server that answers with handler.
func newClient(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	c := New(server.URL+"/", "meibo_secret")
	c.timing = timing{
		first: time.Millisecond, last: 5 * time.Millisecond, retry: 5 * time.Second, call: 10 * time.Second,
		quiet: 10 * time.Second, poll: time.Millisecond, lost: 5 * time.Second,
	}
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		c.Close()
	})
	return c
}

func answer(t *testing.T, w http.ResponseWriter, status int, body any) {
	t.Helper()
	kind := "application/json"
	if status >= 400 {
		kind = "application/problem+json"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		t.Error(err)
	}
}

func TestProblemIsTypedAndReadsAsItsSentences(t *testing.T) {
	t.Parallel()
	c := newClient(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(t, w, http.StatusUnprocessableEntity, map[string]any{
			"type": "about:blank", "title": "Unprocessable Entity", "status": 422, "detail": "指定を確認してください。", "code": "invalid_request",
			"errors": []map[string]string{{"code": "invalid_option", "option": "mode", "detail": "mode には upsert を指定してください。"}},
		})
	})
	_, err := c.Create(t.Context(), Options{FileName: "会員.csv", Mode: "merge"})
	var p *Problem
	if !errors.As(err, &p) {
		t.Fatalf("got %v, want a *Problem", err)
	}
	if option, ok := p.About(); p.Status != 422 || p.Code != "invalid_request" || option != "mode" || !ok {
		t.Errorf("got %+v", p)
	}
	column := Problem{Errors: []ProblemPart{{Code: "unknown_column", Header: "備考"}}}
	whole := Problem{Errors: []ProblemPart{{Code: "key_not_mapped", Field: "member_sn"}}}
	if what, ok := column.About(); what != "備考" || !ok {
		t.Errorf("about %q, %t", what, ok)
	}
	if what, ok := whole.About(); ok {
		t.Errorf("about %q, want nothing that was said", what)
	}
	if want := "指定を確認してください。 mode には upsert を指定してください。"; p.Error() != want {
		t.Errorf("got %q, want %q", p.Error(), want)
	}
	if !IsProblem(err, "invalid_request") || IsProblem(err, "not_found") {
		t.Error("IsProblem does not tell codes apart")
	}
}

func TestAnswerOfAProxyIsAProblemWithItsStatus(t *testing.T) {
	t.Parallel()
	c := newClient(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<html>too big</html>", http.StatusRequestEntityTooLarge)
	})
	_, err := c.Import(t.Context(), "1")
	var p *Problem
	if !errors.As(err, &p) || p.Status != 413 || p.Code != "" || p.Error() != "413 Request Entity Too Large" {
		t.Errorf("got %v", err)
	}
}

func TestRequestsCarryKeyAndLanguage(t *testing.T) {
	t.Parallel()
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer meibo_secret" {
			t.Errorf("Authorization is %q", got)
		}
		if got := r.Header.Get("Accept-Language"); got != "ja" {
			t.Errorf("Accept-Language is %q", got)
		}
		if r.URL.EscapedPath() != "/v1/imports/a%2Fb" {
			t.Errorf("path is %s", r.URL.EscapedPath())
		}
		answer(t, w, http.StatusOK, Import{ID: "a/b"})
	})
	c.Language = "ja"
	if _, err := c.Import(t.Context(), "a/b"); err != nil {
		t.Fatal(err)
	}
}

func TestCreateIsRepeatedWithTheSameIdempotencyKey(t *testing.T) {
	t.Parallel()
	var keys []string
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.Header.Get("Idempotency-Key"))
		var o Options
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil || o.FileName != "a.csv" {
			t.Errorf("body is %+v, %v", o, err)
		}
		if len(keys) < 3 {
			answer(t, w, http.StatusServiceUnavailable, Problem{Title: "Service Unavailable"})
			return
		}
		answer(t, w, http.StatusCreated, Import{ID: "1"})
	})
	if _, err := c.Create(t.Context(), Options{FileName: "a.csv"}); err != nil {
		t.Fatal(err)
	}
	if len(keys) != 3 || keys[0] == "" || keys[0] != keys[1] || keys[1] != keys[2] {
		t.Errorf("got %q", keys)
	}
}

func TestStartIsNotRepeated(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	c := newClient(t, func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		answer(t, w, http.StatusServiceUnavailable, Problem{})
	})
	if _, err := c.Start(t.Context(), "1", Options{}); err == nil || calls.Load() != 1 {
		t.Errorf("got %v after %d calls", err, calls.Load())
	}
}

func TestListsAreReadPageByPageAsFarAsTheLoopGoes(t *testing.T) {
	t.Parallel()
	var asked []string
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		cursor := r.URL.Query().Get("cursor")
		asked = append(asked, r.URL.Path+"?"+r.URL.Query().Get("email")+cursor)
		next := map[string]string{"": "b", "b": "c", "c": ""}[cursor]
		answer(t, w, http.StatusOK, map[string]any{
			"items":       []map[string]any{{"id": 9007199254740993, "created_at": "2024-05-04T00:00:00Z", "email": cursor, "tags": []string{"a"}}},
			"next_cursor": next,
		})
	})
	var got []string
	for m, err := range c.Members(t.Context(), MemberQuery{Email: "x@example.jp"}) {
		if err != nil {
			t.Fatal(err)
		}
		if m.ID != 9007199254740993 {
			t.Errorf("id is %d", m.ID)
		}
		if got = append(got, m.Text("email")); len(got) == 2 {
			break
		}
	}
	if want := []string{"", "b"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if want := []string{"/v1/members?x@example.jp", "/v1/members?x@example.jpb"}; !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

func TestListEndsAtTheFirstError(t *testing.T) {
	t.Parallel()
	c := newClient(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(t, w, http.StatusUnauthorized, Problem{Code: "unauthorized"})
	})
	n := 0
	for _, err := range c.Imports(t.Context()) {
		if n++; !IsProblem(err, "unauthorized") {
			t.Errorf("got %v", err)
		}
	}
	if n != 1 {
		t.Errorf("the loop ran %d times", n)
	}
}

func TestMemberSurvivesItsJSON(t *testing.T) {
	t.Parallel()
	text := `{"blocked_at":null,"bounce_count":9007199254740993,"created_at":"2024-05-04T00:00:00Z","email":null,"id":1,"is_active":true,"kind":"member",` +
		`"last_seen_at":null,"list":"main","tags":["a","b"],"updated_at":null,"version":2}`
	var m Member
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(m)
	if err != nil || string(again) != text {
		t.Errorf("got %s, %v", again, err)
	}
	for field, want := range map[string]string{
		"bounce_count": "9007199254740993", "email": "", "is_active": "true", "tags": `["a","b"]`, "nothing": "",
	} {
		if got := m.Text(field); got != want {
			t.Errorf("%s: got %q, want %q", field, got, want)
		}
	}
}

func TestUploadStreamsAndTellsHowFar(t *testing.T) {
	t.Parallel()
	const size = 5 << 20
	for name, declared := range map[string]int64{"known length": size, "unknown length": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPut || r.URL.Path != "/v1/imports/1/source" || r.ContentLength != declared {
					t.Errorf("%s %s with %d bytes", r.Method, r.URL.Path, r.ContentLength)
				}
				n, err := io.Copy(io.Discard, r.Body)
				if err != nil {
					t.Error(err)
				}
				answer(t, w, http.StatusOK, Import{ID: "1", Size: n})
			})
			var mu sync.Mutex
			var told []int64
			source := io.LimitReader(zeros{}, size)
			i, err := c.UploadSource(t.Context(), "1", source, declared, func(n int64) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, n)
			})
			if err != nil || i.Size != size {
				t.Fatalf("got %+v, %v", i, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if !slices.IsSorted(told) || told[len(told)-1] != size {
				t.Errorf("told %v", told)
			}
		})
	}
}

// zeros is an endless file.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestEmptyFileIsUploadedAsSuch(t *testing.T) {
	t.Parallel()
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 || len(r.TransferEncoding) > 0 {
			t.Errorf("%d bytes, %v", r.ContentLength, r.TransferEncoding)
		}
		answer(t, w, http.StatusOK, Import{})
	})
	if _, err := c.UploadSource(t.Context(), "1", strings.NewReader(""), 0, nil); err != nil {
		t.Fatal(err)
	}
}

func TestRefusalInTheMiddleOfAnUploadIsHeard(t *testing.T) {
	t.Parallel()
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.CopyN(io.Discard, r.Body, 1000); err != nil {
			t.Error(err)
		}
		answer(t, w, http.StatusUnsupportedMediaType, Problem{Code: "not_a_table"})
	})
	_, err := c.UploadSource(t.Context(), "1", zeros{}, -1, nil)
	if !IsProblem(err, "not_a_table") {
		t.Errorf("got %v", err)
	}
}

func TestUploadOfAFileThatCannotBeReadSaysSo(t *testing.T) {
	t.Parallel()
	broken := errors.New("input/output error")
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		answer(t, w, http.StatusOK, Import{})
	})
	_, err := c.UploadSource(t.Context(), "1", iotest.ErrReader(broken), -1, nil)
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

func TestFailuresCSVThatBreaksOffIsAnError(t *testing.T) {
	t.Parallel()
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "rowNumber,")
		if r.URL.Path != "/v1/imports/1/failures.csv" {
			t.Errorf("path is %s", r.URL.Path)
		}
	})
	var got strings.Builder
	err := c.FailuresCSV(t.Context(), "1", &got)
	if err == nil || got.String() != "rowNumber," {
		t.Errorf("got %q, %v", got.String(), err)
	}
}

func TestCallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := newClient(t, func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		answer(t, w, http.StatusServiceUnavailable, Problem{})
	})
	if _, err := c.Import(ctx, "1"); err == nil || ctx.Err() == nil {
		t.Errorf("got %v", err)
	}
}

func TestServerThatIsAwayIsNamed(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	server.Close()
	c := New(server.URL, "k")
	c.timing.retry, c.timing.first = 0, time.Millisecond
	if _, err := c.Import(t.Context(), "1"); err == nil || !strings.Contains(err.Error(), server.URL) {
		t.Errorf("got %v", err)
	}
}

func TestUploadByPartsTellsOnceWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	const content = "会員番号\r\nA1\r\n"
	var told atomic.Int32
	c := newClient(t, func(w http.ResponseWriter, _ *http.Request) {
		if told.Load() == 0 {
			answer(t, w, http.StatusInsufficientStorage, Problem{Status: http.StatusInsufficientStorage, Code: "storage_full", Detail: "空き容量が不足しています。"})
			return
		}
		answer(t, w, http.StatusOK, Import{ID: "7", State: imports.StateUploaded, Size: int64(len(content)), SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(content)))})
	})
	c.timing.retry = 20 * time.Millisecond
	c.Waiting = func(why error) {
		if !IsProblem(why, "storage_full") {
			t.Errorf("waits for %v", why)
		}
		told.Add(1)
	}
	i, err := c.UploadParts(t.Context(), "7", strings.NewReader(content), int64(len(content)), nil)
	if err != nil || i.ID != "7" || told.Load() != 1 {
		t.Errorf("got %+v, %v; told %d times, want once", i, err, told.Load())
	}
}
