package uploader

import (
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/password"
)

// The codes of problems that are the API's own; those of files, mappings and rows are in package member.
const (
	codeUnauthorized     = "unauthorized"
	codeEditDenied       = "edit_not_permitted"
	codeSourceExpired    = "source_expired"
	codeReportExpired    = "report_expired"
	codeMemberUnified    = "member_unified"
	codeConsentDenied    = "consent_not_permitted"
	codeNotFound         = "not_found"
	codeMethod           = "method_not_allowed"
	codeMalformed        = "malformed_request"
	codeNotAnObject      = "body_not_object"
	codeTooLarge         = "request_too_large"
	codeContentType      = "content_type_unsupported"
	codeContentEncoding  = "content_encoding_unsupported"
	codeInvalid          = "invalid_request"
	codeRequired         = "option_required"
	codeUnknownOption    = "unknown_option"
	codeUnknownPart      = "unknown_part"
	codeOption           = "invalid_option"
	codePartOrder        = "form_order"
	codeKeyReused        = "idempotency_key_reused"
	codeNotAList         = "not_a_list"
	codeSkipNotMapped    = "skip_without_not_mapped"
	codeLeadNumber       = "lead_member_number_mapped" // shown as lead_member_number
	codeUnknownList      = "unknown_list"
	codeUnknownProfile   = "unknown_profile"
	codeExists           = "exists"
	codeName             = "invalid_name"
	codeStandardField    = "standard_field"
	codeFieldsChanged    = "fields_changed"
	codeListMain         = "list_main"
	codeListInUse        = "list_in_use"
	codeNotStarted       = "not_started"
	codeUnknownColumn    = "unknown_column"
	codeColumnTwice      = "column_mapped_twice"
	codeMappingRequired  = "mapping_required"
	codeNotUploaded      = "not_uploaded"
	codeStarted          = "already_started"
	codeEnded            = "already_ended"
	codeWaiting          = "not_its_turn"
	codeNotRunning       = "not_running"
	codeNotPaused        = "not_paused"
	codeNotResumable     = "not_resumable"
	codeResumeLate       = "resume_expired"
	codeOvertaken        = "resume_overtaken"
	codeNotEnded         = "not_ended"
	codeRetryDryRun      = "retry_of_dry_run"
	codeNothingToRetry   = "nothing_to_retry"
	codeRetrySettled     = "retry_settled"
	codeNotAReport       = "not_a_report"
	codeIncomplete       = "upload_incomplete"
	codeStalled          = "upload_stalled"
	codeNoUpload         = "no_upload"
	codePartMissing      = "part_missing"
	codePartTooSmall     = "part_too_small"
	codePartTooLarge     = "part_too_large"
	codePartInvalid      = "part_invalid"
	codeSizeMismatch     = "size_mismatch"
	codeHashMismatch     = "hash_mismatch"
	codeDigestMismatch   = "digest_mismatch"
	codeLengthRequired   = "length_required"
	codeNotDirect        = "not_direct"
	codeAssembling       = "still_assembling"
	codeUnavailable      = "unavailable"
	codeStorageFull      = "storage_full"
	codeClientGone       = "client_gone"
	codeInternal         = string(member.Internal)
	codeNoRecipient      = "no_recipient"
	codeMailFailed       = "mail_failed"
	codeReportTooLong    = "report_too_long"
	codeCellCut          = "cell_cut"
	codeMemberExists     = "member_exists"
	codeMemberChanged    = "member_changed"
	codeIfMatchRequired  = "if_match_required"
	codeTooSlow          = "search_too_slow"
	codeRowsPerDay       = "rows_per_day"
	codeStorageLimit     = "storage_limit"
	codeRunningLimit     = "running_limit"
	codeAdminDenied      = "admin_not_permitted"
	codeRoleDenied       = "role_not_permitted"
	codeSessionNeeded    = "session_required"
	codeSessionEnded     = "session_ended"
	codeCrossOrigin      = "cross_origin"
	codeTooMany          = "too_many_requests"
	codeSignInFailed     = "sign_in_failed"
	codeSignInLocked     = "sign_in_locked"
	codePasswordShort    = string(password.Short)
	codePasswordLong     = string(password.Long)
	codePasswordTrivial  = string(password.Trivial)
	codePasswordWrong    = "password_wrong"
	codeTokenInvalid     = "token_invalid"
	codeLastOwner        = "last_owner"
	codeUserDisabled     = "user_disabled"
	codeUnknownUser      = "unknown_user"
	codeUndoNotEnded     = "undo_not_ended"
	codeUndoing          = "import_undoing"
	codeUndone           = "import_undone"
	codeUndoExpired      = "undo_expired"
	codeNothingToUndo    = "nothing_to_undo"
	codeUndoNotJournaled = "undo_not_journaled"
	codeNoUndo           = "no_undo"
)

// sentences are what people read for a code; {name} is a place to fill.
var sentences = map[string]member.Text{
	codeUnauthorized:     {JA: "APIキーがないか、正しくありません。「Authorization: Bearer meibo_…」の形式で有効なキーを送信してください。", EN: "The API key is missing or not valid. Please send a valid one as \"Authorization: Bearer meibo_…\"."},
	codeEditDenied:       {JA: "この操作には会員を編集する権限が必要です（インポートを含みます）。閲覧のみのユーザーは実行できません。管理者に権限の変更をご依頼ください。", EN: "This needs the right to edit members, as importing does, and you may only view them. Please ask an administrator for another role."},
	codeSourceExpired:    {JA: "アップロードされたファイルは、保存期間が過ぎたため削除されました。必要な場合は、新しいインポートとしてもう一度送信してください。", EN: "The uploaded file was deleted at the end of its retention. If it is needed, please send it again as a new import."},
	codeReportExpired:    {JA: "失敗した行は、保存期間が過ぎたため削除されました。件数は引き続き確認できます。", EN: "The failed rows were deleted at the end of their retention. Their numbers are still there."},
	codeMemberUnified:    {JA: "このリードは会員（データID：{id}）に統合されています。その会員を消去してください。リードの記録も一緒に消去されます。", EN: "The lead has become part of the member {id}. Please erase that one: what is kept of the lead goes with it."},
	codeConsentDenied:    {JA: "「consent」に allow を指定する権限がありません。guard を指定するか、オーナーまたは管理者のキー（スコープが admin のもの）、または許可されたキー（meibo key create --allow-consent）を使用してください。使用できる値：{accepted}", EN: "You may not set consent to allow. Please use guard, or a key of scope admin of an owner or admin, or one that was made for it (meibo key create --allow-consent). Accepted: {accepted}"},
	codeAdminDenied:      {JA: "この操作には管理の権限（admin）が必要です。オーナーまたは管理者のアカウント、またはスコープが admin のAPIキーを使用してください。", EN: "This needs the right to manage (admin). Please use the account of an owner or admin, or an API key with the scope admin."},
	codeRoleDenied:       {JA: "自分より上位の権限が関わるため、実行できません。オーナーにご依頼ください。", EN: "This concerns somebody, or a right, above your own role. Please ask an owner."},
	codeSessionNeeded:    {JA: "この操作はサインインしたユーザーだけが実行できます。APIキーでは実行できません。", EN: "Only somebody who is signed in can do this, not an API key."},
	codeSessionEnded:     {JA: "サインインの有効期限が切れたか、サインアウトしています。もう一度サインインしてください。", EN: "You are not signed in any more. Please sign in again."},
	codeCrossOrigin:      {JA: "ほかのサイトから送られたリクエストのため、受け付けませんでした。Meibo の画面から操作してください。", EN: "The request was made by a page of another site, so it was refused. Please use the pages of Meibo."},
	codeTooMany:          {JA: "リクエストが多すぎます。{seconds}秒待ってから、もう一度お試しください。", EN: "There are too many requests. Please wait {seconds} seconds and try again."},
	codeSignInFailed:     {JA: "サインインできません。テナント名、メールアドレス、パスワードを確認してください。", EN: "You could not be signed in. Please check the tenant, the e-mail address and the password."},
	codeSignInLocked:     {JA: "サインインの失敗が続いたため、一時的に受け付けを停止しています。{seconds}秒待ってから、もう一度お試しください。", EN: "There were too many attempts to sign in. Please wait {seconds} seconds and try again."},
	codePasswordShort:    {JA: "パスワードは12文字以上にしてください。", EN: "Please choose a password of at least 12 characters."},
	codePasswordLong:     {JA: "パスワードが長すぎます（上限はUTF-8で256バイトです）。短いものに変更してください。", EN: "The password is too long (at most 256 bytes of UTF-8). Please choose a shorter one."},
	codePasswordTrivial:  {JA: "推測されやすいパスワードです。よく使われる言葉、連続した文字、氏名やメールアドレスだけのものは避けてください。", EN: "The password is easy to guess. Please avoid common words, rows of characters, and your name or e-mail address."},
	codePasswordWrong:    {JA: "現在のパスワードが正しくありません。もう一度入力してください。", EN: "The old password is not right. Please enter it again."},
	codeTokenInvalid:     {JA: "招待が正しくないか、すでに使用されたか、期限が切れています。管理者に新しい招待をご依頼ください。", EN: "The invitation is not valid, was used already, or has expired. Please ask an administrator for a new one."},
	codeLastOwner:        {JA: "サインインできるオーナーがいなくなるため、実行できません。先にほかのユーザーをオーナーにしてください。", EN: "No owner who can sign in would be left. Please make somebody else an owner first."},
	codeUserDisabled:     {JA: "無効になっているユーザーは招待できません。先に有効にしてください。", EN: "A user who is disabled cannot be invited. Please enable the user first."},
	codeUnknownUser:      {JA: "指定されたユーザーはいません。IDを確認してください。", EN: "There is no such user. Please check the id."},
	codeNotFound:         {JA: "見つかりません。IDまたはアドレスを確認してください。", EN: "There is nothing here. Please check the id or the address."},
	codeMethod:           {JA: "このアドレスでは使用できないメソッドです。", EN: "The method cannot be used at this address."},
	codeMalformed:        {JA: "リクエストの本文をJSONとして読み取れません。", EN: "The body of the request cannot be read as JSON."},
	codeNotAnObject:      {JA: "リクエストの本文には、JSONのオブジェクト（{ で始まり } で終わるもの）を指定してください。指定する項目がない場合は {} を送信してください。", EN: "The body of the request has to be a JSON object, from { to }. Where there is nothing to say, please send {}."},
	codeTooLarge:         {JA: "リクエストの本文が大きすぎます（上限は1 MiBです）。ファイルは PUT /v1/imports/{id}/source で送信してください。", EN: "The body of the request is too large (at most 1 MiB). Please send files by PUT /v1/imports/{id}/source."},
	codeContentType:      {JA: "このContent-Typeには対応していません。application/json を使用してください。", EN: "The content type is not supported. Please use application/json."},
	codeContentEncoding:  {JA: "圧縮したアップロード（Content-Encoding）には対応していません。圧縮せずに送信してください。", EN: "Compressed uploads (Content-Encoding) are not supported. Please send the file as it is."},
	codeInvalid:          {JA: "リクエストの内容に誤りがあります。各項目の説明を確認してください。", EN: "Several parts of the request are wrong. Please see each of them."},
	codeRequired:         {JA: "「{option}」は必須です。", EN: "{option} is required."},
	codeUnknownOption:    {JA: "「{option}」という項目はありません。つづりを確認してください。", EN: "There is no option {option}. Please check its spelling."},
	codeUnknownPart:      {JA: "フォームに「{option}」という項目はありません。使用できる項目は options、file、start です。取り込みの指定は、JSON にまとめて options に入れてください。", EN: "A form has no part {option}, only options, file and start. What is said of the import goes into options, as JSON."},
	codeOption:           {JA: "「{option}」の値が正しくありません。使用できる値：{accepted}", EN: "The value of {option} is not accepted. Accepted: {accepted}"},
	codePartOrder:        {JA: "フォームのパート「{option}」の順序が正しくありません。「options」を1つ、そのあとに「file」を1つ送信してください。", EN: "The part {option} of the form is out of order. Please send one part options and then one part file."},
	codeKeyReused:        {JA: "この Idempotency-Key は、内容の異なるリクエストですでに使用されています。同じ内容で送信するか、新しいキーを使用してください。", EN: "This Idempotency-Key was used with another request before. Please send the same request, or use a new key."},
	codeNotAList:         {JA: "列「{header}」の項目はリストでもタグでもないため、「list_values」は指定できません。指定できる項目：{accepted}", EN: "The column {header} feeds neither a list nor tags, so list_values cannot be said of it. Accepted for: {accepted}"},
	codeSkipNotMapped:    {JA: "「skip_without」の項目「{field}」に列が割り当てられていません。列を割り当てるか、別の項目を指定してください。使用できる値：{accepted}", EN: "No column is mapped to {field}, which skip_without names. Please map one, or name another field. Accepted: {accepted}"},
	codeLeadNumber:       {JA: "リードに会員番号は登録できないため、列「{header}」を会員番号に割り当てられません。この列を「インポートしない」にするか、「kind」を member にしてください。", EN: "A lead cannot have a member number, so the column {header} cannot be mapped to it. Please leave the column out, or set kind to member."},
	codeUnknownList:      {JA: "アドレスリスト「{list}」はありません。", EN: "There is no list {list}."},
	codeUnknownProfile:   {JA: "プロファイル「{profile}」はありません。名前を確認してください。", EN: "There is no profile {profile}. Please check its name."},
	codeExists:           {JA: "「{name}」はすでにあります。別の名前を指定するか、既存のものを変更してください。", EN: "{name} exists already. Please choose another name, or change the one that is there."},
	codeName:             {JA: "「{option}」には、改行などを含まない1〜100文字の名前を指定してください。", EN: "Please give {option} 1 to 100 characters without line breaks and the like."},
	codeStandardField:    {JA: "標準の項目「{field}」は変更できません。必須かどうかは、アドレスリストごとに設定してください（PATCH /v1/lists/…）。", EN: "The standard field {field} cannot be changed. Whether it is required can be said for each list (PATCH /v1/lists/…)."},
	codeFieldsChanged:    {JA: "割り当てた項目が、開始する直前に廃止されました。割り当てを確認して、もう一度開始してください。", EN: "A field of the mapping was retired at this moment. Please check the mapping and start the import again."},
	codeListMain:         {JA: "アドレスリスト「main」の名前の変更と削除はできません。", EN: "The list main can be neither renamed nor deleted."},
	codeListInUse:        {JA: "アドレスリスト「{list}」には会員、インポートの履歴、または配信停止の記録があるため、削除できません。", EN: "The list {list} has members, imports or opt-outs that are remembered, so it cannot be deleted."},
	codeNotStarted:       {JA: "指定されたインポートがないか、まだ開始されていません。開始したインポートのIDを指定してください。", EN: "There is no such import, or it has not been started. Please name one that has."},
	codeUnknownColumn:    {JA: "列「{header}」はファイルにありません。ファイルの列：{columns}", EN: "The file has no column {header}. Its columns: {columns}"},
	codeColumnTwice:      {JA: "列「{header}」が2回指定されています。1つの列は1つの項目だけに割り当ててください。", EN: "The column {header} is given twice. A column can feed one field only."},
	codeMappingRequired:  {JA: "見出しの行が見つかりません。見出しがある場合はその行番号を、ない場合は各列の項目を列の番号（「1」から）で指定してください。", EN: "No row of the file seems to name its columns. Please say which row does, or map the columns by their numbers, from \"1\"."},
	codeNotUploaded:      {JA: "ファイルがまだアップロードされていません。先に PUT /v1/imports/{id}/source で送信してください。", EN: "No file is uploaded yet. Please send it by PUT /v1/imports/{id}/source first."},
	codeStarted:          {JA: "このインポートはすでに開始されています。", EN: "The import has been started already."},
	codeEnded:            {JA: "このインポートはすでに終了しています。", EN: "The import has ended already."},
	codeWaiting:          {JA: "このインポートは順番待ちのため、一時停止できません。実行が始まってから一時停止するか、不要な場合はキャンセルしてください。", EN: "The import is waiting for its turn and cannot be paused. Please pause it once it runs, or cancel it if it is not needed."},
	codeNotRunning:       {JA: "このインポートはまだ開始されていないため、一時停止できません。", EN: "The import has not been started, so it cannot be paused."},
	codeNotPaused:        {JA: "このインポートは一時停止していないため、再開の必要はありません。", EN: "The import is not paused, so there is nothing to resume."},
	codeNotResumable:     {JA: "このインポートは再開できません。再開できるのは、一時停止中のものと、システム側の原因によりエラーで終了したものだけです。必要な場合は、もう一度インポートしてください。", EN: "The import cannot be resumed: only one that is paused, or that has failed for a reason on the side of the system, can. Please import the file again if needed."},
	codeResumeLate:       {JA: "エラーで終了してから7日を過ぎたか、再開に必要なデータが保存期間の終了により削除されたため、このインポートは再開できません。もう一度インポートしてください。", EN: "The import failed more than 7 days ago, or what it needs to go on was deleted at the end of its retention, so it cannot be resumed any more. Please import the file again."},
	codeOvertaken:        {JA: "エラーで終了したあとに、同じ行の再インポートまたは取り消しが行われているため、このインポートは再開できません。", EN: "The import cannot be resumed, because its rows have been retried since it failed, or it is being undone."},
	codeNotEnded:         {JA: "このインポートはまだ終了していません。終了してから再インポートしてください。", EN: "The import has not ended yet. Please retry its failed rows when it has."},
	codeRetryDryRun:      {JA: "テスト実行（ドライラン）の失敗した行は再インポートできません。本番のインポートを開始してください。", EN: "Failed rows of a dry run cannot be retried, since it has imported nothing. Please start the real import."},
	codeNothingToRetry:   {JA: "このインポートには、再インポートが必要な失敗した行がありません。", EN: "The import has no failed rows that are left to retry."},
	codeRetrySettled:     {JA: "再インポートの設定と項目の割り当ては元のインポートと同じになり、変更できません。指定できるのは、ファイルの読み取り方（encoding、delimiter、sheet、header_row）だけです。", EN: "A retry has the options and the mapping of its original import, and they cannot be changed. Only how its file is read can be said (encoding, delimiter, sheet, header_row)."},
	codeNotAReport:       {JA: "失敗した行のレポートではないファイルです。ダウンロードしたレポートを修正し、列 rowNumber、errorColumns、errorReason を残したまま送信してください。ファイルの列：{columns}", EN: "The file is no report of failed rows. Please correct the report as it was downloaded, and keep its columns rowNumber, errorColumns and errorReason. The file's columns: {columns}"},
	codeIncomplete:       {JA: "アップロードが途中で切れました。もう一度送信してください。", EN: "The upload broke off. Please send the file again."},
	codeStalled:          {JA: "アップロードが途中で止まったため、中断しました。もう一度送信してください。", EN: "The upload stalled and was given up. Please send the file again."},
	codeNoUpload:         {JA: "分割アップロードが開始されていません。POST /v1/imports/{id}/parts で開始してください。", EN: "No upload by parts is under way. Please begin one by POST /v1/imports/{id}/parts."},
	codePartMissing:      {JA: "パート{number}が届いていません。送信してから、もう一度完了してください。", EN: "Part {number} has not come. Please send it, then complete the upload again."},
	codePartTooSmall:     {JA: "パート{number}が小さすぎます。最後のパート以外は5 MiB以上にして送信し直してください。", EN: "Part {number} is too small. Please send it again with at least 5 MiB, as all parts but the last one need."},
	codePartTooLarge:     {JA: "パートが大きすぎます（上限は{limit}です）。ファイルをより小さなパートに分けて送信してください。", EN: "The part is too large (at most {limit}). Please cut the file into smaller parts."},
	codePartInvalid:      {JA: "保存されているパート{number}は、指定されたETagのものではありません。もう一度送信してください。", EN: "Part {number} as it is stored is not the one with that ETag. Please send it again."},
	codeSizeMismatch:     {JA: "届いたデータは{size}バイトで、指定された{expected}バイトと異なります。正しいパートを送信してから、もう一度完了してください。", EN: "{size} bytes have come, not the {expected} that were announced. Please send the right parts, then complete the upload again."},
	codeHashMismatch:     {JA: "届いたファイルのSHA-256は{sha256}で、指定された値と異なります。アップロードを最初からやり直してください。", EN: "The SHA-256 of the file that has come is {sha256}, not the one that was announced. Please begin the upload again."},
	codeDigestMismatch:   {JA: "届いたパートの内容がContent-Digestと一致しません。もう一度送信してください。", EN: "The part that has come is not what its Content-Digest says. Please send it again."},
	codeLengthRequired:   {JA: "Content-Lengthヘッダーでパートの大きさを指定してください。", EN: "Please give the size of the part in the header Content-Length."},
	codeNotDirect:        {JA: "オブジェクトストレージへ直接送信することはできません。パートは PUT /v1/imports/{id}/parts/{number} で送信してください。", EN: "Parts cannot be sent straight to the object storage. Please send them by PUT /v1/imports/{id}/parts/{number}."},
	codeAssembling:       {JA: "ファイルの組み立てと確認を続けています。少し待ってから、もう一度完了してください。", EN: "The file is still being put together and checked. Please complete the upload again in a moment."},
	codeStorageFull:      {JA: "ファイルの保存先の空き容量が不足しています。管理者にお問い合わせください。", EN: "The object storage has no room left for the file. Please contact your administrator."},
	codeUnavailable:      {JA: "一時的に処理できません。しばらくしてからもう一度お試しください。", EN: "This cannot be done at the moment. Please try again later."},
	codeClientGone:       {JA: "クライアントが接続を切断しました。", EN: "The client has closed the connection."},
	codeInternal:         {JA: "サーバーで問題が発生しました。しばらくしてからもう一度お試しください。", EN: "Something went wrong on the server. Please try again later."},
	codeNoRecipient:      {JA: "完了をお知らせするメールアドレスが登録されていないため、メールを送信しませんでした。", EN: "No mail was sent, because nobody has an e-mail address to be told at."},
	codeReportTooLong:    {JA: "失敗した行が多いため、Excelの1シート（見出しを除いて{detail}行）に収まりません。CSVのレポート（failures.csv）をダウンロードしてください。", EN: "More rows have failed than a sheet of Excel can hold ({detail} below the header). Please download the report as CSV (failures.csv)."},
	codeCellCut:          {JA: "「{field}」はExcelのセルに入る長さ（32,767文字）を超えるため、途中までの表示です。全文はCSVのレポート（failures.csv）で確認してください。", EN: "{field} is longer than a cell of Excel can be (32,767 characters) and is cut here. Please see the report as CSV (failures.csv) for all of it."},
	codeMemberExists:     {JA: "同じキー（{key}）の会員がすでに登録されています（データID：{id}）。内容を変更する場合は PATCH /v1/members/{id} を使用してください。", EN: "A member with this key ({key}) exists already (ID {id}). To change it, please use PATCH /v1/members/{id}."},
	codeMemberChanged:    {JA: "読み取ったあとに会員が変更されています（現在のバージョン：{version}）。もう一度読み取り、ETagの値をIf-Matchに指定してやり直してください。", EN: "The member has been changed since it was read (its version is {version} now). Please read it again and send its ETag as If-Match."},
	codeIfMatchRequired:  {JA: "If-Matchヘッダーが必要です。GET /v1/members/{id} のETagの値を指定してください。", EN: "The header If-Match is required. Please send the ETag of GET /v1/members/{id}."},
	codeTooSlow:          {JA: "検索に時間がかかりすぎるため、中止しました。会員番号・メールアドレス・電話番号などのキー項目の条件を追加して、対象を絞り込んでください。", EN: "The search took too long and was given up. Please narrow it by a key field, such as the member number, the e-mail address or the phone number."},
	codeRowsPerDay:       {JA: "1日に取り込める行数の上限（{limit}行）を超えるため、開始できません。本日はすでに{used}行を取り込んでおり、このファイルは{needed}行以上あります。{time}以降にもう一度開始するか、行数を減らすか、管理者に上限の変更をご依頼ください。", EN: "This would go beyond the rows that may be imported in a day ({limit}): {used} have been today, and the file has {needed} or more. Please start it again after {time}, import fewer rows, or ask an administrator for a higher limit."},
	codeStorageLimit:     {JA: "ファイルの保存容量の上限（{limit}バイト）を超えるため、アップロードできません（使用中：{used}バイト）。不要なファイルの保存期間が過ぎるのを待つか、管理者に上限の変更をご依頼ください。", EN: "There is no room for the file: files and reports may take {limit} bytes, and {used} are taken. Please wait until older ones are deleted, or ask an administrator for a higher limit."},
	codeRunningLimit:     {JA: "同時に実行できるインポートの上限（{limit}件）に達しているため、順番を待っています。ほかのインポートが終わると自動的に開始します。", EN: "As many imports are running as may at the same time ({limit}). This one starts by itself when its turn comes."},
	codeMailFailed:       {JA: "{recipient} へのメールを送信できませんでした。", EN: "The mail to {recipient} could not be delivered."},
	codeUndoNotEnded:     {JA: "このインポートはまだ終了していません。終了を待つか、キャンセルしてから元に戻してください。", EN: "The import has not ended yet. Please wait for its end, or cancel it, and undo it then."},
	codeUndoing:          {JA: "このインポートは元に戻している途中です。元に戻す処理はキャンセルできません。完了するまでお待ちください。", EN: "The import is being undone, which cannot be cancelled. Please wait until it is done."},
	codeUndone:           {JA: "このインポートはすでに元に戻されています。もう一度取り込むには、同じファイルを新しくインポートしてください。", EN: "The import has been undone already. To have its rows again, please import the file anew."},
	codeUndoExpired:      {JA: "元に戻せる期間を過ぎたため、このインポートを元に戻すことはできません。必要な変更は個別に、または新しいファイルのインポートで行ってください。", EN: "The import can no longer be undone: the time for that is over. Please make the changes by hand, or by importing another file."},
	codeNothingToUndo:    {JA: "このインポートは会員を変更していないため、元に戻すものがありません。", EN: "The import has changed no members, so there is nothing to undo."},
	codeUndoNotJournaled: {JA: "このインポートは変更前の値を記録しない以前のバージョンで実行されたため、元に戻すことはできません。", EN: "The import ran under an earlier version, which kept no record of what stood there before, so it cannot be undone."},
	codeNoUndo:           {JA: "このインポートを元に戻す操作は、まだ行われていません。POST /v1/imports/{id}/undo で開始してください。", EN: "Nobody has asked for this import to be undone. Please begin by POST /v1/imports/{id}/undo."},
}
