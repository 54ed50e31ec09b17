import type { Words } from '@/lang/lang'

const ja = {
  title: '履歴',
  loading: '履歴を読み込んでいます…',
  none: 'まだ履歴がありません。取り込みや編集で変更されると、ここに表示されます。',
  acts: {
    created: '登録',
    updated: '更新',
    deleted: '削除',
    removed: '置き換えによる削除',
    unified: '統合',
    blocked: 'ブロック',
    unblocked: 'ブロック解除',
  } as Record<string, string>,
  byImport: '取り込み',
  row: (n: string) => `${n}行目`,
  actor: (name: string) => `実行者：${name}`,
  undone: '元に戻し済み',
  kept: '元に戻す際に保持',
  lead: (id: number) => `統合されたリード（データID：${id}）`,
  into: '統合先の会員',
  before: '変更前',
  after: '変更後',
  noValue: '（なし）',
  fieldsOnly: '変更された項目：',
  more: '以前の履歴を表示',
  moreLoading: '以前の履歴を読み込んでいます…',
}

const en: typeof ja = {
  title: 'History',
  loading: 'Loading the history …',
  none: 'Nothing yet. Changes by imports and by hand are shown here.',
  acts: {
    created: 'Created',
    updated: 'Changed',
    deleted: 'Deleted',
    removed: 'Removed by a replacement',
    unified: 'Unified',
    blocked: 'Blocked',
    unblocked: 'Unblocked',
  },
  byImport: 'Import',
  row: (n) => `row ${n}`,
  actor: (name) => `by ${name}`,
  undone: 'undone',
  kept: 'kept when it was undone',
  lead: (id) => `The lead that became part of it (ID ${id})`,
  into: 'The member that it became part of',
  before: 'before',
  after: 'after',
  noValue: '(none)',
  fieldsOnly: 'Fields that changed: ',
  more: 'Show earlier ones',
  moreLoading: 'Loading earlier ones …',
}

export const words: Words<typeof ja> = { ja, en }
