package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/meibo/meibo/internal/inspect"
)

// showInspection writes what was found out about a file for people.
func (c *console) showInspection(i *inspection) error {
	if err := c.showReading(i); err != nil {
		return err
	}
	if err := c.showColumns(&i.Inspection); err != nil {
		return err
	}
	if err := c.showFirstRows(&i.Inspection); err != nil {
		return err
	}
	for _, w := range i.Warnings {
		if err := c.print("%s%s%s", c.say("ご注意：", "Please note: "), printable(w.Detail), c.inRows(w.Rows)); err != nil {
			return err
		}
	}
	return c.showCheck(i.Check)
}

// showReading tells how the file is read.
func (c *console) showReading(i *inspection) error {
	t := &table{}
	t.add(c.say("ファイル", "File"), printable(i.File)+" ("+bytesText(i.Size)+")")
	format := strings.ToUpper(i.Format)
	if i.Gzip {
		format += ", gzip"
	}
	t.add(c.say("形式", "Format"), format+sure(i.FormatConfidence))
	for _, e := range i.Encodings {
		label := c.say("（候補）", "  or")
		if e.Encoding == i.Encoding {
			label = c.say("文字コード", "Encoding")
		}
		text := e.Encoding + sure(e.Confidence)
		if len(e.Samples) > 0 {
			text += c.say("　例：", "  as in: ") + c.listed(e.Samples)
		}
		t.add(label, text)
	}
	if i.Delimiter != "" {
		t.add(c.say("区切り文字", "Delimiter"), delimiterName(c, i.Delimiter)+sure(i.DelimiterConfidence))
	}
	if i.Sheet != "" {
		t.add(c.say("シート", "Sheet"), c.sheets(&i.Inspection))
	}
	header := c.say("なし", "none")
	if i.Header {
		header = fmt.Sprintf(c.say("%d行目", "row %d"), i.HeaderRow)
	}
	t.add(c.say("見出し", "Header"), header+sure(i.HeaderConfidence))
	return t.write(c.out, "")
}

// sure is a confidence for people.
func sure(confidence float64) string { return " (" + percent(confidence) + ")" }

func percent(share float64) string { return strconv.Itoa(int(math.Round(100*share))) + "%" }

func delimiterName(c *console, d string) string {
	switch d {
	case "\t":
		return c.say("タブ", "tab")
	case " ":
		return c.say("空白", "space")
	}
	return printable(d)
}

// sheets names the sheet that is read and the others.
func (c *console) sheets(i *inspect.Inspection) string {
	var others []string
	for _, name := range i.Sheets {
		if name == i.Sheet {
			continue
		}
		if slices.Contains(i.HiddenSheets, name) {
			name += c.say("（非表示）", " (hidden)")
		}
		others = append(others, name)
	}
	text := printable(i.Sheet)
	if len(others) > 0 {
		text += c.say("（ほかのシート：", " (others: ") + c.listed(others) + c.say("）", ")")
	}
	return text
}

// showColumns lists the columns and what they would be imported into.
func (c *console) showColumns(i *inspect.Inspection) error {
	if err := c.print("\n%s", c.say("列", "Columns")); err != nil {
		return err
	}
	t := &table{
		head:  []string{"", c.say("列名", "Column"), c.say("入力率", "Filled"), c.say("型", "Type"), c.say("項目", "Field"), c.say("例", "Samples")},
		right: []bool{true, false, true},
	}
	for n, column := range i.Columns {
		field := i.Suggested[n].Field
		switch {
		case field == "":
			field = "-"
		case i.Suggested[n].Inverted:
			field += c.say("（反対の意味）", " (inverted)")
		}
		t.add(strconv.Itoa(n+1), column.Header, percent(column.FillRate), column.Type, field, c.listed(column.Samples))
	}
	return t.write(c.out, "  ")
}

// showFirstRows shows the first few data rows.
func (c *console) showFirstRows(i *inspect.Inspection) error {
	const most = 5
	if len(i.Sample) == 0 {
		return c.print("")
	}
	if err := c.print("\n%s", c.say("先頭の行", "First rows")); err != nil {
		return err
	}
	t := &table{right: []bool{true}}
	for n, row := range i.Sample[:min(len(i.Sample), most)] {
		t.add(strconv.FormatInt(i.RowNumbers[n], 10), strings.Join(row, " | "))
	}
	if err := t.write(c.out, "  "); err != nil {
		return err
	}
	return c.print("")
}

// inRows names the rows that something is about.
func (c *console) inRows(rows []int64) string {
	if len(rows) == 0 {
		return ""
	}
	names := make([]string, len(rows))
	for n, row := range rows {
		names[n] = strconv.FormatInt(row, 10)
	}
	return c.say("（行：", " (rows: ") + strings.Join(names, ", ") + c.say("）", ")")
}

// showCheck tells what reading the whole file has shown.
func (c *console) showCheck(k *checked) error {
	if k == nil {
		return nil
	}
	if err := c.print(c.say("全 %s 行のうち、読み取れない行は %s 行です。", "Of %s rows, %s cannot be read."), number(k.Rows), number(k.Faulty)); err != nil {
		return err
	}
	for _, f := range k.Faults {
		if err := c.print("  %s %s%s", number(f.Rows), printable(f.Detail), c.inRows(f.First)); err != nil {
			return err
		}
	}
	return nil
}
