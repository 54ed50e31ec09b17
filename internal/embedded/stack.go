package embedded

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"
)

// StackConfig says where and how all parts run.
type StackConfig struct {
	// Dir keeps everything, each part in its own folder: postgres, s3, nats, mail. It is made if need be.
	Dir string
	// DatabaseURL, if not empty, is a database that somebody else runs; no PostgreSQL is started then.
	DatabaseURL string
	// Postgres, S3, NATS and Mail configure the parts; the stack sets their Dir, and adds the bucket that it needs.
	Postgres PostgresConfig
	S3       S3Config
	NATS     NATSConfig
	Mail     MailConfig
}

// Settings say how the parts of a stack are reached.
type Settings struct {
	DatabaseURL string
	NATSURL     string
	S3Endpoint  string
	S3Region    string
	S3Bucket    string
	S3AccessKey string
	S3SecretKey string
	SMTPAddr    string
	MailDir     string
}

// Environment returns the settings under the names by which the services read them.
func (s Settings) Environment() map[string]string {
	return map[string]string{
		"MEIBO_DATABASE_URL":  s.DatabaseURL,
		"MEIBO_NATS_URL":      s.NATSURL,
		"MEIBO_S3_ENDPOINT":   s.S3Endpoint,
		"MEIBO_S3_REGION":     s.S3Region,
		"MEIBO_S3_BUCKET":     s.S3Bucket,
		"MEIBO_S3_ACCESS_KEY": s.S3AccessKey,
		"MEIBO_S3_SECRET_KEY": s.S3SecretKey,
		"MEIBO_SMTP_ADDR":     s.SMTPAddr,
		"MEIBO_SMTP_TLS":      "none",
	}
}

// stackName names the database and the bucket of a stack.
const stackName = "meibo"

// Stack is all parts under one directory.
type Stack struct {
	Settings Settings

	postgres *Postgres
	s3       *S3
	nats     *NATS
	mail     *MailCatcher
}

// StartStack starts all parts at once and returns when all answer, with an empty database and bucket of the name meibo
// at the first start. If one cannot start, none is left running. [RunIfChild] has to be the first call of the program.
func StartStack(ctx context.Context, cfg StackConfig) (*Stack, error) {
	cfg.Postgres.Dir = filepath.Join(cfg.Dir, "postgres")
	cfg.S3.Dir = filepath.Join(cfg.Dir, "s3")
	cfg.S3.Buckets = slices.Concat(cfg.S3.Buckets, []string{stackName})
	cfg.NATS.Dir = filepath.Join(cfg.Dir, "nats")
	cfg.Mail.Dir = filepath.Join(cfg.Dir, "mail")

	s := &Stack{}
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.startPostgres(groupCtx, cfg) })
	group.Go(func() (err error) {
		s.s3, err = StartS3(groupCtx, cfg.S3)
		return err
	})
	group.Go(func() (err error) {
		s.nats, err = StartNATS(groupCtx, cfg.NATS)
		return err
	})
	group.Go(func() (err error) {
		s.mail, err = StartMailCatcher(groupCtx, cfg.Mail)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.Settings = Settings{
		DatabaseURL: s.Settings.DatabaseURL,
		NATSURL:     s.nats.ClientURL(),
		S3Endpoint:  s.s3.Endpoint, S3Region: s.s3.Region, S3Bucket: stackName,
		S3AccessKey: s.s3.AccessKey, S3SecretKey: s.s3.SecretKey,
		SMTPAddr: s.mail.Addr(), MailDir: s.mail.Dir(),
	}
	return s, nil
}

func (s *Stack) startPostgres(ctx context.Context, cfg StackConfig) (err error) {
	if cfg.DatabaseURL != "" {
		s.Settings.DatabaseURL = cfg.DatabaseURL
		return nil
	}
	if s.postgres, err = StartPostgres(ctx, cfg.Postgres); err != nil {
		return err
	}
	s.Settings.DatabaseURL = s.postgres.URL(stackName)
	return s.postgres.CreateDatabase(ctx, stackName)
}

// Wait returns nil when ctx ends, and an error when a part has ended by itself before.
func (s *Stack) Wait(ctx context.Context) error {
	var postgres <-chan struct{} // blocks for ever where the database is not ours
	if s.postgres != nil {
		postgres = s.postgres.Done()
	}
	select {
	case <-ctx.Done():
		return nil
	case <-postgres:
		return errors.New("run embedded parts: postgres has ended; its log is postgres.log in its folder")
	case <-s.s3.Done():
		return errors.New("run embedded parts: s3 has ended; its log is s3.log in its folder")
	}
}

// Close stops all parts; the services that use them have to be stopped before. What keeps the truth goes last: first
// the mails and the queue, then the objects, then the database.
func (s *Stack) Close() error {
	var errs []error
	if s.mail != nil {
		errs = append(errs, s.mail.Close())
	}
	if s.nats != nil {
		errs = append(errs, s.nats.Close())
	}
	if s.s3 != nil {
		errs = append(errs, s.s3.Close())
	}
	if s.postgres != nil {
		errs = append(errs, s.postgres.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stop embedded parts: %w", err)
	}
	return nil
}
