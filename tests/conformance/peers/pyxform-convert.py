#!/usr/bin/env python3
"""pyxform on jobs of a line each, in one process.

in  {id, form: PATH, times?: N}    the path ends in .md, .xlsx, .xls or .csv
out {id, xml?, error?, warnings, ms: [..]}    one time for each of N conversions

The file is read by pyxform each time, as its command line does; validation by ODK Validate is left out."""
import json
import sys
import time

from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert


def run(job):
    """Converts a form as often as the job says; the times are of the conversion alone."""
    taken, warnings, xml = [], [], None
    for _ in range(job.get("times", 1)):
        warnings = []
        start = time.perf_counter()
        try:
            xml = convert(xlsform=job["form"], warnings=warnings, validate=False, pretty_print=False).xform
        except PyXFormError as problem:
            return {"id": job["id"], "error": str(problem), "warnings": warnings, "ms": taken}
        taken.append(round((time.perf_counter() - start) * 1000, 4))
    return {"id": job["id"], "xml": xml, "warnings": warnings, "ms": taken}


for line in sys.stdin:
    if line.strip():
        print(json.dumps(run(json.loads(line))), flush=True)
