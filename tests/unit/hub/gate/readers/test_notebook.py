"""Facts about notebooks: every source and every output is seen, and what does not leave is said."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gate.fragments import BlobFragment, FileFragments, ImageFragment, TableFragment, TextFragment
from hub.gate.readers.files import read_file
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


LEFT_BEHIND = [
    "application/vnd.vegalite.v5+json",
    "application/vnd.plotly.v1+json",
    "application/vnd.jupyter.widget-view+json",
    "application/vnd.dataresource+json",
    "application/pdf",
    "image/svg+xml",
    "image/jpeg",
    "text/latex",
    "text/csv",
    "application/javascript",
]


@pytest.mark.parametrize("media", LEFT_BEHIND)
def test_each_other_representation_is_left_behind_and_said(gate: Any, make: Any, data: Any, media: str) -> None:
    rows = data.head(3).to_dicts()
    judged = gate.judge("n.ipynb", make.notebook(("chart", [make.shown(plain="a chart", **{media: {"values": rows}})])))
    assert [f.sentence.split(": ")[1] for f in judged.findings if f.check == "left-behind"] == [
        f"{media}. Nothing is to be done."
    ]
    assert str(rows[0]["income"]).encode() not in judged.canonical.content


def test_nothing_that_was_not_read_leaves(gate: Any, make: Any, data: Any) -> None:
    """A mark stands in every key of a notebook that the reader does not turn into a fragment."""
    mark = data["social"][3]
    output = {
        "output_type": "display_data",
        "metadata": {"needs_background": mark},
        "data": {"text/plain": "done"},
        "transient": {mark: mark},
    }
    cell = {
        "cell_type": "code",
        "id": mark,
        "metadata": {"tags": [mark], "papermill": {"parameters": mark}, mark: 1},
        "source": "table",
        "execution_count": int(mark[:9]),
        "outputs": [output],
        "attachments": {"a.png": {"image/png": mark}},
    }
    metadata = {
        "kernelspec": {"name": mark, "display_name": mark},
        "language_info": {"name": mark, "version": mark},
        "papermill": {"parameters": {"person": mark}, "input_path": mark},
        "jupytext": {"text_representation": mark},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": mark}},
        "title": mark,
    }
    judged = gate.judge("n.ipynb", document(metadata=metadata, cells=[cell]))
    said = {f.sentence for f in judged.findings if f.check == "left-behind"}
    assert judged.verdict == "fixed"
    assert mark[:9].encode() not in judged.canonical.content
    assert {sentence.split(": ")[1].split(".")[0] for sentence in said} == {
        "widget state",
        "notebook metadata",
        "cell metadata",
        "attachment",
        "output metadata",
    }


def test_what_head_shows_is_found_in_text_and_in_html(gate: Any, make: Any, data: Any) -> None:
    frame = data.select("region", "sex", "year", "income", "visits").to_pandas().head()
    for shown in (make.shown(plain=repr(frame)), make.shown(html=frame._repr_html_())):
        assert "row-leak" in make.checks(gate.judge("n.ipynb", make.notebook(("df.head()", [shown]))))


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_rows_in_any_cell_are_found(gate: Any, make: Any, data: Any, kind: str) -> None:
    text = data.select("region", "sex", "year", "income", "visits").head(5).write_csv()
    cell = {"cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True)}
    assert "row-leak" in make.checks(gate.judge("n.ipynb", document(cells=[cell])))


def test_a_message_of_an_error_is_found_in_both_streams(gate: Any, make: Any) -> None:
    said = "ValueError: could not convert string to float: 'Dupont'\n"
    for name in ("stdout", "stderr"):
        stream = {"output_type": "stream", "name": name, "text": [said]}
        assert "tracebacks" in make.checks(gate.judge("n.ipynb", make.notebook(("x", [stream]))))
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no: 'Dupont'", "traceback": []}
    assert "tracebacks" in make.checks(gate.judge("n.ipynb", make.notebook(("x", [error]))))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
OUTPUTS = st.fixed_dictionaries(
    {"output_type": st.sampled_from(["stream", "error", "display_data", "execute_result", "x"])},
    optional={
        "name": JSON,
        "text": st.lists(st.text(max_size=9), max_size=3) | JSON,
        "data": st.dictionaries(st.sampled_from(["text/plain", "text/html", "image/png", "x/y"]), JSON, max_size=3),
        "metadata": JSON,
        "traceback": JSON,
        "evalue": JSON,
    },
)
CELLS = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw", "x"]), "source": st.text(max_size=30) | JSON},
    optional={"outputs": st.lists(OUTPUTS, max_size=3) | JSON, "metadata": JSON, "attachments": JSON, "id": JSON},
)


@given(st.lists(CELLS, max_size=4), JSON)
def test_any_notebook_is_read_or_refused(cells: list[dict[str, Any]], metadata: Any) -> None:
    read = read_file(1, "n.ipynb", document(cells=cells, metadata=metadata))
    assert FileFragments.model_validate_json(read.model_dump_json()) == read


def test_what_an_output_holds_beside_its_representations_is_said_at_its_place(make: Any) -> None:
    output = make.shown(plain="x") | {"metadata": {"isolated": True}}
    blobs = [part for part in read_notebook(make.notebook(("a", [output]))) if isinstance(part, BlobFragment)]
    assert [(part.place, part.media) for part in blobs] == [("#cells[0].outputs[0]", "output metadata")]


def _streams(make: Any, *outputs: dict[str, Any]) -> list[tuple[str, str]]:
    read = read_notebook(make.notebook(("x", list(outputs))))
    return [(f.place, f.text) for f in read if isinstance(f, TextFragment) and f.slot and f.slot.output is not None]


def _piece(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def test_pieces_of_one_stream_are_one_text(make: Any) -> None:
    assert _streams(make, _piece("12 "), _piece("3"), _piece("4\n", "stderr"), _piece("5")) == [
        ("#cells[0].outputs[0].stdout", "12 3"),
        ("#cells[0].outputs[2].stderr", "4\n"),
        ("#cells[0].outputs[3].stdout", "5"),
    ]


@pytest.mark.parametrize(
    "between",
    [
        {"output_type": "display_data", "metadata": {}, "data": {"text/latex": "x"}},
        {"output_type": "display_data", "metadata": {}, "data": {"text/plain": " \u200b\n"}},
    ],
)
def test_what_does_not_leave_parts_no_stream(make: Any, between: dict[str, Any]) -> None:
    assert _streams(make, _piece("12"), between, _piece("3"))[0] == ("#cells[0].outputs[0].stdout", "123")


def test_what_leaves_parts_a_stream(make: Any) -> None:
    assert [text for _, text in _streams(make, _piece("1"), make.shown(plain="2"), _piece("3"))] == ["1", "2", "3"]


def test_an_error_is_an_output_of_its_own(make: Any) -> None:
    error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["12 x"]}
    assert _streams(make, _piece("age 45", "stderr"), error, _piece("7", "stderr")) == [
        ("#cells[0].outputs[0].stderr", "age 45"),
        ("#cells[0].outputs[1].error", "12 x"),
        ("#cells[0].outputs[2].stderr", "7"),
    ]


def test_an_error_leaves_as_an_output_that_runs_on_from_no_stream(gate: Any, make: Any) -> None:
    error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["12 x"]}
    judged = gate.judge("n.ipynb", make.notebook(("x", [_piece("age 45", "stderr"), error])))
    (cell,) = json.loads(judged.canonical.content)["cells"]
    assert [output["output_type"] for output in cell["outputs"]] == ["stream", "display_data"]
    assert cell["outputs"][1]["data"] == {"text/plain": "12 x"}


def test_outputs_of_a_cell_are_bounded_before_they_are_joined(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.gate.readers.notebook.MOST_FRAGMENTS", 3)
    assert _streams(make, *[_piece("1")] * 3) == [("#cells[0].outputs[0].stdout", "111")]
    assert refusal(make.notebook(("x", [_piece("1")] * 4))) is RefusalReason.TOO_MANY_PARTS


def test_many_pieces_are_put_together_in_one_go(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece is copied once, and not with every piece that follows."""
    copied: list[int] = []
    plain = TextFragment.model_copy

    def counted(part: TextFragment, **changes: Any) -> TextFragment:
        copied.append(len(changes["update"]["text"]))
        return plain(part, **changes)

    monkeypatch.setattr(TextFragment, "model_copy", counted)
    ((_, text),) = _streams(make, *[_piece("12 ")] * 1_000)
    assert (text, copied) == ("12 " * 1_000, [3_000])


def test_streams_of_two_cells_stay_two(make: Any) -> None:
    read = read_notebook(make.notebook(("x", [_piece("1")]), ("y", [_piece("2")])))
    assert [f.text for f in read if isinstance(f, TextFragment)] == ["x", "1", "y", "2"]


@pytest.mark.parametrize(
    "media", ["text/p00012-31245.18", "application/vnd.oak.v31245+json", "Text/HTML", "text/plain "]
)
def test_a_name_of_a_representation_that_no_program_writes_is_not_told(make: Any, media: str) -> None:
    (blob,) = [
        f for f in read_notebook(make.notebook(("x", [make.shown(**{media: "y"})]))) if isinstance(f, BlobFragment)
    ]
    assert (blob.place, blob.media) == ("#cells[0].outputs[0].unknown", "unknown media type")
