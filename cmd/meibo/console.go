package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/meibo/meibo/internal/tenant"
)

// console is how the program talks to whoever runs it: results on out, everything else on err.
type console struct {
	// name is how the program was called, for commands that are shown to be copied.
	name     string
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
	language tenant.Language
	// terminal tells that err is one, so that progress can move.
	terminal bool
	// json tells that out has to be exactly one JSON document, and written that it is there.
	json, written bool
	// warned has the codes of warnings about the file that were shown when the import started.
	warned map[string]bool
}

// language returns the language of messages that the environment asks for.
func language(getenv func(string) string) tenant.Language {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := getenv(name); value != "" {
			if strings.HasPrefix(value, "ja") {
				return tenant.Japanese
			}
			return tenant.English
		}
	}
	return tenant.English
}

// say returns the sentence in the console's language.
func (c *console) say(ja, en string) string {
	if c.language == tenant.Japanese {
		return ja
	}
	return en
}

// note writes a line to standard error.
func (c *console) note(format string, args ...any) { fmt.Fprintf(c.err, format+"\n", args...) }

// print writes a line to standard output.
func (c *console) print(format string, args ...any) error {
	_, err := fmt.Fprintf(c.out, format+"\n", args...)
	return err
}

// document writes the one JSON document to standard output.
func (c *console) document(v any) error {
	c.written = true
	encoder := json.NewEncoder(c.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return nil
}
