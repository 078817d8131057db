"""Figures with their tables: a picture is judged by the numbers that it was drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import RequestCheck
from hub.gate.context import Context
from hub.gate.kinds import Kind
from hub.gate.sheets import split_path

IDENTIFIER = "figure-table"
_TABLES = (Kind.CSV, Kind.PARQUET, Kind.XLSX)


def figure_table(files: Sequence[Context]) -> list[list[Finding]]:
    """A picture comes with the table that it was drawn from: a file of the same name with a table's ending.

    No check reads numbers out of a picture, so without its table a steward has nothing to judge it by.
    """
    tables = {table_stem(context.path) for context in files if is_table(context)}
    return [_judge(context) if table_stem(context.path) not in tables else [] for context in files]


def is_figure(context: Context) -> bool:
    """Whether a file is a picture."""
    return context.kind in (Kind.PNG, Kind.JPEG)


def is_table(context: Context) -> bool:
    """Whether a file is a table that a picture may be drawn from."""
    return context.kind in _TABLES


def table_stem(path: str) -> str:
    """Return what a picture's name and that of its table have in common."""
    return str(PurePosixPath(split_path(path)[0]).with_suffix("")).casefold()


def _judge(context: Context) -> list[Finding]:
    if not is_figure(context):
        return []
    sentence = (
        "The picture comes without the table that it was drawn from. Send that too, under the same name with .csv, "
        ".parquet or .xlsx, so that its numbers are checked."
    )
    return [context.finding(IDENTIFIER, Severity.REVIEW, "", sentence)]


FIGURE_TABLE = RequestCheck(
    IDENTIFIER,
    figure_table,
    source="Handbook on Statistical Disclosure Control for Outputs, graphs",
)
