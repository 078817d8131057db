"""Filters: which part of a dataset an author chose, and whether that names units."""

from __future__ import annotations

from hub.domain.errors import InvalidError
from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.context import Context
from hub.gate.filter_language import compared_columns, parse
from hub.gate.fragments import Fragment

IDENTIFIER = "filter"


def unit_filter(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A declared filter does not choose units by their numbers or names; where it does, a steward reads the table.

    That is a filter on the column of the privacy unit, or on one that names units directly, other than for whether it
    is filled. Such a part of the dataset is no group: it can be cut so that two tables differ by whom one likes.
    """
    views = [view for view in context.tables(fragment) if view.whole]
    if not views or not context.table.filter.strip():
        return None
    try:
        named = {column.strip().casefold() for column in compared_columns(parse(context.table.filter))}
    except InvalidError:
        return None
    units = {c.casefold() for d in context.datasets for c in (d.privacy_unit, *d.direct_identifiers) if c}
    if not named & units:
        return None
    sentence = (
        "The declared filter chooses units by their numbers or names, so that the table speaks of whom its author "
        "chose. A steward reads it; choose rows by what units have in common."
    )
    place = f"{views[0].place}, the whole table"
    return [context.finding(IDENTIFIER, Severity.REVIEW, place, sentence, "filters by groups, not by units")]


FILTER = Check(
    IDENTIFIER,
    unit_filter,
    claims=False,
    source="Hundepool and others, Statistical Disclosure Control, 5.5: tables of chosen subpopulations",
)
