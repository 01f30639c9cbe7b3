#!/usr/bin/env python3
"""Writes services.csv from catalogue.txt: adds what is not published, as sample data from a fixed seed.

Run it from this folder: `python3 generate.py`. Ids, languages, platforms, popularity, ratings and what counts as new are
invented; they have the shape and the untidiness of the real ones (numbers as strings, `NA`, empty flags).
"""
import csv
import random

SEED = 1947
LANGUAGES = ["hi", "as", "bn", "gu", "kn", "ml", "mr", "or", "pa", "ta", "te", "ur", "ks", "doi"]
LOCAL = {"JK": ["hi", "ur", "ks", "doi"], "AS": ["as", "hi"], "GJ": ["gu", "hi"], "TN": ["ta"], "MP": ["hi"], "BR": ["hi"],
         "HR": ["hi"], "CH": ["hi", "pa"], "PY": ["ta"], "AN": ["hi", "bn"], "DN": ["gu", "hi"], "JH": ["hi"]}


def main():
    rng = random.Random(SEED)
    department = state = category = None
    rows = []
    for line in open("catalogue.txt"):
        parts = [part.strip() for part in line.lstrip("=").split("|")]
        if line.startswith("#"):
            continue
        if line.startswith("="):
            department, name, state, category = parts
            count = 0
            continue
        count += 1
        extra = LOCAL.get(state) or sorted(rng.sample(LANGUAGES, rng.randrange(1, 13)), key=LANGUAGES.index)
        platforms = "AND|IOS|WEB" if rng.random() < 0.7 else rng.choice(["AND|IOS", "AND|WEB", "AND"])
        popularity = min(99, int(100 * rng.random() ** 2) + (8 if state in ("IN", "JK") else 0))
        votes = int(popularity ** 2 * (1 + 20 * rng.random()))
        rating = f"{2.9 + 1.9 * rng.random():.1f}" if votes > 200 else "NA"
        new = rng.random()
        rows.append([
            f"{department}{count:02}", parts[0], parts[1], department, name, state, parts[2] if len(parts) > 2 else category,
            ",".join(["en", *extra]), platforms, popularity, rating, votes if rating != "NA" else 0,
            "Y" if new < 0.09 else ("" if new > 0.9 else "N"),
        ])
    with open("services.csv", "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["id", "operation", "name", "department", "department_name", "state", "category", "languages",
                         "platforms", "popularity", "rating", "ratings", "new"])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
