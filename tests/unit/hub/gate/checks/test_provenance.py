"""Facts about notebooks of a run beside the one that was approved."""

from __future__ import annotations

import json
from typing import Any

import pytest
from papermill.translators import PythonTranslator

from hub.domain.exports import Finding, Severity
from hub.domain.table_context import TableContext
from hub.gate.beside import Beside
from hub.gate.engine import check_request
from hub.gate.exchange import ApprovedNotebook
from hub.gate.fix import fix_request
from hub.gate.notebook_source import cell_digest
from hub.gate.readers.files import read_file
from hub.gate.refusals import SENTENCES, RefusalReason

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
    (judged,) = judge([(file, TableContext())], gate.policy, (), beside=Beside(approved=ran))
    return [f for f in judged.findings if f.check == "provenance"]


@pytest.mark.parametrize("judge", [check_request, fix_request])
def test_the_approved_source_is_said_to_be_that(gate: Any, judge: Any) -> None:
    (note,) = found(gate, CELLS, approved(), judge)
    assert (note.severity, note.place) == (Severity.NOTE, "executed.ipynb")
    assert note.rule == "approved notebook aaaaaaaaaaaa"
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
    assert said.rule == "approved notebook aaaaaaaaaaaa"
    assert said.sentence.startswith("These cells are not" if place else "Cells of the approved notebook are missing")


@pytest.mark.parametrize(
    ("more", "last"), [(9, "cells[11]"), (10, "cells[12]"), (11, "cells[12] and 1 more"), (13, "cells[12] and 3 more")]
)
def test_of_many_strange_cells_the_first_ten_are_named(gate: Any, more: int, last: str) -> None:
    (said,) = found(gate, [*CELLS, *(("code", f"print({n})") for n in range(more))], approved())
    assert said.place.startswith("executed.ipynb#cells[3], cells[4], ")
    assert said.place.endswith(f", {last}")


@pytest.mark.parametrize("value", ["count(", "count()", "{[]: 1}", "\0"])
def test_a_cell_that_is_no_plain_assignment_sets_no_parameters(gate: Any, value: str) -> None:
    """Whatever Python's parser says of it, it is a cell like others."""
    (said,) = found(gate, [*CELLS, ("code", f"rate = {value}")], approved(rate=1))
    assert (said.severity, said.place) == (Severity.REVIEW, "executed.ipynb#cells[3]")


@pytest.mark.parametrize("value", ["-" * 100_000 + "1", "-" * 5_000 + "1", "~" * 3_000 + "1"])
def test_a_cell_that_is_too_deep_for_python_to_read_blocks(gate: Any, value: str) -> None:
    file = read_file(1, "executed.ipynb", notebook([*CELLS, ("code", f"rate = {value}")]))
    (judged,) = check_request([(file, TableContext())], gate.policy, (), beside=Beside(approved=approved(rate=1)))
    assert [(f.severity, f.sentence) for f in judged.findings] == [
        (Severity.BLOCK, SENTENCES[RefusalReason.DEEP_SOURCE])
    ]


@pytest.mark.parametrize(
    ("kind", "source", "sets"),
    [
        ("code", "rate = 1", True),
        ("markdown", "rate = 1", False),
        ("code", "rate = 1\nother = 2", False),
        ("code", "# Parameters\nrate = 1\n", True),
        ("code", "rate = 1\nrate.x = 1", False),
        ("code", "rate = 1\nrate['Zephyrine', 904117] = 1", False),
        ("code", "rate = 'Zephyrine'\nrate = 1", False),
        ("code", "rate = rate = 1", False),
        ("code", "rate = rate = 1\nprint(1)", False),
        ("code", "rate, other = 1, 2", False),
        ("code", "# Zephyrine\nrate = 1", False),
        ("code", "# Parameters\nrate = 1  # Zephyrine", False),
        ("code", "", False),
    ],
)
def test_the_cell_that_is_expected_sets_the_parameters_and_nothing_else(
    gate: Any, kind: str, source: str, sets: bool
) -> None:
    (said,) = found(gate, [*CELLS, (kind, source)], approved(rate=1))
    assert said.severity is (Severity.NOTE if sets else Severity.REVIEW)


def test_what_papermill_writes_above_a_run_sets_its_parameters(gate: Any) -> None:
    given = GIVEN | {"said": 'it\'s "é" # and\nso on', "big": 1e300, "none": ""}
    (said,) = found(gate, [("code", PythonTranslator.codify(given)), *CELLS], approved(**given))
    assert said.severity is Severity.NOTE


def test_where_no_parameter_was_given_no_cell_may_be_added(gate: Any) -> None:
    (said,) = found(gate, [("code", ""), *CELLS], approved())
    assert (said.severity, said.place) == (Severity.REVIEW, "executed.ipynb#cells[0]")


def test_outputs_of_no_run_are_not_compared(gate: Any) -> None:
    assert found(gate, CELLS, None) == []


def test_what_the_eye_does_not_see_makes_no_difference(gate: Any) -> None:
    (note,) = found(gate, [(kind, source.replace("\n", "  \r\n") + "\n") for kind, source in CELLS], approved())
    assert note.severity is Severity.NOTE
