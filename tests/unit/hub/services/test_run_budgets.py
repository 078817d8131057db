"""Facts about budgets of runs: a steward who never worked in the project grants more, until the month ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from doubles.people import approved_notebook, play, registered_dataset
from hub.domain.errors import InvalidError, NotFoundError, RefusedError
from hub.domain.notices import NoticeKind
from hub.domain.run_budgets import MOST_GRANTED
from hub.services import notices, run_budgets, runs, schedules, sweeps
from hub.services.lab import Lab
from hub.services.ports import pages

WHY = "A table for each region was agreed on"


@pytest.fixture
def tight(lab: Lab) -> Lab:
    """A lab whose projects start two runs a month."""
    play(lab)
    registered_dataset(lab)
    notebook = lab.settings.notebooks.model_copy(update={"runs_a_month": 2})
    return replace(lab, settings=lab.settings.model_copy(update={"notebooks": notebook}))


def used_up(lab: Lab) -> str:
    notebook = approved_notebook(lab).id
    for _ in range(2):
        runs.start_run(lab, "researcher", notebook, {})
    with pytest.raises(RefusedError, match=r"has 0 of its 2 runs left this month.*ask a data steward"):
        runs.start_run(lab, "researcher", notebook, {})
    return notebook


def test_what_a_steward_grants_is_started_and_no_more(tight: Lab) -> None:
    notebook = used_up(tight)
    found = run_budgets.grant_runs(tight, "health-steward", "wages", 1, f" {WHY} ")
    assert (found.started, found.budget, found.left) == (2, 3, 1)
    assert [(g.runs, g.granted_by, g.reason) for g in found.grants] == [(1, "health-steward", WHY)]
    runs.start_run(tight, "researcher", notebook, {})
    with pytest.raises(RefusedError, match="has 0 of its 3 runs left"):
        runs.start_run(tight, "researcher", notebook, {})


def test_a_grant_ends_with_the_month(tight: Lab) -> None:
    used_up(tight)
    run_budgets.grant_runs(tight, "health-steward", "wages", 5, WHY)
    tight.clock.moment = datetime(2026, 4, 1, tzinfo=UTC)  # type: ignore[attr-defined]
    found = run_budgets.run_budget(tight, "scientist", "wages")
    assert (found.started, found.budget, found.grants) == (0, 2, ())


def test_a_grant_stands_in_the_audit_log_with_its_reason(tight: Lab) -> None:
    run_budgets.grant_runs(tight, "health-steward", "wages", 5, WHY)
    with tight.store.read() as reading:
        (entry,) = [e.event for e in pages(reading) if e.event.name == "lab:runs:grant"]
    assert (entry.actor, entry.project, dict(entry.details)) == (
        "health-steward",
        "wages",
        {"runs": "5", "reason": WHY},
    )


@pytest.mark.parametrize("actor", ["scientist", "researcher", "administrator", "auditor"])
def test_nobody_but_a_steward_grants_runs(tight: Lab, actor: str) -> None:
    with pytest.raises(RefusedError):
        run_budgets.grant_runs(tight, actor, "wages", 5, WHY)
    assert run_budgets.run_budget(tight, "scientist", "wages").budget == 2


def test_who_is_of_another_project_learns_nothing_of_the_budget(tight: Lab) -> None:
    with pytest.raises(NotFoundError):
        run_budgets.run_budget(tight, "outsider", "wages")
    with pytest.raises(NotFoundError):
        run_budgets.grant_runs(tight, "outsider", "wages", 5, WHY)


@pytest.mark.parametrize(("count", "reason"), [(0, WHY), (-3, WHY), (MOST_GRANTED + 1, WHY), (5, "  no  ")])
def test_a_grant_has_a_size_and_a_reason(tight: Lab, count: int, reason: str) -> None:
    with pytest.raises(InvalidError):
        run_budgets.grant_runs(tight, "health-steward", "wages", count, reason)


def told(lab: Lab) -> dict[str, int]:
    """How often each person was told that the project's runs are used up."""
    everybody = ("scientist", "researcher", "outsider", "health-steward", "transport-steward", "auditor")
    found = {who: [n for n in notices.notices(lab, who) if n.kind is NoticeKind.RUNS_USED_UP] for who in everybody}
    assert {(n.place, n.subject) for kept in found.values() for n in kept} <= {("projects", "wages")}
    return {who: len(kept) for who, kept in found.items() if kept}


def test_the_lead_and_the_stewards_are_told_when_the_last_run_starts_and_once(tight: Lab) -> None:
    notebook = approved_notebook(tight).id
    runs.start_run(tight, "researcher", notebook, {})
    assert told(tight) == {}
    runs.start_run(tight, "researcher", notebook, {})
    once = {"scientist": 1, "health-steward": 1, "transport-steward": 1}
    assert told(tight) == once
    with pytest.raises(RefusedError):
        runs.start_run(tight, "researcher", notebook, {})
    assert told(tight) == once
    run_budgets.grant_runs(tight, "health-steward", "wages", 2, WHY)
    runs.start_run(tight, "researcher", notebook, {})
    assert told(tight) == once
    runs.start_run(tight, "scientist", notebook, {})
    assert told(tight) == {"scientist": 1, "health-steward": 2, "transport-steward": 2}  # the lead did it this time
    tight.clock.moment = datetime(2026, 4, 1, tzinfo=UTC)  # type: ignore[attr-defined]
    sweeps.start_sweep(tight, "researcher", notebook, {"minimum": (1, 2)}, {})
    assert told(tight) == {"scientist": 2, "health-steward": 3, "transport-steward": 3}


def test_a_lead_whose_schedule_starts_the_last_run_is_told(tight: Lab) -> None:
    notebook = approved_notebook(tight).id
    runs.start_run(tight, "scientist", notebook, {})
    made = schedules.make_schedule(tight, "scientist", notebook, "0 6 * * *", {})
    tight.clock.moment = made.due + timedelta(seconds=1)  # type: ignore[attr-defined]
    schedules.keep_schedules(tight)
    assert told(tight) == {"scientist": 1, "health-steward": 1, "transport-steward": 1}
