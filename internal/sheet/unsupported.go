package sheet

import (
	"fmt"

	"github.com/meibo/meibo/internal/member"
)

// Unsupported says that a source is not one that can be imported, and what to do instead. Trying again does
// not help.
type Unsupported struct {
	// Code is one of member.FormatUnsupported, NotATable, EncryptedFile, CorruptFile, FileTooLarge,
	// SheetMissing and EncodingUnsupported.
	Code member.Code
	// Detail fills the place in the sentence of the code: the format, the limit, the sheet.
	Detail string
	// Reason tells the person who has the file what it is and what to do, more closely than the code can.
	Reason member.Text
	// Finding is for the log: what exactly was found.
	Finding string
}

// Error returns the English reason and the finding.
func (u *Unsupported) Error() string {
	if u.Finding == "" {
		return u.Reason.EN
	}
	return fmt.Sprintf("%s (%s)", u.Reason.EN, u.Finding)
}

// refuse returns a copy of u that says what was found.
func refuse(u Unsupported, format string, args ...any) *Unsupported {
	u.Finding = fmt.Sprintf(format, args...)
	return &u
}

// The refusals.
var (
	oldExcel = Unsupported{Code: member.FormatUnsupported, Detail: "XLS", Reason: member.Text{
		JA: "古い形式のExcelファイル（.xls）、またはパスワード付きのExcelファイルです。Excelで開き、パスワードを解除したうえで「Excel ブック (*.xlsx)」として保存し直してください。",
		EN: "This is an old Excel file (.xls), or a workbook with a password. Please open it in Excel, remove the password and save it as an Excel workbook (.xlsx).",
	}}
	encrypted = Unsupported{Code: member.EncryptedFile, Reason: member.Text{
		JA: "パスワードで保護されたExcelファイルです。Excelで開き、パスワードを解除して保存し直してください。",
		EN: "This workbook is protected by a password. Please open it in Excel, remove the password and save it again.",
	}}
	binaryExcel = Unsupported{Code: member.FormatUnsupported, Detail: "XLSB", Reason: member.Text{
		JA: "Excelバイナリ形式（.xlsb）のファイルです。Excelで開き、「Excel ブック (*.xlsx)」として保存し直してください。",
		EN: "This is a binary Excel workbook (.xlsb). Please open it in Excel and save it as an Excel workbook (.xlsx).",
	}}
	openDocument = Unsupported{Code: member.FormatUnsupported, Detail: "OpenDocument", Reason: member.Text{
		JA: "OpenDocument形式のファイルです。XLSX、またはCSVとして保存し直してください。",
		EN: "This is an OpenDocument file. Please save it as XLSX or CSV.",
	}}
	otherOffice = Unsupported{Code: member.FormatUnsupported, Detail: "Office", Reason: member.Text{
		JA: "Excelブックではありません。XLSX、またはCSVとして保存し直してください。",
		EN: "This is not an Excel workbook. Please save the data as XLSX or CSV.",
	}}
	archived = Unsupported{Code: member.FormatUnsupported, Detail: "ZIP", Reason: member.Text{
		JA: "圧縮ファイルです。展開して、中のCSVファイルまたはXLSXファイルをアップロードしてください。",
		EN: "This is a compressed archive. Please unpack it and upload the CSV or XLSX file inside.",
	}}
	pdfFile = Unsupported{Code: member.FormatUnsupported, Detail: "PDF", Reason: member.Text{
		JA: "PDFファイルです。元のデータをCSVまたはXLSXとして保存し、アップロードしてください。",
		EN: "This is a PDF. Please upload the original data as CSV or XLSX.",
	}}
	htmlPage = Unsupported{Code: member.FormatUnsupported, Detail: "HTML", Reason: member.Text{
		JA: "HTML（ウェブページ）です。拡張子が.xlsでもExcelファイルではありません。Excelで開き、「Excel ブック (*.xlsx)」として保存し直してください。",
		EN: "This is HTML, a web page, even if it is called .xls. Please open it in Excel and save it as an Excel workbook (.xlsx).",
	}}
	xmlFile = Unsupported{Code: member.FormatUnsupported, Detail: "XML", Reason: member.Text{
		JA: "XMLファイルです。Excelで開き、「Excel ブック (*.xlsx)」として保存し直してください。",
		EN: "This is an XML file. Please open it in Excel and save it as an Excel workbook (.xlsx).",
	}}
	jsonFile = Unsupported{Code: member.FormatUnsupported, Detail: "JSON", Reason: member.Text{
		JA: "JSONファイルです。CSVまたはXLSXに変換してからアップロードしてください。",
		EN: "This is a JSON file. Please convert it to CSV or XLSX.",
	}}
	notATable = Unsupported{Code: member.NotATable, Reason: member.Text{
		JA: "CSVファイルでもXLSXファイルでもありません。XLSX、またはCSVとして保存し直してください。",
		EN: "This is neither a CSV nor an XLSX file. Please save the data as XLSX or CSV.",
	}}
	otherEncoding = Unsupported{Code: member.EncodingUnsupported, Reason: member.Text{
		JA: "読み取れない文字コードです。UTF-8、Shift_JIS、EUC-JP、UTF-16のいずれかで保存し直してください。Excelでは「CSV UTF-8 (コンマ区切り) (*.csv)」を選びます。",
		EN: "The text is in an encoding that cannot be read. Please save it in UTF-8, Shift_JIS, EUC-JP or UTF-16; in Excel as \"CSV UTF-8 (Comma delimited)\".",
	}}
	corrupt = Unsupported{Code: member.CorruptFile, Reason: member.Text{
		JA: "Excelファイルが壊れているか、途中で切れているため、読み取れません。Excelで開いて保存し直してください。",
		EN: "The workbook is damaged or incomplete. Please open it in Excel and save it again.",
	}}
	gzipCorrupt = Unsupported{Code: member.CorruptFile, Reason: member.Text{
		JA: "gzipファイルが壊れているか、途中で切れているため、展開できません。もう一度圧縮するか、展開したCSVファイルをアップロードしてください。",
		EN: "The gzip file is damaged or incomplete and cannot be unpacked. Please compress it again, or upload the unpacked CSV file.",
	}}
	gzipTooLarge = Unsupported{Code: member.FileTooLarge, Reason: member.Text{
		JA: "gzipファイルを展開すると大きくなりすぎるため、読み取れません。ファイルを分割するか、展開したCSVファイルをアップロードしてください。",
		EN: "The gzip file is too large when unpacked. Please split it, or upload the unpacked CSV file.",
	}}
	gzipInside = Unsupported{Code: member.FormatUnsupported, Detail: "gzip", Reason: member.Text{
		JA: "gzipファイルの中身がCSVファイルではありません。展開して、中のCSVファイルまたはXLSXファイルをアップロードしてください。",
		EN: "The gzip file does not hold a CSV file. Please unpack it and upload the CSV or XLSX file inside.",
	}}
	tooLarge = Unsupported{Code: member.FileTooLarge, Reason: member.Text{
		JA: "Excelファイルの内容が大きすぎるため、読み取れません。CSVとして保存するか、ファイルを分割してください。",
		EN: "The contents of the workbook are too large. Please save it as CSV, or split it.",
	}}
	noSheet = Unsupported{Code: member.SheetMissing, Reason: member.Text{
		JA: "指定されたシートが見つかりません。シート名を確認してください。",
		EN: "The workbook has no such sheet. Please check the sheet's name.",
	}}
)

// named returns u for a format of that name.
func named(u Unsupported, detail string) Unsupported {
	u.Detail = detail
	return u
}
