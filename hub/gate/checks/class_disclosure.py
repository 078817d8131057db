"""Class disclosure: what a table tells of every member of a group."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.cells import number
from hub.gate.checks.check import Check
from hub.gate.checks.places import cells_place, rows_of
from hub.gate.context import Context
from hub.gate.datasets import UNIT
from hub.gate.fragments import Fragment
from hub.gate.lineage import tabulations
from hub.gate.structural_zeros import forced_rows, zero_rows
from hub.gate.tabulation import Dimension, Tabulation, join_rows, keys_of

IDENTIFIER = "class-disclosure"
_FIRST_ROWS = 500_000
_LINES = 3
"""Lines from which two columns that go together are taken for two names of one thing, such as code and label."""


@dataclass(frozen=True, slots=True)
class Line:
    """Cells that make up a group of units: ``category`` differs between them, ``group`` does not."""

    group: tuple[Dimension, ...]
    category: Dimension


def class_disclosure(fragment: Fragment, context: Context) -> list[Finding] | None:
    """No category holds ``class_percent`` percent or more of a group's units, and none that is shown holds nobody.

    Whoever knows that somebody is in the group learns the category from such a line, or learns that it is another. A
    unit counts for a category when all its rows in the group are of it. Combinations that the dataset declares
    impossible are exempt, and so are columns that are two names of the same thing.
    """
    findings = []
    for tabulation in tabulations(fragment, context):
        for kept, rows in tabulation.groups:
            for category in kept if len(kept) > 1 else ():
                line = Line(tuple(d for d in kept if d is not category), category)
                findings += _whole(tabulation, line, rows.filter("shown"), context)
        findings += _empty(tabulation, context)
    return list(dict.fromkeys(findings)) or None


def _whole(tabulation: Tabulation, line: Line, rows: pl.DataFrame, context: Context) -> list[Finding]:
    """Cells that hold nearly all of their group."""
    rows = _possible(tabulation, line, rows, context)
    if rows.height == 0 or _is_label(tabulation, line):
        return []
    shares = _shares(tabulation, line, rows)
    high = shares.filter(pl.col("share") * 100 >= context.policy.class_percent)
    high = high.filter(~pl.col("row").is_in(forced_rows(tabulation, line.category, context)))
    if high.height == 0:
        return []
    percent = context.policy.class_percent
    sentence = (
        f"These cells hold {percent} % or more of their group's units, seen over the column {line.category.column}, so "
        "that they tell something of each member. Merge categories, or leave the group out."
    )
    detail = f"The highest share among these cells: {high.select(pl.col('share').max()).item() * 100:.0f} %."
    place = cells_place(tabulation, rows_of(high))
    rule = f"no category with {percent} % of a group ({context.policy.name})"
    applied = ("class_percent",)
    return [context.finding(IDENTIFIER, Severity.BLOCK, place, sentence, rule, detail=detail, applied=applied)]


def _possible(tabulation: Tabulation, line: Line, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Cells that may hold so much of their group: with as many units as that part of those that a first look finds."""
    if rows.height == 0:
        return rows
    on = [d.key for d in line.group]
    units = pl.col(UNIT).drop_nulls().n_unique().alias("members")
    found = tabulation.file.matching(keys_of(line.group), rows, first=_FIRST_ROWS).group_by(on).agg(units).collect()
    known = rows.join(tabulation.cells.select("row", "units"), on="row").join(
        found, on=on, how="left", nulls_equal=True
    )
    enough = pl.col("units") * 100 >= pl.col("members").fill_null(0) * context.policy.class_percent
    return known.filter(enough).select(rows.columns)


def _shares(tabulation: Tabulation, line: Line, rows: pl.DataFrame) -> pl.DataFrame:
    """For each row, the part of its group's units that are in its category and in no other."""
    on = [d.key for d in line.group]
    key = tabulation.file.key(line.category.column, line.category.decimals).alias(line.category.key)
    of_group = tabulation.file.matching(keys_of(line.group), rows, key)
    value = pl.col(line.category.key)
    by_unit = of_group.group_by([*on, UNIT]).agg(value.first(), value.n_unique().alias("kinds")).collect()
    groups = by_unit.group_by(on).len("members")
    alone = by_unit.filter(pl.col("kinds") == 1).group_by([*on, line.category.key]).len("own")
    cells = join_rows(rows.select("row", *on, line.category.key), alone, [*on, line.category.key])
    return join_rows(cells, groups, on).select("row", (pl.col("own").fill_null(0) / pl.col("members")).alias("share"))


def _is_label(tabulation: Tabulation, line: Line) -> bool:
    """The category is another name of a column of the group: each value of one goes with one value of the other."""
    file = tabulation.file
    for other in line.group:
        keys = [file.key(d.column, d.decimals).alias(name) for d, name in ((line.category, "a"), (other, "b"))]
        pairs = file.select(*keys).select("a", "b").unique().collect()
        if pairs.height >= _LINES and pairs["a"].n_unique() == pairs.height == pairs["b"].n_unique():
            return True
    return False


def _empty(tabulation: Tabulation, context: Context) -> list[Finding]:
    """Cells that are shown as nothing, and are nothing in the dataset."""
    view = tabulation.view
    own = {d.key for d in tabulation.dimensions}
    figures = [k for k in view.keys if k not in own]
    if len(own) < 2 or not figures:
        return []
    zero = pl.any_horizontal(*((number(pl.col(key)) == 0).fill_null(value=False) for key in figures))
    table = view.frame.select(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row"), zero.alias("zero"))
    empty = table.filter("zero").join(tabulation.cells.filter(pl.col("rows").is_null()), on="row", how="semi")
    empty = empty.filter(~pl.col("row").is_in(zero_rows(tabulation, context)))
    if empty.height == 0:
        return []
    sentence = (
        "These cells show that nobody of a group is in a category, which tells something of each member. Leave them "
        "out or merge categories; where the combination is impossible, let the dataset declare it."
    )
    rule = f"no category with nobody of a group ({context.policy.name})"
    return [context.finding(IDENTIFIER, Severity.BLOCK, cells_place(tabulation, rows_of(empty)), sentence, rule)]


CLASS_DISCLOSURE = Check(
    IDENTIFIER,
    class_disclosure,
    claims=False,
    statbarn="frequencies",
    parameters=("class_percent",),
    source="Handbook on Statistical Disclosure Control for Outputs, class disclosure and structural zeros",
)
