"""Dominance: whether few units make up a cell's total."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from hub.domain.exports import Finding, Fix, Severity
from hub.gate.checks.check import Check
from hub.gate.context import Context, columns_text, rows_text
from hub.gate.fix_cells import suppress_rows
from hub.gate.fragments import Fragment
from hub.gate.lineage import lineage
from hub.gate.tabulation import Tabulation, contributions

IDENTIFIER = "dominance"
_EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of dominated cells: to everybody, as the rule, to stewards alone, and by which parameter."""

    what: str
    rule: str
    detail: str
    applied: str


def dominance(fragment: Fragment, context: Context) -> list[Finding] | None:
    """In a cell with a sum or a mean, no few units hold most of the total.

    (n, k): the n largest units hold less than k percent of the total. p %: what is left without the two largest is at
    least p percent of the largest, so that the second cannot estimate the first. Contributions are the units' totals
    of absolute values, from the dataset; cells below the minimum frequency are that rule's. Source: Hundepool and
    others, Statistical Disclosure Control, 4.2.
    """
    views = context.tables(fragment)
    if not views:
        return None
    findings = []
    for view in views:
        tabulation = lineage(view, context).tabulation
        if tabulation is not None and (context.policy.dominance or context.policy.p_percent):
            for measure in tabulation.measures:
                for said, cells in _judge(tabulation, measure, context):
                    fix = suppress_rows(fragment, view, tabulation, cells["row"].to_list())
                    findings.append(_finding(tabulation, cells, said, fix, context))
    return findings


def _judge(tabulation: Tabulation, measure: str, context: Context) -> list[tuple[Said, pl.DataFrame]]:
    """Return the cells that break a rule, with what is said of them."""
    policy = context.policy
    counts = tuple(sorted({1, 2, *(rule.n for rule in policy.dominance)}))
    large = tabulation.cells.filter(pl.col("shown") & (pl.col("units") >= policy.minimum_units)).select("row")
    cells = contributions(tabulation, measure, counts, large)
    found: list[tuple[Said, pl.DataFrame]] = []
    for rule in policy.dominance:
        held = cells.filter(pl.col(f"top_{rule.n}") * 100 >= rule.k * pl.col("total") * (1 - _EPSILON))
        words = f"the {rule.n} largest units together hold" if rule.n > 1 else "the largest unit holds"
        sentence = f"{words} {rule.k} % of the total of {measure} or more"
        share = held.select((pl.col(f"top_{rule.n}") * 100 / pl.col("total")).max()).item() if held.height else None
        detail = f"The highest share among these cells: {share:.0f} %." if share is not None else ""
        said = Said(sentence, f"({rule.n}, {rule.k} %) dominance ({policy.name})", detail, "dominance")
        found.append((said, held))
    if policy.p_percent:
        left = pl.col("total") - pl.col("top_2")
        close = cells.filter(left * 100 < policy.p_percent * pl.col("top_1") * (1 - _EPSILON))
        sentence = f"the second largest unit could estimate the largest one's {measure} to within {policy.p_percent} %"
        said = Said(sentence, f"p % rule, p = {policy.p_percent} ({policy.name})", "", "p_percent")
        found.append((said, close))
    return [(said, cells) for said, cells in found if cells.height]


def _finding(tabulation: Tabulation, cells: pl.DataFrame, said: Said, fix: Fix | None, context: Context) -> Finding:
    rows = rows_text(tabulation.view.row_numbers(cells["row"].to_list()))
    place = f"{tabulation.view.place}, {rows}, {columns_text(tabulation.names)}"
    what = said.what
    sentence = (
        f"In these cells {what}, so that it could be worked out. Merge categories, or leave these rows' figures out."
    )
    words = (IDENTIFIER, Severity.BLOCK, place, sentence, said.rule)
    return context.finding(*words, detail=said.detail, applied=(said.applied,), fix=fix)


DOMINANCE = Check(IDENTIFIER, dominance)
