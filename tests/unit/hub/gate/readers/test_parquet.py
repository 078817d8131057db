"""Facts about Parquet: plain columns become text cells, everything else in the file stays behind."""

from __future__ import annotations

import contextlib
import io
from datetime import date, datetime

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.gate.readers import parquet as reader
from hub.gate.readers import parquet_layout
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


def test_statistics_names_and_values_of_the_metadata_go_no_further() -> None:
    """Statistics of whole columns, a schema's own words and pairs of the footer: only cells are read."""
    rows = pa.table({"n": [30, 40]}).replace_schema_metadata({"note": "secret"})
    out = io.BytesIO()
    pq.write_table(rows, out, write_page_index=True)
    assert b"secret" in out.getvalue()
    (table,) = read_parquet(out.getvalue())
    assert table.model_dump_json() == read_parquet(written(pl.DataFrame({"n": [30, 40]})))[0].model_dump_json()


SHAPES: dict[str, dict[str, object]] = {
    "plain": {},
    "page index": {"write_page_index": True},
    "unpacked": {"compression": "none"},
    "no dictionary": {"use_dictionary": False},
    "second version of pages": {"data_page_version": "2.0"},
    "many row groups": {"row_group_size": 2},
    "many pages": {"data_page_size": 1},
    "checksums": {"write_page_checksum": True},
    "filters": {"bloom_filter_options": {"b": True}},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rows", [0, 1, 7])
def test_every_layout_that_libraries_write_is_read(shape: str, rows: int) -> None:
    out = io.BytesIO()
    pq.write_table(pa.table({"a": list(range(rows)), "b": [f"x{n}" for n in range(rows)]}), out, **SHAPES[shape])
    (table,) = read_parquet(out.getvalue())
    assert (table.columns, table.height) == (("a", "b"), rows)


@pytest.mark.parametrize("statistics", [True, False, "full"])
def test_every_layout_that_polars_writes_is_read(statistics: object) -> None:
    out = io.BytesIO()
    frame = pl.DataFrame({"a": range(9), "b": [None if n % 2 else f"x{n}" for n in range(9)]})
    frame.write_parquet(out, statistics=statistics, row_group_size=2, data_page_size=8)  # type: ignore[arg-type]
    assert read_parquet(out.getvalue())[0].height == 9


def by_arrow() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]}), out, row_group_size=2)
    return out.getvalue()


def test_bytes_between_the_columns_and_the_footer_are_refused() -> None:
    content = by_arrow()
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    assert refusal(content[:footer] + b"hidden" + content[footer:]) is RefusalReason.LOOSE_BYTES


def test_bytes_within_the_footer_are_refused() -> None:
    content = by_arrow()
    longer = int.from_bytes(content[-8:-4], "little") + 6
    assert refusal(content[:-8] + b"hidden" + longer.to_bytes(4, "little") + b"PAR1") is RefusalReason.LOOSE_BYTES


def test_a_column_that_the_footer_forgets_is_refused() -> None:
    """The bytes of an earlier file, before a footer that does not speak of them."""
    first, second = by_arrow(), written(pl.DataFrame(schema={"a": pl.Int64}))
    footer = int.from_bytes(second[-8:-4], "little") + 8
    assert refusal(first[:-8] + second[-footer:]) is RefusalReason.LOOSE_BYTES


@pytest.mark.parametrize(
    "content", [b"PAR1", b"PAR1PAR1", b"PAR1\xff\xff\xff\xffPAR1", b"PAR1\0\0\0\0PAR1", b"PARE" * 4]
)
def test_what_has_no_footer_is_refused(content: bytes) -> None:
    assert refusal(content) is RefusalReason.BROKEN_PARQUET


def test_pages_that_unpack_too_far_are_refused_before_they_are_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_layout, "MOST_UNPACKED", 20)
    assert refusal(by_arrow()) is RefusalReason.UNPACKS_TOO_FAR


def test_a_category_that_many_rows_share_is_counted_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_TEXT", 900)
    for kind in (pl.Categorical, pl.Enum(["x" * 100])):
        assert (
            refusal(written(pl.DataFrame({"a": ["x" * 100] * 10}, schema={"a": kind}))) is RefusalReason.TOO_MANY_CELLS
        )


def test_a_cell_that_a_dictionary_repeats_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_TEXT", 900)
    assert refusal(written(pl.DataFrame({"a": ["x" * 100] * 10}))) is RefusalReason.TOO_MANY_CELLS


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
    assert refusal(b"MZ" + written(pl.DataFrame({"a": [1]}))) is RefusalReason.BROKEN_PARQUET


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


@pytest.mark.parametrize(("footer", "is_apart"), [(31, True), (30, False), (12, False)])
def test_a_column_that_reaches_into_the_footer_is_refused(footer: int, is_apart: bool) -> None:
    """One page of twenty bytes behind its head, which says so."""
    content = b"PAR1" + bytes([0x15, 0, 0x15, 40, 0x15, 40, 0]) + bytes(60)
    metadata = {parquet_layout._PACKED: 27, parquet_layout._DATA_PAGE: 4}
    layout = parquet_layout._Layout(content, footer)
    with contextlib.nullcontext() if is_apart else pytest.raises(parquet_layout.BrokenError):
        assert layout._pages(metadata) == (4, 31)
