"""Scaled columns: arrays of a model that are columns of a dataset under another scale."""

from __future__ import annotations

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.affine import Held, held, is_image, number_columns, parts
from hub.gate.checks.check import Check
from hub.gate.checks.columns import FEWEST_VALUES, is_column
from hub.gate.context import Context, arrays_text
from hub.gate.datasets import DataFile
from hub.gate.fragments import ArraysFragment, Fragment
from hub.gate.views import TableView

IDENTIFIER = "scaled-columns"


def scaled_columns(fragment: Fragment, context: Context) -> list[Finding] | None:
    """No array is a column of a mounted dataset under another scale, whole or in part, in its order or sorted.

    A list as long as a column is compared with it by the best straight line. Of a part of a column the usual scales are
    undone (as it is, standardised, between 0 and 1, centred), and its values count as the rule on columns counts them.
    """
    if not isinstance(fragment, ArraysFragment) or not context.datasets:
        return None
    digits = context.policy.significant_digits
    arrays = {at: h for at, a in enumerate(fragment.arrays, start=1) if (h := held(a, digits)) is not None}
    found: dict[int, str] = {}
    for dataset in context.datasets if arrays else ():
        for file in dataset.files:
            found |= dict.fromkeys(_copies(arrays, file, context), dataset.name)
    findings = []
    for name in sorted(set(found.values())):
        numbers = [at for at in found if found[at] == name]
        sentence = (
            f"An array holds the values of a column of the dataset {name}, as they are or under another scale. Values "
            "of single units do not leave; leave the array out."
        )
        place = f"{fragment.place}{arrays_text(numbers)}"
        findings.append(context.finding(IDENTIFIER, Severity.BLOCK, place, sentence))
    return findings or None


def _copies(arrays: dict[int, Held], file: DataFile, context: Context) -> set[int]:
    """The numbers of the arrays that hold a column of a file."""
    found: set[int] = set()
    for column in number_columns(file):
        found |= _whole(arrays, file, column)
        for at, cells in parts(arrays, file, column, FEWEST_VALUES):
            view = TableView("", (column,), pl.DataFrame({"c0": cells}), titled=False)
            if at not in found and is_column(view, "c0", file, column, context):
                found.add(at)
    return found


def _whole(arrays: dict[int, Held], file: DataFile, column: str) -> set[int]:
    """The arrays with a list of a column's length that is the column."""
    if max(array.numbers.size for array in arrays.values()) < 0.5 * file.height and not file.has_missing(column):
        return set()
    value = pl.col("v")
    rows = file.select(pl.col(column).cast(pl.Float64).alias("v")).select("v").filter(value.is_finite())
    values = rows.collect(engine=file.engine)["v"].to_numpy()
    return {
        at
        for at, array in arrays.items()
        for line in array.lines(array.numbers)
        if line.size == values.size and is_image(line, values, array.error)
    }


SCALED_COLUMNS = Check(
    IDENTIFIER,
    scaled_columns,
    claims=False,
    parameters=("evidence_bits",),
    source="The lab's own: a column under a straight line has every value of the column",
)
