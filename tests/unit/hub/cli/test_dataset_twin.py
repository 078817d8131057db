"""``datalab dataset twin``: what it sends, waits for and says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from doubles.api import FakeLab

Command = Callable[..., Result]
TWIN: dict[str, Any] = {
    "id": "twin-1", "dataset": "jobs", "snapshot": "a" * 64, "method": "marginals", "asked_by": "anna",
    "state": "making",
    "epsilon": "0.5", "rows": 1000, "seed": 7, "digest": "", "reason": "", "decided": None,
}  # fmt: skip
DONE = TWIN | {"state": "accepted", "digest": "d" * 64}


def book(*twins: dict[str, Any], in_use: str = "", broken: bool = False) -> dict[str, Any]:
    budget = {"dataset": "jobs", "budget": "3", "spent": "0.5"}
    return {"budget": budget, "twins": list(twins), "in_use": in_use, "broken": broken}


def test_a_twin_is_asked_for_with_what_is_declared_and_waited_for(
    fake: FakeLab, datalab: Command, tmp_path: Path
) -> None:
    fake.answers = {("POST", "/datasets/jobs/twins"): TWIN, ("GET", "/datasets/jobs/twins"): book(DONE)}
    file = tmp_path / "columns.toml"
    file.write_text('[city]\nvalues = ["Lyon", "Lille"]\n[age]\nlow = 0\nhigh = 99\n')
    done = datalab("dataset", "twin", "make", "jobs", "--epsilon", "0.5", "--domains", str(file))
    assert done.exit_code == 0, done.stderr
    domains = [{"column": "city", "values": ["Lyon", "Lille"]}, {"column": "age", "low": 0, "high": 99}]
    assert fake.calls[0].body == {"epsilon": "0.5", "rows": 1000, "domains": domains}
    assert "accepted" in done.stdout


def test_why_a_twin_was_refused_is_said(fake: FakeLab, datalab: Command) -> None:
    refused = TWIN | {"state": "refused", "reason": "The gate's checks block this twin: row-leak."}
    fake.answers = {("POST", "/datasets/jobs/twins"): TWIN, ("GET", "/datasets/jobs/twins"): book(refused)}
    done = datalab("dataset", "twin", "make", "jobs")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "row-leak" in done.stderr


@pytest.mark.parametrize("text", ["[city", "city = 3\n", "[city]\nnames = []\n"])
def test_domains_of_another_form_are_refused(fake: FakeLab, datalab: Command, tmp_path: Path, text: str) -> None:
    file = tmp_path / "columns.toml"
    file.write_text(text)
    assert datalab("dataset", "twin", "make", "jobs", "--domains", str(file)).exit_code == 1
    assert datalab("dataset", "twin", "make", "jobs", "--epsilon", "much").exit_code == 1
    assert fake.calls == []


@pytest.mark.parametrize(
    ("told", "sees"),
    [
        (book(DONE, in_use="d" * 64), "this twin"),
        (book(DONE, in_use="d" * 64, broken=True), "nothing: it was changed"),
        (book(DONE), "nothing"),
        (book(), "nothing"),
    ],
)
def test_it_is_said_what_workspaces_see(fake: FakeLab, datalab: Command, told: dict[str, Any], sees: str) -> None:
    fake.answers["GET", "/datasets/jobs/twins"] = told
    shown = datalab("dataset", "twin", "show", "jobs")
    assert shown.exit_code == 0
    (line,) = [line for line in shown.stdout.splitlines() if "workspaces" in line]
    assert line.strip().endswith(sees)
