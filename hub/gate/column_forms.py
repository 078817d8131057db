"""The forms in which the checks see a dataset's columns, whatever types its files have.

What has fields or elements is one column for each of them, “address.town” and “scores[0]”; of a list, the first
sixteen. Whole numbers of wider types are whole numbers as they are, or texts where they are too long.
What programs write otherwise than it is kept has a second column: times with a zone in that zone, numbers of half or
single precision with the digits that tell them apart, and bytes as Python shows them.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

MOST_ELEMENTS = 16
_ODD = (pl.Binary, pl.Null, pl.UInt64, pl.Int128, pl.UInt128, pl.Float16, pl.Float32)
_UTC = frozenset({"UTC", "Etc/UTC"})
_DIGITS_OF_INT64 = 18
_END_OF_INT64 = 2**63


def formed(scan: pl.LazyFrame) -> pl.LazyFrame:
    """Return the rows with their columns in the forms that can be compared; most columns stay as they are."""
    schema = scan.collect_schema()
    while any(map(_is_odd, schema.values())):
        taken = {name for name, kind in schema.items() if not _is_odd(kind)}
        columns: list[pl.Expr] = []
        for name, kind in schema.items():
            for title, form in _forms(scan, name, kind) if _is_odd(kind) else ():
                own = title
                while own in taken:
                    own += "'"
                taken.add(own)
                columns.append(form.alias(own))
            columns += [] if _is_odd(kind) else [pl.col(name)]
        scan = scan.select(columns)
        schema = scan.collect_schema()
    return scan


def text_of(column: str, kind: pl.DataType) -> pl.Expr:
    """Return a column's values as text; a length of time as its seconds, and a time of day with all of its digits."""
    if isinstance(kind, pl.Duration):
        return (pl.col(column).dt.total_microseconds() / 1e6).cast(pl.String)
    if isinstance(kind, pl.Time):
        return pl.col(column).dt.to_string("%H:%M:%S%.f")
    return pl.col(column).cast(pl.String, strict=False)


def _is_odd(kind: pl.DataType) -> bool:
    is_zoned = isinstance(kind, pl.Datetime) and kind.time_zone is not None
    is_whole = isinstance(kind, pl.Decimal) and kind.scale == 0
    return kind.is_nested() or is_zoned or is_whole or isinstance(kind, _ODD)


def _forms(scan: pl.LazyFrame, name: str, kind: pl.DataType) -> Iterator[tuple[str, pl.Expr]]:
    """The columns that stand for a column, by their names."""
    column = pl.col(name)
    match kind:
        case pl.Struct(fields=fields):
            yield from ((f"{name}.{field.name}", column.struct.field(field.name)) for field in fields)
        case pl.List():
            longest = scan.select(column.list.len().max()).collect(engine="streaming").item() or 0
            for at in range(min(longest, MOST_ELEMENTS)):
                yield f"{name}[{at}]", column.list.get(at, null_on_oob=True)
        case pl.Array(size=size):
            for at in range(min(size, MOST_ELEMENTS)):
                yield f"{name}[{at}]", column.arr.get(at, null_on_oob=True)
        case pl.Datetime(time_zone=zone):
            yield name, column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
            if zone not in _UTC:
                yield f"{name} in {zone}", column.dt.replace_time_zone(None)
        case pl.Float16() | pl.Float32():
            yield name, column.cast(pl.Float64)
            yield f"{name} as written", column.cast(pl.String).cast(pl.Float64, strict=False)
        case pl.Binary():
            yield name, column.map_batches(_texts, return_dtype=pl.String, is_elementwise=True)
            yield f"{name} as written", column.map_batches(_shown, return_dtype=pl.String, is_elementwise=True)
        case pl.Null():
            yield name, column.cast(pl.String)
        case _:
            yield name, column.cast(pl.Int64 if _fits(scan, name, kind) else pl.String)


def _fits(scan: pl.LazyFrame, name: str, kind: pl.DataType) -> bool:
    """Whether none of a column's whole numbers is too long."""
    if isinstance(kind, pl.Decimal) and (kind.precision or _DIGITS_OF_INT64 + 1) <= _DIGITS_OF_INT64:
        return True
    ends = scan.select(pl.col(name).min().alias("low"), pl.col(name).max().alias("high"))
    return all(end is None or -_END_OF_INT64 < end < _END_OF_INT64 for end in ends.collect(engine="streaming").row(0))


def _texts(values: pl.Series) -> pl.Series:
    """Bytes as the text that they are, or else in hexadecimal digits."""
    try:
        return values.cast(pl.String)
    except pl.exceptions.ComputeError:
        return pl.Series(values.name, [None if v is None else _text(v) for v in values], dtype=pl.String)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()


def _shown(values: pl.Series) -> pl.Series:
    return pl.Series(values.name, [None if v is None else repr(v) for v in values], dtype=pl.String)
