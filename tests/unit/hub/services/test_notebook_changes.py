"""Facts about the version that a notebook is compared with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from doubles.people import approved_notebook, play, registered_dataset, submitted_notebook
from hub.domain.audit import event
from hub.domain.errors import NotFoundError
from hub.domain.notebook_changes import Change
from hub.domain.notebooks import Notebook
from hub.services import notebooks
from hub.services.lab import Lab
from hub.services.notebook_changes import notebook_changes


@pytest.fixture(autouse=True)
def consortium(lab: Lab) -> None:
    play(lab)
    registered_dataset(lab)


def changed(lab: Lab, notebook: Notebook, **fields: object) -> None:
    with lab.store.begin() as records:
        records.save(replace(notebook, **fields), event("a:b:c", "actor", notebook.id))  # type: ignore[arg-type]


def test_the_first_version_is_compared_with_nothing(lab: Lab) -> None:
    assert notebook_changes(lab, "jobs-steward", submitted_notebook(lab).id).before == ""


def test_a_new_version_is_compared_with_the_one_approved_last(lab: Lab) -> None:
    first, second = approved_notebook(lab), approved_notebook(lab)
    notebooks.decide(lab, "jobs-steward", submitted_notebook(lab).id, approve=False, reason="refused", parameters=None)
    third = submitted_notebook(lab)
    changed(lab, third, cells=(("code", "print(2)"),), datasets=("jobs", "more"), image="sha256:2")
    found = notebook_changes(lab, "jobs-steward", third.id)
    assert found.before == second.id
    assert [c.change for c in found.cells] == [Change.CHANGED]
    assert (found.same_image, found.datasets_added, found.datasets_removed) == (False, ("more",), ())
    assert notebook_changes(lab, "jobs-steward", second.id).before == first.id


def test_a_version_that_was_withdrawn_after_its_approval_is_still_the_one_before(lab: Lab) -> None:
    first = approved_notebook(lab)
    notebooks.withdraw_notebook(lab, "jobs-steward", first.id, "because a test wants to")
    never = submitted_notebook(lab)
    notebooks.withdraw_notebook(lab, "scientist", never.id, "because a test wants to")
    assert notebook_changes(lab, "researcher", submitted_notebook(lab).id).before == first.id


def test_the_comparison_is_recorded_and_not_for_others(lab: Lab) -> None:
    notebook = approved_notebook(lab)
    notebook_changes(lab, "jobs-steward", notebook.id)
    with lab.store.read() as reading:
        last = reading.last_audit_entry()
    assert last is not None
    assert (last.event.name, last.event.actor) == ("lab:notebook:compare", "jobs-steward")
    with pytest.raises(NotFoundError):
        notebook_changes(lab, "outsider", notebook.id)
