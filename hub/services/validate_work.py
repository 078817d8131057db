"""Work between a notebook's inspection and the people who decide on it: twins of its datasets, and a run on them.

What came of it stands at the notebook. A notebook is never lost on this way: whatever ends early, the notebook reaches
the people, as one that was not validated.
"""

from __future__ import annotations

from dataclasses import replace

from datasets_mount.catalogue import Snapshot, Twin, snapshot_digest, twin_as_snapshot
from datasets_mount.mounts import Mount
from hub.domain.audit import event
from hub.domain.errors import ConflictError, LabError
from hub.domain.notebooks import Notebook, NotebookState, next_state
from hub.domain.projects import Project
from hub.domain.validation import Validation, ValidationResult
from hub.domain.work import Work, WorkKind, WorkStep
from hub.sandbox.exchange import TwinDataset, TwinEntry, TwinRequest, TwinResult, ValidateRequest, ValidateResult
from hub.services.grants import check_all_granted
from hub.services.lab import Lab, known_project, new_id
from hub.services.ports import Reading, Transaction
from hub.services.recipe import (
    MOST_NOTEBOOK_BYTES,
    Ending,
    Recipe,
    disagrees,
    limits_of,
    put_request,
    read_result,
    reader_mounts,
    spec_of,
    taken_in,
)
from hub.services.run_report import told_packages
from hub.services.snapshots import mounted
from spawner_config.isolation import ContainerSpec, Purpose


def _load(reading: Reading, work: Work) -> tuple[Notebook, Project]:
    notebook = reading.get(Notebook, work.subject)
    project = known_project(reading, notebook.project) if notebook else None
    if notebook is None or project is None:
        raise ConflictError("The notebook {id} is gone.", reason="gone", id=work.subject)
    return notebook, project


def snapshots_of(reading: Reading, notebook: Notebook) -> list[Snapshot]:
    """Return the newest snapshot of each of a notebook's datasets; a dataset without one has no twin."""
    found = [reading.find(Snapshot, dataset=name) for name in notebook.datasets]
    return [snapshots[-1] for snapshots in found if snapshots]


def _without_twin(reading: Reading, notebook: Notebook) -> list[Snapshot]:
    return [s for s in snapshots_of(reading, notebook) if reading.get(Twin, s.digest) is None]


def queue_validation(lab: Lab, records: Transaction, notebook: Notebook) -> None:
    """Queue what comes after inspection: twins where one is missing, and then the run on them."""
    kind = WorkKind.TWIN if _without_twin(records, notebook) else WorkKind.VALIDATE
    work = Work(new_id(kind), kind, notebook.id, notebook.author, lab.now())
    records.save(work, event(f"work:{kind}:queue", "worker", work.id, notebook.project))


def _prepare_twin(lab: Lab, work: Work) -> ContainerSpec:
    with lab.store.read() as reading:
        notebook, _ = _load(reading, work)
        snapshots = _without_twin(reading, notebook)
    folders = lab.storage.work(work.id, lab.settings.storage.reader_uid)
    asked = tuple(TwinDataset(name=s.dataset, files=tuple(f.path for f in s.files)) for s in snapshots)
    put_request(lab, folders.inside, TwinRequest(datasets=asked))
    mounts = (*reader_mounts(folders), *(mounted(lab, notebook.project, s) for s in snapshots))
    return spec_of(lab, work, Purpose.CHECKER, "twin", mounts)


def _check_twin(reading: Reading, work: Work) -> None:
    """Only a dataset that the project may use is looked at for its notebook."""
    notebook, _ = _load(reading, work)
    check_all_granted(reading, notebook.project, notebook.datasets)


def _finish_twin(lab: Lab, work: Work, step: WorkStep, reason: str) -> Ending:
    """With its datasets' twins the notebook is run; without them it is not validated."""
    with lab.store.read() as reading:
        notebook, _ = _load(reading, work)
        snapshots = {s.dataset: s for s in _without_twin(reading, notebook)}
    twins: list[Twin] = []
    if step is WorkStep.SUCCEED:
        try:
            entries = read_result(lab, lab.storage.work_out(work.id), TwinResult).datasets
            twins = [_take_in(lab, work, entry, snapshots) for entry in entries]
        except LabError as error:
            step, reason = WorkStep.FAIL, str(error)
    if step is not WorkStep.SUCCEED:
        return _looked(work, step, reason, Validation(ValidationResult.NOT_VALIDATED, reason=reason))

    def apply(records: Transaction) -> None:
        for twin in twins:
            details = {"dataset": twin.dataset, "snapshot": twin.snapshot}
            records.save(twin, event("lab:twin:make", "worker", twin.digest, notebook.project, **details))
        following = Work(new_id(WorkKind.VALIDATE), WorkKind.VALIDATE, notebook.id, notebook.author, lab.now())
        records.save(following, event("work:validate:queue", "worker", following.id, notebook.project))

    return Ending(step, reason, apply)


def _take_in(lab: Lab, work: Work, entry: TwinEntry, snapshots: dict[str, Snapshot]) -> Twin:
    """Copy a twin's files into the vault; ones that are not as the result and the snapshot say are refused."""
    snapshot = snapshots.get(entry.name)
    wanted = {f.path: f.columns for f in snapshot.files} if snapshot else {}
    if snapshot is None or {f.path: f.columns for f in entry.files} != wanted:
        raise disagrees()
    kept = taken_in(lab, lab.storage.work_out(work.id), entry.files, entry.name)
    return Twin(snapshot.digest, entry.name, snapshot_digest(entry.name, kept), kept, lab.now())


def _twins_of(reading: Reading, notebook: Notebook) -> list[Twin]:
    found = (reading.get(Twin, s.digest) for s in snapshots_of(reading, notebook))
    return [twin for twin in found if twin is not None]


def _prepare_validate(lab: Lab, work: Work) -> ContainerSpec:
    """The container is a run's, but for its data: of each dataset it has the twin, and never the dataset."""
    with lab.store.read() as reading:
        notebook, project = _load(reading, work)
        twins = _twins_of(reading, notebook)
    folders = lab.storage.work(work.id, project.uid)
    lab.storage.put(folders.inside, "notebook.ipynb", lab.vault.read(notebook.digest, MOST_NOTEBOOK_BYTES))
    seconds = limits_of(lab, work.kind).seconds
    put_request(lab, folders.inside, ValidateRequest(digest=notebook.digest, cell_seconds=seconds))
    mounts = (
        Mount(str(folders.inside), "/in"),
        Mount(str(folders.out), "/outputs", writable=True),
        *(mounted(lab, project.name, twin_as_snapshot(twin)) for twin in twins),
    )
    return spec_of(lab, work, Purpose.RUN, "validate", mounts, image=notebook.image, uid=project.uid)


def _finish_validate(lab: Lab, work: Work, step: WorkStep, reason: str) -> Ending:
    with lab.store.read() as reading:
        notebook, _ = _load(reading, work)
        twins = {t.dataset: t.digest for t in _twins_of(reading, notebook)}
    if step is WorkStep.SUCCEED:
        try:
            seen = read_result(lab, lab.storage.work_out(work.id), ValidateResult)
            result = ValidationResult.PASSED if seen.passed else ValidationResult.FAILED
            packages = told_packages(lab, lab.storage.work_out(work.id))
            looked = Validation(result, seen.cell, seen.error, twins=twins, packages=packages)
            return _looked(work, step, reason, looked)
        except LabError as error:
            step, reason = WorkStep.FAIL, str(error)
    return _looked(work, step, reason, Validation(ValidationResult.NOT_VALIDATED, reason=reason, twins=twins))


def _looked(work: Work, step: WorkStep, reason: str, validation: Validation) -> Ending:
    """The notebook goes on to the people who decide, with what came of its validation."""

    def apply(records: Transaction) -> None:
        notebook, _ = _load(records, work)
        if notebook.state is NotebookState.INSPECTING:
            looked = replace(notebook, state=next_state(notebook, "accept"), validation=validation)
            details = {"digest": notebook.digest, "result": validation.result}
            records.save(looked, event("lab:notebook:validated", "worker", notebook.id, notebook.project, **details))

    return Ending(step, reason, apply)


TWIN = Recipe(_prepare_twin, _finish_twin, _check_twin)
VALIDATE = Recipe(_prepare_validate, _finish_validate)
