"""Tables and documents that stand whole in a text: CSV, JSON and HTML in a decoded text, a cell or a value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import JsonValue

from hub.gate.fragments import Fragment, TableFragment, TextFragment, ValueFragment, is_source
from hub.gate.readers.documents import parse_json
from hub.gate.readers.markup import html_tables
from hub.gate.readers.tables import SEPARATORS, read_csv
from hub.gate.refusals import ReadRefusedError

_TABLE = re.compile("<table", re.IGNORECASE)
_LEAST = 40
"""Characters below which a value or a cell is no document by itself."""


def of_text(place: str, text: str) -> Iterator[Fragment]:
    """Return a text as what it is: a document, a table, or running text."""
    yield from _whole(place, text) or [TextFragment(place=place, text=text)]


def documents(part: Fragment) -> Iterator[Fragment]:
    """Return the documents, as one list, and the tables that are values of a document or cells of a table.

    Tables of a web page are read wherever they stand, since a notebook's cells show them as tables.
    """
    for text in [part.text] if isinstance(part, TextFragment) else _texts(part):
        yield from _pages(part, text) if _TABLE.search(text) else ()
    found = [inner for text in _texts(part) if len(text) >= _LEAST for inner in _whole(f"{part.place}!text", text)]
    values = [inner.value for inner in found if isinstance(inner, ValueFragment)]
    if values:
        yield ValueFragment(place=f"{part.place}!text", value=values)
    yield from (inner for inner in found if not isinstance(inner, ValueFragment))


def nested(table: TableFragment, place: str) -> TableFragment:
    """Return a table as one that stood in something else, so that no declaration speaks of it."""
    return table.model_copy(update={"place": place, "nested": True, "slot": None})


def _whole(place: str, text: str) -> list[Fragment]:
    """The document or the table that a text is as a whole, if it is one."""
    content = text.strip().encode("utf-8", "replace")
    try:
        if content.startswith((b"{", b"[")):
            return [ValueFragment(place=place, value=parse_json(content))]
        if b"\n" in content and any(separator in text for separator in SEPARATORS):
            tables = read_csv(content)
            return [nested(table, place) for table in tables if len(table.columns) > 1]
    except ReadRefusedError:
        pass
    return []


def _pages(part: Fragment, text: str) -> Iterator[Fragment]:
    """The tables of a page; in a source they are judged as what is pasted into it."""
    slot = part.slot if isinstance(part, TextFragment) and is_source(part) else None
    try:
        tables = html_tables(text)
    except ReadRefusedError:
        return
    for number, table in enumerate(tables):
        at = f"{part.place}!text.table[{number}]"
        yield TableFragment(
            place=at, slot=slot, nested=True, columns=table.columns, header=table.header, data=table.data
        )


def _texts(part: Fragment) -> Iterator[str]:
    if isinstance(part, TableFragment):
        yield from dict.fromkeys(cell for column in part.data for cell in column)
    elif isinstance(part, ValueFragment):
        yield from strings(part.value)


def strings(value: JsonValue, *, with_keys: bool = False) -> Iterator[str]:
    """Yield the texts of a document, with its keys or without."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner, with_keys=with_keys)
    elif isinstance(value, dict):
        if with_keys:
            yield from value
        for inner in value.values():
            yield from strings(inner, with_keys=with_keys)
