package sheet

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/meibo/meibo/internal/member"
)

// record is a row that outlives its reader.
type record struct {
	number int64
	cells  []string
	fault  Fault
}

func keep(r *Row) record {
	out := record{number: r.Number, fault: r.Fault, cells: []string{}}
	for _, c := range r.Cells {
		out.cells = append(out.cells, string(c))
	}
	return out
}

// referenceCSV is the specification of CSVReader, written for clarity: the whole file in memory, a byte at a
// time.
func referenceCSV(data string, delim byte, limit int) []record {
	for strings.HasPrefix(data, BOM) {
		data = data[len(BOM):]
	}
	if delim, n := separatorLine([]byte(data)); n > 0 && delim != 0 {
		data = data[n:]
	}
	data = strings.TrimSuffix(data, "\x1A")
	var out []record
	doubt := 0
	for number := int64(1); data != ""; number++ {
		end, next := referenceLine(data, 0)
		r := record{number: number, cells: []string{}}
		size := next
		switch cells, n, fault := referenceRecord(data, delim, limit, &doubt); {
		case end > limit:
			r.fault = Fault{Code: member.RowTooLong, Detail: strconv.Itoa(limit)}
		case fault.Code == member.RowTooLong:
			r.fault, size = fault, n
		case fault.Code != "":
			r.fault = fault
			r.cells = append(cells, strings.Split(data[n:end], string(delim))...)
		default:
			r.cells, size = cells, n
		}
		data = data[size:]
		doubt -= size
		referenceRepair(&r)
		if r.fault.Code != "" || strings.Trim(strings.Join(r.cells, ""), " \t") != "" {
			out = append(out, r)
		}
	}
	return out
}

// referenceLine returns where the line that holds p ends and where the next one starts.
func referenceLine(data string, p int) (end, next int) {
	i := strings.IndexAny(data[p:], "\r\n")
	if i < 0 {
		return len(data), len(data)
	}
	end = p + i
	if strings.HasPrefix(data[end:], "\r\n") {
		return end, end + 2
	}
	return end, end + 1
}

// referenceRecord cuts the first record. n is its size; with a fault of quotes the start of the cell that the
// first line does not hold as a whole, before which cells stand. Before doubt no quoted cell goes over its line.
func referenceRecord(data string, delim byte, limit int, doubt *int) (cells []string, n int, fault Fault) {
	first, _ := referenceLine(data, 0)
	over, overStart := -1, 0
	for p := 0; ; p++ {
		start, cell, quoted := p, "", p < len(data) && data[p] == '"'
		quotes := func(code member.Code) ([]string, int, Fault) {
			if over < 0 {
				over, overStart = len(cells), start
			} else {
				code = member.UnclosedQuote
			}
			return cells[:over], overStart, Fault{Code: code, Column: over + 1}
		}
		atEnd := func() bool {
			return p >= len(data) || data[p] == delim || data[p] == '\r' || data[p] == '\n'
		}
		if quoted {
			lineEnd, _ := referenceLine(data, start)
			for p++; ; p++ {
				if start < *doubt && p >= lineEnd {
					return quotes(member.UnclosedQuote)
				}
				if p >= len(data) || data[p] == '"' && p > limit {
					*doubt = min(limit+1, len(data))
					return quotes(member.UnclosedQuote)
				}
				if data[p] == '"' {
					if p++; p >= len(data) || data[p] != '"' {
						break
					}
				}
				cell += data[p : p+1]
			}
			if p > first && over < 0 {
				over, overStart = len(cells), start
			}
			closed := p
			for p < len(data) && (data[p] == ' ' || data[p] == '\t') && data[p] != delim {
				p++
			}
			if p > closed && (p > limit || !atEnd()) {
				p = closed
			}
			if !atEnd() {
				if over >= 0 {
					*doubt = max(*doubt, len(strings.TrimRight(data[:p], `"`)))
				}
				return quotes(member.BadQuote)
			}
		} else {
			for !atEnd() {
				p++
			}
			cell = data[start:p]
		}
		end, next := referenceLine(data, p)
		if end > limit {
			return nil, next, Fault{Code: member.RowTooLong, Detail: strconv.Itoa(limit)}
		}
		cells = append(cells, cell)
		if p == end {
			return cells, next, Fault{}
		}
	}
}

// referenceRepair is the specification of repair.
func referenceRepair(r *record) {
	for i, c := range r.cells {
		fixed := strings.ReplaceAll(strings.ToValidUTF8(c, "\uFFFD"), "\x00", "\uFFFD")
		if fixed == c {
			continue
		}
		r.cells[i] = fixed
		if r.fault.Code != "" {
			continue
		}
		for at, char := range c {
			if char == 0 || char == utf8.RuneError && !strings.HasPrefix(c[at:], "\uFFFD") {
				r.fault = Fault{member.Undecodable, i + 1, fmt.Sprintf("0x%02X @ %d", c[at], utf8.RuneCountInString(c[:at])+1)}
				break
			}
		}
	}
}
