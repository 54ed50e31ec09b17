package doctor

import (
	"time"

	"github.com/meibo/meibo/internal/postgres"
)

func (all *findings) database(f Facts) {
	if f.DatabaseErr != nil {
		all.add(Problem, "database", "database_unreachable",
			text("データベースを利用できません：%v", "The database cannot be used: %v", f.DatabaseErr),
			text("すべてのサービスが止まっています。復旧すると自動的に再開します。", "All services stand still, and go on by themselves once it is back."),
			text("PostgreSQL が動いているか、MEIBO_DATABASE_URL が正しいか確認してください。", "See that PostgreSQL runs and that MEIBO_DATABASE_URL is right."))
		return
	}
	d := f.Database
	if d == nil {
		return
	}
	if d.Version < minVersion {
		all.add(Problem, "database", "database_too_old",
			text("PostgreSQL %d は古すぎます。", "PostgreSQL %d is too old.", d.Version/10000),
			text("14 以降の機能を使用しています。", "What is used came with version 14."),
			text("PostgreSQL 14 以降にアップグレードしてください。", "Upgrade to PostgreSQL 14 or newer."))
	}
	all.schema(d)
	all.server(d)
	all.sessions(d)
	all.backlog(d, f.Now)
}

func (all *findings) schema(d *postgres.Facts) {
	switch {
	case d.Schema < d.Newest:
		all.add(Problem, "database", "schema_behind",
			text("データベースの構造はバージョン %d ですが、このプログラムには %d が必要です。", "The schema is of version %d, and this program needs %d.", d.Schema, d.Newest),
			text("新しい機能が使えません。1つ前のバージョンより古い場合は、サービスが動きません。", "New features do not work; nor do services, where it is older than the version before."),
			text("次のコマンドを実行してください：meibo migrate", "Run: meibo migrate"))
	case d.Schema > d.Newest:
		all.add(Warning, "database", "schema_ahead",
			text("データベースの構造（バージョン %d）は、このプログラム（%d）より新しいものです。", "The schema, of version %d, is newer than this program, which knows %d.", d.Schema, d.Newest),
			text("1つ新しいバージョンまでは問題なく動きます。", "Programs of the version before go on; older ones do not."),
			text("すべてのサービスと meibo コマンドを新しいバージョンに更新してください。", "Update all services and this command."))
	}
	if d.Schema == 0 {
		return
	}
	if !d.WebRole {
		all.add(Problem, "database", "role_missing",
			text("ロール meibo_web がないか、使用できません。", "The role meibo_web is not there, or ours may not become it."),
			text("API の要求がすべて失敗します。", "Every request to the API fails."),
			text("データベースの管理者で次を実行してください：GRANT meibo_web TO （MEIBO_DATABASE_URL のユーザー）", "Run as the database's administrator: GRANT meibo_web TO <the user of MEIBO_DATABASE_URL>"))
	}
	if !d.Bypass {
		all.add(Problem, "database", "bypass_missing",
			text("データベースのユーザーに BYPASSRLS がありません。", "The database's user has no BYPASSRLS."),
			text("取り込みの COPY が PostgreSQL に拒否されます。", "PostgreSQL refuses the COPY of an import."),
			text("データベースの管理者で次を実行してください：ALTER ROLE （ユーザー） BYPASSRLS", "Run as the database's administrator: ALTER ROLE <user> BYPASSRLS"))
	}
	if len(d.Open) > 0 {
		all.add(Problem, "database", "table_open",
			text("次のテーブルで行レベルセキュリティが無効です：%s", "Row-level security is off on: %s", joined(d.Open)),
			text("ほかのテナントのデータを守る2つ目の壁がありません。", "The second wall between tenants is missing."),
			text("テーブルごとに次を実行してください：ALTER TABLE （テーブル） ENABLE ROW LEVEL SECURITY", "Run for each: ALTER TABLE <table> ENABLE ROW LEVEL SECURITY"))
	}
}

func (all *findings) server(d *postgres.Facts) {
	if d.MaxConnections > 0 && d.Connections*10 >= d.MaxConnections*9 {
		all.add(Warning, "database", "connections_scarce",
			text("データベースの接続 %d 個のうち %d 個が使用中です。", "Of %d connections of the database %d are in use.", d.MaxConnections, d.Connections),
			text("接続できないサービスは待たされます。", "A service that gets none has to wait."),
			text("max_connections を増やすか、MEIBO_DATABASE_MAX_CONNS またはサービスの数を減らしてください。", "Raise max_connections, or lower MEIBO_DATABASE_MAX_CONNS or the number of services."))
	}
	if d.Clock.Abs() > clockApart {
		all.add(Warning, "database", "clock_apart",
			text("データベースの時計がこのコンピューターと %s ずれています。", "The database's clock is %s from ours.", ago(d.Clock)),
			text("署名付きアドレスや期限が正しく扱われません。", "Signed addresses and deadlines are not taken as they are meant."),
			text("両方のコンピューターで NTP を有効にしてください：timedatectl set-ntp true", "Turn NTP on, on both machines: timedatectl set-ntp true"))
	}
}

func (all *findings) sessions(d *postgres.Facts) {
	for _, s := range d.Sessions {
		if s.Age < longWait || s.Blocks == 0 && s.State != "idle in transaction" {
			continue
		}
		all.add(Warning, "database", "session_holds_locks",
			text("プロセス %d（%s、%s）のトランザクションが %s 続き、%d 個のセッションを待たせています。", "Process %d (%s, %s) is in a transaction since %s, and %d sessions wait for it.", s.PID, s.Application, s.State, ago(s.Age), s.Blocks),
			text("待っている取り込みは進みません。", "Imports that wait for it do not move."),
			text("不要なセッションであれば、データベースで次を実行してください：SELECT pg_terminate_backend(%d)", "Where it is not needed, run in the database: SELECT pg_terminate_backend(%d)", s.PID))
	}
}

func (all *findings) backlog(d *postgres.Facts, now time.Time) {
	if d.Outbox > 0 && d.OutboxAge > longWait {
		all.add(Problem, "database", "outbox_waits",
			text("送信待ちのメッセージが %d 件あり、最も古いものは %s 待っています。", "%d messages wait to be published, the oldest since %s.", d.Outbox, ago(d.OutboxAge)),
			text("開始した取り込みがサービスに伝わっていません。", "Services do not hear of imports that have started."),
			text("uploader、splitter、merger のいずれかが動いていて、NATS に接続できるか確認してください。", "See that an uploader, a splitter or a merger runs and reaches NATS."))
	}
	if d.Mails > 0 && d.MailAge > mailWait {
		all.add(Warning, "mail", "mails_wait",
			text("未送信のメールが %d 通あり、最も古いものは %s 待っています。", "%d mails are not sent, the oldest since %s.", d.Mails, ago(d.MailAge)),
			text("取り込みの結果を知らない人がいます。", "Somebody does not know how an import ended."),
			text("notifier のログと、メールサーバーの状態を確認してください。", "Read the notifier's log, and see to the mail server."))
	}
	if d.Uploads > 0 && d.UploadAge > uploadWait {
		all.add(Warning, "import", "uploads_unfinished",
			text("完了していないアップロードが %d 件あり、最も古いものは %s 前に始まりました。", "%d uploads have not ended, the oldest of which began %s ago.", d.Uploads, ago(d.UploadAge)),
			text("送信済みの部分がストレージの容量を使っています。通常は uploader が片付けます。", "Their parts take room in the object storage; an uploader would have cleared them away."),
			text("uploader が動いているか、そのログを確認してください。", "See that an uploader runs, and read its log."))
	}
	if d.Schema >= 9 && d.JournalUntil.Before(now.Add(aheadWant)) {
		all.add(Warning, "database", "journal_short",
			text("ジャーナルのパーティションが先の分まで用意されていません。", "The partitions of the journal are not made ahead."),
			text("新しい行は予備のパーティションに入り、期限切れの削除に時間がかかります。", "New rows go to the partition of the rest, and dropping expired ones takes long."),
			text("merger が動いているか確認してください。通常は merger が用意します。", "See that a merger runs: it makes them."))
	}
}
