"""Facts about tables put together: how far a shown cell may lie off, in which order, and what has to be protected."""

from __future__ import annotations

from itertools import permutations

import polars as pl
import pytest

from hub.domain.table_context import TableContext
from hub.gate.cell_problem import _cell
from hub.gate.datasets import DataFile
from hub.gate.figures import Figure
from hub.gate.lattice import Lattice
from hub.gate.tabulation import dimensions_of, tabulate
from hub.gate.views import TableView
from hub.policy.load import load_profile

ROWS = pl.DataFrame({"g": ["a", "b"] * 20, "v": [1.25, 2.5] * 20})
POLICY = load_profile("uk-sacro")


@pytest.fixture
def file() -> DataFile:
    return DataFile("d", "d.parquet", ROWS.lazy(), "")


@pytest.mark.parametrize(("cells", "half"), [(("25", "50"), 0.5), (("25.0", "50.0"), 0.5), (("25.1", "50.2"), 0.05)])
def test_a_shown_sum_lies_off_by_half_of_its_last_digit(file: DataFile, cells: tuple[str, str], half: float) -> None:
    view = TableView("", ("g", "v"), pl.DataFrame({"c0": ["a", "b"], "c1": cells}), whole=True)
    declared = TableContext("d", ("g",), "v", "sum")
    made = tabulate(view, file, dimensions_of(view, file, declared), declared)
    assert made is not None
    lattice = Lattice(file, Figure("sum", "v"), POLICY)
    lattice.add(0, made, "c1")
    assert [part["half"].to_list() for part in lattice.shown[frozenset({("g", 0)})]] == [[half, half]]


@pytest.mark.parametrize("order", [*permutations("abcd")])
def test_sets_of_dimensions_come_by_their_size_and_names(file: DataFile, order: tuple[str, ...]) -> None:
    lattice = Lattice(file, Figure("rows"), POLICY)
    lattice.shown = {frozenset({(name, 0), ("x", 0)}): [] for name in order}
    names = [[name for name, _ in sorted(pattern)] for pattern in lattice.patterns()]
    assert names == [["x"], ["a", "x"], ["b", "x"], ["c", "x"], ["d", "x"]]


@pytest.mark.parametrize(
    ("sensitive", "is_real", "is_protected"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_sensitive_cells_that_a_table_has_a_place_for_have_to_be_protected(
    file: DataFile, sensitive: bool, is_real: bool, is_protected: bool
) -> None:
    """What two tables have in common only for the sums is shown by none of them."""
    cell = _cell(Lattice(file, Figure("rows"), POLICY), 0.0, is_real, 3.0, sensitive, None, None)
    assert (cell.reach is not None) is is_protected
    assert cell.hidden
