"""The page docs/reference/measurements.md, made from recorded results: ``python -m hub.bench.page``."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hub.bench import record
from hub.bench.measurements import LONG, MEASUREMENTS, Measurement
from hub.bench.plot import plot
from hub.bench.rows import number

DOCS = Path(__file__).parents[2] / "docs" / "reference"
RECORD = DOCS / "measurements.json"
PLOTTED = ("large",)
"""Measurements with many ratios, which are drawn as well."""
HEAD = """\
# Measurements

<!-- Made by “python -m hub.bench.page > docs/reference/measurements.md”, from docs/reference/measurements.json, which
     “python -m hub.bench --fifty --record docs/reference/measurements.json” writes. -->

`make bench` measures the lab beside what one would pick instead: both in turn, on one machine, the median of some
rounds after one that does not count. A section is one run; sections were recorded at different moments, and some with
other code: below each stands when, and at which commit. Where that is missing, it was recorded before that was kept.
A ratio below one means that the lab takes less. On a machine that does other things at the same time, seconds mean
little and ratios still something: the load when a measurement began stands beside it. It takes many minutes and 4 GB;
`--only NAME` measures a part, `--json` prints JSON.
"""


def page() -> str:
    """The whole page."""
    recorded = record.read(RECORD)
    sections = (_section(name, act, recorded.get(name)) for name, act in (MEASUREMENTS | LONG).items())
    return "\n".join([HEAD, *sections])


def _section(name: str, act: Measurement, run: dict[str, Any] | None) -> str:
    about = (inspect.getdoc(inspect.getmodule(act)) or "").replace("``", "`")
    drawn = f"![Ratios, on a logarithmic scale](../images/{name}.svg)\n\n" if run and name in PLOTTED else ""
    said = "\n".join(_table(run)) if run else "Not recorded yet."
    return f"## {name}\n\n{about}\n\n{drawn}{said}\n"


def draw() -> None:
    """Draw the recorded ratios of the measurements that are plotted."""
    recorded = record.read(RECORD)
    for name in PLOTTED:
        if name in recorded:
            (DOCS.parent / "images" / f"{name}.svg").write_text(plot(recorded[name]["rows"]), encoding="utf-8")


def _table(run: dict[str, Any]) -> Iterator[str]:
    yield "| measured | lab | instead | ratio | goal | met |"
    yield "| --- | ---: | ---: | ---: | --- | --- |"
    for row in run["rows"]:
        lab, instead = number(row["lab"], row["unit"]), number(row["instead"], row["unit"])
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
        met = {None: "", True: "yes", False: "**no**"}[row["met"]]
        yield f"| {row['title']} | {lab} | {instead} | {ratio} | {row['goal'] or ''} | {met} |"
    yield ""
    when = f"; {run['moment']}" if run.get("moment") else ""
    code = f", commit {run['commit']}" if run.get("commit") else ""
    yield f"{run['machine']} when it began; rounds: {run['rounds']}{when}{code}."


if __name__ == "__main__":
    draw()
    sys.stdout.write(page())
