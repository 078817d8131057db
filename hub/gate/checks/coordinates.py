"""Coordinates and small areas: places so small that they are somebody's home."""

from __future__ import annotations

import re

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.cells import number, written
from hub.gate.checks.check import Check
from hub.gate.checks.places import column_place
from hub.gate.column_names import is_area, plain_name
from hub.gate.context import Context
from hub.gate.fragments import Fragment
from hub.gate.lineage import lineage
from hub.gate.views import TableView

COORDINATES_ID = "coordinates"
AREA_ID = "small-area"
_LATITUDE = re.compile(r"(?:.*_)?(?:lat|latitude)(?:_.*)?|(?:coord_)?y(?:_?(?:wgs_?84|coord))")
_LONGITUDE = re.compile(r"(?:.*_)?(?:lon|lng|long|longitude)(?:_.*)?|(?:coord_)?x(?:_?(?:wgs_?84|coord))")


def coordinates(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A coordinate in degrees shows at most ``coordinate_decimals`` decimals.

    Columns count as coordinates by their name and by values between −90 and 90, or −180 and 180.
    """
    allowed = context.policy.coordinate_decimals
    findings = []
    for view in context.tables(fragment):
        for key, title in zip(view.keys, view.columns, strict=True):
            rows = _too_fine(view, key, title, allowed)
            if rows:
                sentence = (
                    f"These coordinates have more than {allowed} decimals, so that they point at single places. Round "
                    "them, or name the area instead."
                )
                place = column_place(view, key, rows)
                rule = f"at most {allowed} decimals of a degree ({context.policy.name})"
                applied = ("coordinate_decimals",)
                findings.append(context.finding(COORDINATES_ID, Severity.BLOCK, place, sentence, rule, applied=applied))
    return findings or None


def _too_fine(view: TableView, key: str, title: str, allowed: int) -> list[int]:
    name = plain_name(title)
    limit = 90 if _LATITUDE.fullmatch(name) else 180 if _LONGITUDE.fullmatch(name) else 0
    if not limit:
        return []
    value = number(pl.col(key))
    digits = written(pl.col(key)).str.extract(r"\.(\d*?)0*$", 1).str.len_chars().fill_null(0)
    fine = (digits > allowed) & (value.abs() <= limit)
    return view.frame.select(pl.int_range(1, pl.len() + 1).filter(fine)).to_series().to_list()


def small_area(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A table by commune, IRIS or postcode is counted in the dataset, area by area; else a steward reads it.

    Columns count as areas by their name and by codes of five or nine characters. Areas that are a column of the
    dataset are dimensions of the table, so that the minimum frequency is theirs, too.
    """
    findings = []
    for view in context.tables(fragment):
        tabulation = lineage(view, context).tabulation
        counted = {d.key for d in tabulation.dimensions} if tabulation is not None else set()
        for key, title in zip(view.keys, view.columns, strict=True):
            if key not in counted and is_area(title, view.frame[key]):
                sentence = (
                    "This column names areas that may hold few people, and how many units of the dataset are in each "
                    "is not known. A steward reads it; declare the table's dataset and dimensions, or show larger "
                    "areas."
                )
                findings.append(context.finding(AREA_ID, Severity.REVIEW, column_place(view, key), sentence))
    return findings or None


COORDINATES = Check(
    COORDINATES_ID,
    coordinates,
    claims=False,
    parameters=("coordinate_decimals",),
    source="Handbook on Statistical Disclosure Control for Outputs, maps and geography",
)
SMALL_AREA = Check(
    AREA_ID,
    small_area,
    claims=False,
    statbarn="frequencies",
    source="INSEE, Guide du secret statistique",
)
