"""Promises 2 and 3: what a data owner takes back, or gave until a day, is gone from every container, at once.

The lab is a real one: hub, worker, records, gateway and engine. Each test first sees that the dataset is there, so that
its absence afterwards says something.
"""

from __future__ import annotations

import io
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from attacks.ready_lab import PEOPLE, WITHIN, ReadyLab, ready_lab
from datasets_mount.catalogue import Dataset, Tier
from hub.adapters.clock import SystemClock
from hub.adapters.snapshots import IDLE_SECONDS, USED
from hub.bench.lab_hub import project_of
from hub.domain.errors import RefusedError, UnavailableError
from hub.domain.notebooks import NotebookState
from hub.domain.people import Role
from hub.domain.work import ENDED, Work, WorkState
from hub.services import datasets, grants, notebooks, people, projects, runs
from hub.services.lab import Lab
from hub.wiring import lab_from
from integration.sandbox_container import code_cell, notebook_of
from spawner_config.names import work_container
from waiting import wait_for

OWNER, KEEPER, KEPT, WHY = "owner", "keeper", "kept", "the agreement has ended"
SECRET = "secret"
LEAD, GUEST = PEOPLE[:2]
PROJECT = project_of(LEAD)
INSIDE = f"/data/{KEPT}"
ROUNDS = 6000
"""So often the notebook reads the dataset, which takes ten minutes."""
MADE = 120.0
"""So long a container that converts, inspects or runs something may take on a busy machine."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadyLab]:
    with ready_lab(tmp_path_factory.mktemp("withdrawn") / "lab", 2) as made:
        found_owner(made.hub.lab)
        yield made


def found_owner(lab: Lab) -> None:
    """An organisation with a steward, and a dataset of theirs, which nobody may use yet."""
    people.add_organisation(lab, "administrator", OWNER, "Owner")
    people.add_person(lab, "administrator", KEEPER, "Keeper", OWNER, (Role.STEWARD,))
    made_known(lab, KEPT, Tier.OPEN)


def made_known(lab: Lab, name: str, tier: Tier) -> None:
    """A dataset of the owner's that has a snapshot."""
    datasets.register_dataset(lab, KEEPER, Dataset(name, name.title(), OWNER, tier, "", (), "uk-sacro"))
    sent = datasets.upload(lab, KEEPER, "rows.csv", io.BytesIO(b"a,b\n1,2\n3,4\n"))
    offer = datasets.offer_snapshot(lab, KEEPER, name, (sent.id,))
    wait_for(lambda: datasets.offer(lab, KEEPER, offer.id)[0].snapshot, MADE, lambda: "no snapshot is made")


@pytest.fixture(scope="module")
def notebook(lab: ReadyLab) -> str:
    """An approved notebook that reads the dataset as often as it is asked to, ten times a second."""
    with granted(lab):
        source = f"import os, time\nfor _ in range(rounds):\n    assert os.listdir({INSIDE!r})\n    time.sleep(0.1)"
        body = notebook_of(code_cell("rounds = 1", "parameters"), source)
        sent = datasets.upload(lab.hub.lab, LEAD, "reads.ipynb", io.BytesIO(body))
        made = notebooks.submit_notebook(
            lab.hub.lab, LEAD, PROJECT, sent.id, name="reads", purpose="To read as long as it may", datasets=(KEPT,)
        )

        def is_inspected() -> bool:
            return notebooks.notebook_state(lab.hub.lab, KEEPER, made.id) is NotebookState.SUBMITTED

        wait_for(is_inspected, MADE, lambda: "it is not inspected")
        notebooks.decide(lab.hub.lab, KEEPER, made.id, approve=True, reason="", parameters=None)
        return made.id


@contextmanager
def granted(lab: ReadyLab) -> Iterator[None]:
    """The project may use the dataset; afterwards it may not, and nobody is in a workspace."""
    given = grants.grant_dataset(lab.hub.lab, KEEPER, PROJECT, KEPT)
    try:
        yield
    finally:
        with lab.hub.lab.store.read() as reading:
            present = reading.get(type(given), given.id)
        if present is not None and present.withdrawn is None:
            withdraw(lab)
        lab.hub.client.stop(LEAD)


def withdraw(lab: ReadyLab) -> None:
    grants.withdraw_grant(lab.hub.lab, KEEPER, PROJECT, KEPT, WHY)


def sees(found: dict[str, Any]) -> bool:
    """Whether the dataset is mounted into a container."""
    return INSIDE in {mount["Destination"] for mount in found["Mounts"]}


def mount_of(lab: ReadyLab) -> str:
    """Where the project's mount of the snapshot lies on the host."""
    [(_, [snapshot])] = [pair for pair in datasets.datasets(lab.hub.lab, KEEPER) if pair[0].name == KEPT]
    return f"{PROJECT}/{snapshot.digest}"


@contextmanager
def a_day_earlier(lab: ReadyLab) -> Iterator[Lab]:
    """The lab as one writes in it whose clock says yesterday; the lab's own processes know better."""
    now = SystemClock.now

    def yesterday(clock: SystemClock) -> datetime:
        return now(clock) - timedelta(days=1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SystemClock, "now", yesterday)
        yield lab_from(lab.hub.lab.settings)


def ends_with(lab: ReadyLab, before: dict[str, Any], reason: str, person: str = LEAD) -> None:
    """A workspace ends soon, and it is recorded why."""
    wait_for(lambda: not lab.runs(person, before["Id"]), WITHIN, lambda: "it goes on")
    wait_for(lambda: ("lab:workspace:close", {"person": person, "reason": reason}) in lab.events(person), WITHIN)
    lab.hub.client.stop(person)  # waits until the hub, too, is through with it


def is_mounted(lab: ReadyLab) -> bool:
    return mount_of(lab) in Path("/proc/self/mountinfo").read_text()


def not_needed_for_a_while(lab: ReadyLab) -> None:
    """The project's mount was last needed so long ago that it may go, where no container has it."""
    then = time.time() - IDLE_SECONDS - 1
    with suppress(FileNotFoundError):  # it has gone by itself
        os.utime(lab.state / "mounts" / f"{mount_of(lab)}{USED}", (then, then))


def work_of(lab: ReadyLab, run: str) -> Work:
    return runs.run(lab.hub.lab, LEAD, run)[1]


def test_an_open_workspace_ends_and_the_next_has_no_such_mount(lab: ReadyLab) -> None:
    with granted(lab):
        before = lab.opens(LEAD)
        assert sees(before)
        assert (
            lab.inside(LEAD, f"import os; print(sorted(os.listdir({INSIDE!r})))") == "['manifest.json', 'rows.parquet']"
        )
        assert is_mounted(lab)
        withdraw(lab)
        ends_with(lab, before, "withdrawn")
        after = lab.opens(LEAD)
        assert not sees(after)
        assert lab.inside(LEAD, f"import os; print(os.path.exists({INSIDE!r}))") == "False"
        not_needed_for_a_while(lab)
        wait_for(lambda: not is_mounted(lab), 2 * WITHIN, lambda: "the project's mount is kept")


def waiting(lab: ReadyLab) -> dict[str, Any]:
    """A workspace that waits, and sees the dataset; one that was made before the grant ends by itself first."""

    def look() -> dict[str, Any] | None:
        lab.hub.make_wait(LEAD)
        found = lab.seen(LEAD)
        return found if found and sees(found) else None

    return dict(wait_for(look, MADE, lambda: "none waits that sees it"))


def test_one_that_waits_ready_is_not_claimed_and_ends(lab: ReadyLab) -> None:
    with granted(lab):
        before = waiting(lab)
        withdraw(lab)
        opened = lab.opens(LEAD)
        assert opened["Id"] != before["Id"]
        assert not sees(opened)
        assert not lab.runs(LEAD, before["Id"])


def test_one_that_waits_ready_and_that_nobody_opens_ends_at_once(lab: ReadyLab) -> None:
    with granted(lab):
        before = waiting(lab)
        withdraw(lab)
        wait_for(lambda: not lab.runs(LEAD, before["Id"]), WITHIN, lambda: "it goes on waiting")
        wait_for(lambda: ("lab:workspace:unused", {"person": LEAD, "reason": "changed"}) in lab.events(LEAD), WITHIN)


def test_a_run_that_runs_is_ended_with_the_reason(lab: ReadyLab, notebook: str) -> None:
    with granted(lab):
        run = runs.start_run(lab.hub.lab, LEAD, notebook, {"rounds": ROUNDS})[0].id
        name = work_container(lab.hub.name, run)
        wait_for(lambda: work_of(lab, run).state is WorkState.RUNNING, MADE, lambda: str(work_of(lab, run)))
        assert sees(lab.engine.inspect_container(name))
        withdraw(lab)
        wait_for(lambda: work_of(lab, run).state in ENDED, WITHIN, lambda: "it goes on")
    assert work_of(lab, run).state is WorkState.FAILED
    assert f"The owner of the dataset {KEPT} has withdrawn it" in work_of(lab, run).reason
    wait_for(lambda: not lab.engine.containers(all=True, filters={"name": [f"^/{name}$"]}), WITHIN)


@contextmanager
def worker_stands_still(lab: ReadyLab) -> Iterator[None]:
    """Nothing that is queued is claimed meanwhile."""
    worker = lab.process("worker").pid
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)


def test_a_run_that_is_queued_fails_with_the_reason_and_never_has_a_container(lab: ReadyLab, notebook: str) -> None:
    began = int(time.time())
    with granted(lab), worker_stands_still(lab):
        run = runs.start_run(lab.hub.lab, LEAD, notebook, {"rounds": ROUNDS})[0].id
        assert work_of(lab, run).state is WorkState.QUEUED
        withdraw(lab)
    wait_for(lambda: work_of(lab, run).state in ENDED, WITHIN, lambda: "it is not ended")
    assert work_of(lab, run).state is WorkState.FAILED
    assert f"The owner of the dataset {KEPT} has withdrawn it" in work_of(lab, run).reason
    filters = {"container": work_container(lab.hub.name, run), "event": "create"}
    assert list(lab.engine.events(since=began, until=int(time.time()) + 1, filters=filters)) == []
    with pytest.raises(RefusedError):
        runs.start_run(lab.hub.lab, LEAD, notebook, {})


def test_a_last_day_that_is_to_come_ends_nothing(lab: ReadyLab) -> None:
    """The harmless twin: an owner who names an end has not taken anything back before it."""
    with granted(lab):
        tomorrow = lab.hub.lab.now().date() + timedelta(days=1)
        grants.grant_dataset(lab.hub.lab, KEEPER, PROJECT, KEPT, tomorrow)
        assert sees(lab.opens(LEAD))


def test_an_open_workspace_ends_with_the_last_day_of_the_grant(lab: ReadyLab) -> None:
    with granted(lab):
        before = lab.opens(LEAD)
        assert sees(before)
        with a_day_earlier(lab) as earlier:
            grants.grant_dataset(earlier, KEEPER, PROJECT, KEPT, earlier.now().date())
        ends_with(lab, before, "withdrawn")
        assert not sees(lab.opens(LEAD))


def test_an_open_workspace_ends_with_the_last_day_of_the_membership(lab: ReadyLab) -> None:
    projects.add_member(lab.hub.lab, LEAD, PROJECT, GUEST)
    before = lab.opens(GUEST)
    with a_day_earlier(lab) as earlier:
        projects.add_member(earlier, LEAD, PROJECT, GUEST, earlier.now().date())
    ends_with(lab, before, "not-allowed", GUEST)
    with pytest.raises(UnavailableError):
        lab.opens(GUEST)


def test_an_open_workspace_ends_when_its_project_gets_a_dataset_of_a_stricter_tier(lab: ReadyLab) -> None:
    """It was opened under the looser rules of its browser channel; the next one is held by the stricter ones."""
    with granted(lab):
        before = lab.opens(LEAD)
        made_known(lab.hub.lab, SECRET, Tier.SECRET)
        assert lab.runs(LEAD, before["Id"])
        assert grants.grant_dataset(lab.hub.lab, KEEPER, PROJECT, SECRET).waits
        assert lab.runs(LEAD, before["Id"]), "nobody but the project's lead makes it stricter"
        grants.accept_grant(lab.hub.lab, LEAD, PROJECT, SECRET)
        ends_with(lab, before, "changed")
        lab.opens(LEAD)
        assert (record := lab.record(LEAD)) is not None
        assert record.tier == Tier.SECRET
