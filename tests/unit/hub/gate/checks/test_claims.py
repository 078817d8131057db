"""Facts about claims: a check claims what it judges and nothing else, so that an unknown part of a file blocks."""

from __future__ import annotations

from typing import Any

import pytest

from hub.domain.table_context import TableContext
from hub.gate.checks.catalogue import CHECKS
from hub.gate.context import Context
from hub.gate.fragments import (
    BlobFragment,
    Fragment,
    ImageFragment,
    RefusalFragment,
    TableFragment,
    TextFragment,
    ValueFragment,
)
from hub.gate.kinds import Kind
from hub.gate.refusals import RefusalReason

TABLE = TableFragment(columns=("area", "n"), data=(("a", "b"), ("40", "50")))
BLOB = BlobFragment(media="widget state")
CLAIMED: dict[str, tuple[Fragment, Kind, set[str]]] = {
    "table": (TABLE, Kind.CSV, {"minimum-frequency", "dominance", "recompute"}),
    "text": (TextFragment(text="a few words"), Kind.TEXT, {"free-text"}),
    "value": (ValueFragment(value={"n": 40}), Kind.JSON, {"values"}),
    "picture": (ImageFragment(width=1, height=1, pixels="eJxjYGBgAAAABAAB"), Kind.PNG, {"picture"}),
    "left behind": (BLOB, Kind.NOTEBOOK, {"left-behind"}),
    "unknown to all": (BLOB, Kind.CSV, set()),
    "refusal": (RefusalFragment(reason=RefusalReason.EMPTY), Kind.UNKNOWN, {"reader"}),
}
CLAIMING = {
    "differencing",
    "dominance",
    "encoded-payload",
    "free-text",
    "left-behind",
    "minimum-frequency",
    "model",
    "picture",
    "reader",
    "recompute",
    "values",
}


@pytest.mark.parametrize("with_data", [True, False])
@pytest.mark.parametrize("name", CLAIMED)
def test_a_fragment_is_claimed_by_the_checks_that_judge_its_kind_alone(gate: Any, name: str, with_data: bool) -> None:
    fragment, kind, expected = CLAIMED[name]
    context = Context("t", kind, TableContext(), gate.policy, gate.datasets if with_data else ())
    claiming = {check.identifier for check in CHECKS if check.claims and check.run(fragment, context) is not None}
    assert claiming == expected


def test_the_checks_that_judge_a_whole_kind_of_fragment_are_these() -> None:
    """Others only add to what these say, so that what none of these speaks of blocks."""
    assert {check.identifier for check in CHECKS if check.claims} == CLAIMING
    assert [check.identifier for check in CHECKS if not check.alone] == ["differencing"]
