"""What the runner accepts before anything is started, and what it says of what it saw; nothing is executed here."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from hub.domain.exports import Severity
from hub.domain.notebooks import Parameter, ParameterType, check_parameters
from hub.domain.sandbox_exit import SENTENCES, SandboxExit
from hub.domain.table_context import TableContext
from hub.gate.beside import Beside
from hub.gate.engine import check_request
from hub.gate.exchange import ApprovedNotebook
from hub.gate.fragments import RefusalFragment
from hub.gate.notebook_source import cell_digest
from hub.gate.readers.files import read_file
from hub.policy.load import load_profile
from hub.sandbox.cells import Watch, check_injected, check_same, executed_notebook
from hub.sandbox.exchange import RunRequest
from hub.sandbox.execute import accepted_parameters
from hub.sandbox.notebook_file import KERNEL, LANGUAGE, canonical_digest, read_notebook
from hub.sandbox.program import SandboxError, judge, read_bounded, read_request, write_atomically
from hub.sandbox.progress import parse_progress, read_progress, write_progress

CHOICE = {"name": "by", "type": "choice", "default": "educ", "choices": ["educ", "it's {by} \"\\\n; import os"]}
NUMBER = {"name": "rate", "type": "number", "default": 0.5, "minimum": 0, "maximum": 1}


def request(**changes: object) -> bytes:
    body = {"digest": "0" * 64, "parameters": {}, "schema": [CHOICE, NUMBER], "cell_seconds": 5}
    return json.dumps(body | changes).encode()


def accepted(body: bytes) -> dict[str, Any]:
    return accepted_parameters(RunRequest.model_validate_json(body))


def two_cells() -> bytes:
    cells = [
        {"cell_type": "code", "metadata": {"tags": tags}, "source": source, "outputs": [], "execution_count": None}
        for tags, source in ((["parameters"], "by = 'educ'"), ([], "print(by)"))
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}).encode()


def injected(values: dict[str, Any]) -> Any:
    notebook = load_notebook_node(read_notebook(two_cells()))
    return parameterize_notebook(notebook, values, kernel_name=KERNEL, language=LANGUAGE)


def test_defaults_stand_in_for_what_was_not_given() -> None:
    assert accepted(request(parameters={"rate": 1})) == {"by": "educ", "rate": 1}


@pytest.mark.parametrize(
    "parameters",
    [
        {"by": "other"},
        {"by": 1},
        {"rate": 2},
        {"rate": True},
        {"rate": "0.5"},
        {"unknown": 1},
        {"by=1;import os": "educ"},
        {"__name__": "educ"},
    ],
)
def test_values_outside_the_schema_are_a_bad_request(parameters: dict[str, object]) -> None:
    with pytest.raises(SandboxError) as caught:
        accepted(request(parameters=parameters))
    assert caught.value.code is SandboxExit.BAD_REQUEST


@pytest.mark.parametrize("name", ["x=1;import os\nx", "import", "Rate", "rаte", "x y", "rate\n", "_rate", "a" * 41])
def test_a_schema_whose_names_would_run_as_code_is_a_bad_request(name: str, tmp_path: Path) -> None:
    (tmp_path / "request.json").write_bytes(request(schema=[NUMBER | {"name": name}]))
    with pytest.raises(SandboxError) as caught:
        accepted_parameters(read_request(tmp_path / "request.json", RunRequest))
    assert caught.value.code is SandboxExit.BAD_REQUEST


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": {"rate": float("nan")}},
        {"parameters": {"rate": float("inf")}},
        {"parameters": {"by": "x" * 201}},
        {"parameters": {"by": None}},
        {"parameters": {"by": ["educ"]}},
        {"digest": "0" * 63},
        {"digest": "0" * 64 + "\n"},
        {"digest": "A" * 64},
        {"cell_seconds": 0},
        {"cell_seconds": "5"},
        {"schema": [NUMBER | {"default": float("nan")}]},
        {"schema": [NUMBER | {"maximum": float("inf")}]},
        {"schema": [NUMBER | {"more": 1}]},
        {"more": 1},
    ],
)
def test_request_of_another_form_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "request.json").write_bytes(request(**change))
    with pytest.raises(SandboxError) as caught:
        read_request(tmp_path / "request.json", RunRequest)
    assert caught.value.code is SandboxExit.BAD_REQUEST


@given(st.text(max_size=200), st.integers(-(10**15), 10**15), st.floats(-1e15, 1e15), st.booleans())
def test_any_accepted_value_reaches_the_notebook_as_itself(text: str, whole: int, number: float, flag: bool) -> None:
    schema = (
        Parameter("text", ParameterType.CHOICE, text, choices=(text,)),
        Parameter("whole", ParameterType.INTEGER, 0),
        Parameter("number", ParameterType.NUMBER, 0.0),
        Parameter("flag", ParameterType.BOOLEAN, False),
    )
    values = check_parameters(schema, {"text": text, "whole": whole, "number": number, "flag": flag})
    check_injected(injected(dict(values)), values)


@pytest.mark.parametrize(
    "source",
    ["x = 1\nimport os", "x = 1.0", "x = True", "x = 2", "y = 1", "", "x = 1\nx = 1\ny = 2", "x = int('1')", "x ="],
)
def test_an_injected_cell_with_anything_else_starts_nothing(source: str) -> None:
    notebook = injected({"x": 1})
    check_injected(notebook, {"x": 1})
    notebook.cells[1].source = source
    with pytest.raises(SandboxError):
        check_injected(notebook, {"x": 1})


def test_an_injected_cell_that_nobody_asked_for_starts_nothing() -> None:
    with pytest.raises(SandboxError):
        check_injected(injected({"x": 1}), {})


def watched(tmp_path: Path, verdict: SandboxExit, states: list[str]) -> Watch:
    notebook = injected({"by": "educ"})
    notebook.metadata.papermill.input_path = "hidden"
    for cell in notebook.cells:
        cell.metadata.papermill = {"status": "completed", "start_time": "now"}
    return Watch({"by": "educ"}, 5, tmp_path, tmp_path, lambda *_: None, verdict, notebook, states)


def test_the_executed_notebook_says_what_was_seen_and_nothing_of_the_machine(tmp_path: Path) -> None:
    watch = watched(tmp_path, SandboxExit.KERNEL_DIED, ["completed", "failed", "pending"])
    executed = executed_notebook(watch)
    assert [c.metadata.papermill.status for c in executed.cells] == ["completed", "failed", "pending"]
    assert executed.metadata.papermill == {"parameters": {"by": "educ"}, "exception": True}
    assert not {"hidden", "start_time", str(tmp_path)} & set(json.dumps(executed).split('"'))


def test_executed_notebook_without_the_injected_cell_is_the_approved_one(tmp_path: Path) -> None:
    notebook = read_notebook(two_cells())
    executed = executed_notebook(watched(tmp_path, SandboxExit.OK, ["completed"] * 3))
    check_same(notebook, executed)
    executed.cells[2].source += "#"
    with pytest.raises(SandboxError):
        check_same(notebook, executed)


def test_the_notebooks_own_kernel_is_forgotten() -> None:
    body = json.loads(two_cells())
    body["metadata"] = {"kernelspec": {"name": "evil", "display_name": "x", "language": "python"}, "papermill": {}}
    notebook = read_notebook(json.dumps(body).encode())
    assert notebook.metadata.kernelspec.name == KERNEL
    assert canonical_digest(notebook) == canonical_digest(read_notebook(two_cells()))


def test_every_code_but_success_has_a_sentence() -> None:
    assert set(SENTENCES) == set(SandboxExit) - {SandboxExit.OK}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_has_its_own_code(number: int, tmp_path: Path) -> None:
    def program(_: Path) -> SandboxExit:
        raise OSError(number, "full")

    assert judge(program, tmp_path) is SandboxExit.OUTPUT_FULL


def test_other_errors_of_the_system_are_not_taken_for_a_full_disk(tmp_path: Path) -> None:
    def program(_: Path) -> SandboxExit:
        raise OSError(errno.EACCES, "no")

    with pytest.raises(OSError, match="no"):
        judge(program, tmp_path)


def test_link_and_pipe_under_the_output_name_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("kept")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        write_atomically(tmp_path, name, b"body")
        assert not (tmp_path / name).is_symlink()
        assert (tmp_path / name).read_bytes() == b"body"
    assert (tmp_path / "elsewhere").read_text() == "kept"


def test_a_folder_under_the_output_name_leaves_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "name").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_atomically(tmp_path, "name", b"body")
    assert [p.name for p in tmp_path.iterdir()] == ["name"]


def test_input_that_is_a_pipe_or_too_large_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"12345")
    with pytest.raises(SandboxError) as pipe:
        read_bounded(tmp_path / "pipe", 4)
    with pytest.raises(SandboxError) as large:
        read_bounded(tmp_path / "large", 4)
    assert (pipe.value.code, large.value.code) == (SandboxExit.BAD_REQUEST, SandboxExit.TOO_LARGE)


def test_progress_is_told_and_read(tmp_path: Path) -> None:
    for done in range(3):
        write_progress(tmp_path, done, 2)
        assert read_progress(tmp_path) == (done, 2)
    assert [p.name for p in tmp_path.iterdir()] == ["progress"]


@pytest.mark.parametrize(
    "body",
    [b"", b"1", b"3/2", b"-1/2", b"1/0", b"01/2", b"1/2\n", b" 1/2", b"1/2001", b"1/2/3", "１/2".encode(), b"9" * 40],
)
def test_anything_else_is_no_progress(body: bytes) -> None:
    assert parse_progress(body) is None


def test_progress_that_a_cell_put_there_is_replaced_and_never_waited_for(tmp_path: Path) -> None:
    assert read_progress(tmp_path) is None
    os.mkfifo(tmp_path / "progress")
    os.mkfifo(tmp_path / ".progress")
    assert read_progress(tmp_path) is None
    write_progress(tmp_path, 1, 2)
    assert read_progress(tmp_path) == (1, 2)
    (tmp_path / "progress").unlink()
    (tmp_path / "progress").symlink_to("/etc/hostname")
    assert read_progress(tmp_path) is None
    (tmp_path / "progress").unlink()
    (tmp_path / "progress").mkdir()
    write_progress(tmp_path, 1, 2)
    assert read_progress(tmp_path) is None


@given(st.text(max_size=60), st.integers(-(10**15), 10**15), st.floats(-1e15, 1e15), st.booleans())
def test_the_gate_knows_an_executed_notebook_again(text: str, whole: int, number: float, flag: bool) -> None:
    approved = read_notebook(two_cells())
    values = {"text": text, "whole": whole, "number": number, "flag": flag}
    cells = tuple(cell_digest(cell.cell_type, cell.source) for cell in approved.cells)
    ran = ApprovedNotebook(digest="0" * 64, cells=cells, parameters=values)
    file = read_file(1, "executed.ipynb", nbformat.writes(injected(values)).encode())
    assume(not isinstance(file.fragments[0], RefusalFragment))  # a control character is refused, whoever wrote it
    (judged,) = check_request([(file, TableContext())], load_profile("uk-sacro"), (), beside=Beside(approved=ran))
    assert [f.severity for f in judged.findings if f.check == "provenance"] == [Severity.NOTE]
