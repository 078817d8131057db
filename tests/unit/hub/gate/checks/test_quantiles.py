"""Facts about names of quantiles: which one a header names, and that a word that only begins so names none."""

from __future__ import annotations

import pytest

from hub.gate.checks.quantiles import quantile_of


@pytest.mark.parametrize(
    ("title", "quantile"),
    [
        *((name, 0.5) for name in ("median", "Median income", "income_median", "revenu médiane", "mediane_2020")),
        *((name, None) for name in ("medianity", "median2", "mediator", "p", "p100", "0%", "quantile")),
        *(("p90", 0.9), ("income_p05", 0.05), ("q3", 0.75), ("d9", 0.9), ("25 %", 0.25), ("quantile_0.1", 0.1)),
    ],
)
def test_a_header_names_a_quantile(title: str, quantile: float | None) -> None:
    assert quantile_of(title) == (None if quantile is None else pytest.approx(quantile))
