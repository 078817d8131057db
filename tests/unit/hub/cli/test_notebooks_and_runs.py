from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from doubles.api import Answer, FakeLab
from hub.cli.notebook import changed_lines, describe_validation

Command = Callable[..., Result]
PARAMETERS = [
    {"name": "by", "type": "choice", "default": "educ", "minimum": None, "maximum": None, "choices": ["educ", "year"]},
    {"name": "minimum", "type": "integer", "default": 11, "minimum": 1.0, "maximum": 50.0, "choices": []},
]


def notebook(identifier: str = "notebook-a", state: str = "approved", created: str = "2026-01-01") -> dict[str, Any]:
    return {
        "id": identifier,
        "project": "care",
        "name": "wages",
        "purpose": "Mean wages",
        "author": "scientist",
        "digest": "ab" * 32,
        "datasets": ["jobs"],
        "created": created,
        "state": state,
        "parameters": PARAMETERS,
        "cells": [["code", "print('a')\nprint('\x1b[2J')"]],
        "decided_by": "",
        "reason": "A cell has an attachment." if state == "refused" else "",
    }


def run(state: str, progress: list[int] | None = None, reason: str = "") -> dict[str, Any]:
    made = {
        "id": "run-a",
        "project": "care",
        "notebook": "notebook-a",
        "requester": "researcher",
        "created": "2026-01-02",
        "parameters": {"by": "educ"},
        "snapshots": {},
        "outputs": [{"path": "wages.csv"}] if state == "succeeded" else [],
    }
    return {"run": made, "work": {"state": state, "reason": reason, "priority": "normal"}, "progress": progress}


def test_a_run_that_waits_is_shown_with_its_place_in_the_queue(fake: FakeLab, datalab: Command) -> None:
    fake.answers = {("GET", "/runs/run-a"): run("queued") | {"place_in_queue": 7}}
    assert re.search(r"^place in queue +7 *$", datalab("run", "show", "run-a").stdout, re.MULTILINE)
    fake.answers = {("GET", "/runs/run-a"): run("running", [1, 2]) | {"place_in_queue": None}}
    assert "place in queue" not in datalab("run", "show", "run-a").stdout


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "wages.ipynb").write_text("{}")
    return str(tmp_path / "wages.ipynb")


SUBMIT = ("--project", "care", "--name", "wages", "--purpose", "Mean wages by group")


def test_a_notebook_is_sent_and_its_inspection_watched_on_the_list(fake: FakeLab, datalab: Command, file: str) -> None:
    fake.answers = {
        ("POST", "/uploads"): {"id": "upload-a"},
        ("POST", "/notebooks"): notebook(state="inspecting"),
        ("GET", "/notebooks"): [Answer([notebook(state="inspecting")]), Answer([notebook(state="submitted")])],
    }
    done = datalab("notebook", "submit", file, *SUBMIT, "--dataset", "jobs", "--wait", "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "submitted"
    assert fake.made("POST")[1].body["datasets"] == ["jobs"]
    assert {c.path for c in fake.made("GET")} == {"/notebooks"}


def test_a_notebook_that_inspection_refused_says_why(fake: FakeLab, datalab: Command, file: str) -> None:
    fake.answers = {
        ("POST", "/uploads"): {"id": "upload-a"},
        ("POST", "/notebooks"): notebook(state="inspecting"),
        ("GET", "/notebooks"): Answer([notebook(state="refused")]),
    }
    done = datalab("notebook", "submit", file, *SUBMIT, "--wait")
    assert (done.exit_code, done.stderr) == (1, "datalab: The notebook was refused: A cell has an attachment.\n")


def test_the_source_is_printed_without_what_acts_on_the_terminal(fake: FakeLab, datalab: Command) -> None:
    fake.answers = {("GET", "/notebooks"): Answer([notebook()]), ("GET", "/notebooks/notebook-a"): notebook()}
    shown = datalab("notebook", "show", "care/wages", "--source").stdout
    assert "print('a')" in shown
    assert "\x1b" not in shown
    assert "minimum: integer from 1 to 50 (default 11)" in shown


def test_a_name_means_the_newest_notebook_of_that_name(fake: FakeLab, datalab: Command) -> None:
    newer = notebook("notebook-b", created="2026-02-01")
    fake.answers = {("GET", "/notebooks"): Answer([newer, notebook()]), ("GET", "/notebooks/notebook-b"): newer}
    assert json.loads(datalab("notebook", "show", "care/wages", "--json").stdout)["id"] == "notebook-b"
    assert fake.calls[0].query == {"project": "care"}


def test_an_approval_carries_the_schema_that_was_written(fake: FakeLab, datalab: Command, tmp_path: Path) -> None:
    fake.answers = {
        ("GET", "/notebooks"): Answer([notebook(state="submitted")]),
        ("POST", "/notebooks/notebook-a/approve"): notebook(),
    }
    (tmp_path / "schema.json").write_text(json.dumps(PARAMETERS))
    assert datalab("notebook", "approve", "notebook-a", "--schema", str(tmp_path / "schema.json")).exit_code == 0
    assert datalab("notebook", "approve", "notebook-a").exit_code == 0
    assert [c.body for c in fake.made("POST")] == [{"parameters": PARAMETERS}, {}]


@pytest.mark.parametrize("text", ["{}", "no json", "[" * 100_000, ""])
def test_a_schema_that_is_no_list_is_refused_here(fake: FakeLab, datalab: Command, tmp_path: Path, text: str) -> None:
    fake.answers[("GET", "/notebooks")] = Answer([notebook(state="submitted")])
    (tmp_path / "schema.json").write_text(text)
    done = datalab("notebook", "approve", "notebook-a", "--schema", str(tmp_path / "schema.json"))
    assert done.exit_code == 1
    assert "no JSON list" in done.stderr


@pytest.mark.parametrize("step", ["refuse", "withdraw"])
def test_a_reason_is_sent_and_never_forgotten(fake: FakeLab, datalab: Command, step: str) -> None:
    fake.answers = {
        ("GET", "/notebooks"): Answer([notebook()]),
        ("POST", f"/notebooks/notebook-a/{step}"): notebook(state="withdrawn"),
    }
    assert datalab("notebook", step, "notebook-a").exit_code == 2
    assert datalab("notebook", step, "notebook-a", "--reason", "It prints rows").exit_code == 0
    assert fake.made("POST")[0].body == {"reason": "It prints rows"}


def test_a_run_starts_with_typed_values_and_its_progress_is_watched(fake: FakeLab, datalab: Command) -> None:
    fake.answers = {
        ("GET", "/notebooks"): Answer([notebook(), notebook("notebook-b", "submitted", "2026-03-01")]),
        ("POST", "/runs"): run("queued"),
        ("GET", "/runs/run-a"): [Answer(run("queued")), Answer(run("running", [1, 3])), Answer(run("succeeded"))],
    }
    done = datalab("run", "start", "care/wages", "by=educ", "minimum=5", "--priority", "low", "--wait")
    assert done.exit_code == 0, done.stderr
    parameters = {"by": "educ", "minimum": 5}
    assert fake.made("POST")[0].body == {"notebook": "notebook-a", "parameters": parameters, "priority": "low"}
    assert "wages.csv" in done.stdout


@pytest.mark.parametrize("state", ["failed", "timed_out", "cancelled", "lost"])
def test_waiting_for_a_run_that_does_not_succeed_ends_with_one(fake: FakeLab, datalab: Command, state: str) -> None:
    fake.answers = {
        ("GET", "/notebooks"): Answer([notebook()]),
        ("POST", "/runs"): run("queued"),
        ("GET", "/runs/run-a"): run(state, reason="A cell took longer than its limit."),
    }
    done = datalab("run", "start", "care/wages", "--wait")
    assert done.exit_code == 1
    assert "A cell took longer than its limit." in done.stderr
    assert datalab("run", "start", "care/wages").exit_code == 0


def test_a_notebook_that_is_not_approved_is_not_run(fake: FakeLab, datalab: Command) -> None:
    fake.answers[("GET", "/notebooks")] = Answer([notebook(state="submitted")])
    done = datalab("run", "start", "care/wages")
    assert done.exit_code == 1
    assert "no approved notebook" in done.stderr


def test_runs_are_listed_and_cancelled(fake: FakeLab, datalab: Command) -> None:
    fake.answers = {
        ("GET", "/runs"): Answer([run("running")]),
        ("POST", "/runs/run-a/cancel"): {"id": "run-a", "state": "running", "cancel_asked": True},
    }
    assert "running" in datalab("run", "list", "-p", "care").stdout
    assert datalab("run", "cancel", "run-a").exit_code == 0
    assert fake.calls[0].query == {"project": "care"}


@pytest.mark.parametrize(
    ("validation", "told"),
    [
        (None, ""),
        ({"result": "passed"}, "passed on invented data"),
        ({"result": "failed", "cell": 3, "error": "KeyError"}, "cell 3 failed on invented data: KeyError"),
        ({"result": "not_validated", "reason": "It took too long."}, "not validated: It took too long."),
    ],
)
def test_what_came_of_a_validation_is_said_in_a_few_words(validation: dict[str, Any] | None, told: str) -> None:
    assert describe_validation(validation) == told


def test_changes_name_the_cells_that_changed_and_print_nothing_that_acts_on_the_terminal() -> None:
    lines = [{"change": "removed", "text": "a"}, {"change": "added", "text": "b\x1b[2J"}]
    cells = [
        {"change": "same", "before": 1, "after": 1, "type": "code", "lines": []},
        {"change": "changed", "before": 2, "after": 2, "type": "code", "lines": lines},
    ]
    found = {
        "before": "notebook-a",
        "cells": cells,
        "same_image": False,
        "datasets_added": ["x"],
        "datasets_removed": [],
    }
    told = "\n".join(changed_lines(found))
    assert "cell 2 → 2 · code · changed\n- a\n+ b" in told
    assert "\x1b" not in told
    assert ("cell 1" not in told, "another image" in told, "+ dataset x" in told) == (True, True, True)
    assert changed_lines({"before": ""}) == ["No version of this name was approved before."]


def compared(*, equal: bool) -> dict[str, Any]:
    """The run that was repeated, with its repetition."""
    differing = [] if equal else ["wages.csv"]
    return run("succeeded") | {"repetitions": [{"run": "run-b", "equal": equal, "differing": differing}]}


@pytest.mark.parametrize(("equal", "code"), [(True, 0), (False, 1)])
def test_a_repetition_ends_with_one_where_its_outputs_are_others(
    fake: FakeLab, datalab: Command, equal: bool, code: int
) -> None:
    queued, ended = run("queued"), run("succeeded")
    queued["run"]["id"] = ended["run"]["id"] = "run-b"
    fake.answers = {
        ("POST", "/runs/run-a/reproduce"): queued,
        ("GET", "/runs/run-b"): ended,
        ("GET", "/runs/run-a"): compared(equal=equal),
    }
    done = datalab("run", "reproduce", "run-a", "--wait")
    assert done.exit_code == code, done.stderr
    assert ("gave other outputs than run-a: wages.csv" in done.stderr) is not equal


def sweep(done: int, state: str) -> dict[str, Any]:
    about = {"id": "sweep-a", "project": "care", "notebook": "notebook-a", "requester": "researcher"}
    return about | {"created": "", "progress": [done, 2], "states": {state: 2}, "runs": [run(state), run(state)]}


@pytest.mark.parametrize(("state", "code"), [("succeeded", 0), ("failed", 1)])
def test_a_sweep_is_typed_as_a_grid_and_watched_as_one(fake: FakeLab, datalab: Command, state: str, code: int) -> None:
    fake.answers = {
        ("GET", "/notebooks"): Answer([notebook()]),
        ("POST", "/sweeps"): sweep(0, "queued"),
        ("GET", "/sweeps/sweep-a"): [Answer(sweep(1, "running")), Answer(sweep(2, state))],
        ("POST", "/sweeps/sweep-a/cancel"): sweep(2, "cancelled"),
    }
    done = datalab("sweep", "start", "care/wages", "minimum=5,6", "by=year", "--wait")
    assert done.exit_code == code, done.stderr
    asked = {"notebook": "notebook-a", "grid": {"minimum": [5, 6]}, "parameters": {"by": "year"}}
    assert fake.made("POST")[0].body == asked | {"priority": "normal"}
    assert "2 of 2 runs" in done.stdout
    assert "2 of 2 runs" in datalab("sweep", "show", "sweep-a").stdout
    assert "cancelled" in datalab("sweep", "cancel", "sweep-a").stdout


@pytest.mark.parametrize("words", [("minimum=5,x",), ("minimum=5,6", "minimum=7,8"), ("none=1,2",), ("minimum",)])
def test_what_is_no_grid_is_refused_before_it_is_sent(fake: FakeLab, datalab: Command, words: tuple[str, ...]) -> None:
    fake.answers[("GET", "/notebooks")] = Answer([notebook()])
    assert datalab("sweep", "start", "care/wages", *words).exit_code == 1
    assert fake.made("POST") == []


def test_what_waits_is_given_another_priority_and_a_word_that_is_none_is_refused(
    fake: FakeLab, datalab: Command
) -> None:
    fake.answers = {
        ("PUT", "/runs/run-a/priority"): run("queued")["work"] | {"priority": "high"},
        ("PUT", "/sweeps/sweep-a/priority"): sweep(0, "queued"),
    }
    assert "high" in datalab("run", "priority", "run-a", "high").stdout
    assert "0 of 2 runs" in datalab("sweep", "priority", "sweep-a", "low").stdout
    assert [asked.body for asked in fake.made("PUT")] == [{"priority": "high"}, {"priority": "low"}]
    assert datalab("run", "priority", "run-a", "urgent").exit_code == 2
    assert datalab("run", "start", "care/wages", "--priority", "urgent").exit_code == 2
    assert len(fake.calls) == 2


def test_sweeps_are_listed_with_how_many_of_their_runs_have_ended(fake: FakeLab, datalab: Command) -> None:
    fake.answers = {("GET", "/sweeps"): Answer([sweep(1, "running")])}
    shown = datalab("sweep", "list", "--project", "care").stdout
    assert re.search(r"sweep-a .*1 of 2 runs", shown)
    assert fake.calls[-1].query == {"project": "care"}
    assert json.loads(datalab("sweep", "list", "--json").stdout)[0]["progress"] == [1, 2]


def test_a_run_that_goes_on_is_shown_as_its_page_shows_it(fake: FakeLab, datalab: Command) -> None:
    memory = {"used": 208 * 2**20, "allowed": 2 * 2**30}
    found = run("running", [2, 5]) | {"times": {"elapsed": 12, "left": 30}, "memory": memory}
    fake.answers = {("GET", "/runs/run-a"): found}
    shown = datalab("run", "show", "run-a").stdout
    assert "2 of 5 cells; 0:00:12 so far; about 0:00:30 more; memory 208 MB of 2 GB" in " ".join(shown.split())
    assert json.loads(datalab("run", "show", "run-a", "--json").stdout)["progress"] == [2, 5]
    fake.answers = {("GET", "/runs/run-a"): run("running") | {"times": None, "memory": None}}
    assert "progress" not in datalab("run", "show", "run-a").stdout


@pytest.mark.parametrize("word", ["reproduced", "not_reproduced", "untried"])
def test_what_repetitions_say_of_a_run_is_told_in_a_sentence(fake: FakeLab, datalab: Command, word: str) -> None:
    fake.answers = {("GET", "/runs/run-a"): run("succeeded") | {"reproduction": word}}
    shown = " ".join(datalab("run", "show", "run-a").stdout.split())
    assert f"reproduction {word.replace('_', ' ')}: " in shown


def test_of_a_run_that_is_not_repeated_no_reproduction_is_told(fake: FakeLab, datalab: Command) -> None:
    for state, repeats in (("failed", ""), ("running", ""), ("succeeded", "run-0")):
        found = run(state) | {"reproduction": "untried"}
        found["run"]["reproduces"] = repeats
        fake.answers = {("GET", "/runs/run-a"): found}
        assert "reproduction" not in datalab("run", "show", "run-a").stdout
