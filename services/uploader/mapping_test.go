package uploader

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/meibo/meibo/internal/member"
)

func TestBaseNameIsTheNameOfAFile(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"members.csv": "members.csv", `C:\a\会員.csv`: "会員.csv", "/a/b/c.xlsx": "c.xlsx", "a\x00b\r\n.csv": "ab.csv", " x ": "x", "a/": "", "\xff": "",
	} {
		if got := baseName(in); got != want {
			t.Errorf("baseName(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzBaseName(f *testing.F) {
	f.Add(`C:\a\会員.csv`)
	f.Add("a\x00\u202e/b\xff")
	f.Fuzz(func(t *testing.T, in string) {
		got := baseName(in)
		if !utf8.ValidString(got) || strings.ContainsAny(got, `/\`) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("baseName(%q) = %q", in, got)
		}
	})
}

// Whatever is chosen, the mapping has the file's columns, and no choice is lost without a word.
func FuzzResolve(f *testing.F) {
	f.Add("a,b,c", "a=member_sn,c=", true)
	f.Add("会員番号,氏名", "氏名=email,x=name", false)
	schema := member.Standard()
	f.Fuzz(func(t *testing.T, header, said string, whole bool) {
		names := strings.Split(header, ",")
		var choices member.Mapping
		for _, c := range strings.Split(said, ",") {
			name, field, _ := strings.Cut(c, "=")
			if name = strings.TrimSpace(name); name != "" {
				choices = append(choices, member.Column{Header: name, Field: field})
			}
		}
		if whole {
			choices = append(choices, member.Column{})
		}
		m, unknown := resolve(names, choices, schema.Suggest(names))
		if len(m) != len(names) {
			t.Fatalf("%d columns, want %d", len(m), len(names))
		}
		placed := make(map[string]bool)
		for i, c := range m {
			if c.Header != names[i] {
				t.Errorf("column %d is %q, want %q", i, c.Header, names[i])
			}
			placed[c.Header] = true
		}
		for _, u := range unknown {
			placed[u] = true
		}
		for _, c := range choices {
			if c.Header != "" && !placed[c.Header] {
				t.Errorf("the choice for %q is lost", c.Header)
			}
		}
	})
}
