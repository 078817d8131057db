"""Facts about days and times: one moment has one key, however a program writes it."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from hub.gate.moments import time_key


def micros(*texts: str) -> list[int | None]:
    return pl.DataFrame({"text": texts}).select(time_key(pl.col("text")).alias("key"))["key"].to_list()


def key(*parts: int) -> int:
    return round(datetime(*parts, tzinfo=UTC).timestamp() * 1e6)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    "text",
    [
        "2020-01-02 03:04:05",
        "2020-01-02T03:04:05Z",
        "2020-01-02T03:04:05.000000000",
        "2020-01-02 04:04:05+01:00",
        "2020-01-02T04:04:05.000000+0100",
        "2020-01-01 23:34:05 -03:30",
        "2020-01-02 03:04:05 CET",
    ],
)
def test_a_moment_has_one_key(text: str) -> None:
    assert micros(text) == [key(2020, 1, 2, 3, 4, 5)]


def test_days_and_times_of_day_are_read_by_themselves() -> None:
    texts = ("2020-01-02", "2020-01-02 03:04", "8:30", "08:30:15.5")
    assert micros(*texts) == [
        key(2020, 1, 2), key(2020, 1, 2, 3, 4), key(1970, 1, 1, 8, 30), key(1970, 1, 1, 8, 30, 15, 500_000),
    ]  # fmt: skip


def test_what_says_no_time_has_no_key() -> None:
    texts = ("", "5", "abc", "2020", "1 days 03:04:05", "2020-13-01", "25:00", "T")
    assert micros(*texts) == [None] * len(texts)


def test_a_shift_in_digits_of_another_alphabet_is_no_time_and_no_error() -> None:
    texts = ("2020-01-02 03:04:05+٠١:00", "2020-01-02 03:04:05+01:٣٠", "٢٠٢٠-٠١-٠٢", "2020-01-02 03:04:05")
    assert micros(*texts) == [None, None, None, key(2020, 1, 2, 3, 4, 5)]
