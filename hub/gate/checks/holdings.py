"""Holdings: how many groups of units, such as enterprise groups or hospitals, stand behind a cell."""

from __future__ import annotations

import polars as pl

from hub.domain.exports import Finding
from hub.gate.checks.blocked_rows import Said, blocked_rows
from hub.gate.checks.check import Check
from hub.gate.context import Context
from hub.gate.contributions import per_cell
from hub.gate.fragments import Fragment
from hub.gate.lineage import tabulations
from hub.gate.tabulation import Tabulation

IDENTIFIER = "holdings"


def holdings(fragment: Fragment, context: Context) -> list[Finding] | None:
    """Behind a cell stand at least ``minimum_holdings`` distinct groups, by each group column of the dataset.

    Units of one group know each other's values, so that many units of few groups protect nobody.
    """
    findings = []
    for tabulation in tabulations(fragment, context):
        for column in context.group_columns(tabulation.file):
            findings += _judge(fragment, tabulation, column, context)
    return findings or None


def _judge(fragment: Fragment, tabulation: Tabulation, column: str, context: Context) -> list[Finding]:
    minimum = context.policy.minimum_holdings
    if minimum == 0:
        return []
    groups = pl.col("group").drop_nulls().n_unique().alias("groups")
    counted = per_cell(tabulation, [pl.col(column).alias("group")], [groups])
    shown = tabulation.cells.filter(pl.col("shown") & pl.col("rows").is_not_null()).select("row")
    small = counted.join(shown, on="row", how="semi").filter(pl.col("groups") < minimum)
    if small.height == 0:
        return []
    sentence = (
        f"These cells rest on fewer than {minimum} distinct groups ({column}), however many units they cover. Merge "
        "categories, or leave these rows' figures out."
    )
    detail = f"The smallest of these cells covers this many groups: {small.select(pl.col('groups').min()).item()}."
    said = Said(
        sentence, f"at least {minimum} groups in each cell ({context.policy.name})", detail, ("minimum_holdings",)
    )
    return blocked_rows(IDENTIFIER, said, small, fragment, tabulation, context)


HOLDINGS = Check(
    IDENTIFIER,
    holdings,
    claims=False,
    statbarn="frequencies",
    parameters=("minimum_holdings",),
    source="Brandt and others, Guidelines for the checking of output based on microdata research, 2010",
)
