"""OpenSAFELY's examples of statistical disclosure control, written from its documentation: none of them passes.

Source: OpenSAFELY documentation, “Applying statistical disclosure control” (docs.opensafely.org/outputs/sdc).
"""

from __future__ import annotations

import polars as pl
import pytest

from corpus.published import blocks, dataset, judge, policy
from hub.domain.table_context import TableContext
from hub.gate.checks.suppressed_cells import IDENTIFIER as SUPPRESSION
from hub.gate.exchange import Verdict

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
