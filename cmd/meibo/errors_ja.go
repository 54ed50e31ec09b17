package main

import (
	"regexp"
	"strings"

	"github.com/meibo/meibo/internal/tenant"
)

// spoken is what an error says in English, of this program, its parser or its database, and how it is said in Japanese.
type spoken struct {
	english  *regexp.Regexp
	japanese string
}

// errorsJapanese are the errors that people meet: the first that fits is it. What is none of them is shown as it is.
var errorsJapanese = []spoken{
	{regexp.MustCompile(`^unknown flag (\S+), did you mean (?:one of )?(.*)\?$`), "$1 というオプションはありません。もしかして：$2"},
	{regexp.MustCompile(`^unknown flag (\S+)$`), "$1 というオプションはありません。"},
	{regexp.MustCompile(`^unexpected argument (\S+), did you mean (?:one of )?(.*)\?$`), "「$1」は指定できません。もしかして：$2"},
	{regexp.MustCompile(`^unexpected argument (.+)$`), "「$1」は指定できません。"},
	{regexp.MustCompile(`^unexpected flag argument (.+)$`), "値を取らないオプションに値 $1 が指定されています。"},
	{regexp.MustCompile(`^missing flags: (.+)$`), "次のオプションは必須です：$1"},
	{regexp.MustCompile(`^missing positional arguments (.+)$`), "次の引数を指定してください：$1"},
	{regexp.MustCompile(`^expected one of (.+)$`), "次のいずれかを指定してください：$1"},
	{regexp.MustCompile(`^expected ("<.+)$`), "次の引数を指定してください：$1"},
	{regexp.MustCompile(`^expected (".+)$`), "次のコマンドを指定してください：$1"},
	{regexp.MustCompile(`^(\S+) must be one of (.*) but got (".*")$`), "$1 の値 $3 は使用できません。使用できる値：$2"},
	{regexp.MustCompile(`^(\S+) and (\S+) can't be used together$`), "$1 と $2 は同時に指定できません。"},
	{regexp.MustCompile(`^(\S+): expected a valid \d+ bit u?int but got (".*")$`), "$1 には整数を指定してください（指定された値：$2）。"},
	{regexp.MustCompile(`^(\S+): expected (?:an int|a float) but got (".*").*$`), "$1 には数値を指定してください（指定された値：$2）。"},
	{regexp.MustCompile(`^(\S+): expected duration but got (".*?")(?:: .*)?$`), "$1 には 10m や 30s のような時間を指定してください（指定された値：$2）。"},
	{regexp.MustCompile(`^(\S+): (?:expected \S+ value|missing value).*$`), "$1 に値を指定してください。"},
	{regexp.MustCompile(`^(?:create )?tenant "?([^":]+)"?: (?:not found|exists already)$`), "テナント「$1」"},
	{regexp.MustCompile(`^(?:create )?user "?([^":]+)"?: (?:not found|exists already)$`), "ユーザー「$1」"},
	{regexp.MustCompile(`^(?:revoke|create) key "?([^":]+)"?: (?:not found|exists already)$`), "API キー「$1」"},
	{regexp.MustCompile(`^list "?([^":]+)"?: not found$`), "リスト「$1」"},
	{regexp.MustCompile(`^(?:.*: )?(.+): (?:a|an) (?:date|time|date as in .*|time as in .*) expected.*$`), "$1：日付は 2026-04-01、日時は 2026-04-01T09:00:00+09:00 のように指定してください。"},
	{regexp.MustCompile(`^(.+): the key could not be used on any day; .*$`), "$1：キーを使用できる日がありません。今日以降の日付を指定してください。"},
	{regexp.MustCompile(`^(.+): an e-mail address expected.*$`), "$1：hanako@example.jp のようなメールアドレスを指定してください。"},
	{regexp.MustCompile(`^(.+): a number from (\d+) to (\d+) expected$`), "$1：$2～$3 の数値を指定してください。"},
	{regexp.MustCompile(`^(.+): a country code of two capital letters expected.*$`), "$1：JP のような大文字2文字の国コードを指定してください。"},
	{regexp.MustCompile(`^(.+): a tenant's name is at most 63 .*$`), "$1：テナント名には、半角の英小文字・数字・「-」「_」を63文字以内で指定してください（先頭は英小文字または数字）。"},
	{regexp.MustCompile(`^(.+): is a directory$`), "$1：フォルダーではなくファイルを指定してください。"},
	{regexp.MustCompile(`^(.+): FIELD=VALUE expected$`), "$1：項目=値 の形式で指定してください。"},
}

// inJapanese says an error in Japanese, as far as it is a known one.
func inJapanese(text string) string {
	for _, e := range errorsJapanese {
		if e.english.MatchString(text) {
			return e.english.ReplaceAllString(text, e.japanese)
		}
	}
	if command, rest, ok := strings.Cut(text, ": "); ok && isCommand.MatchString(command) {
		return command + "：" + inJapanese(rest) // whose options are wrong
	}
	return text
}

// isCommand is how the parser names the command whose Validate refuses something.
var isCommand = regexp.MustCompile(`^[a-z]+( [a-z]+)?( <[a-z-]+>)*$`)

// said returns what an error says, in the console's language.
func (c *console) said(err error) string {
	if c.language == tenant.Japanese {
		return inJapanese(err.Error())
	}
	return err.Error()
}
