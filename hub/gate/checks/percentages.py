"""Percentages: the counts that they give away together with the count that they are a part of."""

from __future__ import annotations

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.cells import number
from hub.gate.checks.check import Check
from hub.gate.checks.places import column_place, rows_of
from hub.gate.column_names import is_count_name, percent_scale
from hub.gate.context import Context
from hub.gate.fragments import Fragment
from hub.gate.lineage import lineage
from hub.gate.views import TableView

IDENTIFIER = "percentage"


def percentage(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A percentage beside its base gives no count below ``minimum_units``: neither of the part nor of what is left.

    A column that is named like a percentage is multiplied with each column that is named like a count, unless it is
    only the share of that count in its total. Where rounding leaves larger counts possible, a steward reads it.
    """
    findings = []
    for view in context.tables(fragment):
        tabulation = lineage(view, context).tabulation
        known = tabulation.agreeing if tabulation is not None else {}
        for key, title in zip(view.keys, view.columns, strict=True):
            scale = percent_scale(title)
            if scale is not None and (key not in known or known[key].aggregate != "share"):
                findings += _judge(view, key, scale, context)
    return findings or None


def _judge(view: TableView, key: str, scale: float, context: Context) -> list[Finding]:
    findings = []
    for base, title in zip(view.keys, view.columns, strict=True):
        if base != key and is_count_name(title) and not _is_own_share(view, key, base):
            parts = _parts(view, key, base, scale)
            minimum = context.policy.minimum_units
            for severity, rows in _small(parts, minimum):
                findings.append(_finding(view, key, rows, severity, context))
    return findings


def _parts(view: TableView, key: str, base: str, scale: float) -> pl.DataFrame:
    """For each row the smaller of the part and the rest, as counts, and how large rounding lets it be."""
    part, whole = number(pl.col(key)) / scale, number(pl.col(base))
    slack = whole * 0.5 * 10.0 ** -view.decimals(key) / scale
    count = (part * whole).round()
    smaller = pl.when(part.is_between(0, 1)).then(pl.min_horizontal(count, whole - count))
    row = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row")
    return view.frame.select(row, smaller.alias("count"), slack.alias("slack")).drop_nulls()


def _small(parts: pl.DataFrame, minimum: int) -> list[tuple[Severity, list[int]]]:
    small = parts.filter((pl.col("count") > 0) & (pl.col("count") < minimum))
    is_sure = pl.col("count") + pl.col("slack") < minimum
    found = ((Severity.BLOCK, rows_of(small.filter(is_sure))), (Severity.REVIEW, rows_of(small.filter(~is_sure))))
    return [(severity, rows) for severity, rows in found if rows]


def _is_own_share(view: TableView, key: str, base: str) -> bool:
    """Every percentage is the same multiple of the count beside it, to half of its last decimal."""
    pair = view.frame.select(number(pl.col(key)).alias("p"), number(pl.col(base)).alias("n")).drop_nulls()
    total, parts = float(pair["n"].sum()), float(pair["p"].sum())
    if pair.height < 2 or total <= 0:
        return False
    factor = parts / total
    slack = 0.51 * 10.0 ** -view.decimals(key)
    return bool(((pair["p"] - pair["n"] * factor).abs() <= slack * 2).all())


def _finding(view: TableView, key: str, rows: list[int], severity: Severity, context: Context) -> Finding:
    minimum = context.policy.minimum_units
    sentence = (
        f"Multiplied with the count beside them, these percentages give counts below {minimum}, of those they speak of "
        "or of the others. Round the percentages, merge categories, or leave these cells out."
    )
    rule = f"at least {minimum} privacy units in each cell ({context.policy.name})"
    place = column_place(view, key, rows)
    return context.finding(IDENTIFIER, severity, place, sentence, rule, applied=("minimum_units",))


PERCENTAGE = Check(
    IDENTIFIER,
    percentage,
    claims=False,
    statbarn="frequencies",
    parameters=("minimum_units",),
    source="Handbook on Statistical Disclosure Control for Outputs, frequency tables and percentages",
)
