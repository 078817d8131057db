"""What the use cases need from the world; adapters stand behind these names.

Contracts that every adapter keeps, and that the contract tests check:

1. ``Store.begin`` gives one transaction: all of it happens or nothing; two such transactions never overlap.
2. ``Transaction.save`` writes a value together with its audit event; there is no way to write one without the other.
3. ``Vault.add`` returns only after the bytes are on disk under their digest, and never changes bytes that are there.
4. ``Engine.create`` with a name that exists changes nothing and says so; the other calls may be repeated.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

from hub.domain.audit import AuditEntry, AuditEvent
from hub.domain.exports import ExportState
from hub.domain.heads import Asker, RequestHead
from hub.domain.queue import Waiting
from hub.domain.queue_turns import Queued
from hub.domain.uploads import Stored
from hub.domain.work import Work, WorkKind, WorkState

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WorkTimes:
    """What the figures need of a piece of work: its kind and state, and when what happened; nobody's name."""

    kind: WorkKind
    state: WorkState
    created: datetime
    started: datetime | None
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class Between:
    """The moments from ``start`` on, and before ``end``."""

    start: datetime
    end: datetime


class Reading(Protocol):
    """A consistent look at the records, at one moment."""

    @property
    def moment(self) -> datetime:
        """Return when this look began, aware, in UTC."""

    def get(self, kind: type[T], key: str) -> T | None:
        """Return the record of that name, identifier or digest."""

    def find(self, kind: type[T], /, **equal: object) -> list[T]:
        """Return the records whose fields equal the given values, oldest first.

        A tuple stands for any of its values, and a ``Between`` for the moments in it.
        """

    def count(self, kind: type, /, **equal: object) -> int:
        """Return how many records ``find`` would return."""

    def waiting_counts(self, asked: Waiting) -> dict[Asker, int]:
        """Return how many requests wait in the queue, by their project and author."""

    def waiting_heads(self, asked: Waiting, shown: Collection[Asker], limit: int = 0) -> list[RequestHead]:
        """Return what lists show of what waits, of these projects and authors alone, the longest wait first."""

    def request_heads(
        self,
        states: tuple[ExportState, ...] = (),
        projects: tuple[str, ...] | None = None,
        before: int = 0,
        limit: int = 0,
    ) -> list[RequestHead]:
        """Return what lists show of export requests, newest first; 0, empty and None stand for no bound."""

    def audit_entries(self, after: int = 0, limit: int = 1000) -> list[AuditEntry]:
        """Return entries of the audit log with a larger sequence number, in order."""

    def audit_named(self, names: tuple[str, ...], projects: tuple[str, ...] | None = None) -> list[AuditEntry]:
        """Return the entries of events of these names, in these projects where some are named, in order."""

    def last_audit_entry(self) -> AuditEntry | None:
        """Return the head of the chain."""

    def queue_heads(self) -> dict[str, Work]:
        """Return the queued run of each project that goes first, and under "" the other work.

        The project of which something waits longest comes first.
        """

    def queued(self) -> list[Queued]:
        """Return all queued work with its project and priority, the longest wait first."""

    def under_way(self) -> dict[str, int]:
        """Return how much work each project has under way, and under "" how much is no run."""

    def last_starts(self) -> dict[str, datetime]:
        """Return when each project of which a run waits started one last, and under "" the same of other work."""

    def run_durations(self, notebook: str, most: int) -> list[timedelta]:
        """Return how long the runs of a notebook took that succeeded last, at most so many."""

    def work_times(self) -> list[WorkTimes]:
        """Return kind, state and times of every piece of work."""


class Transaction(Reading, Protocol):
    """All of it happens, or nothing."""

    def save(self, value: object, event: AuditEvent) -> AuditEntry:
        """Insert or replace a record together with its audit event."""

    def record(self, event: AuditEvent) -> AuditEntry:
        """Append an event that changes no record: a view, a download, a refusal."""


class Store(Protocol):
    """The lab's own tables."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that writes."""

    def read(self) -> AbstractContextManager[Reading]:
        """Open a transaction that only reads."""

    def head(self) -> str:
        """Return the digest of the last event, "" before the first: the cheapest way to see whether anything changed.

        Since nothing changes without an event, what was read after this was asked holds as long as it is the same.
        """

    def beat(self, name: str) -> None:
        """Write that a process of the lab lives, in a transaction that really writes; it is no event of anybody's."""

    def beats(self) -> dict[str, datetime]:
        """Return when each process wrote last that it lives."""


class Vault(Protocol):
    """Files by SHA-256, written once."""

    def add(self, source: BinaryIO, limit: int) -> Stored:
        """Copy a stream of at most ``limit`` bytes."""

    def path(self, sha256: str) -> Path:
        """Return the file of a digest."""

    def read(self, sha256: str, limit: int) -> bytes:
        """Return the bytes, after checking them against their digest."""

    def ends(self, sha256: str, count: int) -> tuple[bytes, bytes]:
        """Return the first and the last bytes of a file."""

    def check(self, sha256: str, size: int) -> None:
        """Hash the file again; raises ConflictError when it is missing or was changed."""


class ContainerState(StrEnum):
    """What the engine says of a container."""

    CREATED = "created"
    RUNNING = "running"
    EXITED = "exited"


@dataclass(frozen=True, slots=True)
class ContainerView:
    """A container as the engine tells it; ``work`` is its label.

    ``seconds`` is how long it has run by a clock that nobody can set, where that is known.
    """

    name: str
    work: str
    state: ContainerState
    exit_code: int
    out_of_memory: bool
    started: datetime | None
    seconds: float | None = None


class Engine(Protocol):
    """The container engine."""

    def image_digest(self, image: str) -> str:
        """Return the digest of a local image; UnavailableError when it is not there."""

    def containers(self, *, is_quiet: bool = False) -> list[ContainerView]:
        """Return the containers that serve this lab's work.

        ``is_quiet`` says that nothing was recorded since the last call: then the engine need not be asked, as long as
        what it told of may still be true; the end of a container is told at once all the same.
        """

    def memory(self, work: str) -> int | None:
        """Return the bytes of memory that the container of a piece of work uses; None where none runs that tells.

        It is seen from outside: nothing inside changes it but by using memory.
        """

    def sources(self) -> set[str]:
        """Return the host folders that containers of this lab see, of any kind and running or not."""

    def workspaces(self, *, running: bool = False) -> dict[str, str]:
        """Return the containers of this lab's workspaces, or those that run: identifier of the server → name."""

    def create(self, name: str, body: dict[str, object]) -> bool:
        """Create a container; False when one of that name exists."""

    def start(self, name: str) -> None:
        """Start it; starting a running one changes nothing."""

    def kill(self, name: str) -> None:
        """End it at once; ending an ended one changes nothing."""

    def remove(self, name: str) -> None:
        """Remove it; removing one that is gone changes nothing."""


class HubServers(Protocol):
    """The hub, as far as the worker asks it."""

    def servers(self) -> set[str]:
        """Return the identifiers of all servers that it starts, runs or ends; UnavailableError when it cannot say."""


class Signer(Protocol):
    """The lab's signing key."""

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature."""

    def public_key(self) -> bytes:
        """Return the raw public key, 32 bytes."""


class AccessLog(Protocol):
    """The lines that the gateway leaves of each response, in a file for each day."""

    def names(self) -> list[str]:
        """Return the files' names, oldest first."""

    def read(self, name: str, start: int, limit: int) -> bytes:
        """Return at most so many bytes from a place on; none where there is no such file, or it is shorter."""


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC; whoever keeps the machine's clock may set it at any time."""

    def seconds(self) -> float:
        """Return seconds that go on evenly, whatever the clock is set to; they mean nothing to another machine."""

    def boot(self) -> str:
        """Return a name of the machine's start since which the seconds count; no other start has it."""


def pages(reading: Reading, size: int = 1000) -> Iterator[AuditEntry]:
    """Walk the whole audit log in order."""
    after = 0
    while entries := reading.audit_entries(after, size):
        yield from entries
        after = entries[-1].seq
