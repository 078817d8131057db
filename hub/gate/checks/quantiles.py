"""Quantiles: how many units lie on the rarer side of one."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.cells import number
from hub.gate.checks.check import Check
from hub.gate.checks.places import column_place, rows_of
from hub.gate.column_names import is_count_name
from hub.gate.context import Context
from hub.gate.figures import column_of
from hub.gate.fragments import Fragment
from hub.gate.lineage import lineage
from hub.gate.views import TableView, turned

IDENTIFIER = "quantiles"
_MEDIAN = re.compile(r"(?:.+_)?(?:median|mediane|médiane)(?:_.+)?")
_PERCENTILE = re.compile(
    r"(?:.+_)?(?:p|pct|perc|percentile_?|centile_?|quantile_?|q)(\d{1,2}(?:[._]\d+)?|0[._]\d+)(?:_.+)?"
)
_PERCENT = re.compile(r"(\d{1,2}(?:\.\d+)?) ?%")
_FRACTION = re.compile(r"0\.\d+")
_NAMED = {"q1": 0.25, "q2": 0.5, "q3": 0.75, "d1": 0.1, "d9": 0.9}


@dataclass(frozen=True, slots=True)
class Quantile:
    """A column that shows a quantile."""

    key: str
    q: float


def quantiles(fragment: Fragment, context: Context) -> list[Finding] | None:
    """Beyond a quantile q lie at least ``quantile_units`` units on its rarer side: n · min(q, 1 − q).

    The units are those that have a value in the dataset; where they are not known, a count beside the quantile takes
    their place, and without one a steward reads the table.
    """
    findings = []
    for view in context.tables(fragment):
        found = _quantiles(view)
        other = turned(view) if not found else None
        if other is not None and lineage(view, context).tabulation is None and other.columns[0].strip() == "":
            view, found = other, _quantiles(other)
        for quantile in found:
            findings += _judge(view, quantile, context)
    return findings or None


def _quantiles(view: TableView) -> list[Quantile]:
    """Columns with numbers that are named like a quantile."""
    found = []
    fractions = [title for title in view.columns if _FRACTION.fullmatch(title.strip())]
    for key, title in zip(view.keys, view.columns, strict=True):
        q = float(title) if title in fractions and len(fractions) > 1 else quantile_of(title)
        if q is not None and view.frame.select(number(pl.col(key)).is_not_null().any()).item():
            found.append(Quantile(key, q))
    return found


def quantile_of(title: str) -> float | None:
    """Return the quantile that a header names, between 0 and 1."""
    plain = title.strip().casefold().replace(" ", "_")
    if plain in _NAMED:
        return _NAMED[plain]
    if _MEDIAN.fullmatch(plain):
        return 0.5
    match = _PERCENTILE.fullmatch(plain) or _PERCENT.fullmatch(title.strip())
    if match is None:
        return None
    said = next(group for group in match.groups() if group).replace("_", ".")
    value = float(said)
    q = value if said.startswith("0.") else value / 100
    return q if 0 < q < 1 else None


def _judge(view: TableView, quantile: Quantile, context: Context) -> list[Finding]:
    needed = context.policy.quantile_units
    units = _units(view, quantile.key, context)
    place = column_place(view, quantile.key)
    rule = f"at least {needed} units on the rarer side of a quantile ({context.policy.name})"
    if units is None:
        sentence = (
            "This column looks like a quantile, and how many units it rests on is not known, so a steward reads it. "
            "Put a count beside it, or declare the table's dataset and dimensions."
        )
        return [context.finding(IDENTIFIER, Severity.REVIEW, place, sentence, rule, applied=("quantile_units",))]
    small = units.filter(pl.col("units") * min(quantile.q, 1 - quantile.q) < needed - 1e-9)
    if small.height == 0:
        return []
    sentence = (
        f"Beyond this quantile lie fewer than {needed} units in these rows, so that it is nearly somebody's own value. "
        "Show one nearer to the median, merge categories, or leave these rows out."
    )
    where = column_place(view, quantile.key, rows_of(small))
    return [context.finding(IDENTIFIER, Severity.BLOCK, where, sentence, rule, applied=("quantile_units",))]


def _units(view: TableView, key: str, context: Context) -> pl.DataFrame | None:
    """The units of each row that shows the quantile: from the dataset, else from a count beside it."""
    shown = view.frame.select(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row").filter(number(pl.col(key)).is_not_null())
    )
    tabulation = lineage(view, context).tabulation
    if tabulation is not None and tabulation.view is view:
        figure = tabulation.agreeing.get(key)
        known = figure.measure if figure else ""
        name = column_of("units", tabulation.measures.index(known)) if known else "units"
        return (
            tabulation.cells.select("row", pl.col(name).alias("units")).drop_nulls().join(shown, on="row", how="semi")
        )
    counts = [k for k, title in zip(view.keys, view.columns, strict=True) if is_count_name(title)]
    if not counts:
        return None
    fewest = pl.min_horizontal(*(number(pl.col(k)) for k in counts)).alias("units")
    table = view.frame.select(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row"), fewest)
    return table.drop_nulls().join(shown, on="row", how="semi")


QUANTILES = Check(
    IDENTIFIER,
    quantiles,
    claims=False,
    statbarn="position",
    parameters=("quantile_units",),
    source="Handbook on Statistical Disclosure Control for Outputs, percentiles",
)
