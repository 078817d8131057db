"""What ACRO says of tables: one question on each line of the input, one answer on each line of the output.

It runs in ACRO's own environment, so it may import nothing of the lab's.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import warnings

import pandas as pd
from acro import ACRO

logging.disable(logging.CRITICAL)
warnings.filterwarnings("ignore")


def answer(acro: ACRO, question: dict[str, object]) -> dict[str, str]:
    """Cross two columns, of counts or of a figure of the third."""
    frame = pd.DataFrame(question["rows"], columns=["area", "job", "pay"])
    figure = question["figure"]
    values = {"values": frame["pay"], "aggfunc": figure} if figure else {}
    acro.crosstab(frame["area"], frame["job"], margins=bool(question["margins"]), **values)
    record = acro.results.get_index(-1)
    return {"status": record.status, "summary": record.summary}


def main() -> None:
    """Answer until the input ends; what ACRO itself prints goes to the error stream."""
    out, sys.stdout = sys.stdout, sys.stderr
    with tempfile.TemporaryDirectory():
        acro = ACRO(suppress=False)
        for line in sys.stdin:
            out.write(json.dumps(answer(acro, json.loads(line))) + "\n")
            out.flush()


if __name__ == "__main__":
    main()
