package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	jis "golang.org/x/text/encoding/japanese"

	"github.com/meibo/meibo/internal/sample"
)

const titled = "会員一覧\n\n会員番号;氏名;電話番号;備考\nA1;青木;9012345678;x\nA2;\"石\"井;;\nA3;上田;;;;\n"

func TestInspectTellsWhatAFileHolds(t *testing.T) {
	t.Parallel()
	text, err := jis.ShiftJIS.NewEncoder().String(titled)
	if err != nil {
		t.Fatal(err)
	}
	file := fileOf(t, text)
	for locale, says := range map[string][]string{
		"ja_JP.UTF-8": {"文字コード", "Shift_JIS", "区切り文字", "3行目", "member_sn", "青木", "ご注意：見出しより上の行（1行目）は取り込みません。", "先頭の0", "（行：4）", "二重引用符"},
		"C":           {"Encoding", "Shift_JIS", "Delimiter", "row 3", "member_sn", "青木", "Please note: What stands above the header (row 1) is not imported.", "leading zeros", "(rows: 4)"},
	} {
		got := meibo(t.Context(), nil, locale, "inspect", file)
		for _, want := range says {
			if !strings.Contains(got.out, want) {
				t.Errorf("%s: %q is missing in\n%s%s", locale, want, got.out, got.err)
			}
		}
		if got.status != exitOK || got.err != "" {
			t.Errorf("%s: status %d, %s", locale, got.status, got.err)
		}
	}
}

func TestInspectReadsAsItIsTold(t *testing.T) {
	t.Parallel()
	file := fileOf(t, "a^b\nc^d\n")
	got := meibo(t.Context(), nil, "C", "inspect", file, "--delimiter", "^", "--header-row", "2", "--encoding", "utf8", "--json")
	document := oneDocument(t, got.out)
	columns, _ := json.Marshal(document["columns"])
	if document["delimiter"] != "^" || document["header_row"] != 2.0 || !strings.Contains(string(columns), `"header":"c"`) || document["check"] != nil {
		t.Errorf("got %s", got.out)
	}
	got = meibo(t.Context(), nil, "C", "inspect", file, "--no-header", "--json")
	if oneDocument(t, got.out)["header"] != false {
		t.Errorf("got %s", got.out)
	}
}

func TestInspectReadsStandardInputAndWorkbooks(t *testing.T) {
	t.Parallel()
	got := meibo(t.Context(), nil, "C", "inspect", "-", "--json")
	if document := oneDocument(t, got.out); document["file"] != "stdin" || document["header"] != true {
		t.Errorf("got %s", got.out)
	}
	name := filepath.Join(t.TempDir(), "a.dat")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sample.WriteXLSX(f, sample.Config{Rows: 50, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	got = meibo(t.Context(), nil, "C", "inspect", name, "--check", "--json")
	document := oneDocument(t, got.out)
	check, _ := document["check"].(map[string]any)
	if got.status != exitOK || document["format"] != "xlsx" || check["rows"] != 50.0 || check["faulty"] != 0.0 {
		t.Errorf("status %d: %s", got.status, got.out)
	}
}

func TestInspectChecksTheWholeFile(t *testing.T) {
	t.Parallel()
	file := fileOf(t, titled)
	got := meibo(t.Context(), nil, "C", "inspect", file, "--check")
	if got.status != exitFailedRows || !strings.Contains(got.out, "Of 3 rows, 2 cannot be read.") || !strings.Contains(got.out, "(6/4)") {
		t.Errorf("status %d: %s", got.status, got.out)
	}
	got = meibo(t.Context(), nil, "C", "inspect", file, "--check", "--json")
	text, _ := json.Marshal(oneDocument(t, got.out)["check"])
	for _, want := range []string{`"rows":3`, `"faulty":2`, `"code":"too_many_cells"`, `"code":"bad_quote"`, `"first_rows":[5]`, `"first_rows":[6]`} {
		if got.status != exitFailedRows || !strings.Contains(string(text), want) {
			t.Errorf("status %d: %s is missing in %s", got.status, want, text)
		}
	}
}

func TestInspectSaysWhyAFileIsRefused(t *testing.T) {
	t.Parallel()
	file := fileOf(t, "%PDF-1.7\n")
	got := meibo(t.Context(), nil, "ja_JP.UTF-8", "inspect", file)
	if got.status != exitFailed || got.out != "" || !strings.Contains(got.err, "PDFファイルです。") {
		t.Errorf("got %+v", got)
	}
	got = meibo(t.Context(), nil, "C", "inspect", file, "--json")
	text, _ := json.Marshal(oneDocument(t, got.out)["error"])
	if got.status != exitFailed || !strings.Contains(string(text), `"code":"format_unsupported"`) {
		t.Errorf("got %+v", got)
	}
}
