"""What the printed result of a model says: residual degrees of freedom, fit, and the names of its terms.

It reads statsmodels' summaries, R's, and documents whose keys have such names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pydantic import JsonValue

from hub.gate.column_names import plain_name
from hub.gate.fragments import Fragment, TableFragment, ValueFragment
from hub.gate.full_text import FullText, Sought
from hub.gate.views import TableView

_DEGREES = (
    Sought(re.compile(r"(?i)\bdf[ _]resid(?:uals?)?\b\W{1,40}?(-?\d+(?:\.\d+)?)"), "(?i)df[ _]res"),
    Sought(
        re.compile(r"(?i)\bresidual (?:degrees of freedom|df)\W{1,40}?(-?\d+(?:\.\d+)?)"), "(?i)res[iıİ]dual (?:deg|df)"
    ),
    Sought(re.compile(r"(?i)\bon (-?\d+) (?:residual )?degrees of freedom"), "(?i)degrees of freedom"),
    Sought(
        re.compile(r"(?i)\bdegr[eé]s de libert[eé](?: r[eé]siduels)?\W{1,40}?(-?\d+(?:\.\d+)?)"),
        "(?i)degr[eé]s de l[iıİ]bert",
    ),
)
_OBSERVATIONS = (
    Sought(re.compile(r"(?i)\bno\. observations\b\W{1,40}?(\d+(?:\.\d+)?)"), "(?i)no[.] ob"),
    Sought(
        re.compile(
            r"(?i)\b(?:number|nombre) (?:of |d['’])(?:obs(?:ervations)?|subjects|units)\b\W{1,40}?(\d+(?:\.\d+)?)"
        ),
        "(?i)(?:number of |nombre d)",
    ),
    Sought(re.compile(r"(?i)\b(?:nobs|n_obs|num\. ?obs\.?)\W{1,40}?(\d+(?:\.\d+)?)"), "(?i)n(?:_|um[.] ?)?ob"),
)
_NAMES = re.compile(
    r"(?:df_?resid(?:uals?)?|resid(?:ual)?_df|df_residual|residual_degrees(?:_of_freedom)?|ddl_resid.*)"
)
_FIT = Sought(re.compile(r"(?i)\b(?:multiple )?r-squared\W{1,40}?(\d(?:\.\d+)?)"), "(?i)r-squared")
_FIT_NAMES = re.compile(r"(?:r_?squared|r_?2|rsquared)")
_LEVEL = re.compile(r"^(?:C\()?([^\[\]():]+?)(?:,.*)?\)?\[(?:T\.)?([^\]]+)\]$")
_EQUAL = re.compile(
    r"(?:I|as\.numeric|as\.integer)?\(?\s*([\w.]+)\s*==\s*['\"]([^'\"]+)['\"]\s*\)?(?:\[T\.True\]|TRUE|True)?"
)
_BEFORE = r"(?:_I|[A-Za-z]\w*?__|(?:as\.)?factor\()?"
"""What Stata, scikit-learn and R put before a column's name."""
_SATURATED = 1 - 1e-9
MARKS = "_=["
"""What stands between a column and its value in the name of a term."""
_MARK = f"[{''.join(map(re.escape, MARKS))}]"
_CUTS = (re.compile(r"\s{2,}|[│|\t]"), re.compile(r"\s{2,}|[│|\t,;]"))
_LONGEST_NAME = 200


def degrees_of(fragment: Fragment, text: FullText) -> list[float]:
    """Return the residual degrees of freedom that a fragment states."""
    found = [float(match[1]) for sought in _DEGREES for match in sought.finditer(text)]
    return found + list(_named_numbers(fragment, _NAMES))


def observations_of(text: FullText) -> list[float]:
    """Return the numbers of observations that the text of a model's summary states."""
    return [float(match[1]) for sought in _OBSERVATIONS for match in sought.finditer(text)]


def is_saturated(fragment: Fragment, text: FullText) -> bool:
    """Whether a model explains everything: an R² of 1 is stated."""
    stated = [float(match[1]) for match in _FIT.finditer(text)]
    return any(_SATURATED <= value <= 1 for value in (*stated, *_named_numbers(fragment, _FIT_NAMES)))


def _named_numbers(fragment: Fragment, names: re.Pattern[str]) -> Iterator[float]:
    """Numbers that stand under a name: of a document's key, of a column, or of the cell before them."""

    def is_named(name: str) -> bool:
        has_letters = not name.isascii() or name.swapcase() != name
        return has_letters and names.fullmatch(plain_name(name)) is not None

    if isinstance(fragment, ValueFragment):
        yield from (value for name, value in _of_document(fragment.value) if is_named(name))
    if isinstance(fragment, TableFragment):
        for title, cells in zip(fragment.columns, fragment.data, strict=True):
            if is_named(title):
                yield from (value for cell in cells if (value := _number(cell)) is not None)
        for label, said in zip(fragment.data[0], fragment.data[1], strict=True) if len(fragment.data) > 1 else ():
            if is_named(label) and (value := _number(said)) is not None:
                yield value


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


def term_names(text: FullText, views: list[TableView], columns: Iterable[str]) -> set[str]:
    """Names that stand where the terms of a model do: first in a row of a table or of a text, or as a key.

    A name has a mark between a column and its value, or begins with one of these columns, as R writes it; what does
    neither names no term.
    """
    begins = f"(?i)^[\\s\"']*{_BEFORE}(?:{'|'.join(map(re.escape, sorted(columns))) or _MARK})"
    sought = re.compile(f"{_MARK}|{begins.removeprefix('(?i)')}", re.IGNORECASE)
    first = (view.frame[view.keys[0]] for view in views)
    said = [cell for cells in first for cell in cells.filter(cells.str.contains(f"{begins}|{_MARK}")).to_list()]
    names = {cell.strip() for cell in said}
    for line in filter(sought.search, text.text.splitlines()):
        names.update(cut.split(line.strip(), maxsplit=1)[0].strip() for cut in _CUTS)
    return {name for name in names if 0 < len(name) <= _LONGEST_NAME and sought.search(name)}


def levels_of(term: str) -> list[tuple[str, str]] | None:
    """Return column and value of each dummy that a term multiplies, as in ``C(region)[T.Nord]:sex[T.f]``."""
    equal = _EQUAL.fullmatch(term.strip())
    if equal is not None:
        return [(equal[1], equal[2])]
    found = [_LEVEL.match(part.strip()) for part in term.split(":")]
    levels = [(match[1].strip(), match[2].strip()) for match in found if match]
    return levels or None


def attached(term: str, columns: Iterable[str]) -> list[tuple[str, str]]:
    """Return column and value of each part of a term that writes them together, as R does: ``regionNord:sexm``."""
    names = "|".join(map(re.escape, sorted(columns, key=len, reverse=True)))
    if not names:
        return []
    level = re.compile(rf"{_BEFORE}({names})\)?(?:::|[._=])?([^\s.:_=)].*)", re.IGNORECASE)
    found = (level.fullmatch(part.strip()) for part in re.split(r"(?<!:):(?!:)", term.strip("\"' ")))
    return [(match[1], match[2].strip()) for match in found if match]
