#!/usr/bin/env python3
"""Writes the sample data of the stand-in of `dggi`: indicators.csv, data_points.csv, figures.csv and keyed_on.csv.

Run it from this folder: `python3 generate.py`. The seed is fixed, so it writes the same files every time. The names of
the sectors and of most indicators are those in use; weights, figures and everything else here are sample data, and no
figure says anything about a real district. What is published stands in published.csv, which is not generated.
"""
import calendar
import csv
import random

SEED = 20261031
MONTHS = ["2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10"]
# The day of the month by which figures are due; editions.csv has it too.
DUE = 25
DISTRICTS = [1, 2, 3, 4, 5, 7, 8, 10, 11, 12, 13, 14, 620, 621, 622, 623, 624, 625, 626, 627]

# sector: (code, how many of its indicators the monthly edition has, who a figure is split by, indicators)
# indicator: (name, direction, formula, what is counted, out of what)
SECTORS = [
    ("AGR", 8, ("men", "women"), [
        ("Kisan Credit Cards issued", "P", "ratio", "Farmers with a Kisan Credit Card", "Farm households"),
        ("Soil health cards distributed", "P", "ratio", "Soil health cards distributed", "Operational holdings"),
        ("Animals vaccinated", "P", "ratio", "Animals vaccinated", "Animals registered"),
        ("Growth of foodgrain production", "P", "growth", "Foodgrain produced, tonnes", ""),
        ("Growth of horticulture produce", "P", "growth", "Horticulture produce, tonnes", ""),
        ("Growth of milk production", "P", "growth", "Milk produced, thousand litres", ""),
        ("Growth of meat production", "P", "growth", "Meat produced, tonnes", ""),
        ("Growth of poultry production", "P", "growth", "Poultry birds reared", ""),
        ("Agriculture credit disbursed", "P", "ratio", "Agriculture credit disbursed, lakh rupees", "Agriculture credit target, lakh rupees"),
        ("Crop insurance cover", "P", "ratio", "Farmers insured", "Farm households"),
        ("Area under micro-irrigation", "P", "ratio", "Area under micro-irrigation, hectares", "Net sown area, hectares"),
    ]),
    ("COM", 5, ("manufacturing", "services"), [
        ("Growth of GST registration", "P", "growth", "Businesses registered for GST", ""),
        ("MSMEs registered online", "P", "ratio", "Enterprises registered on the portal", "Enterprises counted"),
        ("Credit to handicrafts", "P", "ratio", "Artisans who received credit", "Artisans registered"),
        ("Credit for self-employment", "P", "ratio", "Self-employment cases sanctioned", "Self-employment cases sponsored"),
        ("Land allotted in industrial estates", "P", "ratio", "Plots allotted", "Plots developed"),
    ]),
    ("HRD", 8, ("rural", "urban"), [
        ("Schools with drinking water", "P", "ratio", "Schools with drinking water", "Government schools"),
        ("Schools with separate toilets for girls", "P", "ratio", "Schools with separate toilets", "Government schools"),
        ("Schools with electricity", "P", "ratio", "Schools with electricity", "Government schools"),
        ("Schools with computers", "P", "ratio", "Schools with working computers", "Government schools"),
        ("Children served mid-day meals", "P", "ratio", "Children served meals", "Children enrolled"),
        ("Skill training imparted", "P", "ratio", "Young people trained", "Young people registered for training"),
        ("Drop-out rate at the secondary level", "N", "ratio", "Pupils who left", "Pupils enrolled"),
        ("Vacant posts of teachers", "N", "ratio", "Posts vacant", "Posts sanctioned"),
        ("Transition to higher secondary", "P", "ratio", "Pupils who went on", "Pupils who completed class ten"),
    ]),
    ("HLT", 7, ("rural", "urban"), [
        ("Full immunisation", "P", "ratio", "Children fully immunised", "Children under one year"),
        ("Health centres converted to wellness centres", "P", "ratio", "Centres converted", "Centres in position"),
        ("Anganwadis in their own building", "P", "ratio", "Anganwadis in their own building", "Anganwadis in operation"),
        ("Institutional deliveries", "P", "ratio", "Deliveries in an institution", "Deliveries reported"),
        ("Low birth weight", "N", "ratio", "Newborns under 2,500 g", "Newborns weighed"),
        ("Doctors in position", "P", "ratio", "Doctors in position", "Posts of doctors sanctioned"),
        ("Golden cards issued", "P", "ratio", "Golden cards issued", "Persons entitled"),
        ("Tuberculosis treated with success", "P", "ratio", "Patients treated with success", "Patients notified"),
        ("Anaemia among pregnant women", "N", "ratio", "Women found anaemic", "Women tested"),
    ]),
    ("INF", 6, ("rural", "urban"), [
        ("Housing for the entitled", "P", "ratio", "Houses completed", "Houses sanctioned"),
        ("Households with safe water", "P", "ratio", "Households with a tap", "Households"),
        ("Households with sanitation", "P", "ratio", "Households with a toilet", "Households"),
        ("Households with electricity", "P", "ratio", "Households electrified", "Households"),
        ("Habitations with all-weather roads", "P", "ratio", "Habitations connected", "Habitations"),
        ("Losses in power distribution", "N", "ratio", "Energy lost, MWh", "Energy supplied, MWh"),
    ]),
    ("SOC", 5, ("men", "women"), [
        ("Pensions paid to verified beneficiaries", "P", "ratio", "Pensioners verified", "Pensioners"),
        ("Scholarships disbursed", "P", "ratio", "Scholarships disbursed", "Scholarships applied for"),
        ("Ration cards verified", "P", "ratio", "Members verified", "Members on ration cards"),
        ("Disability cards issued", "P", "ratio", "Cards issued", "Persons assessed"),
        ("Pension applications pending", "N", "ratio", "Applications pending", "Applications received"),
        ("Marriage assistance disbursed", "P", "ratio", "Cases assisted", "Cases sanctioned"),
    ]),
    ("FIN", 3, None, [
        ("Jan Dhan accounts in use", "P", "ratio", "Accounts in use", "Accounts opened"),
        ("Loans under MUDRA", "P", "ratio", "Loans disbursed, lakh rupees", "Loan target, lakh rupees"),
        ("Credit to deposits", "P", "ratio", "Credit, lakh rupees", "Deposits, lakh rupees"),
    ]),
    ("JUS", 3, ("district court", "other courts"), [
        ("Cases disposed of", "P", "ratio", "Cases disposed of", "Cases instituted"),
        ("Convictions", "P", "ratio", "Cases ending in conviction", "Cases decided"),
        ("Cases pending for over three years", "N", "ratio", "Cases pending for over three years", "Cases pending"),
        ("Women in the police", "P", "ratio", "Women in the police", "Police in position"),
    ]),
    ("ENV", 2, ("municipal", "block"), [
        ("Solid waste processed", "P", "ratio", "Waste processed, tonnes", "Waste collected, tonnes"),
        ("Plantation that survives", "P", "ratio", "Saplings alive", "Saplings planted"),
    ]),
    ("CCG", 3, ("online", "at the counter"), [
        ("Grievances redressed", "P", "ratio", "Grievances redressed", "Grievances received"),
        ("Services delivered in time", "P", "ratio", "Applications decided in time", "Applications decided"),
        ("Applications pending beyond their day", "N", "ratio", "Applications beyond their day", "Applications pending"),
    ]),
]
# The units in the names above, as the service writes them. What has none is counted.
UNITS = {
    "tonnes": "Tonnes",
    "thousand litres": "Thousand litres",
    "hectares": "Hectares",
    "MWh": "MWh",
    "lakh rupees": "Rs in lakh",
}
# In the monthly edition these have two figures although their sector is split.
UNSPLIT = {"Plantation that survives"}


def weights(rng, count):
    """Whole percents that make 100."""
    parts = [rng.randrange(2, 7) for _ in range(count)]
    result = [100 * part // sum(parts) for part in parts]
    for i in range(100 - sum(result)):
        result[i % count] += 1
    return result


def with_unit(text):
    """The name of a figure, and its unit."""
    for word, unit in UNITS.items():
        if text.endswith(f", {word}"):
            return text.removesuffix(f", {word}"), unit
    return text, "Number"


def catalogue(rng):
    """Rows of indicators.csv and data_points.csv."""
    indicators, points = [], []
    for edition_set, prefix in (("ANNUAL", "A"), ("MONTHLY", "M")):
        for sector, monthly, split, names in SECTORS:
            chosen = names if edition_set == "ANNUAL" else names[:monthly]
            for number, (weight, row) in enumerate(zip(weights(rng, len(chosen)), chosen), 1):
                name, direction, formula, counted, total = row
                code = f"{prefix}-{sector}-{number:02}"
                two = edition_set == "ANNUAL" or split is None or name in UNSPLIT or formula == "growth"
                (counted, unit), (total, of_total) = with_unit(counted), with_unit(total)
                if formula == "growth":
                    figures = [(f"{counted}, this period", unit), (f"{counted}, a year before", unit)]
                elif two:
                    figures = [(counted, unit), (total, of_total)]
                else:
                    formula = "split"
                    figures = [(f"{counted} ({part})", unit) for part in split] + [(total, of_total)]
                indicators.append([edition_set, code, sector, name, "per cent", direction, weight, formula])
                points += [[f"{code}-{i}", code, *figure] for i, figure in enumerate(figures, 1)]
    return indicators, points


def grouped(number):
    """As it is written in India: 12,34,567."""
    text = str(number)
    if len(text) <= 3:
        return text
    head, tail = text[:-3], text[-3:]
    parts = []
    while len(head) > 2:
        parts.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([head] * bool(head) + parts + [tail])


def keyed(rng, number, late):
    """A figure as an officer keys it in: late, missing, absurd and oddly written ones are normal."""
    chance = rng.random()
    if chance < late:
        return ""
    if chance < late + 0.012:
        return "NA"
    if chance < late + 0.018:
        return str(number * 10)
    style = rng.random()
    if style < 0.55:
        return str(number)
    if style < 0.93:
        return grouped(number)
    return f"{number}," if style < 0.97 else f" {number} "


def figures(rng, indicators):
    """Rows of figures.csv: one per month and district, one column per figure."""
    monthly = [row for row in indicators if row[0] == "MONTHLY"]
    bases = {}
    for district in DISTRICTS:
        for row in monthly:
            size = rng.randrange(400, 90_000)
            level = rng.betavariate(2.2, 3.5) if row[5] == "N" else rng.betavariate(4, 2)
            bases[district, row[1]] = (size, level)
    rows = []
    for index, month in enumerate(MONTHS):
        late = 0.03 if index == len(MONTHS) - 1 else 0.008
        for district in DISTRICTS:
            row = [month, district]
            for indicator in monthly:
                size, level = bases[district, indicator[1]]
                drift = 0.012 * index + rng.uniform(-0.02, 0.02)
                now = min(1.0, max(0.01, level + (-drift if indicator[5] == "N" else drift)))
                if indicator[7] == "growth":
                    numbers = [int(size * (0.9 + 0.25 * now)), size]
                elif indicator[7] == "split":
                    part = rng.uniform(0.3, 0.7)
                    numbers = [int(size * now * part), int(size * now * (1 - part)), size]
                else:
                    numbers = [int(size * now), size]
                row += [keyed(rng, number, late) for number in numbers]
            rows.append(row)
    return rows


def keyed_on(rng):
    """Rows of keyed_on.csv: on which day of the month the officer of each sector keyed the figures of a district."""
    rows = []
    for index, month in enumerate(MONTHS):
        late = 0.2 if index == len(MONTHS) - 1 else 0.1
        year, number = month.split("-")
        last = calendar.monthrange(int(year), int(number))[1]
        for district in DISTRICTS:
            days = [rng.randint(DUE + 1, last) if rng.random() < late else rng.randint(14, DUE) for _ in SECTORS]
            rows.append([month, district] + days)
    return rows


def write(name, header, rows):
    with open(name, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main():
    rng = random.Random(SEED)
    indicators, points = catalogue(rng)
    write("indicators.csv", ["set", "code", "sector", "name", "unit", "direction", "weight", "formula"], indicators)
    write("data_points.csv", ["code", "indicator", "name", "unit"], points)
    monthly = [point[0] for point in points if point[0].startswith("M-")]
    write("figures.csv", ["month", "district"] + monthly, figures(rng, indicators))
    # A generator of its own, so that more days leave the figures as they are.
    write("keyed_on.csv", ["month", "district"] + [sector[0] for sector in SECTORS], keyed_on(random.Random(SEED + 1)))
    for prefix in "AM":
        count = sum(row[1].startswith(prefix) for row in indicators), sum(row[0].startswith(prefix) for row in points)
        print(prefix, *count)


if __name__ == "__main__":
    main()
