"""Containers of each purpose are started side by side and attacked from inside, beside a neighbour and listeners."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.doctor.arguments import Arguments, arguments_of
from hub.doctor.attacks import FLOODED, OWN_KERNEL, Attack, attacks_in, calls_of, judged
from hub.doctor.inside.neighbour import wait_to_be_found
from hub.doctor.listeners import Listeners, listening, own_addresses
from hub.doctor.program import Call, heard, in_vain, listed, program_of
from hub.doctor.scene import NEIGHBOUR, OTHER, Scene
from hub.doctor.throwaway import Ended, ThrowAway
from hub.domain.errors import LabError
from hub.domain.examinations import Attempt, Promise, Verdict
from spawner_config.isolation import ContainerSpec, Purpose, container_body

PYTHON = ("python", "-I", "-c")
SIDE_BY_SIDE = 3
NEIGHBOUR_SECONDS = 50
PORT = 18977
"""The neighbour's, on its own loopback."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Given:
    """What attacks in all containers are given."""

    scene: Scene
    throw_away: ThrowAway
    listeners: Listeners
    mark: str

    def arguments(self, purpose: Purpose) -> dict[str, Arguments]:
        """Return the arguments of every attack."""
        given: dict[str, Arguments] = {
            "connections": self.listeners.arguments(own_addresses()),
            "neighbour": {"mark": self.mark, "port": PORT, "names": [self.mark, OTHER, NEIGHBOUR]},
        }
        return arguments_of(purpose, given, self.scene.snapshot.digest)


@dataclass(frozen=True, slots=True)
class Cell:
    """One container to attack: its purpose, the attacks in it, and whether its limits are small."""

    purpose: Purpose
    attacks: list[Attack]
    flooded: bool = False

    @property
    def where(self) -> str:
        """How people read where it was."""
        return FLOODED if self.flooded else str(self.purpose)


def cells_of(wanted: frozenset[Promise], *, other_runtime: bool = False) -> list[Cell]:
    """Return a container of each purpose, and one with small limits, with what is tried in them.

    Which kernel answers is asked whatever is wanted, since it says what the other answers mean.
    """
    places = [*((purpose, False) for purpose in Purpose), (Purpose.RUN, True)]
    tried = {(p, f): attacks_in(p, flooded=f, other_runtime=other_runtime) for p, f in places}
    cells = [Cell(p, [a for a in tried[p, f] if a.promise in wanted or a is OWN_KERNEL], f) for p, f in places]
    return [cell for cell in cells if any(a.promise in wanted for a in cell.attacks)]


def attacked(scene: Scene, throw_away: ThrowAway, cells: list[Cell], tell: Progress) -> Iterator[Attempt]:
    """Attack the containers side by side, beside a neighbour and listeners."""
    promises = {a.promise for cell in cells for a in cell.attacks}
    beside = _neighbour(scene, throw_away) if Promise.PROJECTS in promises else nullcontext("")
    with listening() as listeners, beside as mark:
        given = Given(scene, throw_away, listeners, mark)
        # The scene's folders are made by one thread, one after the other.
        specs = [(cell, spec_of(given, cell)) for cell in cells]
        with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
            made = {threads.submit(in_one, given, cell, spec): cell.where for cell, spec in specs}
            for done in as_completed(made):
                tell(made[done])
                yield from done.result()
        if Promise.NETWORK in promises:
            yield _came(listeners)


def spec_of(given: Given, cell: Cell) -> ContainerSpec:
    """Describe the container as the lab makes it, with the attacks as its program."""
    command = (*PYTHON, program_of(calls_of(cell.attacks, given.arguments(cell.purpose))))
    return given.scene.flood(command) if cell.flooded else given.scene.spec(cell.purpose, command)


def in_one(given: Given, cell: Cell, spec: ContainerSpec) -> list[Attempt]:
    """Run one container's attacks and judge what each said."""
    try:
        ended = given.throw_away.run(spec)
    except LabError as error:
        return [Attempt(a.promise, a.name, cell.where, a.tried, str(error), Verdict.UNSEEN) for a in cell.attacks]
    said = heard(ended.text)
    apart = in_vain(said.get(OWN_KERNEL.name))
    found = [judged(attack, cell.where, said.get(attack.name), apart=apart) for attack in cell.attacks]
    shows_limits = any(a.promise is Promise.NETWORK for a in cell.attacks)
    return [*found, applied(cell.where, spec, ended)] if shows_limits else found


def applied(where: str, spec: ContainerSpec, ended: Ended) -> Attempt:
    """Compare what the engine says of the container with what the lab asked for."""
    others, count = differences(container_body(spec), ended.applied)
    tried = "Compare the engine's own account of the container with what the lab asked for."
    if ended.warnings:
        warning = listed(list(ended.warnings))
        seen = f"The engine warned: {warning}."
    elif others:
        names = listed(others)
        seen = f"The engine did not take over: {names}."
    else:
        seen = f"The engine took over all {count} options, without a warning."
    verdict = Verdict.BROKEN if ended.warnings or others else Verdict.HOLDS
    return Attempt(Promise.NETWORK, "engine", where, tried, seen, verdict)


def differences(asked: Mapping[str, Any], told: Mapping[str, Any]) -> tuple[list[str], int]:
    """Return the options that the engine tells otherwise, and how many were compared.

    What nobody asked for and the engine adds is its own affair; the image is told by its digest, and adds to the
    environment.
    """
    wanted = {key: value for key, value in asked["HostConfig"].items() if value or key not in LEFT_TO_THE_ENGINE}
    pairs = [(key, value, told.get("HostConfig", {})) for key, value in wanted.items()]
    pairs += [(key, value, told.get("Config", {})) for key, value in asked.items() if key not in ELSEWHERE]
    return sorted(key for key, value, place in pairs if _plain(key, place.get(key)) != _plain(key, value)), len(pairs)


ELSEWHERE = frozenset({"HostConfig", "Image", "Env"})
LEFT_TO_THE_ENGINE = frozenset({"Runtime"})
"""Options that stay empty for the engine's usual one, which it then tells by its name."""


def _plain(key: str, value: Any) -> object:
    """Bring an option into one form: the engine writes what is empty or false as nothing."""
    if key == "Mounts":
        return [{k: _plain("", v) for k, v in sorted(mount.items()) if v} for mount in value or ()]
    return value or None


def _came(listeners: Listeners) -> Attempt:
    tried = "Listen on this machine while the containers try to reach it."
    came = listed(sorted(set(listeners.came)))
    seen = f"Something came: {came}." if came else "Nobody came."
    verdict = Verdict.BROKEN if came else Verdict.HOLDS
    return Attempt(Promise.NETWORK, "listeners", "host", tried, seen, verdict)


@contextmanager
def _neighbour(scene: Scene, throw_away: ThrowAway) -> Iterator[str]:
    """Let another project's container run, and wait until it can be found."""
    mark = f"neighbour{secrets.token_hex(6)}"
    arguments = {"mark": mark, "port": PORT, "seconds": NEIGHBOUR_SECONDS}
    program = program_of([Call("neighbour", wait_to_be_found, arguments, NEIGHBOUR_SECONDS + 5)])
    spec = scene.workspace(OTHER, NEIGHBOUR, scene.uid + 1, (*PYTHON, program))
    shared = Path(next(m.source for m in spec.mounts if m.target == "/project"))
    with throw_away.running(spec):
        deadline = time.monotonic() + 15
        while not (shared / ".waits").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        # Nobody finds what is not there: without a neighbour, the empty word is found everywhere.
        yield mark if (shared / ".waits").exists() else ""
