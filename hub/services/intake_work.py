"""Work that takes things in: dataset files become a snapshot, a submitted notebook becomes its source and schema."""

from __future__ import annotations

from dataclasses import replace

from datasets_mount.catalogue import Dataset, Offer, SnapshotFile
from hub.domain.audit import event
from hub.domain.errors import ConflictError, LabError
from hub.domain.notebooks import Notebook, check_schema, next_state
from hub.domain.work import Work, WorkStep
from hub.sandbox.exchange import InspectResult, SnapshotResult
from hub.services.datasets import accept_snapshot
from hub.services.lab import Lab
from hub.services.ports import Transaction
from hub.services.recipe import (
    MOST_NOTEBOOK_BYTES,
    Ending,
    Recipe,
    disagrees,
    read_result,
    reader_mounts,
    snapshot_spec,
    spec_of,
    taken_in,
)
from hub.services.validate_work import queue_validation
from spawner_config.isolation import ContainerSpec, Purpose

PARQUET = b"PAR1"
"""How a Parquet file begins and ends."""


def _load_offer(lab: Lab, work: Work) -> tuple[Offer, Dataset]:
    with lab.store.read() as reading:
        offer = reading.get(Offer, work.subject)
        dataset = reading.get(Dataset, offer.dataset) if offer else None
    if offer is None or dataset is None:
        raise ConflictError("The offer {id} is gone.", reason="gone", id=work.subject)
    return offer, dataset


def _prepare_snapshot(lab: Lab, work: Work) -> ContainerSpec:
    offer, dataset = _load_offer(lab, work)
    return snapshot_spec(lab, work, offer.files, dataset, "snapshot")


def _finish_snapshot(lab: Lab, work: Work, step: WorkStep, reason: str) -> Ending:
    if step is not WorkStep.SUCCEED:
        return Ending(step, reason, lambda _: None)
    try:
        files = _take_in_snapshot(lab, work)
    except LabError as error:
        return Ending(WorkStep.FAIL, str(error), lambda _: None)

    def apply(records: Transaction) -> None:
        offer = records.get(Offer, work.subject)
        if offer is not None:
            snapshot = accept_snapshot(records, lab, offer, files)
            done = replace(offer, snapshot=snapshot.digest)
            records.save(done, event("lab:snapshot:accept", "worker", offer.id, snapshot=snapshot.digest))

    return Ending(step, reason, apply)


def _take_in_snapshot(lab: Lab, work: Work) -> tuple[SnapshotFile, ...]:
    out = lab.storage.work_out(work.id)
    result = read_result(lab, out, SnapshotResult)
    if not result.files or len({f.path for f in result.files}) < len(result.files):
        raise disagrees()
    files = taken_in(lab, out, result.files)
    if any(lab.vault.ends(file.sha256, len(PARQUET)) != (PARQUET, PARQUET) for file in files):
        raise disagrees()
    return files


def _load_notebook(lab: Lab, work: Work) -> Notebook:
    with lab.store.read() as reading:
        notebook = reading.get(Notebook, work.subject)
    if notebook is None:
        raise ConflictError("The notebook {id} is gone.", reason="gone", id=work.subject)
    return notebook


def _prepare_inspect(lab: Lab, work: Work) -> ContainerSpec:
    notebook = _load_notebook(lab, work)
    folders = lab.storage.work(work.id, lab.settings.storage.reader_uid)
    # What people decide on is shown from these bytes, so they are the ones that were sent, or nothing is shown.
    lab.storage.put(folders.inside, "notebook.ipynb", lab.vault.read(notebook.digest, MOST_NOTEBOOK_BYTES))
    return spec_of(lab, work, Purpose.READER, "inspect_notebook", reader_mounts(folders), image=notebook.image)


def _finish_inspect(lab: Lab, work: Work, step: WorkStep, reason: str) -> Ending:
    """A notebook that inspection cannot accept is refused with the reason; any other is validated next."""
    notebook = _load_notebook(lab, work)
    looked = replace(notebook, state=next_state(notebook, "refuse"), reason=reason)
    if step is WorkStep.SUCCEED:
        try:
            result = read_result(lab, lab.storage.work_out(work.id), InspectResult)
            schema = result.schema_values()
            check_schema(schema)
            cells = tuple((c.type, c.source) for c in result.cells)
            looked = replace(notebook, parameters=schema, cells=cells, canonical=result.canonical)
        except LabError as error:
            step, reason = WorkStep.FAIL, str(error)
            looked = replace(looked, reason=reason)

    def apply(records: Transaction) -> None:
        accepted = step is WorkStep.SUCCEED
        name = "lab:notebook:inspected" if accepted else "lab:notebook:inspected-refused"
        records.save(looked, event(name, "worker", looked.id, looked.project, digest=looked.digest))
        if accepted:
            queue_validation(lab, records, looked)

    return Ending(step, reason, apply)


SNAPSHOT = Recipe(_prepare_snapshot, _finish_snapshot)
INSPECT = Recipe(_prepare_inspect, _finish_inspect)
