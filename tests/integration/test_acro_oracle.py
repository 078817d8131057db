"""ACRO as an oracle: what it fails under its own thresholds, the gate blocks under the profile that carries them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.exports import TableContext
from hub.gate.datasets import from_scans
from hub.gate.engine import check_request
from hub.gate.exchange import DatasetDescription
from hub.gate.readers.files import read_file
from hub.policy.load import load_profile
from hub.setup.places import here

Oracle = Callable[[pl.DataFrame, str], str]
PROGRAM = Path(__file__).parent / "acro_oracle.py"
CELLS = [(area, job) for area in "abc" for job in "xyz"]
FIGURES = {"": pl.len(), "mean": pl.col("pay").mean(), "sum": pl.col("pay").sum()}


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

        def ask(rows: pl.DataFrame, figure: str) -> str:
            asked.write(json.dumps({"rows": rows.rows(), "figure": figure or None, "margins": False}) + "\n")
            asked.flush()
            return str(json.loads(answered.readline())["status"])

        yield ask
        asked.close()
        program.wait(timeout=60)


def verdict(rows: pl.DataFrame, figure: str) -> str:
    """What the gate says of the table, of which a count shows its empty cells as zeros."""
    table = rows.group_by("area", "job").agg(figure=FIGURES[figure])
    if not figure:
        every = pl.DataFrame(CELLS, schema=["area", "job"], orient="row")
        every = every.filter(pl.col("area").is_in(rows["area"].implode()) & pl.col("job").is_in(rows["job"].implode()))
        table = every.join(table, on=["area", "job"], how="left").with_columns(pl.col("figure").fill_null(0))
    text = table.sort("area", "job").rename({"figure": figure or "n"}).write_csv()
    dataset = from_scans(DatasetDescription(name="d", folder="/data/d"), {"d.parquet": rows.lazy()})
    said = TableContext("d", ("area", "job"), "pay" if figure else "", figure or "count")
    (judged,) = check_request([(read_file(1, "t.csv", text.encode()), said)], load_profile("uk-sacro"), (dataset,))
    return str(judged.verdict)


def people(counts: list[int], pays: list[float]) -> pl.DataFrame:
    """So many people in each cell; the first of each cell has a pay of its own."""
    rows: list[dict[str, Any]] = []
    for (area, job), count, pay in zip(CELLS, counts, pays, strict=True):
        rows += [{"area": area, "job": job, "pay": pay if n == 0 else 10.0 + n % 7} for n in range(count)]
    return pl.DataFrame(rows, schema={"area": pl.String, "job": pl.String, "pay": pl.Float64})


COUNTS = st.lists(st.sampled_from([0, 1, 9, 10, 11, 30, 60]), min_size=9, max_size=9).filter(lambda c: sum(c) > 0)
PAYS = st.lists(st.sampled_from([0.0, 12.0, 90.0, 200.0, 700.0, 5000.0]), min_size=9, max_size=9)


@settings(max_examples=60, deadline=None)
@given(counts=COUNTS, pays=PAYS, figure=st.sampled_from(sorted(FIGURES)))
def test_what_acro_fails_the_gate_blocks(oracle: Oracle, counts: list[int], pays: list[float], figure: str) -> None:
    """Means and sums are of cells that are not empty: the gate takes an empty cell for a suppressed one."""
    filled = [max(n, 1) for n in counts] if figure else counts
    rows = people(filled, pays)
    said = oracle(rows, figure)
    assert said in ("pass", "review", "fail")
    assert said != "fail" or verdict(rows, figure) == "block"


@pytest.mark.parametrize("figure", sorted(FIGURES))
def test_both_let_a_harmless_table_pass(oracle: Oracle, figure: str) -> None:
    rows = people([40] * 9, [11.5] * 9)
    assert oracle(rows, figure) == "pass"
    assert verdict(rows, figure) == "none"


@pytest.mark.parametrize("figure", ["", "mean"])
def test_both_fail_a_small_cell(oracle: Oracle, figure: str) -> None:
    rows = people([3, *[40] * 8], [11.5] * 9)
    assert oracle(rows, figure) == "fail"
    assert verdict(rows, figure) == "block"
