package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/meibo/meibo/internal/client"
)

func TestFilesAreSavedAsTheyAreAskedFor(t *testing.T) {
	t.Parallel()
	a := newAPI(t, client.Import{})
	book := filepath.Join(t.TempDir(), "会員.xlsx")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"template"}, "main.csv kind=member ja"},
		{[]string{"template", "--list", "v.i.p/会員", "--kind", "lead", "--encoding", "shift_jis"}, "v.i.p/会員.csv encoding=shift_jis&kind=lead ja"},
		{[]string{"template", "--xlsx"}, "main.xlsx kind=member ja"},
		{[]string{"template", "-o", book}, "main.xlsx kind=member ja"},
		{[]string{"template", "--csv", "-o", book}, "main.csv kind=member ja"},
		{[]string{"imports", "failures", "01", "--xlsx"}, "PK failures"},
		{[]string{"imports", "failures", "01", "--xlsx", "-o", book}, "PK failures"},
	} {
		told := meibo(t.Context(), a, "ja_JP.UTF-8", tt.args...)
		got := told.out
		if tt.args[len(tt.args)-1] == book {
			text, err := os.ReadFile(book)
			if err != nil || told.out != "" {
				t.Errorf("%q: %v, standard output %q", tt.args, err, told.out)
			}
			got = string(text)
		}
		if told.status != exitOK || got != tt.want {
			t.Errorf("%q: status %d, %q, want %q\n%s", tt.args, told.status, got, tt.want, told.err)
		}
	}
	if got := meibo(t.Context(), a, "C", "template", "--json"); got.status != exitUsage {
		t.Errorf("--json: %+v", got)
	}
}
