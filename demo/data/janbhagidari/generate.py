#!/usr/bin/env python3
"""Writes works.csv and feedback.csv: the sample works that the stand-in of `janbhagidari` starts with.

Run it from this folder: `python3 generate.py`. The seed is fixed, so it writes the same files every time. All of it is
sample data; no row says anything about a real place, and feedback has no author.
"""
import csv
import datetime
import random

SEED = 20261031
AS_OF = datetime.date(2026, 10, 31)
DISTRICTS = {
    1: ["Achabal", "Dachnipora", "Shangus"],
    2: ["Beerwah", "Chadoora", "Khansahib"],
    3: ["Pattan", "Tangmarg", "Rohama"],
    4: ["Bhaderwah", "Thathri", "Gundna"],
    5: ["Bhalwal", "Marh", "Bishnah"],
    7: ["Hiranagar", "Basohli", "Billawar"],
    8: ["Langate", "Trehgam", "Sogam"],
    10: ["Mendhar", "Surankote", "Mandi"],
    11: ["Pampore", "Tral", "Kakapora"],
    12: ["Nowshera", "Thanamandi", "Sunderbani"],
    13: ["Harwan", "Khonmoh", "Qamarwari"],
    14: ["Chenani", "Ramnagar", "Majalta"],
    620: ["Padder", "Marwah", "Drabshalla"],
    621: ["Banihal", "Gool", "Batote"],
    622: ["Devsar", "Qaimoh", "Damhal Hanjipora"],
    623: ["Sumbal", "Hajin", "Gurez"],
    624: ["Vijaypur", "Ramgarh", "Ghagwal"],
    625: ["Keller", "Zainapora", "Imam Sahib"],
    626: ["Kangan", "Lar", "Sherpathri"],
    627: ["Katra", "Arnas", "Mahore"],
}
# title, sector, department code, lakh rupees from, to
WORKS = [
    ("Lane and drain at {}", "Roads", 8101, 2, 12),
    ("Link road to {}", "Roads", 8123, 15, 180),
    ("Culvert on the road to {}", "Roads", 8123, 4, 25),
    ("Protection bund along the stream at {}", "Flood control", 8121, 6, 60),
    ("Water supply scheme for {}", "Drinking water", 8121, 20, 320),
    ("Additional classrooms at the school of {}", "Education", 8110, 12, 70),
    ("Repairs to the health centre of {}", "Health", 8109, 5, 45),
    ("Panchayat house at {}", "Panchayats", 8102, 10, 40),
    ("Play field at {}", "Sports", 8130, 3, 35),
    ("Street lights in {}", "Power", 8122, 1, 9),
    ("Community irrigation canal at {}", "Irrigation", 8121, 8, 90),
    ("Plantation around {}", "Forests", 8126, 1, 14),
]
COMMENTS = [
    "The work stopped halfway and nobody says why.",
    "Done well, and in time.",
    "The drain overflows after each rain.",
    "Thanks: the road is passable in winter now.",
    "The board at the site names no cost.",
    "Please finish it before the snow.",
]


def slashed(day):
    return "00/00/0000" if day is None else day.strftime("%d/%m/%Y")


def amount(lakh):
    """Lakh rupees with two digits, grouped as in India from a thousand on."""
    whole, fraction = f"{lakh:.2f}".split(".")
    if len(whole) > 3:
        whole = whole[:-3] + "," + whole[-3:]
    return f"{whole}.{fraction}"


def work(rng, district, number, blocks):
    block = rng.randrange(3)
    name = blocks[block]
    village = f"{name} Village {rng.randrange(1, 7)}"
    title, sector, department, low, high = rng.choice(WORKS)
    approved = round(rng.uniform(low, high), 2)
    approved_on = AS_OF - datetime.timedelta(days=rng.randrange(20, 900))
    age = (AS_OF - approved_on).days
    started = completed = None
    progress = 0
    status = "N"
    if rng.random() < 0.93 and age > 60:
        started = approved_on + datetime.timedelta(days=rng.randrange(15, 60))
        takes = rng.randrange(90, 700)
        share = (AS_OF - started).days / takes
        progress, status = min(99, int(100 * share)), "P"
        if share >= 1:
            completed, progress, status = started + datetime.timedelta(days=takes), 100, "C"
        elif rng.random() < 0.03:
            status = "S"
    released = round(approved * min(1.0, progress / 100 + rng.uniform(0, 0.25)), 2) if started else 0.0
    spent = round(released * rng.uniform(0.6, 1.0), 2)
    # Clerks write names in capitals, and leave the village out where the work is in a town.
    shown = name.upper() if rng.random() < 0.3 else name
    return {
        "id": f"JB-{district}-{number:04}",
        "title": title.format(village),
        "sector": sector,
        "department": department,
        "district": district,
        "block": f"{district}{block + 1:02}",
        "block_name": shown + (" " if rng.random() < 0.1 else ""),
        "village": "" if rng.random() < 0.06 else village,
        "status": status,
        "progress": progress,
        "approved_on": slashed(approved_on),
        "started_on": slashed(started),
        "completed_on": slashed(completed),
        "approved": amount(approved),
        "released": "NIL" if started is None else amount(released),
        "spent": "NIL" if started is None else amount(spent),
        "photos": rng.randrange(0, 9) if started else 0,
    }


def main():
    rng = random.Random(SEED)
    works, feedback = [], []
    for district, blocks in DISTRICTS.items():
        for number in range(1, rng.randrange(60, 95)):
            row = work(rng, district, number, blocks)
            works.append(row)
            for _ in range(rng.choice([0, 0, 0, 0, 1, 1, 2])):
                given = AS_OF - datetime.timedelta(days=rng.randrange(1, 200))
                feedback.append({
                    "id": f"FB-{len(feedback) + 1:05}",
                    "work": row["id"],
                    "rating": rng.randrange(1, 6),
                    "comment": rng.choice(COMMENTS),
                    "given_on": slashed(given),
                })
    for name, rows in (("works.csv", works), ("feedback.csv", feedback)):
        with open(name, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    print(len(works), len(feedback))


if __name__ == "__main__":
    main()
