package devstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/embedded"
	"github.com/meibo/meibo/internal/env"
)

func TestMain(m *testing.M) {
	embedded.RunIfChild()
	os.Exit(m.Run())
}

func readInfo(t *testing.T, data string) Info {
	t.Helper()
	name := filepath.Join(data, "dev.json")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var info Info
	if err := json.Unmarshal(text, &info); err != nil {
		t.Fatal(err)
	}
	if stat, err := os.Stat(name); err != nil || stat.Mode().Perm() != 0o600 {
		t.Errorf("dev.json has the mode %v, %v", stat.Mode(), err)
	}
	told := exec.CommandContext(t.Context(), "sh", "-c", `. "$0" && printf '%s %s %s %s' "$MEIBO_SERVER" "$MEIBO_DATABASE_URL" "$MEIBO_S3_SECRET_KEY" "$MEIBO_SMTP_TLS"`, filepath.Join(data, "env"))
	if out, err := told.Output(); err != nil || string(out) != info.URL+" "+info.DatabaseURL+" "+info.S3SecretKey+" none" {
		t.Errorf("env tells a shell %s, %v", out, err)
	}
	return info
}

// dataDir returns a directory that the database's user can pass to.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "devstack-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "data")
}

func TestStartStopAndStartAgain(t *testing.T) {
	t.Parallel()
	data := dataDir(t)
	options := Options{Data: data, Listen: "127.0.0.1:0"}
	d, err := Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	first := readInfo(t, data)
	if first != d.Info || first.PID != os.Getpid() || first.APIKey == "" || first.MailDir == "" || !d.answers(t.Context()) {
		t.Errorf("dev.json is %+v, Info %+v", first, d.Info)
	}
	in, err := http.Post(first.URL+"/v1/session", "application/json", strings.NewReader(fmt.Sprintf(`{"tenant":%q,"email":%q,"password":%q}`, first.Tenant, first.Email, first.Password)))
	if err != nil {
		t.Fatal(err)
	}
	in.Body.Close()
	if in.StatusCode != http.StatusOK || len(in.Cookies()) != 1 {
		t.Errorf("signing in is answered with %s, cookies %v", in.Status, in.Cookies())
	}
	if _, err := Start(t.Context(), options); !errors.Is(err, ErrInUse) {
		t.Errorf("a second one on the same directory: got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Wait(ctx); err != nil {
		t.Errorf("wait: got %v", err)
	}
	if err := d.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(data, "dev.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("dev.json after the end: %v", err)
	}
	if _, err := http.Get(first.URL); err == nil {
		t.Error("the API answers after the end")
	}

	d, err = Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	if second := readInfo(t, data); second.APIKey != first.APIKey || second.Password != first.Password {
		t.Error("the key or the password has changed")
	}
	if err := d.Stop(); err != nil {
		t.Fatal(err)
	}
}

func TestStartThatFailsLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	data := dataDir(t)
	options := Options{Data: data, Listen: taken.Addr().String()}
	if _, err := Start(t.Context(), options); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Fatalf("got %v", err)
	}
	// A service that cannot start.
	options.Listen = "127.0.0.1:0"
	options.Configure = func(s *Services) { s.Notifier.Mail.From = "nobody" }
	if _, err := Start(t.Context(), options); err == nil || !strings.Contains(err.Error(), "notifier") {
		t.Fatalf("got %v", err)
	}
	// Everything can be started at once: nobody holds the directory.
	options.Listen, options.AnyPort, options.Configure = taken.Addr().String(), true, nil
	d, err := Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(d.Info.URL, taken.Addr().String()) {
		t.Errorf("answers at %s, which is taken", d.Info.URL)
	}
	if err := d.Stop(); err != nil {
		t.Fatal(err)
	}
}

// A setting that is added to a service has to be added to configure as well, or have a zero value that works.
func TestServicesAreConfiguredLikeSeparateProcesses(t *testing.T) {
	t.Parallel()
	s := configure(embedded.Settings{
		DatabaseURL: "x", NATSURL: "x", S3Endpoint: "x", S3Region: "us-east-1", S3Bucket: "x", S3AccessKey: "x", S3SecretKey: "x", SMTPAddr: "x",
	}, "x", "x")
	// What stays empty on purpose: no health port in a process with others, no login at the mail catcher, no proxy; 0 is
	// one worker for each processor.
	empty := map[string]bool{
		"MEIBO_ADMIN_LISTEN": true, "MEIBO_SMTP_USER": true, "MEIBO_SMTP_PASSWORD": true, "MEIBO_MERGER_CONCURRENCY": true,
		"MEIBO_TRUSTED_PROXIES": true,
	}
	for _, cfg := range []any{s.Uploader, s.Splitter, s.Merger, s.Notifier} {
		set := make(map[string]bool)
		collectSettings(reflect.ValueOf(cfg), set)
		for _, setting := range env.Names(cfg) {
			if !set[setting.Name] && !empty[setting.Name] {
				t.Errorf("%T: %s is not set", cfg, setting.Name)
			}
		}
	}
}

// collectSettings finds the settings that are not zero, by the names of their variables.
func collectSettings(v reflect.Value, set map[string]bool) {
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("env"), ",")
		switch field := v.Field(i); {
		case name != "":
			set[name] = !field.IsZero()
		case field.Kind() == reflect.Struct:
			collectSettings(field, set)
		}
	}
}
