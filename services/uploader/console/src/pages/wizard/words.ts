import type { Words } from '@/lang/lang'

/** Words of the frame around the steps. */
const ja = {
  title: '会員を取り込む',
  lead: (file: string, list: string) => `${file} → リスト「${list}」`,
  steps: { file: 'ファイル', found: '読み取り', mapping: '項目の対応', options: '取り込み方', check: '確認と開始' },
  stepOf: (n: number, of: number, name: string) => `${n}/${of}　${name}`,
  progress: '取り込みの手順',
  next: '次へ',
  back: '戻る',
  loadingImport: '取り込みの内容を読み込んでいます…',
  inspecting: 'ファイルの内容を調べています…',
  discard: 'この取り込みをやめる',
  discardTitle: 'この取り込みをやめますか？',
  discardHelp: 'アップロードしたファイルと、ここまでの設定は使えなくなります。会員のデータは変わりません。',
  discarded: '取り込みをやめました。',
  keep: '続ける',
  cancelled: 'この取り込みは中止されました',
  cancelledHelp: '会員のデータは変わっていません。もう一度取り込むには、ファイルを選び直してください。',
  startOver: '新しく取り込む',
  refused: '設定を確認してください',
}

const en: typeof ja = {
  title: 'Import members',
  lead: (file, list) => `${file} → list “${list}”`,
  steps: { file: 'File', found: 'Reading', mapping: 'Fields', options: 'Options', check: 'Check and start' },
  stepOf: (n, of, name) => `${n}/${of}  ${name}`,
  progress: 'Steps of the import',
  next: 'Next',
  back: 'Back',
  loadingImport: 'Loading the import …',
  inspecting: 'Looking at the file …',
  discard: 'Give this import up',
  discardTitle: 'Give this import up?',
  discardHelp: 'The file that was uploaded and what you have set so far are lost. No member changes.',
  discarded: 'The import was given up.',
  keep: 'Go on',
  cancelled: 'This import was cancelled',
  cancelledHelp: 'No member has changed. To import again, choose the file once more.',
  startOver: 'Start a new import',
  refused: 'Please check these settings',
}

export const words: Words<typeof ja> = { ja, en }
