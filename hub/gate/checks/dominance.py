"""Dominance: whether few units make up a cell's total."""

from __future__ import annotations

import polars as pl

from hub.domain.exports import Finding
from hub.gate.bounds import least_share, may_be_dominated
from hub.gate.checks.blocked_rows import Said, blocked_rows
from hub.gate.checks.check import Check
from hub.gate.context import Context
from hub.gate.contributions import contributions
from hub.gate.fragments import Fragment
from hub.gate.lineage import tabulations
from hub.gate.tabulation import Tabulation
from hub.policy.model import Dominance, Policy

IDENTIFIER = "dominance"
_EPSILON = 1e-9


def dominance(fragment: Fragment, context: Context) -> list[Finding] | None:
    """In a cell with a sum or a mean, no few units hold most of the total.

    (n, k): the n largest units hold less than k percent of the total. Prior-posterior (p, q): whoever knew each
    contribution to within q percent before cannot estimate the largest to within p percent from what is left without
    the two largest; with q = 100 this is the p % rule. Contributions are the units' totals of absolute values, from
    the dataset, weighted by the declared weight; where the dataset declares group columns, the groups' totals count,
    too. Cells below the minimum frequency are that rule's.
    """
    if not context.tables(fragment):
        return None
    findings = []
    for tabulation in tabulations(fragment, context):
        if context.policy.dominance or context.policy.p_percent:
            for measure in tabulation.measures:
                for group in ("", *context.group_columns(tabulation.file)):
                    findings += _judge(fragment, tabulation, measure, group, context)
    return list(dict.fromkeys(findings))


def _judge(fragment: Fragment, tabulation: Tabulation, measure: str, group: str, context: Context) -> list[Finding]:
    policy = context.policy
    counts = tuple(sorted({1, 2, *(rule.n for rule in policy.dominance)}))
    large = tabulation.cells.filter(pl.col("shown") & (pl.col("units") >= policy.minimum_units)).select("row")
    if not group and not tabulation.weight:
        shares = [(rule.n, rule.k) for rule in policy.dominance]
        lowest, most = least_share(shares, 100 * policy.p_percent / policy.prior_percent)
        large = may_be_dominated(tabulation, measure, large, lowest, most)
    if large.is_empty():
        return []
    cells = contributions(tabulation, measure, counts, large, group)
    findings = []
    for rule in policy.dominance:
        held = cells.filter(pl.col(f"top_{rule.n}") * 100 >= rule.k * pl.col("total") * (1 - _EPSILON))
        said = _held(rule, held, measure, policy)
        findings += blocked_rows(IDENTIFIER, said, held, fragment, tabulation, context)
    if policy.p_percent:
        left = (pl.col("total") - pl.col("top_2")) * policy.prior_percent / 100
        close = cells.filter(left * 100 < policy.p_percent * pl.col("top_1") * (1 - _EPSILON))
        findings += blocked_rows(IDENTIFIER, _close(measure, policy), close, fragment, tabulation, context)
    return findings


def _held(rule: Dominance, held: pl.DataFrame, measure: str, policy: Policy) -> Said:
    words = f"the {rule.n} largest units together hold" if rule.n > 1 else "the largest unit holds"
    sentence = _sentence(f"{words} {rule.k} % of the total of {measure} or more")
    share = held.select((pl.col(f"top_{rule.n}") * 100 / pl.col("total")).max()).item() if held.height else None
    detail = f"The highest share among these cells: {share:.0f} %." if share is not None else ""
    return Said(sentence, f"({rule.n}, {rule.k} %) dominance ({policy.name})", detail, ("dominance",))


def _close(measure: str, policy: Policy) -> Said:
    percent = policy.p_percent
    sentence = _sentence(f"the second largest unit could estimate the largest one's {measure} to within {percent} %")
    if policy.prior_percent == 100:
        return Said(sentence, f"p % rule, p = {percent} ({policy.name})", applied=("p_percent",))
    rule = f"prior-posterior rule, p = {percent}, q = {policy.prior_percent} ({policy.name})"
    return Said(sentence, rule, applied=("p_percent", "prior_percent"))


def _sentence(what: str) -> str:
    return f"In these cells {what}, so that it could be worked out. Merge categories, or leave these rows' figures out."


DOMINANCE = Check(
    IDENTIFIER,
    dominance,
    statbarn="linear aggregations",
    parameters=("dominance", "p_percent", "prior_percent"),
    source="Hundepool and others, Statistical Disclosure Control, 4.2",
)
