"""The way through the gateway, beside the proxy alone: small answers, a notebook of 50 MB, and a kernel's messages.

At the end of both ways is, first, a server that does next to nothing: this shows what the gateway adds, and a ratio to
nothing says little. Then JupyterLab's own server in a container, as people have it: how much of the throughput of the
bare proxy is left. The proxy reaches the container's socket by itself, or has the gateway between, which is a process
as in a lab. A stand-in for the hub knows one token. JupyterLab's files come from the gateway's own copy on the one way,
and from the server on the other.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp

from hub.bench import far_end, jupyter_end, ways
from hub.bench.measuring import Pair, measure
from hub.bench.rows import Goal, Of, Row, each_of
from hub.domain.errors import UnavailableError
from hub.setup.lab_files import MAIN
from spawner_config.lab_files import copies

SMALL, MESSAGES, FILES, KERNEL, LOADS, AT_ONCE = 200, 200, 100, 50, 20, 8
MOST_ADDED = 2.0
"""Milliseconds that the gateway may add to an answer, at the median."""
ADDED, THROUGHPUT = Goal(Of.DIFFERENCE, MOST_ADDED), Goal(Of.RATIO, 1.25)
"""1.25 times the seconds are 0.8 times the throughput."""
_MAIN = re.compile(r'src="([^"]+)/main\.[^"]+"')

Act = Callable[[aiohttp.ClientSession, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ends:
    """Where the lab's way begins, and the proxy's own."""

    lab: str
    instead: str

    def row(self, title: str, act: Act, count: int, goal: Goal, rounds: int, tell: Callable[[str], None]) -> Row:
        """Measure an act on both ways, in turn."""
        pair = Pair(
            f"{title}, through the gateway / through the proxy alone",
            partial(_through, self.lab, act),
            partial(_through, self.instead, act),
            goal,
        )
        return each_of(measure(pair, rounds, tell), count)


def _through(prefix: str, act: Act) -> None:
    async def whole() -> None:
        async with aiohttp.ClientSession(headers={"Authorization": f"token {ways.TOKEN}"}) as session:
            await act(session, prefix)

    asyncio.run(whole())


def rows(folder: Path, rounds: int, tell: Callable[[str], None]) -> Iterator[Row]:
    """What the gateway adds, and what it leaves of the throughput."""
    with ways.running(folder) as led:
        ends = Ends(*(led.root + ways.route_of(name) for name in (ways.PROJECT, f"plain-{ways.PROJECT}")))
        yield ends.row("a small answer", _small, SMALL, ADDED, rounds, tell)
        yield ends.row("a message", _messages, MESSAGES, ADDED, rounds, tell)
        yield ends.row("50 MB out of nothing", _large, 1, THROUGHPUT, rounds, tell)
        tell("two servers of JupyterLab")
        with led.jupyter("jupyter") as both:
            real = Ends(*both)
            yield real.row("a small file, 8 at once", _files, FILES, THROUGHPUT, rounds, tell)
            yield real.row("the largest file of JupyterLab", _own_file, LOADS, THROUGHPUT, rounds, tell)
            yield real.row("a notebook of 50 MB", _notebook, 1, THROUGHPUT, rounds, tell)
            yield real.row("a kernel's round trip", _kernel, KERNEL, THROUGHPUT, rounds, tell)


async def _small(session: aiohttp.ClientSession, prefix: str) -> None:
    """Ask for small answers, one after the other."""
    for _ in range(SMALL):
        if await _size(session, f"{prefix}api/status") != len(far_end.STATUS):
            raise _failed()


async def _large(session: aiohttp.ClientSession, prefix: str) -> None:
    if await _size(session, f"{prefix}api/contents/large.ipynb") != far_end.NOTEBOOK:
        raise _failed()


async def _messages(session: aiohttp.ClientSession, prefix: str) -> None:
    """Send a message and wait for its answer, many times."""
    async with session.ws_connect(f"{prefix}api/kernels/1/channels") as outer:
        for _ in range(MESSAGES):
            await outer.send_str("x" * 500)
            if len(await outer.receive_str()) != 500:
                raise _failed()


async def _files(session: aiohttp.ClientSession, prefix: str) -> None:
    """Read a small file, eight at a time, as a browser does."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with turn:
            if not await _size(session, f"{prefix}api/contents/{jupyter_end.SMALL}"):
                raise _failed()

    await asyncio.gather(*(one() for _ in range(FILES)))


async def _own_file(session: aiohttp.ClientSession, prefix: str) -> None:
    """Load the largest script that both ways have alike, from where the page has its scripts, many times.

    The one that the page begins with is another one here: the gateway's copy has joined others to it.
    """
    async with session.get(f"{prefix}lab") as answer:
        found = _MAIN.search(await answer.text())
    scripts = [file for file in copies().glob("*/static/lab/*.js") if not file.match(MAIN)]
    largest = max(scripts, key=lambda file: file.stat().st_size)
    for _ in range(LOADS):
        if not found or not await _size(session, f"{prefix.partition('/user/')[0]}{found[1]}/{largest.name}"):
            raise _failed()


async def _notebook(session: aiohttp.ClientSession, prefix: str) -> None:
    if await _size(session, f"{prefix}api/contents/{jupyter_end.LARGE}?type=notebook") < jupyter_end.NOTEBOOK:
        raise _failed()


async def _kernel(session: aiohttp.ClientSession, prefix: str) -> None:
    """Start a kernel, run a line many times and wait for each answer, and end the kernel."""
    async with session.post(f"{prefix}api/kernels", json={}, headers=_from_its_page(prefix)) as answer:
        kernel = f"{prefix}api/kernels/{(await answer.json())['id']}"
    async with session.ws_connect(f"{kernel}/channels", max_msg_size=0) as outer:
        for _ in range(KERNEL):
            await outer.send_json(_execute())
            while json.loads(await outer.receive_str())["msg_type"] != "execute_reply":
                pass
    async with session.delete(kernel, headers=_from_its_page(prefix)) as answer:
        answer.raise_for_status()


def _from_its_page(prefix: str) -> dict[str, str]:
    return {"Origin": prefix.partition("/user/")[0]}


def _execute() -> dict[str, object]:
    header = {
        "msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "session": "bench", "username": "", "version": "5.3",
        "date": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    content = {"code": "1 + 1", "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
    empty: dict[str, object] = {"parent_header": {}, "metadata": {}, "buffers": []}
    return {"channel": "shell", "header": header, "content": content} | empty


async def _size(session: aiohttp.ClientSession, url: str) -> int:
    async with session.get(url) as answer:
        if answer.status != 200:
            raise _failed()
        return sum([len(piece) async for piece in answer.content.iter_any()])


def _failed() -> UnavailableError:
    return UnavailableError("A way did not answer as it should, so there is nothing to measure.", reason="bench")
