"""A client that goes on whoever is killed: it computes in a workspace, asks the API, and remembers what it was told.

What it was told is held against the lab afterwards: ``lost`` names what was accepted and is no longer so. It is
written so that it can be tried on a client that lies, and on a lab that forgets.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import requests

from attacks.living import CONTEXT, PROJECT, Living
from hub.cli.client import Json, place
from hub.demo.people import AUDITOR, HEALTH_STEWARD, JOBS_STEWARD, SCIENTIST
from hub.demo.workspace_client import Workspace, execute
from hub.domain.errors import LabError
from hub.domain.work import ENDED

COUNT = "import uuid\nn = globals().get('n', 0) + 1\nme = globals().get('me') or uuid.uuid4().hex\nprint(n, me)"
"""One more, and which kernel says so: a kernel that was started anew has another name."""
PAUSE = 0.05


class Going(threading.Thread):
    """Does something again and again until it is told to stop; what fails meanwhile is tried again."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._over = threading.Event()
        self.faults: list[BaseException] = []
        self.last = ""

    def run(self) -> None:
        while not self._over.wait(PAUSE):
            try:
                self.step()
            except (LabError, requests.RequestException) as error:
                self.last = str(error)  # and goes on, as a person does whose lab is away
            except BaseException as error:
                self.faults.append(error)
                raise

    def step(self) -> None:
        raise NotImplementedError

    @contextmanager
    def going(self) -> Iterator[None]:
        """Go on for so long and no longer, also where what is done meanwhile fails."""
        self.start()
        try:
            yield
        finally:
            self._over.set()
            self.join(120)
        assert not self.is_alive(), "a client hangs"
        assert self.faults == []


@dataclass(frozen=True, slots=True)
class Count:
    """One answer of a kernel: when it came, how far it has counted, and which kernel it is."""

    at: float
    n: int
    kernel: str


class Computing(Going):
    """Somebody whose kernel counts."""

    def __init__(self, living: Living, project: str = PROJECT) -> None:
        super().__init__()
        self.visitor = living.visitor(SCIENTIST)
        self.workspace = Workspace(self.visitor, project)
        self.answers: list[Count] = []
        self._kernel = ""

    def step(self) -> None:
        if not self._kernel:
            self._begin()
        path = f"{self.workspace.path}api/kernels/{self._kernel}/channels"
        origin = self.visitor.origin(path)
        cookies = "; ".join(
            f"{c.name}={c.value}" for c in list(self.visitor.session.cookies) if path.startswith(c.path)
        )
        try:
            cells = execute(origin + path, {"Cookie": cookies, "Origin": origin}, [COUNT] * 3)
        except LabError:
            self._look_for_kernel()
            raise
        for cell in cells:
            n, kernel = cell.text.split()
            self.answers.append(Count(time.monotonic(), int(n), kernel))

    def _begin(self) -> None:
        self.workspace.open()
        answer = self.visitor.send(
            "POST", f"{self.workspace.path}api/kernels", self.workspace.path, {"name": "python3"}
        )
        if answer.status_code == requests.codes.created:
            self._kernel = str(answer.json()["id"])

    def _look_for_kernel(self) -> None:
        """A new kernel is begun only where the workspace's server itself says that the old one is not there."""
        self.workspace.open()
        answer = self.visitor.get(f"{self.workspace.path}api/kernels")
        if answer.status_code == requests.codes.ok and self._kernel not in {k["id"] for k in answer.json()}:
            self._kernel = ""


def steps_back(answers: list[Count], killed: int) -> list[str]:
    """What a kernel that goes on cannot say: a number that it said before, or more names than containers died."""
    told: list[str] = []
    highest: dict[str, int] = {}
    for answer in answers:
        if answer.n <= highest.get(answer.kernel, 0):
            told.append(f"{answer.kernel} says {answer.n} after {highest[answer.kernel]}")
        highest[answer.kernel] = max(answer.n, highest.get(answer.kernel, 0))
    if len(highest) > killed + 1:
        told.append(f"{len(highest)} kernels, though {killed} containers were killed")
    return told


def longest_silence(answers: list[Count]) -> float:
    """The most seconds between two answers."""
    moments = [answer.at for answer in answers]
    return max((late - early for early, late in pairwise(moments)), default=0.0)


@dataclass
class Told:
    """What the lab has accepted: identifiers by kind, votes as (request, steward), entries of the log by number."""

    upload: set[str] = field(default_factory=set)
    export_request: set[str] = field(default_factory=set)
    run: set[str] = field(default_factory=set)
    votes: set[tuple[str, str]] = field(default_factory=set)
    audit: dict[int, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.upload) + len(self.export_request) + len(self.run) + len(self.votes)


class Asking(Going):
    """Somebody who sends files, asks for exports, starts runs, votes, and reads the log, one after the other."""

    def __init__(self, living: Living, notebook: str, source: str, voted: Json) -> None:
        super().__init__()
        self.living, self.told = living, Told()
        self._notebook, self._source, self._voted = notebook, source, voted
        self._stewards = [JOBS_STEWARD, HEALTH_STEWARD]
        for name in (SCIENTIST, AUDITOR, *self._stewards):
            living.token(name)  # while all of the lab answers
        self._acts = self._order()

    def _order(self) -> Iterator[Callable[[], None]]:
        while True:
            yield from (self._upload, self._read, self._ask, self._read, self._vote, self._upload, self._start)

    def step(self) -> None:
        next(self._acts)()

    def _accepted(self, answer: requests.Response) -> Any:
        return answer.json() if answer.status_code in (200, 201) else None

    def _upload(self) -> None:
        head = {"Content-Type": "application/octet-stream"}
        body = f"words {time.time_ns()}".encode()
        answer = self.living.answer(SCIENTIST, "POST", "/uploads?name=words.txt", data=body, headers=head)
        if made := self._accepted(answer):
            self.told.upload.add(made["id"])

    def _ask(self) -> None:
        asked = {"project": PROJECT, "source": self._source, "files": {"words.txt": {}}, "context": CONTEXT}
        if made := self._accepted(self.living.answer(SCIENTIST, "POST", "/exports", json=asked)):
            self.told.export_request.add(made["id"])

    def _start(self) -> None:
        if self._under_way() >= self.living.settings.concurrent_work:
            return
        body = {"notebook": self._notebook, "parameters": {}}
        if made := self._accepted(self.living.answer(SCIENTIST, "POST", "/runs", json=body)):
            self.told.run.add(made["run"]["id"])

    def _under_way(self) -> int:
        """Two cores end no more runs than they end."""
        states = rows(self.living.database, "SELECT id, state FROM work WHERE kind = 'run'")
        return sum(state not in ENDED for _, state in states)

    def _vote(self) -> None:
        if not self._stewards:
            return
        request, steward = self._voted, self._stewards[-1]
        canonical = {f["path"]: f["canonical"] for f in request["files"]}
        body = {"decision": "approve", "canonical": canonical, "policy": request["policy"], "reason": "looked at"}
        answer = self.living.answer(steward, "POST", place("exports", request["id"], "votes"), json=body)
        if self._accepted(answer):
            self.told.votes.add((request["id"], steward))
            self._stewards.pop()

    def _read(self) -> None:
        last = max(self.told.audit, default=0)
        entries = self._accepted(self.living.answer(AUDITOR, "GET", f"/audit?after={last}&limit=1000"))
        self.told.audit |= {entry["seq"]: entry["digest"] for entry in entries or ()}


def rows(database: Path, question: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=20)) as connection:
        return connection.execute(question).fetchall()


def lost(database: Path, told: Told) -> list[str]:
    """What was accepted and is not in the records, or not in the log, any more."""
    missing: list[str] = []
    subjects = {subject for (subject,) in rows(database, "SELECT DISTINCT subject FROM audit")}
    for kind in ("upload", "export_request", "run"):
        there = {identifier for (identifier,) in rows(database, f"SELECT id FROM {kind}")}
        missing += sorted(getattr(told, kind) - there)
        missing += sorted(f"{identifier} in the log" for identifier in getattr(told, kind) - subjects)
    cast = rows(database, "SELECT id, votes FROM export_request")
    votes = {(identifier, vote["steward"]) for identifier, given in cast for vote in json.loads(given)}
    missing += sorted(f"the vote of {steward} on {identifier}" for identifier, steward in told.votes - votes)
    digests = dict(rows(database, "SELECT seq, digest FROM audit"))
    missing += [f"entry {seq} of the log" for seq, digest in told.audit.items() if digests.get(seq) != digest]
    return missing


def started_twice(starts: Counter[str], told: Told, container: Callable[[str], str]) -> list[str]:
    """Runs whose container was started more than once."""
    return sorted(run for run in told.run if starts[container(run)] > 1)
