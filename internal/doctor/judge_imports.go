package doctor

import (
	"fmt"
	"time"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
	"github.com/meibo/meibo/internal/queue"
)

// place is a list, of which one import runs at a time.
type place struct {
	tenant, list int64
}

// imports finds those that do not move. One that waits for its turn behind another that moves is as it is to be.
func (all *findings) imports(f Facts) {
	if f.Database == nil {
		return
	}
	taken := map[place]bool{}
	for _, w := range f.Database.Work {
		if w.State != imports.StateQueued {
			taken[place{int64(w.Tenant), w.List}] = true
		}
	}
	for _, w := range f.Database.Work {
		switch {
		case w.State == imports.StateQueued && f.Now.Sub(w.Since) >= f.Stuck && !taken[place{int64(w.Tenant), w.List}]:
			all.add(Problem, "import", "import_not_started", named(w, text("待機中ですが、先に実行中の取り込みはありません", "is queued, and no other import of its list runs")),
				text("この取り込みは始まりません。", "It will not start."),
				text("次のコマンドで中止し、もう一度取り込んでください：meibo imports cancel %s", "Cancel it, and import the file again: meibo imports cancel %s", w.Import))
		case f.stands(w):
			why, do := f.reason(w)
			all.add(Problem, "import", "import_stuck", named(w, text("%s 前に始まりましたが、進んでいません", "runs since %s and does not move", ago(f.Now.Sub(w.Since)))), why, do)
		}
	}
}

// stands tells that nothing of the import has moved between the two looks.
func (f *Facts) stands(w postgres.Work) bool {
	before, known := f.Before[w.Import]
	return known && Stuck(w, before, f.Now, f.Stuck)
}

// Apart is how long after one another an import has to be looked at twice to tell whether it moves: a splitter tells of itself
// every second, and a chunk takes less than one. Patience is since when one must be under way to be called stuck, if an
// operator does not say so.
const (
	Apart    = 3 * time.Second
	Patience = 10 * time.Minute
)

// Stuck reports whether an import that has run for long is where it was before.
func Stuck(w postgres.Work, before string, now time.Time, patience time.Duration) bool {
	return w.State == imports.StateRunning && now.Sub(w.Since) >= patience && before == w.Place
}

// named says of which import a sentence is.
func named(w postgres.Work, of member.Text) member.Text {
	return member.Text{
		JA: fmt.Sprintf("テナント %d の取り込み %s（%s）は、%s。", int64(w.Tenant), w.Import, w.File, of.JA),
		EN: fmt.Sprintf("Import %s (%s) of tenant %d %s.", w.Import, w.File, int64(w.Tenant), of.EN),
	}
}

// reason says why an import does not move, as far as the facts tell, and what to do. Where they do not, the relays take it
// up again by themselves after some minutes of silence.
func (f *Facts) reason(w postgres.Work) (why, do member.Text) {
	for _, s := range f.Database.Sessions {
		if len(s.BlockedBy) > 0 && s.Age > longWait {
			return text("データベースのプロセス %d が、プロセス %v のロックを待っています。", "Process %d of the database waits for a lock of %v.", s.PID, s.BlockedBy),
				text("データベースで次を実行してください：SELECT pg_terminate_backend(%d)", "Run in the database: SELECT pg_terminate_backend(%d)", s.BlockedBy[0])
		}
	}
	if f.Queue == nil {
		return text("NATS を利用できません。", "NATS cannot be used."), text("NATS を復旧してください。自動的に再開します。", "Bring NATS back; it goes on by itself.")
	}
	consumer, chunks := f.concerned(w)
	c := f.consumerNamed(consumer)
	who := workers(consumer)
	switch {
	case c.Missing:
		return text("コンシューマー %s がありません。", "There is no consumer %s.", consumer), restart
	case c.Waiting == 0 && c.Unacknowledged == 0:
		return text("%s が動いていません。", "No %s runs.", who), text("サービスを起動してください：docker compose up -d %s", "Start one: docker compose up -d %s", who)
	case c.Redelivered > 0:
		return text("メッセージ %d 件の処理が失敗し、繰り返されています（この取り込みのチャンク：%d 件）。", "Work on %d messages fails and is repeated (chunks of this import: %d).", c.Redelivered, chunks),
			text("%s のログで「will try again」を探し、原因を取り除いてください。", "Look for \"will try again\" in the log of the %s, and mend the cause.", who)
	}
	return text("原因は分かりません（キューにあるチャンク：%d 件）。5分後に自動的に再開します。", "Nobody knows (chunks in the queue: %d). It is taken up again after five minutes.", chunks),
		text("続く場合は %s のログを確認し、再起動してください：docker compose restart %s", "Where it lasts, read the log of the %s, and restart it: docker compose restart %s", who, who)
}

// concerned names the consumer of whoever has the import in hand, and how many of its chunks are in the queue.
func (f *Facts) concerned(w postgres.Work) (consumer string, chunks int) {
	chunks = f.Queue.Chunks[w.Import]
	switch {
	case w.Finishing:
		return "finisher", chunks
	case chunks > 0:
		return "merger", chunks
	}
	return "splitter", chunks
}

func (f *Facts) consumerNamed(name string) queue.ConsumerFacts {
	for _, c := range f.Queue.Consumers {
		if c.Name == name {
			return c
		}
	}
	return queue.ConsumerFacts{Name: name, Missing: true}
}
