package uploader

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func docReadFailures() huma.Operation {
	return operation(http.MethodGet, "/v1/imports/{id}/failures", "read-failures", tagImports, "See which rows failed",
		"Counts by problem, and the first 30 failed rows.", http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity)
}

const reportDescription = "In the order of the file: `rowNumber`, `errorColumns`, `errorReason`, then the original cells under the keys of their fields. " +
	"Safe to open in Excel: cells that could be taken for a formula have an apostrophe in front, which is taken off when the report is uploaded again. " +
	"It can be corrected and uploaded as it is, to …/retry, so that its rows count for this import, or as an import of its own; the first three columns are not imported, and text that could not be read (U+FFFD) fails its row until it is corrected. " +
	"A row that could not be cut into its columns has that sign (in Shift_JIS and EUC-JP 〓) at the end of the cell at fault, or of the last one.\n\n"

func docFailuresCSV() huma.Operation {
	op := operation(http.MethodGet, "/v1/imports/{id}/failures.csv", "download-failures", tagImports, "Download all failed rows as CSV",
		reportDescription+
			"The report is in the encoding of the file, which the Content-Type names: UTF-8 with a byte order mark, Shift_JIS, EUC-JP, or UTF-16 with a byte order mark; "+
			"for a workbook, and where text of the file could not be decoded, it is UTF-8. It has commas, whatever the file had; in UTF-16 tabs, the only delimiter that Excel knows there.",
		http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity)
	op.Parameters = []*huma.Param{idParam(), languageParam()}
	op.Responses["200"] = file("The report.", typeCSV, "rowNumber,errorColumns,errorReason,member_sn,phone\r\n12,phone,Phone is not a valid phone number.,A-0012,0120\r\n")
	return op
}

func docFailuresXLSX() huma.Operation {
	op := operation(http.MethodGet, "/v1/imports/{id}/failures.xlsx", "download-failures-xlsx", tagImports, "Download all failed rows as a workbook",
		reportDescription+
			"All cells are text. A cell that is longer than Excel allows (32,767 characters) is cut, says so in `errorReason`, and ends in U+FFFD. "+
			"Where more rows have failed than a sheet can hold (1,048,575), there is only the CSV.",
		http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity)
	op.Parameters = []*huma.Param{idParam(), languageParam()}
	op.Responses["200"] = file("The report.", typeXLSX, "")
	return op
}

func docTemplateCSV() huma.Operation {
	op := operation(http.MethodGet, "/v1/templates/{list}.csv", "template-csv", tagAccount, "Download a template as CSV",
		"The header of a file for the list: its label and key for each field that can be imported, with * where a new member must have a value. A file with this header is mapped by itself.",
		http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity)
	op.Parameters = []*huma.Param{
		listParam(), kindParam(),
		queryParam("encoding", "How the text is written: utf-8 (with a byte order mark) or shift_jis. Default: utf-8.", encodings.accepted),
		languageParam(),
	}
	op.Responses["200"] = file("The template.", typeCSV, "Member number (member_sn),E-mail (email),Phone (phone),Name (name)*\r\n")
	return op
}

func docTemplateXLSX() huma.Operation {
	op := operation(http.MethodGet, "/v1/templates/{list}.xlsx", "template-xlsx", tagAccount, "Download a template as a workbook",
		"As the CSV, with all columns formatted as text, so that leading zeros survive, and drop-downs where a field has choices. A second sheet explains every field; it is not imported.",
		http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity)
	op.Parameters = []*huma.Param{listParam(), kindParam(), languageParam()}
	op.Responses["200"] = file("The template.", typeXLSX, "")
	return op
}

// file is an answer that is saved as a file.
func file(description, mediaType, example string) *huma.Response {
	m := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	if example != "" {
		m.Example = example
	} else {
		m.Schema.Extensions = map[string]any{"contentMediaType": mediaType}
	}
	return &huma.Response{Description: description, Content: map[string]*huma.MediaType{mediaType: m}}
}

func listParam() *huma.Param {
	return &huma.Param{
		Name: "list", In: "path", Required: true, Description: "The name of the list.",
		Schema: &huma.Schema{Type: huma.TypeString}, Example: "main",
	}
}

func kindParam() *huma.Param {
	return queryParam("kind", "What the rows are: member or lead. Default: member.", kinds.accepted)
}

func languageParam() *huma.Param {
	return queryParam(languages.name, "The language of what people read: ja or en. Default: by Accept-Language.", languages.accepted[1:])
}

func queryParam(name, description string, accepted []string) *huma.Param {
	values := make([]any, len(accepted))
	for i, v := range accepted {
		values[i] = v
	}
	return &huma.Param{Name: name, In: "query", Description: description, Schema: &huma.Schema{Type: huma.TypeString, Enum: values}}
}
