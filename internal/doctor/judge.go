package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/meibo/meibo/internal/member"
)

// What is still well.
const (
	minVersion = 140000           // PostgreSQL 14
	clockApart = 5 * time.Second  // signed addresses and deadlines suffer beyond it
	longWait   = time.Minute      // of a message, a lock or a transaction
	mailWait   = 15 * time.Minute // of a mail that nobody has taken
	uploadWait = 72 * time.Hour   // of an upload: the uploader gives one up after 48 hours
	aheadWant  = 24 * time.Hour   // of the journal's partitions
)

// Judge says what is wrong, the worst first, and otherwise in the order of the parts.
func Judge(f Facts) []Finding {
	var all findings
	all.configuration(f)
	all.database(f)
	all.queue(f)
	all.storage(f)
	all.mail(f)
	all.services(f)
	all.imports(f)
	slices.SortStableFunc(all, func(a, b Finding) int { return cmp.Compare(rank(a), rank(b)) })
	return all
}

func rank(f Finding) int {
	if f.Severity == Problem {
		return 0
	}
	return 1
}

// findings collects what is wrong.
type findings []Finding

// text is a sentence in both languages; args are put into each.
func text(ja, en string, args ...any) member.Text {
	return member.Text{JA: fmt.Sprintf(ja, args...), EN: fmt.Sprintf(en, args...)}
}

func (all *findings) add(severity Severity, part, code string, what, why, do member.Text) {
	*all = append(*all, Finding{severity, part, code, what, why, do})
}

func (all *findings) configuration(f Facts) {
	for _, part := range slices.Sorted(maps.Keys(f.Errors)) {
		severity := Problem
		if part == "mail" {
			severity = Warning // only the notifiers have these settings
		}
		all.add(severity, part, "configuration",
			text("設定が読めません：%v", "The settings cannot be read: %v", f.Errors[part]),
			text("この設定では、サービスを起動できません。", "A service with these settings does not start."),
			text("サービスと同じ環境変数を設定してから、もう一度実行してください。", "Set the environment variables as the services have them, and run it again."))
	}
}

func (all *findings) storage(f Facts) {
	if f.StorageErr != nil {
		all.add(Problem, "storage", "configuration",
			text("ストレージの設定が正しくありません：%v", "The settings of the object storage are wrong: %v", f.StorageErr),
			text("ファイルをアップロードできません。", "No file can be uploaded."),
			text("MEIBO_S3_… の値を確認してください。", "See to the values of MEIBO_S3_…."))
	}
	for _, t := range f.Storage {
		if t.Err == nil {
			continue
		}
		severity, do := Problem, text("MEIBO_S3_ENDPOINT、MEIBO_S3_BUCKET とアクセスキーの権限（GetObject、PutObject、DeleteObject、ListBucket、AbortMultipartUpload）を確認してください。",
			"See to MEIBO_S3_ENDPOINT, MEIBO_S3_BUCKET and the rights of the access key (GetObject, PutObject, DeleteObject, ListBucket, AbortMultipartUpload).")
		switch t.Name {
		case "presign":
			do = text("MEIBO_S3_PUBLIC_ENDPOINT が、このコンピューターからも利用者のブラウザーからも接続できるアドレスか確認してください。",
				"See that MEIBO_S3_PUBLIC_ENDPOINT is an address that this machine and people's browsers can reach.")
		case "cors":
			severity = Warning
			do = text("バケットの CORS の設定に、コンソールのアドレス、PUT、ETag を追加してください。", "Add the console's address, PUT and ETag to the CORS rules of the bucket.")
		}
		all.add(severity, "storage", "storage_"+t.Name,
			text("ストレージの確認（%s）に失敗しました：%v", "The object storage fails at %s: %v", t.Name, t.Err),
			text("ファイルのアップロード、取り込み、または失敗した行の保存ができません。", "Files cannot be uploaded or imported, or failed rows cannot be kept."), do)
	}
}

func (all *findings) mail(f Facts) {
	if !f.Mail || f.MailErr == nil {
		return
	}
	all.add(Problem, "mail", "mail_unreachable",
		text("メールサーバーを利用できません：%v", "The mail server cannot be used: %v", f.MailErr),
		text("取り込みの結果がメールで届きません。サーバーが復旧すると送信されます。", "Nobody is told by mail how an import ended; the mails go out once it is back."),
		text("MEIBO_SMTP_ADDR、MEIBO_SMTP_TLS、ユーザー名とパスワードを確認してください。", "See to MEIBO_SMTP_ADDR, MEIBO_SMTP_TLS, the user and the password."))
}

func (all *findings) services(f Facts) {
	for _, address := range slices.Sorted(maps.Keys(f.Services)) {
		if err := f.Services[address]; err != nil {
			all.add(Problem, "service", "service_not_ready",
				text("サービス %s の準備ができていません：%v", "The service at %s is not ready: %v", address, err),
				text("このサービスは仕事をしていません。", "It does no work."),
				text("そのサービスのログを確認し、動いていなければ起動してください。", "Read its log, and start it where it does not run."))
		}
	}
}

// ago is a time in words that both languages share.
func ago(d time.Duration) string { return d.Round(time.Second).String() }

func joined(words []string) string { return strings.Join(words, ", ") }
