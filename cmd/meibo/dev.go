package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/meibo/meibo/internal/devstack"
	"github.com/meibo/meibo/internal/embedded"
)

// devCmd runs everything until it is told to stop.
type devCmd struct {
	Data        string `default:".meibo" placeholder:"DIR" help:"The directory that keeps everything."`
	Listen      string `placeholder:"ADDRESS" help:"Where the API answers (default: 127.0.0.1:8080, or any free port if that is taken)."`
	DatabaseURL string `placeholder:"URL" help:"A database to use instead of an own one; no other Meibo may be running on it."`
	Workers     int    `help:"How many chunks are merged at the same time (default: one for each processor)."`
	LogLevel    string `default:"info" env:"MEIBO_LOG_LEVEL" enum:"debug,info,warn,error" help:"What is logged: ${enum}."`
}

// Run is called by kong.
func (d *devCmd) Run(ctx context.Context, c *console) error {
	level, err := zapcore.ParseLevel(d.LogLevel)
	if err != nil {
		return usageError{err}
	}
	options := devstack.Options{
		Data: d.Data, Listen: d.Listen, Log: devLog(c.err, level),
		Parts:     embedded.StackConfig{DatabaseURL: d.DatabaseURL},
		Configure: func(s *devstack.Services) { s.Merger.Concurrency = d.Workers },
	}
	if d.Listen == "" {
		options.Listen, options.AnyPort = devstack.DefaultListen, true
	}
	stack, err := c.startStack(ctx, options)
	if err != nil {
		return err
	}
	if err := errors.Join(d.greet(c, stack.Info), stack.Wait(ctx)); err != nil {
		return errors.Join(err, stack.Stop())
	}
	c.note("%s", c.say("停止しています…", "Stopping …"))
	return stack.Stop()
}

// startStack starts everything. Only where no PostgreSQL is installed it uses the database that the environment names:
// that may be one which other services are using.
func (c *console) startStack(ctx context.Context, o devstack.Options) (*devstack.Dev, error) {
	stack, err := devstack.Start(ctx, o)
	elsewhere := cmp.Or(c.getenv("MEIBO_DATABASE_URL"), c.getenv("DATABASE_URL"))
	if errors.Is(err, embedded.ErrNoPostgres) && elsewhere != "" {
		c.note("%s", c.say("PostgreSQL が見つからないため、環境変数で指定されたデータベースを使用します。",
			"No PostgreSQL is installed: using the database that the environment names."))
		o.Parts.DatabaseURL = elsewhere
		return devstack.Start(ctx, o)
	}
	return stack, err
}

// greet says how everything is reached.
func (d *devCmd) greet(c *console, info devstack.Info) error {
	if d.Listen == "" && info.URL != "http://"+devstack.DefaultListen {
		c.note("%s", c.say(devstack.DefaultListen+" は使用中のため、空いているポートを使用します。",
			devstack.DefaultListen+" is taken, so another port is used."))
	}
	t := table{}
	t.add("url", info.URL)
	t.add("docs", info.URL+"/docs")
	t.add("api_key", info.APIKey)
	t.add("tenant", info.Tenant)
	t.add("email", info.Email)
	t.add("password", info.Password)
	t.add("mail_dir", info.MailDir)
	t.add("database_url", info.DatabaseURL)
	t.add("nats_url", info.NATSURL)
	t.add("s3_endpoint", info.S3Endpoint)
	for _, row := range t.rows {
		if err := c.print("%-12s  %s", row[0], row[1]); err != nil { // whole, to be copied
			return err
		}
	}
	file, err := filepath.Abs(filepath.Join(d.Data, "dev.json"))
	if err != nil {
		return fmt.Errorf("find dev.json: %w", err)
	}
	if err := c.print("%-12s  %s\n", "dev.json", file); err != nil {
		return err
	}
	if err := c.print("%s", c.say("別の端末で次のように取り込めます（止めるには Ctrl-C）：", "Import from another terminal (Ctrl-C stops all):")); err != nil {
		return err
	}
	return c.print("  export MEIBO_SERVER=%s MEIBO_API_KEY=%s\n  %s sample -o sample.csv && %s import sample.csv\n",
		info.URL, info.APIKey, c.name, c.name)
}

// devLog returns a logger for people.
func devLog(w io.Writer, level zapcore.Level) *zap.Logger {
	encoder := zap.NewDevelopmentEncoderConfig()
	encoder.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
	encoder.EncodeDuration = zapcore.StringDurationEncoder
	core := zapcore.NewCore(zapcore.NewConsoleEncoder(encoder), zapcore.Lock(zapcore.AddSync(w)), level)
	return zap.New(core, zap.ErrorOutput(zapcore.Lock(os.Stderr)))
}
