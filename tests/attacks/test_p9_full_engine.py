"""Promise 9: the engine's own folder is full; what runs goes on, what is accepted waits, and all of it ends well later.

The engine is one of the test's own, whose folder for images, containers and logs is a file system that the test mounts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import pytest

from attacks.cells import Cells, host
from attacks.living import wait_for
from attacks.own_engine import OwnEngine, base_image, copy_image, own_engine
from attacks.own_lab import OwnLab, own_lab
from attacks.seen import left_words, of_works, tell_fault
from attacks.small_disks import fill
from attacks.test_p1_neighbours import PATIENCE, Neighbour, shouting
from hub.domain.work import ENDED, WorkState
from hub.services.audit import verify_audit
from hub.settings import Images

REFUSED = "The container engine refused (500); nothing was lost. Tell the administrator."


def data_of(engine: OwnEngine) -> Path:
    return engine.folder / "data"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine full")


@pytest.fixture(scope="module")
def engine(shown: Path) -> Iterator[OwnEngine]:
    with own_engine({}, shown=shown, room="3G") as made:
        copy_image(Images().workspace, made.address)
        yield made


@pytest.fixture
def small(engine: OwnEngine, shown: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnLab]:
    """A lab with a worker, on that engine."""
    monkeypatch.setenv("DOCKER_HOST", engine.address)
    with own_lab(shown / f"lab{len(list(shown.iterdir()))}") as made:
        yield made


@pytest.fixture
def bystander(engine: OwnEngine) -> Iterator[Callable[[], bool]]:
    """A container that runs already; says whether it still does."""
    with closing(engine.client()) as client:
        body = client.create_host_config(network_mode="none")
        made = client.create_container(Images().workspace, ["sleep", "300"], host_config=body)["Id"]
        client.start(made)
        yield lambda: bool(client.inspect_container(made)["State"]["Running"])
        client.remove_container(made, force=True)


def ended(lab: OwnLab, works: list[str]) -> bool:
    return all(lab.work(work).state in ENDED for work in works)


def test_an_engine_whose_folder_is_full_is_said_and_what_was_accepted_ends_well_when_there_is_room(
    small: OwnLab, engine: OwnEngine, bystander: Callable[[], bool], record_property: Callable[[str, object], None]
) -> None:
    works = small.offered(2)
    rest = fill(data_of(engine))
    small.worker()
    wait_for(lambda: REFUSED in small.log, 60, "nothing is said")
    works += small.offered()  # the records have room, so more is taken in
    time.sleep(5)  # so that the worker has tried more than once
    assert {small.work(work).state for work in works} <= {WorkState.QUEUED, WorkState.STARTING}
    assert bystander()
    rest.unlink()
    began = time.monotonic()
    wait_for(lambda: ended(small, works), 120, "a work does not end")
    seconds, left = time.monotonic() - began, left_words(of_works(small.lab))
    assert {small.work(work).state for work in works} == {WorkState.SUCCEEDED}
    assert verify_audit(small.lab) is not None
    wait_for(lambda: small.lab.storage.works() == [], 30, "a folder is left")
    tell_fault(record_property, "the engine's folder is full", "what runs; all that was accepted", seconds, left)


def test_with_room_in_the_engines_folder_the_very_same_is_done_and_nothing_is_refused(small: OwnLab) -> None:
    """The twin."""
    works = small.offered(2)
    small.worker()
    wait_for(lambda: ended(small, works), 120, "a work does not end")
    assert {small.work(work).state for work in works} == {WorkState.SUCCEEDED}
    assert "refused" not in small.log


# What containers say fills the engine's folder, where nothing bounds it


@pytest.fixture(scope="module")
def tight() -> Iterator[OwnEngine]:
    """An engine with room for the smallest image and little else."""
    with own_engine({}, room="400M") as made:
        copy_image(base_image(), made.address)
        yield made


@pytest.fixture
def tight_cells(tight: OwnEngine, tmp_path: Path) -> Iterator[Cells]:
    tmp_path.chmod(0o755)
    made = Cells(tmp_path, image=base_image(), python="python3", address=tight.address)
    yield made
    made.close()


def starts_another(cells: Cells) -> bool:
    """Whether the engine still makes and starts a container, which answers."""

    def started() -> Neighbour | None:
        try:
            return Neighbour(cells)
        except docker.errors.APIError:
            return None

    neighbour = started()
    if neighbour is None:
        return False
    neighbour.ask(PATIENCE)
    return True


UNBOUNDED: dict[str, Any] = {"LogConfig": {"Type": "json-file", "Config": {}}}


def test_output_without_end_keeps_nobody_from_starting_a_container(tight_cells: Cells) -> None:
    tight_cells.outcome(tight_cells.begin(shouting, seconds=8))
    assert starts_another(tight_cells)


def test_output_without_end_keeps_everybody_from_it_where_the_log_has_no_bound(tight_cells: Cells) -> None:
    made = tight_cells.begin(shouting, weaken=host(**UNBOUNDED), seconds=30)
    wait_for(lambda: not starts_another(tight_cells), 40, "the engine's folder is not full")
    tight_cells.engine.kill(made)
