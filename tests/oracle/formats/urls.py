"""Reads the files of all named operations of the sample graph from their URLs, and holds the forms of each against each other."""

import io
import json
import re
import sys
from datetime import datetime
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import openpyxl
import pandas

gateway, folder, page = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
# The reference of an application must not stand in a URL.
left_out = {"ApplicationTracking"}


def get(name, suffix, **parameters):
    examples = folder / f"{name}.variables.json"
    variables = json.loads(examples.read_text()) if examples.exists() else {}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in variables.items() if value is not None}
    url = f"{gateway}/operations/{name}.{suffix}?{urlencode(texts | parameters)}"
    for tries in range(5):
        try:
            with urlopen(url) as response:
                return response.read()
        except HTTPError as error:
            # On a busy machine, a call may take longer than it may. What is kept by then is not called again.
            if error.code not in (503, 504) or tries == 4:
                raise AssertionError(f"{url}: {error.code} {error.read().decode()}") from error


def number_of_rows(name, path):
    frame = pandas.read_csv(io.BytesIO(get(name, "csv", path=path)), dtype=str, keep_default_na=False)
    lines = [json.loads(line) for line in get(name, "ndjson", path=path).splitlines()]
    assert len(frame) == len(lines), (name, path, len(frame), len(lines))
    for line in lines[:1]:
        assert list(frame.columns) == list(line), (name, path)
    return list(frame.columns), len(frame)


tables = rows = 0
for name in sorted(file.stem for file in folder.glob("*.graphql")):
    if name in left_out:
        continue
    workbook = openpyxl.load_workbook(io.BytesIO(get(name, "xlsx")))
    about = dict(list(workbook["About"].values)[1:])
    assert about["operation"] == name and about["complete"] == "yes", about
    assert isinstance(about["data as of"], datetime), about
    for sheet in workbook.worksheets[:-1]:
        count, path = about[f"sheet {sheet.title}"].split(" of ")
        columns, length = number_of_rows(name, path)
        assert [cell.value for cell in sheet[1]] == columns, (name, path)
        assert sheet.max_row == length + 1 and count.split()[0] == str(length), (name, path, count, sheet.max_row)
        tables, rows = tables + 1, rows + length

# What an officer does with the ranking: sort it, and add up.
ranking = pandas.read_excel(io.BytesIO(get("DistrictRanking", "xlsx")), sheet_name="dggiEdition.scores")
assert len(ranking) == 20 and ranking["rank"].dtype.kind in "if", ranking.dtypes
assert ranking["district.name"].is_unique
works = pandas.read_excel(io.BytesIO(get("WorksByDistrict", "xlsx")), sheet_name="districts")
assert works["workSummary.approvedInRupees"].sum() > 0, works.dtypes
assert works["workSummary.asOf"].dtype.kind == "M", works.dtypes
names = json.loads(get("WorksByDistrict", "json", path="districts.name"))
assert names == list(works["name"]), names
# The blocks of docs/operations.md.
blocks = dict(re.findall(r"^```(python \w+)\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL))
made = {}
for name in ("python pandas", "python openpyxl"):
    exec(blocks[name].replace("https://data.example", gateway), made)
nodes = json.loads(get("DistrictPage", "json", path="district.works.nodes", lgdCode="13"))
assert list(made["works"]["code"]) == [work["code"] for work in nodes], made["works"]
about = dict(list(made["workbook"]["About"].values)[1:])
assert about["time zone"] == "Asia/Kolkata" and about["parameter lgdCode"] == "13", about

print(f"pandas and openpyxl: {tables} tables with {rows} rows from the URLs of named operations")
