"""Facts about lengths of time: programs write one length in many ways, and all of them are that length."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gate.spans import span_key

LENGTH = timedelta(days=1, hours=15, minutes=8, seconds=11, microseconds=500_000)


def micros(*texts: str) -> list[int | None]:
    return pl.DataFrame({"text": texts}).select(span_key(pl.col("text")).alias("key"))["key"].to_list()


@pytest.mark.parametrize(
    "text",
    [
        "1 days 15:08:11.5", "1 day, 15:08:11.500000", "39:08:11.5", "P1DT15H8M11.5S", "PT140891.5S",
        "1d 15h 8m 11s 500ms", "1d 15h 8m 11s 500000µs", "140891.5", "140891.5 s", "1.408915e5",
    ],
)  # fmt: skip
def test_a_length_is_read_however_it_is_written(text: str) -> None:
    assert micros(text) == [round(LENGTH / timedelta(microseconds=1))]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("3 days", timedelta(3)),
        ("P1W", timedelta(7)),
        ("P1DT2H", timedelta(hours=26)),
        ("-1 days +22:00:00", timedelta(hours=-2)),
        ("-1:00", timedelta(hours=-1)),
        ("-2h -5m", timedelta(hours=-2, minutes=-5)),
        ("1ms 3µs 5ns", timedelta(microseconds=1_003)),
    ],
)
def test_whole_and_negative_lengths_are_read(text: str, length: timedelta) -> None:
    assert micros(text) == [round(length / timedelta(microseconds=1))]


def test_what_says_no_length_has_no_key() -> None:
    texts = ("", "P", "PT", "days", "2020-01-01", "2020-01-01 08:30:00", "12 months", "5 m 3", "7 ns", "1e99", "9" * 30)
    assert micros(*texts) == [None] * len(texts)


@pytest.mark.parametrize("text", ["٤٥", "٤٥.٥", "٤ days", "٢٦:٠٣", "P٤D"])
def test_digits_of_another_alphabet_say_no_length_and_are_no_error(text: str) -> None:
    assert micros(text, "45") == [None, 45_000_000]


@given(st.timedeltas(timedelta(days=-20_000), timedelta(days=20_000)))
def test_pandas_python_and_polars_write_what_is_read(length: timedelta) -> None:
    polars = pl.DataFrame({"c": [length]}, schema={"c": pl.Duration("us")})
    with pl.Config(tbl_width_chars=200, fmt_str_lengths=99):
        shown = str(polars).splitlines()[-2].strip("│ ")
    written = polars.write_json().split('"')[3]
    texts = (str(length), str(pd.Timedelta(length)), pd.Timedelta(length).isoformat(), shown, written)
    wanted = round(length / timedelta(microseconds=1))
    assert micros(*texts) == [wanted] * len(texts)
