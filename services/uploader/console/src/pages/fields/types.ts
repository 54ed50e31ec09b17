import type { Field } from '@/api/fields'
import type { Words } from '@/lang/lang'

export type FieldType = Field['type']

/** What people call the types of fields, and what a value of each is. */
const ja: Record<FieldType, { name: string; about: string }> = {
  string: { name: '文字列', about: '名前や住所など、自由な文字' },
  email: { name: 'メールアドレス', about: '@を含むアドレス' },
  phone: { name: '電話番号', about: '国内の番号、または国番号付きの番号' },
  number: { name: '数値', about: '整数または小数' },
  date: { name: '日付', about: '2024-05-04、令和6年5月4日 など' },
  datetime: { name: '日時', about: '日付と時刻' },
  boolean: { name: 'はい・いいえ', about: 'TRUE / FALSE、○ / × など' },
  choice: { name: '選択肢', about: '決められた値の1つ' },
  list: { name: 'リスト', about: '複数の文字列' },
  number_list: { name: '数値のリスト', about: '複数の数値' },
  tags: { name: 'タグ', about: '「グループ/タグ」のように2階層まで' },
}

const en: typeof ja = {
  string: { name: 'Text', about: 'Anything that people write, such as a name' },
  email: { name: 'E-mail', about: 'An address with an @' },
  phone: { name: 'Phone', about: 'A number, with or without its country code' },
  number: { name: 'Number', about: 'Whole or decimal' },
  date: { name: 'Date', about: 'Such as 2024-05-04' },
  datetime: { name: 'Date and time', about: 'A day with a time of day' },
  boolean: { name: 'Yes or no', about: 'TRUE / FALSE, yes / no and the like' },
  choice: { name: 'Choice', about: 'One of a few values' },
  list: { name: 'List', about: 'Several texts' },
  number_list: { name: 'List of numbers', about: 'Several numbers' },
  tags: { name: 'Tags', about: 'Of at most two levels, as in group/tag' },
}

export const typeWords: Words<typeof ja> = { ja, en }

/** Whether a field of the type may be a key or unique (its values are indexed). */
export const mayBeKey = (type: FieldType) => ['string', 'email', 'phone', 'number'].includes(type)

/** Whether a field of the type has several values. */
export const isList = (type: FieldType) => type === 'list' || type === 'number_list' || type === 'tags'

/** Whether the length of values of the type can be bounded. */
export const hasLength = (type: FieldType) => ['string', 'email', 'list', 'tags'].includes(type)
