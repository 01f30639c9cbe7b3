#!/usr/bin/env python3
"""Writes applications.csv: the sample applications that the stand-in of `services` starts with.

Run it from this folder: `python3 generate.py`. The seed is fixed, so it writes the same file every time. All of it is
sample data; the people are numbered citizens, and no figure says anything about a real district.
"""
import csv
import datetime
import random

SEED = 20261031
# References and keys of downloads have random numbers of their own, so that the figures do not depend on them.
KEY_SEED = 4099
# Without letters and digits that are easily confused.
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
AS_OF = datetime.date(2026, 10, 31)
DISTRICTS = [1, 2, 3, 4, 5, 7, 8, 10, 11, 12, 13, 14, 620, 621, 622, 623, 624, 625, 626, 627]
# service, PSGA days, short name in the file number, applications per district
SERVICES = [
    ("domicile-certificate", 15, "DOM", 30),
    ("income-certificate", 15, "INC", 26),
    ("character-certificate", 20, "CHR", 18),
    ("legal-heir-certificate", 15, "LHC", 14),
    ("ews-certificate", 45, "EWS", 16),
]


def reference(rng):
    """24 random letters, 120 bits: what an applicant is given in place of a number that could be guessed."""
    letters = "".join(rng.choice(LETTERS) for _ in range(24))
    return "JK-" + "-".join(letters[at:at + 6] for at in range(0, 24, 6))


def main():
    rng, keys = random.Random(SEED), random.Random(KEY_SEED)
    rows, citizen = [], 0
    for district in DISTRICTS:
        # How slow this district's offices are: 0.6 (quick) to 2.2 (far behind).
        pace = 0.6 + 1.6 * rng.random()
        for service, days, short, usual in SERVICES:
            for number in range(1, usual + rng.randrange(-3, 6) + 1):
                citizen += 1
                applied = AS_OF - datetime.timedelta(days=rng.randrange(0, 100))
                age = (AS_OF - applied).days
                takes = max(1, int(days * pace * (0.35 + 1.1 * rng.random())))
                ready = applied + datetime.timedelta(days=rng.randrange(0, 3))
                decided, status = "", "PRC"
                if takes <= age:
                    decision = applied + datetime.timedelta(days=takes)
                    decided, ready = decision.isoformat(), min(ready, decision)
                    status = "REJ" if rng.random() < 0.08 else "ISS"
                elif ready > AS_OF or rng.random() < 0.12:
                    status, ready = "DOC", None
                rows.append([
                    f"{short}-26-{district:03}{number:04}", reference(keys), f"{keys.getrandbits(128):032x}", service,
                    district, f"Sample Citizen {citizen}", f"XXXXXX{citizen % 10000:04}", applied.isoformat(), ready.isoformat() if ready else "", decided,
                    status,
                ])
    with open("applications.csv", "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([
            "file", "reference", "download", "service", "district", "applicant", "mobile", "applied", "complete", "decided",
            "status",
        ])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
