package devstack

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/blob"
	"github.com/meibo/meibo/internal/embedded"
	"github.com/meibo/meibo/internal/mail"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/services/merger"
	"github.com/meibo/meibo/services/notifier"
	"github.com/meibo/meibo/services/splitter"
	"github.com/meibo/meibo/services/uploader"
)

// mailFrom is the sender of all mails.
const mailFrom = "Meibo <meibo@example.jp>"

// Services are the configurations of the four services.
type Services struct {
	Uploader uploader.Config
	Splitter splitter.Config
	Merger   merger.Config
	Notifier notifier.Config
}

// configure returns the configuration of services that use the parts. None of them answers about its health: Wait tells.
func configure(s embedded.Settings, listen, url string) Services {
	database := postgres.Config{URL: s.DatabaseURL, MaxConns: 8}
	jobs := queue.Config{URL: s.NATSURL, Replicas: 1}
	store := blob.Config{
		Endpoint: s.S3Endpoint, PublicEndpoint: s.S3Endpoint, Region: s.S3Region, Bucket: s.S3Bucket, AccessKey: s.S3AccessKey, SecretKey: s.S3SecretKey,
	}
	return Services{
		Uploader: uploader.Config{
			Database: database, Queue: jobs, Blob: store, Listen: listen, PublicURL: url, UploadExpiry: 48 * time.Hour,
			Access: uploader.DefaultAccess,
		},
		Splitter: splitter.Config{
			Database: database, Queue: jobs, Blob: store, Concurrency: 16, MemoryBudget: 96 << 20, Window: 32,
		},
		Merger: merger.Config{Database: database, Queue: jobs, Blob: store},
		Notifier: notifier.Config{
			Database: database, Queue: jobs, PublicURL: url, Concurrency: 4,
			Mail: mail.Config{Addr: s.SMTPAddr, TLS: mail.NoTLS, From: mailFrom},
		},
	}
}

// run starts the services, in the order in which messages flow.
func (s Services) run(log *zap.Logger) []*service {
	return []*service{
		startService("uploader", log, uploader.Run, s.Uploader),
		startService("splitter", log, splitter.Run, s.Splitter),
		startService("merger", log, merger.Run, s.Merger),
		startService("notifier", log, notifier.Run, s.Notifier),
	}
}

// service is one service in a goroutine.
type service struct {
	name   string
	cancel context.CancelFunc
	done   chan struct{} // closed when it has returned
	err    error         // what it returned; read after done
}

func startService[C any](name string, log *zap.Logger, run func(context.Context, C, *zap.Logger) error, cfg C) *service {
	ctx, cancel := context.WithCancel(context.Background())
	s := &service{name: name, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		s.err = run(ctx, cfg, log.Named(name))
	}()
	return s
}

// wait returns nil when ctx ends, and an error when the service has ended before.
func (s *service) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-s.done:
		return s.ended()
	}
}

func (s *service) ended() error {
	if s.err != nil {
		return fmt.Errorf("run %s: %w", s.name, s.err)
	}
	return fmt.Errorf("run %s: it has ended by itself", s.name)
}

// stop ends the service and returns what it returned. One that has ended before is what Start or Wait tell of.
func (s *service) stop() error {
	select {
	case <-s.done:
		return nil
	default:
	}
	s.cancel()
	<-s.done
	if s.err != nil {
		return fmt.Errorf("%s: %w", s.name, s.err)
	}
	return nil
}

// untilReady waits until the API answers to the key, as long as no service has ended.
func (d *Dev) untilReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		ready := d.answers(ctx)
		for _, s := range d.running {
			select {
			case <-s.done:
				return s.ended()
			default:
			}
		}
		if ready {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for the API at %s: %w", d.Info.URL, ctx.Err())
		}
	}
}

func (d *Dev) answers(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.Info.URL+"/v1/me", nil)
	if err != nil {
		return false
	}
	req.Header.Set("Authorization", "Bearer "+d.Info.APIKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusOK
}
