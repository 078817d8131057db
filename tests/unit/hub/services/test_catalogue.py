"""Facts about the catalogue: what may run is found by words, by whoever may know of its project."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from doubles.people import approved_notebook, play, registered_dataset, submitted_notebook
from hub.domain.notebook_catalogue import entries, search
from hub.domain.notebooks import Notebook, NotebookState, Parameter, ParameterType
from hub.services import notebooks
from hub.services.catalogue import catalogue
from hub.services.lab import Lab

NOW = datetime(2026, 3, 2, tzinfo=UTC)
BY = Parameter("by", ParameterType.CHOICE, "year", choices=("year", "occupation"))


def notebook(number: int, state: NotebookState = NotebookState.APPROVED, name: str = "wages") -> Notebook:
    about = (
        f"notebook-{number}",
        "care",
        name,
        "Salaires moyens par Région",
        "ann",
        f"{number:064d}",
        ("jobs",),
        "image",
    )
    return Notebook(*about, NOW, state, (BY,), decided=NOW)


def test_the_latest_approved_version_stands_there_with_its_number() -> None:
    known = [
        notebook(1, NotebookState.SUPERSEDED),
        notebook(2, NotebookState.REFUSED),
        notebook(3, NotebookState.WITHDRAWN),
        replace(notebook(4, NotebookState.WITHDRAWN), decided=None),
        notebook(5),
        notebook(6, NotebookState.SUBMITTED),
    ]
    (entry,) = entries(known)
    assert (entry.id, entry.version, entry.digest) == ("notebook-5", 3, f"{5:064d}")


@pytest.mark.parametrize(
    "text", ["", "wages", "WAG", "salaires region", "RÉGION", "occupation", "jobs by", "care", "  year   wages "]
)
def test_every_word_is_looked_for_in_all_that_is_said_of_a_notebook(text: str) -> None:
    assert [e.id for e in search(entries([notebook(1)]), text)] == ["notebook-1"]


@pytest.mark.parametrize("text", ["hours", "wages hours", "notebook-1", "%", "ann"])
def test_what_does_not_stand_there_is_not_found(text: str) -> None:
    assert search(entries([notebook(1)]), text) == []


def test_a_dataset_is_named_whole() -> None:
    known = entries([notebook(1)])
    assert search(known, "", "jobs")
    assert search(known, "", "job") == []


def test_only_what_may_run_in_a_project_that_one_knows_of_is_found(lab: Lab) -> None:
    play(lab)
    registered_dataset(lab)
    submitted_notebook(lab)
    assert catalogue(lab, "researcher") == []
    approved = approved_notebook(lab)
    assert [e.id for e in catalogue(lab, "researcher", "wages")] == [approved.id]
    assert [e.id for e in catalogue(lab, "jobs-steward", dataset="jobs", project="wages")] == [approved.id]
    assert catalogue(lab, "outsider", "wages") == []
    assert catalogue(lab, "researcher", project="other") == []
    notebooks.withdraw_notebook(lab, "jobs-steward", approved.id, "it was wrong")
    assert catalogue(lab, "researcher") == []
