"""Recipes: for each kind of work, what its container is and what is made of its results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from datasets_mount.catalogue import Dataset, OfferedFile, SnapshotFile, declared_columns
from datasets_mount.mounts import Mount
from hub.domain.errors import InvalidError
from hub.domain.sandbox_exit import SENTENCES, SandboxExit
from hub.domain.uploads import Stored
from hub.domain.work import Work, WorkKind, WorkStep
from hub.gate.exchange import file_name
from hub.sandbox.exchange import OfferedEntry, SnapshotEntry, SnapshotRequest
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


def described(recipe: Recipe, lab: Lab, work: Work) -> ContainerSpec:
    """Return the description of a work's container; a request that its program would not read ends that work alone."""
    try:
        return recipe.prepare(lab, work)
    except ValidationError:
        raise InvalidError(SENTENCES[SandboxExit.BAD_REQUEST], reason="bad-request") from None


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


def snapshot_spec(
    lab: Lab, work: Work, files: tuple[OfferedFile, ...], dataset: Dataset, program: str
) -> ContainerSpec:
    """Describe the reader's container of files that a dataset's owner sent, which become Parquet."""
    folders = lab.storage.work(work.id, lab.settings.storage.reader_uid)
    for number, file in enumerate(files, 1):
        lab.vault.check(file.sha256, file.size)
        lab.storage.link(folders.inside, file_name(number), lab.vault.path(file.sha256))
    asked = SnapshotRequest(
        files=tuple(OfferedEntry(index=n, name=f.name) for n, f in enumerate(files, 1)),
        privacy_unit=dataset.privacy_unit,
        direct_identifiers=dataset.direct_identifiers,
        other_columns=declared_columns(dataset),
    )
    put_request(lab, folders.inside, asked)
    return spec_of(lab, work, Purpose.READER, program, reader_mounts(folders))


def taken_in(lab: Lab, out: Path, entries: tuple[SnapshotEntry, ...], folder: str = "") -> tuple[SnapshotFile, ...]:
    """Copy the files of a container's result into the vault; ones that are not as the result says are refused."""
    files = []
    for entry in entries:
        stored = lab.storage.copy_in(out, (Path(folder) / entry.path).as_posix(), lab.settings.storage.scratch)
        if stored != Stored(entry.sha256, entry.size):
            raise disagrees()
        files.append(SnapshotFile(entry.path, entry.sha256, entry.size, entry.rows, entry.columns))
    return tuple(files)


def disagrees() -> InvalidError:
    """A container's result and what it wrote are not the same."""
    return InvalidError("The container's result does not agree with its files.", reason="bad-result")


def read_result(lab: Lab, out: Path, model: type[Result]) -> Result:
    """Read a program's result; what is not exactly of the model's form is refused."""
    stored = lab.storage.copy_in(out, "result.json", MOST_RESULT_BYTES)
    try:
        return model.model_validate_json(lab.vault.read(stored.sha256, MOST_RESULT_BYTES))
    except ValidationError:
        raise InvalidError(
            "The container's result is not of the expected form; tell the administrator.", reason="bad-result"
        ) from None
