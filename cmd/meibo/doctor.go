package main

import (
	"context"
	"os"
	"time"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/doctor"
	"github.com/meibo/meibo/internal/env"
	"github.com/meibo/meibo/internal/mail"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
)

// doctorCmd checks an installation by the environment of its services.
type doctorCmd struct {
	Service []string      `placeholder:"URL" help:"The address of a service's health checks, such as http://10.0.0.7:9090. Can be repeated."`
	Timeout time.Duration `default:"15s" help:"How long each part is waited for (default: 15s)."`
	Stuck   time.Duration `default:"10m" help:"Since when an import must be under way to be called stuck where nothing moves (default: 10m)."`
	JSON    bool          `name:"json" help:"Write one JSON document to standard output, and nothing else."`
}

// diagnosis is the JSON document of the command.
type diagnosis struct {
	Healthy  bool             `json:"healthy"`
	Findings []doctor.Finding `json:"findings"`
}

// Run is called by kong. Warnings do not change the exit status.
func (d *doctorCmd) Run(ctx context.Context, c *console) error {
	cfg := doctor.Config{
		Services: d.Service, Patience: d.Timeout, Apart: doctor.Apart, Stuck: d.Stuck,
		Origin: os.Getenv("MEIBO_PUBLIC_URL"), Errors: map[string]error{},
	}
	cfg.Database = settings[postgres.Config](cfg.Errors, "database")
	cfg.Queue = settings[queue.Config](cfg.Errors, "queue")
	cfg.Blob = settings[blob.Config](cfg.Errors, "storage")
	cfg.Mail = settings[mail.Config](cfg.Errors, "mail")
	found := doctor.Examine(ctx, cfg)
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.diagnose(found)
}

// settings reads those of a part, nil where they are wrong, which is noted.
func settings[C any](wrong map[string]error, part string) *C {
	cfg, err := env.Load[C]()
	if err != nil {
		wrong[part] = err
		return nil
	}
	return &cfg
}

// diagnose shows what was found.
func (c *console) diagnose(found []doctor.Finding) error {
	problems := 0
	for _, f := range found {
		if f.Severity == doctor.Problem {
			problems++
		}
	}
	if c.json {
		if err := c.document(diagnosis{Healthy: problems == 0, Findings: append([]doctor.Finding{}, found...)}); err != nil {
			return err
		}
	} else if err := c.showFindings(found); err != nil {
		return err
	}
	if problems > 0 {
		return exitStatus(exitFailed)
	}
	return nil
}

func (c *console) showFindings(found []doctor.Finding) error {
	if len(found) == 0 {
		return c.print("%s", c.say("異常はありません。", "All is well."))
	}
	for _, f := range found {
		mark := c.say("注意", "warning")
		if f.Severity == doctor.Problem {
			mark = c.say("異常", "problem")
		}
		if err := c.print("[%s] %s (%s)\n  %s\n  → %s\n", mark, c.say(f.What.JA, f.What.EN), f.Code, c.say(f.Why.JA, f.Why.EN), c.say(f.Do.JA, f.Do.EN)); err != nil {
			return err
		}
	}
	return nil
}
