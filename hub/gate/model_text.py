"""What the printed result of a model says: residual degrees of freedom, fit, and the names of its terms.

It reads statsmodels' summaries, R's, and documents whose keys have such names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import JsonValue

from hub.gate.column_names import plain_name
from hub.gate.fragments import Fragment, TableFragment, ValueFragment
from hub.gate.views import TableView, text_of

_DEGREES = (
    re.compile(r"(?i)\bdf[ _]resid(?:uals?)?\b\W{1,40}?(-?\d+(?:\.\d+)?)"),
    re.compile(r"(?i)\bresidual (?:degrees of freedom|df)\W{1,40}?(-?\d+(?:\.\d+)?)"),
    re.compile(r"(?i)\bon (-?\d+) (?:residual )?degrees of freedom"),
    re.compile(r"(?i)\bdegr[eé]s de libert[eé](?: r[eé]siduels)?\W{1,40}?(-?\d+(?:\.\d+)?)"),
)
_NAMES = re.compile(
    r"(?:df_?resid(?:uals?)?|resid(?:ual)?_df|df_residual|residual_degrees(?:_of_freedom)?|ddl_resid.*)"
)
_FIT = re.compile(r"(?i)\b(?:multiple )?r-squared\W{1,40}?(\d(?:\.\d+)?)")
_FIT_NAMES = re.compile(r"(?:r_?squared|r_?2|rsquared)")
_LEVEL = re.compile(r"^(?:C\()?([^\[\]():]+?)(?:,.*)?\)?\[(?:T\.)?([^\]]+)\]$")
_SATURATED = 1 - 1e-9


def degrees_of(fragment: Fragment) -> list[float]:
    """Return the residual degrees of freedom that a fragment states."""
    text = text_of(fragment)
    found = [float(said) for pattern in _DEGREES for said in pattern.findall(text)]
    return found + [value for name, value in _named_numbers(fragment) if _NAMES.fullmatch(plain_name(name))]


def is_saturated(fragment: Fragment) -> bool:
    """Whether a model explains everything: an R² of 1 is stated."""
    stated = [float(said) for said in _FIT.findall(text_of(fragment))]
    stated += [value for name, value in _named_numbers(fragment) if _FIT_NAMES.fullmatch(plain_name(name))]
    return any(_SATURATED <= value <= 1 for value in stated)


def _named_numbers(fragment: Fragment) -> Iterator[tuple[str, float]]:
    """Numbers that stand under a name: of a document's key, of a column, or of the cell before them."""
    if isinstance(fragment, ValueFragment):
        yield from _of_document(fragment.value)
    if isinstance(fragment, TableFragment):
        for title, cells in zip(fragment.columns, fragment.data, strict=True):
            yield from ((title, value) for cell in cells if (value := _number(cell)) is not None)
        for label, said in zip(fragment.data[0], fragment.data[1], strict=True) if len(fragment.data) > 1 else ():
            if (value := _number(said)) is not None:
                yield label, value


def _of_document(value: JsonValue) -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, int | float) and not isinstance(inner, bool):
                yield key, float(inner)
            yield from _of_document(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _of_document(inner)


def _number(cell: str) -> float | None:
    text = cell.strip()
    return float(text) if re.fullmatch(r"-?\d{1,15}(?:\.\d{1,15})?", text) else None


def term_names(fragment: Fragment, views: list[TableView]) -> set[str]:
    """Names that stand where the terms of a model do: first in a row of a table or of a text, or as a key."""
    names = {cell.strip() for view in views for cell in view.frame[view.keys[0]].to_list()} if views else set()
    for line in text_of(fragment).splitlines():
        for mark in (r"\s{2,}|[│|\t]", r"\s{2,}|[│|\t,;]"):
            names.add(re.split(mark, line.strip(), maxsplit=1)[0].strip())
    return {name for name in names if 0 < len(name) <= 200}


def levels_of(term: str) -> list[tuple[str, str]] | None:
    """Return column and value of each dummy that a term multiplies, as in ``C(region)[T.Nord]:sex[T.f]``."""
    found = [_LEVEL.match(part.strip()) for part in term.split(":")]
    levels = [(match[1].strip(), match[2].strip()) for match in found if match]
    return levels or None
