"""Work that makes synthetic twins: made from the dataset or read from an owner's files, and then checked.

Invariants:

* what a first container wrote is checked by a second one before any of it is kept, and a twin that is refused leaves
  nothing but the record that it was;
* files that an owner supplies are parsed where no dataset is;
* whatever ends early refuses the twin.
"""

from __future__ import annotations

import io

from datasets_mount.catalogue import Dataset, Snapshot, SnapshotFile
from datasets_mount.mounts import MAKER, Mount
from datasets_mount.synthetic import README, SyntheticTwin, TwinState, accepted, first_work, readme_of, refused
from hub.domain.audit import event
from hub.domain.canaries import Canaries, within
from hub.domain.errors import ConflictError, LabError
from hub.domain.work import Work, WorkKind, WorkStep
from hub.sandbox.exchange import SnapshotEntry
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
from hub.services.recipe import (
    Ending,
    Recipe,
    disagrees,
    put_request,
    read_result,
    reader_mounts,
    snapshot_spec,
    spec_of,
    taken_in,
)
from hub.services.snapshots import mounted
from spawner_config.isolation import ContainerSpec, Purpose


def _load(reading: Reading, work: Work) -> tuple[SyntheticTwin, Dataset, Snapshot]:
    twin = reading.get(SyntheticTwin, work.subject)
    dataset = reading.get(Dataset, twin.dataset) if twin else None
    snapshot = reading.get(Snapshot, twin.snapshot) if twin else None
    if twin is None or dataset is None or snapshot is None:
        raise ConflictError("The twin {id} is gone.", reason="gone", id=work.subject)
    return twin, dataset, snapshot


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
        epsilon=f"{round(twin.epsilon, 3):f}",
        rows=twin.rows,
        seed=twin.seed,
    )
    put_request(lab, folders.inside, asked)
    mounts = (*reader_mounts(folders), mounted(lab, MAKER, snapshot))
    return spec_of(lab, work, Purpose.CHECKER, "make_twin", mounts)


def _prepare_read(lab: Lab, work: Work) -> ContainerSpec:
    with lab.store.read() as reading:
        twin, dataset, _ = _load(reading, work)
    return snapshot_spec(lab, work, twin.uploads, dataset, "read_twin")


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
            # Why it was is not among these: it tells of the rows, and the audit log has more readers than the owner.
            details = {"twin": twin.id, "snapshot": twin.snapshot}
            ended = refused(twin, reason, lab.now())
            records.save(ended, event("lab:dataset:twin-refuse", "worker", twin.dataset, **details))

    return Ending(step, reason, apply)


def _prepare_check(lab: Lab, work: Work) -> ContainerSpec:
    with lab.store.read() as reading:
        twin, dataset, snapshot = _load(reading, work)
        columns = {column for file in snapshot.files for column in file.columns}
        described = dataset_entry(dataset, within(reading.get(Canaries, dataset.name), columns))
        policy = policy_in_force(reading, lab.settings.gate, "", [dataset]).policy
    first = read_result(lab, lab.storage.work_out(first_work(twin)), TwinFiles)
    folders = lab.storage.work(work.id, lab.settings.storage.reader_uid)
    asked = CheckTwinRequest(dataset=described, policy=policy, files=tuple(file.path for file in first.files))
    put_request(lab, folders.inside, asked)
    mounts = (
        *reader_mounts(folders),
        Mount(str(lab.storage.fragments(first_work(twin))), f"/in/{FOLDER}", sealed=True),
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
        raise disagrees()
    return taken_in(lab, lab.storage.work_out(first_work(twin)), entries, FOLDER)


MAKE_TWIN = Recipe(_prepare_make, _finish_first)
READ_TWIN = Recipe(_prepare_read, _finish_first)
CHECK_TWIN = Recipe(_prepare_check, _finish_check)
