// Package devstack runs all of Meibo in one process, on the parts that internal/embedded brings: it is what
// `meibo dev` and `meibo demo` are, and what the end-to-end tests and the benchmark drive.
//
//	Start:  lock the directory ─▶ parts ─▶ schema, account, key ─▶ four services ─▶ dev.json
//	Stop:   dev.json is gone ◀─ parts ◀─ notifier ◀─ merger ◀─ splitter ◀─ uploader
//
// What is promised:
//
//   - Everything is under one data directory, and starting again on it finds all data, the account and its key.
//   - One process uses a data directory at a time; a second one gets [ErrInUse].
//   - dev.json is in the data directory exactly while everything is ready: it appears as a whole at the end of Start and
//     goes at the beginning of Stop. After a kill it is left over until the next Start. Beside it is env, which tells a
//     shell the same as environment variables.
//   - The services get the same configuration as separate processes would, and none of them knows the difference.
package devstack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/embedded"
)

// DefaultListen is where `meibo dev` answers unless it is told otherwise.
const DefaultListen = "127.0.0.1:8080"

// OwnerEmail is the owner of the account that is made at the first start; mails about imports go there.
const OwnerEmail = "owner@example.jp"

// defaultTenant is the name of that account.
const defaultTenant = "demo"

// Options say where and how everything runs.
type Options struct {
	// Data is the directory that keeps everything. It is made if need be.
	Data string
	// Listen is the address of the API, with port 0 for any free one.
	Listen string
	// AnyPort takes another port where that of Listen is taken.
	AnyPort bool
	// Tenant is the name of the account, which is made if it is not there; "demo" where empty.
	Tenant string
	// Parts configures the embedded parts; their directory is set here.
	Parts embedded.StackConfig
	// Configure, if not nil, may change the configuration of the services before they start.
	Configure func(*Services)
	// Log is of all services; nil is none.
	Log *zap.Logger
}

// Info says how everything is reached. It is the content of dev.json.
type Info struct {
	URL         string `json:"url"`
	APIKey      string `json:"api_key"`
	Tenant      string `json:"tenant"`
	Email       string `json:"email"`
	Password    string `json:"password"`
	MailDir     string `json:"mail_dir"`
	DatabaseURL string `json:"database_url"`
	NATSURL     string `json:"nats_url"`
	S3Endpoint  string `json:"s3_endpoint"`
	S3Region    string `json:"s3_region"`
	S3Bucket    string `json:"s3_bucket"`
	S3AccessKey string `json:"s3_access_key"`
	S3SecretKey string `json:"s3_secret_key"`
	SMTPAddr    string `json:"smtp_addr"`
	PID         int    `json:"pid"`
}

// Dev is all of Meibo, running.
type Dev struct {
	// Info says how everything is reached.
	Info Info
	// Services is what the services were started with, for starting more of them.
	Services Services

	data    string
	lock    *os.File
	parts   *embedded.Stack
	running []*service // in the order of stopping
}

// Start starts everything and returns when the API answers. If something cannot start, nothing is left running. ctx
// bounds the start only; everything runs until [Dev.Stop]. [embedded.RunIfChild] has to be the first call of the program.
func Start(ctx context.Context, o Options) (*Dev, error) {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	data, err := makeData(o.Data)
	if err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	lock, err := takeLock(data)
	if err != nil {
		return nil, err
	}
	d := &Dev{data: data, lock: lock}
	if err := d.start(ctx, o); err != nil {
		return nil, errors.Join(err, d.Stop())
	}
	return d, nil
}

func (d *Dev) start(ctx context.Context, o Options) (err error) {
	if err := errors.Join(removeFile(d.infoPath()), removeFile(d.envPath())); err != nil {
		return fmt.Errorf("remove the last dev.json: %w", err)
	}
	o.Parts.Dir = d.data
	if d.parts, err = embedded.StartStack(ctx, o.Parts); err != nil {
		return err
	}
	settings := d.parts.Settings
	tenant := cmp.Or(o.Tenant, defaultTenant)
	key, err := Prepare(ctx, settings.DatabaseURL, tenant, filepath.Join(d.data, "api-key"))
	if err != nil {
		return err
	}
	password, err := Password(ctx, settings.DatabaseURL, tenant, filepath.Join(d.data, "password"))
	if err != nil {
		return err
	}
	listen, err := FreeAddress(o.Listen, o.AnyPort)
	if err != nil {
		return err
	}
	d.Info = Info{
		URL: publicURL(listen), APIKey: key, Tenant: tenant, Email: OwnerEmail, Password: password, MailDir: settings.MailDir, DatabaseURL: settings.DatabaseURL,
		NATSURL: settings.NATSURL, S3Endpoint: settings.S3Endpoint, S3Region: settings.S3Region, S3Bucket: settings.S3Bucket,
		S3AccessKey: settings.S3AccessKey, S3SecretKey: settings.S3SecretKey, SMTPAddr: settings.SMTPAddr, PID: os.Getpid(),
	}
	d.Services = configure(settings, listen, d.Info.URL)
	if o.Configure != nil {
		o.Configure(&d.Services)
	}
	d.running = d.Services.run(o.Log)
	if err := d.untilReady(ctx); err != nil {
		return err
	}
	if err := writeEnvironment(d.envPath(), d.Info); err != nil {
		return err
	}
	return writeInfo(d.infoPath(), d.Info)
}

// Wait returns nil when ctx ends, and an error when a service or a part has ended by itself before.
func (d *Dev) Wait(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, len(d.running)+1)
	for _, s := range d.running {
		go func() { ended <- s.wait(ctx) }()
	}
	go func() { ended <- d.parts.Wait(ctx) }()
	return <-ended
}

// Stop stops everything in the order in which messages flow, so that nobody has to wait for somebody who is gone, and
// returns when nothing is left running.
func (d *Dev) Stop() error {
	errs := []error{removeFile(d.infoPath()), removeFile(d.envPath())}
	for _, s := range d.running {
		errs = append(errs, s.stop())
	}
	if d.parts != nil {
		errs = append(errs, d.parts.Close())
	}
	errs = append(errs, d.lock.Close())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}

func (d *Dev) infoPath() string { return filepath.Join(d.data, "dev.json") }

func (d *Dev) envPath() string { return filepath.Join(d.data, "env") }

// FreeAddress returns the address that listen names, with a port that is free now.
func FreeAddress(listen string, anyPort bool) (string, error) {
	l, err := net.Listen("tcp", listen)
	if err != nil && anyPort {
		host, _, splitErr := net.SplitHostPort(listen)
		if splitErr != nil {
			return "", fmt.Errorf("listen: %w", err)
		}
		l, err = net.Listen("tcp", net.JoinHostPort(host, "0"))
	}
	if err != nil {
		return "", fmt.Errorf("listen: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// publicURL returns how this machine reaches a server that listens on that address.
func publicURL(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "http://" + listen
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}
