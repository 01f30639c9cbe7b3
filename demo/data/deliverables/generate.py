#!/usr/bin/env python3
"""Writes deliverables.csv: the sample register of deliverables that the stand-in of `deliverables` serves.

Run it from this folder: `python3 generate.py`. The seed is fixed, so it writes the same file every time. All of it is sample
data: only the numbers of deliverables, 1,137 of departments and 385 of districts, and the frequencies of targets are published.
No row says anything about a real department, and no person is named.
"""
import random

SEED = 20261031
YEAR = "2026-27"
AS_ON = "31-10-2026"
AS_ON_MONTH = "2026-10"
MONTHS = [f"2026-{month:02}" for month in range(4, 13)] + [f"2027-{month:02}" for month in range(1, 4)]
# How many months a period has, and how clerks write it; the first spelling is the usual one.
FREQUENCIES = {1: ["Monthly"], 3: ["Quarterly"], 6: ["Half-yearly", "Half Yearly"], 12: ["Yearly", "Annual"]}
DEPARTMENTS, DISTRICTS = 1137, 385
DISTRICT_CODES = [1, 2, 3, 4, 5, 7, 8, 10, 11, 12, 13, 14, 620, 621, 622, 623, 624, 625, 626, 627]

# Six of each department, each for both divisions. title; unit; what a whole year is worth, from and to.
OWN = {
    8101: ["Works under MGNREGS completed; works; 900; 4000", "Houses under PMAY-G completed; houses; 2000; 9000",
           "Amrit Sarovars renovated; water bodies; 20; 90", "Rural roads repaired by blocks; km; 60; 240",
           "Solid waste sheds built in villages; sheds; 80; 400", "Social audits of works held; audits; 200; 900"],
    8102: ["Panchayat houses completed; buildings; 20; 80", "Panchayats with a development plan uploaded; panchayats; 800; 2000",
           "Panchayats that pay online only; panchayats; 600; 2000", "Elected members trained; persons; 2000; 9000",
           "Gram Sabhas held with minutes uploaded; meetings; 1500; 6000", "Common service centres opened in panchayat houses; centres; 40; 200"],
    8103: ["Towns with door-to-door collection of waste; towns; 12; 40", "Street lights replaced by LED; lights; 4000; 20000",
           "Legacy waste remediated; metric tonnes; 9000; 60000", "Community toilets repaired; toilets; 30; 140",
           "Properties surveyed for tax; properties; 9000; 60000", "Drains desilted before the rains; km; 40; 160"],
    8104: ["Fair price shops with working e-PoS; shops; 1200; 3400", "Ration cards verified; cards; 40000; 160000",
           "Foodgrains lifted under PMGKAY; metric tonnes; 60000; 180000", "Shops inspected, and weighing scales checked; inspections; 900; 3000",
           "Households with LPG connections released; households; 900; 4000", "Storage capacity added; metric tonnes; 900; 6000"],
    8105: ["Soil health cards issued; cards; 9000; 60000", "Kisan Credit Cards sanctioned; cards; 6000; 30000",
           "Area brought under high-value crops; hectare; 200; 1500", "Custom hiring centres set up; centres; 20; 90",
           "Certified seed distributed; quintal; 3000; 18000", "Farmers trained at farm schools; persons; 2000; 9000"],
    8106: ["Area under high-density orchards; hectare; 200; 1200", "Fruit plants distributed; lakh plants; 4; 20",
           "Controlled-atmosphere storage added; metric tonnes; 4000; 20000", "Old orchards rejuvenated; hectare; 200; 1200",
           "Nurseries registered and inspected; nurseries; 60; 300", "Walnut and almond plantations laid; hectare; 60; 400"],
    8107: ["Pensions under ISSS sanctioned; pensions; 4000; 20000", "Marriage assistance paid; families; 900; 5000",
           "Pre-matric scholarships paid; students; 9000; 50000", "UDID cards issued; cards; 2000; 12000",
           "Aids and appliances given to persons with disabilities; persons; 600; 3000", "Old age homes inspected; inspections; 12; 48"],
    8108: ["Cocoons produced; metric tonnes; 60; 400", "Mulberry plants planted; lakh plants; 2; 9",
           "Silkworm rearers given kits; families; 400; 2400", "Rearing sheds built; sheds; 60; 300",
           "Silkworm seed supplied; ounces; 3000; 12000", "Rearers trained; persons; 400; 2400"],
    8109: ["Institutional deliveries; deliveries; 30000; 90000", "Children fully immunised; children; 40000; 110000",
           "Health and wellness centres made functional; centres; 60; 300", "Golden cards under SEHAT issued; cards; 40000; 200000",
           "Tuberculosis patients notified; patients; 2000; 9000", "Dialysis sessions held in district hospitals; sessions; 9000; 40000"],
    8110: ["Schools with working smart classrooms; schools; 200; 1200", "Textbooks delivered before the session; lakh books; 6; 30",
           "Out-of-school children enrolled; children; 2000; 9000", "Schools with separate toilets, girls and boys; schools; 200; 900",
           "Teachers trained under NISHTHA; persons; 4000; 20000", "Additional classrooms completed; rooms; 200; 900"],
    8111: ["Units financed under PMEGP; units; 900; 5000", "Jobs created by financed units; jobs; 4000; 20000",
           "Margin money released; Rs in crore; 20; 90", "Exhibitions of village products held; exhibitions; 8; 24",
           "Honey processed in clusters; metric tonnes; 40; 200", "Artisans trained in khadi clusters; persons; 300; 1500"],
    8112: ["Units registered on Udyam; units; 6000; 30000", "Industrial land allotted; acres; 200; 1200",
           "Investment proposals grounded; Rs in crore; 400; 2400", "Industrial estates developed; estates; 6; 24",
           "Clearances given on the single window; clearances; 900; 6000", "Exporters registered; exporters; 90; 400"],
    8113: ["Youth trained in entrepreneurship; persons; 2000; 9000", "Start-ups registered with DPIIT; start-ups; 90; 400",
           "Cases sanctioned under Mumkin; cases; 400; 2400", "Cases sanctioned under Tejaswini; cases; 300; 1800",
           "Incubation seats filled; seats; 60; 300", "Hackathons held in colleges; events; 8; 36"],
    8114: ["Anganwadi centres moved to own buildings; centres; 200; 900", "Children weighed and measured; children; 60000; 240000",
           "Beneficiaries of PMMVY paid; women; 4000; 20000", "Anganwadi workers trained on Poshan Tracker; persons; 900; 6000",
           "Severely malnourished children treated; children; 200; 1200", "Supplementary nutrition supplied; metric tonnes; 900; 5000"],
    8115: ["Artisans registered, with identity cards; persons; 2000; 12000", "Carpets tested and labelled (GI); carpets; 900; 6000",
           "Credit cards for weavers and artisans sanctioned; cards; 900; 5000", "Craft clusters set up; clusters; 6; 24",
           "Trainees of craft centres certified; persons; 900; 5000", "Handloom cooperatives given assistance; cooperatives; 40; 200"],
    8116: ["Self-help groups formed; groups; 2000; 9000", "Self-help groups linked to credit; groups; 2000; 9000",
           "Bank credit to self-help groups; Rs in crore; 60; 300", "Members with an income of one lakh; members; 4000; 20000",
           "Community resource persons trained; persons; 300; 1800", "Producer groups started; groups; 60; 300"],
    8117: ["Trout produced; metric tonnes; 600; 2400", "Fish ponds built; ponds; 90; 400",
           "Fish seed produced; lakh; 90; 600", "Fishers insured; persons; 4000; 16000",
           "Cold chain units sanctioned; units; 20; 90", "Fishers trained; persons; 400; 1800"],
    8118: ["Animals vaccinated against foot-and-mouth disease; lakh animals; 6; 30", "Artificial inseminations; inseminations; 60000; 300000",
           "Milk collected by cooperatives; lakh litres; 90; 600", "Sheep units set up under IDSRR; units; 200; 1200",
           "Animals insured; animals; 4000; 20000", "Veterinary camps held in far-flung areas; camps; 90; 400"],
    8119: ["Mutations attested in time; mutations; 20000; 90000", "Domicile certificates issued; certificates; 20000; 120000",
           "Villages with records of rights digitised; villages; 900; 3400", "Encroached land retrieved; kanal; 900; 9000",
           "Property cards under SVAMITVA distributed; cards; 20000; 120000", "Revenue court cases older than a year decided; cases; 900; 5000"],
    8120: ["Police verifications within time; verifications; 9000; 60000", "Fire stations modernised; stations; 8; 36",
           "Cyber cells made functional; cells; 6; 20", "Police quarters completed; quarters; 60; 400",
           "Road safety drives held with transport officers; drives; 40; 200", "Emergency calls attended within fifteen minutes; calls; 9000; 60000"],
    8121: ["Households with functional tap connections; households; 9000; 60000", "Water samples tested; samples; 9000; 40000",
           "Water supply schemes commissioned; schemes; 60; 400", "Irrigation canals lined; km; 40; 240",
           "Flood protection works completed; works; 40; 240", "Villages certified Har Ghar Jal; villages; 300; 1800"],
    8122: ["Smart meters installed; meters; 60000; 300000", "Distribution transformers augmented; transformers; 400; 2400",
           "Bare conductors replaced by insulated cable; km; 300; 2400", "Damaged transformers replaced within time; transformers; 900; 5000",
           "Energy bills collected; Rs in crore; 400; 1800", "Rooftop solar plants connected; plants; 900; 6000"],
    8123: ["Roads macadamised, district and other roads; km; 600; 3000", "Bridges completed; bridges; 20; 90",
           "Roads under PMGSY completed; km; 200; 1200", "Road cuts restored within a week; cuts; 200; 1200",
           "Black spots corrected; spots; 20; 120", "Snow cleared within a day on priority roads; km; 900; 6000"],
    8124: ["Electric buses put on the road; buses; 20; 120", "Driving licences issued within time; licences; 20000; 90000",
           "Vehicles fitted with tracking devices; vehicles; 2000; 12000", "Automated testing stations opened; stations; 2; 8",
           "Permits issued online; permits; 2000; 12000", "Learner tests held online; tests; 9000; 60000"],
    8125: ["Houses under PMAY-U completed; houses; 900; 6000", "Building permissions given online; permissions; 900; 5000",
           "Sewage treatment capacity commissioned; MLD; 8; 60", "Master plans notified; plans; 2; 12",
           "Parking places opened; places; 400; 2400", "Street vendors given loans under PM SVANidhi; vendors; 900; 6000"],
    8126: ["Plants planted under Har Gaon Hariyali; lakh plants; 20; 120", "Degraded forest treated; hectare; 900; 6000",
           "Forest fires attended within two hours; fires; 90; 600", "Wetlands surveyed, and boundaries marked; wetlands; 8; 40",
           "Consents given online by the pollution board; consents; 400; 2400", "Forest rights claims decided; claims; 200; 1800"],
    8127: ["Workers registered on e-Shram; workers; 9000; 60000", "Job fairs held; fairs; 20; 90",
           "Youth placed through job fairs; persons; 900; 6000", "Construction workers paid assistance; workers; 9000; 60000",
           "Establishments inspected under the labour codes; inspections; 400; 2400", "Youth given self-employment loans; persons; 900; 6000"],
    8128: ["Offices that bill through PaySys only; offices; 900; 5000", "Works uploaded on BEAMS before tendering; works; 4000; 20000",
           "GST returns filed in time; returns; 20000; 120000", "Pension cases settled within a month; cases; 900; 6000",
           "Treasuries inspected; inspections; 20; 90", "Provident fund balances reconciled; accounts; 9000; 60000"],
    8129: ["Colleges accredited by NAAC; colleges; 8; 40", "Students placed from colleges; students; 600; 3600",
           "Credits uploaded to the Academic Bank; lakh records; 2; 12", "Smart classrooms opened in colleges; rooms; 60; 300",
           "Skill courses started in colleges; courses; 40; 200", "Hostel seats added; seats; 200; 1200"],
    8130: ["Play fields developed; fields; 90; 600", "Youth engaged in sports events; lakh youth; 6; 30",
           "Indoor sports halls completed; halls; 4; 20", "Coaches engaged under Khelo India; coaches; 20; 120",
           "School tournaments held; tournaments; 90; 600", "Youth clubs given sports kits; clubs; 400; 2400"],
    8131: ["Departmental promotions cleared; posts; 400; 2400", "Posts referred to the recruiting boards; posts; 900; 6000",
           "Service books digitised; service books; 9000; 60000", "Property returns filed online; returns; 20000; 90000",
           "Officers trained at the institute of administration; persons; 400; 2400", "Offices with biometric attendance; offices; 400; 2400"],
    8132: ["Transit shelters for migrating tribes completed; shelters; 8; 40", "Tribal students given scholarships; students; 9000; 40000",
           "Smart schools in tribal areas opened; schools; 20; 120", "Milk villages set up; villages; 8; 40",
           "Forest rights titles distributed; titles; 200; 1800", "Tribal youth trained for NEET and JEE; students; 90; 400"],
    8133: ["Services brought online on e-UNNAT; services; 40; 200", "Services linked to the feedback system; services; 60; 300",
           "Offices connected to the wide area network; offices; 200; 1200", "Websites certified under GIGW; websites; 20; 120",
           "Departmental databases moved to the data centre; databases; 12; 60", "Officials trained in cyber hygiene; persons; 900; 6000"],
    8134: ["Trainees of ITIs certified; persons; 2000; 9000", "Trainees placed; persons; 900; 5000",
           "New trades started in ITIs; trades; 12; 60", "Apprentices engaged by industry; persons; 900; 5000",
           "Polytechnic laboratories upgraded; laboratories; 20; 90", "Short courses held under PMKVY; batches; 60; 400"],
    8135: ["Court complexes completed; buildings; 2; 12", "Old laws reviewed for repeal; laws; 20; 120",
           "Legal aid given; persons; 900; 6000", "Lok Adalats held; sittings; 40; 200",
           "Cases settled in Lok Adalats; cases; 4000; 30000", "Standing counsels' cases uploaded, with replies filed; cases; 900; 6000"],
}
# Twenty that every department has, and one more for some. title; unit; a whole year; months of a period.
COMMON = [
    "Files disposed of on e-Office within seven days; files; 2000; 20000; 1",
    "Grievances on JKIGRAMS disposed of within thirty days; grievances; 200; 2400; 1",
    "Applications under PSGA decided in time; applications; 900; 24000; 1",
    "Review meetings held with minutes uploaded; meetings; 12; 24; 1",
    "Field offices inspected by senior officers; inspections; 24; 120; 1",
    "Replies filed in court cases; cases; 60; 600; 1",
    "Works physically verified on BEAMS; works; 60; 900; 3",
    "Works geo-tagged, before and after; works; 60; 900; 3",
    "Capital expenditure booked; Rs in crore; 12; 400; 3",
    "Utilisation certificates submitted; certificates; 12; 120; 3",
    "Audit paragraphs settled; paragraphs; 12; 160; 3",
    "Courses completed by staff on iGOT; courses; 400; 4000; 3",
    "Beneficiaries seeded with Aadhaar for DBT; persons; 900; 24000; 3",
    "Data sets published on the open data platform; data sets; 4; 24; 3",
    "Success stories published, with photographs; stories; 8; 40; 6",
    "Vacancies identified and referred for recruitment; posts; 20; 400; 6",
    "Seniority lists issued; lists; 2; 12; 6",
    "Services added to the single portal; services; 2; 12; 6",
    "Annual administrative report laid; reports; 1; 1; 12",
    "Buildings audited for access of persons with disabilities; buildings; 8; 90; 12",
]
EXTRA = "Unserviceable stores and vehicles disposed of; lots; 2; 24; 12"
# Twenty of a district; some have the first nineteen.
DISTRICT = [
    "Janbhagidari works completed; works; 200; 1800; 1",
    "Block Diwas held, with grievances heard; meetings; 24; 120; 1",
    "Grievances of the district disposed of; grievances; 120; 1800; 1",
    "Revenue services decided in time; applications; 900; 12000; 1",
    "Households with functional tap connections; households; 600; 6000; 1",
    "Children fully immunised; children; 900; 6000; 1",
    "Roads macadamised; km; 20; 160; 3",
    "Amrit Sarovars renovated, with plantation; water bodies; 4; 24; 3",
    "Self-help groups linked to credit; groups; 90; 600; 3",
    "Units financed under PMEGP and Mumkin; units; 40; 400; 3",
    "Kisan Credit Cards sanctioned; cards; 200; 2400; 3",
    "Houses under PMAY completed; houses; 90; 900; 3",
    "Golden cards under SEHAT issued; cards; 900; 9000; 3",
    "Saturation of schemes in aspirational panchayats; panchayats; 4; 24; 3",
    "Capital expenditure booked under the district plan; Rs in crore; 12; 160; 3",
    "Play fields developed; fields; 4; 36; 6",
    "Villages certified Har Ghar Jal; villages; 20; 160; 6",
    "Public buildings with rooftop solar plants; buildings; 8; 60; 6",
    "District good governance report published; reports; 1; 1; 12",
    "Disaster management plan revised, with a mock drill; plans; 1; 1; 12",
]
DECIMAL_UNITS = {"km", "Rs in crore", "hectare", "metric tonnes", "lakh plants", "lakh litres", "MLD", "lakh books", "lakh animals",
                 "lakh youth", "lakh records", "quintal"}


def number(value, unit):
    """Grouped as in India from a thousand on; two digits after the point where the unit has parts."""
    text = f"{value:.2f}" if unit in DECIMAL_UNITS else str(round(value))
    whole, _, fraction = text.partition(".")
    head, tail = whole[:-3], whole[-3:]
    groups = [tail]
    while head:
        groups.insert(0, head[-2:])
        head = head[:-2]
    return ",".join(groups) + ("." + fraction if fraction else "")


def rounded(value, unit):
    return max(0.01, round(value, 2)) if unit in DECIMAL_UNITS else max(1, round(value))


def split(text):
    title, unit, low, high, *months = [part.strip() for part in text.split(";")]
    return title, unit, float(low), float(high), int(months[0]) if months else None


def row(rng, effort, code, level, department, district, text):
    """One deliverable. `effort` says how well its owner does: 1 is as planned."""
    title, unit, low, high, months = split(text)
    months = months or rng.choices([1, 3, 6, 12], [30, 45, 15, 10])[0]
    periods = 12 // months
    yearly = rng.uniform(low, high) if high > low else low
    targets, achieved, status = [""] * 12, [""] * 12, "Not due"
    for end in range(months - 1, 12, months):
        target = rounded(yearly / periods * rng.uniform(0.8, 1.2) if periods > 1 else yearly, unit)
        targets[end] = number(target, unit)
        if MONTHS[end] > AS_ON_MONTH:
            continue
        last = MONTHS[min(end + months, 11)] > AS_ON_MONTH or end + months > 11
        chance = rng.random()
        if chance < (0.14 if last else 0.03) / effort:
            # Not entered yet: an empty cell, or what a clerk writes for it.
            achieved[end] = rng.choice(["", "", "NA"])
            status = "Not reported"
            continue
        share = rng.choice([1.0, 1.0, rng.uniform(1.0, 1.3), rng.uniform(0.9, 1.2), rng.uniform(0.5, 1.0)]) * min(1.1, effort + 0.1)
        got = max(0, round(target * share, 2)) if unit in DECIMAL_UNITS else max(0, round(target * share))
        achieved[end] = number(got, unit)
        status = "Achieved" if got >= target else "Late"
    if rng.random() < 0.05:
        status = rng.choice([status.upper(), status + " "])
    frequency = FREQUENCIES[months][0 if rng.random() < 0.8 else -1]
    return [code, level, department, district, title, unit, frequency, YEAR, AS_ON, status, *targets, *achieved]


def main():
    rng = random.Random(SEED)
    rows = []

    def add(prefix, effort, level, department, district, text):
        count = sum(1 for other in rows if other[1] == level) + 1
        rows.append(row(rng, effort, f"{prefix}{count:04}", level, department, district, text))

    extra = DEPARTMENTS - len(OWN) * 32
    for place, (department, own) in enumerate(OWN.items()):
        effort = rng.uniform(0.75, 1.1)
        texts = [text.replace(";", f", {division} division;", 1) for text in own for division in ("Jammu", "Kashmir")]
        for text in texts + COMMON + [EXTRA] * (place < extra):
            add("DLV-D-", effort, "UT", str(department), "", text)
    extra = DISTRICTS - len(DISTRICT_CODES) * 19
    for place, district in enumerate(DISTRICT_CODES):
        effort = rng.uniform(0.75, 1.1)
        for text in DISTRICT[: 19 + (place < extra)]:
            add("DLV-L-", effort, "District", "", f"{district:03}", text)
    head = ["Sl No", "Code", "Level", "Dept Code", "District LGD", "Deliverable", "Unit", "Frequency", "FY", "As on", "Status"]
    head += [f"T {month}" for month in MONTHS] + [f"A {month}" for month in MONTHS]
    lines = [head] + [[str(place), *cells] for place, cells in enumerate(rows, 1)]
    assert all("|" not in cell for cells in lines for cell in cells)
    with open("deliverables.csv", "w", newline="", encoding="utf-8") as file:
        file.writelines("|".join(cells) + "\n" for cells in lines)
    print(len(rows))


if __name__ == "__main__":
    main()
