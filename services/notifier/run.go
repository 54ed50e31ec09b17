// Package notifier mails the totals of an import that has ended.
//
//	finished ──▶ who is to be told ──▶ one mail per recipient ──▶ ack
//
// A mail is sent once per recipient: its row in the database is the ledger. A mail server that is down delays
// the mail and hides nothing: the result stands on the import.
package notifier

import (
	"context"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/heartbeat"
	"github.com/meibo/meibo/internal/mail"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/run"
)

// Config is what a notifier reads from its environment.
type Config struct {
	Database postgres.Config
	Queue    queue.Config
	Mail     mail.Config
	Health   run.HealthConfig
	// PublicURL is where people reach the installation; the links of mails begin with it.
	PublicURL string `env:"MEIBO_PUBLIC_URL,required"`
	// Concurrency is how many imports are told of at the same time.
	Concurrency int `env:"MEIBO_NOTIFIER_CONCURRENCY" envDefault:"4"`
}

// Run sends mails until ctx ends.
func Run(ctx context.Context, cfg Config, log *zap.Logger) error {
	db, err := postgres.Open(ctx, cfg.Database)
	if err != nil {
		return err
	}
	defer db.Close()
	q, err := queue.Open(cfg.Queue, log)
	if err != nil {
		return err
	}
	defer q.Close()
	sender, err := mail.NewSender(cfg.Mail)
	if err != nil {
		return err
	}
	health := run.NewHealth()
	health.Register("database", db.Ping)
	health.Register("queue", q.Ping)
	h := &handler{db: db, sender: sender, from: cfg.Mail.From, publicURL: cfg.PublicURL, log: log}
	heart := heartbeat.New(db, "notifier", cfg.Concurrency, log)
	return run.All(ctx,
		func(ctx context.Context) error { return health.Serve(ctx, cfg.Health, log) },
		heart.Run,
		func(ctx context.Context) error {
			return q.ConsumeFinished(ctx, cfg.Concurrency, heartbeat.Counting(heart, h.handle), h.dropped)
		},
	)
}
