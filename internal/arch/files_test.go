package arch_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the top of the repository, seen from here.
const root = "../.."

// ignored returns the patterns of .gitignore, which is kept simple enough for path.Match: names, or whole paths.
func ignored(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	var patterns []string
	for line := range strings.Lines(string(text)) {
		if line = strings.Trim(strings.TrimSpace(line), "/"); line != "" && line[0] != '#' {
			patterns = append(patterns, line)
		}
	}
	return append(patterns, ".git")
}

// walk calls f for every file of the repository that git does not ignore, with its slashed name and content. It
// needs no git: a tarball, or a checkout that belongs to somebody else, is as good.
func walk(t *testing.T, f func(name string, content []byte)) {
	t.Helper()
	patterns := ignored(t)
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if slices.ContainsFunc(patterns, func(p string) bool { ok, _ := path.Match(p, d.Name()); return ok || p == name }) && file != root {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		f(name, content)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTopLevelHoldsWhatTheReadmeTeaches(t *testing.T) {
	t.Parallel()
	allowed := []string{
		"cmd", "services", "internal", "proto", "deploy", "docker-compose.yml", "go.mod", "go.sum", "Makefile", "README.md", "LICENSE",
	}
	seen := make(map[string]bool)
	walk(t, func(name string, _ []byte) {
		top, _, _ := strings.Cut(name, "/")
		if !strings.HasPrefix(top, ".") && !slices.Contains(allowed, top) && !seen[top] {
			t.Errorf("%s stands at the top level", top)
		}
		seen[top] = true
	})
	for _, name := range allowed {
		if !seen[name] {
			t.Errorf("%s is missing", name)
		}
	}
}

const maxLines = 450

func TestFilesAreShortEnoughToRead(t *testing.T) {
	t.Parallel()
	kinds := []string{".go", ".sql", ".proto", ".html", ".css", ".js", ".ts", ".tsx", ".yml", ".yaml", ".sh"}
	walk(t, func(name string, content []byte) {
		if !slices.Contains(kinds, path.Ext(name)) || generated(content) || strings.Contains(name, "/testdata/") {
			return
		}
		if lines := bytes.Count(content, []byte("\n")); lines > maxLines {
			t.Errorf("%s has %d lines, more than %d: there is a second room in it", name, lines, maxLines)
		}
	})
}

var generatedLine = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// generated reports whether a file is the work of a program (golang.org/s/generatedcode).
func generated(content []byte) bool {
	return generatedLine.Match(content[:min(len(content), 1000)])
}

// machinePath finds folders that only some people's machines have: homes, and the checkout where this was written.
// (The packages of Homebrew on Linux are in a home of that name on every machine.)
var machinePath = regexp.MustCompile(`(^|[^\w./-])/(root|work|Users/\w+|home/[a-z]\w*)/`)

func TestNoFileNamesAFolderOfOneMachine(t *testing.T) {
	t.Parallel()
	walk(t, func(name string, content []byte) {
		for _, found := range machinePath.FindAll(content, -1) {
			if !bytes.Contains(found, []byte("linuxbrew")) {
				t.Errorf("%s names %s", name, bytes.TrimSpace(found))
			}
		}
	})
}

var skip = regexp.MustCompile(`\b[tbf]\.Skip(f|Now)?\(`)

func TestNoTestIsSkipped(t *testing.T) {
	t.Parallel()
	walk(t, func(name string, content []byte) {
		if strings.HasSuffix(name, "_test.go") && skip.Match(content) {
			t.Errorf("%s skips a test: one that does not run proves nothing", name)
		}
	})
}

// clock are the functions that tell the time or let it pass.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"}

func TestDomainHasNoClock(t *testing.T) {
	t.Parallel()
	walk(t, func(name string, content []byte) {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || !slices.Contains(domain, path.Dir(name)) {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, content, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && slices.Contains(clock, s.Sel.Name) {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" {
					t.Errorf("%s calls time.%s: the time is a parameter", name, s.Sel.Name)
				}
			}
			return true
		})
	})
}
