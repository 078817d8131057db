"""ACRO as an oracle: what it fails under its own thresholds, the gate blocks under the profile that carries them.

Survival tables are not asked about: ACRO 1.0.2 fails each of them, also of hundreds, with “dof=0 < 10”.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hub.domain.table_context import TableContext
from hub.gate.engine import check_request
from hub.gate.exchange import DatasetDescription
from hub.gate.mounted import MountedDataset, from_scans
from hub.gate.readers.files import read_file
from hub.policy.load import load_profile
from hub.setup.places import here

Oracle = Callable[..., dict[str, str]]
PROGRAM = Path(__file__).parent / "acro_oracle.py"
CELLS = [(area, job) for area in "abc" for job in "xyz"]
PAY = pl.col("pay")
FIGURES = {"": pl.len(), "mean": PAY.mean(), "sum": PAY.sum(), "median": PAY.median(), "std": PAY.std()}


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    """ACRO in its own environment, asked line by line."""
    python = here().oracle / "bin" / "python"
    folder = tmp_path_factory.mktemp("acro")
    with subprocess.Popen(
        [python, PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        text=True,
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        asked, answered = program.stdin, program.stdout

        def ask(kind: str, rows: Sequence[Sequence[object]], **question: object) -> dict[str, str]:
            asked.write(json.dumps({"kind": kind, "rows": rows, **question}) + "\n")
            asked.flush()
            answer: dict[str, str] = json.loads(answered.readline())
            assert answer["status"] in ("pass", "review", "fail")
            return answer

        yield ask
        asked.close()
        program.wait(timeout=60)


def verdict(rows: pl.DataFrame, figure: str, margins: bool = False) -> str:
    """What the gate says of the table, of which a count shows its empty cells as zeros."""
    table = rows.group_by("area", "job").agg(figure=FIGURES[figure])
    if not figure:
        every = pl.DataFrame(CELLS, schema=["area", "job"], orient="row")
        every = every.filter(pl.col("area").is_in(rows["area"].implode()) & pl.col("job").is_in(rows["job"].implode()))
        table = every.join(table, on=["area", "job"], how="left").with_columns(pl.col("figure").fill_null(0))
    parts = [table.cast({"figure": pl.Float64}), *(_margins(rows, figure) if margins else ())]
    text = pl.concat(parts).sort("area", "job").rename({"figure": figure or "n"}).write_csv()
    dataset = from_scans(DatasetDescription(name="d", folder="/data/d"), {"d.parquet": rows.lazy()})
    said = TableContext("d", ("area", "job"), "pay" if figure else "", figure or "count")
    return judged("t.csv", text, said, dataset)


def _margins(rows: pl.DataFrame, figure: str) -> Iterator[pl.DataFrame]:
    """The same figure of each line and of all."""
    for kept in (["area"], ["job"], []):
        part = rows.group_by(kept).agg(figure=FIGURES[figure]) if kept else rows.select(figure=FIGURES[figure])
        missing = {name: pl.lit("All") for name in ("area", "job") if name not in kept}
        yield part.with_columns(**missing).select("area", "job", pl.col("figure").cast(pl.Float64))


def judged(name: str, text: str, said: TableContext, *datasets: MountedDataset) -> str:
    """What the gate says of one file under the profile that carries ACRO's thresholds."""
    (judgement,) = check_request([(read_file(1, name, text.encode()), said)], load_profile("uk-sacro"), datasets)
    return str(judgement.verdict)


def people(counts: list[int], pays: list[float]) -> pl.DataFrame:
    """So many people in each cell; the first of each cell has a pay of its own."""
    rows: list[dict[str, Any]] = []
    for (area, job), count, pay in zip(CELLS, counts, pays, strict=True):
        rows += [{"area": area, "job": job, "pay": pay if n == 0 else 10.0 + n % 7} for n in range(count)]
    return pl.DataFrame(rows, schema={"area": pl.String, "job": pl.String, "pay": pl.Float64})


COUNTS = st.lists(st.sampled_from([0, 1, 9, 10, 11, 30, 60]), min_size=9, max_size=9).filter(lambda c: sum(c) > 0)
PAYS = st.lists(st.sampled_from([0.0, 12.0, 90.0, 200.0, 700.0, 5000.0]), min_size=9, max_size=9)


@settings(max_examples=80, deadline=None)
@given(counts=COUNTS, pays=PAYS, figure=st.sampled_from(sorted(FIGURES)), margins=st.booleans())
def test_what_acro_fails_the_gate_blocks(
    oracle: Oracle, counts: list[int], pays: list[float], figure: str, margins: bool
) -> None:
    """Figures are of cells with two people and more: the gate takes an empty cell for a suppressed one."""
    filled = [max(n, 2) for n in counts] if figure else counts
    rows = people(filled, pays)
    said = oracle("table", rows.rows(), figure=figure or None, margins=margins)
    assert said["status"] != "fail" or verdict(rows, figure, margins) == "block", said["summary"]


@pytest.mark.parametrize("margins", [False, True])
@pytest.mark.parametrize("figure", sorted(FIGURES))
def test_both_let_a_harmless_table_pass(oracle: Oracle, figure: str, margins: bool) -> None:
    rows = people([40] * 9, [11.5] * 9)
    assert oracle("table", rows.rows(), figure=figure or None, margins=margins)["status"] == "pass"
    assert verdict(rows, figure, margins) in ("none", "fixed")


@pytest.mark.parametrize("figure", sorted(FIGURES))
def test_both_fail_a_small_cell(oracle: Oracle, figure: str) -> None:
    rows = people([3, *[40] * 8], [11.5] * 9)
    assert oracle("table", rows.rows(), figure=figure or None, margins=False)["status"] == "fail"
    assert verdict(rows, figure) == "block"


@settings(max_examples=25, deadline=None)
@given(count=st.integers(4, 40), terms=st.integers(1, 3), seed=st.integers(0, 999))
def test_a_regression_that_acro_fails_the_gate_blocks(oracle: Oracle, count: int, terms: int, seed: int) -> None:
    """What the gate reads is the summary as statsmodels prints it."""
    assume(count > terms + 1)
    draw = random.Random(seed)
    said = oracle("ols", [[draw.gauss(0, 1) for _ in range(terms + 1)] for _ in range(count)])
    verdict_of = judged("fit.txt", said["output"], TableContext())
    assert verdict_of == ("block" if said["status"] == "fail" else "review"), said["summary"]
