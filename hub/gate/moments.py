"""Days and times as programs write them, with a zone or without: “2020-01-31”, “2020-01-31T08:30:00+01:00”, “08:30”."""

from __future__ import annotations

import polars as pl

_BEFORE_TIME = r"^(\d{4}-\d{2}-\d{2})T"
_ZONE = r"(:\d{2}(?:\.\d+)?)\s?(?:[A-Z]{1,5}|[+-][0-9]{2}:?[0-9]{2})$"
_SHIFT = r":\d{2}(?:\.\d+)?\s?([+-])([0-9]{2}):?([0-9]{2})$"
"""Digits of other alphabets are no numbers to Polars, and would be an error."""
_MINUTE = 60_000_000


def time_key(text: pl.Expr) -> pl.Expr:
    """Return the microseconds of texts that say a day, a time of day or both, or null.

    A shift from UTC is taken away; the letters of a zone say nothing. A time of day counts from midnight.
    """
    plain = text.str.replace(_BEFORE_TIME, "${1} ").str.replace(_ZONE, "${1}")
    dated = pl.when(plain.str.contains(r"^\d{1,2}:\d{2}")).then("1970-01-01 " + plain.str.zfill(5)).otherwise(plain)
    full = (
        pl.when(dated.str.contains(r"^\d{4}-\d{2}-\d{2}$"))
        .then(dated + " 00:00:00")
        .when(dated.str.contains(r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}$"))
        .then(dated + ":00")
        .otherwise(dated)
    )
    shift = text.str.extract_groups(_SHIFT)
    minutes = shift.struct[1].cast(pl.Int64) * 60 + shift.struct[2].cast(pl.Int64)
    ahead = (pl.when(shift.struct[0] == "-").then(-minutes).otherwise(minutes)).fill_null(0)
    return full.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False).dt.epoch("us") - ahead * _MINUTE
