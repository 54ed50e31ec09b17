#!/usr/bin/python3
"""Makes the workbooks of this folder, each by another program, and what independent readers make of them.

    make.py [NODE_MODULES]

needs openpyxl, XlsxWriter and LibreOffice Calc (Debian: python3-openpyxl, python3-xlsxwriter, libreoffice-calc), and for
exceljs.xlsx and sheetjs.xlsx the npm packages exceljs and xlsx in NODE_MODULES. It is run by hand when a case is added; the
tests read only what it leaves behind:

    NAME.xlsx   as the program NAME wrote it
    NAME.json   the sheets as openpyxl reads them, cell by cell, in the words of package sheet (see text)
    NAME.csv    the sheet of members as LibreOffice shows it

What the readers do not agree on, and who is followed:
  - A formula without a cached value (openpyxl writes none) is null to openpyxl, while LibreOffice calculates it. Package sheet
    fails the row. In the JSON it is "?".
  - Without a screen LibreOffice prints dates the American way and numbers without their format: TestGolden writes the former as
    package sheet does, and compares the latter as numbers.
  - openpyxl leaves _x000D_ as it stands, LibreOffice takes it for a line end as Excel does. It has tests of its own.
"""
import datetime, json, os, subprocess, sys, tempfile
import openpyxl, xlsxwriter
from openpyxl.styles.numbers import is_datetime

HERE = os.path.dirname(os.path.abspath(__file__))
D = datetime.datetime
HEADER = ["会員番号", "名前", "メール", "登録日", "最終ログイン", "時刻", "金額", "比率", "有効", "合計", "備考"]
FORMATS = {0: "00000", 3: "yyyy/mm/dd", 4: "yyyy/mm/dd hh:mm:ss", 5: "hh:mm:ss", 6: "#,##0"}
ROWS = [
    [12, "山田 太郎", "taro..yamada.@docomo.ne.jp", D(2024, 5, 4), D(2024, 5, 4, 12, 34, 56), datetime.time(9, 30), 1234567, 0.1, True, "=1+2", "①㈱髙﨑"],
    [12345, "髙橋 𠮷美", "a@example.jp", D(1999, 12, 31), D(2000, 1, 1, 0, 0, 0), datetime.time(23, 59, 59), -5, 0.30000000000000004, False, "=10/4", "改行\nあり"],
    [],
    [7, "ｱﾝﾄﾞｳ", None, D(1900, 3, 1), None, None, 0, 1e-7, None, '="a"&"b"', "a<b>&\"c\" ' =1+1"],
    [99999, " 前後の空白 ", "x@例え.jp", D(2099, 2, 28), D(2024, 2, 29, 23, 59, 59), datetime.time(0, 0, 1), 1234567890123456, 35.681236, True, "=1=1", "😀"],
]
RESULTS = {"=1+2": 3, "=10/4": 2.5, '="a"&"b"': "ab", "=1=1": True}


def by_openpyxl(path):
    book = openpyxl.Workbook()
    hidden = book.active
    hidden.title, hidden.sheet_state = "隠し", "hidden"
    hidden.append(["秘密"])
    sheet = book.create_sheet("会員 一覧")
    sheet.append(HEADER)
    for row in ROWS:
        sheet.append(row)
    for row in sheet.iter_rows(min_row=2):
        for i, cell in enumerate(row):
            if i in FORMATS:
                cell.number_format = FORMATS[i]
    sheet.merge_cells("K2:L2")
    book.active = 1
    other = book.create_sheet("More")
    other["C3"] = "sparse"
    other["A1000"] = "far"
    book.save(path)


def by_xlsxwriter(path):
    book = xlsxwriter.Workbook(path)
    formats = {i: book.add_format({"num_format": f}) for i, f in FORMATS.items()}
    book.add_worksheet("隠し").hide()
    sheet = book.add_worksheet("会員 一覧")
    sheet.activate()
    sheet.set_first_sheet()
    sheet.write_row(0, 0, HEADER)
    bold = book.add_format({"bold": True})
    for n, row in enumerate(ROWS, 1):
        for i, value in enumerate(row):
            if isinstance(value, (D, datetime.time)):
                sheet.write_datetime(n, i, value, formats[i])
            elif isinstance(value, str) and value in RESULTS:
                sheet.write_formula(n, i, value, None, RESULTS[value])
            elif isinstance(value, str):
                sheet.write_string(n, i, value)
            elif value is not None:
                sheet.write(n, i, value, formats.get(i))
    sheet.write_rich_string(6, 1, "太", bold, "字", "です")
    sheet.write_formula(7, 0, "=NA()", None, "#N/A")
    sheet.write_string(7, 1, "エラー")
    book.close()


def by_libreoffice(source, path):
    with tempfile.TemporaryDirectory() as out:
        convert(source, "xlsx:Calc MS Excel 2007 XML", out)
        os.replace(os.path.join(out, os.path.basename(source)), path)


def by_node(modules, program, path):
    date = lambda v: v.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(v, D) else "1899-12-30T" + v.strftime("%H:%M:%SZ")
    cell = lambda v: {"date": date(v)} if isinstance(v, (D, datetime.time)) else {"formula": v[1:], "result": RESULTS[v]} if v in RESULTS else v
    rows = [HEADER] + [[cell(v) for v in row] for row in ROWS]
    script = {"exceljs": EXCELJS, "sheetjs": SHEETJS}[program]
    given = json.dumps({"rows": rows, "formats": FORMATS, "path": path})
    subprocess.run(["node", "-e", script], input=given, text=True, check=True, env={**os.environ, "NODE_PATH": modules})


EXCELJS = """
const {rows, formats, path} = JSON.parse(require('fs').readFileSync(0));
const book = new (require('exceljs').Workbook)();
book.addWorksheet('隠し', {state: 'veryHidden'});
const sheet = book.addWorksheet('会員 一覧');
rows.forEach((row, r) => row.forEach((v, i) => {
  if (v === null) return;
  const cell = sheet.getCell(r + 1, i + 1);
  cell.value = v && v.date ? new Date(v.date) : v;
  if (r > 0 && formats[i]) cell.numFmt = formats[i];
}));
sheet.getCell('B7').value = {richText: [{text: '太'}, {font: {bold: true}, text: '字'}, {text: 'です'}]};
sheet.getCell('A8').value = {formula: 'NA()', result: {error: '#N/A'}};
sheet.getCell('B8').value = 'エラー';
book.xlsx.writeFile(path);
"""

SHEETJS = """
const {rows, formats, path} = JSON.parse(require('fs').readFileSync(0));
const XLSX = require('xlsx');
const sheet = {};
rows.forEach((row, r) => row.forEach((v, i) => {
  if (v === null) return;
  const cell = {};
  if (v && v.date) Object.assign(cell, {t: 'n', v: (Date.parse(v.date) - Date.UTC(1899, 11, 30)) / 864e5});
  else if (v && v.formula) Object.assign(cell, {f: v.formula, v: v.result, t: {number: 'n', string: 's', boolean: 'b'}[typeof v.result]});
  else Object.assign(cell, {v, t: {number: 'n', string: 's', boolean: 'b'}[typeof v]});
  if (r > 0 && formats[i]) cell.z = formats[i];
  sheet[XLSX.utils.encode_cell({r, c: i})] = cell;
}));
sheet['A8'] = {t: 'e', v: 42, w: '#N/A'};
sheet['B8'] = {t: 's', v: 'エラー'};
sheet['!ref'] = 'A1:K8';
const book = XLSX.utils.book_new();
XLSX.utils.book_append_sheet(book, sheet, '会員 一覧');
XLSX.writeFile(book, path, {bookSST: false, compression: true});
"""


def convert(source, to, out):
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(["soffice", "-env:UserInstallation=file://" + profile, "--headless", "--convert-to", to, "--outdir", out, source],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def text(value, raw):
    """The text of a cell in the words of package sheet."""
    if raw.data_type == "f" and value.value is None:
        return "?"
    v, form = value.value, value.number_format
    if v is None:
        return ""
    if isinstance(v, bool):
        return str(v).upper()
    if isinstance(v, D):
        return v.strftime("%Y-%m-%dT%H:%M:%S") if "h" in form else v.strftime("%Y-%m-%d")
    if isinstance(v, datetime.time):
        return v.strftime("%H:%M:%S")
    if isinstance(v, (int, float)):
        if form.strip("0") == "" and form:
            return str(v).zfill(len(form))
        return str(v) if v == int(v) else format(float("%.15g" % v), ".20f").rstrip("0") if abs(v) < 1e-4 else "%.15g" % v
    return v


def read(path):
    values, raws = openpyxl.load_workbook(path, data_only=True), openpyxl.load_workbook(path)
    sheets = []
    for sheet in values.worksheets:
        rows = []
        for row in sheet.iter_rows():
            cells = [text(c, raws[sheet.title].cell(c.row, c.column)) for c in row]
            while cells and cells[-1] == "":
                cells.pop()
            if any(c.strip(" \t") for c in cells):
                rows.append({"number": row[0].row, "cells": cells})
        sheets.append({"name": sheet.title, "hidden": sheet.sheet_state != "visible", "rows": rows})
    return sheets


def main():
    os.chdir(HERE)
    by_openpyxl("openpyxl.xlsx")
    by_xlsxwriter("xlsxwriter.xlsx")
    by_libreoffice("xlsxwriter.xlsx", "libreoffice.xlsx")
    made = ["openpyxl", "xlsxwriter", "libreoffice"]
    if len(sys.argv) > 1:
        for program in "exceljs", "sheetjs":
            by_node(sys.argv[1], program, program + ".xlsx")
            made.append(program)
    for name in made:
        with open(name + ".json", "w") as f:
            json.dump(read(name + ".xlsx"), f, ensure_ascii=False, indent=1)
            f.write("\n")
        with tempfile.TemporaryDirectory() as out:
            # Commas, double quotes, UTF-8; a file for each sheet.
            convert(name + ".xlsx", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1", out)
            os.replace(os.path.join(out, name + "-会員 一覧.csv"), name + ".csv")


main()
