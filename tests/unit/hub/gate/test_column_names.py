"""Facts about names of columns: what a header says that its numbers are, in English and in French."""

from __future__ import annotations

import polars as pl
import pytest

from hub.gate.column_names import is_area, is_count_name, is_vector_name, percent_scale, plain_name


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("  Fréquence ", "frequence"),
        ("N. obs - total", "n_obs_total"),
        ("Taux%", "taux%"),
        ("ß", "ss"),
        ("№ x", "no_x"),
    ],
)
def test_a_name_is_compared_without_accents_case_and_marks(title: str, name: str) -> None:
    assert plain_name(title) == name


@pytest.mark.parametrize(
    "title",
    ["No", "cell_count", "at risk", "n.risk", "Unités", "number of people", "nb_jours", "x_obs", "y len", "pop"],
)
def test_these_count(title: str) -> None:
    assert is_count_name(title)


@pytest.mark.parametrize("title", ["nobody", "counter", "n_", "_n", "risk", "obsolete", "mean", ""])
def test_these_do_not_count(title: str) -> None:
    assert not is_count_name(title)


@pytest.mark.parametrize(
    ("title", "scale"),
    [
        ("pct", 100.0),
        ("pay_percent_f", 100.0),
        ("% of people", 100.0),
        ("part in %", 100.0),
        ("Pourcentage", 100.0),
        ("share", 1.0),
        ("taux de chômage", 1.0),
        ("female_proportion", 1.0),
        ("percentile", None),
        ("shares", None),
        ("partner", None),
        ("n", None),
    ],
)
def test_percentages_and_fractions_are_told_apart(title: str, scale: float | None) -> None:
    assert percent_scale(title) == scale


@pytest.mark.parametrize(
    "title", ["residuals", "Résidus", "y_hat", "pred.y", "fitted", "cooks_d", "x_leverage", "hatch", "residents"]
)
def test_values_of_a_model_for_each_record_are_known(title: str) -> None:
    assert is_vector_name(title) is (title not in ("pred.y", "hatch", "residents"))


@pytest.mark.parametrize(
    ("title", "cells", "is_one"),
    [
        ("code INSEE", ["75056", "2A004", "2b033", "01001", " 13055 "], True),
        ("iris", ["751010101", "2A0040101"], True),
        ("commands", ["75056", "01001"], False),
        ("postcode", ["SW1A 1AA", "m1 1ae", "EC1A1BB"], True),
        ("zip", ["75056"] * 8 + ["x"] * 2, True),
        ("zip", ["75056"] * 7 + ["x"] * 3, False),
        ("zip", ["75056", "", "  "], True),
        ("zip", ["", ""], False),
        ("zip", ["7505", "750560", "2C001"], False),
        ("income", ["75056", "13055"], False),
        ("comments", ["75056", "13055"], False),
    ],
)
def test_small_areas_are_known_by_name_and_codes(title: str, cells: list[str], is_one: bool) -> None:
    assert is_area(title, pl.Series(cells)) is is_one
