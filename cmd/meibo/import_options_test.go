package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/postgres"
)

func TestEveryOptionReachesTheServer(t *testing.T) {
	t.Parallel()
	a := newAPI(t, ended(imports.StateCompleted, 1, 0))
	got := meibo(t.Context(), a, "C", "import", "-", "--preset", "カラム更新", "--kind", "lead", "--mode", "replace", "--key", "email",
		"--blank", "clear", "--blank-column", "a=b=keep", "--blank-column", "備考= clear", "--list-values", "replace", "--list-values-column", "タグ=append",
		"--duplicates", "reject", "--multiple-matches", "most_recent", "--new-consent", "required", "--consent", "allow", "--registration", "provisional",
		"--import-tag", "春", "--skip-without", "phone", "--dry-run", "--max-failed", "5%", "--max-removed", "none", "--max-changed", "100",
		"--time-zone", "UTC", "--region", "US", "--note", "備考です", "--notify", "a@example.jp", "--notify", "b@example.jp", "--notify-min-rows", "1000")
	want := client.Options{
		FileName: "stdin", Preset: "カラム更新", Kind: "lead", Mode: "replace", Key: "email",
		Blank: "clear", BlankColumns: map[string]string{"a=b": "keep", "備考": "clear"}, ListValues: "replace", ListColumns: map[string]string{"タグ": "append"},
		Duplicates: "reject", MultipleMatches: "most_recent", NewConsent: "required", Consent: "allow", Registration: "provisional",
		ImportTag: "春", SkipWithout: "phone", DryRun: true, MaxFailed: "5%", MaxRemoved: "none", MaxChanged: "100",
		TimeZone: "UTC", Region: "US", Note: "備考です", Notify: &client.Notify{Recipients: []string{"a@example.jp", "b@example.jp"}, MinRows: new(int64(1000))},
	}
	if !reflect.DeepEqual(a.options, want) {
		t.Errorf("got %+v, want %+v\n%s", a.options, want, got.err)
	}
	for _, args := range [][]string{{"--notify", "none"}, {"--notify-min-rows", "0"}, nil} {
		a.options = client.Options{}
		meibo(t.Context(), a, "C", append([]string{"import", "-"}, args...)...)
		var want *client.Notify
		switch {
		case len(args) == 0:
		case args[0] == "--notify":
			want = &client.Notify{Recipients: []string{}}
		default:
			want = &client.Notify{MinRows: new(int64(0))}
		}
		if !reflect.DeepEqual(a.options.Notify, want) {
			t.Errorf("%q: got %+v, want %+v", args, a.options.Notify, want)
		}
	}
}

func TestOptionOfAColumnThatIsNoneIsWrongUsage(t *testing.T) {
	t.Parallel()
	file := fileOf(t, "a")
	for _, args := range [][]string{
		{"--blank-column", "備考"},
		{"--blank-column", "=clear"},
		{"--blank-column", "a=keep", "--blank-column", "a=clear"},
		{"--list-values-column", "タグ"},
		{"--map", "a=b", "--map", "a=c"},
		{"--notify-min-rows", "some"},
		{"--max-failed"},
	} {
		a := newAPI(t, client.Import{})
		if got := meibo(t.Context(), a, "C", append([]string{"import", file}, args...)...); got.status != exitUsage || got.out != "" || len(a.requests) > 0 {
			t.Errorf("%q: got %+v after %q", args, got, a.requests)
		}
	}
	for _, quota := range []string{"-1", "many", "1.5"} {
		if got := meibo(t.Context(), nil, "C", "tenant", "set", "hanaya", "--member-quota", quota, "--database-url", "x"); got.status != exitUsage {
			t.Errorf("--member-quota %s: got %+v", quota, got)
		}
	}
}

func TestWhatOneMayNotDoIsNoWrongUsage(t *testing.T) {
	t.Parallel()
	a := newAPI(t, client.Import{})
	a.refuse = &client.Problem{Status: 403, Code: "consent_not_permitted", Errors: []client.ProblemPart{{Option: "consent", Detail: "You may not."}}}
	if got := meibo(t.Context(), a, "C", "import", fileOf(t, "a"), "--consent", "allow"); got.status != exitFailed || !strings.Contains(got.err, "You may not.") {
		t.Errorf("got %+v", got)
	}
}

func TestOptionsOfAnImportAreShown(t *testing.T) {
	t.Parallel()
	end := ended(imports.StateCompleted, 1, 0)
	end.Preset, end.Kind, end.Blank, end.ListValues, end.Duplicates, end.MultipleMatches = "add", "member", "keep", "append", "first", "most_recent"
	end.NewConsent, end.Consent, end.Registration, end.ImportTag, end.SkipWithout = "true", "guard", "provisional", "春", "email"
	end.MaxFailed, end.MaxRemoved, end.MaxChanged, end.Note, end.DryRun = "5%", "10%", "none", "備考です", true
	end.Notify = client.ImportNotify{Recipients: []string{"a@example.jp", "b@example.jp"}, MinRows: 1000}
	end.Mapping = []client.Column{{Header: "備考", Field: "city", Blank: "clear"}}
	got := meibo(t.Context(), newAPI(t, end), "ja_JP.UTF-8", "imports", "show", "01")
	for _, want := range []string{
		"登録種別          add\n", "キーの重複        first\n", "複数一致          most_recent\n", "登録状態          provisional\n", "インポートタグ    春\n",
		"空欄ならスキップ  email\n", "失敗の上限        5%\n", "削除の上限        10%\n", "備考              備考です\n",
		"通知先            a@example.jp, b@example.jp\n", "通知する行数      1,000\n", "列の扱い          備考：clear\n", "ドライラン        はい（書き込みません）\n",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is missing in\n%s", want, got.out)
		}
	}
	end.Notify.Recipients = []string{}
	if got := meibo(t.Context(), newAPI(t, end), "C", "imports", "show", "01"); !strings.Contains(got.out, "nobody\n") || !strings.Contains(got.out, "Multiple matches") {
		t.Errorf("got\n%s", got.out)
	}
}

func TestSummaryTellsOfADryRunAndOfAllCounts(t *testing.T) {
	t.Parallel()
	end := ended(imports.StateCompleted, 1, 0)
	end.DryRun, end.Removed, end.Unified, end.Protected, end.Tagged = true, 2, 3, 4, 5
	end.Warnings = []client.Notice{{Code: "same_file", Detail: "imported before"}, {Code: "removal_withheld", Detail: "nobody was removed"}}
	a := newAPI(t, end)
	a.warnings = end.Warnings[:1]
	got := meibo(t.Context(), a, "C", "import", fileOf(t, "会員番号\nM-1\n"), "--dry-run")
	for _, want := range []string{
		"This is a dry run: nothing was written.", "Removed, not in the file  2\n", "Leads unified             3\n", "Opt-outs protected        4\n",
		"Given the import tag      5\n", "Please note: nobody was removed\n",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is missing in\n%s", want, got.out)
		}
	}
	if n := strings.Count(got.out+got.err, "imported before"); n != 1 {
		t.Errorf("the warning about the file is told %d times:\n%s%s", n, got.err, got.out)
	}
	if got := meibo(t.Context(), a, "C", "imports", "show", "01"); !strings.Contains(got.out, "imported before") {
		t.Errorf("got\n%s", got.out)
	}
}

// TestPeopleAndKeysMayWhatTheirTenantLets goes through the command line and a server, with a person of each role.
func TestPeopleAndKeysMayWhatTheirTenantLets(t *testing.T) {
	t.Parallel()
	info := throughTheServer(t)
	run := func(args ...string) told {
		got := meibo(t.Context(), nil, "C", append(args, "--database-url", info.DatabaseURL)...)
		if got.status != exitOK {
			t.Fatalf("%q: %+v", args, got)
		}
		return got
	}
	run("tenant", "create", "hanaya")
	run("tenant", "set", "hanaya", "--member-quota", "5000")
	if got := run("tenant", "show", "hanaya"); !strings.Contains(got.out, "Member quota         5,000\n") {
		t.Errorf("got\n%s", got.out)
	}
	run("tenant", "set", "hanaya", "--region", "US") // leaves the quota as it is
	if got := run("tenant", "list"); !strings.Contains(got.out, "hanaya") || !strings.Contains(got.out, "5,000\n") || !strings.Contains(got.out, "demo") {
		t.Errorf("got\n%s", got.out)
	}
	if got := run("tenant", "set", "hanaya", "--member-quota", "none", "--source-days", "7"); !strings.Contains(got.out, "Member quota         none\n") ||
		!strings.Contains(got.out, "Files kept (days)    7\n") || !strings.Contains(got.out, "Audit log (days)     400\n") {
		t.Errorf("got\n%s", got.out)
	}
	limited := run("tenant", "set", "hanaya", "--running-imports", "2", "--rows-per-day", "1000000", "--storage", "2GiB").out
	for _, want := range []string{"0 of 2\n", "0 of 1,000,000\n", "0 of 2,147,483,648\n"} {
		if !strings.Contains(limited, want) {
			t.Errorf("got\n%s\nwant %q", limited, want)
		}
	}
	if got := run("tenant", "set", "hanaya", "--running-imports", "none").out; !strings.Contains(got, "0 of none\n") || !strings.Contains(got, "0 of 1,000,000\n") {
		t.Errorf("got\n%s", got)
	}
	file := fileOf(t, "会員番号,氏名\nM-1,青木\n")
	imported := func(key string, args ...string) told {
		return meibo(t.Context(), nil, "C", append([]string{"import", file, "--dry-run", "--detach", "--server", info.URL, "--api-key", key}, args...)...)
	}
	keys := map[postgres.Role]string{}
	for role, want := range map[postgres.Role][2]int{
		postgres.RoleViewer: {exitFailed, exitFailed}, postgres.RoleEditor: {exitOK, exitFailed},
		postgres.RoleAdmin: {exitOK, exitOK}, postgres.RoleOwner: {exitOK, exitOK},
	} {
		email := string(role) + "@hanaya.example"
		run("user", "create", "--tenant", "hanaya", "--email", email, "--name", string(role), "--role", string(role))
		keys[role] = strings.TrimSpace(run("key", "create", "--tenant", "hanaya", "--user", email, "--name", "key", "--scope", "admin").out)
		for n, args := range [][]string{nil, {"--consent", "allow"}} {
			if got := imported(keys[role], args...); got.status != want[n] {
				t.Errorf("%s %q: got %+v, want status %d", role, args, got, want[n])
			}
		}
	}
	allowed := strings.TrimSpace(run("key", "create", "--tenant", "hanaya", "--name", "nightly", "--allow-consent").out)
	if got := imported(allowed, "--consent", "allow"); got.status != exitOK {
		t.Errorf("a key that allows consent: %+v", got)
	}
	// Values that the server does not know are wrong usage, with those that it does.
	for _, c := range [][]string{{"--mode", "merge", "upsert, append"}, {"--max-removed", "lots", "a percentage"}, {"--key", "city", "member_sn, email"}, {"--skip-without", "phone", "member_sn, name"}} {
		if got := imported(allowed, c[:2]...); got.status != exitUsage || !strings.Contains(got.err, c[2]) {
			t.Errorf("%q: got %+v", c, got)
		}
	}
}

func TestDryRunOffersNoRetry(t *testing.T) {
	t.Parallel()
	end := ended(imports.StateCompleted, 1, 1)
	end.DryRun = true
	got := meibo(t.Context(), newAPI(t, end), "C", "import", fileOf(t, "会員番号\nM-1\n"), "--dry-run")
	if !strings.Contains(got.out, "imports failures") || strings.Contains(got.out, "imports retry") {
		t.Errorf("got\n%s", got.out)
	}
}

func TestWarningOfAFieldThatIsMappedAfterAllIsNotTold(t *testing.T) {
	t.Parallel()
	mapping := []client.Column{{Header: "ID", Field: "id"}}
	for _, c := range []struct {
		code, field string
		want        bool
	}{
		{"key_not_mapped", "id", true}, {"required_not_mapped", "name", false}, {"values_unfit", "id", false},
	} {
		if got := mapsAfterAll(mapping, client.Notice{Code: c.code, Field: c.field}); got != c.want {
			t.Errorf("%s of %s: %v", c.code, c.field, got)
		}
	}
}
