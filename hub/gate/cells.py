"""Cells of tables and values of datasets, brought to keys that can be compared.

A key is a whole number for numbers, times and truths, and a text otherwise. A number is compared at as many decimals
as the table shows, so that what was rounded for display still meets the value that it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import polars as pl

from hub.gate.moments import time_key
from hub.gate.spans import span_key

MOST_DECIMALS = 9
NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$"
_WHOLE = r"^[+-]?\d{1,19}(?:\.0*)?$"
_MARKS = r" \x{a0}\x{202f}'’"
"""What people write between thousands."""
_IS_DRESSED = rf"^(?:[+-]?[\d.]*\d[{_MARKS},%‰€$£(\[]|[€$£])"
_DRESSED = (
    rf"^[€$£]?\s?([+-]?(?:\d{{1,3}}(?:[{_MARKS}]\d{{3}})+(?:[.,]\d+)?|\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+,\d+"
    r"|\d+\.?\d*|\.\d+))((?:\s?[%‰€$£]|\s\p{L}{1,12}\.?|\s?\([^()]{0,40}\)|\s?\[[^\[\]]{0,40}\])?)$"
)
_ENGLISH = r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$"
_LARGEST = 9e18
_LONG = 10**18
"""Whole numbers from here on are compared by floating point."""


class ValueClass(StrEnum):
    """How the values of a dataset's column are compared."""

    NUMBER = "number"
    TIME = "time"
    SPAN = "span"
    TRUTH = "truth"
    TEXT = "text"


def classify(kind: pl.DataType) -> ValueClass:
    """Return the class of a column's type; what is no number, time, length of time or truth is compared as text."""
    if kind.is_numeric():
        return ValueClass.NUMBER
    if isinstance(kind, (pl.Date, pl.Datetime, pl.Time)):
        return ValueClass.TIME
    if isinstance(kind, pl.Duration):
        return ValueClass.SPAN
    return ValueClass.TRUTH if isinstance(kind, pl.Boolean) else ValueClass.TEXT


def dataset_key(name: str, kind: pl.DataType, decimals: int) -> pl.Expr:
    """Return the key of a dataset's column, whose texts are ``in_one_form`` already."""
    column = pl.col(name)
    match classify(kind):
        case ValueClass.NUMBER:
            if kind.is_integer():
                return _shifted(column.cast(pl.Int64, strict=False), decimals)
            # What is too large for a key of a table's is met by none: it need not be looked for among all rows.
            return _rounded(column.cast(pl.Float64, strict=False), decimals).cast(pl.Int64, strict=False)
        case ValueClass.TIME if isinstance(kind, pl.Time):
            return column.cast(pl.Int64) // 1_000
        case ValueClass.TIME:
            return column.cast(pl.Datetime("us")).dt.epoch("us")
        case ValueClass.SPAN:
            return column.dt.total_microseconds()
        case ValueClass.TRUTH:
            return column.cast(pl.Int64)
        case _:
            return column


def in_one_form(texts: pl.Expr) -> pl.Expr:
    """Return texts in NFC and without spaces around them, as all are compared."""
    return texts.str.normalize("NFC").str.strip_chars()


def table_key(column: pl.Expr, value_class: ValueClass, decimals: int) -> pl.Expr:
    """Return the key of a table's text cells, as if they were values of that class; null where they cannot be."""
    text = column.str.strip_chars()
    match value_class:
        case ValueClass.NUMBER:
            return number_key(written(column), decimals)
        case ValueClass.TIME:
            return time_key(text)
        case ValueClass.SPAN:
            return span_key(text)
        case ValueClass.TRUTH:
            word = text.str.to_lowercase()
            return (
                pl.when(word.is_in(["true", "1", "1.0"]))
                .then(pl.lit(1, pl.Int64))
                .when(word.is_in(["false", "0", "0.0"]))
                .then(pl.lit(0, pl.Int64))
            )
        case _:
            filled = text.str.normalize("NFC")
            return pl.when(filled != "").then(filled)


def number_key(plain: pl.Expr, decimals: int) -> pl.Expr:
    """Return the key of numbers as ``written`` gives them."""
    exact = _shifted(_whole(plain).cast(pl.Int64, strict=False), decimals)
    return pl.coalesce(exact, _scaled(_finite(plain), decimals))


def _whole(plain: pl.Expr) -> pl.Expr:
    return pl.when(plain.str.contains(_WHOLE)).then(plain.str.replace(r"\.0*$", "").str.strip_prefix("+"))


def number(column: pl.Expr) -> pl.Expr:
    """Return the finite number that a text cell shows, or null."""
    return _finite(written(column))


def _finite(plain: pl.Expr) -> pl.Expr:
    value = plain.cast(pl.Float64, strict=False)
    return pl.when(value.is_finite()).then(value)


def written(column: pl.Expr) -> pl.Expr:
    """Return the number of a text cell as programs write it, whatever it is dressed in; null where there is none.

    Dressed are thousands in groups, decimal commas, and what follows a number: a sign, one word, or something in
    brackets, as in “17 699,95 €”, “3 (0.5 %)” and “50 visits”.
    """
    text = column.str.strip_chars()
    plain = pl.when(text.str.contains(NUMBER)).then(text)
    dressed = pl.when(text.str.contains(_IS_DRESSED)).then(text).str.extract(_DRESSED, 1)
    bare = dressed.str.replace_all(rf"[{_MARKS}]", "")
    is_english = bare.str.contains(_ENGLISH)
    pointed = (
        pl.when(is_english)
        .then(bare.str.replace_all(",", "", literal=True))
        .otherwise(bare.str.replace(",", ".", literal=True))
    )
    return pl.coalesce(plain, pointed)


def written_in(cells: pl.Series) -> pl.Series:
    """Return the numbers of text cells as ``written`` gives them, at little cost where none is dressed.

    In an expression, what is written is worked out again for each time that the expression names it.
    """
    text = pl.col("text")
    read = cells.to_frame("cell").select(pl.col("cell").str.strip_chars().alias("text"))
    told = read.select(
        pl.when(text.str.contains(NUMBER)).then(text).alias("plain"),
        text.str.contains(_IS_DRESSED).any().alias("is_dressed"),
    )
    if told.height and told["is_dressed"][0]:
        return cells.to_frame("cell").select(written(pl.col("cell")).alias(cells.name)).to_series()
    return told["plain"].alias(cells.name)


def numbers_in(cells: pl.Series) -> pl.Series:
    """Return the finite numbers that text cells show, or null, as ``number``."""
    plain = all_plain(cells)
    if plain is not None:
        return plain.alias("value")
    value = written_in(cells).cast(pl.Float64, strict=False)
    return value.to_frame("value").select(pl.when(pl.col("value").is_finite()).then("value")).to_series()


def all_plain(cells: pl.Series) -> pl.Series | None:
    """Return the numbers of cells that hold nothing but finite numbers without an exponent; else None.

    Many columns are such; what is read so is a number as programs write it, and no pattern needs to be looked for.
    """
    value = cells.cast(pl.Float64, strict=False)
    if value.null_count() or not value.is_finite().all() or cells.str.contains("[eE]").any():
        return None
    return value


def _all_whole(cells: pl.Series) -> pl.Series | None:
    """The whole numbers of cells that hold nothing else, of 18 digits at most; else None."""
    whole = cells.cast(pl.Int64, strict=False)
    return None if whole.null_count() or not whole.is_between(-_LONG, _LONG, closed="none").all() else whole


def keys_in(cells: pl.Series, value_class: ValueClass, decimals: int) -> pl.Series:
    """Return the keys of text cells, as ``table_key``."""
    if value_class is ValueClass.NUMBER:
        whole = _all_whole(cells)
        if whole is not None:
            return whole.to_frame("key").select(_shifted(pl.col("key"), decimals)).to_series()
        return number_keys(written_in(cells), decimals)
    if value_class is ValueClass.TEXT and cells.str.len_bytes().sum() == cells.str.len_chars().sum():
        # ASCII is in NFC as it is.
        filled = cells.str.strip_chars().to_frame("key")
        return filled.select(pl.when(pl.col("key") != "").then("key")).to_series()
    key = table_key(pl.col("cell"), value_class, decimals)
    return cells.to_frame("cell").select(key.alias("key")).to_series()


def number_keys(numbers: pl.Series, decimals: int) -> pl.Series:
    """Return the keys of numbers as ``written`` gives them, as ``number_key``."""
    plain = pl.col("plain")
    read = numbers.to_frame("plain").select(
        _whole(plain).cast(pl.Int64, strict=False).alias("whole"), plain.cast(pl.Float64, strict=False).alias("value")
    )
    value = pl.when(pl.col("value").is_finite()).then("value")
    return read.select(
        pl.coalesce(_shifted(pl.col("whole"), decimals), _scaled(value, decimals)).alias("key")
    ).to_series()


def dressing(column: pl.Expr) -> pl.Expr:
    """Return what a number is dressed in behind it, as ``written`` leaves it out; null where nothing is."""
    text = column.str.strip_chars()
    worn = pl.when(text.str.contains(_IS_DRESSED)).then(text).str.extract(_DRESSED, 2).str.strip_chars()
    return pl.when(worn != "").then(worn)


def dressed_columns(frame: pl.DataFrame) -> list[str]:
    """Return the columns in which a number may be dressed, told by one look at all of them."""
    worn = frame.select(pl.all().str.strip_chars().str.contains(_IS_DRESSED).any())
    return [key for key in frame.columns if worn[key].item()]


def decimals_of(cells: pl.Series) -> int:
    """Return how many decimals the numbers of a column show, at most nine; an exponent counts as nine."""
    if _all_whole(cells) is not None or not cells.str.contains("[.,eE]").any():
        return 0
    numbers = cells if all_plain(cells) is not None else written_in(cells)
    return int(numbers.to_frame("number").select(_decimals_shown().max()).item() or 0)


def decimals_written(cells: pl.Series) -> int:
    """Return the same with zeros at the end, by which a number says to how many decimals it was rounded."""
    after_point = written_in(cells).drop_nulls().str.extract(r"^[^eE]*\.(\d+)$").str.len_chars()
    return max(decimals_of(cells), min(int(after_point.max() or 0), MOST_DECIMALS))  # type: ignore[arg-type]


def decimals_by(numbers: pl.DataFrame, keys: Iterable[str]) -> dict[str, int]:
    """Return the same for several columns: numbers, as ``written``, stand below each other beside their ``key``."""
    found = numbers.drop_nulls("number").group_by("key").agg(_decimals_shown().max().fill_null(0)).rows()
    return dict.fromkeys(keys, 0) | {str(key): int(decimals) for key, decimals in found}


def _decimals_shown() -> pl.Expr:
    text = pl.col("number")
    after_point = text.str.strip_chars_end("0").str.split_exact(".", 1).struct[1].str.len_chars().clip(0, MOST_DECIMALS)
    return pl.when(text.str.contains("[eE]")).then(MOST_DECIMALS).otherwise(after_point)


def _rounded(value: pl.Expr, decimals: int) -> pl.Expr:
    return (value * 10.0**decimals if decimals else value).round()


def _scaled(value: pl.Expr, decimals: int) -> pl.Expr:
    scaled = _rounded(value, decimals)
    return pl.when(scaled.abs() < _LARGEST).then(scaled).cast(pl.Int64, strict=False)


def _shifted(value: pl.Expr, decimals: int) -> pl.Expr:
    """Whole numbers are scaled without a detour through floating point, which would join long identifiers."""
    if decimals == 0:
        return value
    scale = 10**decimals
    return pl.when(value.is_between(-(2**62) // scale, 2**62 // scale)).then(value * scale)
