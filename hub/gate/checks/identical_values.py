"""Identical values: a mean or a sum that is everybody's own value."""

from __future__ import annotations

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.checks.blocked_rows import Said, blocked_rows
from hub.gate.checks.check import Check
from hub.gate.checks.places import cells_place, rows_of
from hub.gate.context import Context
from hub.gate.figures import column_of
from hub.gate.fragments import Fragment
from hub.gate.lineage import tabulations
from hub.gate.tabulation import Tabulation

IDENTIFIER = "identical-values"


def identical_values(fragment: Fragment, context: Context) -> list[Finding] | None:
    """The values behind a figure of a measure are not all the same, however many units the cell covers.

    Where they are, the mean is each unit's own value, and the sum tells it to whoever knows the count. Where they
    differ by less than ``p_percent`` percent, the mean tells each of them to within that, and a steward reads it.
    """
    findings = []
    for tabulation in tabulations(fragment, context):
        for number, measure in enumerate(tabulation.measures):
            findings += _judge(fragment, tabulation, number, measure, context)
    return findings or None


def _judge(fragment: Fragment, tabulation: Tabulation, number: int, measure: str, context: Context) -> list[Finding]:
    low, high = (pl.col(column_of(name, number)) for name in ("min", "max"))
    large = pl.col("shown") & (pl.col("units") >= context.policy.minimum_units)
    same = tabulation.cells.filter(large & (low == high))
    sentence = (
        f"In these cells every unit has the same value of {measure}, so that the figure tells it of each of them. "
        "Merge categories, or leave these rows' figures out."
    )
    said = Said(sentence, f"values that differ within each cell ({context.policy.name})")
    return [
        *blocked_rows(IDENTIFIER, said, same, fragment, tabulation, context),
        *_near(tabulation, measure, large & (low != high) & _is_near(low, high, context.policy.p_percent), context),
    ]


def _is_near(low: pl.Expr, high: pl.Expr, percent: int) -> pl.Expr:
    """Whether all values between two of one sign are within some percent of the larger one."""
    return (low * high > 0) & ((high - low) * 100 < percent * pl.max_horizontal(low.abs(), high.abs()))


def _near(tabulation: Tabulation, measure: str, is_near: pl.Expr, context: Context) -> list[Finding]:
    rows = rows_of(tabulation.cells.filter(is_near))
    if not rows:
        return []
    percent, policy = context.policy.p_percent, context.policy
    sentence = (
        f"In these cells the units' values of {measure} differ by less than {percent} %, so that the figure tells each "
        "of them to within that. A steward judges whether it matters; merge categories, or leave these rows' figures "
        "out."
    )
    place, rule = cells_place(tabulation, rows), f"no value to within {percent} % ({policy.name})"
    return [context.finding(IDENTIFIER, Severity.REVIEW, place, sentence, rule, applied=("p_percent",))]


IDENTICAL_VALUES = Check(
    IDENTIFIER,
    identical_values,
    claims=False,
    parameters=("p_percent",),
    statbarn="linear aggregations",
    source="Handbook on Statistical Disclosure Control for Outputs, class disclosure by means of equal values",
)
