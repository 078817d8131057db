"""Single columns and planted values: a dataset's column that leaves by itself, and canaries that say who read it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.cells import ValueClass, table_key
from hub.gate.checks.check import Check
from hub.gate.context import Context
from hub.gate.datasets import DataFile
from hub.gate.fragments import BlobFragment, Fragment
from hub.gate.large_columns import GROUPING
from hub.gate.lineage import lineage
from hub.gate.loose_columns import loose_columns
from hub.gate.meeting import meeting_of
from hub.gate.views import TableView

FEWEST_VALUES = 30
_FEWEST_POOLED = 10
"""Rows of a table below which its column is met by chance too often to be looked for among many."""
_NEARLY = 0.9
_MINUTE = 60_000_000
"""In microseconds, which the keys of times are."""


def column_leak(fragment: Fragment, context: Context) -> list[Finding] | None:
    """No column of a mounted dataset leaves by itself, nearly whole or as a long list of its own values.

    Thirty different values or more, of which nine in ten are values of one column with many different ones, count as
    that column when so many hits say more than chance would: chance is how densely the column's values stand on the
    grid of decimals, or of moments, that the table shows. A dense column counts only where nearly all of its rows are
    there. Figures that were recomputed are no leak. A text or a document holds columns outside of its tables, too: one
    value in a line, or one behind the other; these count by what their hits say alone.
    """
    if not context.datasets:
        return None
    findings = []
    recomputed: set[str] = set()
    for view in (*context.tables(fragment), *context.cut(fragment)):
        tabulation = lineage(view, context).tabulation
        verified = set(tabulation.agreeing) if tabulation is not None else set()
        known = {d.key for d in tabulation.dimensions} if tabulation is not None and verified else set()
        recomputed.update(*(view.frame[key].str.strip_chars().drop_nulls() for key in verified | known))
        for dataset, at in _columns(view, verified | known, context) if view.frame.height >= FEWEST_VALUES else ():
            sentence = (
                f"Column {at} holds the values of a column of the dataset {dataset}, one by one. Values of "
                "single units do not leave; send counts, means or a distribution in classes instead."
            )
            findings.append(_finding(f"{view.place}, column {at}", sentence, context))
    # What stands in a table was said of the table.
    return findings or _loose(fragment, recomputed, context) or None


def _columns(view: TableView, spared: set[str], context: Context) -> Iterator[tuple[str, int]]:
    """Yield the dataset and the number of each column of a table that is a column of the dataset."""
    for dataset in context.datasets:
        for file in dataset.files:
            pairs = [pair for pair in _alike(view, file, context) if pair[0] not in spared]
            found = dict.fromkeys(k for k, column in pairs if is_column(view, k, file, column, context))
            yield from ((dataset.name, view.keys.index(key) + 1) for key in found)


def _loose(fragment: Fragment, recomputed: set[str], context: Context) -> list[Finding]:
    """What is to be said of the first list of values that is a column of a dataset."""
    for view in loose_columns(fragment, FEWEST_VALUES):
        own = replace(view, frame=view.frame.filter(~pl.col("c0").is_in(recomputed)))
        for file in context.files:
            if any(has_evidence(own, key, file, column, context) for key, column in _alike(own, file, context)):
                sentence = (
                    f"A list of values here is a column of the dataset {file.dataset}, or a part of one. Values of "
                    "single units do not leave; send counts, means or a distribution in classes instead."
                )
                return [_finding(fragment.place, sentence, context)]
    return []


def pooled_column(views: Iterable[TableView], context: Context) -> bool:
    """Whether columns of several tables, whatever stands beside them, are together a column of a dataset."""
    pools: dict[tuple[DataFile, str], list[pl.Series]] = {}
    for view in (view for view in views if view.frame.height >= _FEWEST_POOLED):
        for file in context.files:
            for key, column in _alike(view, file, context):
                pools.setdefault((file, column), []).append(view.frame[key].alias("c0"))
    for (file, column), parts in pools.items():
        together = TableView("", ("",), pl.concat(parts).to_frame(), titled=False)
        if len(parts) > 1 and has_evidence(together, "c0", file, column, context):
            return True
    return False


def _finding(place: str, sentence: str, context: Context) -> Finding:
    rule = f"row leakage from {context.policy.evidence_bits} bits beyond chance ({context.policy.name})"
    return context.finding("column-leak", Severity.BLOCK, place, sentence, rule)


def _alike(view: TableView, file: DataFile, context: Context) -> list[tuple[str, str]]:
    """Columns of the table and of the dataset that have nearly all cells in common, looked up together."""
    meeting = meeting_of(view, file, context)
    hits = meeting.hits.group_by("key", "column").agg(pl.col("row").n_unique().alias("met"))
    near = hits.filter(pl.col("met") >= _NEARLY * _NEARLY * meeting.cells.table.height).sort("key", "column")
    return [(key, column) for key, column in near.select("key", "column").rows() if not _has_few(file, column)]


def _has_few(file: DataFile, column: str) -> bool:
    """Whether a column makes groups; the privacy unit does so only where there are few units."""
    return file.has_few(column, GROUPING) if column == file.unit else file.is_grouping(column)


def is_column(view: TableView, key: str, file: DataFile, column: str, context: Context) -> bool:
    """Nearly all of the cells are values of the column, and too many of them for chance, or nearly all of it."""
    found = _met(view, key, file, column)
    if found is None:
        return False
    if _is_beyond_chance(found, view, file, column, context):
        return True
    # Units that are numbered from one on are no more than the numbers of a table's lines.
    keys = found.cells.join(found.met, on="key", how="semi")
    return column != file.unit and keys.height >= _NEARLY * file.height


def has_evidence(view: TableView, key: str, file: DataFile, column: str, context: Context) -> bool:
    """Nearly all of the cells are values of the column, and too many of them for chance."""
    found = _met(view, key, file, column)
    return found is not None and _is_beyond_chance(found, view, file, column, context)


@dataclass(frozen=True, slots=True, eq=False)
class _Met:
    """The cells of a column as keys, how many different ones there are, and those that a dataset's column has."""

    cells: pl.DataFrame
    shown: int
    met: pl.DataFrame
    decimals: int


def _met(view: TableView, key: str, file: DataFile, column: str) -> _Met | None:
    """What a column of a table shares with a column of a dataset; None where it is not nearly all of the cells."""
    value_class = file.value_class(column)
    decimals = view.decimals(key) if value_class is ValueClass.NUMBER else 0
    keys = view.frame.select(table_key(pl.col(key), value_class, decimals).alias("key")).drop_nulls()
    shown = keys.unique()
    if shown.height < FEWEST_VALUES or keys.height < _NEARLY * view.frame.height:
        return None
    met = shown.join(file.counts(column, decimals, shown["key"]), on="key", how="inner")
    return _Met(keys, shown.height, met, decimals) if met.height >= _NEARLY * shown.height else None


def _is_beyond_chance(found: _Met, view: TableView, file: DataFile, column: str, context: Context) -> bool:
    needed = context.policy.evidence_bits + math.log2(max(file.height * view.frame.height, 2))
    return _evidence(found.met, found.shown, file.value_class(column), file, column, found.decimals) >= needed


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
