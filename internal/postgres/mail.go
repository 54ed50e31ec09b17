package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/tenant"
)

// Recipient is somebody who is told of an import's end.
type Recipient struct {
	Email    string
	Name     string
	Language tenant.Language
}

// Ended is what a notifier needs to tell of an import.
type Ended struct {
	Import *imports.Import
	Tenant Tenant
	// Recipients are those that the import names or, where it names none, the tenant's owners and the person who imported;
	// each address once.
	Recipients []Recipient
	Problems   []ProblemCount
}

// ProblemCount is how many failed rows of an import have a problem with a field; Field is empty for the row as
// a whole.
type ProblemCount struct {
	Code  member.Code
	Field string
	Rows  int64
}

// Ended returns an import that has come to its end.
func (db *DB) Ended(ctx context.Context, t tenant.ID, id imports.ID) (e Ended, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		if e.Import, err = getImport(ctx, tx, t, id); err != nil {
			return err
		}
		e.Tenant.ID = t
		if err := tx.QueryRow(ctx, `select name, language, time_zone, region, coalesce(mail_from, '') from tenant where id = $1`, t).
			Scan(&e.Tenant.Name, &e.Tenant.Language, &e.Tenant.TimeZone, &e.Tenant.Region, &e.Tenant.MailFrom); err != nil {
			return err
		}
		if e.Recipients, err = recipients(ctx, tx, t, e.Import); err != nil {
			return err
		}
		e.Problems, err = problemCounts(ctx, tx, t, id)
		return err
	})
	if err != nil {
		return Ended{}, fmt.Errorf("ended import %s: %w", id, translate(err))
	}
	return e, nil
}

// recipients finds out who is to be told of an import: those that it names, or else those that the tenant's settings say.
// Somebody who is no user of the tenant is written to in the tenant's language.
func recipients(ctx context.Context, tx pgx.Tx, t tenant.ID, i *imports.Import) ([]Recipient, error) {
	named := i.Options.Notify.Recipients
	if named == nil {
		s, err := readSettings(ctx, tx, t)
		if err != nil {
			return nil, err
		}
		named = s.Notify.Recipients
		if s.Notify.Owners || s.Notify.Importer {
			rows, err := tx.Query(ctx, `select email from app_user u where tenant_id = $1 and email <> '' and to_jsonb(u)->>'disabled_at' is null
				and ($3 and role = 'owner' or $4 and id = (select user_id from import where tenant_id = $1 and id = $2))`, t, i.ID, s.Notify.Owners, s.Notify.Importer)
			if err != nil {
				return nil, err
			}
			people, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				return nil, err
			}
			named = append(named, people...)
		}
	}
	rows, err := tx.Query(ctx, `select distinct on (lower(r.email)) r.email, coalesce(u.name, ''), coalesce(u.language, t.language)
		from unnest($2::text[]) r (email) join tenant t on t.id = $1 left join app_user u on u.tenant_id = $1 and lower(u.email) = lower(r.email)
		order by lower(r.email), u.id`, t, named)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Recipient])
}

// problemCounts counts the failed rows of an import by code and field, the most frequent first.
func problemCounts(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID) ([]ProblemCount, error) {
	return countsIn(ctx, tx, `import_problem_count`, t, id)
}

// noteCounts is problemCounts for the rows that were skipped or repaired.
func noteCounts(ctx context.Context, tx pgx.Tx, t tenant.ID, id imports.ID) ([]ProblemCount, error) {
	return countsIn(ctx, tx, `import_note_count`, t, id)
}

func countsIn(ctx context.Context, tx pgx.Tx, table string, t tenant.ID, id imports.ID) ([]ProblemCount, error) {
	rows, err := tx.Query(ctx, `select code, field, sum(rows)::bigint from `+table+` where tenant_id = $1 and import_id = $2
		group by code, field order by 3 desc, code, field`, t, id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[ProblemCount])
}

// SendOnce sends a mail about an import to a recipient, unless that is done. The row of the mail is locked
// while send runs, so that two notifiers never send at once; only a crash between the server's acceptance
// and the commit repeats a mail, with the same Message-ID. permanent tells which errors of send are final:
// these are recorded as the mail's failure, any other is returned, and the mail is still to be sent.
// Each run of an import that ends has mails of its own; a database that is not migrated yet knows one run.
func (db *DB) SendOnce(ctx context.Context, t tenant.ID, id imports.ID, run int, recipient, messageID string, send func(context.Context) error, permanent func(error) bool) error {
	err := db.asTenant(ctx, t, func(tx pgx.Tx) error {
		// The transaction waits for the mail server.
		if _, err := tx.Exec(ctx, `set local idle_in_transaction_session_timeout = '10min'`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into mail select * from jsonb_populate_record(null::mail, jsonb_build_object(
			'tenant_id', $1::bigint, 'import_id', $2::uuid, 'run', $3::integer, 'recipient', $4::text, 'message_id', $5::text)) on conflict do nothing`,
			t, id, run, recipient, messageID); err != nil {
			return err
		}
		var done bool
		err := tx.QueryRow(ctx, `select sent_at is not null or failure is not null from mail m
			where tenant_id = $1 and import_id = $2 and recipient = $3 and `+ofRun+` for update`, t, id, recipient, run).Scan(&done)
		if err != nil || done {
			return err
		}
		var failure *string
		sent := new(time.Now())
		if err := send(ctx); err != nil {
			if !permanent(err) {
				return err
			}
			failure, sent = new(err.Error()), nil
		}
		_, err = tx.Exec(ctx, `update mail m set sent_at = $5, failure = $6 where tenant_id = $1 and import_id = $2 and recipient = $3 and `+ofRun,
			t, id, recipient, run, sent, failure)
		return err
	})
	if err != nil {
		return fmt.Errorf("mail about import %s: %w", id, err)
	}
	return nil
}

// ofRun is the condition for the mail m of the run $4.
const ofRun = `coalesce((to_jsonb(m)->>'run')::integer, $4) = $4`

// Mail is what became of one mail.
type Mail struct {
	Recipient string
	SentAt    *time.Time
	// Failure is why the mail server refused it for good.
	Failure *string
}

// NoRecipient stands for the address in the row that says that nobody could be told.
const NoRecipient = ""

// RecordNoRecipient notes on the import that nobody has an address to tell of its end.
func (db *DB) RecordNoRecipient(ctx context.Context, t tenant.ID, id imports.ID, run int) error {
	return db.SendOnce(ctx, t, id, run, NoRecipient, "", func(context.Context) error { return errNoRecipient }, func(error) bool { return true })
}

var errNoRecipient = errors.New("no recipient")

// Mails returns what became of the mails about the last run of an import.
func (db *DB) Mails(ctx context.Context, t tenant.ID, id imports.ID) (mails []Mail, err error) {
	err = db.asTenant(ctx, t, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select recipient, sent_at, m.failure from mail m join import i on i.tenant_id = m.tenant_id and i.id = m.import_id
			where m.tenant_id = $1 and m.import_id = $2 and to_jsonb(m)->>'run' is not distinct from to_jsonb(i)->>'run' order by recipient`, t, id)
		if err != nil {
			return err
		}
		mails, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Mail])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("mails about import %s: %w", id, err)
	}
	return mails, nil
}
