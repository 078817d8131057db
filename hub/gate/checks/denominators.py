"""Denominators: how many units have a value of the measure at all."""

from __future__ import annotations

import polars as pl

from hub.domain.exports import Finding
from hub.gate.checks.blocked_rows import Said, blocked_rows
from hub.gate.checks.check import Check
from hub.gate.context import Context
from hub.gate.figures import column_of
from hub.gate.fragments import Fragment
from hub.gate.lineage import tabulations
from hub.gate.tabulation import Tabulation

IDENTIFIER = "denominator"


def denominator(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A figure of a measure rests on at least ``minimum_units`` units that have a value of it.

    A cell with many units may hold few that answered; a sum, a mean or a share speaks of these alone.
    """
    findings = []
    for tabulation in tabulations(fragment, context):
        for number, measure in enumerate(tabulation.measures):
            findings += _judge(fragment, tabulation, number, measure, context)
    return findings or None


def _judge(fragment: Fragment, tabulation: Tabulation, number: int, measure: str, context: Context) -> list[Finding]:
    minimum = context.policy.minimum_units
    answered = pl.col(column_of("units", number))
    small = tabulation.cells.filter(pl.col("shown") & (pl.col("units") >= minimum) & (answered < minimum))
    if small.height == 0:
        return []
    sentence = (
        f"In these cells fewer than {minimum} distinct units have a value of {measure}, so that the figure speaks of "
        "few. Merge categories, or leave these rows' figures out."
    )
    detail = f"The smallest of these denominators covers this many units: {small.select(answered.min()).item()}."
    rule = f"at least {minimum} privacy units in each cell ({context.policy.name})"
    said = Said(sentence, rule, detail, ("minimum_units",))
    return blocked_rows(IDENTIFIER, said, small, fragment, tabulation, context)


DENOMINATOR = Check(
    IDENTIFIER,
    denominator,
    claims=False,
    statbarn="linear aggregations",
    parameters=("minimum_units",),
    source="Handbook on Statistical Disclosure Control for Outputs, means and totals",
)
