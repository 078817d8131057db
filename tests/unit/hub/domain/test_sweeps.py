"""Facts about grids of parameters."""

from __future__ import annotations

from typing import Any

import pytest

from hub.domain.errors import InvalidError
from hub.domain.notebooks import Parameter, ParameterType
from hub.domain.sweeps import MOST_POINTS, points

SCHEMA = (
    Parameter("year", ParameterType.INTEGER, 1980, 1980, 1987),
    Parameter("by", ParameterType.CHOICE, "educ", choices=("educ", "union")),
    Parameter("share", ParameterType.NUMBER, 0.5, 0, 1),
)


def test_every_point_of_the_grid_is_there_once_with_the_values_that_stay() -> None:
    found = points(SCHEMA, {"year": (1980, 1981), "by": ("educ", "union")}, {"share": 0.25})
    assert [(p["year"], p["by"]) for p in found] == [(1980, "educ"), (1980, "union"), (1981, "educ"), (1981, "union")]
    assert {p["share"] for p in found} == {0.25}


@pytest.mark.parametrize(
    ("grid", "fixed", "reason"),
    [
        ({"year": (1980,)}, {}, "sweep-size"),
        ({"year": ()}, {}, "sweep-size"),
        ({}, {}, "sweep-size"),
        ({"share": tuple(n / 1000 for n in range(MOST_POINTS + 1))}, {}, "sweep-size"),
        ({"year": tuple(range(10**3)), "share": tuple(range(10**6))}, {}, "sweep-size"),
        ({"year": (1980, 1981)}, {"year": 1982}, "parameter-twice"),
        ({"year": (1980, 1980)}, {}, "sweep-twice"),
        ({"share": (0, 0.0)}, {}, "sweep-twice"),
        ({"year": (1980, 1988)}, {}, "parameter-value"),
        ({"year": (1980, "1981")}, {}, "parameter-value"),
        ({"by": ("educ", "__import__('os')")}, {}, "parameter-value"),
        ({"by; import os": ("educ", "union")}, {}, "parameter-unknown"),
        ({"year": (1980, 1981)}, {"more": 1}, "parameter-unknown"),
    ],
)
def test_what_is_no_grid_of_the_schema_is_refused(
    grid: dict[str, tuple[Any, ...]], fixed: dict[str, object], reason: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        points(SCHEMA, grid, fixed)
    assert refused.value.reason == reason


def test_the_largest_sweep_is_let_through() -> None:
    assert len(points(SCHEMA, {"share": tuple(n / 1000 for n in range(MOST_POINTS))}, {})) == MOST_POINTS
