package e2e

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"go.uber.org/zap/zapcore"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/devstack"
	"github.com/meibo/meibo/internal/env"
	"github.com/meibo/meibo/internal/mail"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/run"
	"github.com/meibo/meibo/services/merger"
	"github.com/meibo/meibo/services/notifier"
	"github.com/meibo/meibo/services/splitter"
	"github.com/meibo/meibo/services/uploader"
)

// tape keeps what is written to it.
type tape struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *tape) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *tape) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// wantNone fails if a secret stands in a text, as it is or as an address has it.
func wantNone(t *testing.T, where, text string, secrets map[string]string) {
	t.Helper()
	for name, secret := range secrets {
		if len(secret) < 6 {
			t.Fatalf("%s is %q, too short to be looked for", name, secret)
		}
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if at := strings.Index(text, form); at >= 0 {
				t.Errorf("%s shows %s: …%s…", where, name, text[max(0, at-200):at])
			}
		}
	}
}

func passwordOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	password, _ := u.User.Password()
	return password
}

// TestNoSecretIsInALogOrAnAnswer runs an import that goes well, one that fails, a signed upload, and requests that are
// refused, with everything logged.
func TestNoSecretIsInALogOrAnAnswer(t *testing.T) {
	t.Parallel()
	log := &tape{}
	w := newWorldWith(t, nil, run.NewLogger(zapcore.DebugLevel, log))
	secrets := map[string]string{
		"the API key": w.Info.APIKey, "the database's password": passwordOf(t, w.Info.DatabaseURL), "the queue's password": passwordOf(t, w.Info.NATSURL),
		"the store's secret": w.Info.S3SecretKey, "a wrong key": "mk_wrong_but_perhaps_of_another_system", "a cookie": "session-of-somebody-4711",
		"a cell": "秘密の住所-4711",
	}
	w.load(t, "a.csv", []byte("会員番号,氏名,生年月日\r\nA1,秘密の住所-4711,\r\nA2,秘密の住所-4711,1990/2/30\r\n"), client.Options{})
	w.load(t, "empty.csv", []byte("会員番号,氏名\r\n"), client.Options{})
	i, err := w.client.Create(t.Context(), client.Options{FileName: "parts.csv"})
	must(t, err)
	var answers strings.Builder
	for _, r := range []struct{ method, path, key, body string }{
		{"POST", "/v1/imports/" + i.ID + "/parts", w.Info.APIKey, `{"size":30000000}`},
		{"GET", "/v1/imports", secrets["a wrong key"], ""},
		{"GET", "/v1/nothing?api_key=" + secrets["a wrong key"], w.Info.APIKey, ""},
		{"POST", "/v1/imports", w.Info.APIKey, `{"file_name":`},
		{"PUT", "/v1/imports/" + i.ID + "/parts/99999", w.Info.APIKey, "x"},
		{"GET", "/v1/members/x", secrets["a wrong key"], ""},
	} {
		_, said := w.ask(t, r.method, r.path, r.key, r.body)
		answers.WriteString(said)
	}
	status, signed := w.ask(t, "POST", "/v1/imports/"+i.ID+"/parts/urls", w.Info.APIKey, `{"numbers":[1]}`)
	if _, after, ok := strings.Cut(signed, "X-Amz-Signature="); ok {
		secrets["a signature"], _, _ = strings.Cut(after, `"`)
		secrets["a signature"], _, _ = strings.Cut(secrets["a signature"], `\u0026`)
	} else {
		t.Errorf("no signed address: %d %s", status, signed)
	}
	if !strings.Contains(log.String(), "/parts/urls") {
		t.Error("requests are not logged")
	}
	wantNone(t, "the log", log.String(), secrets)
	delete(secrets, "a wrong key") // of the path, which a problem may name
	wantNone(t, "an answer", answers.String(), secrets)
}

// ask calls the API without a client.
func (w *world) ask(t *testing.T, method, path, key, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.Info.URL+path, strings.NewReader(body))
	must(t, err)
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Cookie", "session=session-of-somebody-4711")
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	return answer.StatusCode, string(text)
}

// hidden are the secrets of parts that are not there.
var hidden = map[string]string{
	"the database's password": "hidden-database", "the queue's password": "hidden-queue", "the store's secret": "hidden-store", "the mail's password": "hidden-mail",
}

// TestNoSecretIsInTheLogOfWhatIsDown starts every service where none of the parts that it needs answers.
func TestNoSecretIsInTheLogOfWhatIsDown(t *testing.T) {
	t.Parallel()
	down, err := devstack.FreeAddress("127.0.0.1:0", false)
	must(t, err)
	database := postgres.Config{URL: "postgres://meibo:" + hidden["the database's password"] + "@" + down + "/meibo", MaxConns: 2}
	jobs := queue.Config{URL: "nats://meibo:" + hidden["the queue's password"] + "@" + down, Replicas: 1}
	store := blob.Config{Endpoint: "http://" + down, Region: "us-east-1", Bucket: "meibo", AccessKey: "key", SecretKey: hidden["the store's secret"]}
	listen, err := devstack.FreeAddress("127.0.0.1:0", false)
	must(t, err)
	sending := mail.Config{Addr: down, User: "u", Password: hidden["the mail's password"], From: "a@example.jp"}
	for name, start := range map[string]func(context.Context, *tape) error{
		"uploader": func(ctx context.Context, log *tape) error {
			return uploader.Run(ctx, uploader.Config{
				Database: database, Queue: jobs, Blob: store, Listen: listen, PublicURL: "http://" + listen, Access: uploader.DefaultAccess,
			}, run.NewLogger(zapcore.DebugLevel, log))
		},
		"splitter": func(ctx context.Context, log *tape) error {
			return splitter.Run(ctx, splitter.Config{Database: database, Queue: jobs, Blob: store, Concurrency: 1, MemoryBudget: 1 << 20, Window: 2}, run.NewLogger(zapcore.DebugLevel, log))
		},
		"merger": func(ctx context.Context, log *tape) error {
			return merger.Run(ctx, merger.Config{Database: database, Queue: jobs, Blob: store}, run.NewLogger(zapcore.DebugLevel, log))
		},
		"notifier": func(ctx context.Context, log *tape) error {
			return notifier.Run(ctx, notifier.Config{Database: database, Queue: jobs, Mail: sending}, run.NewLogger(zapcore.DebugLevel, log))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := &tape{}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- start(ctx, log) }()
			eventually(t, func() bool {
				return strings.Contains(log.String(), "waiting for the queue") || name == "uploader" && log.String() != ""
			})
			cancel()
			if err := <-ended; err != nil {
				wantNone(t, "the error", err.Error(), hidden)
			}
			wantNone(t, "the log", log.String(), hidden)
		})
	}
}

// TestNoSecretIsInAnErrorOfTheConfiguration gives settings that cannot be read, each with a secret in it.
func TestNoSecretIsInAnErrorOfTheConfiguration(t *testing.T) {
	const secret = "pa55-w0rd"
	t.Setenv("MEIBO_DATABASE_MAX_CONNS", secret)
	t.Setenv("MEIBO_UPLOAD_EXPIRY", secret)
	t.Setenv("MEIBO_SMTP_TLS", secret)
	errs := map[string]func() error{
		"a number":   func() error { _, err := env.Load[postgres.Config](); return err },
		"a duration": func() error { _, err := env.Load[uploader.Config](); return err },
		"a choice":   func() error { _, err := env.Load[mail.Config](); return err },
		"the mail": func() error {
			_, err := mail.NewSender(mail.Config{Addr: secret, From: secret})
			return err
		},
		"the store": func() error {
			_, err := blob.Open(t.Context(), blob.Config{Endpoint: "http//" + secret, Bucket: "b", Region: "r"})
			return err
		},
	}
	for _, address := range []string{"db://u:" + secret + "%zz@h:1/x", "db://u:" + secret + "/@h/x", "db://u:" + secret + " x@h:1", "db://u:7/" + secret + "@h:x", "\x7f" + secret} {
		errs["database "+address] = func() error {
			_, err := postgres.Open(t.Context(), postgres.Config{URL: strings.Replace(address, "db:", "postgres:", 1), MaxConns: 1})
			return err
		}
		errs["queue "+address] = func() error {
			_, err := queue.Look(t.Context(), queue.Config{URL: strings.Replace(address, "db:", "nats:", 1)})
			return err
		}
	}
	for name, load := range errs {
		err := load()
		if err == nil && !strings.HasPrefix(name, "database") { // an address that can be read may be another than was meant
			t.Errorf("%s: no error", name)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
