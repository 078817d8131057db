"""Complements: what is left of a total when the cells beside it are taken away."""

from __future__ import annotations

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.domain.table_context import TableContext
from hub.gate.checks.check import Check
from hub.gate.checks.places import cells_place, column_place, rows_of
from hub.gate.context import Context
from hub.gate.datasets import UNIT
from hub.gate.fragments import Fragment
from hub.gate.lineage import tabulations
from hub.gate.share_lines import ShareColumn, share_columns
from hub.gate.tabulation import Dimension, Tabulation, keys_of

IDENTIFIER = "complement"


def complement(fragment: Fragment, context: Context) -> list[Finding] | None:
    """What a total leaves beyond the cells shown beside it covers no unit, or ``minimum_units`` at least.

    A line whose total is shown tells the sum of everything in it that is not: of the cells that are left out, and of
    those that are suppressed. The units of that rest are counted in the dataset. Shares tell what their line lacks to
    one, as a total does; where their rounding leaves larger rests possible, a steward reads them.
    """
    findings = []
    for tabulation in tabulations(fragment, context):
        findings += _beside_shares(tabulation, context)
        left = _left(tabulation, context.policy.minimum_units)
        if left:
            rows = sorted(left)
            sentence = (
                "The cells that are shown, taken from these totals, leave a rest that covers fewer than "
                f"{context.policy.minimum_units} distinct units, so that it could be worked out. Leave another cell of "
                "the line out too, or leave the total out."
            )
            place = cells_place(tabulation, rows)
            findings.append(_finding(place, sentence, min(left.values()), Severity.BLOCK, context))
    return findings or None


def _finding(place: str, sentence: str, fewest: int, severity: Severity, context: Context) -> Finding:
    rule = f"at least {context.policy.minimum_units} privacy units in each cell ({context.policy.name})"
    detail = f"The smallest of these rests covers this many units: {fewest}."
    return context.finding(IDENTIFIER, severity, place, sentence, rule, detail=detail, applied=("minimum_units",))


def _beside_shares(tabulation: Tabulation, context: Context) -> list[Finding]:
    """Shares of lines of which few units are not shown."""
    findings = []
    minimum = context.policy.minimum_units
    declared = context.table if tabulation.view.whole else TableContext()
    for column in share_columns(tabulation, declared, context.policy):
        rests = _rests_of_lines(tabulation, column)
        small = rests.filter(pl.col("units").is_between(1, minimum - 1))
        is_sure = pl.col("units") + pl.col("slack") < minimum
        for severity, lines in ((Severity.BLOCK, small.filter(is_sure)), (Severity.REVIEW, small.filter(~is_sure))):
            if lines.height:
                place = column_place(tabulation.view, column.key, rows_of(lines))
                fewest = int(lines.select(pl.col("units").min()).item())
                findings.append(_finding(place, _SHARES, fewest, severity, context))
    return findings


_SHARES = (
    "These shares are parts of lines of which other cells are not shown, and what they lack to the whole covers few "
    "units, whose number could be worked out. Compute the shares of what is shown alone, or merge what is left out "
    "with another cell."
)


def _rests_of_lines(tabulation: Tabulation, column: ShareColumn) -> pl.DataFrame:
    """For each share, the units of its line in no cell that is shown, and how many more its rounding lets them be."""
    parts = []
    for kept, rows in tabulation.groups:
        line = tuple(d for d in kept if column.summed is not None and d is not column.summed)
        beyond = tuple(d for d in kept if d not in line)
        if beyond:
            shares = rows.join(column.cells, on="row", how="semi")
            parts.append(_rests(tabulation, (*line, *beyond), line, shares, rows.filter("shown")))
    empty = pl.DataFrame(schema={"row": pl.Int64, "units": pl.Int64})
    told = column.cells.filter(pl.col("exact") > 0)
    slack = pl.col(column.counted) / pl.col("exact") ** 2 * column.half
    return pl.concat([empty, *parts]).join(told.select("row", slack.alias("slack")), on="row")


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
    on = [d.key for d in coarse]
    keys = [tabulation.file.key(d.column, d.decimals).alias(d.key) for d in fine if d not in coarse]
    source = tabulation.file.matching(keys_of(coarse), totals, *keys)
    rest = source.join(parts.lazy().select(d.key for d in fine), on=[d.key for d in fine], how="anti", nulls_equal=True)
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
