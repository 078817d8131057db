"""Facts about what was planted: which values of a picked row tell, by themselves or two of them together."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from hub.gate import planted as rules
from hub.gate.datasets import DataFile
from hub.gate.planted import Planted, planted

ROWS = {
    "who": ["P1", "P2", "P3", "P4"],
    "town": ["Zéphyr-Ville", "Bourg", "Bourg", "Abcde"],
    "income": [61234.57, 100.5, 100.5, 7.0],
    "savings": [904117, 1, 1, 2],
    "hours": [100001, 100001, 3, 4],
    "born": ["1990-01-02", "1990-01-03", "1990-01-04", "1990-01-05"],
}


def file(rows: dict[str, list[Any]] = ROWS, name: str = "d.parquet") -> DataFile:
    data = pl.DataFrame(rows).with_columns(pl.col("born").str.to_date())
    return DataFile("d", name, data.lazy(), "who")


def found(*rows: dict[str, str], values: tuple[str, ...] = (), of: tuple[DataFile, ...] = ()) -> Planted:
    return planted(values, rows, of or (file(),))


def test_a_text_of_six_letters_tells_alone_and_a_shorter_number_with_another_one() -> None:
    """What another row has, what is short, and days say nothing."""
    known = found({"who": "P1"})
    assert known.telling == {"zephyrville"}
    assert known.rows == (frozenset({"zephyrville", "6123457", "904117"}),)
    assert known.all == {"zephyrville", "6123457", "904117"}


def test_a_number_of_eight_digits_tells_alone() -> None:
    long = found({"who": "P1"}, of=(file(ROWS | {"savings": [12345678, 1, 1, 1234567]}),))
    assert "12345678" in long.telling
    shorter = found({"who": "P4"}, of=(file(ROWS | {"savings": [12345678, 1, 1, 1234567]}),))
    assert shorter == Planted()


@pytest.mark.parametrize(
    ("said", "is_met"),
    [
        ({"zephyrville"}, True),
        ({"6123457"}, False),
        ({"6123457", "904117"}, True),
        ({"6123457", "100001", "bourg"}, False),
        (set(), False),
    ],
)
def test_it_is_met_where_one_tells_or_two_of_one_row(said: set[str], is_met: bool) -> None:
    known = Planted(frozenset({"zephyrville"}), (frozenset({"6123457", "904117"}), frozenset({"100001", "777777"})))
    assert known.is_met(frozenset(said)) is is_met


def test_values_are_compared_without_their_marks_and_empty_ones_are_none() -> None:
    assert found(values=("QX 7731-zk", "  ", "é")) == Planted(frozenset({"qx7731zk", "e"}))


def test_a_row_is_picked_by_all_of_its_columns_however_they_are_spaced() -> None:
    assert found({"who": " P1 ", "hours": "100001"}).telling == {"zephyrville"}
    assert found({"who": "P1", "hours": "3"}) == Planted()
    spaced = file(ROWS | {"who": [" P1", "P2", "P3", "P4"]})
    assert found({"who": "P1"}, of=(spaced,)).telling == {"zephyrville"}


def test_a_row_is_looked_for_in_each_file_that_has_its_columns() -> None:
    other = DataFile("d", "e.parquet", pl.LazyFrame({"else": ["Quatrelivres"]}), "else")
    again = file(ROWS | {"town": ["Clocheville", "a", "b", "c"]}, "f.parquet")
    known = found({"who": "P1"}, of=(other, file(), again, file()))
    assert known.telling == {"zephyrville", "clocheville"}
    assert len(known.rows) == 2


@pytest.mark.parametrize(("most", "names"), [(2, True), (1, False)])
def test_a_declaration_of_too_many_rows_names_none(monkeypatch: pytest.MonkeyPatch, most: int, names: bool) -> None:
    """Two rows that are alike have their values to themselves, as long as both are picked."""
    monkeypatch.setattr(rules, "MOST_ROWS", most)
    twins = ROWS | {"town": ["Zéphyr-Ville", "Clocheville", "Clocheville", "Abcde"]}
    known = found({"income": "100.5"}, of=(file(twins),))
    assert known.telling == ({"clocheville"} if names else set())
    assert found({"who": "P2"}, of=(file(twins),)) == Planted()


@pytest.mark.parametrize(("rows", "names"), [(100, True), (101, False)])
def test_a_declaration_picks_a_hundred_rows_at_most(rows: int, names: bool) -> None:
    data = pl.DataFrame({"group": ["planted"] * rows, "name": [f"Zephyrine {n}" for n in range(rows)]})
    known = found({"group": "planted"}, of=(DataFile("d", "d.parquet", data.lazy(), "name"),))
    assert len(known.telling) == (rows + 1 if names else 0)


def test_a_file_of_nothing_but_the_columns_that_pick_has_the_row_too() -> None:
    only = DataFile("d", "d.parquet", pl.LazyFrame({"who": ["Zephyrine", "Acacia"]}), "who")
    assert found({"who": "Zephyrine"}, of=(only,)).telling == {"zephyrine"}


def test_an_empty_cell_of_a_picked_row_says_nothing() -> None:
    empty = ROWS | {"town": [None, "Bourg", "Bourg", "Abcde"]}
    assert found({"who": "P1"}, of=(file(empty),)).all == {"6123457", "904117"}
