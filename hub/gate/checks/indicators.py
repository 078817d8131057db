"""Indicators: columns of two values, whose sums and means are counts and shares of those with either."""

from __future__ import annotations

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.cells import decimals_of, decimals_written, numbers_in
from hub.gate.checks.check import Check
from hub.gate.checks.places import column_place, rows_of
from hub.gate.context import Context
from hub.gate.contributions import per_cell
from hub.gate.datasets import UNIT
from hub.gate.figures import Figure
from hub.gate.fix_cells import suppress_cells
from hub.gate.fragments import Fragment
from hub.gate.lineage import tabulations
from hub.gate.tabulation import Tabulation

IDENTIFIER = "indicator"
_TELLING = ("sum", "mean", "std")
_ROW = {"row": pl.Int64}
_NEAR = 1e-12


def indicator(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A figure of a column of two values gives no count below ``minimum_units``: of neither of the two.

    The sum of zeros and ones is a count, and their mean a share, of the units with a yes, however large the group is;
    of any other two values, such as 1 and 2, sum and mean tell as much. The units are counted in the dataset.
    Where a rounded mean leaves larger counts possible, a steward reads it; zeros at the end, as in 0.50, say that it
    was rounded no more than that.
    """
    findings = []
    for tabulation in tabulations(fragment, context):
        for key, figure in tabulation.agreeing.items():
            if figure.aggregate in _TELLING and (sides := tabulation.file.two_values(figure.measure)):
                findings += _judge(fragment, tabulation, key, figure, sides, context)
    return findings or None


def _judge(
    fragment: Fragment, tabulation: Tabulation, key: str, figure: Figure, sides: tuple[float, float], context: Context
) -> list[Finding]:
    minimum = context.policy.minimum_units
    value = pl.col(figure.measure).cast(pl.Float64)
    named = tuple(zip(sides, ("lower", "upper"), strict=True))
    told = [pl.col(UNIT).filter(pl.col("value") == side).drop_nulls().n_unique().alias(name) for side, name in named]
    whole = [pl.col("value").count().alias("answers"), pl.col("value").mean().alias("exact")]
    counted = per_cell(tabulation, [value.alias("value")], [*told, *whole])
    shown = tabulation.cells.filter(pl.col("shown") & pl.col("rows").is_not_null()).select("row")
    cells = counted.join(shown, on="row", how="semi")
    filled = [pl.when(pl.col(name) > 0).then(pl.col(name)) for _, name in named]
    small = cells.with_columns(pl.min_horizontal(*filled).alias("fewest")).filter(pl.col("fewest") < minimum)
    rounded = 0.5 * 10.0 ** -_decimals(tabulation, key, counted) / (sides[1] - sides[0])
    slack = 0.0 if figure.aggregate == "sum" else rounded
    is_sure = pl.col("fewest") + pl.col("answers") * slack < minimum
    found = ((Severity.BLOCK, small.filter(is_sure)), (Severity.REVIEW, small.filter(~is_sure)))
    return [_finding(fragment, tabulation, key, cells, severity, context) for severity, cells in found if cells.height]


def _decimals(tabulation: Tabulation, key: str, counted: pl.DataFrame) -> int:
    """The decimals that a column of means shows; zeros at their end count where they are no others' doing."""
    cells = tabulation.view.frame[key]
    plain, shown = decimals_of(cells), decimals_written(cells)
    if shown == plain:
        return plain
    numbers = pl.DataFrame({"row": range(1, cells.len() + 1), "number": numbers_in(cells)}, schema_overrides=_ROW)
    told = counted.join(numbers, on="row", how="inner")
    off = told.select((pl.col("number") - pl.col("exact")).abs().max()).item()
    return shown if off is not None and off <= 0.5 * 10.0**-shown + _NEAR else plain


def _finding(
    fragment: Fragment, tabulation: Tabulation, key: str, cells: pl.DataFrame, severity: Severity, context: Context
) -> Finding:
    minimum, view, rows = context.policy.minimum_units, tabulation.view, rows_of(cells)
    measure = tabulation.agreeing[key].measure
    sentence = (
        f"{measure} is a column of two values, so that its figures tell how many units have either, and here these are "
        f"fewer than {minimum}, or all but so few. Merge categories, or leave these cells out."
    )
    rule = f"at least {minimum} privacy units in each cell ({context.policy.name})"
    fewest = cells.select(pl.col("fewest").min()).item()
    detail = f"The smallest of these counts covers this many units: {fewest}."
    fix = None if view.numbers else suppress_cells(fragment, rows, (view.keys.index(key) + 1,))
    said = (IDENTIFIER, severity, column_place(view, key, rows), sentence, rule)
    return context.finding(*said, detail=detail, applied=("minimum_units",), fix=fix)


INDICATOR = Check(
    IDENTIFIER,
    indicator,
    claims=False,
    statbarn="frequencies",
    parameters=("minimum_units",),
    source="OpenSAFELY documentation, statistical disclosure control: counts and rates of few",
)
