"""Decision trees: each leaf is a group of units, and is judged as a cell of a table is."""

from __future__ import annotations

import numpy as np
import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.checks.model_release import leaves_text
from hub.gate.context import Context
from hub.gate.fragments import Fragment
from hub.gate.model_forms import TreeForm
from hub.gate.training import Records, leaves_of, model_in, training

LEAVES_ID = "tree-leaves"
PURE_ID = "pure-leaves"
UNITS = "units of leaves"


def tree_leaves(fragment: Fragment, context: Context) -> list[Finding] | None:
    """Each leaf of a decision tree, and each class in it, holds at least ``minimum_units`` units.

    The smallest group of units that a tree cannot tell apart is a leaf. What a leaf states are records; where the tree
    was run again on a dataset, its distinct units count. Where the policy has a rounding base above 1, counts are
    multiples of it.
    """
    tree = model_in(fragment, context)
    if not isinstance(tree, TreeForm):
        return None
    findings = []
    units = units_in(tree, context)
    needed = context.policy.minimum_units
    small = [leaf for leaf in tree.leaves if min(units[leaf], tree.count(leaf)) < needed]
    few = [leaf for leaf in tree.leaves if any(0 < n < needed for n in tree.counts[leaf] or ()) and leaf not in small]
    rule = f"at least {needed} privacy units in each leaf ({context.policy.name})"
    for leaves, sentence in (
        (
            small,
            f"These leaves hold fewer than {needed} distinct units, so that single units could be recognised. Grow a "
            "smaller tree, with a minimum of units in each leaf, or prune these leaves.",
        ),
        (
            few,
            f"In these leaves a class has fewer than {needed} distinct units, so that single units could be "
            "recognised. Grow a smaller tree, merge classes, or prune these leaves.",
        ),
    ):
        if leaves:
            fewest = min(min([units[leaf], *(n for n in tree.counts[leaf] or () if n)]) for leaf in leaves)
            place, detail = f"{fragment.place}{leaves_text(leaves)}", f"The fewest among them: {fewest}."
            said = (LEAVES_ID, Severity.BLOCK, place, sentence, rule)
            findings.append(context.finding(*said, detail=detail, applied=("minimum_units",)))
    return [*findings, *_unrounded(tree, fragment, context)] or None


def _unrounded(tree: TreeForm, fragment: Fragment, context: Context) -> list[Finding]:
    base = context.policy.rounding_base
    odd = [leaf for leaf in tree.leaves if any(n % base for n in tree.counts[leaf] or ())]
    if not odd:
        return []
    sentence = f"Counts of these leaves are no multiples of {base}. Round each of them."
    rule = f"counts are multiples of {base} ({context.policy.name})"
    place = f"{fragment.place}{leaves_text(odd)}"
    return [context.finding(LEAVES_ID, Severity.BLOCK, place, sentence, rule, applied=("rounding_base",))]


def units_in(tree: TreeForm, context: Context) -> dict[int, int]:
    """Distinct units of each leaf, where the tree was run again; else its records, which are as many at most."""
    records = training(tree, context).records
    if records is None:
        return {leaf: tree.count(leaf) for leaf in tree.leaves}
    return context.once(UNITS, (tree,), lambda: _units(tree, records.part(seen=True)))


def _units(tree: TreeForm, seen: Records) -> dict[int, int]:
    pairs = pl.DataFrame({"leaf": leaves_of(tree, seen.features), "unit": seen.units})
    counted = dict(pairs.group_by("leaf").agg(pl.col("unit").drop_nulls().n_unique()).iter_rows())
    return {leaf: int(counted.get(leaf, 0)) for leaf in tree.leaves}


def pure_leaves(fragment: Fragment, context: Context) -> list[Finding] | None:
    """No class holds ``class_percent`` percent or more of a leaf, and the outcomes behind a leaf's mean differ.

    Whoever knows somebody's features learns the outcome from such a leaf. A leaf without one of several classes tells
    that its members are of another one; a steward reads such a tree.
    """
    tree = model_in(fragment, context)
    if not isinstance(tree, TreeForm):
        return None
    percent = context.policy.class_percent
    pure = [n for n in tree.leaves if tree.classes and max(tree.counts[n] or (0,)) * 100 >= percent * tree.count(n)]
    without = [n for n in tree.leaves if tree.classes and 0 in (tree.counts[n] or ()) and n not in pure]
    known = training(tree, context).records
    same = _of_one_value(tree, known.part(seen=True)) if known is not None and not tree.classes else []
    findings = []
    rule = f"no class with {percent} % of a leaf ({context.policy.name})"
    if pure or same:
        sentence = (
            f"In these leaves one class holds {percent} % or more, or all outcomes are the same, so that they tell of "
            "each member. Prune them, or grow a smaller tree."
        )
        place = f"{fragment.place}{leaves_text(pure or same)}"
        findings.append(
            context.finding(PURE_ID, Severity.BLOCK, place, sentence, rule, applied=("class_percent",) if pure else ())
        )
    if without:
        sentence = (
            "In these leaves a class has nobody, which tells each member that it is of another one. A steward reads "
            "the tree; prune these leaves, or merge classes."
        )
        place = f"{fragment.place}{leaves_text(without)}"
        findings.append(context.finding(PURE_ID, Severity.REVIEW, place, sentence, rule))
    return findings or None


def _of_one_value(tree: TreeForm, seen: Records) -> list[int]:
    at = leaves_of(tree, seen.features)
    return [leaf for leaf in tree.leaves if np.unique(seen.outcome[at == leaf]).size == 1]


TREE_LEAVES = Check(
    LEAVES_ID,
    tree_leaves,
    claims=False,
    statbarn="frequencies",
    parameters=("minimum_units", "rounding_base"),
    source="SACRO-ML, structural attack: k-anonymity and small groups of equivalence classes",
)
PURE_LEAVES = Check(
    PURE_ID,
    pure_leaves,
    claims=False,
    statbarn="frequencies",
    parameters=("class_percent",),
    source="SACRO-ML, structural attack: class disclosure",
)
