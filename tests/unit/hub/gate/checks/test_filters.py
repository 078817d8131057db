"""Facts about filters: those that choose units are read by a steward."""

from __future__ import annotations

from typing import Any

import pytest

from hub.domain.exports import Severity
from hub.domain.table_context import TableContext
from hub.gate.checks.filters import unit_filter
from hub.gate.context import Context
from hub.gate.fragments import TableFragment
from hub.gate.kinds import Kind

TABLE = "sex,n\nf,250\nm,250\n"


def told(gate: Any, filtered: str) -> bool:
    judged = gate.judge("t.csv", TABLE, TableContext(dataset="survey", dimensions=("sex",), filter=filtered))
    found = [(f.severity, f.place) for f in judged.findings if f.check == "filter"]
    assert found in ([], [(Severity.REVIEW, "t.csv, the whole table")])
    return bool(found)


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


@pytest.mark.parametrize("nested", [True, False])
def test_a_declaration_speaks_of_no_table_that_stands_in_something_else(gate: Any, nested: bool) -> None:
    told = TableContext(dataset="survey", dimensions=("sex",), filter="person = 'P00001'")
    part = TableFragment(nested=nested, columns=("sex", "n"), data=(("f", "m"), ("250", "250")))
    context = Context("t.csv", Kind.CSV, told, gate.policy, gate.datasets)
    assert (unit_filter(part, context) is None) is nested
