"""Facts about pictures: each comes with the table that it was drawn from, by its name."""

from __future__ import annotations

from typing import Any

import pytest

from hub.domain.exports import Severity
from hub.domain.table_context import TableContext
from hub.gate.checks.figure_table import FIGURE_TABLE
from hub.gate.context import Context
from hub.gate.kinds import Kind


def told(gate: Any, *files: tuple[str, Kind]) -> list[list[str]]:
    contexts = [Context(path, kind, TableContext(), gate.policy, ()) for path, kind in files]
    found = FIGURE_TABLE.run(contexts)
    assert {f.severity for each in found for f in each} <= {Severity.REVIEW}
    assert {f.check for each in found for f in each} <= {"figure-table"}
    return [[f.place for f in each] for each in found]


@pytest.mark.parametrize(("picture", "kind"), [("f.png", Kind.PNG), ("f.jpg", Kind.JPEG)])
def test_a_picture_alone_is_read(gate: Any, picture: str, kind: Kind) -> None:
    assert told(gate, (picture, kind)) == [[picture]]
    assert told(gate, (picture, kind), ("other.csv", Kind.CSV)) == [[picture], []]


@pytest.mark.parametrize(
    ("table", "kind"),
    [("f.csv", Kind.CSV), ("F.CSV", Kind.CSV), ("f.parquet", Kind.PARQUET), ("f.xlsx!Sheet 1", Kind.XLSX)],
)
def test_a_table_of_its_name_is_enough(gate: Any, table: str, kind: Kind) -> None:
    assert told(gate, ("f.png", Kind.PNG), (table, kind)) == [[], []]


def test_a_table_of_its_name_elsewhere_or_a_text_is_not(gate: Any) -> None:
    assert told(gate, ("a/f.png", Kind.PNG), ("b/f.csv", Kind.CSV)) == [["a/f.png"], []]
    assert told(gate, ("f.png", Kind.PNG), ("f.txt", Kind.TEXT)) == [["f.png"], []]


def test_other_kinds_need_no_table(gate: Any) -> None:
    assert told(gate, ("f.txt", Kind.TEXT), ("f.ipynb", Kind.NOTEBOOK)) == [[], []]
