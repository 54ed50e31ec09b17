package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
)

// A message that could not be handled is a dead letter: it is kept for an operator in a stream of its own, word for word,
// with what went wrong in its headers. The oldest go first where there is no room, and all after a month.
const (
	deadStream  = "DEAD"
	deadSubject = "dead."
	deadAge     = 30 * 24 * time.Hour
	// A limit in bytes would be set aside of the server's storage from the start, needed or not.
	deadMessages = 500
)

// The headers of a dead letter.
const (
	headerReason     = "Meibo-Reason"
	headerStream     = "Meibo-Stream"
	headerSubject    = "Meibo-Subject"
	headerConsumer   = "Meibo-Consumer"
	headerTime       = "Meibo-Time"
	headerDeliveries = "Meibo-Deliveries"
	headerTenant     = "Meibo-Tenant"
	headerImport     = "Meibo-Import"
)

// maxReason bounds the reason, in bytes: a panic's has a stack.
const maxReason = 2000

// ErrNoLetter is returned for a dead letter that is not there, or not any more.
var ErrNoLetter = errors.New("no such dead letter")

// Letter is a dead letter.
type Letter struct {
	// ID tells letters apart; later ones have greater ids.
	ID uint64
	// Stream and Subject are where the message was, Consumer is who could not handle it, and Reason why.
	Stream, Subject, Consumer, Reason string
	// Time is when it was given up, after so many deliveries.
	Time       time.Time
	Deliveries uint64
	// Job is whom it is about, as far as that could be told.
	Job Job
	// Data is the message.
	Data []byte
}

// bury keeps a message that is given up as a dead letter. It may be called again for the same message.
func (q *Queue) bury(ctx context.Context, consumer string, msg jetstream.Msg, j Job, why error) error {
	meta, err := msg.Metadata()
	if err != nil {
		return fmt.Errorf("keep dead letter: %w", err)
	}
	m := nats.NewMsg(deadSubject + msg.Subject())
	m.Data = msg.Data()
	for name, value := range map[string]string{
		headerReason: oneLine(why.Error()), headerStream: meta.Stream, headerSubject: msg.Subject(), headerConsumer: consumer,
		headerTime: time.Now().UTC().Format(time.RFC3339Nano), headerDeliveries: strconv.FormatUint(meta.NumDelivered, 10),
		headerTenant: j.Tenant.String(), headerImport: j.Import.String(),
	} {
		m.Header.Set(name, value)
	}
	id := fmt.Sprintf("%s.%d.%d", meta.Stream, meta.Sequence.Stream, meta.Timestamp.UnixNano())
	if _, err := q.js.PublishMsg(ctx, m, jetstream.WithMsgID(id)); err != nil {
		return fmt.Errorf("keep dead letter: %w", err)
	}
	return nil
}

// oneLine is text as a header can have it.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) > maxReason {
		s = strings.ToValidUTF8(s[:maxReason], "") + "…"
	}
	return s
}

// worthKeeping reports whether a message that is given up because of err may be of use to an operator: a file that cannot
// be read, or an import that is beyond its limits, is the business of who imports, and no fault of the message.
func worthKeeping(err error) bool {
	var f *imports.Failure
	return !errors.As(err, &f) || imports.CanMend(f.Problem.Code)
}

// DeadLetters returns the dead letters, the oldest first, until the first error.
func (q *Queue) DeadLetters(ctx context.Context) iter.Seq2[Letter, error] {
	return func(yield func(Letter, error) bool) {
		s, err := q.js.Stream(ctx, deadStream)
		if err != nil {
			yield(Letter{}, fmt.Errorf("dead letters: %w", err))
			return
		}
		for next := uint64(1); ; {
			raw, err := s.GetMsg(ctx, next, jetstream.WithGetMsgSubject(deadSubject+">"))
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				return
			}
			if err != nil {
				yield(Letter{}, fmt.Errorf("dead letters: %w", err))
				return
			}
			if !yield(letterOf(raw), nil) {
				return
			}
			next = raw.Sequence + 1
		}
	}
}

// DeadLettersOf returns the dead letters of a tenant, up to limit, the oldest of an import first. own returns those of some
// imports that are the tenant's: so letters of others, whose chunks may be large, are not even fetched.
func (q *Queue) DeadLettersOf(ctx context.Context, t tenant.ID, limit int, own func([]imports.ID) ([]imports.ID, error)) ([]Letter, error) {
	s, err := q.js.Stream(ctx, deadStream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("dead letters: %w", err)
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(deadSubject+">"))
	if err != nil {
		return nil, fmt.Errorf("dead letters: %w", err)
	}
	subjects := map[imports.ID][]string{}
	for subject := range info.State.Subjects {
		subjects[importOf(subject)] = append(subjects[importOf(subject)], subject)
	}
	mine, err := own(slices.Collect(maps.Keys(subjects)))
	if err != nil {
		return nil, err
	}
	var all []Letter
	for _, id := range mine {
		for _, subject := range subjects[id] {
			for next := uint64(1); len(all) < limit; {
				raw, err := s.GetMsg(ctx, next, jetstream.WithGetMsgSubject(subject))
				if errors.Is(err, jetstream.ErrMsgNotFound) {
					break
				}
				if err != nil {
					return nil, fmt.Errorf("dead letters: %w", err)
				}
				if l := letterOf(raw); l.Job.Tenant == t || l.Job.Tenant == 0 { // 0: it could not be read
					all = append(all, l)
				}
				next = raw.Sequence + 1
			}
		}
	}
	return all, nil
}

// DeadLetter returns a dead letter. ErrNoLetter: there is none of that id.
func (q *Queue) DeadLetter(ctx context.Context, id uint64) (Letter, error) {
	s, err := q.js.Stream(ctx, deadStream)
	if err != nil {
		return Letter{}, fmt.Errorf("dead letter %d: %w", id, err)
	}
	raw, err := s.GetMsg(ctx, id)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		err = ErrNoLetter
	}
	if err != nil {
		return Letter{}, fmt.Errorf("dead letter %d: %w", id, err)
	}
	return letterOf(raw), nil
}

// DropLetter deletes a dead letter. ErrNoLetter: there is none of that id.
func (q *Queue) DropLetter(ctx context.Context, id uint64) error {
	if _, err := q.DeadLetter(ctx, id); err != nil {
		return err
	}
	s, err := q.js.Stream(ctx, deadStream)
	if err == nil {
		err = s.DeleteMsg(ctx, id)
	}
	if err != nil {
		return fmt.Errorf("drop dead letter %d: %w", id, err)
	}
	return nil
}

// Redeliver puts a dead letter back where it was, to be handled again. Chunks are not put back: they come again, in their
// order, when their import is resumed.
func (q *Queue) Redeliver(ctx context.Context, l Letter) error {
	if l.Stream != jobsStream {
		return fmt.Errorf("dead letter %d of stream %q cannot be put back", l.ID, l.Stream)
	}
	if _, err := q.js.Publish(ctx, l.Subject, l.Data, jetstream.WithMsgID(fmt.Sprintf("dead.%d.%d", l.ID, l.Time.UnixNano()))); err != nil {
		return fmt.Errorf("put dead letter %d back: %w", l.ID, err)
	}
	return nil
}

// Ends reports whether the letter tells of an import's end, so that there is nothing to resume.
func (l *Letter) Ends() bool { return strings.HasPrefix(l.Subject, finishedSubject) }

// Chunk returns the chunk that the letter is. ok is false where it is none, or cannot be read.
func (l *Letter) Chunk() (c Chunk, ok bool) {
	if !strings.HasPrefix(l.Subject, chunkSubject) {
		return c, false
	}
	c, err := decodeChunk(l.Data)
	return c, err == nil
}

func letterOf(raw *jetstream.RawStreamMsg) Letter {
	h := raw.Header
	l := Letter{
		ID: raw.Sequence, Stream: h.Get(headerStream), Consumer: h.Get(headerConsumer), Reason: h.Get(headerReason),
		Subject: cmp.Or(h.Get(headerSubject), strings.TrimPrefix(raw.Subject, deadSubject)), Time: raw.Time, Data: raw.Data,
	}
	if t, err := time.Parse(time.RFC3339Nano, h.Get(headerTime)); err == nil {
		l.Time = t
	}
	l.Deliveries, _ = strconv.ParseUint(h.Get(headerDeliveries), 10, 64)
	if n, err := strconv.ParseInt(h.Get(headerTenant), 10, 64); err == nil {
		l.Job.Tenant = tenant.ID(n)
	}
	if id, err := imports.ParseID(h.Get(headerImport)); err == nil {
		l.Job.Import = id
	}
	return l
}
