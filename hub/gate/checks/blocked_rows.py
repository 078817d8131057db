"""Rows of a table that may not leave as they are, with the fix that leaves their figures out."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.checks.places import cells_place, rows_of
from hub.gate.context import Context
from hub.gate.fix_cells import suppress_rows
from hub.gate.fragments import Fragment
from hub.gate.tabulation import Tabulation


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of blocked rows: to everybody, as the rule, to stewards alone, and by which parameters."""

    sentence: str
    rule: str
    detail: str = ""
    applied: tuple[str, ...] = ()


def blocked_rows(
    check: str, said: Said, cells: pl.DataFrame, fragment: Fragment, tabulation: Tabulation, context: Context
) -> list[Finding]:
    """Return the finding on the rows that ``cells`` has, or nothing where it has none."""
    rows = rows_of(cells)
    if not rows:
        return []
    place, fix = cells_place(tabulation, rows), suppress_rows(fragment, tabulation, rows)
    words = (check, Severity.BLOCK, place, said.sentence, said.rule)
    return [context.finding(*words, detail=said.detail, applied=said.applied, fix=fix)]
