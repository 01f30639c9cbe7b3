"""Reads files of a hundred thousand rows."""

import sys
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas

folder = Path(sys.argv[1])
workbook = openpyxl.load_workbook(folder / "works.xlsx", read_only=True)
count = 0
for count, row in enumerate(workbook["works"].iter_rows(min_row=2, values_only=True), 1):
    assert row[0] == f"{count - 1:06}" and row[1] == f'=Road, "{count - 1}"', row
    assert row[2] == count - 0.5 and row[4] == count - 1 and row[6] == datetime(2026, 10, 31), row
assert count == 100_000, count

frame = pandas.read_csv(folder / "works.csv", dtype={"code": str}, parse_dates=["startedOn", "seenAt"])
assert len(frame) == 100_000 and frame["count"].sum() == 4_999_950_000
assert frame["startedOn"].dt.day.eq(31).all() and frame["code"].is_unique
frame = pandas.read_json(folder / "works.ndjson", lines=True, dtype={"code": str})
assert len(frame) == 100_000
print("pandas and openpyxl: a hundred thousand rows")
