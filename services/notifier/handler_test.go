package notifier

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/meibo/meibo/internal/embedded/embeddedtest"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/mail"
	"github.com/meibo/meibo/internal/mail/mailtest"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/postgres/postgrestest"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/queue/queuetest"
	"github.com/meibo/meibo/internal/tenant"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// office is a notifier's handler on real parts, and the mail server that it sends to.
type office struct {
	*handler
	server *mailtest.Server
	tenant tenant.ID
	// tried gets a value for each attempt at a mail.
	tried chan struct{}
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{server: mailtest.New(t), tried: make(chan struct{}, 1000)}
	db := postgrestest.New(t)
	ten, err := db.CreateTenant(t.Context(), postgres.Tenant{Name: "shop"})
	must(t, err)
	o.tenant = ten.ID
	o.handler = o.another(t, db)
	return o
}

// another is one more notifier, with a connection to the mail server of its own.
func (o *office) another(t *testing.T, db *postgres.DB) *handler {
	t.Helper()
	sender, err := mail.NewSender(o.server.Config())
	must(t, err)
	t.Cleanup(sender.Close)
	log := zap.NewNop().WithOptions(zap.WrapCore(func(zapcore.Core) zapcore.Core { return attempts{zapcore.NewNopCore(), o.tried} }))
	return &handler{db: db, sender: sender, from: o.server.Config().From, publicURL: "https://meibo.example/", log: log}
}

// attempts is a log that tells of each attempt at a mail.
type attempts struct {
	zapcore.Core
	tried chan<- struct{}
}

func (attempts) Enabled(zapcore.Level) bool { return true }

func (a attempts) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if e.Message == "mail" {
		a.tried <- struct{}{}
	}
	return ce
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (o *office) user(t *testing.T, u postgres.User) postgres.User {
	t.Helper()
	u, err := o.db.CreateUser(t.Context(), o.tenant, u)
	must(t, err)
	return u
}

func (o *office) owner(t *testing.T, email string, lang tenant.Language) postgres.User {
	t.Helper()
	return o.user(t, postgres.User{Email: email, Name: "所有 花子", Role: "owner", Language: lang})
}

// running is an import by a person, zero for nobody.
func (o *office) running(t *testing.T, by int64) queue.Job {
	t.Helper()
	return o.runningWith(t, by, imports.Options{}, "csv")
}

// runningWith is one with options, of a file in that format.
func (o *office) runningWith(t *testing.T, by int64, opts imports.Options, format string) queue.Job {
	t.Helper()
	ctx := t.Context()
	opts.Rules, opts.TimeZone, opts.Region = opts.Rules.Filled(), "Asia/Tokyo", "JP"
	i, _, err := o.db.CreateImport(ctx, o.tenant, postgres.NewImport{List: postgres.MainList, FileName: "会員.csv", Options: opts, MaxRowBytes: 1 << 18, User: by})
	must(t, err)
	source := imports.Source{Size: 1, Format: format, MaxRows: 10}
	_, err = o.db.SetUploaded(ctx, o.tenant, i.ID, postgres.Inspected{Source: source, Inspection: map[string]any{}})
	must(t, err)
	must(t, o.db.StartImport(ctx, o.tenant, i.ID, postgres.Settled{
		Options: opts, Mapping: member.Mapping{{Header: "会員番号", Field: "member_sn"}}, Cut: imports.Cut{Lanes: 1}, Source: source,
	}))
	return queue.Job{Tenant: o.tenant, Import: i.ID}
}

// completed is an import that has come to a good end.
func (o *office) completed(t *testing.T, by int64) queue.Job {
	t.Helper()
	j := o.running(t, by)
	o.end(t, j, true)
	return j
}

// end brings an import to its end, which is a good one or not.
func (o *office) end(t *testing.T, j queue.Job, good bool) {
	t.Helper()
	must(t, o.db.EndOfSource(t.Context(), o.tenant, j.Import, 0, nil))
	done, err := false, error(nil)
	if good {
		done, err = o.db.FinishImport(t.Context(), o.tenant, j.Import)
	} else {
		done, err = o.db.FailImport(t.Context(), o.tenant, j.Import, member.Problem{Code: member.SourceChanged})
	}
	if err != nil || !done {
		t.Fatalf("end = %v, %v", done, err)
	}
}

// arrived returns the mails by recipient; a repeated recipient fails the test.
func (o *office) arrived(t *testing.T) map[string]mailtest.Content {
	t.Helper()
	mails := map[string]mailtest.Content{}
	for _, m := range o.server.Messages() {
		c, err := m.Parse()
		must(t, err)
		to := strings.Join(m.To, ",")
		if _, twice := mails[to]; twice {
			t.Errorf("%s got two mails", to)
		}
		mails[to] = c
	}
	return mails
}

func (o *office) recorded(t *testing.T, j queue.Job) []postgres.Mail {
	t.Helper()
	mails, err := o.db.Mails(t.Context(), j.Tenant, j.Import)
	must(t, err)
	return mails
}

func TestOwnerAndImporterGetOneMailEach(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.owner(t, "owner@shop.example", tenant.Japanese)
	importer := o.user(t, postgres.User{Email: "staff@shop.example", Name: "佐藤 花子", Role: "editor"})
	o.user(t, postgres.User{Email: "other@shop.example", Name: "別人", Role: "admin"})
	j := o.completed(t, importer.ID)
	for range 2 { // the event comes twice
		must(t, o.handle(t.Context(), j))
	}
	mails := o.arrived(t)
	if len(mails) != 2 {
		t.Errorf("%d mails, want 2", len(mails))
	}
	for _, to := range []string{"owner@shop.example", "staff@shop.example"} {
		m := mails[to]
		if m.Subject != "CSVインポート処理完了" || !strings.Contains(m.Text, "会員.csv") || !strings.Contains(m.Text, "佐藤 花子") ||
			!strings.Contains(m.HTML, "会員.csv") || !strings.Contains(m.Text, "https://meibo.example/imports/"+j.Import.String()) {
			t.Errorf("mail to %s: %q\n%s", to, m.Subject, m.Text)
		}
	}
	if a, b := mails["owner@shop.example"].ID, mails["staff@shop.example"].ID; a == b {
		t.Errorf("both mails have the id %q", a)
	}
	for _, m := range o.recorded(t, j) {
		if m.SentAt == nil || m.Failure != nil {
			t.Errorf("recorded %+v, want sent", m)
		}
	}
}

// TestEachEndOfAnImportIsToldOnce has an import fail, go on, and complete: its owner is told of both ends, and while it runs,
// or after an event that is late, of nothing.
func TestEachEndOfAnImportIsToldOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.owner(t, "owner@shop.example", tenant.Japanese)
	j := o.running(t, 0)
	_, err := o.db.FailImport(t.Context(), o.tenant, j.Import, member.Problem{Code: member.PoisonChunk, Detail: "2–301"})
	must(t, err)
	for range 2 {
		must(t, o.handle(t.Context(), j))
	}
	must(t, o.db.ResumeImport(t.Context(), o.tenant, j.Import))
	must(t, o.handle(t.Context(), j))
	if mails := o.recorded(t, j); len(mails) != 0 {
		t.Errorf("mails of the second run %+v, want none yet", mails)
	}
	o.end(t, j, true)
	for range 2 {
		must(t, o.handle(t.Context(), j))
	}
	var subjects []string
	ids := map[string]bool{}
	for _, m := range o.server.Messages() {
		c, err := m.Parse()
		must(t, err)
		subjects, ids[c.ID] = append(subjects, c.Subject), true
		if failed := c.Subject == "CSVインポート処理エラー"; failed != (strings.Contains(c.Text, "2–301行目") && strings.Contains(c.Text, "停止した段階：") && strings.Contains(c.Text, "再開できます")) {
			t.Errorf("mail %q says\n%s", c.Subject, c.Text)
		}
	}
	if !slices.Equal(subjects, []string{"CSVインポート処理エラー", "CSVインポート処理完了"}) || len(ids) != 2 {
		t.Errorf("mails %q of %d ids, want one of each end", subjects, len(ids))
	}
}

func TestImportSaysWhoIsToldAndWhen(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.owner(t, "owner@shop.example", tenant.Japanese)
	small := imports.Notify{MinRows: 1000}
	for _, c := range []struct {
		notify imports.Notify
		good   bool
		want   string // the mails' recipients
	}{
		{imports.Notify{}, true, "owner@shop.example"},
		{imports.Notify{Recipients: []string{"boss@shop.example"}}, true, "boss@shop.example"},
		{imports.Notify{Recipients: []string{}}, true, ""},
		{imports.Notify{Recipients: []string{}}, false, ""},
		{small, true, ""},
		{small, false, "owner@shop.example"},
	} {
		j := o.runningWith(t, 0, imports.Options{Notify: c.notify}, "csv")
		o.end(t, j, c.good)
		must(t, o.handle(t.Context(), j))
		var told []string
		for _, m := range o.recorded(t, j) {
			told = append(told, m.Recipient)
		}
		if got := strings.Join(told, " "); got != c.want || len(told) > 1 {
			t.Errorf("%+v, completed %v: told %q, want %q", c.notify, c.good, told, c.want)
		}
	}
}

func TestMailSaysWhatRan(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.owner(t, "owner@shop.example", tenant.Japanese)
	j := o.runningWith(t, 0, imports.Options{DryRun: true}, "xlsx")
	o.end(t, j, true)
	must(t, o.handle(t.Context(), j))
	m := o.arrived(t)["owner@shop.example"]
	for _, says := range []string{"処理名　　　　：Excelインポート\n", "テスト実行（ドライラン）のため、データは変更していません"} {
		if m.Subject != "CSVインポート処理完了" || !strings.Contains(m.Text, says) {
			t.Errorf("mail %q lacks %q:\n%s", m.Subject, says, m.Text)
		}
	}
}

func TestSameAddressGetsOneMail(t *testing.T) {
	t.Parallel()
	for name, importer := range map[string]string{"the owner imports": "", "another spelling": "Owner@Shop.example"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			u := o.owner(t, "owner@shop.example", tenant.Japanese)
			if importer != "" {
				u = o.user(t, postgres.User{Email: importer, Name: "佐藤 花子"})
			}
			must(t, o.handle(t.Context(), o.completed(t, u.ID)))
			if n := len(o.server.Messages()); n != 1 {
				t.Errorf("%d mails, want 1", n)
			}
		})
	}
}

func TestTwoNotifiersSendOneMailPerRecipient(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, email := range []string{"a@shop.example", "b@shop.example", "c@shop.example"} {
		o.owner(t, email, tenant.Japanese)
	}
	j := o.completed(t, 0)
	errs := make([]error, 4)
	var wg sync.WaitGroup
	for n := range errs {
		h := o.another(t, o.db)
		wg.Go(func() { errs[n] = h.handle(t.Context(), j) })
	}
	wg.Wait()
	must(t, errors.Join(errs...))
	if n := len(o.arrived(t)); n != 3 {
		t.Errorf("%d recipients got a mail, want 3", n)
	}
}

// TestMailServerThatIsDownDelaysTheMail goes the way of the message: it stays in the queue until the mail is sent.
func TestMailServerThatIsDownDelaysTheMail(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.owner(t, "owner@shop.example", tenant.Japanese)
	j := o.completed(t, 0)
	e, err := o.db.Ended(t.Context(), j.Tenant, j.Import)
	must(t, err)
	want := messageID(e.Import, e.Recipients[0], o.publicURL)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	q, err := queue.Open(queue.Config{URL: queuetest.Server(t), Replicas: 1}, zap.NewNop())
	must(t, err)
	defer q.Close()
	must(t, q.Prepare(ctx))
	o.server.Down()
	must(t, q.PublishFinished(ctx, j, 1))
	wg.Go(func() { _ = q.ConsumeFinished(ctx, 1, o.handle, o.dropped) })
	select {
	case <-o.tried:
	case <-ctx.Done():
		t.Fatal("the mail was not tried")
	}
	if slices.ContainsFunc(o.recorded(t, j), func(m postgres.Mail) bool { return m.SentAt != nil || m.Failure != nil }) {
		t.Errorf("recorded %+v while the server is down", o.recorded(t, j))
	}
	o.server.FailNextAt(mailtest.AtMessage, 451, 1) // then it is there, and busy once
	o.server.Up(t)
	o.server.Wait(t, 1)
	if got := o.arrived(t)["owner@shop.example"]; got.ID != want {
		t.Errorf("message id = %q, want %q as at the first attempt", got.ID, want)
	}
	for range 2 { // whatever comes later sends nothing
		must(t, o.handle(ctx, j))
	}
	if m := o.recorded(t, j); len(o.server.Messages()) != 1 || len(m) != 1 || m[0].SentAt == nil {
		t.Errorf("%d mails, recorded %+v; want one that is sent", len(o.server.Messages()), m)
	}
}

func TestMessageIDIsOfTheMailAndNotOfTheAttempt(t *testing.T) {
	t.Parallel()
	i := &imports.Import{ID: imports.NewID(), State: imports.StateCompleted}
	a := messageID(i, postgres.Recipient{Email: "a@shop.example"}, "https://meibo.example")
	if b := messageID(i, postgres.Recipient{Email: "A@Shop.example"}, "https://meibo.example"); a != b {
		t.Errorf("the same address has the ids %q and %q", a, b)
	}
	if b := messageID(i, postgres.Recipient{Email: "b@shop.example"}, "https://meibo.example"); a == b {
		t.Errorf("two addresses have the id %q", a)
	}
	if b := messageID(&imports.Import{ID: imports.NewID(), State: imports.StateCompleted}, postgres.Recipient{Email: "a@shop.example"}, "https://meibo.example"); a == b {
		t.Errorf("two imports have the id %q", a)
	}
}

func TestPermanentRefusalIsRecordedAndNotRetried(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.owner(t, "a@shop.example", tenant.Japanese)
	o.owner(t, "b@shop.example", tenant.Japanese)
	j := o.completed(t, 0)
	o.server.FailNext(550, 1)
	for range 3 {
		must(t, o.handle(t.Context(), j))
	}
	mails := o.arrived(t)
	if _, refused := mails["a@shop.example"]; refused || len(mails) != 1 {
		t.Errorf("mails to %d recipients, want b only", len(mails))
	}
	m := o.recorded(t, j)
	if len(m) != 2 || m[0].Failure == nil || !strings.Contains(*m[0].Failure, "550") || m[0].SentAt != nil || m[1].SentAt == nil || m[1].Failure != nil {
		t.Errorf("recorded %+v, want the refusal of a and the mail to b", m)
	}
	if len(o.tried) != 2 {
		t.Errorf("%d attempts, want one for each recipient", len(o.tried))
	}
}

func TestImportWithoutRecipientSaysSo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.user(t, postgres.User{Email: "other@shop.example", Name: "別人", Role: "editor"})
	j := o.completed(t, 0)
	for range 2 {
		must(t, o.handle(t.Context(), j))
	}
	m := o.recorded(t, j)
	if len(m) != 1 || m[0].Recipient != postgres.NoRecipient || m[0].Failure == nil || m[0].SentAt != nil {
		t.Errorf("recorded %+v, want that there is no recipient", m)
	}
	if n := len(o.server.Messages()); n != 0 {
		t.Errorf("%d mails, want none", n)
	}
}

func TestFailedImportTellsTheReasonInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.owner(t, "en@shop.example", tenant.English)
	o.owner(t, "ja@shop.example", tenant.Japanese)
	j := o.running(t, 0)
	why := member.Problem{Code: member.SourceMissing}
	if done, err := o.db.FailImport(t.Context(), j.Tenant, j.Import, why); err != nil || !done {
		t.Fatalf("fail = %v, %v", done, err)
	}
	must(t, o.handle(t.Context(), j))
	mails := o.arrived(t)
	for to, want := range map[string]struct {
		lang    tenant.Language
		subject string
	}{
		"en@shop.example": {tenant.English, "CSV import failed"},
		"ja@shop.example": {tenant.Japanese, "CSVインポート処理エラー"},
	} {
		m, reason := mails[to], why.Sentence(want.lang, member.Standard())
		if m.Subject != want.subject || !strings.Contains(m.Text, reason) || reason == string(why.Code) {
			t.Errorf("mail to %s: %q\n%s\nwant the reason %q", to, m.Subject, m.Text, reason)
		}
	}
}

func TestNobodyIsToldOfACancelledImport(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.owner(t, "owner@shop.example", tenant.Japanese)
	j := o.running(t, 0)
	must(t, o.db.CancelImport(t.Context(), j.Tenant, j.Import))
	must(t, o.handle(t.Context(), j))
	if n, m := len(o.server.Messages()), o.recorded(t, j); n != 0 || len(m) != 0 {
		t.Errorf("%d mails, recorded %+v; want none", n, m)
	}
}
