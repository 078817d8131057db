"""What a file holds is decided by what is found in it: no name and no form makes an output a milder one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hub.domain.output_classes import OutputClass
from hub.domain.table_context import TableContext
from hub.gate.engine import check_file
from hub.gate.readers.files import read_file

TABLE, FIGURE, CODE, MODEL, TEXT, UNKNOWN = OutputClass
WORDS = "The survey covers all people of the region.\n"
LINES = "region,n\nNord,12\nSud,14\nEst,15\n"
MARKDOWN = "| region | n |\n|---|---|\n| Nord | 12 |\n| Sud | 14 |\n"
PRINTED = [{"output_type": "stream", "name": "stdout", "text": "done\n"}]


def notebook(*cells: tuple[str, str], outputs: list[dict[str, Any]] | None = None) -> str:
    made: list[dict[str, Any]] = [{"cell_type": kind, "metadata": {}, "source": source} for kind, source in cells]
    for cell in made:
        if cell["cell_type"] == "code":
            cell |= {"outputs": outputs or [], "execution_count": None}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made})


@pytest.mark.parametrize(
    ("name", "content", "classes"),
    [
        ("t.csv", LINES, (TABLE,)),
        ("t.txt", WORDS, (TEXT,)),
        ("t.md", WORDS, (TEXT,)),
        ("values.json", '{"auc": 0.8}', (UNKNOWN,)),
        ("n.ipynb", notebook(("code", "columns = ['region', 'year']\nprint(columns)")), (CODE,)),
    ],
)
def test_a_file_is_of_the_class_of_what_it_holds(
    gate: Any, name: str, content: str, classes: tuple[OutputClass, ...]
) -> None:
    assert gate.without_data().judge(name, content).classes == classes


@pytest.mark.parametrize(
    ("name", "content", "beside"),
    [
        ("t.txt", LINES, TABLE),
        ("t.md", MARKDOWN, TABLE),
        ("n.ipynb", notebook(("code", "x = 1"), outputs=PRINTED), TEXT),
        ("n.ipynb", notebook(("markdown", WORDS), ("code", "x = 1")), TEXT),
        ("n.ipynb", notebook(("raw", WORDS), ("code", "x = 1")), TEXT),
        ("n.ipynb", notebook(("markdown", MARKDOWN), ("code", "x = 1")), TABLE),
        ("n.ipynb", notebook(("code", "rows = [['Nord', 12], ['Sud', 14], ['Est', 15]]")), TABLE),
    ],
)
def test_what_is_called_text_or_code_is_a_table_where_it_holds_one(
    gate: Any, name: str, content: str, beside: OutputClass
) -> None:
    assert beside in gate.without_data().judge(name, content).classes


def test_a_figure_is_one_also_within_a_notebook(gate: Any, make: Any) -> None:
    assert gate.judge("f.png", make.png()).classes == (FIGURE,)
    picture = base64.b64encode(make.png()).decode()
    shown = make.notebook(("x", [make.shown(png=picture)]))
    assert set(gate.judge("n.ipynb", shown).classes) == {FIGURE, CODE}


def test_what_does_not_leave_has_no_class(gate: Any) -> None:
    assert gate.judge("t.csv", b"").classes == ()


def test_where_it_cannot_be_told_in_time_it_is_unknown(gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    @contextmanager
    def guard() -> Iterator[None]:
        asked.append(1)
        yield

    file = read_file(1, "t.txt", WORDS.encode())
    check_file(file, TableContext(), gate.policy, (), guard)
    last = len(asked)

    @contextmanager
    def late() -> Iterator[None]:
        asked.append(1)
        if len(asked) == 2 * last:
            raise TimeoutError
        yield

    assert check_file(file, TableContext(), gate.policy, (), late).classes == (UNKNOWN,)
