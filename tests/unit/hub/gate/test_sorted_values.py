"""Facts about places among sorted values: each value's own, and none for what is not there."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gate.sorted_values import are_among, places_among


@given(st.lists(st.none() | st.integers(0, 9)), st.sets(st.integers(0, 9)))
def test_a_value_has_the_place_that_it_has_in_the_list(values: list[int | None], known: set[int]) -> None:
    ordered = sorted(known)
    expected = [ordered.index(value) if value in known else None for value in values]
    asked, there = pl.Series(values, dtype=pl.Int64), pl.Series(ordered, dtype=pl.Int64)
    assert places_among(asked, there).to_list() == expected
    assert are_among(asked, there).to_list() == [value in known for value in values]


@pytest.mark.parametrize("known", [[], [3], [1, 3, 5]])
def test_places_are_numbers_of_rows_whatever_is_known(known: list[int]) -> None:
    assert places_among(pl.Series([3, 4]), pl.Series(known, dtype=pl.Int64)).dtype == pl.UInt32
