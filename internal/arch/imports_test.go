package arch_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/meibo/meibo"

// pkg is what `go list` says of a package of this module. Names are without the module's.
type pkg struct {
	ImportPath   string
	Name         string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Deps         []string
}

// packages returns the packages of this module, by name. `go list` loads them once for all tests.
var packages = sync.OnceValues(func() (map[string]*pkg, error) {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Name,Imports,TestImports,XTestImports,Deps", module+"/...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	all := make(map[string]*pkg)
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		p := new(pkg)
		if err := d.Decode(p); err != nil {
			return nil, err
		}
		all[strings.TrimPrefix(p.ImportPath, module+"/")] = p
	}
	return all, nil
})

func load(t *testing.T) map[string]*pkg {
	t.Helper()
	all, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// own returns the imports that are packages of this module, without the module's name.
func own(imports []string) []string {
	var names []string
	for _, i := range imports {
		if name, ok := strings.CutPrefix(i, module+"/"); ok {
			names = append(names, name)
		}
	}
	return names
}

// The places of the packages in the one direction of imports, from main down to what everybody may use.
const (
	layerDomain = iota
	layerAdapter
	layerService
	layerProcess
)

var (
	// domain packages say what is true; they know values and nothing else of the world.
	domain = []string{"internal/tenant", "internal/member", "internal/imports"}
	// process packages run or prove the whole: they may use anything but cmd.
	process = []string{"internal/devstack", "internal/e2e", "internal/bench", "internal/demo", "deploy"}
)

func layerOf(name string) int {
	top, _, _ := strings.Cut(name, "/")
	switch {
	case slices.Contains(domain, name):
		return layerDomain
	case top == "cmd", within(name, process):
		return layerProcess
	case top == "services":
		return layerService
	default:
		return layerAdapter
	}
}

// within reports whether the package is one of these or inside one of them.
func within(name string, these []string) bool {
	return slices.ContainsFunc(these, func(p string) bool { return name == p || strings.HasPrefix(name, p+"/") })
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	for name, p := range load(t) {
		for _, imported := range own(p.Imports) {
			switch {
			case layerOf(imported) > layerOf(name):
				t.Errorf("%s imports %s, which is above it", name, imported)
			case strings.HasPrefix(imported, "cmd/"):
				t.Errorf("%s imports the command %s", name, imported)
			case layerOf(name) == layerService && layerOf(imported) == layerService && service(name) != service(imported):
				t.Errorf("%s imports %s: services talk by messages only", name, imported)
			case imported == "proto/meibo/v1" && !within(name, []string{"internal/queue"}):
				t.Errorf("%s imports %s: the wire's types end in internal/queue", name, imported)
			}
		}
	}
}

// service returns the service that a package belongs to: services/uploader/console is the uploader's.
func service(name string) string {
	return strings.Join(strings.SplitN(name, "/", 3)[:2], "/")
}

func TestDomainKnowsNothingOfTheWorld(t *testing.T) {
	t.Parallel()
	forbidden := []string{"context", "database", "io/fs", "log", "net", "os", "go.uber.org/zap", "google.golang.org/protobuf"}
	all := load(t)
	for _, name := range domain {
		p := all[name]
		if p == nil {
			t.Errorf("there is no package %s", name)
			continue
		}
		for _, imported := range p.Imports {
			if within(imported, forbidden) {
				t.Errorf("%s imports %s", name, imported)
			}
		}
	}
}

// owners names, for each library that speaks to the outside, the one package that may import it.
var owners = map[string][]string{
	"github.com/jackc/pgx":                {"internal/postgres"},
	"github.com/jackc/tern":               {"internal/postgres"},
	"github.com/nats-io/nats.go":          {"internal/queue"},
	"github.com/aws":                      {"internal/blob", "internal/embedded"}, // versity's backend is written in its types
	"github.com/xuri":                     {"internal/sheet"},
	"github.com/wneessen/go-mail":         {"internal/mail"},
	"github.com/nats-io/nats-server":      {"internal/embedded"},
	"github.com/versity":                  {"internal/embedded"},
	"github.com/emersion/go-smtp":         {"internal/embedded"},
	"github.com/caarlos0/env":             {"internal/env"},
	"github.com/nyaruka/phonenumbers":     {"internal/member"},
	"google.golang.org/protobuf":          {"internal/queue", "proto"},
	"github.com/danielgtaylor/huma":       {"services/uploader"},
	"github.com/go-chi":                   {"services/uploader"},
	"github.com/alecthomas/kong":          {"cmd/meibo"},
	"github.com/vbauerster/mpb":           {"cmd/meibo"},
	"golang.org/x/crypto":                 {"internal/password"},
	"golang.org/x/term":                   {"cmd/meibo"},
	"golang.org/x/time":                   {"services/uploader"},
	"gopkg.in/yaml.v3":                    {"deploy"},
	"github.com/meibo/meibo/internal/env": {"internal/run", "cmd/meibo", "deploy"},
}

func TestEachClientLibraryHasOneOwner(t *testing.T) {
	t.Parallel()
	for name, p := range load(t) {
		if testPackage(name) {
			continue // It drives the same real parts as the package that it is for.
		}
		for _, imported := range p.Imports {
			for library, allowed := range owners {
				if within(imported, []string{library}) && !within(name, allowed) {
					t.Errorf("%s imports %s, which belongs to %s", name, imported, strings.Join(allowed, " and "))
				}
			}
		}
	}
}

// testPackage reports whether the package only serves tests: its name ends in test, as httptest's does.
func testPackage(name string) bool { return strings.HasSuffix(path.Base(name), "test") }

func TestCommandsLinkNothingOfTheTests(t *testing.T) {
	t.Parallel()
	for name, p := range load(t) {
		if p.Name != "main" {
			continue
		}
		for _, dep := range p.Deps {
			ours, isOurs := strings.CutPrefix(dep, module+"/")
			if dep == "testing" || isOurs && (testPackage(ours) || within(ours, []string{"internal/e2e"})) {
				t.Errorf("%s links %s", name, dep)
			}
		}
	}
}

// Each command but meibo's is one line that names its service.
func TestCommandsUseOneService(t *testing.T) {
	t.Parallel()
	for name, p := range load(t) {
		if !strings.HasPrefix(name, "cmd/") || strings.HasPrefix(name, "cmd/meibo") {
			continue
		}
		want := []string{"internal/run", "services/" + path.Base(name)}
		if got := own(p.Imports); !slices.Equal(got, want) {
			t.Errorf("%s imports %v, want %v", name, got, want)
		}
	}
}
