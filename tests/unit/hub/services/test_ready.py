"""Facts about workspaces made ready in advance: who gets one, what it counts as, and when it ends unused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from datasets_mount.catalogue import Tier
from doubles.engine import MemoryEngine
from doubles.lab import SteppingClock
from doubles.people import play, registered_dataset
from hub.domain.errors import LabError, UnavailableError
from hub.domain.workspaces import EndReason, Workspace, WorkspaceState
from hub.services import projects
from hub.services.lab import Lab
from hub.services.ports import pages
from hub.services.ready import (
    EACH,
    WANTED,
    arrive,
    end_ready,
    is_ready,
    leave_workspace,
    make_ready,
    most_ready,
    ready,
    want_workspace,
    wanted,
    why_unready,
)
from hub.services.workspaces import Ingredients, made_of, open_workspace
from spawner_config.names import server_id

LEAD, MEMBER, PROJECT = "scientist", "researcher", "wages"


@pytest.fixture
def lab(lab: Lab) -> Lab:
    """A lab that makes three ready."""
    return with_limits(lab, ready_memory=3 * EACH)


def with_limits(lab: Lab, **limits: int) -> Lab:
    workspace = lab.settings.workspace.model_copy(update=limits)
    return replace(lab, settings=lab.settings.model_copy(update={"workspace": workspace}))


def kept(lab: Lab, person: str = LEAD) -> Workspace | None:
    with lab.store.read() as reading:
        return reading.get(Workspace, server_id(person, PROJECT))


def state(lab: Lab, person: str = LEAD) -> WorkspaceState | None:
    found = kept(lab, person)
    return found.state if found else None


def events(lab: Lab) -> list[str]:
    with lab.store.read() as reading:
        return [e.event.name for e in pages(reading) if e.event.name.startswith("lab:workspace:")]


def pass_time(lab: Lab, passed: timedelta) -> None:
    cast(SteppingClock, lab.clock).moment += passed


def test_a_member_who_shows_up_wants_their_workspace_once_and_again_only_after_a_while(lab: Lab) -> None:
    for _ in range(3):
        want_workspace(lab, LEAD, PROJECT)
    assert [(w.person, w.project) for w in wanted(lab)] == [(LEAD, PROJECT)]
    assert events(lab) == ["lab:workspace:want"]
    pass_time(lab, WANTED)
    assert wanted(lab) == []
    want_workspace(lab, LEAD, PROJECT)
    assert events(lab) == ["lab:workspace:want"] * 2


@pytest.mark.parametrize("person", ["administrator", "jobs-steward", "nobody"])
def test_who_may_not_work_in_the_project_wants_nothing(lab: Lab, person: str) -> None:
    want_workspace(lab, person, PROJECT)
    assert (wanted(lab), events(lab)) == ([], [])


def test_where_none_is_made_ready_nobody_wants_one(lab: Lab) -> None:
    off = with_limits(lab, ready_memory=0)
    want_workspace(off, LEAD, PROJECT)
    assert arrive(off, LEAD) is True
    leave_workspace(off, LEAD, PROJECT, EndReason.STOPPED)
    assert events(off) == []
    assert most_ready(off) == 0


def test_a_login_wants_the_workspace_that_the_person_had_last_or_could_only_mean(lab: Lab) -> None:
    assert arrive(lab, MEMBER) is True
    assert [w.person for w in wanted(lab)] == [MEMBER]
    assert arrive(lab, "nobody") is False


def test_who_stopped_their_workspace_wants_the_next_and_who_left_it_does_not(lab: Lab) -> None:
    open_workspace(lab, LEAD, PROJECT)
    leave_workspace(lab, LEAD, PROJECT, EndReason.IDLE)
    assert state(lab) is WorkspaceState.CLOSED
    open_workspace(lab, LEAD, PROJECT)
    leave_workspace(lab, LEAD, PROJECT, EndReason.STOPPED)
    assert state(lab) is WorkspaceState.WANTED
    assert events(lab)[-2:] == ["lab:workspace:close", "lab:workspace:want"]


def test_it_is_made_of_what_a_workspace_is_made_of_and_its_making_is_recorded(lab: Lab) -> None:
    plan = make_ready(lab, LEAD, PROJECT)
    assert state(lab) is WorkspaceState.READY
    assert is_ready(lab, LEAD, PROJECT)
    assert not is_ready(lab, MEMBER, PROJECT)
    assert events(lab) == ["lab:workspace:ready"]
    assert open_workspace(lab, LEAD, PROJECT) == plan
    assert events(lab) == ["lab:workspace:ready", "lab:workspace:open"]
    with lab.store.read() as reading:
        opened = list(pages(reading))[-1].event
    assert (opened.actor, dict(opened.details)["ready"]) == (LEAD, "1")


def test_who_may_not_work_in_the_project_has_none_made(lab: Lab) -> None:
    with pytest.raises(LabError):
        make_ready(lab, "jobs-steward", PROJECT)
    assert ready(lab) == []


@pytest.mark.parametrize("there", ["open", "ready"])
def test_there_is_never_a_second_one(lab: Lab, there: str) -> None:
    (open_workspace if there == "open" else make_ready)(lab, LEAD, PROJECT)
    before = kept(lab)
    with pytest.raises(LabError, match="a workspace already"):
        make_ready(lab, LEAD, PROJECT)
    want_workspace(lab, LEAD, PROJECT)
    assert kept(lab) == before


def test_one_that_waits_takes_no_place_of_the_projects_allowance(lab: Lab) -> None:
    lab = with_limits(lab, open_per_project=1)
    make_ready(lab, LEAD, PROJECT)
    open_workspace(lab, MEMBER, PROJECT)
    with pytest.raises(LabError, match="has 1 workspaces open"):
        open_workspace(lab, LEAD, PROJECT)
    assert state(lab) is WorkspaceState.READY


def test_one_that_nobody_opened_is_over_after_its_time(lab: Lab) -> None:
    make_ready(lab, LEAD, PROJECT)
    [waiting] = ready(lab)
    assert why_unready(lab, waiting) is None
    pass_time(lab, timedelta(seconds=lab.settings.workspace.ready_seconds))
    assert why_unready(lab, waiting) is EndReason.UNUSED
    assert end_ready(lab, waiting, EndReason.UNUSED)
    assert not end_ready(lab, waiting, EndReason.UNUSED)
    assert (state(lab), events(lab)) == (WorkspaceState.CLOSED, ["lab:workspace:ready", "lab:workspace:unused"])


def test_one_whose_person_left_the_project_is_over(lab: Lab) -> None:
    make_ready(lab, MEMBER, PROJECT)
    [waiting] = ready(lab)
    projects.remove_member(lab, LEAD, PROJECT, MEMBER)
    assert why_unready(lab, waiting) is EndReason.NOT_ALLOWED


def test_one_of_another_image_is_over_and_an_engine_that_is_away_says_nothing(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_ready(lab, LEAD, PROJECT)
    [waiting] = ready(lab)
    monkeypatch.setattr(MemoryEngine, "image_digest", lambda *_: "sha256:" + "2" * 64)
    assert why_unready(lab, waiting) is EndReason.CHANGED
    monkeypatch.undo()
    cast(MemoryEngine, lab.engine).answers = False
    assert why_unready(lab, waiting) is None


CHANGES: dict[str, Callable[[Ingredients], Ingredients]] = {
    "another person": lambda made: replace(made, person=MEMBER),
    "another project": lambda made: replace(made, project=replace(made.project, name="care")),
    "another number": lambda made: replace(made, project=replace(made.project, uid=made.project.uid + 1)),
    "another image": lambda made: replace(made, image="sha256:" + "2" * 64),
    "a stricter tier": lambda made: replace(made, tier=Tier.SECRET),
    "a dataset less": lambda made: replace(made, seen=made.seen[1:]),
    "another version of a dataset": lambda made: replace(
        made, seen=tuple((dataset, replace(snapshot, digest="f" * 64)) for dataset, snapshot in made.seen)
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_one_that_was_made_of_anything_else_is_over(lab: Lab, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    play(lab)
    registered_dataset(lab)
    make_ready(lab, LEAD, PROJECT)
    [waiting] = ready(lab)
    made = made_of(lab, LEAD, PROJECT)
    assert made.seen
    assert why_unready(lab, waiting) is None
    monkeypatch.setattr("hub.services.ready.made_of", lambda *_: CHANGES[change](made))
    assert why_unready(lab, waiting) is EndReason.CHANGED


def test_a_stricter_policy_is_told_at_the_claim_and_ends_none_that_waits(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_ready(lab, LEAD, PROJECT)
    [waiting] = ready(lab)
    stricter = replace(made_of(lab, LEAD, PROJECT), precheck="another policy")
    for module in ("ready", "workspaces"):
        monkeypatch.setattr(f"hub.services.{module}.made_of", lambda *_: stricter)
    assert why_unready(lab, waiting) is None
    assert open_workspace(lab, LEAD, PROJECT).precheck == "another policy"


def test_one_that_was_opened_meanwhile_is_not_ended(lab: Lab) -> None:
    make_ready(lab, LEAD, PROJECT)
    [waiting] = ready(lab)
    open_workspace(lab, LEAD, PROJECT)
    assert not end_ready(lab, waiting, EndReason.UNUSED)
    assert state(lab) is WorkspaceState.OPEN
    leave_workspace(lab, LEAD, PROJECT, EndReason.STOPPED)
    make_ready(lab, LEAD, PROJECT)
    assert not end_ready(lab, waiting, EndReason.UNUSED), "the next one is another one"


def test_a_refused_opening_is_recorded_and_leaves_what_waits(lab: Lab) -> None:
    make_ready(lab, MEMBER, PROJECT)
    projects.remove_member(lab, LEAD, PROJECT, MEMBER)
    with pytest.raises(LabError) as refused:
        open_workspace(lab, MEMBER, PROJECT)
    assert not isinstance(refused.value, UnavailableError)
    assert state(lab, MEMBER) is WorkspaceState.READY
    assert events(lab)[-1] == "lab:workspace:refuse"
