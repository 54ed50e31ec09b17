package doctor

import (
	"github.com/meibo/meibo/internal/queue"
)

// restart is what mends streams and consumers that are not as they are to be: every service makes them as it starts.
var restart = text("splitter を再起動してください。サービスは起動時にストリームとコンシューマーを正しい設定にします。", "Restart a splitter: services make streams and consumers right as they start.")

// workers names the service that works on the messages of a consumer.
func workers(consumer string) string {
	if consumer == "finisher" {
		return "merger"
	}
	return consumer
}

func (all *findings) queue(f Facts) {
	if f.QueueErr != nil {
		all.add(Problem, "queue", "queue_unreachable",
			text("NATS を利用できません：%v", "NATS cannot be used: %v", f.QueueErr),
			text("取り込みは進みません。復旧すると自動的に再開します。", "No import moves; all go on by themselves once it is back."),
			text("NATS が JetStream 付き（nats-server -js）で動いているか、MEIBO_NATS_URL が正しいか確認してください。", "See that NATS runs with JetStream (nats-server -js) and that MEIBO_NATS_URL is right."))
		return
	}
	q := f.Queue
	if q == nil {
		return
	}
	for _, s := range q.Streams {
		all.stream(s)
	}
	for _, c := range q.Consumers {
		all.consumer(c)
	}
	if q.Limit > 0 && q.Stored*10 >= q.Limit*9 {
		all.add(Problem, "queue", "queue_full",
			text("NATS の保存領域 %d バイトのうち %d バイトが使用中です。", "Of the %d bytes that NATS may store %d are used.", q.Limit, q.Stored),
			text("一杯になると、取り込みが進みません。", "Once it is full no import moves."),
			text("NATS の max_file_store を増やすか、不要なストリームを削除してください：nats stream report", "Raise max_file_store of NATS, or remove streams that nobody needs: nats stream report"))
	}
	if q.Dead > 0 {
		all.add(Warning, "queue", "dead_letters",
			text("処理できなかったメッセージが %d 件保管されています。", "%d messages could not be handled and are kept.", q.Dead),
			text("その取り込みは失敗しています。原因を取り除けば再開できます。", "Their imports have failed, and can be resumed once the cause is mended."),
			text("次のコマンドで確認してください：meibo dead list", "Look at them: meibo dead list"))
	}
}

func (all *findings) stream(s queue.StreamFacts) {
	why := text("取り込みの正しい順序と再開を、この設定が保証しています。", "It is what keeps imports in order and lets them go on.")
	switch {
	case s.Missing:
		all.add(Problem, "queue", "stream_missing", text("ストリーム %s がありません。", "There is no stream %s.", s.Name),
			text("取り込みは進みません。", "No import moves."), restart)
		return
	case s.Leaderless:
		all.add(Problem, "queue", "stream_leaderless", text("ストリーム %s のリーダーがいません。", "Stream %s has no leader.", s.Name),
			text("取り込みは進みません。", "No import moves."),
			text("NATS のサーバーの過半数が動いているか確認してください：nats server report jetstream", "See that most servers of NATS run: nats server report jetstream"))
	}
	if len(s.Lagging) > 0 {
		all.add(Warning, "queue", "replica_behind", text("ストリーム %s の複製が遅れています：%s", "Servers do not keep up with stream %s: %s", s.Name, joined(s.Lagging)),
			text("もう1台が止まると、取り込みも止まります。", "Where one more fails, imports stand still."),
			text("次のコマンドで確認し、止まっているサーバーを起動してください：nats server report jetstream", "Look, and start the server that is down: nats server report jetstream"))
	}
	for _, d := range s.Drift {
		all.add(Problem, "queue", "stream_drift",
			text("ストリーム %s の %s が %s です（正しくは %s）。", "Stream %s has %s %s, and is to have %s.", s.Name, d.Field, d.Have, d.Want), why, restart)
	}
}

func (all *findings) consumer(c queue.ConsumerFacts) {
	if c.Missing {
		all.add(Problem, "queue", "consumer_missing", text("コンシューマー %s がありません。", "There is no consumer %s.", c.Name),
			text("そのメッセージを誰も処理しません。", "Nobody gets its messages."), restart)
		return
	}
	for _, d := range c.Drift {
		all.add(Problem, "queue", "consumer_drift",
			text("コンシューマー %s の %s が %s です（正しくは %s）。", "Consumer %s has %s %s, and is to have %s.", c.Name, d.Field, d.Have, d.Want),
			text("メッセージが早く、または遅く再送されることがあります。", "Messages may come again too early or too late."), restart)
	}
	if c.Pending > 0 && c.Waiting == 0 && c.Unacknowledged == 0 {
		all.add(Problem, "queue", "no_worker",
			text("%s のメッセージ %d 件を処理するサービス（%s）がありません。", "%s has %d messages, and no %s to work on them.", c.Name, c.Pending, workers(c.Name)),
			text("取り込みが進みません。", "Imports do not move."),
			text("サービスを起動してください：docker compose up -d %s", "Start one: docker compose up -d %s", workers(c.Name)))
	}
	if c.Redelivered > 0 {
		all.add(Warning, "queue", "redelivered",
			text("%s のメッセージ %d 件が2回以上配信されています。", "%s has %d messages that came more than once.", c.Name, c.Redelivered),
			text("処理が失敗し続けているか、サービスが途中で止まりました。", "Work on them fails, or a service was stopped in the middle."),
			text("続く場合は、%s のログで「will try again」を探してください。", "Where it lasts, look for \"will try again\" in the log of the %s.", workers(c.Name)))
	}
}
