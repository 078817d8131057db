"""Facts about families and atoms: which rows lie in the same cells of all tables, and whose they are."""

from __future__ import annotations

import random

import polars as pl
import pytest

from hub.gate import families as rules
from hub.gate.datasets import DataFile
from hub.gate.exchange import DatasetDescription, TablePart
from hub.gate.families import atoms, families, units_of
from hub.gate.mounted import from_scans

ROWS = pl.DataFrame(
    [
        {"u": "P1", "g": "a", "n": 1},
        {"u": "P1", "g": "a", "n": 2},
        {"u": "P2", "g": "a", "n": 1},
        {"u": "P3", "g": "b", "n": 1},
        {"u": None, "g": "b", "n": 2},
        {"u": "P4", "g": None, "n": None},
    ]
)


def file_of(rows: pl.DataFrame = ROWS, unit: str = "u") -> DataFile:
    described = DatasetDescription(name="d", folder="/", privacy_unit=unit)
    return from_scans(described, {"d.parquet": rows.lazy()}).files[0]


def part(
    file: DataFile, /, *cells: tuple[str, ...], dimensions: tuple[str, ...] = ("g", "n"), **said: object
) -> TablePart:
    told = {"path": "t.csv", "dataset": "d", "file": file.name, "exact": True, "figures": ("count",)} | said
    return TablePart.model_validate(
        told | {"dimensions": dimensions, "decimals": (0,) * len(dimensions), "cells": cells}
    )


def test_cells_that_keep_the_same_dimensions_are_a_family_in_the_order_of_the_columns_names() -> None:
    file = file_of()
    cells = [("=1", "=a"), ("=1", "=b"), ("*", "=a"), ("*", "?"), ("*", "*")]
    both, by_group, whole = families(file, [part(file, *cells, dimensions=("n", "g"))])
    assert [f.keys for f in (both, by_group, whole)] == [(("g", 0), ("n", 0)), (("g", 0),), ()]
    assert both.cells.rows() == [(0, "a", 1, 0), (1, "b", 1, 1)]
    assert by_group.cells.rows() == [(0, "a", 2), (1, None, 3)]
    assert whole.cells.rows() == [(0, 4)]
    assert whole.cells.columns == ["cell", "at"]
    assert both.tables == by_group.tables == whole.tables == {0}


def test_a_cell_that_is_shown_twice_counts_where_it_was_first() -> None:
    file = file_of()
    (found,) = families(file, [part(file, ("=a",), ("=b",), ("=a",), dimensions=("g",))])
    assert found.cells["at"].to_list() == [0, 1]


@pytest.mark.parametrize(
    "said",
    [
        {"dataset": "other"},
        {"file": "other.parquet"},
        {"exact": False},
        {"filter": "n > 1"},
        {"dimensions": ("x", "n")},
    ],
)
def test_a_table_that_is_not_exactly_known_has_no_families(said: dict[str, object]) -> None:
    file = file_of()
    assert len(families(file, [part(file, ("=a", "=1"))])) == 1
    assert families(file, [part(file, ("=a", "=1"), **{"dimensions": ("g", "n")} | said)]) == []  # type: ignore[arg-type]


def test_the_same_cells_of_the_same_figures_are_one_family_of_several_tables() -> None:
    file = file_of()
    one, other = part(file, ("=a",), ("=b",), dimensions=("g",)), part(file, ("=b",), ("=a",), dimensions=("g",))
    sums = part(file, ("=a",), ("=b",), dimensions=("g",), figures=("sum",))
    fewer = part(file, ("=a",), dimensions=("g",))
    assert [f.tables for f in families(file, [one, sums, other, fewer])] == [{0, 2}, {1}, {3}]


def test_the_same_words_in_other_columns_are_other_cells() -> None:
    file = file_of(ROWS.with_columns(h="g"))
    tables = [part(file, ("=a",), dimensions=("g",)), part(file, ("=a",), dimensions=("h",))]
    assert [f.tables for f in families(file, tables)] == [{0}, {1}]


def test_a_word_that_is_no_key_of_the_dataset_is_no_error() -> None:
    file = file_of()
    (found,) = families(file, [part(file, ("=a", "=x"))])
    assert found.cells.rows() == [(0, "a", None, 0)]


def test_units_of_rows_without_a_value_are_counted_too() -> None:
    file = file_of()
    found = atoms(file, families(file, [part(file, ("=a",), ("=b",), dimensions=("g",))]))
    assert found is not None
    outside = found.cells.filter(pl.col("family 0").is_null())["atom"].to_list()
    assert units_of(found, sets(*((3, atom) for atom in outside)), 10) == {3: 1}


def test_atoms_are_the_rows_that_lie_in_the_same_cells_of_each_family() -> None:
    file = file_of()
    among = families(file, [part(file, ("=a", "*"), ("?", "*"), ("*", "=1"), ("*", "*"))])
    found = atoms(file, among)
    assert found is not None
    told = found.cells.select("family 0", "family 1", "family 2", "rows").sort(pl.all()).rows()
    assert told == [(None, None, 0, 1), (None, 0, 0, 1), (0, None, 0, 1), (0, 0, 0, 2), (1, None, 0, 1)]
    assert found.combinations["rows"].sum() == ROWS.height
    assert set(found.combinations["atom"]) == set(found.cells["atom"])


def test_of_too_many_combinations_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    file = file_of()
    among = families(file, [part(file, ("=a", "=1"))])
    monkeypatch.setattr(rules, "MOST_COMBINATIONS", 5)
    assert atoms(file, among) is not None
    monkeypatch.setattr(rules, "MOST_COMBINATIONS", 4)
    assert atoms(file, among) is None


def test_of_a_table_without_dimensions_all_units_are_counted_once() -> None:
    file = file_of()
    found = atoms(file, families(file, [part(file, (), dimensions=())]))
    assert found is not None
    assert units_of(found, sets((7, 0)), 10) == {7: 4}
    rows = atoms(file_of(unit=""), families(file, [part(file, (), dimensions=())]))
    assert rows is not None
    assert units_of(rows, sets((7, 0)), 10) == {7: 6}


def sets(*pairs: tuple[int, int]) -> pl.DataFrame:
    return pl.DataFrame(list(pairs), schema={"set": pl.Int64, "atom": pl.UInt32}, orient="row")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("first", [500_000, 20])
def test_units_of_sets_are_exact_below_what_is_enough(monkeypatch: pytest.MonkeyPatch, seed: int, first: int) -> None:
    """Where the first rows tell enough, at least as many are there; without a unit, rows are counted."""
    monkeypatch.setattr(rules, "_FIRST_ROWS", first)
    draw = random.Random(seed)
    rows = pl.DataFrame(
        [{"u": f"P{draw.randrange(30)}", "g": draw.choice("abc"), "n": draw.randrange(4)} for _ in range(80)]
    )
    file = file_of(rows)
    cells = [(f"={g}", "*") for g in "abc"] + [("*", f"={n}") for n in range(4)]
    found = atoms(file, families(file, [part(file, *cells)]))
    assert found is not None
    held = rows.join(found.combinations, left_on=["g", "n"], right_on=["g 0", "n 0"], how="inner")
    wanted = {number: draw.sample(range(found.cells.height), 1 + number % 4) for number in range(12)}
    counted = units_of(found, sets(*((number, atom) for number, among in wanted.items() for atom in among)), 8)
    for number, among in wanted.items():
        exact = held.filter(pl.col("atom").is_in(among))["u"].n_unique()
        assert min(counted[number], 8) == min(exact, 8)
        assert counted[number] <= exact
    by_rows = atoms(file_of(rows, unit=""), families(file, [part(file, *cells)]))
    assert by_rows is not None
    assert sum(units_of(by_rows, sets(*((n, n) for n in range(by_rows.cells.height))), 8).values()) == rows.height
