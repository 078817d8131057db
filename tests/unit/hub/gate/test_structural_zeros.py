"""Facts about structural zeros: which rows are impossible, and of which groups only one category is left."""

from __future__ import annotations

from itertools import product

import polars as pl
import pytest

from hub.domain.table_context import TableContext
from hub.gate.context import Context
from hub.gate.exchange import DatasetDescription
from hub.gate.kinds import Kind
from hub.gate.mounted import from_scans
from hub.gate.structural_zeros import forced_rows, zero_rows
from hub.gate.tabulation import Tabulation, dimensions_of, tabulate
from hub.gate.views import TableView
from hub.policy.load import load_profile

CELLS = list(product("ab", "fm", ("maybe", "no", "yes")))
"""Rows 1 to 12 of the table: group, sex, ill."""


def tabulated(
    zeros: tuple[dict[str, str], ...], cells: list[tuple[str, ...]] | None = None
) -> tuple[Tabulation, Context]:
    shown = cells or CELLS
    data = pl.DataFrame(CELLS * 2, schema=["g", "sex", "ill"], orient="row")
    if cells:
        data = data.with_columns(pl.when(pl.col("ill") != "maybe").then("ill"))
    described = DatasetDescription(name="d", folder="/", structural_zeros=zeros)
    dataset = from_scans(described, {"d.parquet": data.lazy()})
    frame = pl.DataFrame([(*cell, "9") for cell in shown], schema=["c0", "c1", "c2", "c3"], orient="row")
    view = TableView("", ("g", "sex", "ill", "n"), frame, whole=True)
    declared = TableContext("d", ("g", "sex", "ill"))
    file = dataset.files[0]
    made = tabulate(view, file, dimensions_of(view, file, declared), declared)
    assert made is not None
    return made, Context("t.csv", Kind.CSV, declared, load_profile("uk-sacro"), (dataset,))


@pytest.mark.parametrize(
    ("zeros", "rows"),
    [
        ((), []),
        (({"g": "a", "ill": "no"},), [2, 5]),
        (({"g": "b", "sex": "f", "ill": "no"}, {"g": "a", "sex": "f", "ill": "maybe"}), [1, 8]),
        (({"sex": "m"},), [4, 5, 6, 10, 11, 12]),
        (({"g": "c"},), []),
    ],
)
def test_a_row_is_impossible_that_has_all_values_of_a_zero(zeros: tuple[dict[str, str], ...], rows: list[int]) -> None:
    assert zero_rows(*tabulated(zeros)) == rows


def test_a_missing_value_may_be_impossible_and_is_no_other_value() -> None:
    cells = [("a", "f", ""), ("a", "f", "no"), ("b", "f", ""), ("b", "f", "yes")]
    assert zero_rows(*tabulated(({"g": "a", "ill": ""},), cells)) == [1]
    assert zero_rows(*tabulated(({"g": "a", "ill": "no"},), cells)) == [2]


@pytest.mark.parametrize(
    ("zeros", "rows"),
    [
        (({"g": "a", "ill": "no"},), []),
        (({"g": "a", "ill": "no"}, {"g": "a", "ill": "maybe"}), [1, 2, 3, 4, 5, 6]),
        (({"g": "a", "ill": "no"}, {"g": "b", "ill": "maybe"}), []),
        (({"ill": "no"}, {"ill": "maybe"}), []),
        (({"g": "a", "ill": "no"}, {"g": "a", "sex": "f"}), []),
        (
            tuple({"g": g, "sex": "f", "ill": ill} for g in ("b", "a") for ill in ("yes", "maybe")),
            [1, 2, 3, 7, 8, 9],
        ),
    ],
)
def test_a_group_is_in_one_category_where_all_others_are_impossible(
    zeros: tuple[dict[str, str], ...], rows: list[int]
) -> None:
    tabulation, context = tabulated(zeros)
    category = next(d for d in tabulation.dimensions if d.column == "ill")
    assert forced_rows(tabulation, category, context) == rows
