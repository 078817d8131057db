"""Histograms: small bins, and edges that are the smallest or the largest value."""

from __future__ import annotations

import math
import re

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.cells import NUMBER, ValueClass
from hub.gate.checks.check import Check
from hub.gate.checks.places import column_place
from hub.gate.column_names import plain_name
from hub.gate.context import Context
from hub.gate.datasets import UNIT, DataFile
from hub.gate.fragments import Fragment
from hub.gate.views import TableView

IDENTIFIER = "histogram-edges"
_INTERVAL = re.compile(r"^[\[\](]\s*([+-]?[\d.eE+-]+)\s*[,;]\s*([+-]?[\d.eE+-]+)\s*[\])\[]$")
_BRACKET = r"[\[\](]"
_EDGE = re.compile(
    r"(?:.*_)?(?:bin_?)?(?:left|right|edges?|start|end|lower|upper|low|high|breaks?|borne.*|bin|classe)(?:_.*)?"
)
_FEWEST_BINS = 3


def histogram_edges(fragment: Fragment, context: Context) -> list[Finding] | None:
    """The outer edges of a histogram are no smallest or largest value, unless ``minimum_units`` units share it.

    Bins are columns of intervals, or columns that are named like edges. Small bins are counts, which the minimum
    frequency judges.
    """
    findings = []
    for view in context.tables(fragment):
        for key, title in zip(view.keys, view.columns, strict=True):
            edges = _edges(view, key, title)
            told = [file for file in context.files if edges and _is_extreme(edges, file, context)]
            if told:
                sentence = (
                    f"An outer edge of these bins is the smallest or the largest value of a column of the dataset "
                    f"{told[0].dataset}, which is somebody's. Let the bins begin and end at round numbers beyond it."
                )
                minimum = context.policy.minimum_units
                rule = f"an extreme value is shared by at least {minimum} units ({context.policy.name})"
                place = column_place(view, key)
                applied = ("minimum_units",)
                findings.append(context.finding(IDENTIFIER, Severity.BLOCK, place, sentence, rule, applied=applied))
    return findings or None


def _edges(view: TableView, key: str, title: str) -> tuple[float, float] | None:
    """The outer edges of a column of bins."""
    cells = view.frame[key]
    bracketed = cells.filter(cells.str.contains(_BRACKET)).to_list()
    intervals = [match for cell in bracketed if (match := _INTERVAL.match(cell.strip()))]
    said = [part for match in intervals for part in match.groups()]
    if len(intervals) < _FEWEST_BINS:
        said = [cell.strip() for cell in cells.to_list()] if _EDGE.fullmatch(plain_name(title)) else []
    numbers = [value for part in said if re.match(NUMBER, part) and math.isfinite(value := float(part))]
    return (min(numbers), max(numbers)) if len(numbers) >= _FEWEST_BINS else None


def _is_extreme(edges: tuple[float, float], file: DataFile, context: Context) -> bool:
    """An edge is a column's extreme value, to a thousandth of the bins' and of its own range; few units share it."""
    for column in (c for c in file.schema if file.value_class(c) is ValueClass.NUMBER and c != file.unit):
        value = pl.col("v")
        source = file.select(pl.col(column).cast(pl.Float64).alias("v")).filter(value.is_finite())
        sharing = [
            pl.col(UNIT).filter(value == extreme).drop_nulls().n_unique().alias(name)
            for name, extreme in (("of_low", value.min()), ("of_high", value.max()))
        ]
        found = (
            source.select(value.min().alias("low"), value.max().alias("high"), *sharing).collect().row(0, named=True)
        )
        if found["low"] is None or found["low"] == found["high"]:
            continue
        slack = min(edges[1] - edges[0], found["high"] - found["low"]) * 1e-3
        for edge, end in ((edges[0], "low"), (edges[1], "high")):
            near = abs(edge - found[end]) <= slack
            if near and found[f"of_{end}"] < context.policy.minimum_units:
                return True
    return False


HISTOGRAM_EDGES = Check(
    IDENTIFIER,
    histogram_edges,
    claims=False,
    statbarn="end points",
    parameters=("minimum_units",),
    source="Handbook on Statistical Disclosure Control for Outputs, histograms",
)
