"""Promise 9: what is half done when somebody is killed is nothing, or is told truly, and gives nobody an advantage."""

from __future__ import annotations

import asyncio
import io
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from attacks.living import wait_for
from datasets_mount.catalogue import Tier
from doubles.lab import make_lab
from doubles.people import found_consortium
from hub.adapters.vault import FolderVault
from hub.domain.audit import AuditEntry
from hub.services.access_log import events_of
from hub.services.audit import verify_audit
from hub.services.lab import Lab
from hub.services.ports import pages
from hub.services.projects import grow_project, project_room
from integration.gateway_bench import bench, ok, says
from spawner_config.gateway import meter

ADD = (
    "import sys, pathlib; from hub.adapters.vault import FolderVault\n"
    "FolderVault(pathlib.Path(sys.argv[1])).add(sys.stdin.buffer, 2**30)"
)
ADD_BY_NAME = (
    "import sys, tempfile; part = tempfile.NamedTemporaryFile(dir=sys.argv[1])\n"
    "while chunk := sys.stdin.buffer.read(2**20): part.write(chunk), part.flush()"
)
"""How a vault would do it that gives a file its name before it is whole."""


# Files


def killed_while_it_writes(folder: Path, program: str) -> None:
    """Kill a process when megabytes of its file are on the disk, and more are still to come."""
    folder.mkdir()
    command = [sys.executable, "-c", program, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=Path(__file__).parents[2]) as writing:
        assert writing.stdin is not None
        writing.stdin.write(b"x" * 3 * 2**20)
        writing.stdin.flush()
        wait_for(lambda: written(writing.pid, folder) >= 2**21, 20, "nothing is written")
        writing.kill()
    assert writing.returncode == -signal.SIGKILL


def written(pid: int, folder: Path) -> int:
    """Bytes in the files below a folder that a process has open, with a name or without."""
    files = [f for f in Path(f"/proc/{pid}/fd").iterdir() if str(f.readlink()).startswith(str(folder))]
    return sum(f.stat().st_size for f in files)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_process_that_is_killed_while_the_vault_takes_a_file_leaves_nothing_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "vault"
    killed_while_it_writes(folder, ADD)
    assert files_in(folder) == []
    kept = FolderVault(folder).add(io.BytesIO(b"whole"), 100)
    assert [path.name for path in files_in(folder)] == [kept.sha256]


def test_a_vault_that_names_a_file_before_it_is_whole_is_left_with_half_of_it(tmp_path: Path) -> None:
    killed_while_it_writes(tmp_path / "vault", ADD_BY_NAME)
    assert len(files_in(tmp_path / "vault")) == 1


# The gateway's counts


def answers_with_broken_counts(folder: Path, tier: Tier) -> tuple[int, list[dict[str, object]]]:
    """Let a gateway start with half a file of counts; returns what a workspace's person gets, and the log's lines."""

    async def story() -> tuple[int, list[dict[str, object]]]:
        async with bench(folder) as b:
            await b.gateway.stop()
            (b.settings.state / "gateway" / "gateway-bytes.json").write_text('{"bytes": {"2026-')
            await b.start()
            await b.open("health", says(ok(b"row")), tier)
            status, _ = await b.get("health")
            return status, b.lines()

    return asyncio.run(story())


@pytest.mark.parametrize("tier", [Tier.SENSITIVE, Tier.SECRET])
def test_broken_counts_of_the_day_are_no_new_allowance_and_an_alarm(tmp_path: Path, tier: Tier) -> None:
    status, lines = answers_with_broken_counts(tmp_path, tier)
    assert status == 503
    told = [(e.name, dict(e.details)["reason"]) for e in events_of(_written(line) for line in lines)]
    assert told == [("gateway:workspace:alarm", "count-lost"), ("gateway:workspace:refuse", "count-lost")]


def test_broken_counts_keep_nobody_from_open_data(tmp_path: Path) -> None:
    assert answers_with_broken_counts(tmp_path, Tier.OPEN)[0] == 200


def test_a_gateway_that_begins_to_count_anew_gives_the_day_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter, "_read", lambda *_: meter._Counts())
    assert answers_with_broken_counts(tmp_path, Tier.SECRET)[0] == 200


def _written(line: dict[str, object]) -> bytes:
    return json.dumps(line).encode()


# A project that grows


class Killed(BaseException):
    """The portal was killed here."""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = make_lab(tmp_path)
    found_consortium(made)
    yield made
    made.store.engine.dispose()  # type: ignore[attr-defined]


def told(lab: Lab) -> list[AuditEntry]:
    with lab.store.read() as reading:
        return [entry for entry in pages(reading) if entry.event.name.startswith("lab:project:grow")]


@pytest.mark.parametrize("grown", [False, True])
def test_a_kill_while_a_project_grows_leaves_what_was_asked_and_the_disk_as_it_is(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, grown: bool
) -> None:
    before, real = project_room(lab, "scientist", "wages").size, lab.storage.grow

    def killed(project: str, uid: int, size: int) -> None:
        if grown:
            real(project, uid, size)
        raise Killed

    monkeypatch.setattr(lab.storage, "grow", killed)
    with pytest.raises(Killed):
        grow_project(lab, "administrator", "wages", 2 * before)
    monkeypatch.undo()
    assert [entry.event.name for entry in told(lab)] == ["lab:project:grow"]
    assert project_room(lab, "scientist", "wages").size == (2 * before if grown else before)
    assert grow_project(lab, "administrator", "wages", 3 * before).size == 3 * before
    assert dict(told(lab)[-1].event.details) == {"size": str(3 * before)}
    assert verify_audit(lab) is not None


def beside(lab: Lab, growing: Callable[[], object]) -> bool:
    """Whether somebody else can write while a disk takes its time to grow."""
    wrote = threading.Event()

    def write() -> None:
        lab.store.beat("beside")
        wrote.set()

    with slow_disk(lab) as (reached, go_on):
        slow = threading.Thread(target=growing)
        slow.start()
        assert reached.wait(20)
        other = threading.Thread(target=write)
        other.start()
        could = wrote.wait(2)
        go_on.set()
        slow.join()
        other.join()
    return could


@contextmanager
def slow_disk(lab: Lab) -> Iterator[tuple[threading.Event, threading.Event]]:
    reached, go_on = threading.Event(), threading.Event()

    def grow(*_: object) -> None:
        reached.set()
        go_on.wait(20)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lab.storage, "grow", grow)
        yield reached, go_on


def test_nobody_waits_to_write_while_a_projects_disk_grows(lab: Lab) -> None:
    size = 2 * project_room(lab, "scientist", "wages").size
    assert beside(lab, lambda: grow_project(lab, "administrator", "wages", size))


def test_whoever_grows_a_disk_in_a_transaction_lets_all_wait(lab: Lab) -> None:
    def held() -> None:
        with lab.store.begin():
            lab.storage.grow("wages", 0, 0)

    assert not beside(lab, held)
