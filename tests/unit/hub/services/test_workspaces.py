"""Facts about workspaces as records: who opens one, when it ends, and who is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from doubles.lab import SteppingClock
from hub.domain.audit import event
from hub.domain.errors import ConflictError, LabError, UnavailableError
from hub.domain.workspaces import EndReason, Workspace, WorkspaceState, end_workspace
from hub.services import projects
from hub.services.lab import Lab
from hub.services.ports import pages
from hub.services.workspaces import close_workspace, ends_at, open_workspace, why_ends
from hub.settings import Allowance
from spawner_config.names import server_id

SCIENTIST, PROJECT = "scientist", "wages"
MEMBERS = ("scientist", "researcher")


def allowing(lab: Lab, most: int) -> Lab:
    workspace = lab.settings.workspace.model_copy(update={"open_per_project": most})
    return replace(lab, settings=lab.settings.model_copy(update={"workspace": workspace}))


def events(lab: Lab, name: str) -> list[dict[str, str]]:
    with lab.store.read() as reading:
        return [{"actor": e.event.actor, **dict(e.event.details)} for e in pages(reading) if e.event.name == name]


def kept(lab: Lab, person: str = SCIENTIST) -> Workspace:
    with lab.store.read() as reading:
        found = reading.get(Workspace, server_id(person, PROJECT))
    assert found is not None
    return found


def pass_time(lab: Lab, seconds: float) -> None:
    cast(SteppingClock, lab.clock).moment += timedelta(seconds=seconds)


def test_one_that_nobody_uses_ends_as_idle_and_one_that_is_used_goes_on(lab: Lab) -> None:
    open_workspace(lab, SCIENTIST, PROJECT)
    opened = lab.now()
    pass_time(lab, lab.settings.workspace.idle_seconds)
    assert why_ends(lab, SCIENTIST, PROJECT, lab.now() - timedelta(minutes=1)) is None
    assert why_ends(lab, SCIENTIST, PROJECT, opened) is EndReason.IDLE


def test_one_that_says_it_is_always_used_ends_with_its_lifetime(lab: Lab) -> None:
    open_workspace(lab, SCIENTIST, PROJECT)
    latest = ends_at(lab, SCIENTIST, PROJECT)
    assert latest is not None
    pass_time(lab, lab.settings.workspace.lifetime_seconds - 60)
    assert why_ends(lab, SCIENTIST, PROJECT, lab.now() + timedelta(days=900)) is None
    pass_time(lab, 61)
    assert latest < lab.now()
    assert why_ends(lab, SCIENTIST, PROJECT, lab.now() + timedelta(days=900)) is EndReason.LIFETIME


def test_one_whose_person_may_no_longer_work_there_ends(lab: Lab) -> None:
    open_workspace(lab, "researcher", PROJECT)
    assert why_ends(lab, "researcher", PROJECT, lab.now()) is None
    projects.remove_member(lab, SCIENTIST, PROJECT, "researcher")
    assert why_ends(lab, "researcher", PROJECT, lab.now()) is EndReason.NOT_ALLOWED


def test_an_end_is_recorded_once_with_its_reason_and_who_ended_it(lab: Lab) -> None:
    open_workspace(lab, SCIENTIST, PROJECT)
    for reason in (EndReason.IDLE, EndReason.STOPPED):
        close_workspace(lab, SCIENTIST, PROJECT, reason)
    assert events(lab, "lab:workspace:close") == [{"actor": "hub", "person": SCIENTIST, "reason": "idle"}]
    assert ends_at(lab, SCIENTIST, PROJECT) is None
    open_workspace(lab, SCIENTIST, PROJECT)
    close_workspace(lab, SCIENTIST, PROJECT, EndReason.STOPPED)
    assert events(lab, "lab:workspace:close")[1]["actor"] == SCIENTIST


def test_a_project_that_has_its_allowance_open_is_refused_one_more_until_one_ends(lab: Lab) -> None:
    lab = allowing(lab, 1)
    open_workspace(lab, SCIENTIST, PROJECT)
    with pytest.raises(LabError, match="has 1 workspaces open, and may have 1"):
        open_workspace(lab, "researcher", PROJECT)
    assert events(lab, "lab:workspace:refuse") == [{"actor": "researcher", "reason": "allowance"}]
    open_workspace(lab, SCIENTIST, PROJECT)  # again, since a hub was killed: it is not counted twice
    close_workspace(lab, SCIENTIST, PROJECT, EndReason.STOPPED)
    assert open_workspace(lab, "researcher", PROJECT).person == "researcher"


def test_members_who_open_at_the_same_moment_do_not_overshoot(lab: Lab) -> None:
    lab = allowing(lab, 1)

    def tried(person: str) -> str:
        try:
            return open_workspace(lab, person, PROJECT).person
        except LabError as error:
            return error.reason

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(tried, MEMBERS * 6))
    assert len(set(told) - {"allowance"}) == 1
    assert told.count("allowance") == 6
    with lab.store.read() as reading:
        assert len(reading.find(Workspace, state=WorkspaceState.OPEN)) == 1


def test_what_is_being_cleared_away_is_not_opened_and_not_closed_by_another(lab: Lab) -> None:
    open_workspace(lab, SCIENTIST, PROJECT)
    clearing = end_workspace(kept(lab), WorkspaceState.CLEARING, EndReason.LEFT_BEHIND, lab.now())
    with lab.store.begin() as records:
        records.save(clearing, event("lab:workspace:clear", "worker", PROJECT, PROJECT))
    with pytest.raises(UnavailableError, match="being cleared away"):
        open_workspace(lab, SCIENTIST, PROJECT)
    close_workspace(lab, SCIENTIST, PROJECT, EndReason.STOPPED)
    assert kept(lab) == clearing


def test_a_project_with_an_allowance_of_its_own_has_so_many_open(lab: Lab) -> None:
    own = {PROJECT: Allowance(open_per_project=1)}
    narrow = replace(lab, settings=lab.settings.model_copy(update={"allowance": own}))
    open_workspace(narrow, SCIENTIST, PROJECT)
    with pytest.raises(ConflictError, match="may have 1"):
        open_workspace(narrow, "researcher", PROJECT)
    open_workspace(lab, "researcher", PROJECT)
