"""The tables that stand in a JSON document, in the shapes in which programs write them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import JsonValue

from hub.gate.headers import Grid


def scalars(value: JsonValue) -> Iterator[str]:
    """Every word of a document, names and values."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from scalars(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from scalars(inner)
    else:
        yield _cell(value)


def _cell(value: JsonValue) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def _is_plain(value: JsonValue) -> bool:
    return not isinstance(value, (dict, list))


def _is_flat(value: JsonValue) -> bool:
    """A list or an object of plain values, which is a row or a column of the table around it."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(map(_is_plain, inner))


def document_tables(place: str, value: JsonValue) -> Iterator[tuple[str, Grid]]:
    """Find tables in the shapes in which programs write them: records, columns, split, lists of rows.

    A place counts the parts, since the keys of an object may be values of the data.
    """
    inner: list[JsonValue] = []
    if isinstance(value, list):
        inner = value
        yield from ((place, grid) for grid in _list_tables(value))
    elif isinstance(value, dict):
        inner = list(value.values())
        yield from ((place, grid) for grid in _object_tables(value))
    for number, part in enumerate(inner):
        if not _is_flat(part):
            yield from document_tables(f"{place}[{number}]", part)


def _list_tables(value: list[JsonValue]) -> Iterator[Grid]:
    records = [part for part in value if isinstance(part, dict)]
    if any(records):
        yield _of_records(records)
    rows = [[cell for _, cell in _leaves("", part)] for part in value if isinstance(part, list) and part]
    if rows:
        width = max(map(len, rows))
        filled = [[_plain(cell) for cell in row] + [""] * (width - len(row)) for row in rows]
        header = filled[0] if all(isinstance(cell, str) for cell in rows[0]) else [""] * width
        yield [header, *filled]


def _of_records(records: Iterable[dict[str, JsonValue]]) -> Grid:
    """A table of records; what stands within a cell has columns of its own, “address.town” and “scores[0]”."""
    flat = [dict(leaf for key, part in record.items() for leaf in _leaves(key, part)) for record in records]
    names = list(dict.fromkeys(name for record in flat for name in record))
    return [names, *([_plain(record.get(name)) for name in names] for record in flat)]


def _leaves(name: str, value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """The values within a value, with where each stands; an empty list or object stands for itself."""
    if isinstance(value, dict) and value:
        for key, part in value.items():
            yield from _leaves(f"{name}.{key}", part)
    elif isinstance(value, list) and value:
        for number, part in enumerate(value):
            yield from _leaves(f"{name}[{number}]", part)
    else:
        yield name, value


def _object_tables(value: dict[str, JsonValue]) -> Iterator[Grid]:
    yield from _split_table(value.get("columns"), value.get("data"))
    columns = {key: part for key, part in value.items() if isinstance(part, list) and part}
    for length in sorted({len(part) for part in columns.values()}):
        same = {key: part for key, part in columns.items() if len(part) == length}
        yield _of_records(dict(zip(same, row, strict=True)) for row in zip(*same.values(), strict=True))
    mapped = {key: dict(_leaves("", part)) for key, part in value.items() if isinstance(part, dict) and part}
    if mapped:
        index = list(dict.fromkeys(key for part in mapped.values() for key in part))
        yield [
            ["", *mapped],
            *([at.removeprefix("."), *(_plain(part.get(at)) for part in mapped.values())] for at in index),
        ]
    plain = {key: part for key, part in value.items() if _is_plain(part)}
    if len(plain) > 1:
        yield [list(plain), [_plain(part) for part in plain.values()]]


def _split_table(names: JsonValue, data: JsonValue) -> Iterator[Grid]:
    if isinstance(names, list) and isinstance(data, list):
        rows = [[_plain(cell) for cell in row] for row in data if isinstance(row, list) and len(row) == len(names)]
        yield [[_plain(name) for name in names], *rows]


def _plain(value: JsonValue) -> str:
    return _cell(value) if _is_plain(value) else ""
