"""Work that makes synthetic twins: made from the dataset or read from an owner's files, and then checked.

Invariants:

* what a first container wrote is checked by a second one before any of it is kept, and a twin that is refused leaves
  nothing but the record that it was;
* files that an owner supplies are parsed where no dataset is;
* whatever ends early refuses the twin.
"""

from __future__ import annotations

import io

from datasets_mount.catalogue import Dataset, Snapshot, SnapshotFile, declared_columns
from datasets_mount.mounts import Mount
from datasets_mount.synthetic import README, SyntheticTwin, TwinState, accepted, readme_of, refused
from hub.domain.audit import event
from hub.domain.canaries import Canaries, within
from hub.domain.errors import ConflictError, InvalidError, LabError
from hub.domain.uploads import Stored
from hub.domain.work import Work, WorkKind, WorkStep
from hub.gate.exchange import file_name
from hub.sandbox.exchange import OfferedEntry, SnapshotEntry, SnapshotRequest
from hub.sandbox.twin_exchange import (
    FOLDER,
    CheckTwinRequest,
    CheckTwinResult,
    DeclaredDomain,
    MakeTwinRequest,
    TwinFiles,
)
from hub.services.lab import Lab
from hub.services.policies import policy_in_force
from hub.services.ports import Reading, Transaction
from hub.services.precheck import dataset_entry
from hub.services.recipe import Ending, Recipe, put_request, read_result, reader_mounts, spec_of
from hub.services.snapshots import mounted
from spawner_config.isolation import ContainerSpec, Purpose

MAKER = "twin-maker"
"""In a project's place where the lab itself has a dataset mounted: no project's mount is shared with a maker's."""


def _load(reading: Reading, work: Work) -> tuple[SyntheticTwin, Dataset, Snapshot]:
    twin = reading.get(SyntheticTwin, work.subject)
    dataset = reading.get(Dataset, twin.dataset) if twin else None
    snapshot = reading.get(Snapshot, twin.snapshot) if twin else None
    if twin is None or dataset is None or snapshot is None:
        raise ConflictError("The twin {id} is gone.", reason="gone", id=work.subject)
    return twin, dataset, snapshot


def _first_work(twin: SyntheticTwin) -> str:
    return f"{twin.id}-read-1"


def _prepare_make(lab: Lab, work: Work) -> ContainerSpec:
    with lab.store.read() as reading:
        twin, dataset, snapshot = _load(reading, work)
    folders = lab.storage.work(work.id, lab.settings.storage.reader_uid)
    declared = tuple(DeclaredDomain(column=d.column, values=d.values, low=d.low, high=d.high) for d in twin.domains)
    asked = MakeTwinRequest(
        dataset=twin.dataset,
        files=tuple(file.path for file in snapshot.files),
        privacy_unit=dataset.privacy_unit,
        direct_identifiers=dataset.direct_identifiers,
        domains=declared,
        epsilon=f"{twin.epsilon:f}",
        rows=twin.rows,
        seed=twin.seed,
    )
    put_request(lab, folders.inside, asked)
    mounts = (*reader_mounts(folders), mounted(lab, MAKER, snapshot))
    return spec_of(lab, work, Purpose.CHECKER, "make_twin", mounts)


def _prepare_read(lab: Lab, work: Work) -> ContainerSpec:
    with lab.store.read() as reading:
        twin, dataset, _ = _load(reading, work)
    folders = lab.storage.work(work.id, lab.settings.storage.reader_uid)
    for number, file in enumerate(twin.uploads, 1):
        lab.vault.check(file.sha256, file.size)
        lab.storage.link(folders.inside, file_name(number), lab.vault.path(file.sha256))
    asked = SnapshotRequest(
        files=tuple(OfferedEntry(index=n, name=f.name) for n, f in enumerate(twin.uploads, 1)),
        privacy_unit=dataset.privacy_unit,
        direct_identifiers=dataset.direct_identifiers,
        other_columns=declared_columns(dataset),
    )
    put_request(lab, folders.inside, asked)
    return spec_of(lab, work, Purpose.READER, "read_twin", reader_mounts(folders))


def _finish_first(lab: Lab, work: Work, step: WorkStep, reason: str) -> Ending:
    """What was made goes on to the checks, where it lies; nothing of it is kept yet."""
    if step is WorkStep.SUCCEED:
        try:
            read_result(lab, lab.storage.work_out(work.id), TwinFiles)
        except LabError as error:
            step, reason = WorkStep.FAIL, str(error)
    if step is not WorkStep.SUCCEED:
        return _refusing(lab, work, step, reason)

    def apply(records: Transaction) -> None:
        twin, _, _ = _load(records, work)
        following = Work(f"{twin.id}-check-1", WorkKind.CHECK_TWIN, twin.id, twin.asked_by, lab.now())
        records.save(following, event("work:check_twin:queue", "worker", following.id))

    return Ending(step, reason, apply, forget_folders=False)


def _refusing(lab: Lab, work: Work, step: WorkStep, reason: str) -> Ending:
    def apply(records: Transaction) -> None:
        twin, _, _ = _load(records, work)
        if twin.state is TwinState.MAKING:
            details = {"twin": twin.id, "snapshot": twin.snapshot, "reason": reason}
            ended = refused(twin, reason, lab.now())
            records.save(ended, event("lab:dataset:twin-refuse", "worker", twin.dataset, **details))

    return Ending(step, reason, apply)


def _prepare_check(lab: Lab, work: Work) -> ContainerSpec:
    with lab.store.read() as reading:
        twin, dataset, snapshot = _load(reading, work)
        columns = {column for file in snapshot.files for column in file.columns}
        described = dataset_entry(dataset, within(reading.get(Canaries, dataset.name), columns))
        policy = policy_in_force(reading, lab.settings.gate, "", [dataset]).policy
    first = read_result(lab, lab.storage.work_out(_first_work(twin)), TwinFiles)
    folders = lab.storage.work(work.id, lab.settings.storage.reader_uid)
    asked = CheckTwinRequest(dataset=described, policy=policy, files=tuple(file.path for file in first.files))
    put_request(lab, folders.inside, asked)
    mounts = (
        *reader_mounts(folders),
        Mount(str(lab.storage.fragments(_first_work(twin))), f"/in/{FOLDER}", sealed=True),
        mounted(lab, MAKER, snapshot),
    )
    return spec_of(lab, work, Purpose.CHECKER, "check_twin", mounts)


def _finish_check(lab: Lab, work: Work, step: WorkStep, reason: str) -> Ending:
    """Only a twin that no check blocks is kept, and its files are the very bytes that were checked."""
    with lab.store.read() as reading:
        twin, _, snapshot = _load(reading, work)
    if step is not WorkStep.SUCCEED:
        return _refusing(lab, work, step, reason)
    try:
        result = read_result(lab, lab.storage.work_out(work.id), CheckTwinResult)
        if result.blocked_by:
            return _refusing(lab, work, step, _sentence(result.blocked_by))
        made = accepted(twin, _readme(lab, twin), _take_in(lab, twin, snapshot, result.files), lab.now())
    except LabError as error:
        return _refusing(lab, work, WorkStep.FAIL, str(error))

    def apply(records: Transaction) -> None:
        present, _, _ = _load(records, work)
        if present.state is TwinState.MAKING:
            details = {
                "twin": made.id, "snapshot": made.snapshot, "digest": made.digest, "method": made.method,
                "epsilon": str(made.epsilon),
            }  # fmt: skip
            records.save(made, event("lab:dataset:twin-accept", "worker", made.dataset, **details))

    return Ending(step, reason, apply)


def _sentence(checks: tuple[str, ...]) -> str:
    names = ", ".join(checks)
    return f"The gate's checks block this twin, and nothing of it was kept: {names}."


def _readme(lab: Lab, twin: SyntheticTwin) -> SnapshotFile:
    stored = lab.vault.add(io.BytesIO(readme_of(twin).encode()), lab.settings.storage.upload)
    return SnapshotFile(README, stored.sha256, stored.size, 0, ())


def _take_in(
    lab: Lab, twin: SyntheticTwin, snapshot: Snapshot, entries: tuple[SnapshotEntry, ...]
) -> tuple[SnapshotFile, ...]:
    """Copy a checked twin's files into the vault; they have the names and columns of the snapshot's."""
    if {f.path: f.columns for f in entries} != {f.path: f.columns for f in snapshot.files}:
        raise _disagrees()
    out = lab.storage.work_out(_first_work(twin))
    files = []
    for file in entries:
        stored = lab.storage.copy_in(out, f"{FOLDER}/{file.path}", lab.settings.storage.scratch)
        if stored != Stored(file.sha256, file.size):
            raise _disagrees()
        files.append(SnapshotFile(file.path, file.sha256, file.size, file.rows, file.columns))
    return tuple(files)


def _disagrees() -> InvalidError:
    return InvalidError("The container's result does not agree with its files.", reason="bad-result")


MAKE_TWIN = Recipe(_prepare_make, _finish_first)
READ_TWIN = Recipe(_prepare_read, _finish_first)
CHECK_TWIN = Recipe(_prepare_check, _finish_check)
