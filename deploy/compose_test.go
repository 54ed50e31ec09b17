package deploy_test

import (
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/meibo/meibo/internal/env"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/run"
	"github.com/meibo/meibo/services/merger"
	"github.com/meibo/meibo/services/notifier"
	"github.com/meibo/meibo/services/splitter"
	"github.com/meibo/meibo/services/uploader"
)

// program is one of ours in the compose file: what it reads, and whether it does so without complaint.
type program struct {
	settings []env.Setting
	load     func() error
}

// reads returns the program whose configuration is C.
func reads[C any]() program {
	type config struct {
		Process run.Config
		Service C
	}
	return program{
		settings: env.Names(config{}),
		load:     func() error { _, err := env.Load[config](); return err },
	}
}

// services are the stages; they run in any number.
var services = map[string]program{
	"uploader": reads[uploader.Config](),
	"splitter": reads[splitter.Config](),
	"merger":   reads[merger.Config](),
	"notifier": reads[notifier.Config](),
}

// programs are the services, and the uses of the command line.
func programs() map[string]program {
	all := maps.Clone(services)
	all["migrate"] = reads[postgres.Config]()
	all["meibo"] = reads[postgres.Config]()
	return all
}

type compose struct {
	Services map[string]container
	Volumes  map[string]any
}

type container struct {
	Image string
	Build *struct {
		Context, Dockerfile string
		Args                map[string]string
	}
	ContainerName string `yaml:"container_name"`
	Environment   map[string]string
	Ports         []string
	Volumes       []string
	Healthcheck   *struct{ Test []string }
	DependsOn     map[string]struct{ Condition string } `yaml:"depends_on"`
}

// variable is ${NAME:-default}, the one form of interpolation that the compose file uses.
var variable = regexp.MustCompile(`\$\{[A-Z0-9_]+:-([^}]*)\}`)

// read returns the compose file as it is where no variable is set.
func read(t *testing.T) compose {
	t.Helper()
	text := variable.ReplaceAllString(readFile(t, "../docker-compose.yml"), "$1")
	var c compose
	if err := yaml.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryProgramIsBuiltByTheOneDockerfile(t *testing.T) {
	t.Parallel()
	dockerfile := readFile(t, "Dockerfile")
	if !strings.Contains(dockerfile, "\nARG SERVICE\n") || !strings.Contains(dockerfile, "./cmd/${SERVICE") {
		t.Error("the Dockerfile does not build the folder of cmd/ that SERVICE names")
	}
	all := read(t).Services
	for name := range programs() {
		build := all[name].Build
		if build == nil || build.Context != "." || build.Dockerfile != "deploy/Dockerfile" {
			t.Errorf("%s is not built by deploy/Dockerfile", name)
			continue
		}
		if _, err := os.Stat(filepath.Join("../cmd", build.Args["SERVICE"], "main.go")); err != nil {
			t.Errorf("%s: SERVICE=%s is no folder of cmd/: %v", name, build.Args["SERVICE"], err)
		}
		if _, ok := services[name]; ok && build.Args["SERVICE"] != name {
			t.Errorf("%s runs %s", name, build.Args["SERVICE"])
		}
	}
	for name, c := range all {
		if _, ours := programs()[name]; !ours && c.Image == "" {
			t.Errorf("%s has no image", name)
		}
	}
}

func TestEveryProgramStartsWithTheSettingsGiven(t *testing.T) {
	all := read(t).Services
	for name, p := range programs() {
		t.Run(name, func(t *testing.T) {
			for variable, value := range all[name].Environment {
				t.Setenv(variable, value)
			}
			if err := p.load(); err != nil {
				t.Error(err)
			}
			for _, s := range p.settings {
				if !strings.HasPrefix(s.Name, "MEIBO_") {
					t.Errorf("the setting %s is not called MEIBO_…", s.Name)
				}
			}
		})
	}
}

func TestEverySettingGivenIsReadBySomeProgram(t *testing.T) {
	t.Parallel()
	read := read(t)
	known := make(map[string]bool)
	for _, p := range programs() {
		for _, s := range p.settings {
			known[s.Name] = true
		}
	}
	for name, c := range read.Services {
		for variable := range c.Environment {
			if strings.HasPrefix(variable, "MEIBO_") && !known[variable] {
				t.Errorf("%s is given %s, which nothing reads", name, variable)
			}
		}
	}
}

func TestWorkersCanBeScaled(t *testing.T) {
	t.Parallel()
	for name, c := range read(t).Services {
		if c.ContainerName != "" {
			t.Errorf("%s has a container_name, so there can only be one", name)
		}
		if published := len(c.Ports) > 0; published != slices.Contains([]string{"uploader", "mailpit"}, name) {
			t.Errorf("%s publishes the ports %v: only the uploader and the mail catcher should", name, c.Ports)
		}
	}
}

func TestWhatIsWaitedForCanCome(t *testing.T) {
	t.Parallel()
	all := read(t).Services
	for name, c := range all {
		for other, on := range c.DependsOn {
			waited, ok := all[other]
			switch {
			case !ok:
				t.Errorf("%s waits for %s, which is not there", name, other)
			case on.Condition == "service_healthy" && waited.Healthcheck == nil:
				t.Errorf("%s waits for the health of %s, which nobody checks", name, other)
			}
		}
		if _, ok := services[name]; ok && c.DependsOn["migrate"].Condition != "service_completed_successfully" {
			t.Errorf("%s does not wait for the database to be migrated", name)
		}
	}
}

func TestAddressesNameServersOfTheFile(t *testing.T) {
	t.Parallel()
	all := read(t).Services
	given := all["notifier"].Environment
	for _, setting := range []string{"MEIBO_DATABASE_URL", "MEIBO_NATS_URL", "MEIBO_S3_ENDPOINT", "MEIBO_SMTP_ADDR"} {
		address := given[setting]
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			address = u.Host
		}
		host, _, err := net.SplitHostPort(address)
		if err != nil || all[host].Image == "" {
			t.Errorf("%s=%s names no server of the compose file", setting, given[setting])
			continue
		}
		if _, waits := all["notifier"].DependsOn[host]; !waits {
			t.Errorf("the notifier does not wait for %s", host)
		}
	}
	_, port, err := net.SplitHostPort(all["uploader"].Environment["MEIBO_LISTEN"])
	if err != nil || !slices.ContainsFunc(all["uploader"].Ports, func(p string) bool { return strings.HasSuffix(p, ":"+port) }) {
		t.Errorf("the uploader publishes %v and listens on %s (%v)", all["uploader"].Ports, port, err)
	}
}

func TestVolumesExist(t *testing.T) {
	t.Parallel()
	c := read(t)
	for name, s := range c.Services {
		for _, v := range s.Volumes {
			source, _, _ := strings.Cut(v, ":")
			if strings.HasPrefix(source, ".") {
				if _, err := os.Stat(filepath.Join("..", source)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			} else if _, ok := c.Volumes[source]; !ok {
				t.Errorf("%s uses the volume %s, which is not declared", name, source)
			}
		}
	}
}

// The images and go.mod name the same versions of what is in both.
func TestVersionsAgreeWithGoMod(t *testing.T) {
	t.Parallel()
	mod := readFile(t, "../go.mod")
	find := func(pattern string) string {
		t.Helper()
		m := regexp.MustCompile(pattern).FindStringSubmatch(mod)
		if m == nil {
			t.Fatalf("go.mod has no %s", pattern)
		}
		return m[1]
	}
	if image := "FROM golang:" + find(`(?m)^go (\d+\.\d+)`) + " "; !strings.Contains(readFile(t, "Dockerfile"), image) {
		t.Errorf("the Dockerfile does not build with %s", image)
	}
	if got, want := read(t).Services["s3"].Image, "versity/versitygw:"+find(`github.com/versity/versitygw (v\S+)`); got != want {
		t.Errorf("got image %s, want %s as embedded", got, want)
	}
}
