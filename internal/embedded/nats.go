package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// NATSConfig says where and how an embedded NATS server runs.
type NATSConfig struct {
	// Dir keeps the streams, the password and the log. It is made if need be.
	Dir string
	// Port on 127.0.0.1; 0 is the one used last, or any free one.
	Port int
	// SyncInterval is how often stored messages are forced to the disk. 0 forces each before it is acknowledged, which
	// survives a power loss and makes messages of 500 KiB about a quarter slower; otherwise a power loss, but not the
	// death of the process, can take the messages of the last interval.
	SyncInterval time.Duration
	// Password of the clients; empty is one that the directory keeps.
	Password string
	// Cluster makes the server one of several; the zero value leaves it alone.
	Cluster NATSCluster
	// MaxStore is how many bytes all streams may take on the disk; 0 leaves it to what is free on it.
	MaxStore int64
}

// NATSCluster is a server's place among others on this machine.
type NATSCluster struct {
	// Name is the server's own.
	Name string
	// Port is where the others reach it on 127.0.0.1, Ports those of all of them.
	Port  int
	Ports []int
}

// routes are the addresses of the cluster's servers.
func (c *NATSCluster) routes() []*url.URL {
	var all []*url.URL
	for _, port := range c.Ports {
		all = append(all, &url.URL{Scheme: "nats-route", Host: address(port)})
	}
	return all
}

// maxPayload is the largest message that the server takes, in bytes.
const maxPayload = 8 << 20

// NATS is a NATS server with JetStream in this process.
type NATS struct {
	home   *home
	server *server.Server
	log    io.Closer
	url    string
}

// StartNATS starts a server and returns when clients can connect.
func StartNATS(ctx context.Context, cfg NATSConfig) (*NATS, error) {
	h, err := openHome(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("start nats: %w", err)
	}
	file, err := h.openLog("nats.log")
	if err != nil {
		h.close()
		return nil, fmt.Errorf("start nats: %w", err)
	}
	n := &NATS{home: h, log: file}
	if err := n.start(ctx, cfg, file); err != nil {
		file.Close()
		h.close()
		return nil, fmt.Errorf("start nats: %w", err)
	}
	return n, nil
}

func (n *NATS) start(ctx context.Context, cfg NATSConfig, file *os.File) error {
	password, err := cfg.Password, error(nil)
	if password == "" {
		password, err = n.home.secret("password")
	}
	if err != nil {
		return err
	}
	log := newNATSLog(file)
	for attempt := 1; ; attempt++ {
		port, err := n.home.port(cfg.Port)
		if err != nil {
			return err
		}
		err = n.launch(ctx, cfg, port, password, log)
		if err == nil {
			n.url = (&url.URL{Scheme: "nats", User: url.UserPassword("meibo", password), Host: address(port)}).String()
			return n.home.keepPort(port)
		}
		// Another process may have been quicker to take the port.
		if ctx.Err() != nil || attempt == 3 {
			return err
		}
	}
}

func (n *NATS) launch(ctx context.Context, cfg NATSConfig, port int, password string, log *natsLog) error {
	options := &server.Options{
		ServerName: "meibo", Host: host, Port: port, Username: "meibo", Password: password,
		JetStream: true, StoreDir: n.home.path, SyncInterval: cfg.SyncInterval, SyncAlways: cfg.SyncInterval == 0,
		JetStreamMaxStore: cfg.MaxStore, MaxPayload: maxPayload, NoSigs: true,
	}
	if cfg.Cluster.Name != "" {
		options.ServerName, options.Routes = cfg.Cluster.Name, cfg.Cluster.routes()
		options.Cluster = server.ClusterOpts{Name: "meibo", Host: host, Port: cfg.Cluster.Port}
	}
	s, err := server.NewServer(options)
	if err != nil {
		return fmt.Errorf("configure server: %w", err)
	}
	log.fatal.Store(nil)
	s.SetLogger(log, false, false)
	s.Start()
	err = until(ctx, func() bool { return log.fatal.Load() != nil || s.ReadyForConnections(time.Millisecond) })
	if fatal := log.fatal.Load(); err == nil && fatal != nil {
		err = errors.New(*fatal)
	}
	if err != nil {
		s.Shutdown()
		s.WaitForShutdown()
		return fmt.Errorf("run server: %w", err)
	}
	n.server = s
	return nil
}

// ClientURL returns the server's address with the user and the password.
func (n *NATS) ClientURL() string { return n.url }

// Leads reports whether the server is the one of its cluster that takes the messages of the stream.
func (n *NATS) Leads(stream string) bool {
	return n.server.JetStreamIsStreamLeader(server.DEFAULT_GLOBAL_ACCOUNT, stream)
}

// Close disconnects all clients and stops the server when its streams are on the disk.
func (n *NATS) Close() error {
	n.server.Shutdown()
	n.server.WaitForShutdown()
	n.home.close()
	if err := n.log.Close(); err != nil {
		return fmt.Errorf("stop nats: close log: %w", err)
	}
	return nil
}

// natsLog writes what the server says to a file, and remembers what would end a server program.
type natsLog struct {
	zap   *zap.SugaredLogger // the server hands over formats, and not on a hot path
	fatal atomic.Pointer[string]
}

func newNATSLog(file *os.File) *natsLog {
	encoder := zap.NewProductionEncoderConfig()
	encoder.EncodeTime = zapcore.ISO8601TimeEncoder
	core := zapcore.NewCore(zapcore.NewConsoleEncoder(encoder), file, zap.InfoLevel)
	return &natsLog{zap: zap.New(core).Sugar()}
}

func (l *natsLog) Noticef(format string, v ...any) { l.zap.Infof(format, v...) }
func (l *natsLog) Warnf(format string, v ...any)   { l.zap.Warnf(format, v...) }
func (l *natsLog) Errorf(format string, v ...any)  { l.zap.Errorf(format, v...) }
func (l *natsLog) Debugf(format string, v ...any)  { l.zap.Debugf(format, v...) }
func (l *natsLog) Tracef(format string, v ...any)  { l.zap.Debugf(format, v...) }

func (l *natsLog) Fatalf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	l.zap.Error(text)
	l.fatal.CompareAndSwap(nil, &text)
}
