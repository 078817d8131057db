"""How many runs a project has left this month, and how a steward grants it more."""

from __future__ import annotations

from datetime import timedelta

from hub.domain.audit import event
from hub.domain.run_budgets import RunBudget, RunGrant, check_budget, check_can_grant_runs, check_grant, same_month
from hub.domain.runs import Run
from hub.services.lab import Lab, load_person, new_id
from hub.services.ports import Between, Reading
from hub.services.projects import load_project


def budget_of(lab: Lab, reading: Reading, project: str) -> RunBudget:
    """Return a project's budget of the present month."""
    now = lab.now()
    begun = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    over = (begun + timedelta(days=31)).replace(day=1)
    started = reading.count(Run, project=project, created=Between(begun, over))
    grants = tuple(g for g in reading.find(RunGrant, project=project) if same_month(g.granted, now))
    return RunBudget(project, started, lab.settings.runs_a_month(project) + sum(g.runs for g in grants), grants)


def check_runs_left(lab: Lab, reading: Reading, project: str, asked: int) -> None:
    """Refuse where a project's runs of this calendar month (UTC) and those that are asked for exceed its budget."""
    check_budget(asked, budget_of(lab, reading, project))


def run_budget(lab: Lab, actor: str, project: str) -> RunBudget:
    """Return a project's budget, for whoever may know of the project."""
    with lab.store.read() as reading:
        load_project(reading, load_person(reading, actor), project)
        return budget_of(lab, reading, project)


def grant_runs(lab: Lab, actor: str, project: str, runs: int, reason: str) -> RunBudget:
    """Grant a project more runs until the end of the month, and return its budget then."""
    with lab.store.begin() as records:
        person = load_person(records, actor)
        check_can_grant_runs(person, load_project(records, person, project))
        why = check_grant(runs, reason)
        granted = RunGrant(new_id("run-grant"), project, runs, why, actor, lab.now())
        records.save(granted, event("lab:runs:grant", actor, granted.id, project, runs=runs, reason=why))
        return budget_of(lab, records, project)
