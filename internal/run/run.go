// Package run turns a function that blocks until its context ends into a process: signals, configuration,
// logger, exit code and the admin port. It is the one place that owns them, so that every cmd is one line:
//
//	func main() { run.Main("merger", merger.Run) }
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sync/errgroup"

	"github.com/meibo/meibo/internal/env"
)

// The exit codes of Main.
const (
	ExitOK            = 0
	ExitError         = 1
	ExitConfiguration = 2
)

// Config is what every process reads beside its own settings.
type Config struct {
	LogLevel zapcore.Level `env:"MEIBO_LOG_LEVEL" envDefault:"info"`
}

// Main runs f as the process called name, and exits with 0 when f returns nil, 1 when it returns an error, and
// 2, before f is called, when the environment does not hold a valid C.
//
// The context ends with the first SIGINT or SIGTERM, and f should then return soon; a second signal kills the
// process. An f that returns the context's own end is taken to have ended well.
func Main[C any](name string, f func(context.Context, C, *zap.Logger) error) {
	os.Exit(process(name, f, os.Stderr))
}

func process[C any](name string, f func(context.Context, C, *zap.Logger) error, stderr io.Writer) int {
	cfg, err := env.Load[struct {
		Process Config
		Service C
	}]()
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return ExitConfiguration
	}
	log := NewLogger(cfg.Process.LogLevel, stderr).Named(name)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// Once the first signal is noted the default comes back, which is to die.
	context.AfterFunc(ctx, stop)

	start := time.Now()
	log.Info("started", zap.Int("pid", os.Getpid()))
	if err := ended(ctx, f(ctx, cfg.Service, log)); err != nil {
		log.Error("failed", zap.Error(err), zap.Duration("after", time.Since(start)))
		return ExitError
	}
	log.Info("stopped", zap.Duration("after", time.Since(start)))
	return ExitOK
}

// NewLogger returns the logger of production: JSON lines with ISO 8601 times on w, which it locks.
func NewLogger(level zapcore.Level, w io.Writer) *zap.Logger {
	c := zap.NewProductionEncoderConfig()
	c.TimeKey = "time"
	c.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	c.EncodeDuration = zapcore.StringDurationEncoder
	core := zapcore.NewCore(zapcore.NewJSONEncoder(c), zapcore.Lock(zapcore.AddSync(w)), level)
	return zap.New(core, zap.ErrorOutput(zapcore.Lock(os.Stderr)))
}

// All runs the parts of a service, each in a goroutine, and returns when every one has returned. The first
// error ends the context of the others and is what All returns; a part that returns nil leaves them running.
// That ctx ended is no error.
func All(ctx context.Context, parts ...func(context.Context) error) error {
	group, gctx := errgroup.WithContext(ctx)
	for _, part := range parts {
		group.Go(func() error { return part(gctx) })
	}
	return ended(ctx, group.Wait())
}

// ended returns err unless it only says that ctx was ended from outside.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
