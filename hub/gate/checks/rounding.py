"""Rounding: counts that leave as multiples of the policy's base."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from hub.domain.exports import Finding, Fix, FixKind, Severity
from hub.domain.table_context import TableContext
from hub.gate.cells import number
from hub.gate.checks.check import Check
from hub.gate.checks.places import column_place, rows_of
from hub.gate.column_names import is_count_name
from hub.gate.context import Context
from hub.gate.figures import COUNTS, Figure
from hub.gate.fragments import Fragment, TableFragment
from hub.gate.lineage import lineage
from hub.gate.share_lines import indicator_columns, share_columns
from hub.gate.tabulation import Tabulation
from hub.gate.views import TableView

IDENTIFIER = "rounding"
_NEAR = 1e-9
"""How near to a multiple a quotient is one: what a division in floating point takes from it."""


def rounding(fragment: Fragment, context: Context) -> list[Finding] | None:
    """Where the policy has a rounding base above 1, counts are multiples of it.

    Counts are columns that agree with counts of the dataset, sums of a column of zeros and ones, and columns that are
    named like a count. Shares, and means of zeros and ones, tell counts to within less than the base where they show
    many decimals, and are computed from rounded counts, or show fewer. A sum beside the mean of the same column tells
    the count, too.
    """
    base = context.policy.rounding_base
    if base <= 1:
        return None
    findings = []
    for view in context.tables(fragment):
        tabulation = lineage(view, context).tabulation
        if tabulation is not None:
            view = tabulation.view
            findings += [*_fine_shares(tabulation, context), *_divided(tabulation, context)]
        agreeing = tabulation.agreeing if tabulation is not None else {}
        for key, title in zip(view.keys, view.columns, strict=True):
            is_count = _is_count(tabulation, agreeing[key]) if key in agreeing else is_count_name(title)
            rows = _odd(view, key, base) if is_count else []
            if rows:
                findings.append(_finding(fragment, view, key, rows, context))
    return findings or None


def _is_count(tabulation: Tabulation | None, figure: Figure) -> bool:
    is_sum = tabulation is not None and figure.aggregate == "sum" and tabulation.file.is_indicator(figure.measure)
    return figure.aggregate in COUNTS or is_sum


def _odd(view: TableView, key: str, base: int) -> list[int]:
    value = number(pl.col(key))
    odd = (value / base - (value / base).round()).abs() > _NEAR
    return view.frame.select(pl.int_range(1, pl.len() + 1).filter(odd)).to_series().to_list()


def _fine_shares(tabulation: Tabulation, context: Context) -> list[Finding]:
    """Shares that tell counts more finely than the base, and are not those of rounded counts."""
    declared = context.table if tabulation.view.whole else TableContext()
    base = float(context.policy.rounding_base)
    findings = []
    for column in (
        *share_columns(tabulation, declared, context.policy),
        *indicator_columns(tabulation),
    ):
        count = pl.col(column.counted).cast(pl.Float64)
        whole = count / pl.col("exact")
        rounded = (count / base).round() / (whole / base).round()
        is_rounded = (pl.col("shown") - rounded).abs() <= column.half * 1.001
        told = column.cells.filter(pl.col("exact") > 0, whole * 2 * column.half < base, ~is_rounded)
        if told.height:
            place = column_place(tabulation.view, column.key, rows_of(told))
            rule = f"counts are multiples of {context.policy.rounding_base} ({context.policy.name})"
            applied = ("rounding_base",)
            findings.append(context.finding(IDENTIFIER, Severity.BLOCK, place, _FINE, rule, applied=applied))
    return findings


_FINE = (
    "These shares have so many decimals that the counts behind them follow, more finely than counts are rounded. "
    "Compute shares from rounded counts, or show fewer decimals."
)


def _divided(tabulation: Tabulation, context: Context) -> list[Finding]:
    """Sums beside means of the same column, which give the counts behind them more finely than the base."""
    base = context.policy.rounding_base
    said = context.table.rounding if tabulation.view.whole else 0.0
    figures = {} if tabulation.weight else tabulation.agreeing
    findings = []
    for mean, figure in figures.items():
        sums = [key for key, f in figures.items() if (f.aggregate, f.measure) == ("sum", figure.measure)]
        rows = _rows_told(tabulation.view, sums, mean, base, said) if figure.aggregate == "mean" else []
        if rows:
            rule = f"counts are multiples of {base} ({context.policy.name})"
            place = column_place(tabulation.view, mean, rows)
            applied = ("rounding_base",)
            findings.append(context.finding(IDENTIFIER, Severity.BLOCK, place, _QUOTIENT, rule, applied=applied))
    return findings


def _rows_told(view: TableView, sums: Sequence[str], mean: str, base: int, said: float) -> list[int]:
    """The rows whose count follows from a mean and any of the sums, within the decimals and the rounding of each."""
    numbers = pl.DataFrame([view.number_cells(key).cast(pl.Float64).abs().alias(key) for key in (*sums, mean)])
    half = {key: max(0.5 * 10.0 ** -view.decimals(key), said / 2) for key in numbers.columns}

    def tells(total: str) -> pl.Expr:
        count = pl.col(total) / pl.col(mean)
        slack = count * (half[total] / pl.col(total) + half[mean] / pl.col(mean))
        is_rounded = (count.round() / base - (count.round() / base).round()).abs() < _NEAR
        return (pl.col(mean) > 0) & (pl.col(total) > 0) & (2 * slack < base) & ~is_rounded

    told = numbers.with_row_index("row", 1).filter(pl.any_horizontal(pl.lit(value=False), *map(tells, sums)))
    return rows_of(told)


_QUOTIENT = (
    "These means, beside the sums of the same column, give the counts behind them more finely than counts are rounded. "
    "Leave out the means or the sums, or show fewer digits."
)


def _finding(fragment: Fragment, view: TableView, key: str, rows: list[int], context: Context) -> Finding:
    base = context.policy.rounding_base
    sentence = f"These counts are not rounded. Round every count, totals too, to a multiple of {base}."
    can_fix = isinstance(fragment, TableFragment) and not view.numbers
    fix = Fix(FixKind.ROUND, view.place, (), (view.keys.index(key) + 1,), base) if can_fix else None
    place = column_place(view, key, rows)
    rule = f"counts are multiples of {base} ({context.policy.name})"
    return context.finding(IDENTIFIER, Severity.BLOCK, place, sentence, rule, applied=("rounding_base",), fix=fix)


ROUNDING = Check(
    IDENTIFIER,
    rounding,
    claims=False,
    statbarn="frequencies",
    parameters=("rounding_base",),
    source="OpenSAFELY documentation, disclosure control by redaction and rounding",
)
