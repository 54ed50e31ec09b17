package main

// helpJapanese is the help in Japanese by the English that stands beside each command and flag.
var helpJapanese = map[string]string{
	"Import members into Meibo, and run it.": "Meibo に会員を取り込み、Meibo を動かすためのコマンドです。",
	"Show context-sensitive help.":           "使い方を表示します。",

	// The commands.
	"Import members from a CSV, TSV or Excel file.":                         "CSV・TSV・Excel ファイルから会員を取り込みます。",
	"Show what a file holds and how it would be imported; needs no server.": "ファイルの内容と取り込まれ方を表示します。サーバーは不要です。",
	"Look at imports, watch and cancel them.":                               "取り込みの確認・監視・中止を行います。",
	"List imports, the newest first.":                                       "取り込みを新しい順に一覧表示します。",
	"Show one import.":                                                      "取り込みの内容を表示します。",
	"Watch an import to its end.":                                           "取り込みが終わるまで進み具合を表示します。",
	"Cancel an import; what was merged stays.":                              "取り込みを中止します。登録済みの会員はそのまま残ります。",
	"Show the failed rows of an import, or save them all.":                  "失敗した行を表示、または保存します。",
	"Look at members.":                                                      "会員を確認します。",
	"List members.":                                                         "会員を一覧表示します。",
	"Show one member.":                                                      "会員の内容を表示します。",
	"Run all of Meibo in this process, with its data in one directory.":     "Meibo 全体をこのプロセスで動かします。データは1つのフォルダーに保存されます。",
	"Import a generated sample and show what came of it.":                   "サンプルを作成して取り込み、結果を表示します。",
	"Write a sample file of members who do not exist.":                      "架空の会員のサンプルファイルを作成します。",
	"Bring the schema of the database up to date.":                          "データベースの構造を最新にします。",
	"Manage tenants.":                                                       "テナントを管理します。",
	"Create a tenant, with its list main.":                                  "テナントとそのリスト main を作成します。",
	"Manage users.":                                                         "ユーザーを管理します。",
	"Create a user.":                                                        "ユーザーを作成します。",
	"Manage API keys.":                                                      "API キーを管理します。",
	"Create an API key, and show it this once.":                             "API キーを作成し、一度だけ表示します。",
	"Show the version.":                                                     "バージョンを表示します。",
	"Save an empty file for a list, to fill in and import.":                 "取り込み用の空のファイル（テンプレート）を保存します。",
	"Change the settings of a tenant.":                                      "テナントの設定を変更します。",

	// How the server is reached.
	"Address of the server.": "サーバーのアドレスです。",
	"API key.":               "API キーです。",
	"Write one JSON document to standard output, and nothing else.": "標準出力に JSON を1つだけ出力します。",

	// What a file holds, and how it is read.
	"Read the whole file and count the rows that cannot be imported.":                                      "ファイル全体を読み、取り込めない行を数えます。",
	"The encoding of a text file: UTF-8, Shift_JIS, EUC-JP, UTF-16LE or UTF-16BE.":                         "テキストファイルの文字コードです：UTF-8、Shift_JIS、EUC-JP、UTF-16LE、UTF-16BE。",
	"What separates the cells of a text file; tab for a tabulator.":                                        "テキストファイルの区切り文字です。タブは tab と指定します。",
	"The number of the row that names the columns; what stands above it is left out.":                      "見出しの行番号です。それより上の行は取り込みません。",
	"Map the columns of which nothing is said as an earlier import of such a file did.":                    "指定のない列は、同じ列を持つファイルの以前の取り込みと同じように割り当てます。",
	"The first row is a member, not a header.":                                                             "1行目を見出しではなく会員として取り込みます。",
	"The sheet of an Excel file.":                                                                          "Excel ファイルのシート名です。",
	"Do not wait for the end of the import.":                                                               "取り込みの終了を待ちません。",
	"The id of the import.":                                                                                "取り込みの ID です。",
	"How many at most; 0 for all.":                                                                         "表示する最大件数です。0 はすべてを表します。",
	"Write all failed rows as CSV, in the encoding of the file; the default for a FILE that ends in .csv.": "失敗した行をすべて CSV で出力します（保存先が .csv の場合の既定）。文字コードは元のファイルと同じです。",
	"Write all failed rows as an Excel file; the default for a FILE that ends in .xlsx.":                   "失敗した行をすべて Excel ファイルで出力します（保存先が .xlsx の場合の既定）。",
	// Templates.
	"As CSV; the default, unless FILE ends in .xlsx.":                         "CSV で出力します（保存先が .xlsx でない場合の既定）。",
	"As an Excel file, with drop-downs and a sheet that explains the fields.": "Excel ファイルで出力します。プルダウンと、項目を説明するシートが付きます。",
	"The encoding of the CSV: utf-8 or shift_jis (default: utf-8).":           "CSV の文字コードです：utf-8 または shift_jis（省略時：utf-8）。",
	"What the rows are: member,lead.":                                         "行の種類です：member,lead。",
	"Go on with the import of this file whose upload was interrupted.":        "アップロードが中断したこのファイルの取り込みを再開します。",
	// Imports.
	"The file, or - for standard input.":                                        "ファイル名です。- は標準入力を表します。",
	"The list to import into (default: main).":                                  "取り込み先のリストです（省略時：main）。",
	"What the rows are: member.":                                                "行の種類です：member。",
	"What is done with known and unknown members: upsert.":                      "登録済みの会員と新しい会員の扱いです：upsert。",
	"The field that tells who a row is: member_sn.":                             "会員を特定する項目です：member_sn。",
	"What an empty cell does: keep.":                                            "空欄の扱いです：keep。",
	"Which of the rows with the same key counts: last.":                         "同じキーの行が複数あるときの扱いです：last。",
	"Import the column into the field; COLUMN= leaves it out. Can be repeated.": "列を項目に割り当てます。「列=」とすると取り込みません。繰り返し指定できます。",

	// Members.
	"The list (default: main).":              "リストです（省略時：main）。",
	"Only the member with this number.":      "この会員番号の会員だけを表示します。",
	"Only members with this e-mail address.": "このメールアドレスの会員だけを表示します。",
	"Only members with this phone number.":   "この電話番号の会員だけを表示します。",
	"The id of the member.":                  "会員のデータ ID です。",

	// Everything in one process.
	"The directory that keeps everything.":                                                "データを保存するフォルダーです。",
	"Where the API answers (default: 127.0.0.1:8080, or any free port if that is taken).": "API のアドレスです（省略時：127.0.0.1:8080。使用中の場合は空いているポート）。",
	"A database to use instead of an own one; no other Meibo may be running on it.":       "専用のデータベースの代わりに使うデータベースです。ほかの Meibo が使用中のものは指定できません。",
	"How many chunks are merged at the same time (default: one for each processor).":      "同時に処理するチャンクの数です（省略時：CPU の数）。",
	"What is logged: debug,info,warn,error.":                                              "記録するログのレベルです：debug,info,warn,error。",
	"How many rows the CSV file has; the Excel file has a twentieth of them.":             "CSV ファイルの行数です。Excel ファイルはその20分の1になります。",
	"A directory to use, which must be empty (default: a temporary one).":                 "使用する空のフォルダーです（省略時：一時フォルダー）。",
	"Keep the data afterwards.":                                                           "終了後もデータを残します。",

	// Samples.
	"How many members.": "会員の数です。",
	"The encoding of the CSV: UTF-8, Shift_JIS, EUC-JP, UTF-16LE or UTF-16BE (default: UTF-8).": "CSV の文字コードです：UTF-8、Shift_JIS、EUC-JP、UTF-16LE、UTF-16BE（省略時：UTF-8）。",
	"Another seed gives other members; the same one the same file.":                             "乱数の種です。同じ値からは同じファイルができます。",
	"The format: csv,xlsx.":                      "形式です：csv,xlsx。",
	"The share of bad rows, from 0 to 1.":        "不正な行の割合です（0〜1）。",
	"Where to write; standard output otherwise.": "保存先です。省略時は標準出力です。",

	// Accounts.
	"Address of the database.": "データベースのアドレスです。",
	"The name of the tenant.":  "テナントの名前です。",
	"The language that its people are written to in: ja or en (at first: ja).":                            "テナントの言語です：ja または en（初期値：ja）。",
	"Where dates and times without a zone are meant (at first: Asia/Tokyo).":                              "タイムゾーンのない日時に使うタイムゾーンです（初期値：Asia/Tokyo）。",
	"The country of phone numbers without a country code (at first: JP).":                                 "国番号のない電話番号に使う国です（初期値：JP）。",
	"The longest row that its files may have, in bytes of UTF-8, from 1024 to 262144 (at first: 262144).": "ファイルの1行の上限です（UTF-8 のバイト数、1024～262144、初期値：262144）。",
	"The sender of its mails, if not the installation's.":                                                 "メールの差出人です（省略時：システムの既定値）。",
	"The tenant.": "テナントです。",
	"The e-mail address of the user, who gets mails about imports.": "ユーザーのメールアドレスです。取り込みのメールが届きます。",
	"The name of the user.": "ユーザーの名前です。",
	"The language of mails to the user: ja or en; the tenant's if not given.":      "ユーザーへのメールの言語です：ja または en（省略時：テナントの言語）。",
	"What the user may do: owner,admin,editor,viewer.":                             "ユーザーの権限です：owner,admin,editor,viewer。",
	"The e-mail address of the user to whom the key belongs; nobody if not given.": "キーの持ち主のメールアドレスです（省略時：なし）。",
	"What the key is for.": "キーの用途です。",
}
