"""Facts about the reaper, with a hub that the test plays; each is looked at with a worker that is killed, too."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from doubles.engine import MemoryEngine
from doubles.lab import SteppingClock
from hub.domain.errors import UnavailableError
from hub.domain.workspaces import Workspace, WorkspaceState
from hub.services import projects, reaper
from hub.services.lab import Lab
from hub.services.ports import pages
from hub.services.ready import EACH, make_ready
from hub.services.reaper import GRACE, MAKING, Suspects, reap
from hub.services.workspaces import open_workspace
from spawner_config.names import LABEL_SERVER, server_id, workspace_container
from spawner_config.server_folder import server_folder

PERSON, PROJECT = "scientist", "wages"
SERVER = server_id(PERSON, PROJECT)
NAME = workspace_container("datalab", PERSON, PROJECT)


class Killed(BaseException):
    """The worker was killed here."""


class PlayedHub:
    """A hub that knows what the test says; ``meanwhile`` happens right after it answered."""

    def __init__(self, *known: str) -> None:
        self.known = set(known)
        self.answers = True
        self.meanwhile = lambda: None

    def servers(self) -> set[str]:
        if not self.answers:
            raise UnavailableError("The hub does not answer.", reason="hub-down")
        known = set(self.known)
        self.meanwhile()
        return known


def leave(lab: Lab, server: str = SERVER, name: str = NAME) -> None:
    """What a killed hub leaves: a container and a folder with a socket."""
    lab.engine.create(name, {"Labels": {LABEL_SERVER: server}})
    lab.engine.start(name)
    folder = server_folder(lab.settings.state, server)
    (folder / "nb").mkdir(parents=True)
    (folder / "server.json").write_text("{}")


def later(lab: Lab, passed: float = GRACE) -> None:
    cast(SteppingClock, lab.clock).wait(passed)


def looked_twice(lab: Lab, hub: PlayedHub) -> Suspects:
    suspects = reap(lab, hub, {})
    later(lab)
    return reap(lab, hub, suspects)


def left(lab: Lab) -> tuple[list[str], list[str]]:
    return sorted(lab.engine.workspaces()), lab.storage.servers()


def state(lab: Lab) -> WorkspaceState | None:
    with lab.store.read() as reading:
        found = reading.get(Workspace, SERVER)
    return found.state if found else None


def names(lab: Lab) -> list[str]:
    with lab.store.read() as reading:
        return [e.event.name for e in pages(reading)]


def test_what_the_hub_does_not_know_for_a_while_is_removed_and_its_end_recorded(lab: Lab) -> None:
    open_workspace(lab, PERSON, PROJECT)
    leave(lab)
    hub = PlayedHub()
    suspects = reap(lab, hub, {})
    assert left(lab) == ([SERVER], [SERVER])
    later(lab)
    assert reap(lab, hub, suspects) == {}
    assert left(lab) == ([], [])
    assert (state(lab), names(lab)[-2:]) == (WorkspaceState.CLOSED, ["lab:workspace:clear", "lab:workspace:close"])
    with lab.store.read() as reading:
        closed = list(pages(reading))[-1].event
    assert (closed.actor, dict(closed.details)) == ("worker", {"person": PERSON, "reason": "left-behind"})


def test_what_the_hub_knows_is_never_touched(lab: Lab) -> None:
    open_workspace(lab, PERSON, PROJECT)
    leave(lab)
    assert looked_twice(lab, PlayedHub(SERVER)) == {}
    assert (left(lab), state(lab)) == (([SERVER], [SERVER]), WorkspaceState.OPEN)


def test_while_the_hub_cannot_be_asked_nothing_is_removed(lab: Lab) -> None:
    open_workspace(lab, PERSON, PROJECT)
    leave(lab)
    hub = PlayedHub()
    suspects = reap(lab, hub, {})
    later(lab)
    hub.answers = False
    with pytest.raises(UnavailableError):
        reap(lab, hub, suspects)
    assert (left(lab), state(lab)) == (([SERVER], [SERVER]), WorkspaceState.OPEN)


def test_one_that_the_hub_did_not_know_for_a_moment_starts_to_be_a_suspect_anew(lab: Lab) -> None:
    leave(lab)
    hub = PlayedHub()
    suspects = reap(lab, hub, {})
    hub.known = {SERVER}
    later(lab)
    suspects = reap(lab, hub, suspects)
    hub.known = set()
    reap(lab, hub, suspects)
    assert left(lab) == ([SERVER], [SERVER])


def test_one_that_is_opened_after_the_hub_was_asked_is_let_alone(lab: Lab) -> None:
    open_workspace(lab, PERSON, PROJECT)
    leave(lab)
    hub = PlayedHub()
    suspects = reap(lab, hub, {})
    later(lab)
    hub.meanwhile = lambda: open_workspace(lab, PERSON, PROJECT)
    reap(lab, hub, suspects)
    assert (left(lab), state(lab)) == (([SERVER], [SERVER]), WorkspaceState.OPEN)


def test_the_same_with_one_that_had_no_record(lab: Lab) -> None:
    leave(lab)
    hub = PlayedHub()
    suspects = reap(lab, hub, {})
    later(lab)
    hub.meanwhile = lambda: open_workspace(lab, PERSON, PROJECT)
    reap(lab, hub, suspects)
    assert left(lab) == ([SERVER], [SERVER])


def test_a_record_of_nothing_is_closed_so_that_it_counts_no_more(lab: Lab) -> None:
    open_workspace(lab, PERSON, PROJECT)
    looked_twice(lab, PlayedHub())
    assert state(lab) is WorkspaceState.CLOSED


def test_a_stranger_to_the_records_is_removed_too(lab: Lab) -> None:
    leave(lab, "f" * 16, "datalab-workspace-" + "f" * 16)
    looked_twice(lab, PlayedHub())
    assert left(lab) == ([], [])


@pytest.mark.parametrize("call", ["remove", "forget_server"])
def test_a_worker_that_is_killed_half_way_is_followed_by_one_that_ends_it(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    open_workspace(lab, PERSON, PROJECT)
    leave(lab)
    target = lab.engine if call == "remove" else lab.storage

    def kill(_name: str) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(target, call, kill)
        with pytest.raises(Killed):
            looked_twice(lab, PlayedHub())
    assert state(lab) is WorkspaceState.CLEARING
    with pytest.raises(UnavailableError, match="being cleared away"):
        open_workspace(lab, PERSON, PROJECT)
    looked_twice(lab, PlayedHub())
    assert (left(lab), state(lab)) == (([], []), WorkspaceState.CLOSED)
    assert names(lab).count("lab:workspace:clear") == 1


def test_the_while_is_counted_from_the_hubs_answer_however_long_that_took(lab: Lab) -> None:
    leave(lab)
    hub = PlayedHub()
    hub.meanwhile = lambda: later(lab, 3 * GRACE)
    suspects = reap(lab, hub, {})
    hub.meanwhile = lambda: None
    later(lab, GRACE / 2)
    reap(lab, hub, suspects)
    assert left(lab) == ([SERVER], [SERVER])


def test_a_loop_device_without_a_mount_is_let_go_after_the_same_while(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between a device and its mount there is a moment: one that is mounted by the second look is let alone."""
    loose, released = {"/dev/loop1 a.img", "/dev/loop2 b.img"}, list[str]()
    monkeypatch.setattr(lab.storage, "loose_loops", lambda: set(loose))
    monkeypatch.setattr(lab.storage, "release_loop", released.append)
    suspects = reap(lab, PlayedHub(), {})
    assert (set(suspects), released) == (loose, [])
    loose.remove("/dev/loop1 a.img")
    later(lab)
    assert reap(lab, PlayedHub(), suspects) == {}
    assert released == ["/dev/loop2 b.img"]


def test_a_reaper_that_believes_a_hub_that_says_nothing_would_remove_a_workspace_in_use(lab: Lab) -> None:
    """The weak twin: an error taken for “no servers” is what the real adapter must never do."""
    open_workspace(lab, PERSON, PROJECT)
    leave(lab)

    class Careless(PlayedHub):
        def servers(self) -> set[str]:
            try:
                return super().servers()
            except UnavailableError:
                return set()

    hub = Careless(SERVER)
    hub.answers = False
    looked_twice(lab, hub)
    assert left(lab) == ([], [])


def test_the_reaper_waits_long_enough_for_a_hub_that_comes_back_and_less_than_a_minute() -> None:
    assert 10 <= reaper.GRACE <= 30


def making_ready(lab: Lab) -> Lab:
    workspace = lab.settings.workspace.model_copy(update={"ready_memory": EACH})
    return replace(lab, settings=lab.settings.model_copy(update={"workspace": workspace}))


def test_one_that_waits_for_its_person_is_let_alone_though_the_hub_does_not_know_it(lab: Lab) -> None:
    lab = making_ready(lab)
    make_ready(lab, PERSON, PROJECT)
    leave(lab)
    later(lab, 5 * GRACE)
    assert looked_twice(lab, PlayedHub()) == {}
    assert (left(lab), state(lab)) == (([SERVER], [SERVER]), WorkspaceState.READY)


@pytest.mark.parametrize("why", ["its time is over", "it was never started", "it ended", "its person left"])
def test_one_that_should_wait_no_longer_is_removed_when_the_hub_does_not_do_it(
    lab: Lab, engine: MemoryEngine, why: str
) -> None:
    lab = making_ready(lab)
    person = "researcher" if why == "its person left" else PERSON
    server, name = server_id(person, PROJECT), workspace_container("datalab", person, PROJECT)
    make_ready(lab, person, PROJECT)
    leave(lab, server, name)
    later(lab, MAKING.total_seconds())
    if why == "its time is over":
        later(lab, lab.settings.workspace.ready_seconds)
    elif why == "its person left":
        projects.remove_member(lab, PERSON, PROJECT, person)
    else:
        engine.exit(name)
    looked_twice(lab, PlayedHub())
    assert left(lab) == ([], [])
    with lab.store.read() as reading:
        closed = reading.get(Workspace, server)
    assert closed is not None
    assert closed.state is WorkspaceState.CLOSED


def test_one_that_is_being_made_has_a_while_without_a_container(lab: Lab) -> None:
    lab = making_ready(lab)
    make_ready(lab, PERSON, PROJECT)
    assert reap(lab, PlayedHub(), {}) == {}
    later(lab, MAKING.total_seconds())
    assert set(reap(lab, PlayedHub(), {})) == {SERVER}


def test_one_that_is_claimed_while_the_worker_looks_is_let_alone(lab: Lab) -> None:
    lab = making_ready(lab)
    make_ready(lab, PERSON, PROJECT)
    leave(lab)
    later(lab, lab.settings.workspace.ready_seconds)
    hub = PlayedHub()
    suspects = reap(lab, hub, {})
    later(lab)
    hub.meanwhile = lambda: open_workspace(lab, PERSON, PROJECT)
    reap(lab, hub, suspects)
    assert (left(lab), state(lab)) == (([SERVER], [SERVER]), WorkspaceState.OPEN)
