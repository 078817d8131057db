"""Facts about groups that several tables pin: which follow from their sums, and which only the new table tells."""

from __future__ import annotations

import numpy as np
import polars as pl

from hub.gate.exchange import DatasetDescription, TablePart
from hub.gate.families import atoms, families
from hub.gate.mounted import from_scans
from hub.gate.pinned import _told, pinned

SIZES = {"a": 100, "b": 4, "c": 46}
"""Pairs of these are large; only what lies in two of the pairs' cells and not in the third is small."""


def units_pinned(tables: dict[str, str], new: int, needed: int = 10, sizes: dict[str, int] = SIZES) -> int | None:
    """Tables by the groups that their one cell joins; the last ``new`` of them are new."""
    groups = [group for group, size in sizes.items() for _ in range(size)]
    columns = {
        name: pl.Series(name, ["in" if group in joined else "out" for group in groups])
        for name, joined in tables.items()
    }
    rows = pl.DataFrame({"u": range(len(groups))}).with_columns(*columns.values())
    described = DatasetDescription(name="d", folder="/", privacy_unit="u")
    file = from_scans(described, {"d.parquet": rows.lazy()}).files[0]
    among = families(file, [_table(file.name, name) for name in tables])
    found = atoms(file, among)
    assert found is not None
    return pinned(found, among, set(range(len(tables) - new, len(tables))), needed)


def _table(file: str, name: str) -> TablePart:
    told = {"path": "t.csv", "dataset": "d", "file": file, "exact": True, "figures": ("count",)}
    return TablePart.model_validate(told | {"dimensions": (name,), "decimals": (0,), "cells": (("=in",),)})


def test_three_sums_of_two_groups_give_each_of_the_groups() -> None:
    assert units_pinned({"one": "ab", "two": "bc", "three": "ac"}, new=1) == 4
    assert units_pinned({"one": "ab", "two": "bc"}, new=1) == 0


def test_tables_that_are_all_new_pin_together_too() -> None:
    assert units_pinned({"one": "ab", "two": "bc", "three": "ac"}, new=3) == 4


def test_what_earlier_tables_pinned_is_not_the_new_ones_doing() -> None:
    """The three that left told it already; a further table adds nothing to it."""
    sizes = {**SIZES, "d": 80}
    assert units_pinned({"one": "ab", "two": "bc", "three": "ac", "four": "acd"}, new=1, sizes=sizes) == 0


def test_two_groups_are_told_together_only_where_neither_is_told_alone() -> None:
    """The first table is the first and the second group together; the second one makes each of them known."""
    together = np.array([[1.0, 1.0, 0.0]])
    apart = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    assert _told(together, {0: 3, 1: 4}, needed=10) == {(0, 1): 7}
    assert _told(apart, {0: 3, 1: 4}, needed=10) == {(0,): 3, (1,): 4}
    assert _told(together, {0: 6, 1: 4}, needed=10) == {}


def test_a_group_that_is_told_makes_no_pair_with_one_that_is_not() -> None:
    incidence = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
    assert _told(incidence, {0: 3, 1: 4}, needed=10) == {(0,): 3}
