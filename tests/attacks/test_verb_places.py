"""Places at the door for verbs: a taken-over process that takes all it can get leaves the other accounts theirs.

Another account floods a door whose one verb takes as long as the test wants. The weak twins are a door that hears each
caller in a thread, as the lab had it, and one without a bound for each account: there the same flood holds root up.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import pytest

from descriptors import none_left
from hub.accounts import Account
from hub.adapters.power.channel import LENGTH
from hub.adapters.power.verbs import LooseLoops
from hub.privileged.peers import Askers
from hub.privileged.verb_door import AT_ONCE, VerbDoor
from hub.privileged.verbs import Verbs
from waiting import wait_for

TAKEN_OVER = 65_533
ALLOWED: Askers = {0: frozenset(Account), TAKEN_OVER: frozenset({Account.WORKER})}
MANY = 40
SOON, LATE = 2.0, 5.0
SILENCE, SLOW, QUICK = b"", b'{"verb": "loose-loops"}', b'{"verb": "snapshot-kind"}'
FLOOD = """
import os, socket, struct, sys, time
os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
text, held = sys.argv[3].encode(), []
for _ in range(int(sys.argv[4])):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.sendall(struct.pack("!I", len(text)) + text if text else b"")
    held.append(s)
print("there", flush=True)
time.sleep(60)
"""


class Slow:
    """Verbs of which one ends when the test lets it."""

    def __init__(self) -> None:
        self.end = threading.Event()

    def do(self, verb: object) -> str | list[str]:
        if isinstance(verb, LooseLoops):
            self.end.wait(30)
            return []
        return "erofs"


class AThreadForEach(VerbDoor):
    """The weak twin: each caller is heard in a thread of its own, of sixteen, as the lab had it."""

    async def serve(self, listener: socket.socket) -> None:
        with ThreadPoolExecutor(16) as threads:
            while True:
                connection, _ = await asyncio.get_running_loop().sock_accept(listener)
                threads.submit(self._heard, connection)

    def _heard(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(10)
            head = connection.recv(LENGTH.size)
            if head:
                self._answered(connection, frozenset(Account), connection.recv(LENGTH.unpack(head)[0]))


def kept(verbs: Verbs) -> VerbDoor:
    """The door as the lab has it."""
    return VerbDoor(verbs, ALLOWED)


def unbounded(verbs: Verbs) -> VerbDoor:
    """The weak twin: an account may have every thread."""
    return VerbDoor(verbs, ALLOWED, turns_each=AT_ONCE + 1)


def hears_in_threads(verbs: Verbs) -> VerbDoor:
    return AThreadForEach(verbs, ALLOWED)


@contextmanager
def serving(make: Callable[[Verbs], VerbDoor], place: Path) -> Iterator[None]:
    """A door that is served in a thread of its own."""
    slow, begun = Slow(), threading.Event()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.setblocking(False)
        listener.bind(str(place))
        place.chmod(0o666)
        listener.listen(64)
        ends: list[Callable[[], object]] = []

        async def serve() -> None:
            task, loop = asyncio.create_task(make(cast(Verbs, slow)).serve(listener)), asyncio.get_running_loop()
            ends.append(lambda: loop.call_soon_threadsafe(task.cancel))
            begun.set()
            with suppress(asyncio.CancelledError):
                await task

        thread = threading.Thread(target=lambda: asyncio.run(serve()))
        thread.start()
        begun.wait()
        try:
            yield
        finally:
            slow.end.set()
            ends[0]()
            thread.join()


@contextmanager
def flooded(place: Path, text: bytes, count: int = MANY) -> Iterator[None]:
    """Another account's process connects many times, says this each time, and waits."""
    command = [sys.executable, "-c", FLOOD, str(place), str(TAKEN_OVER), text.decode(), str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as flood:
        assert flood.stdout is not None
        try:
            assert flood.stdout.readline() == b"there\n"
            yield
        finally:
            flood.kill()


def waited(place: Path) -> float:
    """Ask a quick verb as root; returns the seconds until its answer, ``LATE`` where none came."""
    began = time.monotonic()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(LATE)
        connection.connect(str(place))
        connection.sendall(LENGTH.pack(len(QUICK)) + QUICK)
        try:
            answer = b"".join(iter(lambda: connection.recv(2**16), b""))
        except TimeoutError:
            return LATE
    assert json.loads(answer[LENGTH.size :])["value"] == "erofs"
    return time.monotonic() - began


@pytest.fixture
def place() -> Iterator[Path]:
    """Where another account reaches the door; pytest keeps the folders above its own from others."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "s"


@pytest.mark.parametrize("text", [SILENCE, SLOW], ids=["silence", "slow verbs"])
def test_an_account_that_takes_all_it_can_get_holds_no_other_up(place: Path, text: bytes) -> None:
    with serving(kept, place), flooded(place, text):
        assert waited(place) < SOON


@pytest.mark.parametrize(
    ("make", "text"),
    [(hears_in_threads, SILENCE), (unbounded, SLOW)],
    ids=["silence, heard in threads", "slow verbs, unbounded"],
)
def test_the_same_flood_holds_others_up_at_a_weak_door(
    place: Path, make: Callable[[Verbs], VerbDoor], text: bytes
) -> None:
    with serving(make, place), flooded(place, text):
        assert waited(place) == LATE


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_open_files_that_are_sent_along_are_not_kept(place: Path) -> None:
    with serving(kept, place):
        before = open_files()
        for _ in range(MANY):
            with socket.socket(socket.AF_UNIX) as connection, Path(os.devnull).open() as file:
                connection.connect(str(place))
                socket.send_fds(connection, [LENGTH.pack(len(QUICK)) + QUICK], [file.fileno()])
                assert connection.recv(2**16)
        wait_for(lambda: open_files() <= before + 1, 5)


class ForgetsToGoOn(VerbDoor):
    """The weak twin: what cannot be accepted once ends the door, as it did."""

    async def serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = await asyncio.get_running_loop().sock_accept(listener)
                await self._attend(connection)
        await asyncio.Event().wait()  # the process lives on


def forgets(verbs: Verbs) -> VerbDoor:
    return ForgetsToGoOn(verbs, ALLOWED)


def answered_after_a_shortage(place: Path) -> bool:
    """Ask while no descriptor is left; says whether the answer comes when there are some again."""
    with socket.socket(socket.AF_UNIX) as early:
        early.settimeout(0.7)
        with none_left():
            early.connect(str(place))
            early.sendall(LENGTH.pack(len(QUICK)) + QUICK)
            with pytest.raises(TimeoutError):
                early.recv(1)
        early.settimeout(SOON)
        try:
            return early.recv(2**16) != b""
        except (TimeoutError, ConnectionResetError):
            return False


def test_the_door_answers_again_when_there_are_descriptors_again(place: Path) -> None:
    with serving(kept, place):
        assert answered_after_a_shortage(place)
        assert waited(place) < SOON


def test_a_door_that_ends_with_what_it_cannot_accept_answers_nobody_again(place: Path) -> None:
    """The weak twin."""
    with serving(forgets, place):
        assert not answered_after_a_shortage(place)
        assert waited(place) == LATE
