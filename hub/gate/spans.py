"""Lengths of time as programs write them: “1 days 02:03:04”, “P1DT2H3M4S”, “1d 2h 3m 4s”, “26:03:04”, or in seconds."""

from __future__ import annotations

import polars as pl

_UNITS = {
    r"(?:w|weeks?)": 604_800_000_000,
    r"(?:d|days?)": 86_400_000_000,
    r"(?:h|hours?)": 3_600_000_000,
    r"(?:m|min|minutes?)": 60_000_000,
    r"(?:s|sec|seconds?)": 1_000_000,
    "ms": 1_000,
    "[uµμ]s": 1,
}
_NUMBER = r"([+-]?\d+(?:\.\d+)?)"
_BY_UNITS = r"(?i)^(?:([+-]?)P)?" + "".join(rf"(?:{_NUMBER}\s?{unit}[\s,]*)?T?" for unit in _UNITS) + r"(?:\d+\s?ns)?$"
_BY_CLOCK = r"(?i)^(?:([+-]?\d+)\s?days?,?\s)?([+-]?)(\d{1,9}):(\d{2})(?::(\d{2}(?:\.\d+)?))?$"
_IN_SECONDS = r"^[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,2})?$"
_DAY, _HOUR, _MINUTE, _SECOND = 86_400e6, 3_600e6, 60e6, 1e6
_LARGEST = 9e18


def span_key(text: pl.Expr) -> pl.Expr:
    """Return the whole microseconds of texts that say a length of time, or null; a plain number says seconds."""
    seconds = pl.when(text.str.contains(_IN_SECONDS)).then(text).cast(pl.Float64, strict=False) * _SECOND
    found = pl.coalesce(seconds, _by_clock(text), _by_units(text)).round()
    return pl.when(found.abs() < _LARGEST).then(found).cast(pl.Int64, strict=False)


def _by_units(text: pl.Expr) -> pl.Expr:
    # The unit that the text ends with, so that a lone “P” says nothing.
    says = text.str.contains(r"(?i)\d\s?[a-zµμ]+$")
    groups = text.str.extract_groups(_BY_UNITS)
    parts = [groups.struct[at].cast(pl.Float64, strict=False) * n for at, n in enumerate(_UNITS.values(), start=1)]
    is_any = pl.any_horizontal(part.is_not_null() for part in parts)
    return _signed(groups.struct[0], pl.when(says & is_any).then(pl.sum_horizontal(parts)))


def _by_clock(text: pl.Expr) -> pl.Expr:
    groups = text.str.extract_groups(_BY_CLOCK)
    day, hour, minute, second = (groups.struct[at].cast(pl.Float64, strict=False) for at in (0, 2, 3, 4))
    within = hour * _HOUR + minute * _MINUTE + second.fill_null(0.0) * _SECOND
    return day.fill_null(0.0) * _DAY + _signed(groups.struct[1], within)


def _signed(sign: pl.Expr, length: pl.Expr) -> pl.Expr:
    return pl.when(sign == "-").then(-length).otherwise(length)
