"""Outputs of other runs of the same notebook, which a run's outputs are compared with before any of them leaves.

Invariants:

* siblings are the project's runs of any version of the notebook that saw one of the datasets, whoever asked for them
  and whether or not their outputs were ever asked for: parameters that cut neighbouring cohorts tell of few people;
* outputs that are held back count for nothing, and those that wait to be looked at for each other alone: nobody sees
  them, so they take nothing apart, and what is compared with them would tell of them;
* what was copied out of a run's outputs counts as that run's, by its SHA-256;
* the newest outputs are compared, up to bounds, and the check is told where some were left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from hub.domain.exports import ExportRequest
from hub.domain.notebooks import Notebook
from hub.domain.runs import OutputFile, Run, Screening
from hub.gate.exchange import MOST_FILES, CheckFile, OfferedFile, TableDeclaration
from hub.services.ports import Reading

MOST = 150
LARGEST = 2**19
MOST_BYTES = 2**22
SAME, OTHER = "runs/", "runs-of-other-versions/"
"""How the paths begin under which the reader is given the files: of runs on the same snapshots, and on others."""
_WITHOUT_TABLES = frozenset({".png", ".jpg", ".jpeg", ".safetensors"})
_LONGEST_PATH = 280
Kept = tuple[OfferedFile, str, int]
"""A file as the reader is asked for it, with its SHA-256 and size in the vault."""


@dataclass(frozen=True, slots=True)
class Siblings:
    """The outputs to compare with; ``complete`` is false where there are more than a check takes."""

    files: tuple[Kept, ...] = ()
    complete: bool = True


def siblings_of(reading: Reading, request: ExportRequest, first: int) -> Siblings:
    """Return the outputs that a request is compared with, newest runs first, numbered from ``first``."""
    runs = _siblings(reading, request)
    own = {file.sha256 for file in request.files}
    found: dict[str, tuple[str, int]] = {}
    room, complete = MOST_BYTES, True
    for run in runs:
        for file in _tables(run):
            if file.sha256 in found or file.sha256 in own:
                continue
            if file.size > min(LARGEST, room) or len(found) == min(MOST, MOST_FILES - first + 1):
                complete = False
                continue
            found[file.sha256] = (_path(run, file, request), file.size)
            room -= file.size
    kept = enumerate(found.items(), start=first)
    files = tuple((OfferedFile(index=n, path=path), sha256, size) for n, (sha256, (path, size)) in kept)
    return Siblings(files, complete)


def _siblings(reading: Reading, request: ExportRequest) -> list[Run]:
    """The other runs of the notebooks behind a request, newest first."""
    runs = [run for run in reading.find(Run, project=request.project) if _counts(run, request)]
    behind = [run for run in runs if run.id == request.source or _wrote(run, request)]
    if not behind:
        return []
    notebooks = {notebook.id: notebook.name for notebook in reading.find(Notebook, project=request.project)}
    names = {notebooks.get(run.notebook) for run in behind}
    return [
        run
        for run in reversed(runs)
        if run.id != request.source
        and notebooks.get(run.notebook) in names
        and set(run.snapshots) & set(request.snapshots)
    ]


def _counts(run: Run, request: ExportRequest) -> bool:
    """Whether what a run wrote may be compared with; a request by a run's name stands for its own screening."""
    return run.screening is not Screening.HELD and (
        run.screening is not Screening.WAITING or request.id == request.source
    )


def _wrote(run: Run, request: ExportRequest) -> bool:
    return bool({file.sha256 for file in run.outputs} & {file.sha256 for file in request.files if file.sha256})


def _tables(run: Run) -> list[OutputFile]:
    return [f for f in run.outputs if PurePosixPath(f.path).suffix.lower() not in _WITHOUT_TABLES]


def _path(run: Run, file: OutputFile, request: ExportRequest) -> str:
    same = all(run.snapshots.get(name, digest) == digest for name, digest in request.snapshots.items())
    return f"{SAME if same else OTHER}{f'{run.id}/{file.path}'[-_LONGEST_PATH:]}"


def entry_of(file: OfferedFile, request: ExportRequest) -> CheckFile | None:
    """Return a file that the reader was given as a sibling's output, for the check; None where it is no such file.

    It is declared as the request's own file of that name, but for the filter, which is what runs may differ by.
    """
    if not file.path.startswith((SAME, OTHER)):
        return None
    name = file.path.split("/", 2)[-1]
    tables = {own.path: own.table for own in request.files}
    declared = TableDeclaration.of(tables[name]) if name in tables else TableDeclaration()
    return CheckFile(
        index=file.index,
        path=file.path,
        table=declared.model_copy(update={"filter": ""}),
        run=True,
        current=file.path.startswith(SAME),
    )
