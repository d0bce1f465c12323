#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the tables of docs/lesions.md from what bench/lesion_study wrote.

    lesion_study_table.py NAME=PREFIX ...      # PREFIX_lesions.csv and PREFIX_cases.csv

Needs Debian's python3-numpy and python3-scipy. A tumour counts as wrongly removed when more than 5 % of its true
volume leaves the tumour label; a cyst as removed when more than half of its contoured volume does.
"""
import csv
import sys

import numpy as np
from scipy import stats

RULES = ("paper", "evidence")


def number(text):
    return float(text) if text else float("nan")


def read(prefix):
    with open(prefix + "_lesions.csv") as lesions, open(prefix + "_cases.csv") as cases:
        return list(csv.DictReader(lesions)), list(csv.DictReader(cases))


def rate(events, trials):
    """'12.3 % [10.1, 14.8]' with the exact interval of Clopper and Pearson."""
    if trials == 0:
        return "-"
    low = stats.beta.ppf(0.025, events, trials - events + 1) if events > 0 else 0.0
    high = stats.beta.ppf(0.975, events + 1, trials - events) if events < trials else 1.0
    digits = 1 if events / trials > 0.02 else 2
    return f"{100 * events / trials:.{digits}f} % [{100 * low:.{digits}f}, {100 * high:.{digits}f}]"


def mean(values):
    """'0.87 [0.86, 0.88]' with Student's interval over cases."""
    values = np.array([v for v in values if v == v])
    if len(values) < 2:
        return "-"
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    digits = 3 if abs(values.mean()) < 2 else 1
    return f"{values.mean():.{digits}f} [{values.mean() - half:.{digits}f}, {values.mean() + half:.{digits}f}]"


def is_cyst(row):
    return row["kind"] == "cyst"


def left(row):
    """Voxels of a lesion that were contoured as tumour and are tumour no more."""
    return number(row["contoured"]) - number(row["kept"])


def lost(row):
    return left(row) > 0.05 * number(row["voxels"])


def removed(row):
    return number(row["cyst"]) > 0.5 * number(row["contoured"])


def millilitres(rows):
    return sum(left(row) * number(row["voxel_ml"]) for row in rows)


def large(row):
    return number(row["diameter_mm"]) >= 10


def group_line(name, rows):
    tumours = [r for r in rows if not is_cyst(r)]
    cysts = [r for r in rows if is_cyst(r) and large(r)]
    gone = [r for r in tumours if lost(r)]
    return (f"| {name} | {len(tumours)} | {rate(len(gone), len(tumours))} | {millilitres(tumours):.1f} | {len(cysts)} | "
            f"{rate(sum(map(removed, cysts)), len(cysts))} | {sum(r['verdict'] == 'doubtful' for r in tumours)} / "
            f"{sum(r['verdict'] == 'doubtful' and not removed(r) for r in cysts)} |")


GROUP_HEAD = ("| rule | tumours | **wrongly removed** | mL | cysts >= 10 mm | removed | doubtful tumours / cysts |\n"
              "|---|---|---|---|---|---|---|")


def print_cohorts(cohorts):
    print(GROUP_HEAD.replace("| rule |", "| cohort, rule |"))
    for name, (lesions, _) in cohorts.items():
        for rule in RULES:
            print(group_line(f"{name}, {rule}", [r for r in lesions if r["rule"] == rule]))


def print_contours(cohorts):
    print("\n| cohort, rule | cases | DSC before | after | HD95 before (mm) | after |\n|---|---|---|---|---|---|")
    for name, (_, cases) in cohorts.items():
        for rule in RULES:
            rows = [r for r in cases if r["rule"] == rule]
            print(f"| {name}, {rule} | {len(rows)} | " + " | ".join(
                mean([number(r[key]) for r in rows]) for key in ("dsc_before", "dsc_after", "hd95_before", "hd95_after")) + " |")


def between(key, low, high):
    return lambda row: low <= number(row[key]) < high


GROUPS = {
    "solid tumours": lambda r: r["kind"] in ("tumour", "cyst"),
    "calcified": lambda r: r["kind"] == "calcified_tumour",
    "necrotic": lambda r: r["kind"] == "necrotic_tumour",
    "hypodense": lambda r: r["kind"] == "hypodense_tumour",
    "touching": lambda r: r["touching"] == "1",
    "liver above 75 HU": lambda r: r["unenhanced"] == "0",
    "liver up to 75 HU": lambda r: r["unenhanced"] == "1",
    "noise below 15 HU": between("noise_hu", 0, 15),
    "noise 15 to 25 HU": between("noise_hu", 15, 25),
    "noise above 25 HU": between("noise_hu", 25, 999),
    "slices below 2 mm": between("slice_mm", 0, 2),
    "slices 2 to 3.5 mm": between("slice_mm", 2, 3.5),
    "slices above 3.5 mm": between("slice_mm", 3.5, 99),
    "diameter below 10 mm": between("diameter_mm", 0, 10),
    "diameter 10 to 20 mm": between("diameter_mm", 10, 20),
    "diameter 20 to 60 mm": between("diameter_mm", 20, 99),
    "exact contours": lambda r: r["exact"] == "1",
    "contours off by 0.8 mm (SD)": lambda r: r["exact"] == "0",
}


def print_groups(lesions):
    print("\n| group | tumours | wrongly removed: paper | evidence | cysts >= 10 mm removed: paper | evidence |\n|---|---|---|---|---|---|")
    for name, belongs in GROUPS.items():
        cells = {}
        for rule in RULES:
            rows = [r for r in lesions if r["rule"] == rule and belongs(r)]
            tumours, cysts = [r for r in rows if not is_cyst(r)], [r for r in rows if is_cyst(r) and large(r)]
            cells[rule] = (len(tumours), rate(sum(map(lost, tumours)), len(tumours)), rate(sum(map(removed, cysts)), len(cysts)))
        paper, evidence = cells["paper"], cells["evidence"]
        print(f"| {name} | {paper[0]} | {paper[1]} | {evidence[1]} | {paper[2]} | {evidence[2]} |")


def print_rest(lesions):
    def key(row):
        return row["host"], row["case"], row["lesion"]

    cysts = {rule: {key(r): r for r in lesions if r["rule"] == rule and is_cyst(r)} for rule in RULES}
    kept = [k for k in cysts["paper"] if removed(cysts["paper"][k]) and not removed(cysts["evidence"][k])]
    sizes = [number(cysts["paper"][k]["diameter_mm"]) for k in kept]
    print(f"\nCysts of any size that the paper's rule removes and the evidence rule keeps: {len(kept)} of {len(cysts['paper'])}, "
          f"{sum(s < 10 for s in sizes)} of them below 10 mm.")
    partner = {(r["host"], r["case"], r["rule"]): r for r in lesions if is_cyst(r) and r["touching"] == "1"}
    scores, split = [], 0
    for row in lesions:
        cyst = partner.get((row["host"], row["case"], row["rule"]))
        if row["rule"] != "evidence" or is_cyst(row) or row["touching"] != "1" or cyst is None or not row["pair_dsc"]:
            continue
        if number(row["true_hu"]) - number(cyst["true_hu"]) >= 3 * number(row["noise_hu"]):
            scores.append(number(row["pair_dsc"]))
            split += row["parts"] == "2"
    if scores:
        print(f"Touching pairs whose means differ by three noise SDs: {len(scores)}, {split} split; DSC of the tumour part "
              f"{mean(scores)}, median {np.median(scores):.3f}, at least 0.90 in {sum(s >= 0.9 for s in scores)}.")


def main():
    cohorts = {argument.split("=", 1)[0]: read(argument.split("=", 1)[1]) for argument in sys.argv[1:]}
    print_cohorts(cohorts)
    print_contours(cohorts)
    main_cohorts = [lesions for name, (lesions, _) in cohorts.items() if not name.startswith("unseen")]
    together = [row for lesions in main_cohorts for row in lesions]
    print("\nAll but the unseen setting together:\n\n" + GROUP_HEAD)
    for rule in RULES:
        print(group_line(rule, [r for r in together if r["rule"] == rule]))
    print_groups(together)
    print_rest(together)


if __name__ == "__main__":
    main()
