"""Promise 4, tried: other bytes than the approved ones, values outside of the schema, and a notebook nobody approved.

The same notebook with the right bytes and values has to run, so that a refusal is no accident.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path

from hub.adapters.vault import FolderVault
from hub.doctor.scene import Scene
from hub.doctor.throwaway import ThrowAway
from hub.domain.errors import LabError
from hub.domain.examinations import Attempt, Promise, Verdict
from hub.domain.notebooks import Notebook, NotebookState, Parameter, ParameterType, check_can_run
from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.exchange import RunRequest, entry_of
from spawner_config.isolation import ContainerSpec, Purpose

PROGRAM = ("python", "-m", "hub.sandbox.execute")
SCHEMA = entry_of(Parameter("rows", ParameterType.INTEGER, 5, 1, 9))
Act = Callable[[], object]


def notebook_of(source: str) -> bytes:
    """Return the bytes of a notebook with one cell."""
    cell: dict[str, object] = {
        "cell_type": "code",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}).encode()


APPROVED, SWAPPED = notebook_of("print(1 + 1)"), notebook_of("print(1 + 2)")


def runs_tried(scene: Scene, throw_away: ThrowAway) -> Iterator[Attempt]:
    """Try all of it, the containers side by side."""
    cases: tuple[tuple[str, str, bytes, Mapping[str, int], SandboxExit], ...] = (
        ("approved", "Run a notebook with the approved bytes, as a control.", APPROVED, {"rows": 2}, SandboxExit.OK),
        (
            "swapped-bytes",
            "Run other bytes than the approved ones, one digit apart.",
            SWAPPED,
            {"rows": 2},
            SandboxExit.DIGEST_MISMATCH,
        ),
        (
            "outside-of-schema",
            "Run the approved bytes with a value outside of the approved schema.",
            APPROVED,
            {"rows": 10},
            SandboxExit.BAD_REQUEST,
        ),
    )
    specs = [_spec(scene, name, body, values) for name, _, body, values, _ in cases]
    with ThreadPoolExecutor(2) as threads:
        ended = list(threads.map(lambda spec: _code(throw_away, spec), specs))
    for (name, tried, _, _, wanted), code in zip(cases, ended, strict=True):
        yield _judged(name, tried, wanted, code)
    yield from rules_tried(check_can_run)
    yield changed_in_the_vault(scene.vault)


def _spec(scene: Scene, name: str, body: bytes, values: Mapping[str, int]) -> ContainerSpec:
    folders = scene.storage.run(name, scene.uid)
    digest = hashlib.sha256(APPROVED).hexdigest()
    asked = RunRequest.model_validate(
        {"digest": digest, "parameters": dict(values), "schema": (SCHEMA,), "cell_seconds": 20}
    )
    scene.storage.put(folders.inside, "notebook.ipynb", body)
    scene.storage.put(folders.inside, "request.json", asked.model_dump_json(by_alias=True).encode())
    return scene.work(Purpose.RUN, PROGRAM, name)


def _code(throw_away: ThrowAway, spec: ContainerSpec) -> int | LabError:
    try:
        return throw_away.run(spec).code
    except LabError as error:
        return error


def _judged(name: str, tried: str, wanted: SandboxExit, code: int | LabError) -> Attempt:
    if isinstance(code, LabError):
        return Attempt(Promise.RUNS, name, Purpose.RUN, tried, str(code), Verdict.UNSEEN)
    if code != wanted:
        seen = f"The container ended with the code {code} instead of {int(wanted)}."
        return Attempt(Promise.RUNS, name, Purpose.RUN, tried, seen, Verdict.BROKEN)
    word = wanted.name.lower().replace("_", " ")
    seen = "It ran." if wanted is SandboxExit.OK else f"It was refused before anything ran: {word}."
    return Attempt(Promise.RUNS, name, Purpose.RUN, tried, seen, Verdict.HOLDS)


def rules_tried(check: Callable[[Notebook], object]) -> Iterator[Attempt]:
    """Ask the rule about a notebook of every state but approved."""
    now = datetime.now(UTC)
    digest = hashlib.sha256(APPROVED).hexdigest()
    approved = Notebook("n", "p", "n", "a purpose", "a", digest, (), "sha256:0", now, state=NotebookState.APPROVED)
    states = [state for state in NotebookState if state is not NotebookState.APPROVED]
    passed = [str(s) for s in states if not refused(partial(check, replace(approved, state=s)))]
    tried = "Ask for a run of a notebook in every state but approved."
    if refused(lambda: check(approved)):
        seen = "The approved notebook was refused, too, so nothing is proved."
        yield Attempt(Promise.RUNS, "not-approved", "host", tried, seen, Verdict.BROKEN)
        return
    count, names = len(states), ", ".join(passed)
    seen = f"Let through: {names}." if passed else f"All {count} states were refused."
    yield Attempt(Promise.RUNS, "not-approved", "host", tried, seen, Verdict.BROKEN if passed else Verdict.HOLDS)


def refused(act: Act) -> bool:
    """Say whether a rule of the lab says no; any other fault is not a refusal."""
    try:
        act()
    except LabError:
        return True
    return False


def changed_in_the_vault(vault: FolderVault) -> Attempt:
    """Change one bit of a notebook that the vault keeps, and ask for it."""
    tried = "Change one bit of an approved notebook on the disk, and start a run of it."
    stored = vault.add(BytesIO(APPROVED + b" "), 2**20)
    whole = vault.read(stored.sha256, 2**20) == APPROVED + b" "
    flip(vault, stored.sha256)
    if not whole:
        return Attempt(Promise.RUNS, "vault", "host", tried, "The unchanged file was not given.", Verdict.BROKEN)
    if refused(lambda: vault.read(stored.sha256, 2**20)):
        return Attempt(Promise.RUNS, "vault", "host", tried, "The changed bytes were refused.", Verdict.HOLDS)
    return Attempt(Promise.RUNS, "vault", "host", tried, "The changed bytes were given.", Verdict.BROKEN)


def flip(vault: FolderVault, sha256: str) -> None:
    """Change one bit of a file of the scene's own vault."""
    flip_file(vault.path(sha256))


def flip_file(path: Path) -> None:
    """Change one bit in the middle of a file of the scene's own, in place."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    mode = path.stat().st_mode
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.write(content)
    path.chmod(mode)
