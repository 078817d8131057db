"""Facts about tables that are counted on codes: they are what the rows themselves give."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gate import coded_columns, large_columns, tallies
from hub.gate.datasets import DataFile
from hub.gate.figures import PLAIN
from hub.gate.tabulation import Asked, Dimension, _grouped
from hub.gate.tallies import tallied

KINDS: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "text": (pl.String, st.sampled_from(("a", "a ", "é", "e\u0301", "", "b"))),
    "whole": (pl.Int64, st.integers(-3, 3) | st.sampled_from((-300, 700, 5_000))),
    "small": (pl.Int8, st.sampled_from((-128, -1, 0, 127))),
    "positive": (pl.UInt16, st.sampled_from((0, 1, 300, 2**16 - 1))),
    "truth": (pl.Boolean, st.booleans()),
    "day": (pl.Date, st.sampled_from((date(1969, 12, 30), date(1970, 1, 1), date(1971, 3, 1)))),
}
UNITS: tuple[st.SearchStrategy[int | None], ...] = (
    st.integers(0, 4) | st.none(),
    st.integers(10**8, 10**8 + 5),
    st.sampled_from((-(2**63), 2**63 - 1, 0, None)),
    st.none(),
)
VALUES = st.none() | st.floats(-1e6, 1e6) | st.sampled_from((math.nan, math.inf, -math.inf, 0.0))


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    """Columns of every kind that has codes, with values that are missing, and units near and far from each other."""
    height = draw(st.integers(0, 12))
    columns = {
        name: pl.Series(draw(st.lists(values | st.none(), min_size=height, max_size=height)), dtype=kind)
        for name, (kind, values) in KINDS.items()
    }
    unit = draw(st.sampled_from(UNITS))
    columns["unit"] = pl.Series(draw(st.lists(unit, min_size=height, max_size=height)), dtype=pl.Int64)
    for name in ("pay", "hours"):
        columns[name] = pl.Series(draw(st.lists(VALUES, min_size=height, max_size=height)), dtype=pl.Float64)
    return pl.DataFrame(columns)


def rows_of(frame: pl.DataFrame, columns: list[str]) -> list[tuple[Any, ...]]:
    return sorted(frame.select(columns).rows(), key=repr)


@given(tables(), st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=3, unique=True), st.data())
def test_cells_are_what_the_rows_give(table: pl.DataFrame, names: list[str], data: st.DataObject) -> None:
    unit = data.draw(st.sampled_from(("unit", "")))
    dimensions = tuple(Dimension(f"c{at}", n, data.draw(st.integers(0, 2))) for at, n in enumerate(names))
    keys = {d.key: (d.column, d.decimals) for d in dimensions}
    file = DataFile("d", "d.parquet", table.lazy(), unit)
    found = tallied(file, keys, ("pay", "hours"))
    units = table["unit"].drop_nulls().to_list() if unit else []
    are_far_apart = bool(units) and max(units) - min(units) > 100
    assert (found is None) is (file.keys_by_code.combinations(keys) is None or are_far_apart)
    if found is None:
        return
    asked = file.select(*(file.key(c, d).alias(name) for name, (c, d) in keys.items())).collect()
    expected = _grouped(file, dimensions, asked, Asked(("pay", "hours"), PLAIN))
    counts = [*keys, "rows", "units", "units_0", "units_1", "min_0", "max_0", "min_1", "max_1"]
    assert rows_of(found, counts) == rows_of(expected, counts)
    assert set(found.columns) == set(expected.columns)
    joined = found.join(expected, on=list(keys), nulls_equal=True, suffix="_rows")
    assert joined.height == found.height
    for figure in ("sum_0", "mean_0", "sum_1", "mean_1"):
        for one, other in joined.select(figure, f"{figure}_rows").rows():
            assert (one is None) == (other is None)
            assert one is None or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)


def test_units_that_lie_too_far_apart_are_looked_at_row_by_row() -> None:
    table = pl.DataFrame({"g": [1, 2, 2], "unit": [-(2**63), 2**63 - 1, 0]})
    assert tallied(DataFile("d", "d.parquet", table.lazy(), "unit"), {"g": ("g", 0)}, ()) is None


def test_units_with_a_value_that_cannot_be_counted_are_looked_at_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other number stands in for theirs."""
    table = pl.DataFrame({"g": [1, 2, 2], "unit": [1, 2, 3], "pay": [1.0, 2.0, None]})
    file = DataFile("d", "d.parquet", table.lazy(), "unit")
    found = tallied(file, {"g": ("g", 0)}, ("pay",))
    assert found is not None
    assert rows_of(found, ["g", "units", "units_0"]) == [(1, 1, 1), (2, 2, 1)]
    of_all = tallies.units_in
    monkeypatch.setattr(tallies, "units_in", lambda *of: of_all(*of) if len(of) == 2 else None)
    assert tallied(file, {"g": ("g", 0)}, ("pay",)) is None


@pytest.mark.parametrize("kind", [pl.String, pl.Float64])
def test_units_that_are_no_whole_numbers_are_looked_at_row_by_row(kind: Any) -> None:
    table = pl.DataFrame({"g": [1, 2, 2], "unit": [1, 2, 3]}).cast({"unit": kind})
    assert tallied(DataFile("d", "d.parquet", table.lazy(), "unit"), {"g": ("g", 0)}, ()) is None


def test_cells_without_a_dimension_are_looked_at_row_by_row() -> None:
    table = pl.DataFrame({"unit": [1, 2, 3]})
    assert tallied(DataFile("d", "d.parquet", table.lazy(), "unit"), {}, ()) is None


def coded(column: pl.Series, known: pl.Series) -> coded_columns.CodedColumn | None:
    return coded_columns.coded(column.to_frame("x").lazy(), known.alias("x"), "in-memory")


@given(tables(), st.sampled_from(sorted(KINDS)))
def test_a_column_s_codes_stand_for_its_values(table: pl.DataFrame, name: str) -> None:
    column = table[name]
    found = coded(column, column.head(2))
    if found is not None:
        assert found.values.dtype == column.dtype
        assert found.values.gather(found.codes.tolist()).to_list() == column.to_list()
        assert found.values.n_unique() == found.values.len()
        assert not found.all_occur or set(found.values.to_list()) == set(column.to_list())


@given(tables(), st.sampled_from(sorted(KINDS)), st.integers(0, 2))
def test_what_codes_tell_at_once_is_what_counting_tells(table: pl.DataFrame, name: str, places: int) -> None:
    coded_keys = DataFile("d", "d.parquet", table.lazy(), "unit").keys_by_code
    counts = coded_keys.counts(name, places)
    if counts is None:
        assert coded_keys.known(name, places) is coded_keys.at_most(name) is coded_keys.has_missing(name) is None
        return
    known, most = coded_keys.known(name, places), coded_keys.at_most(name)
    assert (set(known or ()), coded_keys.has_missing(name)) == (set(counts), None in (coded_keys.counts(name, 0) or ()))
    assert most is not None
    assert most >= len(counts)


def test_of_whole_numbers_with_gaps_not_all_are_known() -> None:
    numbers = pl.Series([1, 2, 4] * 5, dtype=pl.Int64)
    file = DataFile("d", "d.parquet", numbers.to_frame("x").lazy(), "")
    assert (file.keys_by_code.at_most("x"), file.keys_by_code.known("x", 0)) == (4, {1: 5, 2: 5, 4: 5})
    assert file.knows("x", 0, pl.Series([1, 3])).to_list() == [True, False]


@given(st.integers(1, 40), st.sampled_from((pl.Int64, pl.Int8, pl.UInt8)))
def test_a_column_in_several_pieces_has_the_codes_of_one(pieces: int, kind: Any) -> None:
    parts = [pl.Series("x", [at % 100, None, 127], dtype=kind) for at in range(pieces)]
    column = pl.concat(parts, rechunk=False)
    found = coded(column, column)
    assert found is not None
    assert found.values.gather(found.codes.tolist()).to_list() == column.to_list()


def test_many_values_have_no_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coded_columns, "MOST_VALUES", 3)
    assert coded(pl.Series([5, 7]), pl.Series([5])) is not None
    assert coded(pl.Series([5, 8]), pl.Series([5])) is None
    assert coded(pl.Series(["a", "b", "c"]), pl.Series(["a"])) is not None
    assert coded(pl.Series(["a", "b", "c", "d"]), pl.Series(["a"])) is None


def test_combinations_beyond_so_many_are_not_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    file = DataFile("d", "d.parquet", pl.LazyFrame({"g": [1, 2, 2], "h": [1, 2, 3]}), "")
    monkeypatch.setattr(coded_columns, "MOST_COMBINATIONS", 6)
    assert file.keys_by_code.combinations({"g": ("g", 0), "h": ("h", 0)}) is not None
    monkeypatch.setattr(coded_columns, "MOST_COMBINATIONS", 5)
    assert file.keys_by_code.combinations({"g": ("g", 0), "h": ("h", 0)}) is None


@pytest.mark.parametrize(("rows", "codes"), [(2, 100), (100, 5)])
def test_codes_are_kept_as_far_as_there_is_room(rows: int, codes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_columns, "MOST_CODED", rows)
    monkeypatch.setattr(large_columns, "MOST_CODES", codes)
    file = DataFile("d", "d.parquet", pl.LazyFrame({"g": [1, 2, 2], "h": [1, 2, 3]}), "")
    kept = [file.large.coded(name) is not None for name in ("g", "h", "g")]
    assert kept == ([False, False, False] if rows == 2 else [True, False, True])


@pytest.mark.parametrize("span", [4, 2**30, 2**31, 2**40])
@pytest.mark.parametrize("missing", [False, True])
def test_units_are_counted_alike_however_far_apart_they_are(span: int, missing: bool) -> None:
    """Four groups with one, two, three and four units, which stand there twice each."""
    pairs = [(group, step) for group in range(4) for step in range(group + 1)] * 2
    keys = pl.Series("g", [group for group, _ in pairs])
    column = coded(keys, keys)
    assert column is not None
    combined = coded_columns.combinations_of([("g", column, column.values)])
    assert combined is not None
    units = pl.Series([7 + step * (span // 3) for _, step in pairs] if span > 4 else [7 + step for _, step in pairs])
    if missing:
        units = units.scatter(len(pairs) - 1, None)
    counted = coded_columns.units_in(combined, units)
    assert counted is not None
    assert counted.tolist() == [1, 2, 3, 4]


def test_whole_numbers_of_one_byte_have_codes_from_the_least_to_the_largest() -> None:
    column = pl.Series([-128, 127, 0, -1, None], dtype=pl.Int8)
    found = coded(column, column)
    assert found is not None
    assert found.values.gather(found.codes.tolist()).to_list() == column.to_list()


def test_figures_of_no_rows_are_numbers_as_others_are() -> None:
    filled = pl.DataFrame({"g": ["a"], "pay": [2.5], "unit": [3]})
    none, some = (
        tallied(DataFile("d", "d.parquet", rows.lazy(), "unit"), {"g": ("g", 0)}, ("pay",))
        for rows in (filled.clear(), filled)
    )
    assert none is not None
    assert some is not None
    assert none.schema == some.schema


@pytest.mark.parametrize("missing", [False, True])
def test_rows_are_counted_for_each_value_over_all_pieces(missing: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coded_columns, "_COUNTED_AT_ONCE", 3)
    column = pl.Series([2, 2, 5, 2, 5, 2, None if missing else 2])
    found = coded(column, column)
    assert found is not None
    counted = dict(zip(found.values.to_list(), found.rows().tolist(), strict=True))
    assert counted == {2: 4 + (not missing), 3: 0, 4: 0, 5: 2} | ({None: 1} if missing else {})
