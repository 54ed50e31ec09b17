import type { Words } from '@/lang/lang'

const ja = {
  title: 'テンプレート',
  lead: '見出しだけが入ったファイルをダウンロードし、会員を入力して取り込めます。見出しは自動で項目に割り当てられます。',
  loading: '項目を読み込んでいます…',
  list: 'リスト',
  kind: '入力する人',
  kinds: { member: '会員', lead: 'リード' } as Record<string, string>,
  kindHelp: {
    member: '会員番号やメールアドレスなどで管理する会員です。',
    lead: 'メールアドレスか電話番号だけが分かっている見込み客です。会員番号の列はありません。',
  } as Record<string, string>,
  download: 'ダウンロード',
  downloading: 'ダウンロードしています…',
  downloadOf: (format: string) => `${format}をダウンロード`,
  formats: {
    xlsx: {
      name: 'Excel（.xlsx）',
      about:
        'おすすめです。選択肢はドロップダウンで選べます。先頭の0が消えないように設定してあり、2枚目のシートに各項目の説明があります。',
    },
    utf8: { name: 'CSV（UTF-8）', about: 'ほかのシステムから出力するときの形式に。Excelでもそのまま開けます。' },
    sjis: { name: 'CSV（Shift_JIS）', about: 'Shift_JISのファイルだけを扱うシステムや、古いExcelで開く場合に。' },
  },
  contents: '含まれる列',
  contentsText: (n: string) => `${n}列あります。使わない列は削除しても、並べ替えても構いません。`,
  column: '列の見出し',
  type: '種類',
  accepted: '入力できる値',
  required: '必須',
  choices: (names: string) => `${names} のいずれか`,
  yes: '必須',
  no: '任意',
}

const en: typeof ja = {
  title: 'Templates',
  lead: 'An empty file with the right headers: fill it in and import it. Its columns are mapped by themselves.',
  loading: 'Loading fields …',
  list: 'List',
  kind: 'For',
  kinds: { member: 'Members', lead: 'Leads' },
  kindHelp: {
    member: 'People whom you know by a member number, an e-mail address and the like.',
    lead: 'People of whom you know an e-mail address or a phone number only. There is no column for a member number.',
  },
  download: 'Download',
  downloading: 'Downloading …',
  downloadOf: (format) => `Download ${format}`,
  formats: {
    xlsx: {
      name: 'Excel (.xlsx)',
      about:
        'The best for most people: choices are picked from a list, leading zeros stay, and a second sheet explains each field.',
    },
    utf8: { name: 'CSV (UTF-8)', about: 'For what other systems write. Excel opens it, too.' },
    sjis: {
      name: 'CSV (Shift_JIS)',
      about: 'For systems that know nothing but Shift_JIS, and for old versions of Excel.',
    },
  },
  contents: 'Its columns',
  contentsText: (n) => `There are ${n}. Leave out those that you do not need, and put them in any order.`,
  column: 'Header',
  type: 'Type',
  accepted: 'Accepted values',
  required: 'Required',
  choices: (names) => `One of ${names}`,
  yes: 'required',
  no: 'optional',
}

export const words: Words<typeof ja> = { ja, en }
