"""Facts about notebooks: every source and every output is seen, and what does not leave is said."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gate.fragments import BlobFragment, ImageFragment, TableFragment, TextFragment
from hub.gate.readers.notebook import read_notebook
from hub.gate.refusals import ReadRefusedError, RefusalReason

TABLE = """<div><style>td {}</style><table border="1"><thead>
<tr><th></th><th>n</th></tr><tr><th>region</th><th></th></tr></thead>
<tbody><tr><th>Est</th><td>12</td></tr><tr><th>Sud</th><td>30</td></tr></tbody></table><p>2 rows</p></div>"""


def refusal(content: bytes) -> RefusalReason:
    with pytest.raises(ReadRefusedError) as refused:
        read_notebook(content)
    return refused.value.reason


def document(**changes: Any) -> bytes:
    cell = {"cell_type": "code", "metadata": {}, "source": "1", "outputs": [], "execution_count": None}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]} | changes).encode()


def test_sources_and_outputs_become_fragments_with_their_places(make: Any) -> None:
    stream = {"output_type": "stream", "name": "stderr", "text": ["a\n", "b"]}
    read = read_notebook(make.notebook(("x = 1", [stream]), ("y", [make.shown(plain="3")])))
    assert [(f.place, f.text) for f in read if isinstance(f, TextFragment)] == [
        ("#cells[0].source", "x = 1"),
        ("#cells[0].outputs[0].stderr", "a\nb"),
        ("#cells[1].source", "y"),
        ("#cells[1].outputs[0].text/plain", "3"),
    ]


def test_html_tables_become_tables_and_the_page_stays_behind(make: Any) -> None:
    read = read_notebook(make.notebook(("df", [make.shown(html=TABLE)])))
    (table,) = [f for f in read if isinstance(f, TableFragment)]
    assert table.columns == ("region", "n")
    assert table.data == (("Est", "Sud"), ("12", "30"))
    assert [f.media for f in read if isinstance(f, BlobFragment)] == ["text/html"]


def test_pictures_become_pixels(make: Any) -> None:
    picture = base64.b64encode(make.png(3, 2)).decode()
    read = read_notebook(make.notebook(("plot", [make.shown(png=picture[:20] + "\n" + picture[20:] + "\n")])))
    (image,) = [f for f in read if isinstance(f, ImageFragment)]
    assert (image.width, image.height) == (3, 2)


def test_errors_are_read_as_text() -> None:
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["line 1", "line 2"]}
    cell = {"cell_type": "code", "metadata": {}, "source": "1", "outputs": [error], "execution_count": 1}
    texts = [f.text for f in read_notebook(document(cells=[cell])) if isinstance(f, TextFragment)]
    assert texts == ["1", "line 1\nline 2"]


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (document(metadata={"widgets": {"x": 1}}), "widget state"),
        (document(metadata={"papermill": {}}), "notebook metadata"),
        (
            document(cells=[{"cell_type": "markdown", "metadata": {}, "source": "", "attachments": {"a": 1}}]),
            "attachment",
        ),
        (document(cells=[{"cell_type": "markdown", "metadata": {"tags": ["x"]}, "source": ""}]), "cell metadata"),
        (document(cells=[{"cell_type": "raw", "metadata": {}, "source": "", "hidden": 1}]), "unknown key"),
    ],
)
def test_what_does_not_leave_is_said(content: bytes, media: str) -> None:
    assert media in [f.media for f in read_notebook(content) if isinstance(f, BlobFragment)]


def test_what_does_not_leave_is_said_once() -> None:
    cells = [{"cell_type": "markdown", "metadata": {"x": n}, "source": ""} for n in range(5)]
    blobs = [f.place for f in read_notebook(document(cells=cells)) if isinstance(f, BlobFragment)]
    assert blobs == ["#cells[0].metadata"]


@pytest.mark.parametrize(
    "media", ["application/json", "application/javascript", "text/latex", "image/svg+xml", "a b\nc", "x" * 300]
)
def test_unknown_representations_stay_behind(make: Any, media: str) -> None:
    read = read_notebook(make.notebook(("x", [make.shown(**{media: {"secret": 1}})])))
    assert len([f for f in read if isinstance(f, BlobFragment)]) == 1
    assert all("secret" not in f.model_dump_json() for f in read)


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        document(nbformat=3),
        document(cells={}),
        document(cells=[1]),
        document(cells=[{"cell_type": "code", "source": 1}]),
        document(cells=[{"cell_type": "strange", "source": ""}]),
        document(cells=[{"cell_type": "code", "source": "", "outputs": [{"output_type": "pyout"}]}]),
        document(cells=[{"cell_type": "code", "source": ["a", 1]}]),
        document(worksheets=[]),
        document(metadata=[]),
    ],
)
def test_what_is_no_notebook_is_refused(content: bytes) -> None:
    assert refusal(content) is RefusalReason.NOT_A_NOTEBOOK


@pytest.mark.parametrize("data", ["!!!", "AAAA", ""])
def test_a_picture_that_is_none_refuses_the_notebook(make: Any, data: str) -> None:
    assert refusal(make.notebook(("x", [make.shown(png=data)]))) is RefusalReason.BROKEN_PNG


@given(
    st.lists(
        st.sampled_from(
            ["<table>", "<tr>", "<td rowspan=3>", "<th colspan=9>", "x", "</td>", "</table>", "<thead>", "<td"]
        ),
        max_size=25,
    )
)
def test_any_html_is_read_or_refused(parts: list[str]) -> None:
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": "".join(parts)}}
    cell = {"cell_type": "code", "metadata": {}, "source": "", "outputs": [output], "execution_count": None}
    try:
        read = read_notebook(document(cells=[cell]))
    except ReadRefusedError:
        return
    for table in (f for f in read if isinstance(f, TableFragment)):
        assert len(table.columns) == len(table.data)


def test_spans_without_end_are_bounded(make: Any) -> None:
    bomb = "<table><tr>" + "<td colspan=99999>x</td>" * 50 + "</tr></table>"
    assert refusal(make.notebook(("x", [make.shown(html=bomb)]))) is RefusalReason.TOO_MANY_CELLS


def test_a_cell_that_spans_rows_stands_in_each_of_them(make: Any) -> None:
    page = "<table><tr><th>a</th><th>b</th></tr><tr><td rowspan=2>x</td><td>1</td></tr><tr><td>2</td></tr></table>"
    read = read_notebook(make.notebook(("x", [make.shown(html=page)])))
    (table,) = [f for f in read if isinstance(f, TableFragment)]
    assert table.data == (("x", "x"), ("1", "2"))
