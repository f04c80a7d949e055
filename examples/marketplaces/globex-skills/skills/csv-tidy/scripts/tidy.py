#!/usr/bin/env python3
"""Print a CSV without stray spaces, empty rows, repeated headers and thousands separators."""
import csv
import re
import sys

THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")


def tidy(cell):
    cell = " ".join(cell.split())
    return cell.replace(",", "") if THOUSANDS.fullmatch(cell) else cell


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: tidy.py FILE.csv")
    header, kept, dropped = None, 0, 0
    out = csv.writer(sys.stdout, lineterminator="\n")
    with open(sys.argv[1], newline="", encoding="utf-8-sig") as file:
        for row in csv.reader(file):
            row = [tidy(cell) for cell in row]
            if not any(row) or row == header:
                dropped += 1
                continue
            header = header or row
            out.writerow(row)
            kept += 1
    print(f"{kept} rows kept, {dropped} empty or repeated rows dropped", file=sys.stderr)


if __name__ == "__main__":
    main()
