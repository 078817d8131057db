"""Facts about approvals: how many people, from how many organisations, and the owner or not, as each dataset asks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from doubles.people import JOBS, play, registered_dataset, submitted_notebook
from hub.domain.errors import ConflictError, InvalidError, RefusedError
from hub.domain.notebook_approvals import MOST_APPROVERS, Needed, needed
from hub.domain.notebooks import Notebook, NotebookState, Parameter, ParameterType
from hub.domain.people import Role
from hub.services import datasets, notebooks, people, runs
from hub.services.lab import Lab
from hub.services.ports import pages

NARROW = (Parameter("minimum", ParameterType.INTEGER, 10, 5, 20),)


def asks(lab: Lab, **demand: object) -> Notebook:
    """A submitted notebook on a dataset whose owner asks for that."""
    play(lab)
    registered_dataset(lab)
    changed = replace(JOBS, **demand)  # type: ignore[arg-type]
    datasets.register_dataset(lab, "jobs-steward", changed)
    return submitted_notebook(lab)


def approve(lab: Lab, by: str, notebook: Notebook, schema: tuple[Parameter, ...] | None = None) -> Notebook:
    return notebooks.decide(lab, by, notebook.id, approve=True, reason="", parameters=schema)


def test_two_people_are_needed_where_the_owner_asks_for_two(lab: Lab) -> None:
    notebook = asks(lab, approvers=2)
    waits = approve(lab, "health-steward", notebook)
    assert (waits.state, [a.person for a in waits.approvals]) == (NotebookState.SUBMITTED, ["health-steward"])
    with pytest.raises(RefusedError, match="only an approved one runs"):
        runs.start_run(lab, "researcher", notebook.id, {})
    done = approve(lab, "transport-steward", notebook)
    assert (done.state, len(done.approvals)) == (NotebookState.APPROVED, 2)
    runs.start_run(lab, "researcher", notebook.id, {})


def test_who_may_not_approve_any_more_does_not_count(lab: Lab) -> None:
    notebook = asks(lab, approvers=2)
    approve(lab, "health-steward", notebook)
    people.add_person(lab, "administrator", "health-steward", "H", "health-observatory", (Role.RESEARCHER,))
    assert approve(lab, "transport-steward", notebook).state is NotebookState.SUBMITTED
    with pytest.raises(RefusedError, match="only an approved one runs"):
        runs.start_run(lab, "researcher", notebook.id, {})


def test_nobody_counts_twice(lab: Lab) -> None:
    notebook = asks(lab, approvers=2)
    approve(lab, "health-steward", notebook)
    with pytest.raises(ConflictError, match="waits for others"):
        approve(lab, "health-steward", notebook)


def test_the_author_counts_not_at_all(lab: Lab) -> None:
    notebook = asks(lab, approvers=2)
    with pytest.raises(RefusedError):
        approve(lab, "scientist", notebook)


def test_an_owner_that_asks_to_be_among_them_is(lab: Lab) -> None:
    notebook = asks(lab, approvers=2, owner_approves=True)
    approve(lab, "health-steward", notebook)
    waits = approve(lab, "transport-steward", notebook)
    assert waits.state is NotebookState.SUBMITTED
    assert notebooks.approvals_needed(lab, waits).owners == (JOBS.owner,)
    assert approve(lab, "jobs-steward", notebook).state is NotebookState.APPROVED


def test_people_come_from_as_many_organisations_as_are_asked_for(lab: Lab) -> None:
    notebook = asks(lab, approvers=2, approver_organisations=2)
    approve(lab, "health-steward", notebook)
    assert notebooks.approvals_needed(lab, notebooks.notebook(lab, "health-steward", notebook.id)).organisations == 1
    assert approve(lab, "transport-steward", notebook).state is NotebookState.APPROVED


def test_another_schema_begins_anew(lab: Lab) -> None:
    notebook = asks(lab, approvers=2)
    approve(lab, "health-steward", notebook)
    waits = approve(lab, "transport-steward", notebook, NARROW)
    assert (waits.state, [a.person for a in waits.approvals]) == (NotebookState.SUBMITTED, ["transport-steward"])
    done = approve(lab, "health-steward", notebook)
    assert (done.state, done.parameters) == (NotebookState.APPROVED, NARROW)


def test_one_who_refuses_ends_it(lab: Lab) -> None:
    notebook = asks(lab, approvers=2)
    approve(lab, "health-steward", notebook)
    refused = notebooks.decide(lab, "jobs-steward", notebook.id, approve=False, reason="not so", parameters=None)
    assert refused.state is NotebookState.REFUSED
    with pytest.raises(ConflictError):
        approve(lab, "transport-steward", notebook)


def test_every_approval_stands_in_the_audit_log(lab: Lab) -> None:
    notebook = asks(lab, approvers=2)
    approve(lab, "health-steward", notebook)
    approve(lab, "transport-steward", notebook)
    with lab.store.read() as reading:
        found = [(e.event.name, e.event.actor) for e in pages(reading) if e.event.subject == notebook.id]
    assert ("lab:notebook:vote", "health-steward") in found
    assert ("lab:notebook:approve", "transport-steward") in found


def test_the_strictest_of_several_datasets_holds() -> None:
    other = replace(JOBS, name="health", owner="hospital", approvers=3, approver_organisations=2, owner_approves=True)
    assert needed([notebooks.demand_of(replace(JOBS, approvers=2)), notebooks.demand_of(other)]) == Needed(
        3, 2, ("hospital",)
    )
    assert needed([]) == Needed(1, 1, ())


@pytest.mark.parametrize(("approvers", "organisations"), [(0, 1), (1, 2), (MOST_APPROVERS + 1, 1), (2, 0)])
def test_a_demand_that_nobody_could_meet_is_refused(lab: Lab, approvers: int, organisations: int) -> None:
    with pytest.raises(InvalidError, match="approvers"):
        asks(lab, approvers=approvers, approver_organisations=organisations)
