"""Single columns and planted values: a dataset's column that leaves by itself, and canaries that say who read it."""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.cells import ValueClass, decimals_of, table_key
from hub.gate.checks.check import Check
from hub.gate.context import Context
from hub.gate.datasets import DataFile
from hub.gate.fragments import BlobFragment, Fragment
from hub.gate.lineage import lineage
from hub.gate.meeting import meeting_of
from hub.gate.views import TableView

FEWEST_VALUES = 30
_NEARLY = 0.9
_MINUTE = 60_000_000
"""In microseconds, which the keys of times are."""


def column_leak(fragment: Fragment, context: Context) -> list[Finding] | None:
    """No column of a mounted dataset leaves by itself, nearly whole or as a long list of its own values.

    Thirty different values or more, of which nine in ten are values of one column with many different ones, count as
    that column when so many hits say more than chance would: chance is how densely the column's values stand on the
    grid of decimals, or of moments, that the table shows. A dense column counts only where nearly all of its rows are
    there. Figures that were recomputed are no leak.
    """
    views = context.tables(fragment)
    if not views or not context.datasets:
        return None
    findings = []
    for view in (*views, *context.cut(fragment)):
        if view.frame.height < FEWEST_VALUES:
            continue
        tabulation = lineage(view, context).tabulation
        verified = set(tabulation.agreeing) if tabulation is not None else set()
        known = {d.key for d in tabulation.dimensions} if tabulation is not None and verified else set()
        findings += _columns(view, verified | known, context)
    return findings or None


def _columns(view: TableView, spared: set[str], context: Context) -> list[Finding]:
    findings = []
    for dataset in context.datasets:
        for file in dataset.files:
            pairs = [pair for pair in _alike(view, file, context) if pair[0] not in spared]
            for key in dict.fromkeys(k for k, column in pairs if is_column(view, k, file, column, context)):
                at = view.keys.index(key) + 1
                sentence = (
                    f"Column {at} holds the values of a column of the dataset {dataset.name}, one by one. Values of "
                    "single units do not leave; send counts, means or a distribution in classes instead."
                )
                rule = f"row leakage from {context.policy.evidence_bits} bits beyond chance ({context.policy.name})"
                place = f"{view.place}, column {at}"
                findings.append(context.finding("column-leak", Severity.BLOCK, place, sentence, rule))
    return findings


def _alike(view: TableView, file: DataFile, context: Context) -> list[tuple[str, str]]:
    """Columns of the table and of the dataset that have nearly all cells in common, looked up together."""
    meeting = meeting_of(view, file, context)
    hits = meeting.hits.group_by("key", "column").agg(pl.col("row").n_unique().alias("met"))
    near = hits.filter(pl.col("met") >= _NEARLY * _NEARLY * meeting.cells.table.height).sort("key", "column")
    return [(key, column) for key, column in near.select("key", "column").rows() if not file.is_grouping(column)]


def is_column(view: TableView, key: str, file: DataFile, column: str, context: Context) -> bool:
    """Nearly all of the cells are values of the column, and too many of them for chance."""
    value_class = file.value_class(column)
    decimals = decimals_of(view.frame[key]) if value_class is ValueClass.NUMBER else 0
    keys = view.frame.select(table_key(pl.col(key), value_class, decimals).alias("key")).drop_nulls()
    shown = keys.unique()
    if shown.height < FEWEST_VALUES or keys.height < _NEARLY * view.frame.height:
        return False
    counts = file.counts(column, decimals, shown["key"])
    met = shown.join(counts, on="key", how="inner")
    if met.height < _NEARLY * shown.height:
        return False
    is_whole = keys.join(met, on="key", how="semi").height >= _NEARLY * file.height
    needed = context.policy.evidence_bits + math.log2(max(file.height * view.frame.height, 2))
    return is_whole or _evidence(met, shown.height, value_class, file, column, decimals) >= needed


def _evidence(
    met: pl.DataFrame, shown: int, value_class: ValueClass, file: DataFile, column: str, decimals: int
) -> float:
    """Bits that so many hits say: each, that the value stands on the grid where few others do."""
    if value_class is ValueClass.TEXT:
        return met.height * 4.0
    near = met["key"].cast(pl.Int64)
    low, high = near.min(), near.max()
    step = 1 if value_class is ValueClass.NUMBER else int(np.gcd.reduce((near - near[0]).to_numpy()))
    # Days and hours are groups of what happened more often than they are one unit's own.
    if value_class is ValueClass.TRUTH or (value_class is ValueClass.TIME and step > _MINUTE):
        return 0.0
    if not isinstance(low, int) or not isinstance(high, int):
        return 0.0
    density = step * file.density(column, decimals, low, high)
    missed = shown - met.height
    chosen = (math.lgamma(shown + 1) - math.lgamma(missed + 1) - math.lgamma(met.height + 1)) / math.log(2)
    return met.height * -math.log2(min(density, 1.0)) - chosen


def canaries(fragment: Fragment, context: Context) -> list[Finding] | None:
    """No value that a dataset's owner planted in it as a canary stands anywhere, since nothing but its rows has it.

    So does no value of a planted row that no other row has: one text, one number of eight digits or more, or two of
    six or seven.
    """
    planted = {d.name: d.planted for d in context.datasets if d.planted.all}
    if isinstance(fragment, BlobFragment) or not planted:
        return None
    said = context.text(fragment).phrases
    words = sorted(frozenset().union(*(values.all for values in planted.values())))
    here = frozenset(said.filter(said.is_in(words)).to_list())
    met = sorted(name for name, values in planted.items() if values.is_met(here))
    sentence = "A value stands here that was planted in the dataset {name}: rows of it were copied. Take them out."
    return [
        context.finding("canary", Severity.BLOCK, fragment.place, sentence.replace("{name}", name)) for name in met
    ] or None


COLUMN_LEAK = Check("column-leak", column_leak, claims=False)
CANARIES = Check("canary", canaries, claims=False)
