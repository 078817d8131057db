"""Trees that predict a number: the mean of a leaf is a mean as any other, which few units may not make up."""

from __future__ import annotations

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.checks.model_release import leaves_text
from hub.gate.context import Context
from hub.gate.fragments import Fragment
from hub.gate.model_forms import TreeForm
from hub.gate.training import Records, leaves_of, model_in, training

IDENTIFIER = "leaf-dominance"
_EPSILON = 1e-9


def leaf_dominance(fragment: Fragment, context: Context) -> list[Finding] | None:
    """In a leaf with a mean, no few units hold most of the total, by the rules of ``dominance`` and ``p_percent``.

    Contributions are the units' totals of absolute outcomes, over the rows on which the tree was run again.
    """
    tree = model_in(fragment, context)
    if not isinstance(tree, TreeForm) or tree.classes:
        return None
    records = training(tree, context).records
    if records is None:
        return None
    leaves = _dominated(tree, records.part(seen=True), context)
    if not leaves:
        return None
    sentence = (
        "In these leaves few units make up most of the mean, so that theirs could be worked out. Prune these leaves, "
        "or take outliers in before the tree is grown."
    )
    rule = f"dominance and p % ({context.policy.name})"
    place = f"{fragment.place}{leaves_text(leaves)}"
    applied = ("dominance", "p_percent", "prior_percent")
    return [context.finding(IDENTIFIER, Severity.BLOCK, place, sentence, rule, applied=applied)]


def _dominated(tree: TreeForm, seen: Records, context: Context) -> list[int]:
    policy = context.policy
    each = pl.DataFrame({"leaf": leaves_of(tree, seen.features), "unit": seen.units, "value": abs(seen.outcome)})
    owned = each.group_by("leaf", "unit").agg(pl.col("value").sum())
    tops = {n: pl.col("value").top_k(n).sum() for n in {1, 2, *(rule.n for rule in policy.dominance)}}
    cells = owned.group_by("leaf").agg(pl.col("value").sum().alias("total"), *(tops[n].alias(f"top_{n}") for n in tops))
    held = [pl.col(f"top_{rule.n}") * 100 >= rule.k * pl.col("total") * (1 - _EPSILON) for rule in policy.dominance]
    left = (pl.col("total") - pl.col("top_2")) * policy.prior_percent
    close = left < policy.p_percent * pl.col("top_1") * (1 - _EPSILON)
    found = cells.filter(pl.any_horizontal(close if policy.p_percent else pl.lit(value=False), *held))
    return sorted(int(leaf) for leaf in found["leaf"])


LEAF_DOMINANCE = Check(
    IDENTIFIER,
    leaf_dominance,
    claims=False,
    statbarn="linear aggregations",
    parameters=("dominance", "p_percent", "prior_percent"),
    source="Hundepool and others, Statistical Disclosure Control, 4.2",
)
