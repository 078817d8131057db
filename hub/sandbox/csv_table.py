"""A CSV file, read so that nothing is guessed that could change a value.

Every line must have as many fields as the first, in UTF-8, separated by comma, semicolon or tab. A column takes a type
only where each of its values has exactly that form; codes with leading zeros, long identifiers and ``12E5`` stay text.
Empty fields are missing values, and ``NA`` is one in a column that is otherwise no text.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.program import SandboxError

SEPARATORS = (",", ";", "\t")
_MISSING = ["", "NA"]
_WHOLE = r"-?(0|[1-9][0-9]{0,14})"


@dataclass(frozen=True, slots=True)
class Form:
    """The form that all values of a column have, and how it is then read."""

    pattern: str
    read: Callable[[pl.Series], pl.Series]


FORMS = (
    Form(r"^-?(0|[1-9][0-9]{0,17})$", lambda s: s.cast(pl.Int64, strict=False)),
    Form(rf"^{_WHOLE}(\.[0-9]*)?([eE][+-][0-9]{{1,3}})?$", lambda s: s.cast(pl.Float64, strict=False)),
    Form(r"^([Tt]rue|TRUE|[Ff]alse|FALSE)$", lambda s: s.str.to_lowercase() == "true"),
    Form(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", lambda s: s.str.to_date("%Y-%m-%d", strict=False)),
    Form(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}(\.[0-9]{1,6})?$", lambda s: _read_time(s)),
    Form(
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}(\.[0-9]{1,6})?Z$",
        lambda s: _read_time(s.str.strip_chars_end("Z")).dt.replace_time_zone("UTC"),
    ),
)
DECIMAL_COMMA = Form(
    rf"^{_WHOLE}(,[0-9]+)?$", lambda s: s.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
)
"""Numbers as French spreadsheets write them, where the semicolon separates fields."""


def read_csv(path: Path) -> pl.DataFrame:
    """Return the table of a CSV file; SandboxError where the file is not exactly one."""
    separator = _separator(path)
    names, rows = _measure(path, separator)
    if not rows:
        raise SandboxError(SandboxExit.EMPTY_TABLE)
    if len(set(names)) < len(names):
        raise SandboxError(SandboxExit.COLUMN_NAME)
    texts = pl.read_csv(path, separator=separator, infer_schema=False, glob=False, raise_if_empty=True)
    if texts.columns != names or texts.height != rows:
        raise SandboxError(SandboxExit.BROKEN_FILE)
    forms = (*FORMS, DECIMAL_COMMA) if separator == ";" else FORMS
    return pl.DataFrame({column.name: typed(column, forms) for column in texts})


def typed(texts: pl.Series, forms: tuple[Form, ...] = FORMS) -> pl.Series:
    """Return the column in the first form that all its values have, or as the text that it is."""
    known = texts.set(texts.is_in(_MISSING), None)
    values = known.drop_nulls()
    if values.is_empty():
        return texts
    for form in forms:
        if values.str.contains(form.pattern).all():
            read = form.read(known)
            if read.null_count() == known.null_count() and _is_finite(read):
                return read
    return texts


def _is_finite(column: pl.Series) -> bool:
    return not column.dtype.is_float() or bool(column.drop_nulls().is_finite().all())


def _read_time(texts: pl.Series) -> pl.Series:
    plain = texts.str.replace("T", " ", literal=True)
    return plain.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)


def _separator(path: Path) -> str:
    """The sign that cuts the first line into most fields; two that cut it alike say nothing."""
    widths = {separator: len(_first(path, separator)) for separator in SEPARATORS}
    widest = max(widths.values())
    fitting = [separator for separator, width in widths.items() if width == widest]
    if widest > 1 and len(fitting) > 1:
        raise SandboxError(SandboxExit.BROKEN_FILE)
    return fitting[0]


def _first(path: Path, separator: str) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file, delimiter=separator, strict=True), [])


def _measure(path: Path, separator: str) -> tuple[list[str], int]:
    """Return the names and the number of rows, after a look at every field of the file.

    Polars would fill a line that was cut short with missing values.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=separator, strict=True)
        names = next(reader, [])
        rows = 0
        for fields in reader:
            if len(fields) != len(names):
                raise SandboxError(SandboxExit.BROKEN_FILE)
            rows += 1
    return names, rows
