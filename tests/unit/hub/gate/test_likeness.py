"""Facts about tables that are compared by what they show: how few units a difference has to leave, and by what luck."""

from __future__ import annotations

import pytest

from hub.gate.exchange import TablePart
from hub.gate.likeness import disguised, moved_cells, nested_cells


def table(
    units: list[int], names: str = "abcdefgh", *, rows: list[int] | None = None, figure: str = "count", part: str = ""
) -> TablePart:
    """A table of one dimension, with a cell for each letter."""
    return TablePart(
        path="t.csv",
        dataset="d",
        file="d.parquet",
        exact=True,
        dimensions=("g",),
        decimals=(0,),
        cells=tuple((f"={name}",) for name in names[: len(units)]),
        units=tuple(units),
        rows=tuple(rows or units),
        figures=(figure,),
        filter=part,
    )


WIDE = [3, 170, 4_100, 20_900, 95_000, 410_000]


def test_the_same_numbers_but_for_a_little_are_the_same_table_whatever_it_calls_them() -> None:
    less = [number - step for number, step in zip(reversed(WIDE), (4, 2, 0, 0, 0, 0), strict=True)]
    assert disguised(table(less), table(WIDE, "uvwxyz"), needed=10, bits=40) == 2
    assert disguised(table(WIDE), table(WIDE, "uvwxyz"), needed=10, bits=40) == 0


def test_tables_of_other_lengths_are_other_tables() -> None:
    assert disguised(table(WIDE[:-1]), table(WIDE), needed=10, bits=40) == 0


def test_numbers_that_lie_close_together_are_near_by_chance() -> None:
    close = [100, 102, 104, 106, 108, 110, 112, 114]
    assert disguised(table([number - 1 for number in close]), table(close), needed=10, bits=20) == 0


@pytest.mark.parametrize(("left", "found"), [(1, ([1], 1)), (9, ([1], 9)), (10, ([], 0)), (0, ([], 0))])
def test_a_part_leaves_too_few_units_below_the_number_that_the_policy_asks(
    left: int, found: tuple[list[int], int]
) -> None:
    part = table([100, 200 - left], part="sex = 'f'")
    assert nested_cells(part, table([150, 200]), needed=10) == found


def test_only_a_part_and_its_whole_are_nested() -> None:
    assert nested_cells(table([199]), table([200]), needed=10) == ([], 0)
    part = table([199], part="sex = 'f'")
    assert nested_cells(part, table([200], figure="mean income"), needed=10) == ([], 0)


def test_cells_of_two_snapshots_that_gained_or_lost_a_few_are_named_with_the_fewest() -> None:
    assert moved_cells(table([103, 250, 90]), table([100, 200, 92]), needed=10) == ([0, 2], 2)


def test_a_unit_whose_rows_alone_changed_is_one_unit() -> None:
    assert moved_cells(table([100], rows=[310]), table([100], rows=[300]), needed=10) == ([0], 1)


def test_tables_without_a_common_cell_say_nothing_of_each_other() -> None:
    assert moved_cells(table([100], "a"), table([101], "b"), needed=10) == ([], 0)
