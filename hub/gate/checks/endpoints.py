"""Endpoints: smallest and largest values, which are somebody's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.cells import ValueClass, number
from hub.gate.checks.check import Check
from hub.gate.checks.places import column_place, rows_of
from hub.gate.context import Context
from hub.gate.contributions import per_cell
from hub.gate.datasets import UNIT
from hub.gate.figures import Figure
from hub.gate.fix_cells import suppress_cells
from hub.gate.fragments import Fragment
from hub.gate.lineage import lineage
from hub.gate.tabulation import Tabulation
from hub.gate.views import TableView

IDENTIFIER = "endpoints"
_SHORT = re.compile(r"min|max|minimum|maximum")
_BARE = re.compile(_SHORT.pattern + "|lowest|highest|smallest|largest|plus (?:petit|grand)e?")
_LIKELY = r"(?i)min|max|est$|plus "
_NAMED = re.compile(r"(?:min(?:imum)?|max(?:imum)?)[_ ](.+)|(.+)[_ ](?:min(?:imum)?|max(?:imum)?)")


def endpoints(fragment: Fragment, context: Context) -> list[Finding] | None:
    """No smallest and no largest value is shown, unless ``minimum_units`` units share it.

    They are found as figures that the dataset gives, and by the names of columns and rows.
    """
    findings = []
    for view in context.tables(fragment):
        tabulation = lineage(view, context).tabulation
        verified = set()
        if tabulation is not None:
            verified = {key for key, figure in tabulation.agreeing.items()}
            for key, figure in tabulation.agreeing.items():
                if figure.aggregate in ("min", "max"):
                    findings += _recomputed(fragment, tabulation, key, figure, context)
        for key in _named(view, context):
            if key not in verified:
                findings.append(_finding(fragment, view, key, (), context))
        for key, rows in _labelled(view, context) if tabulation is None else ():
            findings.append(_finding(fragment, view, key, rows, context, is_label=True))
    return findings or None


def _recomputed(
    fragment: Fragment, tabulation: Tabulation, key: str, figure: Figure, context: Context
) -> list[Finding]:
    """A figure that is an extreme value, where fewer units share it than the policy asks."""
    value = pl.col("value")
    extreme = value.min() if figure.aggregate == "min" else value.max()
    sharing = pl.col(UNIT).filter(value == extreme).drop_nulls().n_unique().alias("sharing")
    counted = per_cell(tabulation, [pl.col(figure.measure).cast(pl.Float64).alias("value")], [sharing])
    shown = tabulation.cells.filter(pl.col("shown") & pl.col("rows").is_not_null()).select("row")
    small = counted.join(shown, on="row", how="semi").filter(pl.col("sharing") < context.policy.minimum_units)
    return [_finding(fragment, tabulation.view, key, rows_of(small), context)] if small.height else []


def _named(view: TableView, context: Context) -> Iterator[str]:
    """Columns with numbers that are named like an extreme value."""
    for key, title in zip(view.keys, view.columns, strict=True):
        if _says_extreme(title, _BARE, context) and view.frame.select(number(pl.col(key)).is_not_null().any()).item():
            yield key


def _labelled(view: TableView, context: Context) -> Iterator[tuple[str, list[int]]]:
    """Columns of labels of which some say so, beside a number, with these rows.

    Below a header that names groups, only words count that name no group, such as “max”.
    """
    shown: dict[str, pl.Series] = {}
    for key, title in zip(view.keys, view.columns, strict=True):
        words = _SHORT if title.strip() else _BARE
        likely = view.frame[key].filter(view.frame[key].str.contains(_LIKELY)).unique().to_list()
        labels = [label for label in likely if _says_extreme(label, words, context)]
        if labels and view.frame.width > 1:
            shown = shown or {other: view.number_cells(other).is_not_null() for other in view.keys}
            others = [pl.lit(cells) for other, cells in shown.items() if other != key]
            rows = view.frame.select(
                pl.int_range(1, pl.len() + 1).filter(pl.col(key).is_in(labels), pl.any_horizontal(others))
            )
            if rows.height:
                yield key, rows.to_series().to_list()


def _says_extreme(name: str, words: re.Pattern[str], context: Context) -> bool:
    """A name is one of these words, or one of them with a measure of a dataset."""
    plain = name.strip().casefold().replace(".", "_")
    found = _NAMED.fullmatch(plain)
    measure = (found[1] or found[2]) if found else ""
    return words.fullmatch(plain) is not None or _is_measure(measure, context)


def _is_measure(name: str, context: Context) -> bool:
    """A column of numbers of a dataset has the name."""
    for file in context.files:
        column = file.names.get(name)
        if column is not None and file.value_class(column) is ValueClass.NUMBER:
            return True
    return False


def _finding(
    fragment: Fragment, view: TableView, key: str, rows: Sequence[int], context: Context, *, is_label: bool = False
) -> Finding:
    sentence = (
        "Smallest or largest values stand here; each is the value of somebody. Leave them out, or show a quantile that "
        "enough units lie beyond."
    )
    rule = f"an extreme value is shared by at least {context.policy.minimum_units} units ({context.policy.name})"
    place = column_place(view, key, rows)
    fix = None
    if not view.numbers:
        all_rows = rows or range(1, view.frame.height + 1)
        own = view.keys.index(key) + 1
        columns = [at for at in range(1, view.frame.width + 1) if (at != own) is is_label]
        fix = suppress_cells(fragment, all_rows, columns)
    words = (IDENTIFIER, Severity.BLOCK, place, sentence, rule)
    return context.finding(*words, applied=("minimum_units",), fix=fix)


ENDPOINTS = Check(
    IDENTIFIER,
    endpoints,
    claims=False,
    statbarn="end points",
    parameters=("minimum_units",),
    source="Handbook on Statistical Disclosure Control for Outputs, minima and maxima",
)
