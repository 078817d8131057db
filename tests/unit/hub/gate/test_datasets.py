"""Facts about files of datasets: a large one, of which little is kept, answers as a small one does."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.io.plugins import register_io_source

from hub.gate import datasets, large_columns, value_counts
from hub.gate.cells import ValueClass
from hub.gate.datasets import DataFile
from hub.gate.held import Room
from hub.gate.large_columns import LargeColumns

COLUMNS = ("unit", "group", "whole", "fraction", "text", "day", "truth")


def rows(count: int = 4_000) -> pl.DataFrame:
    """Columns of every class, with values that are missing, repeated, or written in two forms."""
    draw = random.Random(11)
    made = [
        {
            "unit": 10**8 + number // 4,
            "group": draw.choice(("a", "b ", "é", "e\u0301", None)),
            "whole": draw.choice((None, draw.randrange(-2_000, 2_000), draw.randrange(3))),
            "fraction": draw.choice((None, float("nan"), round(draw.lognormvariate(1, 1), 4), 0.5, -0.5)),
            "text": draw.choice((None, f"t{draw.randrange(3_000)}", "t1 ")),
            "day": draw.choice((None, f"2020-01-{draw.randrange(1, 29):02d}")),
            "truth": draw.choice((None, True, False)),
        }
        for number in range(count)
    ]
    return pl.DataFrame(made).with_columns(pl.col("day").str.to_date())


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return rows()


def opened(table: pl.DataFrame, most_kept: int) -> DataFile:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "MOST_KEPT", most_kept)
        file = DataFile("d", "d.parquet", table.lazy(), "unit")
        assert file.is_kept is (most_kept > 0)
    return file


@pytest.fixture(scope="module")
def both(table: pl.DataFrame) -> tuple[DataFile, DataFile]:
    return opened(table, 10**9), opened(table, 0)


def sorted_rows(frame: pl.DataFrame) -> list[Any]:
    return sorted(frame.rows(), key=repr)


@pytest.mark.parametrize("column", COLUMNS)
@given(data=st.data())
@settings(max_examples=30)
def test_keys_are_counted_alike_however_often_they_are_asked_for(
    both: tuple[DataFile, DataFile], column: str, data: Any
) -> None:
    small, large = both
    decimals = data.draw(st.integers(0, 9)) if small.value_class(column) is ValueClass.NUMBER else 0
    counts = small.counts(column, decimals)
    asked = counts["key"].sample(min(20, counts.height), seed=data.draw(st.integers(0, 99)))
    expected = counts.join(asked.to_frame(), on="key", how="semi")
    for _ in range(3):
        found = large.counts(column, decimals, asked).join(asked.to_frame(), on="key", how="semi")
        assert sorted_rows(found) == sorted_rows(expected)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("most", [0, 10**7])
def test_rows_are_found_by_a_value_alike_however_often(
    table: pl.DataFrame, column: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(value_counts, "MOST_ORDERED", most)
    for file in (opened(table, 10**9), opened(table, 0)):
        decimals = 2 if file.value_class(column) is ValueClass.NUMBER else 0
        keys = file.keys(column, decimals).with_row_index("__row").collect()
        wanted = keys["key"].sample(40, seed=3)
        expected = keys.filter(pl.col("key").is_in(wanted.drop_nulls().implode())).select("key", "__row")
        for _ in range(3):
            assert sorted_rows(file.rows_having(column, decimals, wanted)) == sorted_rows(expected)


@pytest.mark.parametrize("room", [0, 50, 10**6])
@pytest.mark.parametrize(
    "kind", [pl.String, pl.Categorical, pl.Enum([f"t{n}" for n in range(1_500)]), pl.Int64, pl.Float64]
)
def test_keys_are_counted_alike_where_there_is_no_room_for_their_rows(
    kind: Any, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(value_counts, "MOST_MET", room)
    numbers = pl.Series("value", range(30_000)) % 1_500
    words = ("t" + numbers.cast(pl.String)).alias("value")
    values = numbers if kind in (pl.Int64, pl.Float64) else words
    small, large = (opened(values.cast(kind).to_frame().with_columns(unit=1), most) for most in (10**9, 0))
    known = small.counts("value")["key"]
    missing = pl.Series("key", ["x", "t7 "] if known.dtype == pl.String else [-1, 10**9])
    asked = pl.concat([known.sample(100, seed=5), missing])
    expected = small.counts("value").join(asked.to_frame(), on="key", how="semi")
    assert sorted_rows(large.counts("value", 0, asked)) == sorted_rows(expected)
    assert expected.height == 100


@pytest.mark.parametrize("columns", [("group",), ("group", "truth"), ("group", "day", "truth"), ("text", "group")])
def test_combinations_are_counted_alike(both: tuple[DataFile, DataFile], columns: tuple[str, ...]) -> None:
    keys = {f"k{at}": (column, 0) for at, column in enumerate(columns)}
    small, large = (file.combinations(keys, 10**6) for file in both)
    assert small is not None
    assert large is not None
    assert sorted_rows(small) == sorted_rows(large)
    assert all(file.combinations(keys, 1) is None for file in both)


@pytest.mark.parametrize("column", COLUMNS)
def test_what_is_said_of_a_column_is_the_same(both: tuple[DataFile, DataFile], column: str) -> None:
    small, large = both
    assert small.has_missing(column) == large.has_missing(column)
    assert small.is_grouping(column) == large.is_grouping(column)
    assert small.distinct(column) == large.distinct(column)
    assert small.texts(column).to_list() == large.texts(column).to_list()
    for most in (1, 3, 50, 10_000):
        assert small.has_few(column, most) == large.has_few(column, most)


@pytest.mark.parametrize("piece", [1_000, 2**20])
def test_rows_are_found_by_their_numbers(
    both: tuple[DataFile, DataFile], piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_columns, "_LONG_PIECE", piece)
    for numbers in ([], [0], [3_999, 5, 5, 17], [999, 1_000, 2_000], list(range(0, 4_000, 7))):
        small, large = (file.rows(pl.Series(numbers, dtype=pl.UInt32), "unit", "text") for file in both)
        assert sorted_rows(small.select("unit", "text", "__row")) == sorted_rows(large.select("unit", "text", "__row"))


def test_units_are_counted_once_each(table: pl.DataFrame, both: tuple[DataFile, DataFile]) -> None:
    assert [file.units for file in both] == [1_000, 1_000]
    assert DataFile("d", "d", table.lazy(), "").units == table.height


@pytest.mark.parametrize(
    ("values", "two"),
    [
        ([1, 2, 2, None], (1.0, 2.0)),
        ([0.0, 1.0, float("nan")], (0.0, 1.0)),
        ([True, None], (0.0, 1.0)),
        ([-0.25, 0.75], (-0.25, 0.75)),
        ([1, 2, 3], None),
        ([4, 4], None),
        (["a", "b"], None),
    ],
)
def test_a_column_of_two_values_is_known(values: list[Any], two: tuple[float, float] | None) -> None:
    file = DataFile("d", "d.parquet", pl.DataFrame({"x": values}).lazy(), "")
    assert file.two_values("x") == two
    assert file.is_indicator("x") is (two == (0.0, 1.0))


def test_the_first_rows_are_those_of_the_file() -> None:
    file = DataFile("d", "d.parquet", pl.LazyFrame({"u": [4, 5, 6], "v": [1, 2, 3]}), "u")
    assert file.select(pl.col("v"), first=2).collect()["v"].to_list() == [1, 2]
    assert file.select(pl.col("v")).collect().height == 3


def test_a_value_carries_as_many_bits_as_it_is_rare() -> None:
    file = DataFile("d", "d.parquet", pl.LazyFrame({"g": ["a"] * 6 + ["b", "c"]}), "")
    assert dict(file.counts("g", 0).select("key", "bits").rows()) == {
        "a": pytest.approx(3 - math.log2(6)),
        "b": 3.0,
        "c": 3.0,
    }


@pytest.mark.parametrize(("most", "is_known"), [(3, True), (2, False)])
def test_combinations_are_known_up_to_so_many(most: int, is_known: bool) -> None:
    columns = LargeColumns(pl.LazyFrame({"g": ["a", "b", "b", "c"]}), 4)
    assert (columns.grouped(["g"], most) is not None) is is_known


@given(st.lists(st.integers(0, 12), max_size=60), st.integers(1, 14))
def test_combinations_are_those_of_all_rows_however_long_the_pieces(rows: list[int], most: int) -> None:
    columns = LargeColumns(pl.LazyFrame({"g": rows}, schema={"g": pl.Int64}), len(rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large_columns, "ROWS_AT_ONCE", 3)
        patch.setattr(large_columns, "_LONGER", 2)
        found = columns.grouped(["g"], most)
    counted = Counter(rows)
    assert (None if found is None else dict(found.rows())) == (counted if len(counted) <= most else None)


def test_the_least_whole_number_is_no_zero_at_any_decimals() -> None:
    file = DataFile("d", "d.parquet", pl.LazyFrame({"v": [-(2**63), 5, 7]}), "")
    assert file.counts("v", 2)["key"].sort().to_list() == [500, 700]
    assert not file.knows("v", 2, pl.Series([0])).any()


def test_a_file_of_many_columns_is_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_columns, "_MOST_TOGETHER", 1)
    columns = LargeColumns(pl.LazyFrame({"g": [1, 2, 2], "h": [1, 2, 3]}), 3)
    assert (columns.sampled("g"), columns.sampled("h"), "_first" in vars(columns)) == (2, 3, False)


@pytest.mark.parametrize(("most", "values"), [(20_000, 1), (19_999, 2)])
def test_the_first_rows_tell_of_a_file_as_long_as_it_may_be_held(
    monkeypatch: pytest.MonkeyPatch, most: int, values: int
) -> None:
    """Of a longer one, rows from five places do."""
    monkeypatch.setattr(large_columns, "MOST_CODED", most)
    columns = LargeColumns(pl.LazyFrame({"g": [n // 10_000 for n in range(20_000)]}), 20_000)
    assert columns.sampled("g") == values


def test_rows_that_a_few_do_not_tell_of_are_all_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no room for the rows of these keys, and those that are looked at first have none of them."""
    monkeypatch.setattr(value_counts, "MOST_MET", 50)
    monkeypatch.setattr(large_columns, "_ROWS_EACH", 20)
    file = opened(pl.DataFrame({"value": [number // 3 for number in range(30_000)], "unit": 1}), 0)
    asked = pl.Series("key", range(100, 200))
    assert not file.large.sample["value"].is_in(asked.implode()).any()
    assert sorted(file.counts("value", 0, asked).select("key", "count").rows()) == [(key, 3) for key in range(100, 200)]


@pytest.mark.parametrize("has_missing", [False, True])
def test_what_is_missing_is_none_of_a_column_s_few_values(has_missing: bool) -> None:
    file = DataFile("d", "d.parquet", pl.LazyFrame({"g": ["a", "b", "c", None if has_missing else "a"]}), "")
    assert file.has_few("g", 3)
    assert not file.has_few("g", 2)


def test_the_unit_with_most_rows_tells_how_many_they_are() -> None:
    rows = pl.LazyFrame({"u": ["a", "b", "b", "b", "c", None, None, None, None]})
    assert DataFile("d", "d.parquet", rows, "u").most_rows_of_a_unit == 3
    assert DataFile("d", "d.parquet", rows, "").most_rows_of_a_unit == 1
    assert DataFile("d", "d.parquet", rows.clear(), "u").most_rows_of_a_unit == 0


def test_a_large_file_is_never_read_with_all_of_its_columns(table: pl.DataFrame) -> None:
    asked: list[tuple[int, int]] = []

    def read(
        columns: list[str] | None, wanted: pl.Expr | None, first: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        rows = table.head(first or table.height)
        taken = rows if columns is None else rows.select(columns)
        asked.append(taken.shape)
        yield (rows if wanted is None else rows.filter(wanted)).select(taken.columns)

    source = register_io_source(read, schema=table.schema)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "MOST_KEPT", 0)
        patch.setattr(large_columns, "_ROWS_EACH", 100)
        file = DataFile("d", "d.parquet", source, "unit")
        assert (file.units, file.distinct("whole")) == (1_000, table["whole"].drop_nulls().n_unique())
    assert {(table.height, 1), (500, table.width)} == set(asked)


def test_a_file_that_is_kept_leaves_the_room_to_others(table: pl.DataFrame) -> None:
    room = Room(table.height * table.width)
    file = DataFile("d", "d.parquet", table.lazy(), "unit", room)
    for _ in range(10):
        assert sum(part.collect().height for part in file.keyed_parts({"k": ("group", 0)})) == table.height
    assert room.take(table.height * table.width)


def test_truths_that_are_all_alike_are_counted() -> None:
    for value in (True, False):
        file = DataFile("d", "d.parquet", pl.LazyFrame({"v": [value] * 3}), "")
        assert file.counts("v").select("key", "count").rows() == [(int(value), 3)]


def test_a_long_number_is_not_missing() -> None:
    file = DataFile("d", "d.parquet", pl.LazyFrame({"v": [2**60, 2**60 + 1]}), "")
    assert not file.has_missing("v")


def test_combinations_of_many_values_are_known_up_to_so_many() -> None:
    columns = LargeColumns(pl.LazyFrame({"v": [n / 2 for n in range(300)]}), 300)
    assert columns.combined(["v"], 299) is None
    found = columns.combined(["v"], 300)
    assert found is not None
    assert found.height == 300


def test_all_columns_are_read_however_few_may_be_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_columns, "_MOST_READ", 2)
    columns = LargeColumns(pl.LazyFrame({"g": [1, 2, 2], "h": [1, 2, 3]}), 3)
    assert [values.to_list() for values in columns.columns(["h", "g"])] == [[1, 2, 3], [1, 2, 2]]
