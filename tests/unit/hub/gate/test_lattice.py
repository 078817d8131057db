"""Facts about tables put together: how far a shown cell may lie off, in which order, and what has to be protected."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import polars as pl
import pytest

from hub.domain.table_context import TableContext
from hub.gate.cell_problem import _cell
from hub.gate.datasets import DataFile
from hub.gate.figures import Figure
from hub.gate.lattice import Lattice, fill, lattices
from hub.gate.tabulation import Tabulation, dimensions_of, tabulate
from hub.gate.views import TableView
from hub.policy.load import load_profile
from hub.policy.model import Dominance

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


def table(file: DataFile, **columns: list[str]) -> Tabulation:
    data = {f"c{at}": cells for at, cells in enumerate(columns.values())}
    view = TableView("", tuple(columns), pl.DataFrame(data), whole=True)
    made = tabulate(view, file, dimensions_of(view, file, TableContext()), TableContext())
    assert made is not None
    return made


def test_what_two_tables_have_in_common_is_counted_though_none_shows_it() -> None:
    rows = pl.DataFrame([{"g": g, "h": h, "k": k} for g in "ab" for h in "cd" for k in "ef" for _ in range(3)])
    file = DataFile("d", "d.parquet", rows.lazy(), "")
    pairs = [("h", list("cdcd")), ("k", list("efef"))]
    lattice = Lattice(file, Figure("rows"), POLICY)
    for at, (name, cells) in enumerate(pairs):
        lattice.add(at, table(file, g=list("aabb"), **{name: cells}, n=["6"] * 4), "c2")
    fill(lattice)
    common = lattice.cells[frozenset({("g", 0)})]
    assert common.sort("g 0").select("g 0", "value", "shown").rows() == [("a", 12.0, None), ("b", 12.0, None)]


def halves(lattice: Lattice) -> list[list[float]]:
    """How far each table's shown cells may lie off, the first table first."""
    parts = sorted((part for parts in lattice.shown.values() for part in parts), key=lambda part: part["table"][0])
    return [part["half"].unique().to_list() for part in parts]


@pytest.mark.parametrize(
    ("said", "base", "known"),
    [
        ((0.0, 0.0), 1, (0.0, 0.0)),
        ((1.0, 1.0), 1, (0.0, 0.0)),
        ((0.0, 0.0), 5, (2.5, 2.5)),
        ((3.0, 7.0), 5, (2.5, 3.5)),
        ((20.0, 0.0), 1, (10.0, 0.0)),
        ((0.0, 20.0), 1, (0.0, 10.0)),
    ],
)
def test_each_table_is_as_rounded_as_its_author_or_the_policy_says(
    file: DataFile, said: tuple[float, float], base: int, known: tuple[float, float]
) -> None:
    made = [table(file, g=["a", "b"], n=["20", "20"]), table(file, n=["40"])]
    policy = POLICY.model_copy(update={"rounding_base": base})
    tables = [replace(one, agreeing={one.view.keys[-1]: Figure("rows")}) for one in made]
    (lattice,) = lattices(tables, said, policy)
    assert halves(lattice) == [[half] for half in known]


@pytest.mark.parametrize(("base", "half"), [(1, 0.0), (5, 2.5)])
def test_a_sum_of_zeros_and_ones_is_a_count(base: int, half: float) -> None:
    file = DataFile("d", "d.parquet", ROWS.with_columns(v=pl.Series([0, 1] * 20)).lazy(), "")
    lattice = Lattice(file, Figure("sum", "v"), POLICY.model_copy(update={"rounding_base": base}))
    lattice.add(0, table(file, g=["a", "b"], v=["0", "20"]), "c1")
    assert halves(lattice) == [[half]]


def test_a_sum_that_one_unit_makes_up_has_to_be_protected() -> None:
    """By its share alone: each group has many units, and no other rule is asked."""
    pay = {"a": [9_000.0, *[10.0] * 29], "b": [100.0] * 30}
    rows = pl.DataFrame([{"g": g, "v": v} for g, values in pay.items() for v in values])
    file = DataFile("d", "d.parquet", rows.lazy(), "")
    policy = POLICY.model_copy(update={"dominance": (Dominance(n=1, k=80),), "p_percent": 0})
    lattice = Lattice(file, Figure("sum", "v"), policy)
    lattice.add(0, table(file, g=["a", "b"], v=["9290", "3000"]), "c1")
    fill(lattice)
    cells = lattice.cells[frozenset({("g", 0)})]
    assert cells.sort("g 0").select("g 0", "sensitive").rows() == [("a", True), ("b", False)]
