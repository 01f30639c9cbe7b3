#!/usr/bin/env python3
"""Writes schemes.csv, translations.csv and progress.csv: the sample data of the stand-in of `schemes`.

Run it from this folder: `python3 generate.py`. The seed is fixed, so it writes the same files every time. Names without
"(sample)" are those of real schemes; which department owns them is as commonly stated; everything else, every figure
included, is sample data and says nothing about a real scheme or district.
"""
import csv
import random

from translations import translated

SEED = 20261031
MONTHS = ["2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10"]
DISTRICTS = [1, 2, 3, 4, 5, 7, 8, 10, 11, 12, 13, 14, 620, 621, 622, 623, 624, 625, 626, 627]

# slug, name, short name, level, department code, category, for whom
SCHEMES = [
    ("saubhagya", "Pradhan Mantri Sahaj Bijli Har Ghar Yojana", "Saubhagya", "Central", 8122, "Utility", "households without electricity"),
    ("pmuy", "Pradhan Mantri Ujjwala Yojana", "PMUY", "Central", 8104, "Utility", "women of poor households"),
    ("ujala", "Unnat Jyoti by Affordable LEDs for All", "UJALA", "Central", 8122, "Utility", "households"),
    ("mission-indradhanush", "Mission Indradhanush", "MI", "Central", 8109, "Health", "children under two and pregnant women"),
    ("nsap", "National Social Assistance Programme", "NSAP", "Central", 8107, "Social Security", "old, widowed and disabled persons of poor households"),
    ("isss", "Integrated Social Security Scheme", "ISSS", "State", 8107, "Social Security", "old, widowed and disabled persons"),
    ("pmmvy", "Pradhan Mantri Matru Vandana Yojana", "PMMVY", "Central", 8114, "Women & Child", "pregnant women and young mothers"),
    ("kcc", "Kisan Credit Card", "KCC", "Central", 8105, "Farmers", "farmers"),
    ("mudra", "Pradhan Mantri MUDRA Yojana", "MUDRA", "Central", 8112, "Skills & Employment", "small businesses"),
    ("mgnregs", "Mahatma Gandhi National Rural Employment Guarantee Scheme", "MGNREGS", "Central", 8101, "Skills & Employment", "rural households"),
    ("pre-matric-minority", "Pre-Matric Scholarship for Minorities", "Pre-Matric", "Central", 8110, "Education", "pupils of minorities up to class ten"),
    ("post-matric-minority", "Post-Matric Scholarship for Minorities", "Post-Matric", "Central", 8110, "Education", "pupils of minorities from class eleven"),
    ("merit-cum-means", "Merit-cum-Means Scholarship for Minorities", "MCM", "Central", 8110, "Education", "students of minorities in professional courses"),
    ("idsrr", "Integrated Development of Small Ruminants and Rabbits", "IDSRR", "Central", 8118, "Farmers", "sheep breeders"),
    ("dbt-lpg", "Direct Benefit Transfer for LPG", "DBT-LPG", "Central", 8104, "Utility", "consumers of cooking gas"),
    ("nyc", "National Youth Corps", "NYC", "Central", 8130, "Skills & Employment", "young people between 18 and 29"),
    ("pmay", "Pradhan Mantri Awas Yojana", "PMAY", "Central", 8101, "Housing", "households without a solid house"),
    ("awas-plus", "Awas Plus", "Awas+", "Central", 8101, "Housing", "households left out of the housing list"),
    ("pmegp", "Prime Minister's Employment Generation Programme", "PMEGP", "Central", 8111, "Skills & Employment", "new small enterprises"),
    ("jkregp", "J&K Rural Employment Generation Programme", "JKREGP", "State", 8111, "Skills & Employment", "new enterprises in villages"),
    ("nrlm", "National Rural Livelihoods Mission (UMEED)", "NRLM", "Central", 8116, "Women & Child", "self-help groups of women"),
    ("sehat", "Ayushman Bharat PM-JAY SEHAT", "SEHAT", "State", 8109, "Health", "all residents"),
    ("himayat", "Himayat (Deen Dayal Upadhyaya Grameen Kaushalya Yojana)", "Himayat", "Central", 8101, "Skills & Employment", "rural youth between 15 and 35"),
    ("mumkin", "Mumkin", "Mumkin", "State", 8134, "Skills & Employment", "young people who want a transport vehicle"),
    ("tejaswini", "Tejaswini", "Tejaswini", "State", 8134, "Skills & Employment", "young women who start a business"),
    ("ladli-beti", "Ladli Beti", "Ladli Beti", "State", 8107, "Women & Child", "girls of poor households"),
    ("sbm", "Swachh Bharat Mission", "SBM", "Central", 8101, "Utility", "households without a toilet"),
    ("pm-svanidhi", "PM Street Vendor's AtmaNirbhar Nidhi", "PM SVANidhi", "Central", 8103, "Skills & Employment", "street vendors"),
    ("onorc", "One Nation One Ration Card", "ONORC", "Central", 8104, "Social Security", "holders of ration cards"),
    ("pmgkay", "Pradhan Mantri Garib Kalyan Anna Yojana", "PMGKAY", "Central", 8104, "Social Security", "holders of ration cards"),
    ("pmfme", "PM Formalisation of Micro Food Processing Enterprises", "PMFME", "Central", 8106, "Farmers", "small food businesses"),
    ("soil-health-card", "Soil Health Card", "SHC", "Central", 8105, "Farmers", "farmers"),
    ("pm-kisan", "Pradhan Mantri Kisan Samman Nidhi", "PM-KISAN", "Central", 8105, "Farmers", "families of farmers"),
    ("pmfby", "Pradhan Mantri Fasal Bima Yojana", "PMFBY", "Central", 8105, "Farmers", "farmers who insure their crop"),
    ("pmjdy", "Pradhan Mantri Jan Dhan Yojana", "PMJDY", "Central", 8128, "Social Security", "persons without a bank account"),
    ("pmjjby", "Pradhan Mantri Jeevan Jyoti Bima Yojana", "PMJJBY", "Central", 8128, "Social Security", "account holders between 18 and 50"),
    ("pmsby", "Pradhan Mantri Suraksha Bima Yojana", "PMSBY", "Central", 8128, "Social Security", "account holders between 18 and 70"),
    ("apy", "Atal Pension Yojana", "APY", "Central", 8128, "Social Security", "account holders between 18 and 40"),
    ("jjm", "Jal Jeevan Mission", "JJM", "Central", 8121, "Utility", "rural households without a tap"),
    ("smas", "State Marriage Assistance Scheme", "SMAS", "State", 8107, "Women & Child", "unmarried women of poor households"),
    ("udid", "Unique Disability ID", "UDID", "Central", 8107, "Social Security", "persons with a disability"),
    ("icds", "Integrated Child Development Services", "ICDS", "Central", 8114, "Women & Child", "children under six and their mothers"),
    ("icps", "Integrated Child Protection Scheme", "ICPS", "Central", 8107, "Women & Child", "children in need of protection"),
    ("panchayat-digital", "Panchayat Digital Literacy (sample)", "PDL", "State", 8102, "Education", "members of panchayats"),
    ("ward-lights", "Ward Street Lights (sample)", "WSL", "State", 8103, "Utility", "residents of municipal wards"),
    ("mulberry-growers", "Support for Mulberry Growers (sample)", "SMG", "State", 8108, "Farmers", "growers of mulberry and rearers of silkworm"),
    ("first-venture", "First Venture Grant (sample)", "FVG", "State", 8113, "Skills & Employment", "graduates who start a business"),
    ("artisan-credit", "Artisan Credit Card (sample)", "ACC", "State", 8115, "Skills & Employment", "registered artisans"),
    ("loom-renewal", "Renewal of Handlooms (sample)", "ROH", "State", 8115, "Skills & Employment", "weavers"),
    ("trout-units", "Trout Raceway Units (sample)", "TRU", "State", 8117, "Farmers", "fish farmers"),
    ("fish-cold-chain", "Cold Chain for Fish (sample)", "CCF", "State", 8117, "Farmers", "fish sellers"),
    ("high-density-orchards", "High-Density Orchards (sample)", "HDO", "State", 8106, "Farmers", "orchardists"),
    ("dairy-units", "Small Dairy Units (sample)", "SDU", "State", 8118, "Farmers", "young farmers"),
    ("girls-bicycle", "Bicycles for Girls (sample)", "BFG", "State", 8110, "Education", "girls in class nine"),
    ("night-shelter", "Night Shelters in Winter (sample)", "NSW", "State", 8103, "Social Security", "persons without a home"),
]
DOCUMENTS = ["Proof of residence", "Proof of identity", "Bank account details", "Photograph", "Income certificate", "Category certificate"]


def scheme(rng, row):
    slug, name, short, level, department, category, who = row
    documents = DOCUMENTS[:3] + sorted(rng.sample(DOCUMENTS[3:], rng.randrange(0, 4)))
    eligibility = ["The applicant is a resident of Jammu and Kashmir.", f"The scheme is for {who}."]
    if rng.random() < 0.5:
        eligibility.append("Nobody benefits twice.")
    return {
        "id": "".join(rng.choice("0123456789abcdef") for _ in range(24)),
        "slug": slug,
        "name": name,
        "short": short,
        "level": level,
        "department": department,
        "category": category,
        "brief": f"For {who}.",
        "benefits": f"Support for {who}, paid or delivered by the department.",
        "process": rng.choice(["Online", "Offline", "Online or at the department's office in the district"]),
        "eligibility": "\n".join(f"- {line}" for line in eligibility),
        # Those that everyone has to bring first; the rest where it applies.
        "documents": ";".join(documents),
        "start": f"{rng.randrange(1995, 2024)}-04-01",
    }


def grouped(number):
    """As it is written in India: 12,34,567."""
    text = str(number)
    head, tail = text[:-3], text[-3:]
    parts = []
    while len(head) > 2:
        parts.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([head] * bool(head) + parts + [tail])


def progress(rng):
    rows = []
    base = {}
    for district in DISTRICTS:
        for row in SCHEMES:
            base[district, row[0]] = (rng.randrange(40, 30_000), rng.betavariate(4, 1.6))
    for index, month in enumerate(MONTHS):
        for district in DISTRICTS:
            for row in SCHEMES:
                target, level = base[district, row[0]]
                share = level * (0.55 + 0.09 * index) + rng.uniform(-0.02, 0.02)
                # Some districts go far beyond a target that was set too low.
                if (district * 7 + target) % 41 == 0:
                    share += 0.6 + 0.15 * index
                if (district, row[0], month) == (13, "ladli-beti", "2026-10"):
                    target, share = 400, 3.91
                achieved = max(0, int(target * share))
                hundredths = int(achieved * rng.uniform(40_000, 900_000))
                amount = f"{grouped(hundredths // 100)}.{hundredths % 100:02}"
                style = rng.random()
                shown = str(achieved) if style < 0.6 else grouped(achieved)
                if index == len(MONTHS) - 1 and rng.random() < 0.02:
                    shown, amount = "NA", "NA"
                rows.append([month, district, row[0], target, shown, amount])
    return rows


def main():
    rng = random.Random(SEED)
    schemes = [scheme(rng, row) for row in SCHEMES]
    with open("schemes.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, schemes[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(schemes)
    translations = [row for row in schemes for row in translated(row)]
    with open("translations.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, translations[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(translations)
    rows = progress(rng)
    with open("progress.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["month", "district", "scheme", "target", "achieved", "amount"])
        writer.writerows(rows)
    print(len(schemes), len({row["slug"] for row in schemes}), len(rows))


if __name__ == "__main__":
    main()
