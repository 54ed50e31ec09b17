package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPureIsPure holds the Makefile's list of packages whose own tests run without the race detector to what the list
// says of them: nothing in them starts a goroutine, speaks on a channel, or writes a variable of the package.
func TestPureIsPure(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`(?m)^PURE := (.+)$`).FindSubmatch(makefile)
	if list == nil {
		t.Fatal("the Makefile has no PURE")
	}
	for _, dir := range strings.Fields(string(list[1])) {
		files, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no files: %v", dir, err)
		}
		checkPure(t, files)
	}
}

func checkPure(t *testing.T, files []string) {
	t.Helper()
	set := token.NewFileSet()
	var parsed []*ast.File
	variables := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
				for _, s := range g.Specs {
					for _, n := range s.(*ast.ValueSpec).Names {
						variables[n.Name] = true
					}
				}
			}
		}
	}
	for _, f := range parsed {
		ast.Inspect(f, func(n ast.Node) bool {
			var what string
			switch n := n.(type) {
			case *ast.GoStmt:
				what = "starts a goroutine"
			case *ast.SendStmt, *ast.SelectStmt, *ast.ChanType:
				what = "uses a channel"
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					for _, left := range n.Lhs {
						if variables[variableOf(left)] {
							what = "writes " + variableOf(left)
						}
					}
				}
			case *ast.IncDecStmt:
				if variables[variableOf(n.X)] {
					what = "writes " + variableOf(n.X)
				}
			}
			if what != "" {
				t.Errorf("%s %s: the Makefile calls its package pure", set.Position(n.Pos()), what)
			}
			return true
		})
	}
}

// variableOf returns the variable that an expression is a part of, "" where it is none's. A local variable that is called as
// one of the package is taken for it: another name mends that.
func variableOf(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x.Name
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return ""
		}
	}
}
