import type { Words } from '@/lang/lang'

const ja = {
  signIn: 'サインイン',
  signInLead: '会員名簿の取り込みと管理',
  tenant: 'テナント',
  tenantHelp: '会社やブランドごとの名前です。わからない場合は管理者に確認してください。',
  email: 'メールアドレス',
  password: 'パスワード',
  signingIn: 'サインインしています…',
  forgotten: 'パスワードを忘れた場合は、管理者に招待の再発行を依頼してください。',
}

const en: typeof ja = {
  signIn: 'Sign in',
  signInLead: 'Import and look after your members',
  tenant: 'Tenant',
  tenantHelp: 'The name of your company or brand here. Your administrator knows it.',
  email: 'E-mail address',
  password: 'Password',
  signingIn: 'Signing in …',
  forgotten: 'If you have forgotten your password, ask an administrator to invite you again.',
}

export const words: Words<typeof ja> = { ja, en }
