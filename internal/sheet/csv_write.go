package sheet

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strings"
)

// WriteCSV writes rows with commas and CRLF (RFC 4180), without byte order mark: write BOM first for people
// who open the file in Excel. What was written is read back as the same cells, except that a row without text
// is a blank record, and that cells need to be UTF-8 without NUL.
func WriteCSV(w io.Writer, rows iter.Seq[[]string]) error {
	return WriteDelimited(w, ',', rows)
}

// WriteDelimited is WriteCSV with another delimiter: a byte of ASCII other than the quote, CR and LF.
func WriteDelimited(w io.Writer, delimiter byte, rows iter.Seq[[]string]) error {
	b := bufio.NewWriterSize(w, headSize)
	var line []byte
	for row := range rows {
		line = appendRecord(line[:0], delimiter, row)
		if _, err := b.Write(line); err != nil {
			return fmt.Errorf("write csv: %w", err)
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return nil
}

// appendRecord appends one record as WriteDelimited writes it.
func appendRecord(dst []byte, delimiter byte, row []string) []byte {
	for i, cell := range row {
		if i > 0 {
			dst = append(dst, delimiter)
		}
		if !needsQuotes(cell, delimiter) && (cell != "" || len(row) > 1) {
			dst = append(dst, cell...)
			continue
		}
		dst = append(dst, '"')
		for {
			before, after, found := strings.Cut(cell, `"`)
			dst = append(dst, before...)
			if !found {
				break
			}
			dst = append(dst, '"', '"')
			cell = after
		}
		dst = append(dst, '"')
	}
	return append(dst, '\r', '\n')
}

// needsQuotes reports whether a cell cannot stand as it is: also blanks at its ends, which some programs
// remove, and delimiters that detection could take for the file's.
func needsQuotes(cell string, delimiter byte) bool {
	if cell == "" {
		return false
	}
	first, last := cell[0], cell[len(cell)-1]
	return first == ' ' || last == ' ' || strings.HasPrefix(cell, BOM) || strings.IndexByte(cell, delimiter) >= 0 || strings.ContainsAny(cell, "\"\r\n"+delimiters)
}

// guard is put in front of a cell that a spreadsheet program could take for a formula.
const guard = "'"

// Guard makes a cell of a report safe to open in a spreadsheet program: what starts like a formula (= + - @,
// also in full width, and a tab or line end, behind which one can follow) gets an apostrophe in front. Cells
// that would look guarded get one too, so that Unguard(Guard(s)) == s for every s.
func Guard(cell string) string {
	if formula(strings.TrimLeft(cell, guard)) {
		return guard + cell
	}
	return cell
}

// Unguard takes off what Guard put on. A cell that Guard cannot have made is returned as it is.
func Unguard(cell string) string {
	if strings.HasPrefix(cell, guard) && formula(strings.TrimLeft(cell, guard)) {
		return cell[len(guard):]
	}
	return cell
}

// UnguardBytes is Unguard for a cell as it is read, without copying it.
func UnguardBytes(cell []byte) []byte {
	if len(cell) == 0 || cell[0] != guard[0] || len(Unguard(string(cell))) == len(cell) {
		return cell
	}
	return cell[len(guard):]
}

// formula reports whether text starts like a formula (OWASP, "CSV Injection").
func formula(text string) bool {
	for _, r := range text {
		return strings.ContainsRune("=+-@\t\r\n＝＋－＠", r)
	}
	return false
}
