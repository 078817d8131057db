"""Facts about filters: those that choose units are read by a steward."""

from __future__ import annotations

from typing import Any

import pytest

from hub.domain.exports import TableContext

TABLE = "sex,n\nf,250\nm,250\n"


def told(gate: Any, filtered: str) -> bool:
    judged = gate.judge("t.csv", TABLE, TableContext(dataset="survey", dimensions=("sex",), filter=filtered))
    return "filter" in {f.check for f in judged.findings}


@pytest.mark.parametrize(
    "filtered",
    [
        "person = 'P00001'",
        "not person = 'P00001'",
        "year = 2020 and Person between 'P0' and 'P5'",
        "full_name in ('Acacia Acacia Alix')",
        "\"social\" > '1'",
    ],
)
def test_a_filter_on_units_is_read(gate: Any, filtered: str) -> None:
    assert told(gate, filtered)


@pytest.mark.parametrize("filtered", ["", "year = 2020", "person is not null", "not person is null", "person >"])
def test_other_filters_are_not(gate: Any, filtered: str) -> None:
    assert not told(gate, filtered)
