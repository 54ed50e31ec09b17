package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/embedded"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
	"github.com/meibo/meibo/services/uploader"
)

func TestMain(m *testing.M) {
	embedded.RunIfChild()
	os.Exit(m.Run())
}

func fileOf(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "会員.csv")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestExitStatusTellsHowAnImportEnded(t *testing.T) {
	t.Parallel()
	file := fileOf(t, "会員番号\nM-1\n")
	for _, test := range []struct {
		name string
		end  client.Import
		want int
	}{
		{"completed", ended(imports.StateCompleted, 3, 0), 0},
		{"completed with failed rows", ended(imports.StateCompleted, 2, 1), 3},
		{"failed", ended(imports.StateFailed, 0, 0), 1},
		{"cancelled", ended(imports.StateCancelled, 1, 0), 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, args := range [][]string{{"import", file}, {"import", file, "--json"}, {"imports", "watch", "01"}} {
				if got := meibo(t.Context(), newAPI(t, test.end), "C", args...); got.status != test.want {
					t.Errorf("%q: got %d, want %d\n%s", args, got.status, test.want, got.err)
				}
			}
		})
	}
}

func TestWrongUsageIsStatusTwo(t *testing.T) {
	t.Parallel()
	file := fileOf(t, "a")
	for _, args := range [][]string{
		{},
		{"impotr"},
		{"import"},
		{"import", file}, // without a key
		{"import", file + "x", "--api-key", "k"},
		{"import", filepath.Dir(file), "--api-key", "k"},
		{"import", file, "--api-key", "k", "--colour"},
		{"import", file, "--api-key", "k", "--map", "会員番号"},
		{"import", file, "--api-key", "k", "--server", "localhost:8080"},
		{"import", file, "--api-key", "k", "--encoding", "EBCDIC"},
		{"import", file, "--api-key", "k", "--delimiter", "ab"},
		{"import", file, "--api-key", "k", "--header-row", "2", "--no-header"},
		{"inspect"},
		{"inspect", file + "x"},
		{"inspect", filepath.Dir(file)},
		{"inspect", file, "--encoding", "EBCDIC"},
		{"inspect", file, "--header-row", "7"},
		{"members", "get", "one", "--api-key", "k"},
		{"members", "create", "--api-key", "k"},
		{"members", "create", "name", "--api-key", "k"},
		{"members", "set", "7", "name=a", "name=b", "--api-key", "k"},
		{"members", "list", "--kind", "person", "--api-key", "k"},
		{"imports", "failures", "01", "--api-key", "k", "-o", "x"},
		{"imports", "failures", "01", "--api-key", "k", "--csv", "--xlsx"},
		{"template", "--api-key", "k", "--csv", "--xlsx"},
		{"template", "--api-key", "k", "--kind", "person"},
		{"template", "--api-key", "k", "--encoding", "euc-jp"},
		{"template", "--api-key", "k", "--encoding", "shift_jis", "-o", "x.XLSX"},
		{"sample", "--rows", "-1"},
		{"sample", "--format", "pdf"},
		{"demo", "--data", filepath.Dir(file)},
		{"openapi", "--public-url", "localhost:8080"},
		{"tenant", "create", "x", "--language", "fr", "--database-url", "x"},
		{"tenant", "create", "花屋", "--database-url", "x"},
		{"tenant", "create", "hanaya", "--region", "Japan", "--database-url", "x"},
		{"tenant", "create", "hanaya", "--time-zone", "Tokyo", "--database-url", "x"},
		{"tenant", "create", "hanaya", "--max-row-bytes", "100", "--database-url", "x"},
		{"tenant", "set", "hanaya", "--max-row-bytes", "1000000", "--database-url", "x"},
		{"tenant", "set", "hanaya", "--region", "Japan", "--database-url", "x"},
		{"tenant", "set", "hanaya", "--running-imports", "0", "--database-url", "x"},
		{"tenant", "set", "hanaya", "--storage", "20GB", "--database-url", "x"},
		{"key", "create", "--tenant", "hanaya", "--name", "x", "--scope", "all", "--database-url", "x"},
		{"key", "create", "--tenant", "hanaya", "--name", "x", "--expires", "tomorrow", "--database-url", "x"},
		{"key", "create", "--tenant", "hanaya", "--name", "x", "--expires", "2020-01-01", "--database-url", "x"},
		{"tenant", "set", "hanaya", "--source-days", "0", "--database-url", "x"},
		{"user", "create", "--tenant", "hanaya", "--email", "a@example.jp", "--name", "x", "--password-stdin", "--database-url", "x"},
		{"user", "create", "--tenant", "hanaya", "--email", "bad", "--name", "x", "--database-url", "x"},
	} {
		if got := meibo(t.Context(), nil, "C", args...); got.status != exitUsage || got.out != "" || got.err == "" {
			t.Errorf("%q: got %d\n%s%s", args, got.status, got.out, got.err)
		}
	}
}

func TestValueThatTheServerDoesNotKnowIsWrongUsage(t *testing.T) {
	t.Parallel()
	a := newAPI(t, client.Import{})
	a.refuse = &client.Problem{Status: 422, Code: "option_invalid", Errors: []client.ProblemPart{{Option: "mode", Detail: "use upsert"}}}
	got := meibo(t.Context(), a, "C", "import", fileOf(t, "a"), "--mode", "merge")
	if got.status != exitUsage || !strings.Contains(got.err, "use upsert") {
		t.Errorf("got %+v", got)
	}
}

func TestImportThatCannotStartIsCancelled(t *testing.T) {
	t.Parallel()
	a := newAPI(t, client.Import{})
	a.refuse = &client.Problem{Status: 422, Code: "key_not_mapped", Detail: "キー項目に列が割り当てられていません。"}
	got := meibo(t.Context(), a, "ja_JP.UTF-8", "import", fileOf(t, "a"))
	if got.status != exitFailed || !strings.Contains(got.err, a.refuse.Detail) {
		t.Errorf("got %+v", got)
	}
	if last := a.requests[len(a.requests)-1]; last != "POST /v1/imports/01/cancel" {
		t.Errorf("the last request is %s", last)
	}
}

func TestOptionsAndFileReachTheServer(t *testing.T) {
	t.Parallel()
	a := newAPI(t, ended(imports.StateCompleted, 1, 0))
	got := meibo(t.Context(), a, "C", "import", "-", "--list", "vip", "--key", "email", "--sheet", "会員", "--no-header",
		"--encoding", "sjis", "--delimiter", "tab", "--map", "a=b=name", "--map", "備考=", "--map", "x,y;z=city")
	want := client.Options{
		List: "vip", Key: "email", Sheet: "会員", NoHeader: true, Encoding: "sjis", Delimiter: "tab", FileName: "stdin",
		Map: map[string]string{"a=b": "name", "備考": "", "x,y;z": "city"},
	}
	if !reflect.DeepEqual(a.options, want) {
		t.Errorf("got %+v, want %+v\n%s", a.options, want, got.err)
	}
	if a.source != "会員番号\r\nM-1\r\n" {
		t.Errorf("source is %q", a.source)
	}
}

// oneDocument reports whether text is exactly one JSON document.
func oneDocument(t *testing.T, text string) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	var document map[string]any
	if err := decoder.Decode(&document); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	if _, err := decoder.Token(); err != io.EOF {
		t.Fatalf("more than one document: %q", text)
	}
	return document
}

func TestJSONIsExactlyOneDocument(t *testing.T) {
	t.Parallel()
	file := fileOf(t, "会員番号\nM-1\n")
	for _, test := range []struct {
		args []string
		key  string // that the document must have
	}{
		{[]string{"import", file}, "total"},
		{[]string{"import", file, "--detach"}, "id"},
		{[]string{"imports", "list"}, "items"},
		{[]string{"imports", "show", "01"}, "state"},
		{[]string{"imports", "watch", "01"}, "failed"},
		{[]string{"imports", "cancel", "01"}, "state"},
		{[]string{"imports", "failures", "01"}, "counts"},
		{[]string{"imports", "retry", "00", file}, "total"},
		{[]string{"imports", "retry", "00", file, "--detach"}, "id"},
		{[]string{"imports", "retry", "02", file}, "error"},
		{[]string{"imports", "show", "02"}, "error"},
		{[]string{"imports", "failures", "01", "--csv"}, "error"},
		{[]string{"import", file, "--colour"}, "error"},
		{[]string{"members", "list"}, "items"},
		{[]string{"members", "get", "7"}, "member_sn"},
		{[]string{"members", "get", "8"}, "error"},
		{[]string{"members", "create", "name=山田"}, "member_sn"},
		{[]string{"members", "set", "7", "name=山田"}, "member_sn"},
		{[]string{"members", "delete", "7"}, "deleted"},
		{[]string{"members", "list", "--count"}, "count"},
	} {
		got := meibo(t.Context(), newAPI(t, ended(imports.StateCompleted, 2, 1)), "ja_JP.UTF-8", append(test.args, "--json")...)
		if document := oneDocument(t, got.out); document[test.key] == nil {
			t.Errorf("%q: got %s", test.args, got.out)
		}
	}
}

func TestOpenAPIDocumentIsThatOfAServer(t *testing.T) {
	t.Parallel()
	want, err := uploader.Document("https://meibo.example.com")
	if err != nil {
		t.Fatal(err)
	}
	got := meibo(t.Context(), nil, "C", "openapi", "--public-url", "https://meibo.example.com")
	if got.status != exitOK || got.out != string(want)+"\n" {
		t.Errorf("got status %d and %.300s", got.status, got.out)
	}
	if d := oneDocument(t, got.out); d["paths"] == nil {
		t.Errorf("got %.300s", got.out)
	}
}

func TestInterruptedWatchSaysThatTheImportGoesOn(t *testing.T) {
	t.Parallel()
	for _, json := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		a := newAPI(t, ended(imports.StateRunning, 1, 0))
		a.never, a.watched = true, cancel
		args := []string{"imports", "watch", "01"}
		if json {
			args = append(args, "--json")
		}
		got := meibo(ctx, a, "C", args...)
		if got.status != exitInterrupted || !json && !strings.Contains(got.err, "meibo imports cancel 01") {
			t.Errorf("got %+v", got)
		}
		if json {
			oneDocument(t, got.out)
		}
	}
}

func TestResultIsShownInTheLanguageOfTheEnvironment(t *testing.T) {
	t.Parallel()
	file := fileOf(t, "会員番号\nM-1\n")
	end := ended(imports.StateCompleted, 1234, 1)
	got := meibo(t.Context(), newAPI(t, end), "ja_JP.UTF-8", "import", file)
	want := `「会員.csv」の取り込みが完了しました。処理できなかった行があります。（1.5秒）
  合計      1,235
  新規登録  1,234
  更新          0
  変更なし      0
  失敗          1
失敗の理由（行数）
  1  メールアドレスの形式が正しくありません。

失敗した行（1行のうち最初の1行）
  行番号  項目   理由
      12  email  メールアドレスの形式が正しくありません。

失敗した行をすべて保存するには：meibo imports failures 01 --csv -o failures.csv
修正したファイルを取り込み直すには：meibo imports retry 01 failures.csv
`
	if got.out != want {
		t.Errorf("got\n%s\nwant\n%s", got.out, want)
	}
	if strings.ContainsRune(got.err, '\x1b') || !strings.Contains(got.err, "備考") {
		t.Errorf("the header is shown as %q", got.err)
	}
	if got := meibo(t.Context(), newAPI(t, end), "en_US.UTF-8", "import", file); !strings.Contains(got.out, "Created    1,234\n") {
		t.Errorf("got\n%s", got.out)
	}
}

func TestFailedRowsAreSavedAsTheyCome(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "failures.csv")
	got := meibo(t.Context(), newAPI(t, client.Import{}), "C", "imports", "failures", "01", "--csv", "-o", name)
	text, err := os.ReadFile(name)
	if err != nil || got.status != 0 || got.out != "" || !strings.HasSuffix(string(text), "12,email,だめ\r\n") {
		t.Errorf("got %+v, %q, %v", got, text, err)
	}
}

func TestFormatOfSavedFailuresGoesByTheName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"a.csv": "email", "b.XLSX": "PK"} {
		name = filepath.Join(t.TempDir(), name)
		got := meibo(t.Context(), newAPI(t, client.Import{}), "C", "imports", "failures", "01", "-o", name)
		if text, err := os.ReadFile(name); err != nil || got.status != exitOK || !strings.Contains(string(text), want) {
			t.Errorf("%s: %+v, %q, %v", name, got, text, err)
		}
	}
}

func TestTablesOfImportsAndMembersLineUp(t *testing.T) {
	t.Parallel()
	a := newAPI(t, ended(imports.StateCompleted, 2, 1))
	got := meibo(t.Context(), a, "ja_JP.UTF-8", "members", "list")
	lines := strings.Split(got.out, "\n")
	if at, want := strings.Index(lines[0], "氏名"), strings.Index(lines[1], "山田"); displayWidth(lines[0][:at]) != displayWidth(lines[1][:want]) {
		t.Errorf("got\n%s", got.out)
	}
	got = meibo(t.Context(), a, "ja_JP.UTF-8", "imports", "show", "01")
	if got.status != 0 || !strings.Contains(got.out, "方式        upsert（キー：member_sn）") {
		t.Errorf("got %d\n%s", got.status, got.out)
	}
}

func TestServerThatIsAwayIsAFailure(t *testing.T) {
	t.Parallel()
	a := newAPI(t, client.Import{})
	a.Close()
	if got := meibo(t.Context(), a, "ja_JP.UTF-8", "imports", "list"); got.status != exitFailed || !strings.Contains(got.err, "接続できません") {
		t.Errorf("got %+v", got)
	}
}

func TestHelpOfEverythingIsInJapaneseToo(t *testing.T) {
	t.Parallel()
	used := make(map[string]bool)
	check := func(where, text string) {
		if text != "" && helpJapanese[text] == "" {
			t.Errorf("%s: %q has no Japanese", where, text)
		}
		used[text] = true
	}
	var cli commands
	parser, err := kong.New(&cli, kong.Description("Import members into Meibo, and run it."))
	if err != nil {
		t.Fatal(err)
	}
	check("meibo", parser.Model.Help)
	err = kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		switch n := node.(type) {
		case *kong.Node:
			check(n.Path(), n.Help)
		case *kong.Value:
			check(n.Name, n.Help)
		case *kong.Flag:
			check("--"+n.Name, n.Help)
		}
		return next(nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	for text := range helpJapanese {
		if !used[text] {
			t.Errorf("%q is nobody's help", text)
		}
	}
	got := meibo(t.Context(), nil, "ja_JP.UTF-8", "import", "--help")
	if got.status != 0 || !strings.Contains(got.out, "取り込み先のリスト") || strings.Contains(got.out, "Do not wait") {
		t.Errorf("got %d\n%s", got.status, got.out)
	}
}

func TestLanguageIsThatOfTheFirstVariableThatIsSet(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		env  map[string]string
		want tenant.Language
	}{
		{nil, tenant.English},
		{map[string]string{"LANG": "ja_JP.UTF-8"}, tenant.Japanese},
		{map[string]string{"LANG": "C.UTF-8"}, tenant.English},
		{map[string]string{"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, tenant.English},
		{map[string]string{"LANG": "en_US", "LC_MESSAGES": "ja"}, tenant.Japanese},
	} {
		if got := language(func(name string) string { return test.env[name] }); got != test.want {
			t.Errorf("%v: got %s, want %s", test.env, got, test.want)
		}
	}
}
