// Command meibo is what people and their scripts use at a terminal: it imports files through the public API, runs all of
// Meibo on one machine (`meibo dev`), and makes tenants, users and keys.
//
// Exit status: 0 done (an import: completed), 3 an import completed with failed rows, 1 failed or cancelled, 2 wrong
// usage, 130 interrupted by Ctrl-C (an import that has started goes on on the server).
//
// With --json, standard output is exactly one JSON document, also where something fails; messages and progress are
// always on standard error. They are Japanese where LC_ALL, LC_MESSAGES or LANG (the first that is set) begins with ja.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/meibo/meibo/internal/embedded"
)

// The exit statuses.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitFailedRows  = 3
	exitInterrupted = 130 // as shells have it: 128 + SIGINT
)

func main() {
	embedded.RunIfChild()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal does what it does by default
	c := &console{
		name: os.Args[0], in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv,
		terminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
	os.Exit(c.run(ctx, os.Args[1:]))
}

// commands is the command line, as kong reads it.
type commands struct {
	Import  importCmd  `cmd:"" help:"Import members from a CSV, TSV or Excel file."`
	Inspect inspectCmd `cmd:"" help:"Show what a file holds and how it would be imported; needs no server."`
	Imports importsCmd `cmd:"" help:"Look at imports, watch, pause and cancel them."`
	Members membersCmd `cmd:"" help:"Look at members, create, change and delete them."`

	Fields   fieldsCmd   `cmd:"" help:"Look at the fields of members, and make fields of your own."`
	Lists    listsCmd    `cmd:"" help:"Look at lists and make them."`
	Profiles profilesCmd `cmd:"" help:"Look at the profiles of imports and make them."`

	Template templateCmd `cmd:"" help:"Save an empty file for a list, to fill in and import."`

	Dev    devCmd    `cmd:"" help:"Run all of Meibo in this process, with its data in one directory."`
	Demo   demoCmd   `cmd:"" help:"Import a generated sample and show what came of it."`
	Sample sampleCmd `cmd:"" help:"Write a sample file of members who do not exist."`

	Doctor  doctorCmd  `cmd:"" help:"Check the parts, the settings and the imports of an installation, and say what to do."`
	Migrate migrateCmd `cmd:"" help:"Bring the schema of the database up to date."`
	Dead    deadCmd    `cmd:"" help:"Look at messages that could not be handled, and have their work go on."`
	Tenant  tenantCmd  `cmd:"" help:"Manage tenants."`
	User    userCmd    `cmd:"" help:"Manage users."`
	Key     keyCmd     `cmd:"" help:"Manage API keys."`
	Audit   auditCmd   `cmd:"" help:"Look at the audit log."`
	OpenAPI openapiCmd `cmd:"" name:"openapi" help:"Write the OpenAPI document of the API; needs no server."`
	Version versionCmd `cmd:"" help:"Show the version."`
}

// run runs one command line and returns the exit status.
func (c *console) run(ctx context.Context, args []string) int {
	c.language = language(c.getenv)
	c.json = wantsJSON(args)
	var cli commands
	helped := false
	parser, err := kong.New(&cli,
		kong.Name("meibo"),
		kong.Description("Import members into Meibo, and run it."),
		kong.Writers(c.out, c.err),
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(c),
	)
	if err != nil {
		return c.finish(err)
	}
	translateHelp(parser.Model, c.language)
	command, err := parser.Parse(args)
	if helped {
		return exitOK
	}
	if err != nil {
		return c.finish(usageError{err})
	}
	return c.finish(command.Run())
}

// wantsJSON tells whether standard output has to be a JSON document, also where the rest cannot be parsed.
func wantsJSON(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.Contains(args, "--json")
}

// finish tells of the error, if there is one to tell of, and returns the exit status.
func (c *console) finish(err error) int {
	if err == nil {
		return exitOK
	}
	var status exitStatus
	if errors.As(err, &status) {
		return int(status)
	}
	c.tell(err)
	return statusOf(err)
}
