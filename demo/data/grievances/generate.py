#!/usr/bin/env python3
"""Writes grievances.csv: the register that the stand-in of `grievances` starts with, as of 2026-10-31.

Run it from this folder: `python3 generate.py`. The seed is fixed. All of it is sample data: no figure says anything about a
real district or department, and there is nobody behind the numbers.
"""
import csv
import datetime
import random

SEED = 28
AS_OF = datetime.date(2026, 10, 31)
DAYS = 540
# LGD code, how many grievances relative to the others, constituencies
DISTRICTS = [
    (1, 1.1, 7), (2, 0.9, 5), (3, 1.2, 7), (4, 0.7, 3), (5, 1.9, 11), (7, 0.9, 6), (8, 1.0, 6), (10, 0.6, 3), (11, 0.8, 4),
    (12, 0.8, 5), (13, 1.6, 8), (14, 0.7, 4), (620, 0.5, 3), (621, 0.5, 2), (622, 0.6, 3), (623, 0.6, 3), (624, 0.5, 3),
    (625, 0.5, 2), (626, 0.5, 2), (627, 0.5, 3),
]
# department (a code of `lgd`), weight, grievance types, office with which they are pending
DEPARTMENTS = [
    ("8119", 9, ["Mutation of land", "Encroachment", "Certificate not issued"], "Tehsildar"),
    ("8122", 8, ["Electricity bill", "Transformer damaged", "No new connection"], "Assistant Executive Engineer"),
    ("8121", 8, ["No drinking water", "Water bill", "Pipe broken"], "Assistant Executive Engineer"),
    ("8101", 7, ["Wages not paid", "Housing instalment", "Lane or drain"], "Block Development Officer"),
    ("8123", 6, ["Road damaged", "Bridge incomplete", "Snow not cleared"], "Executive Engineer"),
    ("8125", 5, ["Garbage not lifted", "Street light", "Building permission"], "Executive Officer"),
    ("8104", 5, ["Ration not supplied", "Ration card"], "Tehsil Supply Officer"),
    ("8109", 4, ["Medicine not available", "Staff not present", "Health card"], "Block Medical Officer"),
    ("8110", 4, ["Teacher not posted", "School building", "Marksheet"], "Zonal Education Officer"),
    ("8107", 4, ["Pension not paid", "Scholarship not paid"], "Tehsil Social Welfare Officer"),
    ("8105", 2, ["Seed or fertiliser", "Crop insurance claim"], "Sub-Divisional Agriculture Officer"),
    ("8127", 2, ["Worker registration", "Wages dispute"], "Assistant Labour Commissioner"),
    ("", 1, ["Not classified"], "Grievance Cell"),
]


def main():
    rng = random.Random(SEED)
    slow = {district: 0.6 + 1.5 * rng.random() for district, _, _ in DISTRICTS}
    lag = {department: 0.5 + 1.3 * rng.random() for department, *_ in DEPARTMENTS}
    rows = []
    for day in range(DAYS, -1, -1):
        received = AS_OF - datetime.timedelta(days=day)
        for _ in range(rng.randrange(5, 15) if received.weekday() < 5 else rng.randrange(0, 5)):
            district, _, seats = rng.choices(DISTRICTS, [weight for _, weight, _ in DISTRICTS])[0]
            department, _, types, office = rng.choices(DEPARTMENTS, [weight for _, weight, *_ in DEPARTMENTS])[0]
            takes = int(rng.lognormvariate(2.8, 1.1) * slow[district] * lag[department]) + 1
            resolved, status = "", "UNDER_EXAMINATION"
            if takes <= day:
                resolved = (received + datetime.timedelta(days=takes)).isoformat()
                status = "REJECTED" if rng.random() < 0.07 else "RESOLVED"
            elif day <= 2:
                status = "REGISTERED"
            elif rng.random() < 0.3:
                status = "FORWARDED"
            number = len(rows) + 1
            rows.append([
                f"JKIG-{received.year}-{number:06}", rng.choice(types), department, "" if rng.random() < 0.01 else district,
                f"AC-{district}-{rng.randrange(1, seats + 1)}", received.isoformat(), resolved, status,
                "" if resolved else office, f"SAMPLE/E/{received.year}/{number:07}" if rng.random() < 0.2 else "",
            ])
    with open("grievances.csv", "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["id", "type", "department", "district", "constituency", "received", "closed", "status", "pending_at",
                         "cpgrams"])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
