"""The door of the engine gate: a taken-over process takes the places of no other there, and no request is two.

Another account floods a door behind which calls take as long as the test wants. The weak twins are a door without a
bound for each account, in a process with few descriptors, and one that goes on working for whoever has hung up.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from aiohttp import web

from attacks.fake_engine import FakeEngine, Heard, fake_engine
from attacks.gated import Gated, Said, call, gated_lab
from descriptors import none_left
from hub.accounts import Account
from hub.privileged.engine_door import MOST_EACH, EngineDoor
from hub.privileged.peers import Askers
from spawner_config.server_folder import listening_socket
from waiting import wait_for

TAKEN_OVER = 65_533
ALLOWED: Askers = {0: frozenset(Account), TAKEN_OVER: frozenset({Account.HUB})}
MANY, FEW = 10_000, 512
SOON = 2.0
SLOW = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
HEAD = b"GET /quick HTTP/1.1\r\nHo"
BODY = b"POST /quick HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
FLOOD = """
import os, resource, socket, sys, time
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
held = []
for number in range(int(sys.argv[4])):
    s = socket.socket(socket.AF_UNIX)
    s.setblocking(False)
    for _ in range(200):  # where no more wait in the kernel than may, it tries again for a second
        try:
            s.connect(sys.argv[1])
            s.send(sys.argv[3].encode())
            break
        except BlockingIOError:
            time.sleep(0.005)
        except OSError:
            break
    held.append(s)
    if number == int(sys.argv[5]):
        print("there", flush=True)
print("all", flush=True)
time.sleep(60)
"""


class Behind:
    """What stands behind the door: a slow call ends when the test lets it, or when its caller is let go."""

    def __init__(self) -> None:
        self.end = asyncio.Event()
        self.waiting = 0

    async def handle(self, request: web.BaseRequest) -> web.Response:
        await request.read()
        if request.path == "/slow":
            self.waiting += 1
            try:
                await self.end.wait()
            finally:
                self.waiting -= 1
        return web.Response(text="done")


class Tireless(EngineDoor):
    """The weak twin: it goes on working for whoever has hung up."""

    def _server(self) -> web.Server:
        return web.Server(self._handle, access_log=None)


Make = Callable[[Behind], EngineDoor]


def kept(behind: Behind) -> EngineDoor:
    """The door as the lab has it."""
    return EngineDoor(behind.handle, ALLOWED)


def unbounded(behind: Behind) -> EngineDoor:
    """The weak twin: an account may have every descriptor."""
    return EngineDoor(behind.handle, ALLOWED, most_each=MANY + 1)


def tireless(behind: Behind) -> EngineDoor:
    return Tireless(behind.handle, ALLOWED)


@contextmanager
def serving(make: Make, place: Path) -> Iterator[Behind]:
    """A door that is served in a thread of its own."""
    begun, made = threading.Event(), list[Behind]()
    ends: list[Callable[[], object]] = []

    async def serve() -> None:
        made.append(Behind())
        with listening_socket(place.parent, place.name, 0o666) as listener:
            task, loop = asyncio.create_task(make(made[0]).serve(listener)), asyncio.get_running_loop()
            ends.append(lambda: loop.call_soon_threadsafe(task.cancel))
            begun.set()
            with suppress(asyncio.CancelledError):
                await task

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert begun.wait(10)
    try:
        yield made[0]
    finally:
        ends[0]()
        thread.join()


@contextmanager
def flooded(place: Path, text: bytes, count: int, reached: int) -> Iterator[None]:
    """Another account's process connects many times, says this each time, and waits."""
    words = [str(place), str(TAKEN_OVER), text.decode(), str(count), str(reached)]
    with subprocess.Popen([sys.executable, "-c", FLOOD, *words], stdout=subprocess.PIPE) as flood:
        assert flood.stdout is not None
        try:
            assert flood.stdout.readline() == b"there\n"
            yield
        finally:
            flood.kill()


@contextmanager
def few_descriptors() -> Iterator[None]:
    """A small machine."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def is_full() -> bool:
    """Whether this process, in which the door is served, has no descriptor left."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        return True
    return False


def unconnected() -> socket.socket:
    return socket.socket(socket.AF_UNIX)


def asked(place: Path) -> int:
    """Ask as root; returns the status, 0 where no answer came soon."""
    with unconnected() as connection:
        return asked_by(connection, place)


def asked_by(connection: socket.socket, place: Path) -> int:
    """Ask on a socket that was made before there were no descriptors; a door that is full may hang up at once."""
    connection.settimeout(SOON)
    try:
        connection.connect(str(place))
        with suppress(BrokenPipeError):
            connection.sendall(b"GET /quick HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return int(connection.recv(2**16).split(b" ")[1])
    except (TimeoutError, BlockingIOError):
        return 0


@pytest.fixture
def place() -> Iterator[Path]:
    """Where another account reaches the door; pytest keeps the folders above its own from others."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "s"


FLOODS = pytest.mark.parametrize(
    "text", [b"G", SLOW, HEAD, BODY], ids=["one letter", "slow calls", "half heads", "half bodies"]
)


@FLOODS
def test_ten_thousand_connections_of_one_account_hold_no_other_up(place: Path, text: bytes) -> None:
    with few_descriptors(), serving(kept, place), unconnected() as other, flooded(place, text, MANY, MANY - 1):
        assert asked_by(other, place) == 200


@FLOODS
def test_the_same_connections_shut_others_out_of_a_door_without_a_bound(place: Path, text: bytes) -> None:
    with few_descriptors(), serving(unbounded, place), unconnected() as other, flooded(place, text, MANY, FEW // 4):
        wait_for(is_full, 30, "the flood does not take all descriptors")
        assert asked_by(other, place) == 0


def test_an_account_with_all_its_places_is_told_at_once_and_finds_one_when_it_gives_one_back(place: Path) -> None:
    with serving(kept, place), unconnected() as last:
        held = [unconnected() for _ in range(MOST_EACH - 1)]
        for connection in (*held, last):
            connection.connect(str(place))
        assert asked(place) == 429
        last.close()
        assert wait_for(lambda: asked(place) == 200, 5)
        for connection in held:
            connection.close()


def hang_up(place: Path, behind: Behind, times: int, within: float = 0.05) -> None:
    """Ask for what takes long, and go, at the latest after so many seconds; a door with no place left may go first."""
    for _ in range(times):
        with socket.socket(socket.AF_UNIX) as connection, suppress(BrokenPipeError):
            connection.connect(str(place))
            connection.sendall(SLOW)
            before = behind.waiting
            with suppress(TimeoutError):
                wait_for(lambda before=before: behind.waiting != before, within)


def test_whoever_hangs_up_is_not_worked_for(place: Path) -> None:
    with serving(kept, place) as behind:
        hang_up(place, behind, MOST_EACH + 8)
        wait_for(lambda: behind.waiting == 0, 5)
        assert asked(place) == 200


def test_a_door_that_works_on_for_whoever_has_gone_has_no_place_left(place: Path) -> None:
    """The weak twin."""
    with serving(tireless, place) as behind:

        def is_full() -> bool:
            hang_up(place, behind, 1, SOON)  # on a busy machine the door takes its time to read it
            return behind.waiting == MOST_EACH

        wait_for(is_full, 60)
        assert wait_for(lambda: asked(place) == 429, 20)


def test_a_door_answers_again_when_there_are_descriptors_again(place: Path) -> None:
    with serving(kept, place), unconnected() as early:
        early.settimeout(0.7)
        with none_left():
            early.connect(str(place))
            early.sendall(b"GET /quick HTTP/1.1\r\nHost: x\r\n\r\n")
            with pytest.raises(TimeoutError):
                early.recv(1)
        early.settimeout(5)
        assert b" 200 " in early.recv(2**16)


# Requests before an engine that only listens: whatever is said, it hears nothing but what was allowed.


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeEngine]:
    with tempfile.TemporaryDirectory(prefix="engine", dir="/var/tmp") as folder, fake_engine(Path(folder)) as made:
        yield made


@pytest.fixture(scope="module")
def gate(fake: FakeEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    with gated_lab(tmp_path_factory.mktemp("requests"), DOCKER_HOST=f"unix://{fake.place}") as made:
        yield made


ORDER = b'{"HostConfig": {"Privileged": true}}'
HIDDEN = b"POST /containers/create?name=hidden HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(ORDER) + ORDER
VERSION = b"GET /version HTTP/1.1\r\nHost: x\r\n"
LENGTH = b"Content-Length: %d" % len(HIDDEN)


def of(method: bytes, target: bytes = b"/version", protocol: bytes = b"HTTP/1.1") -> bytes:
    return b"%s %s %s\r\nHost: x\r\n\r\n" % (method, target, protocol)


ONCE = [Heard("GET", "/version", b"")]
REQUESTS: dict[str, tuple[bytes, list[Heard]]] = {
    "a second one behind an allowed one": (VERSION + b"\r\n" + HIDDEN, ONCE),
    "one in the body of an allowed one": (VERSION + LENGTH + b"\r\n\r\n" + HIDDEN, []),
    "a length and pieces": (VERSION + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN, []),
    "pieces of no kind": (VERSION + b"Transfer-Encoding: xchunked\r\n\r\n" + HIDDEN, []),
    "a space before the colon": (VERSION + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + HIDDEN, []),
    "two lengths": (VERSION + b"Content-Length: 0\r\n" + LENGTH + b"\r\n\r\n" + HIDDEN, []),
    "a list of lengths": (VERSION + b"Content-Length: 0, %d\r\n\r\n" % len(HIDDEN) + HIDDEN, []),
    "a length with a sign": (VERSION + b"Content-Length: +%d\r\n\r\n" % len(HIDDEN) + HIDDEN, []),
    "a length below zero": (VERSION + b"Content-Length: -1\r\n\r\n" + HIDDEN, []),
    "a length in other digits": (VERSION + b"Content-Length: 0x10\r\n\r\n" + HIDDEN, []),
    "a folded line": (VERSION + b"X: y\r\n " + LENGTH + b"\r\n\r\n" + HIDDEN, []),
    "lines that end in another way": (b"GET /version HTTP/1.1\nHost: x\n\n" + HIDDEN, []),
    "lines that end in a third way": (b"GET /version HTTP/1.1\rHost: x\r\r" + HIDDEN, []),
    "a zero byte": (VERSION + b"X: y\x00z\r\n\r\n" + HIDDEN, []),
    "two hosts": (VERSION + b"Host: y\r\n\r\n" + HIDDEN, []),
    "a change of protocol": (VERSION + b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n" + HIDDEN, []),
    "a way through": (of(b"CONNECT", b"engine:80") + HIDDEN, []),
    "a way through to a path": (of(b"CONNECT") + HIDDEN, []),
    "another version of HTTP": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + HIDDEN, []),
    "HTTP 1.2": (of(b"GET", protocol=b"HTTP/1.2"), []),
    "a target with a space": (of(b"GET", b"/version x"), []),
    "a target with a fragment": (of(b"GET", b"/version#x"), []),
    "a target with an unknown option": (of(b"GET", b"/version?x=1"), []),
    "a whole address": (of(b"GET", b"http://engine/version"), []),
    "an address without a path": (of(b"GET", b"engine:80"), []),
    "an end of line in the target": (of(b"GET", b"/version%0d%0aX:%20y"), []),
    "letters of other scripts": (of(b"GET", "/images/x:é/json".encode()), []),
    "two versions of the API": (of(b"GET", b"/v1.41/v1.41/version"), []),
    "another version of the API": (of(b"GET", b"/v2.00/version"), []),
    "a line without end": (of(b"GET", b"/" + b"a" * 100_000), []),
    "a header without end": (VERSION + b"X: " + b"a" * 100_000 + b"\r\n\r\n", []),
    "headers without end": (VERSION + b"X: y\r\n" * 5_000 + b"\r\n", []),
    **{f"the method {m.decode()}": (of(m), []) for m in (b"HEAD", b"PUT", b"PATCH", b"TRACE", b"OPTIONS", b"get")},
}  # fmt: skip


def said(gate: Gated, text: bytes, patience: float = 0.4) -> bytes:
    """Say exactly this; returns whatever is answered within a while."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(patience)
        folder = os.open(gate.gate.parent, os.O_PATH)
        try:
            connection.connect(f"/proc/self/fd/{folder}/{gate.gate.name}")
        finally:
            os.close(folder)
        answer = b""
        with suppress(TimeoutError, BrokenPipeError, ConnectionResetError):
            connection.sendall(text)
            while received := connection.recv(2**16):
                answer += received
        return answer


@pytest.mark.parametrize("what", REQUESTS)
def test_a_request_is_never_two_and_the_engine_hears_what_is_allowed_alone(
    gate: Gated, fake: FakeEngine, what: str
) -> None:
    text, heard = REQUESTS[what]
    fake.heard.clear()
    answer = said(gate, text)
    assert fake.heard == heard
    assert (b" 200 OK" in answer) == bool(heard)
    assert b" 500 " not in answer
    assert call(gate.gate, "GET", "/version").status == 200


def ordered(gate: Gated, body: bytes, **headers: str) -> Said:
    return gate.create(gate.gate, gate.order("run")[0], body, **headers)


BODIES = {
    "a packed body": (gzip.compress(b"{}"), {"Content-Encoding": "gzip"}),
    "a body that says that it is packed": (b"{}", {"Content-Encoding": "gzip"}),
    "a body that grows a thousandfold": (gzip.compress(bytes(100_000_000)), {"Content-Encoding": "gzip"}),
    "a number that no engine holds": (b'{"HostConfig": {"NanoCpus": 1%s}}' % (b"0" * 400), {}),
    "a number without end": (b'{"StopTimeout": 1e999}', {}),
    "lists in lists": (b'{"Hostname": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", {}),
    "half a character": (b'{"Image": "\\ud800"}', {}),
    "no text": (b"\xff\xfe{}", {}),
}


@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_is_no_order_is_refused_with_a_sentence(gate: Gated, fake: FakeEngine, what: str) -> None:
    body, headers = BODIES[what]
    fake.heard.clear()
    answer = ordered(gate, body, **headers)
    assert answer.status in (400, 403)
    assert str(answer.json["message"]).endswith(".")
    assert fake.heard == []


@pytest.mark.parametrize(
    "number", ["1" + "0" * 317, "-1", "1e999", "1e3", "1.5", "true", "9223372036854775808", "null"]
)
@pytest.mark.parametrize("key", ["NanoCpus", "Memory", "MemorySwap", "ShmSize", "OomScoreAdj"])
def test_a_number_that_is_not_the_tables_is_refused_with_a_sentence(
    gate: Gated, fake: FakeEngine, key: str, number: str
) -> None:
    _, body = gate.order("run")
    text = web.json_response(body).text or ""
    before = f'"{key}": {body["HostConfig"][key]}'
    assert before in text
    fake.heard.clear()
    answer = ordered(gate, text.replace(before, f'"{key}": {number}').encode())
    assert answer.status in (400, 403)
    assert str(answer.json["message"]).endswith(".")
    assert fake.heard == []


def test_a_hundred_megabytes_that_nobody_takes_are_not_kept(gate: Gated) -> None:
    name, _ = gate.order("run")
    head = f"POST /containers/create?name={name} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n".encode()
    assert b" 400 " in said(gate, head + bytes(100_000_000), 2)
    assert call(gate.gate, "GET", "/version").status == 200


def test_a_body_that_does_not_come_is_not_waited_for(gate: Gated, fake: FakeEngine) -> None:
    name, _ = gate.order("run")
    head = f"POST /containers/create?name={name} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{{".encode()
    fake.heard.clear()
    assert b" 400 " in said(gate, head, 12)
    assert fake.heard == []
