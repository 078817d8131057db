"""Facts about notebooks of a run beside the one that was approved."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.domain.exports import Finding, Severity, TableContext
from hub.gate.engine import check_request
from hub.gate.exchange import ApprovedNotebook
from hub.gate.fix import fix_request
from hub.gate.notebook_source import cell_digest
from hub.gate.readers.files import read_file

CELLS = (("markdown", "# Income by region"), ("code", "rate = 0.5"), ("code", "table = count(rate)\ntable"))
GIVEN = {"rate": 0.25, "region": "Sud", "weighted": True, "base": -5}
INJECTED = ("code", "# Parameters\nrate = 0.25\nregion = 'Sud'\nweighted = True\nbase = -5\n")


def approved(**parameters: Any) -> ApprovedNotebook:
    return ApprovedNotebook(digest="a" * 64, cells=tuple(cell_digest(*c) for c in CELLS), parameters=parameters)


def notebook(cells: Any) -> bytes:
    made = [
        {"cell_type": kind, "metadata": {}, "source": source}
        | ({"outputs": [], "execution_count": 1} if kind == "code" else {})
        for kind, source in cells
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}).encode()


def found(gate: Any, cells: Any, ran: ApprovedNotebook | None, judge: Any = check_request) -> list[Finding]:
    file = read_file(1, "executed.ipynb", notebook(cells))
    (judged,) = judge([(file, TableContext())], gate.policy, (), approved=ran)
    return [f for f in judged.findings if f.check == "provenance"]


@pytest.mark.parametrize("judge", [check_request, fix_request])
def test_the_approved_source_is_said_to_be_that(gate: Any, judge: Any) -> None:
    (note,) = found(gate, CELLS, approved(), judge)
    assert note.severity is Severity.NOTE
    (note,) = found(gate, [*CELLS[:2], INJECTED, CELLS[2]], approved(**GIVEN), judge)
    assert note.severity is Severity.NOTE


@pytest.mark.parametrize(
    ("cells", "place"),
    [
        ([*CELLS[:2], ("code", "table = other(rate)")], "#cells[2]"),
        ([*CELLS, ("code", "print(secret)"), ("markdown", "and so on")], "#cells[3], cells[4]"),
        ([("code", CELLS[0][1]), *CELLS[1:]], "#cells[0]"),
        (CELLS[:2], ""),
        (CELLS[::-1], ""),
        ([*CELLS, CELLS[2]], ""),
        ([*CELLS[:2], ("code", "rate = 0.75"), CELLS[2]], "#cells[2]"),
        ([*CELLS[:2], ("code", INJECTED[1] + "print(1)"), CELLS[2]], "#cells[2]"),
        ([*CELLS[:2], ("code", INJECTED[1].replace("True", "1")), CELLS[2]], "#cells[2]"),
        ([*CELLS[:2], INJECTED, INJECTED, CELLS[2]], "#cells[3]"),
    ],
)
def test_other_source_is_said_to_the_steward(gate: Any, cells: Any, place: str) -> None:
    (said,) = found(gate, cells, approved(**GIVEN))
    assert said.severity is Severity.REVIEW
    assert said.place == f"executed.ipynb{place}"
    assert "secret" not in said.sentence


def test_outputs_of_no_run_are_not_compared(gate: Any) -> None:
    assert found(gate, CELLS, None) == []


def test_what_the_eye_does_not_see_makes_no_difference(gate: Any) -> None:
    (note,) = found(gate, [(kind, source.replace("\n", "  \r\n") + "\n") for kind, source in CELLS], approved())
    assert note.severity is Severity.NOTE
