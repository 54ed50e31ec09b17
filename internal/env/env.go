// Package env reads a program's settings from environment variables into a struct, once, at its start.
//
// A setting is a field with the tags of github.com/caarlos0/env: `env:"MEIBO_S3_BUCKET" envDefault:"meibo"`,
// or `env:"MEIBO_DATABASE_URL,required"`. Structs nest, so that a service's configuration is composed of those
// of the packages it uses. A variable that is empty counts as not set: compose files and unit files pass on
// empty variables that nobody meant as a value.
package env

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Error lists everything that is wrong with the environment, so that an operator mends it in one go.
type Error struct {
	// Problems name the variable and what is wrong with it, in the order of the struct's fields.
	Problems []string
}

// Error returns one line per problem.
func (e *Error) Error() string {
	return "configuration:\n  " + strings.Join(e.Problems, "\n  ")
}

// Load returns the settings of C, which must be a struct. Where any are missing or malformed the error is an
// *Error that names them all.
func Load[C any]() (C, error) {
	return load[C](environment(os.Environ()))
}

// environment returns the variables that are set and not empty.
func environment(list []string) map[string]string {
	set := make(map[string]string, len(list))
	for _, kv := range list {
		if name, value, ok := strings.Cut(kv, "="); ok && value != "" {
			set[name] = value
		}
	}
	return set
}

func load[C any](set map[string]string) (C, error) {
	cfg, err := env.ParseAsWithOptions[C](env.Options{Environment: set})
	if err == nil {
		return cfg, nil
	}
	settings, perr := settingsOf(&cfg)
	if perr != nil {
		return cfg, fmt.Errorf("read configuration: %w", perr)
	}
	var e Error
	for _, s := range settings {
		value, ok := set[s.Name]
		switch {
		case !ok && s.Required:
			e.Problems = append(e.Problems, s.Name+" is required and not set")
		case ok:
			if err := malformed[C](s.Name, value); err != nil {
				e.Problems = append(e.Problems, fmt.Sprintf("%s is malformed: %v", s.Name, err))
			}
		}
	}
	if len(e.Problems) == 0 {
		return cfg, fmt.Errorf("read configuration: %w", err)
	}
	return cfg, &e
}

// malformed reports why a value is refused, and never shows it: somebody may have put a password into the wrong
// variable. The library's error names the field but not the variable, which is what an operator knows; so the variable is
// tried alone.
func malformed[C any](name, value string) error {
	_, err := env.ParseAsWithOptions[C](env.Options{Environment: map[string]string{name: value}})
	var all env.AggregateError
	if !errors.As(err, &all) {
		return err
	}
	for _, err := range all.Errors {
		var parse env.ParseError
		if errors.As(err, &parse) {
			return withoutValue(parse.Err, value, parse.Type)
		}
	}
	return nil
}

// withoutValue returns an error that says what err does but for the value.
func withoutValue(err error, value string, kind reflect.Type) error {
	var number *strconv.NumError
	if errors.As(err, &number) {
		return number.Err
	}
	said := strings.ReplaceAll(err.Error(), strconv.Quote(value), "it")
	if strings.Contains(said, value) {
		said = "it is no " + kind.String()
	}
	return errors.New(said)
}

// Setting describes one environment variable that a configuration reads.
type Setting struct {
	Name string
	// Required settings have no default and must be given.
	Required bool
	// Default is what stands in where the variable is not set, as text; "" also where there is none.
	Default string
}

// Names returns the settings that a configuration struct reads, each variable once, in the order of the
// fields. It panics where cfg is neither a struct nor a pointer to one, or has a malformed tag, which are mistakes
// in the program and never in its input.
func Names(cfg any) []Setting {
	t := reflect.TypeOf(cfg)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	settings, err := settingsOf(reflect.New(t).Interface())
	if err != nil {
		panic(fmt.Sprintf("settings of %s: %v", t, err))
	}
	return settings
}

func settingsOf(cfg any) ([]Setting, error) {
	params, err := env.GetFieldParamsWithOptions(cfg, env.Options{Environment: map[string]string{}})
	if err != nil {
		return nil, err
	}
	var settings []Setting
	at := make(map[string]int, len(params))
	for _, p := range params {
		i, ok := at[p.Key]
		if !ok {
			i = len(settings)
			at[p.Key] = i
			settings = append(settings, Setting{Name: p.Key, Default: p.DefaultValue})
		}
		settings[i].Required = settings[i].Required || p.Required || p.NotEmpty && !p.HasDefaultValue
	}
	return settings, nil
}
