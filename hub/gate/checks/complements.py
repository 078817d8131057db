"""Complements: what is left of a total when the cells beside it are taken away."""

from __future__ import annotations

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.checks.places import cells_place
from hub.gate.context import Context
from hub.gate.datasets import UNIT
from hub.gate.fragments import Fragment
from hub.gate.lineage import tabulations
from hub.gate.tabulation import Dimension, Tabulation, keys_of

IDENTIFIER = "complement"


def complement(fragment: Fragment, context: Context) -> list[Finding] | None:
    """What a total leaves beyond the cells shown beside it covers no unit, or ``minimum_units`` at least.

    A line whose total is shown tells the sum of everything in it that is not: of the cells that are left out, and of
    those that are suppressed. The units of that rest are counted in the dataset.
    """
    findings = []
    for tabulation in tabulations(fragment, context):
        left = _left(tabulation, context.policy.minimum_units)
        if left:
            rows = sorted(left)
            sentence = (
                "The cells that are shown, taken from these totals, leave a rest that covers fewer than "
                f"{context.policy.minimum_units} distinct units, so that it could be worked out. Leave another cell of "
                "the line out too, or leave the total out."
            )
            rule = f"at least {context.policy.minimum_units} privacy units in each cell ({context.policy.name})"
            detail = f"The smallest of these rests covers this many units: {min(left.values())}."
            place = cells_place(tabulation, rows)
            applied = ("minimum_units",)
            found = context.finding(IDENTIFIER, Severity.BLOCK, place, sentence, rule, detail=detail, applied=applied)
            findings.append(found)
    return findings or None


def _left(tabulation: Tabulation, minimum: int) -> dict[int, int]:
    """Rows that are totals with a small rest, and how many units the smallest rest covers."""
    patterns = {frozenset(kept): (kept, rows.filter("shown")) for kept, rows in tabulation.groups}
    found: dict[int, int] = {}
    for kept, totals in patterns.values():
        for dimension in tabulation.dimensions:
            parts = patterns.get(frozenset((*kept, dimension)))
            if dimension not in kept and parts is not None and totals.height and parts[1].height:
                rests = _rests(tabulation, (*kept, dimension), kept, totals, parts[1])
                small = rests.filter(pl.col("units").is_between(1, minimum - 1))
                for row, units in small.select("row", "units").iter_rows():
                    found[row] = min(units, found.get(row, units))
    return found


def _rests(
    tabulation: Tabulation,
    fine: tuple[Dimension, ...],
    coarse: tuple[Dimension, ...],
    totals: pl.DataFrame,
    parts: pl.DataFrame,
) -> pl.DataFrame:
    """For each total, the units in its line that lie in none of the cells shown."""
    last = fine[-1]
    key = tabulation.file.key(last.column, last.decimals).alias(last.key)
    on = [d.key for d in coarse]
    source = tabulation.file.matching(keys_of(coarse), totals, key)
    rest = source.join(parts.lazy().select(d.key for d in fine), on=[*on, last.key], how="anti", nulls_equal=True)
    units = pl.col(UNIT).drop_nulls().n_unique().cast(pl.Int64).alias("units")
    counted = (rest.group_by(on).agg(units) if on else rest.select(units)).collect()
    joined = totals.join(counted, on=on, how="left", nulls_equal=True) if on else totals.join(counted, how="cross")
    return joined.select("row", pl.col("units").fill_null(0))


COMPLEMENT = Check(
    IDENTIFIER,
    complement,
    claims=False,
    statbarn="frequencies",
    parameters=("minimum_units",),
    source="Hundepool and others, Statistical Disclosure Control, 5.3",
)
