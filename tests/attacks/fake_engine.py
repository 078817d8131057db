"""An engine that only listens and writes down what it hears, and a gate before it that lets everything through."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Heard:
    """One request, as its reader understood it."""

    method: str
    target: str
    body: bytes


@dataclass
class FakeEngine:
    """Where it listens, and what it has heard so far; each request is answered as if it had been done."""

    place: Path
    heard: list[Heard] = field(default_factory=list)

    def answer(self, connection: socket.socket) -> None:
        """Read one request after the other. Of two lengths it believes the first, as some servers do."""
        with connection, connection.makefile("rb") as stream:
            while (head := head_of(stream.readline)) != b"":
                body = stream.read(length_of(head, first=True))
                method, target, _ = head.split(b"\r\n")[0].decode("latin-1").split(" ", 2)
                self.heard.append(Heard(method, target, body))
                connection.sendall(ANSWER.replace(b"\r\n\r\n{}", b"\r\n\r\n") if method == "HEAD" else ANSWER)


def head_of(read: Callable[[], bytes]) -> bytes:
    """A request's lines up to the empty one; nothing at the end of a connection."""
    lines = []
    while (line := read()) not in (b"\r\n", b""):
        lines.append(line)
    return b"".join(lines)


def length_of(head: bytes, *, first: bool) -> int:
    """How long a request's body is, by the first or by the last word for it."""
    lines = [line.partition(b":") for line in head.split(b"\r\n")]
    lengths = [int(value) for name, _, value in lines if name.strip().lower() == b"content-length"]
    return lengths[0 if first else -1] if lengths else 0


@contextmanager
def fake_engine(folder: Path) -> Iterator[FakeEngine]:
    """An engine that listens on a socket in a folder."""
    made = FakeEngine(folder / "engine.sock")
    with listening(made.place, made.answer):
        yield made


@contextmanager
def open_gate(engine: FakeEngine) -> Iterator[Path]:
    """A gate without a table: it reads a request, of two lengths by the last, and hands its bytes on as they came."""

    def pass_on(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream, socket.socket(socket.AF_UNIX) as to:
            to.connect(str(engine.place))
            head = head_of(stream.readline)
            to.sendall(head + b"\r\n" + stream.read(length_of(head, first=False)))
            to.shutdown(socket.SHUT_WR)
            while answer := to.recv(2**16):
                connection.sendall(answer)

    place = engine.place.with_name("gate.sock")
    with listening(place, pass_on):
        yield place


@contextmanager
def listening(place: Path, answer: Callable[[socket.socket], None]) -> Iterator[None]:
    """Answer each connection in a thread of its own."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()

        def serve() -> None:
            with suppress(OSError):  # the listener is closed at the end
                while True:
                    connection, _ = listener.accept()
                    connection.settimeout(PATIENCE)
                    threading.Thread(target=quietly, args=(connection,), daemon=True).start()

        def quietly(connection: socket.socket) -> None:
            with suppress(OSError):  # whoever called has gone
                answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            place.unlink()
