"""Reads the files of tests/oracle/formats/works.json: each value has the type that a person or a program expects."""

import sys
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas

folder = Path(sys.argv[1])
columns = ["code", "title", "spentInRupees", "share", "count", "isOpen", "startedOn", "seenAt", "month"]
marked = 'two lines:\nज्ञ, "quoted" & <marked> _x000D_\t\x07'

# The workbook, as openpyxl reads it.
workbook = openpyxl.load_workbook(folder / "works.xlsx")
assert workbook.sheetnames == ["works", "works.visits", "Errors", "About"], workbook.sheetnames
assert workbook.active.title == "works"
sheet = workbook["works"]
assert [cell.value for cell in sheet[1]] == columns
assert all(cell.font.bold for cell in sheet[1]) and not sheet["A2"].font.bold
assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref == "A1:I5"

values = {name: [sheet.cell(row, number).value for row in range(2, 6)] for number, name in enumerate(columns, 1)}
types = {name: [sheet.cell(row, number).data_type for row in range(2, 6)] for number, name in enumerate(columns, 1)}
assert values["code"] == ["0013", "JB-14", "-15", "16"], values["code"]
assert types["code"] == ["s"] * 4, types["code"]
# A formula that a stranger typed is text, and stays text when the cell is edited.
assert values["title"][0] == '=HYPERLINK("http://a.example")' and types["title"][0] == "s"
assert sheet["B2"].quotePrefix and sheet["A4"].quotePrefix and not sheet["A2"].quotePrefix
assert openpyxl.utils.escape.unescape(values["title"][1]) == marked, repr(values["title"][1])
assert values["title"][2] is None and not values["title"][3]
# Exact numbers: as numbers if Excel computes with all their digits, else as text.
assert values["spentInRupees"] == [150000000.5, "1234567890123456.78", None, -12.5], values["spentInRupees"]
assert [sheet.cell(row, 3).number_format for row in (2, 5)] == ["0.00", "0.00"]
assert values["share"] == [66.66666666666667, "12345678901234567", None, 0.1], values["share"]
assert values["count"] == [-5, 0, None, 2147483647]
assert values["isOpen"] == [True, False, None, True] and types["isOpen"][0] == "b"
# Dates are dates, where the text is one.
assert values["startedOn"] == [datetime(2026, 10, 31), datetime(1999, 1, 1), None, "31/10/2026"], values["startedOn"]
assert sheet["G2"].is_date and sheet["G2"].number_format == "yyyy\\-mm\\-dd"
assert values["seenAt"][:2] == [datetime(2026, 10, 31, 18, 15), datetime(2026, 10, 31, 0, 0, 0, 250000)], values["seenAt"]
assert values["month"] == [datetime(2026, 10, 1), datetime(2026, 1, 1), None, "latest"], values["month"]

visits = list(workbook["works.visits"].values)
assert visits[0][0] == "works.code" and visits[0][-1] == "day", visits[0]
assert [row[0] for row in visits[1:]] == ["0013", "0013"]
assert [row[-1] for row in visits[1:]] == [datetime(2024, 2, 29), None]
assert list(workbook["Errors"].values) == [("path", "message", "code"), ("works", "The service cannot be reached", None)] or \
    list(workbook["Errors"].values)[1][:2] == ("works", "The service cannot be reached")
about = dict(list(workbook["About"].values)[1:])
assert about["operation"] == "Works"
assert about["data as of"] == datetime(2026, 11, 30, 18, 30)
assert about["complete"] == "no, see the sheet Errors" and about["sheet works"] == "4 rows of works", about

# The workbook, as pandas reads it.
frame = pandas.read_excel(folder / "works.xlsx", dtype={"code": str})
assert list(frame.columns) == columns and len(frame) == 4
assert frame["code"][0] == "0013" and frame["count"].sum() == 2147483642

# CSV.
for name in ("works.csv", "excel.csv"):
    raw = (folder / name).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") == (name == "excel.csv")
    assert raw.count(b"\r\n") == 5, raw
    frame = pandas.read_csv(folder / name, dtype={"code": str}, encoding="utf-8-sig" if name == "excel.csv" else "utf-8")
    assert list(frame.columns) == columns, frame.columns
    assert list(frame["code"]) == ["0013", "JB-14", "'-15", "16"], list(frame["code"])
    assert frame["title"][0] == '\'=HYPERLINK("http://a.example")' and frame["title"][1] == marked
    assert frame["count"].dtype == "float64" and frame["count"].sum() == 2147483642
    assert frame["isOpen"][0] is True or frame["isOpen"][0] == True  # noqa: E712
    assert frame["spentInRupees"][3] == -12.5, frame["spentInRupees"]
    assert frame["share"].dtype == "float64"
exact = pandas.read_csv(folder / "works.csv", dtype=str)
assert list(exact["share"])[:2] == ["66.66666666666667", "12345678901234567"]
assert list(exact["spentInRupees"])[:2] == ["150000000.50", "1234567890123456.78"]

# NDJSON: the rows, and what is missing.
frame = pandas.read_json(folder / "works.ndjson", lines=True, dtype=False)
assert list(frame.columns) == [*columns, "$errors"] and len(frame) == 5
assert frame["code"][0] == "0013" and frame["title"][1] == marked
assert frame["$errors"][4][0]["message"] == "The service cannot be reached"
print("pandas and openpyxl: every type as expected")
