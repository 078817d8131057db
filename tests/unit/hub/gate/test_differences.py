"""Facts about what two tables leave over: nested cells alone are subtracted, and groups without a unit are nobody's."""

from __future__ import annotations

import polars as pl

from hub.gate.differences import _remainders, differences
from hub.gate.exchange import DatasetDescription, TablePart
from hub.gate.families import atoms, families
from hub.gate.mounted import from_scans

PAIRS = pl.DataFrame(
    [(0, 0, 0), (1, 0, None), (2, 1, 1), (3, 2, 1), (4, 1, None), (5, None, 2)],
    schema={"atom": pl.Int64, "a": pl.Int64, "b": pl.Int64},
    orient="row",
)


def test_a_cell_that_lies_in_two_others_is_subtracted_from_neither() -> None:
    """Of the first cell one inner cell is all that meets it; the second inner cell runs over two outer ones."""
    assert [(cell, left["atom"].to_list()) for cell, left in _remainders(PAIRS, "a", "b")] == [(0, [1])]


def test_what_no_unit_is_left_in_is_no_difference() -> None:
    rows = [{"u": f"P{n}", "g": "a", "h": "x"} for n in range(20)]
    found = {}
    for units in ((None, None), ("Q1", None), ("Q1", "Q2")):
        more = [{"u": unit, "g": "a", "h": "y"} for unit in units]
        described = DatasetDescription(name="d", folder="/", privacy_unit="u")
        file = from_scans(described, {"d.parquet": pl.DataFrame(rows + more, infer_schema_length=None).lazy()}).files[0]
        told = {"dataset": "d", "file": file.name, "exact": True, "figures": ("count",)}
        whole = TablePart.model_validate(
            told | {"path": "g.csv", "dimensions": ("g",), "decimals": (0,), "cells": (("=a",),)}
        )
        part = TablePart.model_validate(
            told | {"path": "h.csv", "dimensions": ("g", "h"), "decimals": (0, 0), "cells": (("=a", "=x"),)}
        )
        among = families(file, [whole, part])
        cut = atoms(file, among)
        assert cut is not None
        found[units] = {one.units for one in differences(cut, among, {0}, needed=10)}
    assert found == {(None, None): set(), ("Q1", None): {1}, ("Q1", "Q2"): {2}}
