#!/usr/bin/env python3
"""How many forms of a list are refused, and whether the row or name that is blamed is the one that pyxform blames.

usage: refusals.py CASES.json PROGRAM...     as in: refusals.py cases.json target/release/nightjar form check

CASES.json holds {"cases": [{"id", "md", "converts", "expect": {"error__contains": [text, ...]}}]}: the forms that
pyxform's own tests say it refuses, and what they say it answers. PROGRAM gets the path of one form and prints one line for
each fault, `FILE, sheet NAME, row N, column X "heading": error: words`.

A row is blamed when an error names it. A name is blamed when a word that pyxform's message puts in quotes or in ${} and
that is written in the form stands in an error of ours. Cases in which pyxform's message names neither are counted
apart.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROW = re.compile(r"\[row ?: ?(\d+)\]|\brow(?: number)? (\d+)", re.IGNORECASE)
QUOTED = re.compile(r"\$\{([^}]+)\}|'([^']+)'|\"([^\"]+)\"|`([^`]+)`")
OURS = re.compile(r", row (\d+)[,:]")


def cells(markdown):
    """Every cell of the form, and every word in one."""
    found = set()
    for line in markdown.splitlines():
        for cell in line.split("|"):
            found.add(cell.strip())
            found.update(re.findall(r"[\w.:\-]+", cell))
    return found - {""}


def blamed(case, errors):
    """(row, name) as True, False or None where pyxform's message has none."""
    said = " ".join(case["expect"].get("error__contains", []))
    rows = {int(a or b) for a, b in ROW.findall(said)}
    ours = {int(m.group(1)) for m in map(OURS.search, errors) if m}
    names = {next(part for part in m if part).strip() for m in QUOTED.findall(said)} & cells(case["md"])
    text = "\n".join(errors)
    name = any(re.search(rf"(?<![\w]){re.escape(n)}(?![\w])", text) for n in names) if names else None
    return (bool(rows & ours) if rows else None), name


def main():
    cases = [c for c in json.loads(pathlib.Path(sys.argv[1]).read_text())["cases"] if not c["converts"]]
    refused, by_row, by_either, silent, misses = 0, [0, 0], [0, 0], 0, []
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            form = pathlib.Path(folder) / f"{case['id']}.md"
            form.write_text(case["md"])
            ran = subprocess.run([*sys.argv[2:], str(form)], capture_output=True, text=True, timeout=60)
            errors = [line for line in ran.stdout.splitlines() if ": error: " in line]
            if ran.returncode == 0 or not errors:
                misses.append(f"{case['id']}: taken")
                continue
            refused += 1
            row, name = blamed(case, errors)
            if row is None and name is None:
                silent += 1
                continue
            by_either[0] += bool(row or name)
            by_either[1] += 1
            if row is not None:
                by_row[0] += row
                by_row[1] += 1
            if not (row or name):
                misses.append(f"{case['id']}: pyxform: {case['expect']['error__contains']}; here: {errors}")
    print(*misses, sep="\n")
    print(f"{refused} of {len(cases)} refused")
    print(f"row or name blamed as pyxform's message has it: {by_either[0]} of {by_either[1]}; row: {by_row[0]} of {by_row[1]}")
    print(f"pyxform's message names neither: {silent}")
    return 0 if refused == len(cases) else 1


if __name__ == "__main__":
    sys.exit(main())
