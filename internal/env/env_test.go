package env

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

type storeConfig struct {
	URL     string        `env:"MEIBO_TEST_URL,required"`
	Bucket  string        `env:"MEIBO_TEST_BUCKET" envDefault:"meibo"`
	Timeout time.Duration `env:"MEIBO_TEST_STORE_TIMEOUT" envDefault:"2s"`
}

type mailConfig struct {
	From    string        `env:"MEIBO_TEST_FROM,required"`
	Port    int           `env:"MEIBO_TEST_PORT" envDefault:"25"`
	Timeout time.Duration `env:"MEIBO_TEST_MAIL_TIMEOUT" envDefault:"3s"`
	URL     string        `env:"MEIBO_TEST_URL"`
}

type serviceConfig struct {
	Store storeConfig
	Mail  mailConfig
}

func TestLoadReadsNestedStructsWithTheirDefaults(t *testing.T) {
	t.Parallel()
	got, err := load[serviceConfig](map[string]string{
		"MEIBO_TEST_URL": "u", "MEIBO_TEST_FROM": "f", "MEIBO_TEST_PORT": "587",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := serviceConfig{
		Store: storeConfig{URL: "u", Bucket: "meibo", Timeout: 2 * time.Second},
		Mail:  mailConfig{From: "f", Port: 587, Timeout: 3 * time.Second, URL: "u"},
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestLoadReportsAllMissingAndMalformedSettingsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load[serviceConfig](map[string]string{
		"MEIBO_TEST_FROM": "f", "MEIBO_TEST_PORT": "many", "MEIBO_TEST_MAIL_TIMEOUT": "soon",
	})
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want an *Error", err)
	}
	want := []string{
		"MEIBO_TEST_URL is required and not set",
		`MEIBO_TEST_PORT is malformed: invalid syntax`,
		`MEIBO_TEST_MAIL_TIMEOUT is malformed: unable to parse duration: time: invalid duration it`,
	}
	if !slices.Equal(e.Problems, want) {
		t.Errorf("got problems\n%s\nwant\n%s", strings.Join(e.Problems, "\n"), strings.Join(want, "\n"))
	}
	if text := err.Error(); strings.Count(text, "\n") != len(want) {
		t.Errorf("error is not one line per problem:\n%s", text)
	}
}

func TestLoadTakesAnEmptyVariableForNotSet(t *testing.T) {
	t.Setenv("MEIBO_TEST_URL", "")
	t.Setenv("MEIBO_TEST_BUCKET", "")
	_, err := Load[storeConfig]()
	if err == nil || !strings.Contains(err.Error(), "MEIBO_TEST_URL is required") {
		t.Errorf("got error %v, want one that names MEIBO_TEST_URL", err)
	}
	t.Setenv("MEIBO_TEST_URL", "u")
	got, err := Load[storeConfig]()
	if err != nil {
		t.Fatal(err)
	}
	if got.Bucket != "meibo" {
		t.Errorf("got bucket %q, want the default", got.Bucket)
	}
}

func TestNamesListsEachVariableOnceWithWhatItNeeds(t *testing.T) {
	t.Parallel()
	want := []Setting{
		{Name: "MEIBO_TEST_URL", Required: true},
		{Name: "MEIBO_TEST_BUCKET", Default: "meibo"},
		{Name: "MEIBO_TEST_STORE_TIMEOUT", Default: "2s"},
		{Name: "MEIBO_TEST_FROM", Required: true},
		{Name: "MEIBO_TEST_PORT", Default: "25"},
		{Name: "MEIBO_TEST_MAIL_TIMEOUT", Default: "3s"},
	}
	if got := Names(serviceConfig{}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got := Names(&serviceConfig{}); !reflect.DeepEqual(got, want) {
		t.Errorf("by pointer: got %+v\nwant %+v", got, want)
	}
}
