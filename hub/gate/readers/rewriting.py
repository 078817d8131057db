"""Fragments written anew in plain letters: coded words and cells are read, and letters that pose as others undone.

What is coded cell by cell keeps its rows and columns, so that rows of a dataset are found in it as if they stood there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pydantic import JsonValue

from hub.gate.canonical_text import clean
from hub.gate.fragments import Fragment, TableFragment, TextFragment, ValueFragment, is_source
from hub.gate.lookalikes import plain_letters
from hub.gate.plain_numbers import plain_numbers
from hub.gate.readers.documents_within import strings
from hub.gate.readers.encodings import with_short_runs_read, word_read

Read = Callable[[str], str]
_MOSTLY = 0.9
_SOME = 0.3
_LEAST_WORD = 4
_FEWEST = 3
_FEWEST_DIGITS = 8
"""Cells of digits alone are numbers; as a code they count from so many digits, and from twice as many cells."""


def rewritten(part: Fragment) -> Iterator[Fragment]:
    """Return the fragment in plain letters, as far as it differs: one for codes, one for letters that pose."""
    match part:
        case TextFragment():
            plain, code = with_short_runs_read(clean(part.text))
            if code:
                yield _rewritten_text(part, code, plain)
        case TableFragment():
            yield from _table_read(part)
        case ValueFragment():
            yield from _value_read(part)
    yield from _in_plain_letters(part)


def _table_read(table: TableFragment) -> Iterator[Fragment]:
    """A table in which nearly every cell of some column is a coded word by itself; the other columns are read alike."""
    code = next((code for _, code in map(_column_read, table.data) if code), "")
    if code:
        data = tuple(_column_read(cells, code)[0] for cells in table.data)
        if data != table.data:
            yield TableFragment(place=f"{table.place}!{code}", nested=True, columns=table.columns, data=data)


def _column_read(cells: tuple[str, ...], expected: str = "") -> tuple[tuple[str, ...], str]:
    known = {cell: cell_read(cell, expected) for cell in set(cells) if cell.strip()}
    told = [code for code, _ in known.values() if code]
    digits = all(cell.strip().isdigit() for cell in known)
    fewest = 1 if expected else 2 * _FEWEST if digits else _FEWEST
    if len(told) < fewest or len(told) < _MOSTLY * len(known):
        return cells, ""
    return tuple(known[cell][1] if cell in known else cell for cell in cells), max(sorted(set(told)), key=told.count)


def cell_read(cell: str, expected: str = "") -> tuple[str, str]:
    """Return code and text of a coded word; one of digits alone is a number unless it is long, or the code is known."""
    word = clean(cell).strip()
    if not word.isascii() or not word.replace("=", "").isalnum():
        return "", cell
    if word.isdigit() and len(word) < _FEWEST_DIGITS and not expected:
        return "", cell
    code, text = word_read(word, 1 if expected or word.endswith("=") else 3, expected)
    return (code, text) if text else ("", cell)


def _value_read(part: ValueFragment) -> Iterator[Fragment]:
    known = {text: cell_read(text) for text in set(strings(part.value, with_keys=True)) if len(text) >= _LEAST_WORD}
    told = [code for code, _ in known.values() if code]
    if len(told) >= _FEWEST and len(told) >= _SOME * len(known):
        code = max(sorted(set(told)), key=told.count)

        yield ValueFragment(
            place=f"{part.place}!{code}", value=_mapped(part.value, lambda text: cell_read(text, code)[1])
        )


def _in_plain_letters(part: Fragment) -> Iterator[Fragment]:
    """Digits and letters of other alphabets and styles are written as plain ones, and numbers by themselves."""
    place = f"{part.place}!letters"
    match part:
        case TextFragment() if (plain := _plain(part.text)) != part.text:
            yield _rewritten_text(part, "letters", plain)
        case TableFragment() if _poses([*part.columns, *(cell for column in part.data for cell in column)]):
            data = tuple(tuple(map(_plain, column)) for column in part.data)
            columns = tuple(map(_plain, part.columns))
            yield TableFragment(place=place, nested=True, columns=columns, data=data)
        case ValueFragment() if _poses(strings(part.value, with_keys=True)):
            yield ValueFragment(place=place, value=_mapped(part.value, _plain))


def _rewritten_text(part: TextFragment, way: str, text: str) -> TextFragment:
    """A source stays one: what it says in plain letters is judged as what is pasted into it."""
    return TextFragment(place=f"{part.place}!{way}", slot=part.slot if is_source(part) else None, text=text)


def _poses(texts: Iterable[str]) -> bool:
    return any(_plain(text) != text for text in set(texts))


def _plain(text: str) -> str:
    return plain_numbers(plain_letters(text))


def _mapped(value: JsonValue, read: Read) -> JsonValue:
    if isinstance(value, str):
        return read(value)
    if isinstance(value, list):
        return [_mapped(inner, read) for inner in value]
    if isinstance(value, dict):
        return {read(key): _mapped(inner, read) for key, inner in value.items()}
    return value
