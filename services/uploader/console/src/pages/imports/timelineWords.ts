import type { Schemas } from '@/api/client'
import type { Words } from '@/lang/lang'

/** What an event of a timeline is, in a sentence without its subject. */
type Say = (d: Schemas['TimelineEvent']['detail'], n: (v: unknown) => string) => string

const ja = {
  acts: {
    'import.create': () => '取り込みを作成しました',
    'import.retry': () => '失敗した行の再取り込みを作成しました',
    'import.upload': () => 'ファイルをアップロードしました',
    'import.start': (d) => (d.dry_run ? 'テスト実行を開始しました' : '取り込みを開始しました'),
    'import.pause': () => '一時停止しました',
    'import.resume': () => '再開しました',
    'import.cancel': () => '中止しました',
    'import.undo': (d) => (d.dry_run ? '元に戻した場合の結果を確認しました' : '元に戻す処理を始めました'),
    'import.source_expire': () => '保管期間が過ぎたため、ファイルを削除しました',
    'import.report_expire': () => '保管期間が過ぎたため、失敗した行の内容を削除しました',
    run: () => '順番が来て、処理を始めました',
    read: (d, n) => `ファイルを最後まで読み込みました（${n(d.total)}行）`,
    merged: () => 'すべての行を処理しました',
    finish: (d, n) =>
      d.state === 'completed'
        ? `完了しました（${n(d.total)}行、失敗${n(d.failed)}行）`
        : d.state === 'cancelled'
          ? '中止されて終了しました'
          : 'エラーで終了しました',
    mail: (d) =>
      d.sent
        ? `${d.recipient}に結果をメールで知らせました`
        : d.code === 'no_recipient'
          ? 'メールの送り先がないため、結果を知らせていません'
          : `${d.recipient}へのメールを送れませんでした`,
    retry: () => '失敗した行を取り込み直しました：',
    'undo.run': () => '順番が来て、元に戻し始めました',
    'undo.finish': (d, n) =>
      d.dry_run
        ? `元に戻した場合の結果が出ました（残すもの${n(d.kept)}件）`
        : `元に戻しました（残したもの${n(d.kept)}件）`,
  } as Record<string, Say>,
  system: 'システム',
}

const en: typeof ja = {
  acts: {
    'import.create': () => 'created the import',
    'import.retry': () => 'created this retry of failed rows',
    'import.upload': () => 'uploaded the file',
    'import.start': (d) => (d.dry_run ? 'started the dry run' : 'started the import'),
    'import.pause': () => 'paused it',
    'import.resume': () => 'resumed it',
    'import.cancel': () => 'cancelled it',
    'import.undo': (d) => (d.dry_run ? 'looked at what undoing would do' : 'asked for it to be undone'),
    'import.source_expire': () => 'deleted the file at the end of its retention',
    'import.report_expire': () => 'deleted the failed rows at the end of their retention',
    run: () => 'began, as its turn had come',
    read: (d, n) => `read the file to its end (${n(d.total)} rows)`,
    merged: () => 'was done with every row',
    finish: (d, n) =>
      d.state === 'completed'
        ? `completed it (${n(d.total)} rows, ${n(d.failed)} failed)`
        : d.state === 'cancelled'
          ? 'ended it, as it was cancelled'
          : 'ended it with an error',
    mail: (d) =>
      d.sent
        ? `told ${d.recipient} by mail`
        : d.code === 'no_recipient'
          ? 'told nobody, for there is no address'
          : `could not send a mail to ${d.recipient}`,
    retry: () => 'retried failed rows:',
    'undo.run': () => 'began to undo it, as its turn had come',
    'undo.finish': (d, n) =>
      d.dry_run ? `found what undoing would do (${n(d.kept)} kept)` : `undid it (${n(d.kept)} kept)`,
  },
  system: 'Meibo',
}

export const timelineWords: Words<typeof ja> = { ja, en }
