import type { Words } from '@/lang/lang'

const ja = {
  title: 'リスト',
  lead: '会員を用途ごとに分けて管理します。1つの取り込みは、1つのリストに対して行います。',
  loading: 'リストを読み込んでいます…',
  add: 'リストを作成',
  name: '名前',
  note: '備考',
  members: '会員数',
  required: '必須の項目',
  createdAt: '作成日',
  count: (n: string) => `${n}人`,
  countMore: (n: string) => `${n}人以上`,
  counting: '集計中…',
  current: '表示中のリスト',
  open: '会員を見る',
  openOf: (name: string) => `リスト「${name}」の会員を見る`,
  changeOf: (name: string) => `リスト「${name}」を変更`,
  onlyMain: 'リストは、会員を別々に管理したいときに追加します',
  onlyMainText:
    '例えば「メルマガ会員」と「店舗会員」のように、取り込むファイルや必須の項目が異なるときに分けます。同じ人が複数のリストにいても、それぞれ別の会員として扱います。',
  createTitle: 'リストの作成',
  changeTitle: 'リストの変更',
  nameHelp: '画面や取り込みで表示します。100文字までです。',
  mainName: 'リスト「main」の名前は変更できません。',
  noteHelp: '用途や更新の頻度などを書いておけます。',
  requiredHelp: '新しい会員に必ず値が必要な項目です。取り込みで空欄の行は失敗します。登録済みの会員には影響しません。',
  requiredPlaceholder: '項目を選択',
  created: (name: string) => `リスト「${name}」を作成しました。`,
  remove: '削除',
  removeTitle: (name: string) => `リスト「${name}」を削除しますか？`,
  removeText:
    '削除できるのは、会員も取り込みの履歴もない、未使用のリストだけです。このリスト用の取り込み設定も一緒に削除します。',
  removed: 'リストを削除しました。',
}

const en: typeof ja = {
  title: 'Lists',
  lead: 'Members are kept in lists, each for its own purpose. An import is for one of them.',
  loading: 'Loading lists …',
  add: 'Create a list',
  name: 'Name',
  note: 'Note',
  members: 'Members',
  required: 'Required fields',
  createdAt: 'Created',
  count: (n) => n,
  countMore: (n) => `${n} or more`,
  counting: 'Counting …',
  current: 'shown now',
  open: 'See the members',
  openOf: (name) => `See the members of ${name}`,
  changeOf: (name) => `Change the list ${name}`,
  onlyMain: 'Add a list to keep members apart',
  onlyMainText:
    'For example those of a newsletter and those of your shops, whose files and required fields differ. Somebody in two lists is a member of each, and neither knows of the other.',
  createTitle: 'Create a list',
  changeTitle: 'Change a list',
  nameHelp: 'Pages and imports show it. At most 100 characters.',
  mainName: 'The list main keeps its name.',
  noteHelp: 'What it is for, how often it is brought up to date, and the like.',
  requiredHelp:
    'What a new member must have. Rows of files without it fail. Members who are there already stay as they are.',
  requiredPlaceholder: 'Choose fields',
  created: (name) => `The list ${name} is there now.`,
  remove: 'Delete',
  removeTitle: (name) => `Delete the list ${name}?`,
  removeText:
    'Only a list that was never used can be deleted: one without members and imports. Its profiles go with it.',
  removed: 'The list is deleted.',
}

export const words: Words<typeof ja> = { ja, en }
