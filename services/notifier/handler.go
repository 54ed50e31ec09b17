package notifier

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/url"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/mail"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
	"github.com/meibo/meibo/internal/tenant"
)

type handler struct {
	db        *postgres.DB
	sender    *mail.Sender
	from      string
	publicURL string
	log       *zap.Logger
}

// handle tells everybody who is to be told of an import's end. One recipient's trouble does not keep the
// others waiting; the message stays until nobody is left to tell.
func (h *handler) handle(ctx context.Context, j queue.Job) error {
	e, err := h.db.Ended(ctx, j.Tenant, j.Import)
	if errors.Is(err, postgres.ErrNotFound) {
		return queue.Drop(err)
	}
	if err != nil {
		return queue.Unavailable(err)
	}
	if s := e.Import.State; s != imports.StateCompleted && s != imports.StateFailed {
		return nil // who cancels an import knows
	}
	if !wanted(e.Import) {
		return nil
	}
	if len(e.Recipients) == 0 {
		h.log.Warn("nobody to tell", zap.Stringer("import", j.Import))
		return unavailable(h.db.RecordNoRecipient(ctx, j.Tenant, j.Import, e.Import.Run))
	}
	var failed error
	for _, r := range e.Recipients {
		failed = errors.Join(failed, h.tell(ctx, &e, r))
	}
	return unavailable(failed)
}

// wanted reports whether the import's options leave anybody to tell.
func wanted(i *imports.Import) bool {
	n := i.Options.Notify
	small := i.State == imports.StateCompleted && i.Totals.Total < n.MinRows
	return !small && (n.Recipients == nil || len(n.Recipients) > 0)
}

func unavailable(err error) error {
	if err != nil {
		return queue.Unavailable(err)
	}
	return nil
}

// dropped lets a message go that cannot be read. There is nobody to tell, and the import's result stands.
func (h *handler) dropped(_ context.Context, j queue.Job, why error) error {
	h.log.Error("event dropped", zap.Stringer("import", j.Import), zap.Error(why))
	return nil
}

// sendTimeout bounds the sending of one mail, waiting for others included.
const sendTimeout = 2 * time.Minute

// tell sends one recipient's mail, unless it is sent.
func (h *handler) tell(ctx context.Context, e *postgres.Ended, r postgres.Recipient) error {
	from := cmp.Or(e.Tenant.MailFrom, h.from)
	m := mail.Message{ID: messageID(e.Import, r, h.publicURL), From: from, To: address(r), Date: time.Now()}
	report, err := h.report(e, r.Language)
	if err != nil {
		return err
	}
	if m.Subject, m.Text, m.HTML, err = Render(r.Language, report); err != nil {
		return err
	}
	start := time.Now()
	return h.db.SendOnce(ctx, e.Import.Tenant, e.Import.ID, e.Import.Run, r.Email, m.ID, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, sendTimeout)
		defer cancel()
		err := h.sender.Send(ctx, m)
		h.log.Info("mail", zap.Stringer("import", e.Import.ID), zap.String("message_id", m.ID), zap.Duration("in", time.Since(start)), zap.Error(err))
		return err
	}, func(err error) bool { return errors.Is(err, mail.ErrPermanent) })
}

// address is the recipient's mailbox with the name that people see.
func address(r postgres.Recipient) string {
	return (&netmail.Address{Name: r.Name, Address: r.Email}).String()
}

// messageID is the same however often the mail is sent, and another for every mail.
func messageID(i *imports.Import, r postgres.Recipient, publicURL string) string {
	host := "meibo.invalid"
	if u, err := url.Parse(publicURL); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	sum := sha256.Sum256([]byte(strings.ToLower(r.Email)))
	if i.Run > 1 {
		return fmt.Sprintf("import.%s.%d.%s.%s@%s", i.ID, i.Run, i.State, hex.EncodeToString(sum[:8]), host)
	}
	return fmt.Sprintf("import.%s.%s.%s@%s", i.ID, i.State, hex.EncodeToString(sum[:8]), host)
}

// report is what the mail says, in the recipient's language and the tenant's time zone.
func (h *handler) report(e *postgres.Ended, lang tenant.Language) (Report, error) {
	zone, err := time.LoadLocation(e.Tenant.TimeZone)
	if err != nil {
		return Report{}, fmt.Errorf("tenant %s: %w", e.Tenant.Name, err)
	}
	i := e.Import
	schema := i.Schema
	if schema == nil {
		schema = member.Standard()
	}
	r := Report{
		Workbook: i.Source.Format == "xlsx", FileName: i.FileName, List: i.List, User: i.User, Zone: zone,
		State: i.State, Stopped: i.Stopped(), Resumable: i.Resumable(time.Now()), Totals: i.Totals, DryRun: i.Options.DryRun,
		Link: strings.TrimSuffix(h.publicURL, "/") + "/imports/" + i.ID.String(),
	}
	if i.StartedAt != nil {
		r.Start = *i.StartedAt
	}
	if i.FinishedAt != nil {
		r.End = *i.FinishedAt
	}
	if i.Failure.Code != "" {
		r.Reason = i.Failure.Sentence(lang, schema)
	}
	for _, w := range i.Warnings {
		r.Warnings = append(r.Warnings, w.Sentence(lang, schema))
	}
	for _, p := range e.Problems {
		r.Problems = append(r.Problems, ProblemCount{
			Sentence: member.Problem{Code: p.Code, Field: p.Field}.Sentence(lang, schema), Count: p.Rows,
		})
	}
	return r, nil
}
