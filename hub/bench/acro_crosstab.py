"""The other side of the table rules: ``acro.crosstab``, run by the Python of its own environment.

``python acro_crosstab.py table-rules FOLDER ROWS`` prints JSON. The data lie in memory before the clock starts.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from acro import ACRO


def main(act: str, folder: str, rows: str) -> None:
    """Make and check a table of counts and one of means by three dimensions."""
    data = pd.read_csv(Path(folder) / f"wages-{rows}.csv")
    logging.disable(logging.CRITICAL)
    os.chdir(tempfile.mkdtemp(prefix="datalab-bench-"))
    session = ACRO(suppress=False)
    began = time.perf_counter()
    session.crosstab([data.educ, data.occupation], data.year)
    session.crosstab([data.educ, data.occupation], data.year, values=data.wage, aggfunc="mean")
    seconds = time.perf_counter() - began
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    Path.cwd().rmdir() if not any(Path.cwd().iterdir()) else None
    sys.stdout.write("\n" + json.dumps({"act": act, "seconds": seconds, "peak": peak}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
