"""Examples that others published, written from their descriptions: what they call disclosive does not pass here.

Datasets are made so that they give exactly the published tables. OpenSAFELY's stand in ``test_opensafely``.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pytest

from corpus.published import blocks, dataset, details, judge, policy
from hub.domain.table_context import TableContext
from hub.gate.checks.suppressed_cells import IDENTIFIER as SUPPRESSION
from hub.gate.exchange import Verdict
from hub.policy.model import Dominance

NO_RULES: dict[str, object] = {"dominance": (), "p_percent": 0, "protection_percent": 0, "minimum_units": 2}


def enterprises(cells: Mapping[tuple[str, str], tuple[float, ...]]) -> pl.DataFrame:
    """Enterprises by region and industry with their turnover."""
    rows = [
        {"region": region, "industry": industry, "turnover": float(value)}
        for (region, industry), values in cells.items()
        for value in values
    ]
    return pl.DataFrame(rows).with_columns(firm=pl.int_range(pl.len()))


def magnitudes(rows: pl.DataFrame, *, totals: bool = True) -> pl.DataFrame:
    """Turnover by region and industry, with margins."""
    kinds: list[list[str]] = [["region", "industry"], ["region"], ["industry"], []]
    parts = []
    for kept in kinds if totals else kinds[:1]:
        figure = pl.col("turnover").sum()
        part = rows.group_by(kept).agg(turnover=figure) if kept else rows.select(turnover=figure)
        missing = {name: pl.lit("Total") for name in ("region", "industry") if name not in kept}
        parts.append(part.with_columns(**missing).select("region", "industry", "turnover"))
    return pl.concat(parts).sort("region", "industry")


def suppressed(table: pl.DataFrame, *cells: tuple[str, str]) -> pl.DataFrame:
    """The table with some cells suppressed."""
    hidden = pl.any_horizontal(*((pl.col("region") == a) & (pl.col("industry") == b) for a, b in cells))
    return table.with_columns(turnover=pl.when(hidden).then(pl.lit("x")).otherwise(pl.col("turnover").cast(pl.String)))


TURNOVER = {
    ("Region 1", "Industry A"): (45.0,) * 12,
    ("Region 1", "Industry B"): (15.0, *(16.0,) * 6, *(15.0,) * 8),
    ("Region 2", "Industry A"): (30.0, 18.0),
    ("Region 2", "Industry B"): (16.0, 15.0, 16.0, 15.0, 16.0, 15.0, 16.0, 16.0),
}
"""Handbook on Statistical Disclosure Control, table 4.1: 540 (12), 231 (15), 48 (2), 125 (8)."""
FREQUENCY = policy("fr-entreprises", dominance=(), protection_percent=10)


def test_tau_argus_a_cell_of_two_enterprises_blocks() -> None:
    """Hundepool and others, Handbook on Statistical Disclosure Control, 4.1, table 4.1: 48 from two respondents."""
    rows = enterprises(TURNOVER)
    assert magnitudes(rows, totals=False)["turnover"].to_list() == [540.0, 231.0, 48.0, 125.0]
    (judged,) = judge({"turnover.csv": magnitudes(rows)}, FREQUENCY, dataset(rows, "firm"))
    assert "minimum-frequency" in blocks(judged)


def test_tau_argus_its_suppression_needs_others() -> None:
    """The same: with margins, the suppressed 48 follows from each of its lines; a square of four protects it."""
    rows = enterprises(TURNOVER)
    own = dataset(rows, "firm")
    (alone,) = judge({"t.csv": suppressed(magnitudes(rows), ("Region 2", "Industry A"))}, FREQUENCY, own)
    assert blocks(alone) & {SUPPRESSION, "complement"}
    assert "from 47 to 49" in details(alone)
    (square,) = judge({"t.csv": suppressed(magnitudes(rows), *TURNOVER)}, FREQUENCY, own)
    assert square.verdict is Verdict.NONE


def test_tau_argus_a_sector_without_its_subsector_tells_it() -> None:
    """The handbook, example 1a: 56,600 less 47,600 and 8,002 leaves the suppressed 998."""
    rows = enterprises(
        {("all", "I"): (998.0,), ("all", "II"): (1_180.0, 1_200.0) * 20, ("all", "III"): (190.05, 210.05) * 20}
    )
    table = pl.DataFrame({"industry": ["I", "II", "III", "Total"], "turnover": ["x", "47600", "8002", "56600"]})
    (judged,) = judge({"sector.csv": table}, FREQUENCY, dataset(rows, "firm"))
    assert blocks(judged) & {SUPPRESSION, "complement"}
    (without,) = judge({"sector.csv": table.head(3)}, FREQUENCY, dataset(rows, "firm"))
    assert without.verdict is Verdict.NONE


def mine(*turnover: float) -> pl.DataFrame:
    """One cell of a table, beside one of many equals."""
    return enterprises({("X", "mining"): turnover, ("X", "food"): (1_000.0, 1_001.0) * 20})


P_PERCENT = NO_RULES | {"p_percent": 10}
DOMINANCE: list[tuple[str, tuple[float, ...], dict[str, object], bool]] = [
    ("1: safe by (1, 90)", (50_000, 49_000, 1_000), NO_RULES | {"dominance": (Dominance(n=1, k=90),)}, False),
    ("1: and yet known to 2 %", (50_000, 49_000, 1_000), P_PERCENT, True),
    ("1d: one of 51 has 99 %", (4_950.0, *(1.0,) * 50), NO_RULES | {"dominance": (Dominance(n=1, k=90),)}, True),
    ("2: safe by p = 10 %", (52_000, 50_000, 8_000), P_PERCENT, False),
    ("2: and not by (2, 90.9)", (52_000, 50_000, 8_000), NO_RULES | {"dominance": (Dominance(n=2, k=91),)}, True),
    ("4: not safe by (1, 85)", (300, 20, 10), NO_RULES | {"dominance": (Dominance(n=1, k=85),)}, True),
]


@pytest.mark.parametrize(
    ("turnover", "rules", "is_unsafe"), [case[1:] for case in DOMINANCE], ids=[c[0] for c in DOMINANCE]
)
def test_tau_argus_concentration_rules(turnover: tuple[float, ...], rules: dict[str, object], is_unsafe: bool) -> None:
    """The handbook, 4.2.1: examples 1, 1d, 2 and 4 of the dominance and the p % rule."""
    rows = mine(*turnover)
    (judged,) = judge({"t.csv": magnitudes(rows, totals=False)}, policy("uk-sacro", **rules), dataset(rows, "firm"))
    assert ("dominance" in blocks(judged)) is is_unsafe


GEURTS = {
    ("1", "1"): (4.0, 1.0),
    ("1", "2"): (1.0, 0.5, 0.5),
    ("2", "1"): (0.5, 0.5),
    ("2", "2"): (1.0, 0.5, 0.5),
    ("3", "1"): (1.0, 1.0, 1.0),
    ("3", "2"): (1.5, 1.0, 0.5),
}


@pytest.mark.parametrize(("protection", "is_open"), [(50, True), (20, False)])
def test_tau_argus_bounds_of_suppressed_cells(protection: int, is_open: bool) -> None:
    """The handbook, 4.2.2, example 3 (Geurts, 1992, table 10): margins of 7, 3, 9 and 7 leave a cell 3 to 6.

    Its value is 5 here: the interval is too narrow for a protection of half of it, and wide enough for a fifth.
    """
    rows = enterprises(GEURTS)
    table = suppressed(magnitudes(rows), ("1", "1"), ("1", "2"), ("2", "1"), ("2", "2"))
    said = TableContext("d", ("region", "industry"), "turnover", "sum")
    rules = policy("uk-sacro", **NO_RULES | {"dominance": (Dominance(n=1, k=80),), "protection_percent": protection})
    (judged,) = judge({"t.csv": table}, rules, dataset(rows, "firm"), said={"t.csv": said})
    assert (SUPPRESSION in blocks(judged)) is is_open


def test_tau_argus_holdings_count_as_one() -> None:
    """The handbook, 4.2.1, “Holdings”: three largest contributions that are one company's."""
    rows = mine(400, 300, 200, 50, 40, 30, 20, 10).with_columns(
        holding=pl.when(pl.col("turnover") >= 200).then(pl.lit("A")).otherwise(pl.col("firm").cast(pl.String))
    )
    rows = rows.filter(pl.col("industry") == "mining").vstack(
        rows.filter(pl.col("industry") != "mining").with_columns(holding=pl.col("firm").cast(pl.String))
    )
    rules = policy("uk-sacro", **NO_RULES | {"dominance": (Dominance(n=1, k=80),)})
    table = {"t.csv": magnitudes(rows, totals=False)}
    (apart,) = judge(table, rules, dataset(rows, "firm"))
    assert "dominance" not in blocks(apart)
    (together,) = judge(table, rules, dataset(rows, "firm", group_columns=("holding",)))
    assert "dominance" in blocks(together)


# --- ACRO ---------------------------------------------------------------------------------------------------------


def charities() -> pl.DataFrame:
    """Charities by year and kind of grant, as ACRO's test data has them; four of one kind did not survive 2011."""
    kinds = {"G": 30, "N": 45, "R": 60, "R/G": 25}
    rows = [
        {"year": year, "grant_type": kind, "survivor": "dead" if kind == "G" and year == 2011 and n < 4 else "alive"}
        for year in (2010, 2011, 2012)
        for kind, count in kinds.items()
        for n in range(count)
    ]
    return pl.DataFrame(rows).with_columns(charity=pl.int_range(pl.len()))


def test_acro_linked_tables_of_years_and_grants() -> None:
    """ACRO, user guide, “Linked-table disclosure”: two tables that together reveal more than either alone.

    ACRO 1.0's ``PresenceOfLinkedTableCheck`` passes each table by ``year`` and ``grant_type``, and recommends that
    somebody looks for differences with others by hand; the second is of those that survived.
    """
    rows = charities()
    tables = {
        name: part.group_by("year", "grant_type").agg(n=pl.len()).sort("year", "grant_type")
        for name, part in (("all.csv", rows), ("alive.csv", rows.filter(pl.col("survivor") == "alive")))
    }
    own, rules = dataset(rows, "charity"), policy("uk-sacro")
    for name, table in tables.items():
        (alone,) = judge({name: table}, rules, own)
        assert alone.verdict is not Verdict.BLOCK
    judged = judge(tables, rules, own)
    assert "differencing" in blocks(judged[1])
