"""Volume: how much one fragment may carry."""

from __future__ import annotations

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.context import Context
from hub.gate.cut_cells import MOST_CELLS
from hub.gate.fragments import ArraysFragment, Fragment, ImageFragment, TableFragment, TextFragment, ValueFragment

IDENTIFIER = "volume"


def volume(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A table, a text, a picture and a model stay below the policy's sizes, since what is large is data and no result.

    A model has at most as many numbers as the largest table has cells.
    """
    limits = context.policy.limits
    findings: list[str] = []
    sizes = _sizes(fragment, context)
    if any(rows > limits.table_rows for rows, _ in sizes):
        findings.append(f"The table has more than {limits.table_rows} rows. Send a summary of it.")
    if any(columns > limits.table_columns for _, columns in sizes):
        findings.append(f"The table has more than {limits.table_columns} columns. Send the ones that matter.")
    if isinstance(fragment, ImageFragment) and fragment.width * fragment.height > limits.image_pixels:
        findings.append(f"The picture has more than {limits.image_pixels} pixels. Save it smaller.")
    most = limits.table_rows * limits.table_columns
    if isinstance(fragment, ArraysFragment) and fragment.count > most:
        findings.append(f"The model has more than {most} numbers. Fit a smaller one.")
    if (
        not isinstance(fragment, (TableFragment, ImageFragment, ArraysFragment))
        and len(context.text(fragment).text) > limits.text_characters
    ):
        findings.append(f"The text has more than {limits.text_characters} characters. Send the part that matters.")
    if isinstance(fragment, TextFragment) and any(len(line) > 20_000 for line in fragment.text.splitlines()):
        findings.append("A line has more than 20,000 characters, which nobody can read. Break it, or send a table.")
    if any(len(cells) > MOST_CELLS for cells in context.several(fragment)):
        findings.append(f"More than {MOST_CELLS} cells hold several values each. Give each value a column of its own.")
    rule = f"sizes of the policy ({context.policy.name})"
    return [context.finding(IDENTIFIER, Severity.BLOCK, fragment.place, text, rule) for text in findings] or None


def _sizes(fragment: Fragment, context: Context) -> list[tuple[int, int]]:
    """Rows and columns of a table, and of those that a document holds."""
    if isinstance(fragment, TableFragment):
        return [(fragment.height, len(fragment.columns))]
    views = context.tables(fragment) if isinstance(fragment, ValueFragment) else []
    return [(view.frame.height, view.frame.width) for view in views]


VOLUME = Check(IDENTIFIER, volume, claims=False, parameters=("limits",))
