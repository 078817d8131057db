"""Plain writing: where one figure can be written in several ways, the choice must say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.cells import number
from hub.gate.checks.check import Check
from hub.gate.checks.places import column_place
from hub.gate.column_names import is_count_name
from hub.gate.context import Context
from hub.gate.fragments import Fragment
from hub.gate.group_labels import in_several_ways
from hub.gate.lineage import lineage
from hub.gate.marks import is_margin
from hub.gate.tabulation import Tabulation
from hub.gate.views import TableView

IDENTIFIER = "writing"
_LEADING_ZERO = r"^\s*[+-]?0\d"
_BETWEEN = r"\d([ \x{a0}\x{202f}'’,])\d{3}"
_BELOW = re.compile(r"[<≤]\s*(\d{1,2})")
_LARGE = 1000


def plain_writing(fragment: Fragment, context: Context) -> list[Finding] | None:
    """Figures are written in one way: without leading zeros, and with one mark, or none, between thousands.

    Else the choice between two ways to write the same can carry data. Figures are the columns that were recomputed, and
    those that are named like counts. The numbers, truths and times of a group column are written alike, the rows of
    totals of a table use one word, and a mark of suppression says no number beyond the policy's threshold; where they
    do not, a steward reads the table.
    """
    findings = []
    for view in context.tables(fragment):
        tabulation = lineage(view, context).tabulation
        findings += _zeros(view, tabulation, context)
        places = [f", column {at}" for at in _mixed(view, tabulation)]
        if tabulation is not None and _margin_words(tabulation) > 1:
            places.append(", its totals")
        if tabulation is not None and _groups_are_mixed(tabulation):
            places.append(", its groups")
        if _says_other_threshold(view, context.policy.minimum_units):
            places.append(", its marks of suppression")
        findings += [context.finding(IDENTIFIER, Severity.REVIEW, f"{view.place}{p}", _MIXED, _RULE) for p in places]
    return findings or None


_RULE = "one way to write what is the same"
_MIXED = (
    "What is the same is written in several ways here, so that their choice could carry data, and a steward reads it. "
    "Write thousands, groups, totals and what is suppressed in one way each, and thresholds as the policy has them."
)


def _figures(view: TableView, tabulation: Tabulation | None) -> Iterator[str]:
    """The columns whose cells are figures."""
    known = tabulation.agreeing if tabulation is not None and tabulation.view is view else {}
    for key, title in zip(view.keys, view.columns, strict=True):
        if key in known or is_count_name(title):
            yield key


def _zeros(view: TableView, tabulation: Tabulation | None, context: Context) -> list[Finding]:
    findings = []
    for key in _figures(view, tabulation):
        is_odd = pl.col(key).str.contains(_LEADING_ZERO)
        rows = view.frame.select(pl.int_range(1, pl.len() + 1).filter(is_odd)).to_series().to_list()
        if rows:
            sentence = (
                "These figures begin with zeros that say nothing of their size, and could say something else. Write "
                "numbers without leading zeros."
            )
            place = column_place(view, key, rows)
            findings.append(context.finding(IDENTIFIER, Severity.BLOCK, place, sentence, _RULE))
    return findings


def _mixed(view: TableView, tabulation: Tabulation | None) -> list[int]:
    """Columns of figures whose thousands are written in more ways than one, by their numbers."""
    found = []
    for key in _figures(view, tabulation):
        cell = pl.col(key)
        large = view.frame.filter(number(cell).abs() >= _LARGE)
        ways = large.select(cell.str.extract(_BETWEEN, 1).fill_null("")).to_series()
        if ways.n_unique() > 1:
            found.append(view.keys.index(key) + 1)
    return found


def _margin_words(tabulation: Tabulation) -> int:
    """How many words the totals' rows use, where they use one at all."""
    words: set[str] = set()
    frame = tabulation.view.frame
    for dimension in tabulation.dimensions:
        cell = pl.col(dimension.key)
        words.update(frame.filter(is_margin(cell)).select(cell.str.strip_chars()).to_series())
    return len(words - {""})


def _groups_are_mixed(tabulation: Tabulation) -> bool:
    """Whether a group column's numbers, truths or times are written in several ways."""
    frame, file = tabulation.view.frame, tabulation.file
    return any(in_several_ways(frame[d.key], file.value_class(d.column)) for d in tabulation.dimensions)


def _says_other_threshold(view: TableView, minimum: int) -> bool:
    cells = view.frame.unpivot(value_name="cell")["cell"]
    marks = cells.filter(cells.str.contains("^\\s*[<≤]")).unique().to_list()
    met = [match for mark in marks if (match := _BELOW.fullmatch(mark.strip()))]
    return any(int(match[1]) > minimum for match in met)


WRITING = Check(
    IDENTIFIER,
    plain_writing,
    claims=False,
    parameters=("minimum_units",),
    source="The lab's own: a choice that tells nothing is no choice",
)
