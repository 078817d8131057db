"""What inspection lets through, and what it refuses."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.exchange import LONGEST_CELL, MOST_CELLS
from hub.sandbox.inspect_notebook import inspect, inspection
from hub.sandbox.program import SandboxError


def cell(source: str, *tags: str, kind: str = "code", **more: object) -> dict[str, Any]:
    body: dict[str, Any] = {"cell_type": kind, "id": "a", "metadata": {"tags": list(tags)}, "source": source, **more}
    return body | {"outputs": [], "execution_count": None} if kind == "code" else body


def notebook(*cells: dict[str, Any], **changes: object) -> bytes:
    numbered = [c | {"id": f"c{i}"} for i, c in enumerate(cells)]
    body = {"cells": numbered, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(body | changes).encode()


def refusal(body: bytes) -> SandboxExit:
    with pytest.raises(SandboxError) as caught:
        inspection(body)
    return caught.value.code


def test_cells_are_carried_with_type_and_source() -> None:
    result = inspection(notebook(cell("# Title", kind="markdown"), cell("x = 1\nx")))
    assert [(c.type, c.source) for c in result.cells] == [("markdown", "# Title"), ("code", "x = 1\nx")]
    assert result.parameters == ()


def test_outputs_are_not_carried() -> None:
    secret = {"output_type": "stream", "name": "stdout", "text": ["secret"]}
    body = notebook(cell("print(1)") | {"outputs": [secret]})
    assert b"secret" in body
    assert "secret" not in inspection(body).model_dump_json()


def test_source_in_lines_is_joined_and_line_ends_are_plain() -> None:
    body = notebook(cell("") | {"source": ["a = 1\r\n", "b = 2"]})
    assert inspection(body).cells[0].source == "a = 1\nb = 2"


def test_parameters_are_drafted_with_their_types() -> None:
    source = '# what\nby = "educ"  # column\nminimum: int = 11\nrate: float = 1\nshare = -0.5\nflag = True\n'
    drafted = inspection(notebook(cell(source, "parameters"))).schema_values()
    assert [(p.name, p.type, p.default, p.choices) for p in drafted] == [
        ("by", "choice", "educ", ("educ",)),
        ("minimum", "integer", 11, ()),
        ("rate", "number", 1.0, ()),
        ("share", "number", -0.5, ()),
        ("flag", "boolean", True, ()),
    ]


def test_text_with_an_equals_sign_is_drafted_though_papermill_passes_over_it() -> None:
    drafted = inspection(notebook(cell('rule = "a=b"', "parameters"))).schema_values()
    assert drafted[0].choices == ("a=b",)


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "x = os.getcwd()",
        "x = [1]",
        "x = None",
        "x, y = 1, 2",
        "x = y = 1",
        "x += 1",
        "x = 1\nx = 2",
        "x = 1e999",
        "x = 10 ** 9",
        "x = 9999999999999999",
        f"x = {'9' * 5000}",
        "x: int = 1.5",
        "x: int",
        "x: object = 1",
        "X = 1",
        "é = 1",
        "_x = 1",
        "lambda = 1",
        "a.b = 1",
        "a[0] = 1",
        'x = f"{1}"',
        f'x = "{"a" * 201}"',
        "x = b'1'",
        "%time x = 1",
        "'only a text'",
        "x = " + "(" * 500 + "1" + ")" * 500,
    ],
)
def test_parameters_cell_holds_plain_assignments_alone(source: str) -> None:
    assert refusal(notebook(cell(source, "parameters"))) is SandboxExit.NO_PARAMETERS_CELL


def test_second_parameters_cell_is_refused() -> None:
    body = notebook(cell("x = 1", "parameters"), cell("y = 1", "parameters"))
    assert refusal(body) is SandboxExit.NO_PARAMETERS_CELL


def test_parameters_cell_that_is_no_code_is_refused() -> None:
    assert refusal(notebook(cell("x = 1", "parameters", kind="markdown"))) is SandboxExit.NO_PARAMETERS_CELL


@pytest.mark.parametrize(
    "tag", ["injected-parameters", "papermill-error-cell-tag", "skip-execution", "raises-exception"]
)
def test_tags_that_would_change_what_runs_are_refused(tag: str) -> None:
    assert refusal(notebook(cell("1", "harmless", tag))) is SandboxExit.REFUSED_TAG


def test_attachments_are_refused() -> None:
    body = notebook(cell("![x](attachment:a.png)", kind="markdown", attachments={"a.png": {"image/png": "AAAA"}}))
    assert refusal(body) is SandboxExit.ATTACHMENT


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"PK\x03\x04",
        b"\xff\xfe{}",
        b"[" * 100_000,
        notebook(nbformat=3),
        notebook(nbformat="4"),
        notebook(cells={}),
        notebook(cells=[1]),
        notebook(cell("1") | {"cell_type": "widget"}),
        notebook(cell("1") | {"source": 1}),
        notebook(cell("1") | {"metadata": {"tags": "parameters"}}),
        notebook(metadata={"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}),
        notebook(metadata={"language_info": {"name": "julia"}}),
        notebook(metadata={"x": float("nan")}),
        notebook(cell("print(1)\u202e# hidden")),
        notebook(cell("x = '\x1b[2K'")),
        notebook(cell("x = '\x00'")),
        notebook(cell("1")).replace(b'"source": "1"', b'"source": "\\ud800"'),
        notebook(cell("1")).replace(b'"source": "1"', b'"source": "1", "source": "2"'),
    ],
)
def test_what_is_no_python_notebook_is_refused(body: bytes) -> None:
    assert refusal(body) is SandboxExit.NOT_A_NOTEBOOK


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["name", "tags", "language", "id", "x"]), inner),
    max_leaves=8,
)


@given(st.sampled_from(["cells", "metadata", "nbformat", "cell_type", "source", "outputs", "tags", "kernelspec"]), JSON)
def test_any_value_at_any_place_is_read_or_refused(key: str, value: object) -> None:
    content = cell("x = 1", "parameters")
    content |= {"metadata": {"tags": value}} if key == "tags" else {key: value} if key in content else {}
    changes: dict[str, object] = {"metadata": {key: value}} if key == "kernelspec" else {}
    changes |= {key: value} if key in ("cells", "metadata", "nbformat") else {}
    with contextlib.suppress(SandboxError):  # Any other error fails the test.
        inspection(notebook(content, **changes))


def test_too_many_or_too_long_cells_are_refused() -> None:
    assert refusal(notebook(*[cell("1")] * (MOST_CELLS + 1))) is SandboxExit.TOO_LARGE
    assert refusal(notebook(cell("#" * (LONGEST_CELL + 1)))) is SandboxExit.TOO_LARGE


def test_canonical_digest_is_of_what_runs_and_of_nothing_else() -> None:
    plain = inspection(notebook(cell("x = 1"))).canonical
    same = notebook(cell("x = 1", outputs=[]) | {"execution_count": 3}, metadata={"widgets": {"a": 1}})
    assert inspection(same).canonical == plain
    assert inspection(notebook(cell("x = 1\r"))).canonical != plain
    assert inspection(notebook(cell("x = 1", kind="raw"))).canonical != plain
    assert inspection(notebook(cell("x = 1", "parameters"))).canonical != plain


def test_older_notebooks_without_cell_identifiers_are_read() -> None:
    old = {k: v for k, v in cell("x = 1").items() if k != "id"}
    body = json.dumps({"cells": [old], "metadata": {}, "nbformat": 4, "nbformat_minor": 2}).encode()
    assert inspection(body).canonical == inspection(notebook(cell("x = 1"))).canonical


def test_result_is_written_whole(tmp_path: Any) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "notebook.ipynb").write_bytes(notebook(cell("x = 1")))
    assert inspect(tmp_path) is SandboxExit.OK
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["result.json"]
