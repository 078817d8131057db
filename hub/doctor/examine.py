"""The whole examination: what is tried of each promise, in what order, and what cannot be looked at.

Invariants:

* what could not be looked at is said to be so, promise by promise;
* a step that breaks down counts as a promise that does not hold, and keeps no other from being tried;
* of the lab's own records only the log is touched, in transactions that are undone.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import requests
from docker.errors import DockerException
from sqlalchemy.exc import SQLAlchemyError

from hub.adapters.clock import SystemClock
from hub.adapters.engine import DockerEngine
from hub.adapters.store import SqlStore
from hub.doctor import (
    budgets,
    containers,
    engine_gate,
    faults,
    machine,
    origins,
    receipts,
    records,
    review,
    runs,
    snapshots,
)
from hub.doctor.scene import Scene, scene
from hub.doctor.throwaway import ThrowAway, Weaken, as_the_lab_makes_it
from hub.domain.errors import LabError, UnavailableError
from hub.domain.examinations import Attempt, Examination, Promise, Verdict
from hub.services.lab import Lab
from hub.settings import Settings
from hub.wiring import lab_from

EVERYTHING = frozenset(Promise)
INSIDE = frozenset({Promise.NETWORK, Promise.DATASETS, Promise.PROJECTS})
NOT_ON_THE_SCENE = frozenset({Promise.AUDIT, Promise.PRIVACY, Promise.MACHINE})
FAULTS = (OSError, subprocess.SubprocessError, SQLAlchemyError, DockerException, requests.RequestException, ValueError)
"""What breaks down around the doctor; whatever else goes wrong is a fault of its own, and ends it."""
Progress = Callable[[str], None]


def say_nothing(_step: str) -> None:
    """Tell nobody how far it has come."""


@dataclass(frozen=True, slots=True)
class Doctor:
    """Tries the promises that are wanted; ``weaken`` is for the doctor's own tests, which weaken containers by it."""

    settings: Settings
    wanted: frozenset[Promise] = EVERYTHING
    tell: Progress = say_nothing
    weaken: Weaken = as_the_lab_makes_it

    def examine(self) -> Examination:
        """Try all of it."""
        began, clock = datetime.now(UTC), time.monotonic()
        known: dict[str, str] = {}
        attempts = tuple(a for a in self._all(known) if a.promise in self.wanted)
        return Examination("", began, round(time.monotonic() - clock), known, attempts)

    def _all(self, known: dict[str, str]) -> Iterator[Attempt]:
        yield from self._step(Promise.PRIVACY, budgets.overspending_tried)
        try:
            told = machine.engine_told()
            image = DockerEngine(self.settings.name).image_digest(self.settings.images.workspace)
            before = faults.what_is_there(self.settings)
        except LabError as error:
            yield from unseen(self.wanted, str(error))
            return
        known.update(machine.versions(self.settings, told, image))
        yield from self._step(Promise.MACHINE, lambda: machine.machine_looked_at(self.settings, told))
        yield from self._step(Promise.NETWORK, lambda: [engine_gate.gate_tried(self.settings, image)])
        yield from self._with_containers(image)
        yield from self._of_the_lab()
        yield from self._step(Promise.FAULTS, lambda: [faults.nothing_left(self.settings, before)])

    def _with_containers(self, image: str) -> Iterator[Attempt]:
        throw_away = ThrowAway(self.settings.name, self.weaken)
        try:
            with scene(self.settings, image, throw_away.labels()) as made:
                yield from self._on_the_scene(made, throw_away)
        except (LabError, *FAULTS) as error:
            yield from unseen(self.wanted - NOT_ON_THE_SCENE, said(error))

    def _on_the_scene(self, made: Scene, throw_away: ThrowAway) -> Iterator[Attempt]:
        if inside := self.wanted & INSIDE:
            self.tell(", ".join(sorted(inside)))
            yield from containers.attacked(made, throw_away, self._cells(inside), self.tell)
        yield from self._step(Promise.DATASETS, lambda: snapshots.snapshots_tried(made))
        yield from self._step(Promise.RUNS, lambda: runs.runs_tried(made, throw_away))
        if self.wanted & {Promise.RELEASES, Promise.REVIEW}:
            court = review.court(made)
            yield from self._step(Promise.REVIEW, lambda: review.votes_tried(court))
            yield from self._step(Promise.RELEASES, lambda: review.releases_tried(court))
        yield from self._step(Promise.FAULTS, lambda: faults.killed_while_writing(made.settings))

    def _cells(self, inside: frozenset[Promise]) -> list[containers.Cell]:
        return containers.cells_of(inside, other_runtime=bool(self.settings.reader.runtime))

    def _of_the_lab(self) -> Iterator[Attempt]:
        """Look at the lab's own records, where there are any."""
        of_records = self.wanted & {Promise.RELEASES, Promise.AUDIT, Promise.PRIVACY, Promise.FAULTS, Promise.MACHINE}
        if not of_records:
            return
        try:
            lab = lab_of(self.settings)
        except (LabError, *FAULTS) as error:
            yield from unseen(of_records - {Promise.MACHINE}, said(error))
            return
        store = SqlStore(self.settings.database, SystemClock().now)
        yield from self._step(Promise.RELEASES, lambda: receipts.real_releases(lab))
        yield from self._step(Promise.AUDIT, lambda: records.log_tried(store))
        yield from self._step(Promise.PRIVACY, lambda: [budgets.budgets_added_up(lab)])
        yield from self._step(Promise.FAULTS, lambda: faults.owners_looked_for(lab))
        yield from self._step(Promise.MACHINE, lambda: [origins.origins_looked_at(self.settings, lab)])
        store.engine.dispose()

    def _step(self, promise: Promise, act: Callable[[], Iterable[Attempt]]) -> Iterator[Attempt]:
        """Try one thing; what was seen before it broke down is kept."""
        if promise not in self.wanted:
            return
        self.tell(str(promise))
        try:
            yield from act()
        except LabError as error:
            yield from unseen([promise], str(error))
        except FAULTS as error:
            tried, kind = "Go on with what is tried of this promise.", type(error).__name__
            seen = f"The attempt itself failed ({kind}), which counts as a promise that does not hold."
            yield Attempt(promise, "fault", "host", tried, seen, Verdict.BROKEN)


def lab_of(settings: Settings) -> Lab:
    """Return the lab with its records; UnavailableError where there are none yet."""
    if not settings.database_url and not Path(settings.database.removeprefix("sqlite:///")).is_file():
        raise UnavailableError("The lab has no records yet; start it first (datalab admin up).", reason="no-records")
    return lab_from(settings)


def unseen(promises: Iterable[Promise], why: str) -> Iterator[Attempt]:
    """Say of each promise that it could not be looked at."""
    for promise in sorted(promises):
        yield Attempt(promise, "not-looked-at", "host", "Look at what this promise rests on.", why, Verdict.UNSEEN)


def said(error: Exception) -> str:
    """Say why something cannot be looked at."""
    kind = type(error).__name__
    return str(error) if isinstance(error, LabError) else f"The machine did not take part ({kind})."
