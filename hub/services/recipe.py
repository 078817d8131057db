"""Recipes: for each kind of work, what its container is and what is made of its results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from datasets_mount.mounts import Mount
from hub.domain.errors import InvalidError
from hub.domain.work import Work, WorkKind, WorkStep
from hub.services.lab import Lab
from hub.services.ports import Reading, Transaction
from hub.services.storage_port import WorkFolders
from hub.settings import ContainerLimits
from spawner_config.isolation import ContainerSpec, Limits, Purpose
from spawner_config.names import LABEL, LABEL_LAB, LABEL_WORK

MOST_RESULT_BYTES = 32 * 2**20
MOST_NOTEBOOK_BYTES = 64 * 2**20
Result = TypeVar("Result", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a piece of work ends: its step, the reason for people, and the change of its subject."""

    step: WorkStep
    reason: str
    apply: Callable[[Transaction], None]
    forget_folders: bool = True


def nothing_to_check(_reading: Reading, _work: Work) -> None:
    """What the lab does for itself needs nobody's leave."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """``prepare`` makes the container's description; ``finish`` reads its results and judges them.

    ``finish`` may be called again after a crash, so it only reads; all changes are in the ending's ``apply``. ``check``
    is asked before it starts and as long as it is under way; where it refuses, the work ends with its sentence.
    """

    prepare: Callable[[Lab, Work], ContainerSpec]
    finish: Callable[[Lab, Work, WorkStep, str], Ending]
    check: Callable[[Reading, Work], None] = nothing_to_check


def limits_of(lab: Lab, kind: WorkKind) -> ContainerLimits:
    """Runs have limits of their own; all that parses foreign bytes has the reader's. A validation is a shorter run."""
    if kind is WorkKind.VALIDATE:
        seconds = min(lab.settings.run.seconds, lab.settings.notebooks.validation_seconds)
        return lab.settings.run.model_copy(update={"seconds": seconds})
    return lab.settings.run if kind is WorkKind.RUN else lab.settings.reader


def spec_of(
    lab: Lab, work: Work, purpose: Purpose, program: str, mounts: tuple[Mount, ...], *, image: str = "", uid: int = 0
) -> ContainerSpec:
    """Describe the container of a sandbox program."""
    limits = limits_of(lab, work.kind)
    return ContainerSpec(
        purpose=purpose,
        image=image or lab.engine.image_digest(lab.settings.images.workspace),
        command=("python", "-m", f"hub.sandbox.{program}"),
        uid=uid or lab.settings.storage.reader_uid,
        mounts=mounts,
        limits=Limits(
            memory=limits.memory,
            cpus=limits.cpus,
            processes=limits.processes,
            tmp=limits.tmp,
            seconds=limits.seconds,
            file_size=lab.settings.storage.upload,
        ),
        environment={},
        labels={LABEL: work.kind, LABEL_LAB: lab.settings.name, LABEL_WORK: work.id},
        working_dir="/tmp",  # noqa: S108 - a path inside the container, on its own tmpfs
        runtime="" if purpose is Purpose.RUN else lab.settings.reader.runtime,
    )


def reader_mounts(folders: WorkFolders) -> tuple[Mount, ...]:
    """What a program that parses foreign bytes sees: its input, and where it writes."""
    return (Mount(str(folders.inside), "/in"), Mount(str(folders.out), "/out", writable=True))


def put_request(lab: Lab, inside: Path, asked: BaseModel) -> None:
    """Write what a program is asked to do."""
    lab.storage.put(inside, "request.json", asked.model_dump_json(by_alias=True).encode())


def read_result(lab: Lab, out: Path, model: type[Result]) -> Result:
    """Read a program's result; what is not exactly of the model's form is refused."""
    stored = lab.storage.copy_in(out, "result.json", MOST_RESULT_BYTES)
    try:
        return model.model_validate_json(lab.vault.read(stored.sha256, MOST_RESULT_BYTES))
    except ValidationError:
        raise InvalidError(
            "The container's result is not of the expected form; tell the administrator.", reason="bad-result"
        ) from None
