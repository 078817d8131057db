"""Facts about grants that end: who ends them, and what is refused, or ends, from that moment on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import cast

import pytest

from datasets_mount.catalogue import Grant, Tier
from doubles.engine import MemoryEngine
from doubles.lab import SteppingClock
from doubles.people import (
    CONTEXT,
    JOBS,
    approved_notebook,
    approved_request,
    fetched,
    finished_run,
    play,
    registered_dataset,
    send,
    submit,
    work_off,
)
from hub.domain.errors import ConflictError, InvalidError, LabError, NotFoundError, RefusedError
from hub.domain.exports import ExportState
from hub.domain.people import Role
from hub.domain.table_context import TableContext
from hub.domain.work import WorkState
from hub.domain.workspaces import EndReason
from hub.services import datasets, exports, grants, notebooks, people, projects, releases, runs
from hub.services.lab import Lab
from hub.services.ports import pages
from hub.services.ready import make_ready, ready, why_unready
from hub.services.work import do_round
from hub.services.workspaces import open_workspace, tier_in, why_ends
from spawner_config.names import work_container

OWNER, LEAD, MEMBER, PROJECT, WHY = "jobs-steward", "scientist", "researcher", "wages", "the agreement has ended"
End = Callable[[Lab], None]


def withdraw(lab: Lab) -> None:
    grants.withdraw_grant(lab, OWNER, PROJECT, "jobs", WHY)


def let_it_end(lab: Lab) -> None:
    """Its last day is today, and then today is over."""
    grants.grant_dataset(lab, OWNER, PROJECT, "jobs", lab.now().date())
    pass_day(lab)


def pass_day(lab: Lab) -> None:
    cast(SteppingClock, lab.clock).moment += timedelta(days=1)


either_end = pytest.mark.parametrize("end", [withdraw, let_it_end])


@pytest.fixture
def lab(lab: Lab) -> Lab:
    play(lab)
    registered_dataset(lab)
    return lab


def grant(lab: Lab) -> Grant:
    with lab.store.read() as reading:
        kept = reading.get(Grant, grants.grant_id(PROJECT, "jobs"))
    assert kept is not None
    return kept


def events(lab: Lab, name: str) -> list[tuple[str, dict[str, str]]]:
    with lab.store.read() as reading:
        return [(e.event.actor, dict(e.event.details)) for e in pages(reading) if e.event.name == name]


@pytest.mark.parametrize(
    "actor", ["administrator", LEAD, MEMBER, "outsider", "health-steward", "transport-steward", "auditor"]
)
def test_only_a_steward_of_the_owner_withdraws(lab: Lab, actor: str) -> None:
    for project, dataset in ((PROJECT, "jobs"), ("nowhere", "jobs")):
        with pytest.raises(RefusedError):
            grants.withdraw_grant(lab, actor, project, dataset, WHY)
    assert grant(lab).withdrawn is None


def test_who_is_no_steward_does_not_learn_whether_the_dataset_exists(lab: Lab) -> None:
    said = []
    for dataset in ("jobs", "none"):
        with pytest.raises(RefusedError) as refused:
            grants.withdraw_grant(lab, LEAD, PROJECT, dataset, WHY)
        said.append(str(refused.value))
    assert said[0] == said[1]


def test_a_grant_is_withdrawn_once_with_its_reason_and_the_event_says_so(lab: Lab) -> None:
    with pytest.raises(InvalidError, match="why"):
        grants.withdraw_grant(lab, OWNER, PROJECT, "jobs", "  no  ")
    withdraw(lab)
    assert (grant(lab).withdrawn_by, grant(lab).reason) == (OWNER, WHY)
    assert events(lab, "lab:dataset:withdraw") == [(OWNER, {"reason": WHY})]
    with pytest.raises(ConflictError, match="already"):
        withdraw(lab)
    with pytest.raises(NotFoundError, match="no grant"):
        grants.withdraw_grant(lab, OWNER, "other", "jobs", WHY)


def test_a_last_day_counts_whole_and_one_that_is_over_cannot_be_given(lab: Lab) -> None:
    today = lab.now().date()
    with pytest.raises(InvalidError, match="today or later"):
        grants.grant_dataset(lab, OWNER, PROJECT, "jobs", today - timedelta(days=1))
    grants.grant_dataset(lab, OWNER, PROJECT, "jobs", today)
    assert [g.ends for g in projects.project(lab, LEAD, PROJECT)[1]] == [today]
    pass_day(lab)
    assert projects.project(lab, LEAD, PROJECT)[1] == []


@either_end
def test_members_see_no_more_of_the_dataset_than_that_its_grant_is_over(lab: Lab, end: End) -> None:
    assert [d.name for d, _ in datasets.datasets(lab, MEMBER)] == ["jobs"]
    end(lab)
    assert datasets.datasets(lab, MEMBER) == []
    assert projects.project(lab, MEMBER, PROJECT)[1] == []
    assert [g.dataset for g in grants.past_grants(lab, MEMBER, PROJECT)] == ["jobs"]
    with pytest.raises(NotFoundError):
        grants.past_grants(lab, "outsider", PROJECT)


@either_end
def test_an_open_workspace_that_sees_it_ends_and_the_next_does_not_see_it(lab: Lab, end: End) -> None:
    assert "/data/jobs" in [m.target for m in open_workspace(lab, LEAD, PROJECT).mounts]
    assert why_ends(lab, LEAD, PROJECT, lab.now()) is None
    end(lab)
    assert why_ends(lab, LEAD, PROJECT, lab.now()) is EndReason.WITHDRAWN
    assert "/data/jobs" not in [m.target for m in open_workspace(lab, LEAD, PROJECT).mounts]
    assert why_ends(lab, LEAD, PROJECT, lab.now()) is not EndReason.WITHDRAWN


def test_an_open_workspace_that_does_not_see_it_goes_on(lab: Lab) -> None:
    withdraw(lab)
    open_workspace(lab, LEAD, PROJECT)
    grants.grant_dataset(lab, OWNER, PROJECT, "jobs")
    withdraw(lab)
    assert why_ends(lab, LEAD, PROJECT, lab.now()) is None


def test_one_that_is_withdrawn_while_the_workspace_is_prepared_is_not_opened(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = lab.storage.mount_snapshot

    def slow(*args: object) -> Path:
        withdraw(lab)
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(lab.storage, "mount_snapshot", slow)
    with pytest.raises(RefusedError, match="has withdrawn it"):
        open_workspace(lab, LEAD, PROJECT)
    assert events(lab, "lab:workspace:open") == []
    assert events(lab, "lab:workspace:refuse") == [(LEAD, {"reason": "grant-withdrawn"})]


@either_end
def test_one_that_waits_ready_ends(lab: Lab, end: End) -> None:
    make_ready(lab, LEAD, PROJECT)
    waiting = ready(lab)[0]
    assert why_unready(lab, waiting) is None
    end(lab)
    assert why_unready(lab, waiting) in (EndReason.CHANGED, EndReason.UNUSED)  # a day is longer than one waits


def test_the_tier_stays_what_it_was_where_the_project_has_used_the_data(lab: Lab) -> None:
    withdraw(lab)
    assert tier_in(lab, PROJECT) is Tier.OPEN
    grants.grant_dataset(lab, OWNER, PROJECT, "jobs")
    open_workspace(lab, LEAD, PROJECT)
    withdraw(lab)
    assert tier_in(lab, PROJECT) is Tier.SENSITIVE


@either_end
def test_a_queued_run_fails_with_the_reason_and_no_container_is_made(lab: Lab, end: End) -> None:
    run = runs.start_run(lab, MEMBER, approved_notebook(lab).id, {})[0].id
    end(lab)
    work_off(lab)
    work = runs.run(lab, MEMBER, run)[1]
    assert work.state is WorkState.FAILED
    assert "jobs" in work.reason
    assert work_container("datalab", run) not in cast(MemoryEngine, lab.engine).bodies
    with pytest.raises(RefusedError):
        runs.start_run(lab, MEMBER, approved_id(lab), {})


def approved_id(lab: Lab) -> str:
    return next(n.id for n in notebooks.notebooks(lab, LEAD) if n.state == "approved")


@either_end
def test_a_running_run_is_ended_with_the_reason(lab: Lab, end: End) -> None:
    notebook = approved_notebook(lab).id
    engine = cast(MemoryEngine, lab.engine)
    engine.on_start = None
    run = runs.start_run(lab, MEMBER, notebook, {})[0].id
    do_round(lab)
    assert runs.run(lab, MEMBER, run)[1].state is WorkState.RUNNING
    end(lab)
    do_round(lab)
    work = runs.run(lab, MEMBER, run)[1]
    assert (work.state, "jobs" in work.reason) == (WorkState.FAILED, True)
    assert engine.views == {}


def test_a_run_of_a_member_who_left_is_ended(lab: Lab) -> None:
    notebook = approved_notebook(lab).id
    cast(MemoryEngine, lab.engine).on_start = None
    run = runs.start_run(lab, MEMBER, notebook, {})[0].id
    do_round(lab)
    projects.remove_member(lab, LEAD, PROJECT, MEMBER)
    do_round(lab)
    work = runs.run(lab, LEAD, run)[1]
    assert (work.state, work.reason.split(";")[0]) == (
        WorkState.FAILED,
        "Only members of the project wages can do this",
    )


@either_end
def test_what_draws_on_it_is_neither_offered_nor_released_until_it_is_granted_again(lab: Lab, end: End) -> None:
    request = approved_request(lab)
    end(lab)
    with pytest.raises(RefusedError, match="draws on the dataset jobs"):
        releases.release(lab, "health-steward", request.id)
    assert exports.request(lab, MEMBER, request.id).state is ExportState.APPROVED
    for source in (request.source, "workspace"):
        with pytest.raises(RefusedError, match="jobs"):
            ask(lab, source)
    grants.grant_dataset(lab, OWNER, PROJECT, "jobs")
    assert releases.release(lab, "health-steward", request.id).files
    ask(lab, "workspace")


def ask(lab: Lab, source: str) -> str:
    files = {"table.csv": TableContext()}
    return exports.create_request(lab, MEMBER, PROJECT, source=source, files=files, context=CONTEXT).id


def test_a_draft_is_not_submitted_after_it(lab: Lab) -> None:
    draft = ask(lab, finished_run(lab).id)
    withdraw(lab)
    with pytest.raises(RefusedError, match="withdrawn"):
        submit(lab, MEMBER, draft)


def test_a_release_that_was_made_stays_and_can_be_revoked(lab: Lab) -> None:
    made = releases.release(lab, "health-steward", approved_request(lab).id)
    withdraw(lab)
    assert releases.release(lab, "health-steward", made.id) == made
    assert releases.revoke(lab, "health-steward", made.id, "its owner asks for it").revoked is not None


def test_what_was_never_used_keeps_nothing_of_a_workspace_from_leaving(lab: Lab) -> None:
    withdraw(lab)
    assert ask(lab, "workspace")


def test_a_draft_counts_what_its_workspace_was_given_before_it_is_submitted(lab: Lab) -> None:
    withdraw(lab)
    draft = ask(lab, "workspace")
    grants.grant_dataset(lab, OWNER, PROJECT, "jobs")
    mounts = open_workspace(lab, MEMBER, PROJECT).mounts
    outputs = next(Path(m.source) for m in mounts if m.target == "/outputs")
    (outputs / "table.csv").write_text("year,persons\n1980,545\n")
    assert set(submit(lab, MEMBER, draft).snapshots) == {"jobs"}


def test_the_first_use_is_recorded_once_and_kept_through_a_new_grant(lab: Lab) -> None:
    assert grant(lab).used is None
    for _ in range(2):
        open_workspace(lab, LEAD, PROJECT)
    used = grant(lab).used
    assert used is not None
    assert events(lab, "lab:dataset:use") == [(LEAD, {})]
    withdraw(lab)
    grants.grant_dataset(lab, OWNER, PROJECT, "jobs")
    assert grant(lab).used == used


def test_a_member_whose_last_day_is_over_is_refused_everywhere(lab: Lab) -> None:
    today = lab.now().date()
    for wrong, member in ((today - timedelta(days=1), MEMBER), (today, LEAD)):
        with pytest.raises(InvalidError):
            projects.add_member(lab, LEAD, PROJECT, member, wrong)
    projects.add_member(lab, LEAD, PROJECT, MEMBER, today)
    request = approved_request(lab)
    released = releases.release(lab, "health-steward", request.id)
    open_workspace(lab, MEMBER, PROJECT)
    assert why_ends(lab, MEMBER, PROJECT, lab.now()) is None
    pass_day(lab)
    assert why_ends(lab, MEMBER, PROJECT, lab.now()) is EndReason.NOT_ALLOWED
    refused: list[Callable[[], object]] = [
        lambda: open_workspace(lab, MEMBER, PROJECT),
        lambda: projects.project(lab, MEMBER, PROJECT),
        lambda: runs.start_run(lab, MEMBER, approved_id(lab), {}),
        lambda: runs.run(lab, MEMBER, request.source),
        lambda: exports.request(lab, MEMBER, request.id),
        lambda: fetched(lab, MEMBER, released.id, "table.csv"),
        lambda: ask(lab, request.source),
    ]
    for act in refused:
        with pytest.raises(LabError):
            act()
    assert (projects.projects(lab, MEMBER), exports.requests(lab, MEMBER), releases.releases(lab, MEMBER)) == (
        [], [], [],
    )  # fmt: skip
    assert projects.project(lab, LEAD, PROJECT)[0].former == (MEMBER,)


def test_no_use_case_reads_projects_or_roles_past_the_day() -> None:
    """Projects come from ``known_project``, or memberships that are over would count there."""
    services = Path(grants.__file__).parent
    reading = [f.name for f in services.glob("*.py") if "(Project" in f.read_text().replace("= Project(", "")]
    assert reading == ["lab.py"]


def test_a_role_whose_last_day_is_over_is_no_role_anywhere(lab: Lab) -> None:
    today = lab.now().date()
    with pytest.raises(InvalidError, match="today or later"):
        add_steward(lab, today - timedelta(days=1))
    add_steward(lab, today)
    request = approved_request(lab)
    assert people.whoami(lab, OWNER).roles == (Role.STEWARD,)
    pass_day(lab)
    assert people.whoami(lab, OWNER).roles == ()
    assert people.knows_person(lab, OWNER)
    refused: list[Callable[[], object]] = [
        lambda: withdraw(lab),
        lambda: grants.grant_dataset(lab, OWNER, PROJECT, "jobs"),
        lambda: exports.request(lab, OWNER, request.id),
        lambda: releases.release(lab, OWNER, request.id),
        lambda: projects.project(lab, OWNER, PROJECT),
    ]
    for act in refused:
        with pytest.raises((RefusedError, NotFoundError)):
            act()
    add_steward(lab, None)
    withdraw(lab)


def add_steward(lab: Lab, last: date | None) -> None:
    people.add_person(lab, "administrator", OWNER, "Steward", "jobs-institute", (Role.STEWARD,), last)


def test_an_administrator_whose_role_is_over_can_be_followed_by_command(lab: Lab) -> None:
    today = lab.now().date()
    roles = (Role.ADMINISTRATOR,)
    people.add_person(lab, "administrator", "administrator", "A", "lab-office", roles, today)
    pass_day(lab)
    with pytest.raises(RefusedError):
        add_steward(lab, None)
    assert people.make_first_administrator(lab, "successor", "lab-office", "Lab office")


def foreign_grant(lab: Lab, tier: Tier = Tier.SECRET, project: str = PROJECT) -> Grant:
    """A steward of another organisation registers a dataset of their own, and grants it to the project."""
    about = replace(JOBS, name="grim", owner="health-observatory", tier=tier)
    datasets.register_dataset(lab, "health-steward", about)
    datasets.offer_snapshot(lab, "health-steward", "grim", (send(lab, "health-steward", "grim.csv"),))
    work_off(lab)
    return grants.grant_dataset(lab, "health-steward", project, "grim")


def test_a_foreign_stewards_grant_raises_no_projects_tier(lab: Lab) -> None:
    open_workspace(lab, MEMBER, PROJECT)
    given = foreign_grant(lab)
    assert given.waits
    assert tier_in(lab, PROJECT) is Tier.SENSITIVE
    assert why_ends(lab, MEMBER, PROJECT, lab.now()) is None
    plan = open_workspace(lab, MEMBER, PROJECT)
    assert (plan.tier, [m.target for m in plan.mounts if "grim" in m.target]) == (Tier.SENSITIVE, [])
    assert [g.dataset for g in grants.waiting_grants(lab, MEMBER, PROJECT)] == ["grim"]
    assert grants.past_grants(lab, MEMBER, PROJECT) == []
    with pytest.raises(RefusedError, match="lead has to accept"), lab.store.read() as reading:
        grants.check_all_granted(reading, PROJECT, ("grim",))


def test_granting_again_does_not_pass_the_lead_by(lab: Lab) -> None:
    foreign_grant(lab)
    assert grants.grant_dataset(lab, "health-steward", PROJECT, "grim", lab.now().date()).waits
    grants.withdraw_grant(lab, "health-steward", PROJECT, "grim", "another try")
    assert grants.grant_dataset(lab, "health-steward", PROJECT, "grim").waits
    assert tier_in(lab, PROJECT) is Tier.SENSITIVE


def test_a_grant_that_raises_nothing_needs_nobody(lab: Lab) -> None:
    assert not foreign_grant(lab, Tier.SENSITIVE).waits
    assert not foreign_grant(lab, Tier.SECRET, "other").waits, (
        "a project without data is as strict as its first dataset"
    )


def test_the_lead_accepts_and_the_project_is_stricter_from_then_on(lab: Lab) -> None:
    foreign_grant(lab)
    open_workspace(lab, MEMBER, PROJECT)
    assert not grants.accept_grant(lab, LEAD, PROJECT, "grim").waits
    assert tier_in(lab, PROJECT) is Tier.SECRET
    assert why_ends(lab, MEMBER, PROJECT, lab.now()) is EndReason.CHANGED
    with pytest.raises(ConflictError):
        grants.accept_grant(lab, LEAD, PROJECT, "grim")
    assert not grants.grant_dataset(lab, "health-steward", PROJECT, "grim", lab.now().date()).waits


def test_the_lead_declines_what_was_not_used_and_its_owner_reads_why(lab: Lab) -> None:
    foreign_grant(lab)
    declined = grants.decline_grant(lab, LEAD, PROJECT, "grim", "we do without it")
    assert (declined.withdrawn_by, declined.reason, declined.waits) == (LEAD, "we do without it", False)
    with pytest.raises(NotFoundError):
        grants.accept_grant(lab, LEAD, PROJECT, "grim")
    foreign_grant(lab, Tier.SECRET, "other")
    grants.decline_grant(lab, "outsider", "other", "grim", "not with us")
    assert tier_in(lab, "other") is Tier.OPEN


def test_the_lead_takes_nothing_back_that_was_used(lab: Lab) -> None:
    open_workspace(lab, MEMBER, PROJECT)
    with pytest.raises(ConflictError, match="only its owner"):
        grants.decline_grant(lab, LEAD, PROJECT, "jobs", "we do without it")
    with pytest.raises(InvalidError):
        grants.decline_grant(lab, LEAD, PROJECT, "jobs", " no ")


@pytest.mark.parametrize("actor", ["administrator", MEMBER, "health-steward", OWNER, "auditor"])
def test_nobody_but_the_lead_accepts_or_declines(lab: Lab, actor: str) -> None:
    foreign_grant(lab)
    with pytest.raises(RefusedError):
        grants.accept_grant(lab, actor, PROJECT, "grim")
    with pytest.raises(RefusedError):
        grants.decline_grant(lab, actor, PROJECT, "grim", "we do without it")
    assert tier_in(lab, PROJECT) is Tier.SENSITIVE
