"""A flood in one container leaves its neighbour answering, and two projects have no messages for each other.

Each attack is also run in a container that was weakened on purpose, where it must succeed: so the attack is tested.
(That each flood is one, and grows where nothing holds it, is in ``test_p1_limits``; that it takes a neighbour's answers
where nothing holds it, in ``test_p1_floods``.)
"""

# An attack speaks to the kernel as plainly as it can.
# ruff: noqa: PTH101, PTH108, PTH123

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from attacks.cells import LIMITS, UNFILTERED, Cells, host
from attacks.locks import LOCKABLE, find_locks, hold_locks
from hub.doctor.throwaway import Weaken
from spawner_config.isolation import Limits, Purpose
from waiting import wait_for

SECONDS = 3.0
PATIENCE = 1.0
"""How long a neighbour may take to answer, in seconds."""


def answer_calls(path: str, work: str) -> Any:
    """Answer each call after a little work: a child, a file, a sum.

    The sum is large enough to be missed: a small one waits not much longer than a second for a core that is all but
    taken, and so cannot tell one that is from one that is shared.
    """
    import contextlib
    import hashlib
    import os
    import socket

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        os.chmod(path, 0o666)
        listener.listen()
        while True:
            connection, _ = listener.accept()
            with connection:
                if (child := os.fork()) == 0:
                    os._exit(0)
                os.waitpid(child, 0)
                for _ in range(10):
                    digest = hashlib.sha256(bytes(2**20)).digest()
                with open(work, "wb") as file:
                    file.write(digest * 1000)
                os.unlink(work)
                with contextlib.suppress(OSError):  # Whoever asked may have gone.
                    connection.sendall(b"done")


class Neighbour:
    """A container that answers, and how long it took each time."""

    def __init__(self, cells: Cells, weaken: Weaken | None = None, limits: Limits = LIMITS, work: str = "/tmp") -> None:
        cells.mounts(Purpose.WORKSPACE)
        self.cells = cells
        self.path = cells.folders.get("/home/scientist", cells.folder / "home-scientist") / "calls"
        self.container = cells.begin(
            answer_calls, weaken=weaken, limits=limits, path="/home/scientist/calls", work=f"{work}/work"
        )
        wait_for(self.path.exists, 20, "the neighbour does not start")
        self.took: list[float] = []

    def ask(self, patience: float = 10.0) -> None:
        began = time.monotonic()
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(patience)
            self._connect(s)
            assert s.recv(4) == b"done"
        self.took.append(time.monotonic() - began)

    def _connect(self, s: socket.socket) -> None:
        """The address of a socket has room for 108 bytes, and the folder of a test may be named by more."""
        folder = os.open(self.path.parent, os.O_PATH | os.O_DIRECTORY)
        try:
            s.connect(f"/proc/self/fd/{folder}/{self.path.name}")
        finally:
            os.close(folder)

    def ask_until_end_of(self, container: str) -> None:
        while self.cells.engine.inspect_container(container)["State"]["Running"]:
            self.ask()
            time.sleep(0.05)


@pytest.fixture
def neighbour(cells: Cells) -> Neighbour:
    return Neighbour(cells)


def busy(seconds: float) -> Any:
    import os
    import time

    for _ in range(8):
        if os.fork() == 0:
            break
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1000))
    return True


def forking(seconds: float) -> Any:
    import os
    import time

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if os.fork() == 0:
                while time.monotonic() < end:
                    try:
                        if os.fork() == 0:
                            time.sleep(0.2)
                            os._exit(0)
                    except OSError:
                        pass
                os._exit(0)
        except OSError:
            pass
    return True


def hogging(seconds: float) -> Any:
    import os
    import time

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        # Each child is ended when the container is full, and the next one begins.
        if (child := os.fork()) == 0:
            with open("/proc/self/oom_score_adj", "w") as file:
                file.write("1000")
            held = []
            while True:
                held.append(bytearray(b"x") * 2**22)
        os.waitpid(child, 0)
    return True


def filling(seconds: float) -> Any:
    import time

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for folder in ("/tmp", "/dev/shm"):
            try:
                with open(f"{folder}/flood", "wb") as file:
                    while True:
                        file.write(bytes(2**20))
            except OSError:
                pass
    return True


def making_files(seconds: float) -> Any:
    import time

    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1
        try:
            open(f"/tmp/{number}", "w").close()
        except OSError:
            number = 0
    return True


def opening(seconds: float) -> Any:
    import os
    import time

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        held = []
        try:
            while time.monotonic() < end:
                held += os.pipe()
        except OSError:
            pass
        for descriptor in held:
            os.close(descriptor)
    return True


def shouting(seconds: float) -> Any:
    import sys
    import time

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sys.stdout.write("x" * 2**16 + "\n")
    sys.stdout.flush()
    return True


def writing(seconds: float) -> Any:
    import os
    import signal
    import time

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number = (number + 1) % 16
        try:
            with open(f"/outputs/{number}", "wb") as file:
                while True:
                    file.write(bytes(2**20))
                    os.fsync(file.fileno())
        except OSError:
            pass
    return True


FLOODS = (busy, forking, hogging, filling, making_files, opening, shouting, writing)


@pytest.mark.parametrize("flood", FLOODS, ids=lambda flood: flood.__name__)
def test_a_neighbour_answers_within_a_second_beside_a_flood(
    cells: Cells, neighbour: Neighbour, flood: Callable[..., Any], record_property: Callable[[str, object], None]
) -> None:
    flooding = cells.begin(flood, seconds=SECONDS)
    neighbour.ask_until_end_of(flooding)
    record_property("longest_answer_ms", round(max(neighbour.took) * 1000))
    assert len(neighbour.took) > 5
    assert max(neighbour.took) < PATIENCE


def test_a_neighbour_that_is_stopped_is_seen_not_to_answer(cells: Cells, neighbour: Neighbour) -> None:
    neighbour.ask()
    cells.engine.pause(neighbour.container)
    with pytest.raises(TimeoutError):
        neighbour.ask(PATIENCE)
    cells.engine.unpause(neighbour.container)
    neighbour.ask()


def take_cores(seconds: float, workers: int) -> Any:
    """How many cores some busy children had, all in all."""
    import os
    import time

    began = time.monotonic()
    for _ in range(workers):
        if os.fork() == 0:
            while time.monotonic() < began + seconds:
                sum(range(1000))
            os._exit(0)
    for _ in range(workers):
        os.wait()
    used = os.times()
    return (used.children_user + used.children_system) / (time.monotonic() - began)


def test_a_busy_loop_takes_its_share_and_no_more(cells: Cells) -> None:
    # A small share, so that also on a busy machine more could be had.
    small = replace(LIMITS, cpus=0.05)
    assert cells.run(take_cores, limits=small, seconds=SECONDS, workers=8).said < 0.08
    assert cells.run(take_cores, limits=small, weaken=host(NanoCpus=0), seconds=SECONDS, workers=8).said > 0.08


# Messages between two projects


OPEN_CHANNELS = {"/proc/self/ns/user", "/proc/self/ns/time", "/proc/self/ns/time_for_children"}
"""Known and written down: the engine gives no container its own, unless it maps users; then the first one goes."""


@contextmanager
def holder(cells: Cells, folder: Path, **options: object) -> Iterator[None]:
    """Another project, which holds every lock that it can."""
    folder.mkdir()
    folder.chmod(0o755)
    other = Cells(folder)
    other.mounts(Purpose.WORKSPACE)
    weak = host(**options) if options else None
    made = other.begin(hold_locks, weaken=weak, paths=LOCKABLE, seconds=30)
    try:
        wait_for((folder / "home-scientist" / "held").exists, 20, "no lock is held")
        yield
        other.engine.kill(made)
    finally:
        other.close()


def test_no_lock_of_another_project_is_seen_but_the_known_ones(cells: Cells, tmp_path: Path) -> None:
    with holder(cells, tmp_path / "other"):
        said = cells.run(find_locks, paths=LOCKABLE).said
    assert set(said["locked"]) <= OPEN_CHANNELS
    assert said["told"] is False


def test_more_locks_of_another_project_are_seen_in_a_weak_container(cells: Cells, tmp_path: Path) -> None:
    weak = {"NetworkMode": "host", "MaskedPaths": [], "IpcMode": "host", "PidMode": "host"}
    with holder(cells, tmp_path / "other", **weak):
        said = cells.run(find_locks, weaken=host(**weak), paths=LOCKABLE).said
    assert {f"/proc/self/ns/{name}" for name in ("net", "ipc", "pid")} <= set(said["locked"])
    assert said["told"] is True


def ask_for_notices(folder: str) -> Any:
    import ctypes
    import fcntl
    import os

    libc = ctypes.CDLL(None, use_errno=True)
    had = []
    descriptor = libc.inotify_init1(0)
    if descriptor >= 0 and libc.inotify_add_watch(descriptor, folder.encode(), 1) >= 0:
        had.append("inotify")
    if libc.fanotify_init(0x200, 0) >= 0:
        had.append("fanotify")
    notify, access, lease = 1026, 1, 1024
    for name, words in (
        ("notice of a folder", (notify, access)),
        ("lease", (lease, fcntl.F_RDLCK)),
    ):
        try:
            place = os.open(folder if name != "lease" else f"{folder}/there.txt", os.O_RDONLY)
            fcntl.fcntl(place, *words)
            had.append(name)
        except OSError:
            pass
    return had


def test_nobody_is_told_when_somebody_else_reads_a_file(cells: Cells) -> None:
    assert cells.run(ask_for_notices, folder="/data/rand").said == []


def test_somebody_is_told_in_a_container_without_the_list(cells: Cells) -> None:
    said = cells.run(ask_for_notices, weaken=host(**UNFILTERED), folder="/data/rand").said
    assert {"inotify", "notice of a folder", "lease"} <= set(said)
