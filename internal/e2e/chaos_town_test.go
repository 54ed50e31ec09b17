package e2e

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/devstack"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/tenant"
)

// town is an installation in which everything is a process of its own that can be killed, and every connection a link
// that can be disturbed.
//
//	errands ─link─▶ uploader-1, -2     splitter-1, -2     merger-1, -2     notifier-1, -2
//	                     └──────link──────────┴────────┬──────┴─────────────────┘
//	                                     postgres, s3, nats, mail
type town struct {
	dir     string
	began   time.Time
	parts   map[string]*part
	workers []*worker
	links   map[string]*link // by "worker/part", and by the name of an uploader
	tenants []*citizen
	mailDir string
	natsURL string
	storage string

	mu    sync.Mutex
	notes bytes.Buffer
	wrong []string
}

// citizen is a tenant.
type citizen struct {
	id      tenant.ID
	key     string
	urls    []string         // of the uploaders
	clients []*client.Client // one for each of them
}

// partNames are the parts in the order in which they are started.
var partNames = []string{"postgres", "s3", "nats", "mail"}

// maxStore is how many bytes the queue may take on the disk: several times what the imports need.
const maxStore = 32 << 20

// note writes a line of the fault log.
func (c *town) note(format string, v ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(&c.notes, "%7.3f %s\n", time.Since(c.began).Seconds(), fmt.Sprintf(format, v...))
}

// blame notes what is not as it must be; the run has failed then.
func (c *town) blame(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	c.note("WRONG: %s", text)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = append(c.wrong, text)
}

// found starts everything in the directory.
func found(ctx context.Context, dir string) (c *town, err error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	ground, err := groundwork()
	if err != nil {
		return nil, err
	}
	if out, err := exec.CommandContext(ctx, "cp", "-a", ground+"/.", dir).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("copy database: %w\n%s", err, out)
	}
	c = &town{dir: dir, began: time.Now(), links: map[string]*link{}, mailDir: filepath.Join(dir, "mail")}
	addresses := map[string]string{}
	c.parts = newParts(dir, maxStore, func(name, address string) {
		addresses[name] = address
		for key, l := range c.links {
			if strings.HasSuffix(key, "/"+name) {
				l.to(hostOf(address))
			}
		}
	})
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	for _, name := range partNames {
		if err := c.parts[name].up(ctx); err != nil {
			return c, err
		}
	}
	c.natsURL, c.storage = addresses["nats"], addresses["s3"]
	if err := c.settle(ctx, addresses["postgres"]); err != nil {
		return c, err
	}
	for _, service := range []string{"notifier", "merger", "splitter", "uploader"} {
		for n := 1; n <= 2; n++ {
			if err := c.employ(bin, service, n, addresses); err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

// hostOf is the host and the port of an address of any form.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	return address
}

// cutting makes the imports of a town have the lanes and the rows in a chunk that the name of their file says, so that
// small files have many of both.
const cutting = `create function chaos_cut() returns trigger language plpgsql as $$
begin
	if old.cut is null and new.cut is not null and new.file_name ~ '^[0-9]+x[0-9]+-' then
		new.cut := new.cut || jsonb_build_object('lanes', substring(new.file_name from '^([0-9]+)x')::int, 'chunk_rows', substring(new.file_name from '^[0-9]+x([0-9]+)-')::int);
	end if;
	return new;
end
$$;
create trigger chaos_cut before update on import for each row execute function chaos_cut()`

// tenants is how many a town has.
const tenants = 2

// groundwork makes once, for all towns of this process, what each begins with a copy of: a database with the schema and
// the tenants, and their keys.
var groundwork = sync.OnceValues(func() (dir string, err error) {
	bin, err := programs()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	dir = filepath.Join(bin, "ground")
	for _, d := range []string{bin, dir} { // the database may run as another user
		if err := cmp.Or(os.MkdirAll(d, 0o711), os.Chmod(d, 0o711)); err != nil {
			return "", err
		}
	}
	var address string
	p := newParts(dir, 0, func(_, at string) { address = at })["postgres"]
	if err := p.up(ctx); err != nil {
		return "", err
	}
	return dir, cmp.Or(prepare(ctx, dir, address), p.down(false))
})

// prepare brings the schema up to date and makes the tenants.
func prepare(ctx context.Context, dir, databaseURL string) error {
	for n := range tenants {
		name := fmt.Sprintf("t%d", n+1)
		if _, err := devstack.Prepare(ctx, databaseURL, name, filepath.Join(dir, "key-"+name)); err != nil {
			return err
		}
	}
	sql, err := pgxpool.New(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer sql.Close()
	_, err = sql.Exec(ctx, cutting)
	return err
}

// settle finds the tenants.
func (c *town) settle(ctx context.Context, databaseURL string) error {
	db, err := postgres.Open(ctx, postgres.Config{URL: databaseURL, MaxConns: 2})
	if err != nil {
		return err
	}
	defer db.Close()
	listens := []string{}
	for n := 1; n <= 2; n++ {
		l, err := newLink("127.0.0.1:0")
		if err != nil {
			return err
		}
		c.links[fmt.Sprintf("uploader-%d", n)] = l
		listens = append(listens, l.address())
	}
	for n := range tenants {
		name := fmt.Sprintf("t%d", n+1)
		key, err := os.ReadFile(filepath.Join(c.dir, "key-"+name))
		if err != nil {
			return err
		}
		t, err := db.TenantByName(ctx, name)
		if err != nil {
			return err
		}
		who := &citizen{id: t.ID, key: string(key)}
		for _, listen := range listens {
			who.urls = append(who.urls, "http://"+listen)
			who.clients = append(who.clients, client.New("http://"+listen, who.key))
		}
		c.tenants = append(c.tenants, who)
	}
	return nil
}

// employ starts a worker with links of its own.
func (c *town) employ(bin, service string, n int, addresses map[string]string) error {
	w := &worker{name: fmt.Sprintf("%s-%d", service, n), service: service, program: filepath.Join(bin, service)}
	w.log = filepath.Join(c.dir, w.name+".log")
	w.died = func(w *worker, err error) { c.blame("%s: %v", w.name, err) }
	through := map[string]string{}
	for _, name := range partNames {
		l, err := newLink("127.0.0.1:0")
		if err != nil {
			return err
		}
		l.to(hostOf(addresses[name]))
		c.links[w.name+"/"+name] = l
		through[name] = strings.Replace(addresses[name], hostOf(addresses[name]), l.address(), 1)
	}
	access, err := c.access()
	if err != nil {
		return err
	}
	w.env = append(os.Environ(),
		"MEIBO_DATABASE_URL="+through["postgres"], "MEIBO_NATS_URL="+through["nats"], "MEIBO_S3_ENDPOINT="+through["s3"], "MEIBO_S3_BUCKET=meibo",
		"MEIBO_S3_ACCESS_KEY="+access.key, "MEIBO_S3_SECRET_KEY="+access.secret, "MEIBO_SMTP_ADDR="+through["mail"], "MEIBO_SMTP_TLS=none",
		"MEIBO_PUBLIC_URL=http://meibo.example.jp", "MEIBO_ADMIN_LISTEN=127.0.0.1:0", "MEIBO_MAIL_FROM=meibo@example.jp", "MEIBO_MERGER_CONCURRENCY=2",
		clockVariable+"="+filepath.Join(c.dir, w.name+".clock"))
	if service == "uploader" {
		listen := fmt.Sprintf("127.0.0.1:%d", quietPort())
		w.env = append(w.env, "MEIBO_LISTEN="+listen)
		c.links[w.name].to(listen)
	}
	if err := setClock(filepath.Join(c.dir, w.name+".clock"), 0); err != nil {
		return err
	}
	c.workers = append(c.workers, w)
	return w.start()
}

// blobAccess is who may do everything in the object storage.
type blobAccess struct{ key, secret string }

func (c *town) access() (blobAccess, error) {
	key, err := os.ReadFile(filepath.Join(c.dir, "s3", "access-key"))
	if err != nil {
		return blobAccess{}, err
	}
	secret, err := os.ReadFile(filepath.Join(c.dir, "s3", "secret-key"))
	return blobAccess{string(key), string(secret)}, err
}

// restart stops every worker as a new release would, one after another, and starts it again with further settings and a
// clock that is right: what is too old to be kept goes by the clock of who deletes it.
func (c *town) restart(settings ...string) {
	for _, w := range c.workers {
		w.busy.Lock()
		if !w.stop(syscall.SIGTERM, time.Minute) {
			c.blame("%s does not stop in a minute", w.name)
		} else if code := w.cmd.ProcessState.ExitCode(); code != 0 {
			c.blame("%s stops with exit code %d", w.name, code)
		}
		w.env = slices.Concat(w.env, settings)
		if err := setClock(filepath.Join(c.dir, w.name+".clock"), 0); err != nil {
			c.blame("set clock of %s: %v", w.name, err)
		}
		if err := w.start(); err != nil {
			c.blame("start %s again: %v", w.name, err)
		}
		w.busy.Unlock()
	}
}

// close ends everything.
func (c *town) close() {
	for _, w := range c.workers {
		w.stop(syscall.SIGKILL, time.Minute)
	}
	for _, l := range c.links {
		l.close()
	}
	for _, name := range slices.Backward(partNames) {
		if err := c.parts[name].down(false); err != nil {
			c.note("stop %s: %v", name, err)
		}
	}
}

// text is the fault log.
func (c *town) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.notes.String()
}

// lists makes the lists that the errands are for, once both uploaders answer.
func (c *town) lists(ctx context.Context, all [][]*errand) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, who := range c.tenants {
		for _, to := range who.clients {
			for {
				_, err := to.Lists(ctx)
				if err == nil {
					break
				}
				if ctx.Err() != nil {
					return err
				}
				rest(ctx, 50*time.Millisecond)
			}
		}
	}
	for _, line := range all {
		if list := line[0].list; list != "main" {
			if _, err := line[0].who.clients[0].CreateList(ctx, client.NewList{Name: list}); err != nil {
				return err
			}
		}
	}
	return nil
}
