package notifier

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/mail"
	"github.com/meibo/meibo/internal/mail/mailtest"
	"github.com/meibo/meibo/internal/tenant"
)

var update = flag.Bool("update", false, "write the golden files anew")

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// reports are the mails that people get, by what happened.
func reports(t testing.TB, lang tenant.Language) map[string]Report {
	t.Helper()
	say := func(ja, en string) string {
		if lang == tenant.Japanese {
			return ja
		}
		return en
	}
	base := Report{
		FileName: "会員一覧 2026年5月.csv", List: "main", User: "佐藤 花子",
		Start: time.Date(2026, 5, 4, 0, 12, 33, 0, time.UTC), End: time.Date(2026, 5, 4, 0, 20, 1, 0, time.UTC),
		Zone: zone(t, "Asia/Tokyo"), State: imports.StateCompleted,
		Link: "https://meibo.example/imports/0196a1b2-0000-7000-8000-000000000001?lang=" + string(lang) + "&tab=a",
	}
	completed := base
	completed.Totals.Total, completed.Totals.Created, completed.Totals.Updated = 1234567, 1000000, 234000
	completed.Totals.Unchanged, completed.Totals.Skipped = 560, 7

	partial := completed
	partial.Totals.Failed, partial.Totals.Created = 12, 999988
	partial.Totals.Protected, partial.Totals.Removed, partial.Totals.Unified, partial.Totals.Tagged = 3, 4000, 2, 1233988
	for i, n := range []int64{1, 2, 1, 8, 1, 1, 1} {
		partial.Problems = append(partial.Problems, ProblemCount{
			Sentence: fmt.Sprintf(say("メールアドレスの形式が正しくありません（%d）", "The e-mail address is not valid (%d)"), i), Count: n,
		})
	}

	failed := base
	failed.State, failed.FileName, failed.Workbook = imports.StateFailed, "members.xlsx", true
	failed.Reason = say("3,001行目でファイルが途切れています。", "The file is cut off at row 3,001.")
	failed.Totals.Total, failed.Totals.Created, failed.Totals.NotProcessed = 3000, 2000, 1000
	failed.Stopped, failed.Resumable = &imports.Stop{Stage: imports.StageReading, Read: 3000, Merged: 2000, Percent: 42}, true

	dryRun := partial
	dryRun.Warnings = []string{say("ファイルにない会員の削除を見合わせました。", "Members that are not in the file were not removed.")}
	dryRun.DryRun, dryRun.Zone = true, zone(t, "America/New_York")
	return map[string]Report{
		"completed": completed, "partial": partial, "failed": failed, "dry_run": dryRun,
	}
}

func TestMailsAreAsAgreed(t *testing.T) {
	t.Parallel()
	for _, lang := range []tenant.Language{tenant.Japanese, tenant.English} {
		for name, r := range reports(t, lang) {
			subject, text, html, err := Render(lang, r)
			if err != nil {
				t.Fatal(err)
			}
			base := filepath.Join("testdata", string(lang)+"_"+name)
			golden(t, base+".txt", "Subject: "+subject+"\n\n"+text)
			golden(t, base+".html", html)
		}
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew); got:\n%s", file, got)
	}
}

func TestSubjectsAreExact(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lang tenant.Language
		name string
		want string
	}{
		{tenant.Japanese, "completed", "CSVインポート処理完了"},
		{tenant.Japanese, "partial", "CSVインポート処理完了"},
		{tenant.Japanese, "dry_run", "CSVインポート処理完了"},
		{tenant.Japanese, "failed", "CSVインポート処理エラー"},
		{tenant.English, "completed", "CSV import completed"},
		{tenant.English, "partial", "CSV import completed"},
		{tenant.English, "failed", "CSV import failed"},
	} {
		got, _, _, err := Render(c.lang, reports(t, c.lang)[c.name])
		if err != nil || got != c.want {
			t.Errorf("%s %s: got %q, %v, want %q", c.lang, c.name, got, err, c.want)
		}
	}
}

func TestBodyHasTheItemsOfTheManualInOrder(t *testing.T) {
	t.Parallel()
	_, text, html, err := Render(tenant.Japanese, reports(t, tenant.Japanese)["partial"])
	if err != nil {
		t.Fatal(err)
	}
	html = regexp.MustCompile(`(?s)<style>.*</style>|<[^>]*>`).ReplaceAllString(html, "\n")
	for form, body := range map[string]string{"text": text, "HTML": html} {
		pos := 0
		for _, item := range []string{
			"処理名", "CSVインポート", "登録開始時刻", "2026/05/04 09:12:33 JST (Asia/Tokyo)", "登録完了時刻",
			"2026/05/04 09:20:01 JST (Asia/Tokyo)", "登録ユーザー", "佐藤 花子", "トータル件数", "1,234,567",
			"失敗件数", "12", "登録件数", "1,234,548", "ファイル名", "会員一覧 2026年5月.csv", "新規登録", "999,988",
			"更新", "234,000", "変更なし", "560", "削除", "0", "スキップ", "7", "失敗", "12", "未処理", "0", "https://meibo.example/",
		} {
			i := strings.Index(body[pos:], item)
			if i < 0 {
				t.Fatalf("%s: no %q after %q in\n%s", form, item, body[:pos], body)
			}
			pos += i + len(item)
		}
	}
}

func TestDeletedRowsAreRegisteredOnes(t *testing.T) {
	t.Parallel()
	r := reports(t, tenant.English)["completed"]
	r.Totals = imports.Totals{}
	r.Totals.Total, r.Totals.Deleted, r.Totals.Skipped = 1500, 1400, 100
	if _, text, _, err := Render(tenant.English, r); err != nil || !strings.Contains(text, "Registered:  1,400\n") {
		t.Errorf("got %v, %s", err, text)
	}
}

// hostile is what a file may be called by somebody who wishes its reader ill.
const hostile = "a\r\n登録件数　　　：9\r\n\r\nhttps://evil.example\n.\n<script>alert(1)</script>\" onload='x' {{.Link}} " +
	"\u202excod.exe\u2028\u2029\u0085\x00\x1b[31m\xff\u2066"

func TestHostileNamesStayOneHarmlessLine(t *testing.T) {
	t.Parallel()
	for _, lang := range []tenant.Language{tenant.Japanese, tenant.English} {
		calm := reports(t, lang)["failed"]
		calm.Problems = []ProblemCount{{"x", 1}}
		wild := calm
		wild.FileName, wild.List, wild.User, wild.Reason = hostile, hostile, hostile, hostile
		wild.Problems = []ProblemCount{{hostile, 1}}
		_, want, wantHTML, err := Render(lang, calm)
		if err != nil {
			t.Fatal(err)
		}
		_, text, html, err := Render(lang, wild)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := strings.Count(text, "\n"), strings.Count(want, "\n"); got != want {
			t.Errorf("text has %d lines, want %d:\n%s", got, want, text)
		}
		if got, want := strings.Count(html, "<"), strings.Count(wantHTML, "<"); got != want {
			t.Errorf("HTML has %d tags, want %d:\n%s", got, want, html)
		}
		for _, bad := range []string{"\r", "\x00", "\x1b", "\u202e", "\u2028", "\u2029", "\u0085", "\u2066", "\xff"} {
			if strings.Contains(text, bad) || strings.Contains(html, bad) {
				t.Errorf("the mail contains %q", bad)
			}
		}
	}
}

func TestLongNamesAreCut(t *testing.T) {
	t.Parallel()
	exact := strings.Repeat("名", maxName)
	for given, want := range map[string]string{
		exact: exact, exact + "簿": exact[:len(exact)-len("名")] + "…", " \t ": "\uFFFD", "": "—", "  ": "—",
	} {
		if got := line(given, maxName); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestCountsHaveThousandsSeparators(t *testing.T) {
	t.Parallel()
	for n, want := range map[count]string{
		0: "0", 999: "999", 1000: "1,000", 12345: "12,345", 123456: "123,456", 1234567: "1,234,567", -1000: "-1,000", -100: "-100",
	} {
		if got := n.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestTimesNameTheirZone(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 7, 1, 15, 4, 5, 0, time.UTC)
	for name, want := range map[string]string{
		"Asia/Tokyo":        "2026-07-02 00:04:05 JST (Asia/Tokyo)",
		"America/New_York":  "2026-07-01 11:04:05 EDT (America/New_York)",
		"America/Sao_Paulo": "2026-07-01 12:04:05 -03 (America/Sao_Paulo)",
		"UTC":               "2026-07-01 15:04:05 UTC",
	} {
		if got := clock(at, zone(t, name), "2006-01-02 15:04:05"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := clock(at, nil, "15:04"); got != "15:04 UTC" {
		t.Errorf("got %s without a zone", got)
	}
}

func TestRenderRefusesWhatIsNoReport(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Report){
		"still running":     func(r *Report) { r.State = imports.StateRunning },
		"cancelled":         func(r *Report) { r.State = imports.StateCancelled },
		"no state":          func(r *Report) { r.State = "" },
		"script as link":    func(r *Report) { r.Link = "javascript:alert(1)" },
		"relative link":     func(r *Report) { r.Link = "/imports/1" },
		"line in link":      func(r *Report) { r.Link = "https://meibo.example/\nx" },
		"link without host": func(r *Report) { r.Link = "https:///imports" },
	} {
		r := reports(t, tenant.Japanese)["completed"]
		change(&r)
		if _, _, _, err := Render(tenant.Japanese, r); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, _, _, err := Render("fr", reports(t, tenant.Japanese)["completed"]); err == nil {
		t.Error("French: no error")
	}
}

func TestMailArrivesAsRendered(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t)
	sender, err := mail.NewSender(server.Config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sender.Close)
	for _, lang := range []tenant.Language{tenant.Japanese, tenant.English} {
		r := reports(t, lang)["partial"]
		r.FileName = "①㈱髙﨑𠮷😀.csv"
		subject, text, html, err := Render(lang, r)
		if err != nil {
			t.Fatal(err)
		}
		m := mail.Message{
			ID: "import-1." + string(lang) + "@meibo.example", To: "佐藤 花子 <hanako@example.jp>",
			Subject: subject, Text: text, HTML: html, Date: r.End,
		}
		if err := sender.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		got, err := server.Messages()[len(server.Messages())-1].Parse()
		if err != nil {
			t.Fatal(err)
		}
		if got.ID != m.ID || got.Subject != subject || got.Text != text || got.HTML != html {
			t.Errorf("%s: got %+v", lang, got)
		}
	}
}

func FuzzRender(f *testing.F) {
	f.Add(hostile, "reason", "https://meibo.example/i/1", int64(5))
	f.Add("", "", "", int64(-1))
	f.Fuzz(func(t *testing.T, name, reason, link string, n int64) {
		r := Report{FileName: name, Reason: reason, Link: link, State: imports.StateFailed, Problems: []ProblemCount{{reason, n}}}
		_, text, html, err := Render(tenant.Japanese, r)
		if err != nil {
			return
		}
		if strings.ContainsFunc(text, func(c rune) bool { return c < ' ' && c != '\n' }) || strings.Contains(html, "<script") {
			t.Fatalf("%q", text)
		}
	})
}
