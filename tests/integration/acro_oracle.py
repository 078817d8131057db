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
from acro import ACRO, add_constant

logging.disable(logging.CRITICAL)
warnings.filterwarnings("ignore")


def answer(acro: ACRO, question: dict[str, object]) -> dict[str, str]:
    """Ask about a table or a regression; ``output`` is what ACRO would print of the latter."""
    output = {"table": crossed, "ols": fitted}[str(question["kind"])](acro, question)
    record = acro.results.get_index(-1)
    return {"status": record.status, "summary": record.summary, "output": output}


def crossed(acro: ACRO, question: dict[str, object]) -> str:
    """Cross two columns, of counts or of a figure of the third."""
    frame = pd.DataFrame(question["rows"], columns=["area", "job", "pay"])
    figure = question["figure"]
    values = {"values": frame["pay"], "aggfunc": figure} if figure else {}
    acro.crosstab(frame["area"], frame["job"], margins=bool(question["margins"]), **values)
    return ""


def fitted(acro: ACRO, question: dict[str, object]) -> str:
    """Fit the first column by the others and a constant."""
    frame = pd.DataFrame(question["rows"])
    return acro.ols(frame[0], add_constant(frame.drop(columns=0))).summary().as_text()


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
