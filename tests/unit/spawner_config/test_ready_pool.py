"""Facts about the pool of workspaces that wait: what it makes, in which order, and what it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from doubles.lab import SteppingClock
from hub.domain.errors import UnavailableError
from hub.domain.workspaces import EndReason, Workspace, WorkspaceState
from hub.services import projects
from hub.services.lab import Lab
from hub.services.ports import pages
from hub.services.ready import EACH, ready, want_workspace
from hub.services.workspaces import WorkspacePlan, open_workspace
from spawner_config import ready_pool
from spawner_config.names import server_id, workspace_container
from spawner_config.ready_pool import ReadyPool, memory_left

LEAD, MEMBER, PROJECT = "scientist", "researcher", "wages"


@dataclass
class World:
    """Containers by their names, and what was done."""

    running: dict[str, bool] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    breaks: bool = False

    async def made_anew(self, plan: WorkspacePlan) -> str:
        if self.breaks:
            raise UnavailableError("No folder can be made.", reason="verb-failed")
        name = workspace_container("datalab", plan.person, plan.project)
        self.running[name] = True
        self.done.append(f"make {plan.person}")
        return name

    async def find(self, name: str) -> dict[str, Any] | None:
        return {"State": {"Running": self.running[name]}} if name in self.running else None

    async def remove(self, name: str) -> None:
        self.running.pop(name, None)
        self.done.append("remove")

    def close_server(self, identifier: str) -> None:
        self.done.append(f"close {identifier}")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(autouse=True)
def _memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready_pool, "memory_left", lambda: 0.5)


def pool_of(lab: Lab, world: World, most: int = 2) -> ReadyPool:
    workspace = lab.settings.workspace.model_copy(update={"ready_memory": most * EACH})
    lab = replace(lab, settings=lab.settings.model_copy(update={"workspace": workspace}))
    for person in (LEAD, MEMBER):
        want_workspace(lab, person, PROJECT)
    return ReadyPool(lab, cast(Any, world), cast(Any, world), world.close_server)


def do(act: Coroutine[Any, Any, None]) -> None:
    asyncio.run(act)


def name_of(person: str) -> str:
    return workspace_container("datalab", person, PROJECT)


def state(lab: Lab, person: str) -> WorkspaceState:
    with lab.store.read() as reading:
        found = reading.get(Workspace, server_id(person, PROJECT))
    assert found is not None
    return found.state


def reasons(lab: Lab) -> list[str]:
    with lab.store.read() as reading:
        return [dict(e.event.details)["reason"] for e in pages(reading) if e.event.name == "lab:workspace:unused"]


def test_what_is_wanted_is_made_once(lab: Lab, world: World) -> None:
    pool = pool_of(lab, world)
    do(pool.make_what_is_wanted())
    do(pool.make_what_is_wanted())
    assert sorted(world.done) == [f"make {MEMBER}", f"make {LEAD}"]
    assert {state(lab, LEAD), state(lab, MEMBER)} == {WorkspaceState.READY}


def test_the_one_that_waits_longest_makes_room(lab: Lab, world: World) -> None:
    do(pool_of(lab, world, most=1).make_what_is_wanted())
    assert [w.person for w in ready(lab)] == [LEAD]
    assert world.done == [f"make {MEMBER}", "remove", f"close {server_id(MEMBER, PROJECT)}", f"make {LEAD}"]
    assert reasons(lab) == ["unused"]


def test_none_is_made_while_the_machine_is_short_of_memory(
    lab: Lab, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready_pool, "memory_left", lambda: 0.2)
    do(pool_of(lab, world).make_what_is_wanted())
    assert (world.done, ready(lab)) == ([], [])


def test_one_that_cannot_be_made_leaves_nothing_and_is_not_tried_for_ever(lab: Lab, world: World) -> None:
    world.breaks = True
    pool = pool_of(lab, world)
    do(pool.make_what_is_wanted())
    assert ready(lab) == []
    assert reasons(lab) == ["failed", "failed"]
    assert world.done.count("remove") == 2
    do(pool.make_what_is_wanted())
    assert world.done.count("remove") == 2


def test_one_that_may_no_longer_be_made_is_asked_for_once(lab: Lab, world: World) -> None:
    pool = pool_of(lab, world)
    open_workspace(lab, LEAD, PROJECT)
    projects.remove_member(lab, LEAD, PROJECT, MEMBER)
    do(pool.make_what_is_wanted())
    do(pool.make_what_is_wanted())
    assert world.done == []
    assert state(lab, LEAD) is WorkspaceState.OPEN


@pytest.mark.parametrize(
    ("why", "reason"),
    [("late", EndReason.UNUSED), ("left", EndReason.NOT_ALLOWED), ("dead", EndReason.ENDED), ("gone", EndReason.ENDED)],
)
def test_what_is_over_is_ended_with_its_reason_and_the_others_wait(
    lab: Lab, world: World, why: str, reason: EndReason
) -> None:
    pool = pool_of(lab, world)
    do(pool.make_what_is_wanted())
    do(pool.end_what_is_over())
    assert reasons(lab) == []
    if why == "late":
        cast(SteppingClock, lab.clock).moment += timedelta(seconds=lab.settings.workspace.ready_seconds)
    elif why == "left":
        projects.remove_member(lab, LEAD, PROJECT, MEMBER)
    elif why == "dead":
        world.running[name_of(MEMBER)] = False
    else:
        del world.running[name_of(MEMBER)]
    do(pool.end_what_is_over())
    assert set(reasons(lab)) == {reason}
    assert state(lab, MEMBER) is WorkspaceState.CLOSED
    assert (state(lab, LEAD) is WorkspaceState.READY) == (why != "late")


def test_whoever_holds_the_turn_is_not_met_by_the_pool(lab: Lab, world: World) -> None:
    pool = pool_of(lab, world)

    async def story() -> list[str]:
        async with pool.turn(LEAD, PROJECT):
            making = asyncio.create_task(pool.make_what_is_wanted())
            await asyncio.sleep(0.5)
            seen = list(world.done)
            await asyncio.to_thread(open_workspace, lab, LEAD, PROJECT)
        await making
        return seen

    assert f"make {LEAD}" not in asyncio.run(story())
    assert f"make {LEAD}" not in world.done
    assert state(lab, LEAD) is WorkspaceState.OPEN


def test_the_machines_free_memory_is_read_as_the_kernel_tells_it(tmp_path: Path) -> None:
    told = tmp_path / "meminfo"
    told.write_text("MemTotal:       8000 kB\nMemFree:  10 kB\nMemAvailable:   2000 kB\nHugePages_Total:  0\n")
    assert memory_left(told) == 0.25
