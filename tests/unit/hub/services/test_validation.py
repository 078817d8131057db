"""Facts about validation: a notebook runs on twins before people look at it, and what did not pass is not approved."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from datasets_mount.catalogue import Twin
from doubles.engine import MemoryEngine
from doubles.people import play, registered_dataset, submitted_notebook, work_off
from doubles.sandbox import GoodPrograms, mounted
from hub.domain.errors import RefusedError
from hub.domain.notebooks import Notebook, NotebookState
from hub.domain.validation import Validation, ValidationResult, error_class
from hub.domain.work import Work, WorkKind, WorkState
from hub.services import grants, notebooks
from hub.services.lab import Lab
from hub.settings_tables import Notebooks


@pytest.fixture
def programs(lab: Lab) -> GoodPrograms:
    return play(lab)


def approve(lab: Lab, notebook: Notebook) -> Notebook:
    return notebooks.decide(lab, "jobs-steward", notebook.id, approve=True, reason="", parameters=None)


def works(lab: Lab, kind: WorkKind) -> list[Work]:
    with lab.store.read() as reading:
        return [w for w in reading.find(Work) if w.kind is kind]


def twins(lab: Lab) -> list[Twin]:
    with lab.store.read() as reading:
        return reading.find(Twin)


def breaking(programs: GoodPrograms, kind: str, code: int) -> None:
    """Let one program end badly, and all others well."""

    def play_(name: str, body: dict[str, Any]) -> None:
        if body["Labels"]["datalab"] == kind:
            programs.engine.exit(name, code)
        else:
            programs.play(name, body)

    programs.engine.on_start = play_


def test_a_notebook_that_passed_reaches_the_people_and_is_approved(lab: Lab, programs: GoodPrograms) -> None:
    snapshot = registered_dataset(lab)
    notebook = submitted_notebook(lab)
    (twin,) = twins(lab)
    assert (twin.snapshot, twin.dataset) == (snapshot, "jobs")
    assert notebook.state is NotebookState.SUBMITTED
    assert notebook.validation is not None
    assert replace(notebook.validation, packages="") == Validation(ValidationResult.PASSED, twins={"jobs": twin.digest})
    assert approve(lab, notebook).state is NotebookState.APPROVED


def test_the_packages_of_the_image_are_told_for_who_decides(lab: Lab, programs: GoodPrograms) -> None:
    registered_dataset(lab)
    notebook = submitted_notebook(lab)
    assert notebooks.image_packages(lab, notebook) == ("polars==2.1.0", "pyarrow==26.0.1")


@pytest.mark.parametrize("told", [{}, {"packages": "all"}, {"packages": ["<b>x</b>"]}])
def test_packages_of_another_form_are_not_believed_and_keep_no_notebook_back(
    lab: Lab, programs: GoodPrograms, told: dict[str, Any]
) -> None:
    registered_dataset(lab)
    programs.packages = told
    notebook = submitted_notebook(lab)
    assert notebook.validation is not None
    assert notebook.validation.result is ValidationResult.PASSED
    assert notebooks.image_packages(lab, notebook) == ()


def test_a_validation_sees_the_twin_and_never_the_dataset(lab: Lab, programs: GoodPrograms) -> None:
    snapshot = registered_dataset(lab)
    seen: list[tuple[str, str, str]] = []

    def play_(name: str, body: dict[str, Any]) -> None:
        if body["Labels"]["datalab"] == "validate":
            seen.extend((m["Target"], m["Source"], body["User"]) for m in body["HostConfig"]["Mounts"])
            asked = json.loads((mounted(body, "/in") / "request.json").read_text())
            assert asked["cell_seconds"] == lab.settings.notebooks.validation_seconds
        programs.play(name, body)

    programs.engine.on_start = play_
    submitted_notebook(lab)
    sources = {target: Path(source).name for target, source, _ in seen}
    assert set(sources) == {"/in", "/outputs", "/data/jobs"}
    assert sources["/data/jobs"] == twins(lab)[0].digest != snapshot
    assert not any(snapshot in source for _, source, _ in seen)
    assert {user for _, _, user in seen} == {f"{lab.settings.storage.uid_base}:{lab.settings.storage.uid_base}"}


def test_a_twin_is_made_once_for_a_snapshot(lab: Lab, programs: GoodPrograms) -> None:
    registered_dataset(lab)
    submitted_notebook(lab)
    submitted_notebook(lab)
    assert len(works(lab, WorkKind.TWIN)) == 1
    assert len(works(lab, WorkKind.VALIDATE)) == 2


def test_a_notebook_with_a_cell_that_fails_is_not_approved(lab: Lab, programs: GoodPrograms) -> None:
    registered_dataset(lab)
    programs.validation = {"passed": False, "cell": 3, "error": "KeyError"}
    notebook = submitted_notebook(lab)
    assert notebook.validation is not None
    assert (notebook.validation.result, notebook.validation.cell) == (ValidationResult.FAILED, 3)
    with pytest.raises(RefusedError, match="cell 3 ends with KeyError") as refused:
        approve(lab, notebook)
    assert refused.value.reason == "notebook-validation-failed"
    refuse = notebooks.decide(lab, "jobs-steward", notebook.id, approve=False, reason="it fails", parameters=None)
    assert refuse.state is NotebookState.REFUSED


@pytest.mark.parametrize(
    "said",
    [
        {"passed": "yes"},
        {"passed": True, "more": 1},
        {"passed": False, "cell": -1},
        {"passed": False, "error": "a name: 771771"},
        {"cell": 1},
        ["passed"],
    ],
)
def test_a_result_of_another_form_is_no_validation(lab: Lab, programs: GoodPrograms, said: Any) -> None:
    registered_dataset(lab)
    programs.validation = said
    notebook = submitted_notebook(lab)
    assert notebook.state is NotebookState.SUBMITTED
    assert notebook.validation is not None
    assert notebook.validation.result is ValidationResult.NOT_VALIDATED
    with pytest.raises(RefusedError) as refused:
        approve(lab, notebook)
    assert refused.value.reason == "notebook-not-validated"


@pytest.mark.parametrize("kind", ["twin", "validate"])
def test_a_container_that_crashes_leaves_a_notebook_that_was_not_validated(
    lab: Lab, programs: GoodPrograms, kind: str
) -> None:
    registered_dataset(lab)
    breaking(programs, kind, 1)
    notebook = submitted_notebook(lab)
    assert notebook.state is NotebookState.SUBMITTED
    assert notebook.validation is not None
    assert notebook.validation.result is ValidationResult.NOT_VALIDATED
    assert "ended with an error" in notebook.validation.reason
    with pytest.raises(RefusedError, match="was not validated"):
        approve(lab, notebook)


def test_a_validation_that_takes_too_long_is_none(lab: Lab, programs: GoodPrograms) -> None:
    registered_dataset(lab)
    engine = cast(MemoryEngine, lab.engine)

    def play_(name: str, body: dict[str, Any]) -> None:
        if body["Labels"]["datalab"] == "validate":
            engine.run_on(name, lab.settings.notebooks.validation_seconds + 1)
        else:
            programs.play(name, body)

    engine.on_start = play_
    notebook = submitted_notebook(lab)
    assert [w.state for w in works(lab, WorkKind.VALIDATE)] == [WorkState.TIMED_OUT]
    assert notebook.validation is not None
    assert notebook.validation.result is ValidationResult.NOT_VALIDATED
    assert "time limit" in notebook.validation.reason


def test_lab_toml_may_let_approvers_do_without(lab: Lab, programs: GoodPrograms) -> None:
    registered_dataset(lab)
    programs.validation = {"passed": False, "cell": 1, "error": "KeyError"}
    failed = submitted_notebook(lab)
    breaking(programs, "validate", 1)
    unvalidated = submitted_notebook(lab)
    lenient = replace(lab, settings=lab.settings.model_copy(update={"notebooks": Notebooks(approve_failed=True)}))
    with pytest.raises(RefusedError):
        approve(lenient, unvalidated)
    assert approve(lenient, failed).state is NotebookState.APPROVED
    lenient = replace(lab, settings=lab.settings.model_copy(update={"notebooks": Notebooks(approve_unvalidated=True)}))
    assert approve(lenient, unvalidated).state is NotebookState.APPROVED


def test_a_dataset_that_was_withdrawn_meanwhile_is_not_looked_at(lab: Lab, programs: GoodPrograms) -> None:
    registered_dataset(lab)
    engine = cast(MemoryEngine, lab.engine)

    def play_(name: str, body: dict[str, Any]) -> None:
        programs.play(name, body)
        if body["Labels"]["datalab"] == "inspect":
            grants.withdraw_grant(lab, "jobs-steward", "wages", "jobs", "because a test wants to")

    engine.on_start = play_
    notebook = submitted_notebook(lab)
    work_off(lab)
    assert twins(lab) == []
    assert notebook.validation is not None
    assert "withdrawn" in notebook.validation.reason


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("KeyError", "KeyError"),
        ("x" * 61, "Error"),
        ("a b", "Error"),
        ("é", "Error"),
        (None, "Error"),
        ("A\n", "Error"),
    ],
)
def test_of_an_error_only_a_plain_class_is_kept(name: object, kept: str) -> None:
    assert error_class(name) == kept
