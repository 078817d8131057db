"""Facts about attacks on membership: exact on small lists, one half by chance, and one half for ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gate.checks.membership import _figures
from hub.gate.membership import Membership, attacked

losses = st.lists(st.integers(0, 6), min_size=1, max_size=12).map(lambda v: np.array(v, dtype=float))


@given(losses, losses)
def test_the_area_is_the_share_of_pairs_that_are_in_order(used: np.ndarray, others: np.ndarray) -> None:
    pairs = [1.0 if u < o else 0.5 if u == o else 0.0 for u in used for o in others]
    assert np.isclose(attacked(used, others).area, np.mean(pairs))


def test_chance_is_not_sure() -> None:
    draw = np.random.default_rng(1)
    found = attacked(draw.random(2000), draw.random(2000))
    assert not found.is_sure
    assert found.hits is not None
    assert found.hits < 0.01


@pytest.mark.parametrize(("area", "is_sure"), [(0.74, False), (0.75, False), (0.76, True)])
def test_two_deviations_above_one_half_are_sure(area: float, is_sure: bool) -> None:
    assert Membership(area, 0.125, None).is_sure is is_sure


def test_what_an_area_has_by_chance_is_that_of_ranks() -> None:
    """Mann and Whitney: the square root of (m + n + 1) / 12mn."""
    assert attacked(np.zeros(3), np.ones(2)).spread == pytest.approx((6 / 72) ** 0.5)


def test_errors_of_nothing_are_found() -> None:
    found = attacked(np.zeros(500), np.ones(2000))
    assert (found.area, found.hits, found.is_sure) == (1.0, 1.0, True)


def test_few_others_say_nothing_of_one_in_a_thousand() -> None:
    assert attacked(np.zeros(500), np.ones(999)).hits is None


@given(st.integers(1000, 4000), st.integers(0, 2**20))
def test_no_more_than_one_other_in_a_thousand_is_taken_for_a_hit(count: int, seed: int) -> None:
    others = np.random.default_rng(seed).integers(0, 50, count).astype(float)
    found = attacked(others, others)
    assert found.hits is not None
    assert found.hits <= 0.001


def test_figures_are_told_as_parts_and_percents() -> None:
    assert _figures(Membership(0.5, 0.01, 0.25)).endswith("true positives at 0.1 % false positives: 25.00 %.")
    assert "too few other records" in _figures(Membership(0.5, 0.01, None))
