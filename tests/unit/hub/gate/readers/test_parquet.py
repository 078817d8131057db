"""Facts about Parquet: plain columns become text cells, everything else in the file stays behind."""

from __future__ import annotations

import contextlib
import io
from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.gate.readers import parquet as reader
from hub.gate.readers.parquet import read_parquet
from hub.gate.refusals import ReadRefusedError, RefusalReason


def written(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def refusal(content: bytes) -> RefusalReason:
    with pytest.raises(ReadRefusedError) as refused:
        read_parquet(content)
    return refused.value.reason


def test_plain_columns_become_text() -> None:
    frame = pl.DataFrame(
        {
            "n": [1, None],
            "x": [1.5, 2.0],
            "t": ["é", ""],
            "b": [True, False],
            "d": [date(2020, 1, 2), None],
            "w": [datetime(2020, 1, 2, 3, 4), None],
        }
    )
    (table,) = read_parquet(written(frame))
    assert table.columns == ("n", "x", "t", "b", "d", "w")
    assert table.data[:5] == (("1", ""), ("1.5", "2.0"), ("é", ""), ("true", "false"), ("2020-01-02", ""))


def test_a_dictionary_of_values_that_no_row_has_goes_no_further() -> None:
    names = pl.DataFrame({"c": pl.Series(["seen", "secret"], dtype=pl.Categorical)}).filter(pl.col("c") == "seen")
    (table,) = read_parquet(written(names))
    assert table.data == (("seen",),)


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"a": [[1, 2]]}),
        pl.DataFrame({"a": [{"b": 1}]}),
        pl.DataFrame({"a": [b"bytes"]}),
    ],
)
def test_nested_and_binary_columns_are_refused(frame: pl.DataFrame) -> None:
    assert refusal(written(frame)) is RefusalReason.NESTED_COLUMN


@pytest.mark.parametrize("cut", [4, 8, 12, 60, -1, -4])
def test_a_truncated_file_is_refused(cut: int) -> None:
    content = written(pl.DataFrame({"a": [1, 2, 3]}))
    assert refusal(content[:cut]) is RefusalReason.BROKEN_PARQUET


def test_a_file_with_more_behind_it_is_refused() -> None:
    assert refusal(written(pl.DataFrame({"a": [1]})) + b"more") is RefusalReason.BROKEN_PARQUET


def test_a_small_file_that_unfolds_to_many_rows_is_refused_before_it_is_read() -> None:
    for columns, rows in ((1, 2_000_001), (2, 1_000_001)):
        bomb = written(pl.select(pl.repeat(0, rows).alias(f"c{n}") for n in range(columns)))
        assert len(bomb) < 100_000
        assert refusal(bomb) is RefusalReason.TOO_MANY_CELLS


def test_a_long_cell_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LONGEST_CELL", 5)
    assert refusal(written(pl.DataFrame({"a": ["123456"]}))) is RefusalReason.LONG_CELL


@settings(max_examples=40)
@given(st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_a_damaged_file_is_read_or_refused(at: int, noise: bytes) -> None:
    content = bytearray(written(pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})))
    content[at : at + len(noise)] = noise
    with contextlib.suppress(ReadRefusedError):
        read_parquet(bytes(content))
