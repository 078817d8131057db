"""Examples that others published, written from their descriptions: what they call disclosive does not pass here.

Datasets are made so that they give exactly the published tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

from hub.domain.exports import Severity, TableContext
from hub.gate.checks.suppressed_cells import IDENTIFIER as SUPPRESSION
from hub.gate.datasets import MountedDataset, from_scans
from hub.gate.engine import Judgement, check_request
from hub.gate.exchange import DatasetDescription, Verdict
from hub.gate.readers.files import read_file
from hub.policy.load import load_profile
from hub.policy.model import Dominance, Policy

NO_RULES: dict[str, object] = {"dominance": (), "p_percent": 0, "protection_percent": 0, "minimum_units": 2}
Files = Mapping[str, pl.DataFrame | str]


def dataset(rows: pl.DataFrame, unit: str, **declared: Any) -> MountedDataset:
    description = DatasetDescription(name="d", folder="/data/d", privacy_unit=unit, **declared)
    return from_scans(description, {"d.parquet": rows.lazy()})


def policy(profile: str, **parameters: object) -> Policy:
    return load_profile(profile).model_copy(update=parameters)


def judge(
    files: Files, rules: Policy, *datasets: MountedDataset, said: Mapping[str, TableContext] | None = None
) -> list[Judgement]:
    read = [
        (
            read_file(at, name, (text if isinstance(text, str) else text.write_csv()).encode()),
            (said or {}).get(name, TableContext()),
        )
        for at, (name, text) in enumerate(files.items(), start=1)
    ]
    return check_request(read, rules, datasets)


def blocks(judgement: Judgement) -> set[str]:
    return {found.check for found in judgement.findings if found.severity is Severity.BLOCK}


def details(judgement: Judgement) -> str:
    return " ".join(found.detail for found in judgement.findings)


# --- OpenSAFELY ---------------------------------------------------------------------------------------------------

AGES = ("21-30", "31-40", "41-50", "51+")


def patients(*groups: tuple[str, tuple[int, ...], tuple[int, ...]]) -> pl.DataFrame:
    """People of each group by age: how many have heart disease, and how many there are."""
    rows = [
        {"sex": sex, "age_band": age, "heart_disease": int(number < ill)}
        for sex, ills, alls in groups
        for age, ill, everybody in zip(AGES, ills, alls, strict=True)
        for number in range(everybody)
    ]
    return pl.DataFrame(rows).with_columns(patient=pl.int_range(pl.len()))


def heart(rows: pl.DataFrame, *, total: bool = True) -> pl.DataFrame:
    """The published table: heart disease and population by age band, with the total."""
    figures = {"heart_disease": pl.col("heart_disease").sum(), "population": pl.len()}
    by_age = rows.group_by("age_band").agg(**figures).sort("age_band")
    whole = rows.select(age_band=pl.lit("Total"), **figures)
    return pl.concat([by_age, whole]) if total else by_age


def redacted(table: pl.DataFrame, *ages: str) -> pl.DataFrame:
    """The table with both figures of some ages redacted."""
    shown = [
        pl.when(pl.col("age_band").is_in(ages))
        .then(pl.lit("[REDACTED]"))
        .otherwise(pl.col(name).cast(pl.String))
        .alias(name)
        for name in ("heart_disease", "population")
    ]
    return table.with_columns(shown)


UNROUNDED = policy("uk-opensafely", rounding_base=1)


def test_opensafely_primary_disclosure_blocks() -> None:
    """OpenSAFELY, Applying statistical disclosure control, “Primary vs secondary disclosure”: one of 21 to 30."""
    rows = patients(("f", (1, 10, 15, 25), (1, 100, 90, 85)))
    (judged,) = judge({"heart.csv": heart(rows)}, UNROUNDED, dataset(rows, "patient"))
    assert "minimum-frequency" in blocks(judged)


def test_opensafely_redacting_beside_a_total_blocks() -> None:
    """The same source: totals of 51 and 276 give the redacted line away."""
    rows = patients(("f", (1, 10, 15, 25), (1, 100, 90, 85)))
    table = redacted(heart(rows), "21-30")
    (judged,) = judge({"heart.csv": table}, UNROUNDED, dataset(rows, "patient"))
    assert blocks(judged) & {SUPPRESSION, "complement"}


def test_opensafely_two_tables_that_differ_by_one_woman_block() -> None:
    """The same source: 20 people and 19 men of 21 to 30, so that one woman is told; neither table has a count under 6.

    The tables are older than the present threshold of 7, so that the one of their time is applied. Who does not declare
    the second table as one of men has it read by a steward.
    """
    men = ("m", (7, 5, 8, 13), (19, 15, 18, 25))
    women = ("f", (1, 5, 7, 12), (1, 10, 12, 15))
    rows = patients(men, women)
    rules = policy("uk-opensafely", rounding_base=1, minimum_units=5, differencing_units=5, quantile_units=5)
    everybody, alone = heart(rows), heart(rows.filter(pl.col("sex") == "m"))
    own = dataset(rows, "patient")
    (first,) = judge({"all.csv": everybody}, rules, own)
    assert first.verdict is Verdict.NONE
    said = {"men.csv": TableContext("d", ("age_band",), "heart_disease", "sum", filter="sex = 'm'")}
    (second,) = judge({"men.csv": alone}, rules, own, said=said)
    assert second.verdict is Verdict.NONE
    for tables in ({"all.csv": everybody, "men.csv": alone}, {"men.csv": alone, "all.csv": everybody}):
        assert "differencing" in blocks(judge(tables, rules, own, said=said)[1])


def test_opensafely_rounding_is_asked_for_and_enough() -> None:
    """The same source, “Rounding counts”: 3 of 18 redacted, the rest to multiples of 5, totals summed from these."""
    rows = patients(("f", (3, 8, 16, 23), (18, 23, 31, 44)))
    own, rules = dataset(rows, "patient"), policy("uk-opensafely")
    (before,) = judge({"heart.csv": heart(rows)}, rules, own)
    assert "rounding" in blocks(before)
    after = (
        "age_band,heart_disease,population\n21-30,[REDACTED],20\n31-40,10,25\n41-50,15,30\n51+,25,45\nTotal,50,120\n"
    )
    (judged,) = judge({"heart.csv": after}, rules, own)
    assert blocks(judged) == set()


@pytest.mark.parametrize("ill", range(1, 8))
def test_opensafely_counts_of_seven_and_fewer_are_redacted(ill: int) -> None:
    """The same source: a count of 7 or fewer within a group of many, as its first line of 3 in 18 has it."""
    rows = patients(("f", (ill, 40, 45, 50), (100, 100, 100, 100)))
    (judged,) = judge({"heart.csv": heart(rows, total=False)}, UNROUNDED, dataset(rows, "patient"))
    assert judged.verdict is Verdict.BLOCK


# --- the tradition of tau-argus -----------------------------------------------------------------------------------


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
