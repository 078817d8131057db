"""Work of the gate: offered files are read into fragments, then fragments are checked against the datasets."""

from __future__ import annotations

from dataclasses import replace

from pydantic import ValidationError

from datasets_mount.catalogue import Dataset, Snapshot
from datasets_mount.mounts import Mount
from hub.domain.audit import event
from hub.domain.canaries import Canaries, within
from hub.domain.errors import ConflictError, LabError
from hub.domain.exports import (
    ExportFile,
    ExportRequest,
    ExportState,
    ExportStep,
    offered_count,
    step_checked,
    step_request,
    without_votes,
)
from hub.domain.notebooks import Notebook
from hub.domain.runs import Run
from hub.domain.staying_votes import staying
from hub.domain.uploads import Stored
from hub.domain.work import Work, WorkKind, WorkStep
from hub.gate.earlier import EarlierTables
from hub.gate.exchange import (
    EARLIER_NAME,
    ApprovedNotebook,
    CheckedFile,
    CheckFile,
    CheckRequest,
    CheckResult,
    OfferedFile,
    ReadRequest,
    TableDeclaration,
    file_name,
)
from hub.gate.notebook_source import cell_digest
from hub.services import registry
from hub.services.answers import keep_file, of_every_file
from hub.services.exceptions import excepted
from hub.services.lab import Lab
from hub.services.offered_files import MOST_BYTES_A_FILE
from hub.services.other_requests import LEFT, others_of
from hub.services.policies import barred_from, policy_in_force, votes_are_blind
from hub.services.ports import Reading, Transaction
from hub.services.precheck import dataset_entry
from hub.services.recipe import Ending, Recipe, limits_of, put_request, read_result, reader_mounts, spec_of
from hub.services.shown_files import supporting_entries, taken_in_shown
from hub.services.sibling_runs import Siblings, entry_of, siblings_of
from hub.services.snapshots import mounted
from spawner_config.isolation import ContainerSpec, Purpose


def _load(reading: Reading, work: Work) -> ExportRequest:
    request = reading.get(ExportRequest, work.subject)
    if request is None:
        raise ConflictError("The export request {id} is gone.", reason="gone", id=work.subject)
    return request


def _prepare_read(lab: Lab, work: Work) -> ContainerSpec:
    with lab.store.read() as reading:
        request = _load(reading, work)
    return read_spec(lab, work, request)


def read_spec(lab: Lab, work: Work, request: ExportRequest) -> ContainerSpec:
    """Describe the container that reads a request's files, and those that it is compared with."""
    with lab.store.read() as reading:
        others = others_of(reading, request)
        beside = siblings_of(reading, request, offered_count(request) + len(others.files) + 1)
    folders = lab.storage.work(work.id, lab.settings.storage.reader_uid)
    kept = [(f.path, f.sha256, f.size) for f in request.files]
    kept += [(f.path, f.sha256, f.size) for f in request.supporting]
    own = tuple((OfferedFile(index=n, path=path), sha256, size) for n, (path, sha256, size) in enumerate(kept, 1))
    for file, sha256, size in (*own, *others.files, *beside.files):
        lab.vault.check(sha256, size)
        lab.storage.link(folders.inside, file_name(file.index), lab.vault.path(sha256))
    offered = tuple(file for file, _, _ in (*own, *others.files, *beside.files))
    asked = ReadRequest(
        files=offered,
        others_all_count=others.all_count,
        supporting=tuple(file.index for file in supporting_entries(request)),
        seconds=limits_of(lab, work.kind).seconds,
    )
    put_request(lab, folders.inside, asked)
    return spec_of(lab, work, Purpose.READER, "read", reader_mounts(folders))


def _finish_read(lab: Lab, work: Work, step: WorkStep, reason: str) -> Ending:
    """What was read goes on to the checks; a reader that failed fails the request, never lets it pass."""
    if step is not WorkStep.SUCCEED:
        return _failed(lab, work, step, reason)

    def apply(records: Transaction) -> None:
        request = _load(records, work)
        following = Work(f"{request.id}-check-{request.turn}", WorkKind.CHECK, request.id, work.requester, lab.now())
        records.save(following, event("work:check:queue", "worker", following.id, request.project))

    return Ending(step, reason, apply, forget_folders=False)


def _failed(lab: Lab, work: Work, step: WorkStep, reason: str) -> Ending:
    """The request failed; of what was approved already, and is looked at again, no vote stays."""

    def apply(records: Transaction) -> None:
        request = _load(records, work)
        is_again = request.state is ExportState.RECHECKING
        failed = step_request(without_votes(request) if is_again else request, ExportStep.FAIL, reason)
        records.save(failed, event("export:request:fail", "worker", request.id, request.project))

    return Ending(step, reason, apply)


def _read_work(request: ExportRequest) -> str:
    return f"{request.id}-read-{request.turn}"


def _prepare_check(lab: Lab, work: Work) -> ContainerSpec:
    with lab.store.read() as reading:
        request = _load(reading, work)
        planted = planted_in(reading, request)
    earlier = registry.begin_comparison(lab, request, planted)
    return check_spec(lab, work, request, (earlier, planted), _read_work(request))


def planted_in(reading: Reading, request: ExportRequest) -> registry.Planted:
    """What was planted in each dataset of a request."""
    return {name: reading.get(Canaries, name) for name in request.snapshots}


def check_spec(
    lab: Lab, work: Work, request: ExportRequest, told: tuple[EarlierTables, registry.Planted], read: str
) -> ContainerSpec:
    """Describe the container that checks what the work ``read`` read of a request's files.

    It is told of what left earlier, and of what was planted.
    """
    earlier, planted = told
    read_beside, all_count = _read_beside(lab, request, read)
    with lab.store.read() as reading:
        month = registry.released_bytes(reading, request.project, lab.now())
        datasets = [(reading.get(Dataset, n), reading.get(Snapshot, d)) for n, d in request.snapshots.items()]
        known = [(d, s) for d, s in datasets if d is not None and s is not None]
        ran = _approved(reading, request)
        beside = siblings_of(reading, request, offered_count(request) + sum(not f.run for f in read_beside) + 1)
        policy = policy_in_force(reading, lab.settings.gate, request.project, [d for d, _ in known]).policy
    if len(known) < len(datasets):
        raise ConflictError("A dataset of the request is gone.", reason="gone")
    folders = lab.storage.work(work.id, lab.settings.storage.reader_uid)
    files = (*(_file_entry(n, f) for n, f in enumerate(request.files, 1)), *read_beside)
    entries = tuple(dataset_entry(d, within(planted[d.name], _columns(s))) for d, s in known)
    asked = CheckRequest(
        files=files,
        datasets=entries,
        policy=policy,
        month_bytes=month,
        approved=ran,
        others_all_count=all_count,
        supporting=supporting_entries(request),
        seconds=limits_of(lab, work.kind).seconds,
    )
    put_request(lab, folders.inside, asked)
    if not _all_compared(beside, read_beside):
        earlier = earlier.model_copy(update={"complete": False})
    lab.storage.put(folders.inside, EARLIER_NAME, earlier.model_dump_json().encode())
    mounts = (
        *reader_mounts(folders),
        Mount(str(lab.storage.fragments(read)), "/in/fragments", sealed=True),
        *(mounted(lab, request.project, s) for _, s in known),
    )
    return spec_of(lab, work, Purpose.CHECKER, "check", mounts)


def _columns(snapshot: Snapshot) -> set[str]:
    return {column for file in snapshot.files for column in file.columns}


def _approved(reading: Reading, request: ExportRequest) -> ApprovedNotebook | None:
    """The notebook that was approved for the run whose outputs are asked for, and the values that it was given."""
    run = reading.get(Run, request.source)
    notebook = reading.get(Notebook, run.notebook) if run else None
    if run is None or notebook is None:
        return None
    cells = tuple(cell_digest(kind, source) for kind, source in notebook.cells)
    return ApprovedNotebook(digest=notebook.digest, cells=cells, parameters=run.parameters)


def _read_beside(lab: Lab, request: ExportRequest, read: str) -> tuple[list[CheckFile], bool]:
    """The files of other requests that the reader was asked for, and whether all count, as the lab wrote it down."""
    inside = lab.storage.work(read, lab.settings.storage.reader_uid).inside
    try:
        asked = ReadRequest.model_validate_json((inside / "request.json").read_bytes())
    except (OSError, ValidationError):
        raise ConflictError("What was read of the request is gone; submit it again.", reason="gone") from None
    beside = [f for f in asked.files if f.index > offered_count(request)]
    files = [
        entry_of(f, request) or CheckFile(index=f.index, path=f.path, other=True, left=f.path.startswith(LEFT))
        for f in beside
    ]
    return files, asked.others_all_count


def _all_compared(wanted: Siblings, read: list[CheckFile]) -> bool:
    """Every output of a run beside this one was read; one that ended since is not, and a steward is told."""
    known = {file.path for file in read}
    return wanted.complete and all(file.path in known for file, _, _ in wanted.files)


def _file_entry(number: int, file: ExportFile) -> CheckFile:
    declared = TableDeclaration.of(file.table)
    return CheckFile(index=number, path=file.path, table=declared)


def _finish_check(lab: Lab, work: Work, step: WorkStep, reason: str) -> Ending:
    if step is not WorkStep.SUCCEED:
        return _failed(lab, work, step, reason)
    with lab.store.read() as reading:
        request = _load(reading, work)
    try:
        result = read_result(lab, lab.storage.work_out(work.id), CheckResult)
        checked = _take_in_canonical(lab, work, request, result)
        shown = taken_in_shown(lab, work, request, result)
    except LabError as error:
        return _failed(lab, work, WorkStep.FAIL, str(error))

    def apply(records: Transaction) -> None:
        present = _load(records, work)
        judged = replace(present, files=checked, supporting=shown, policy=result.policy_digest, engine=result.engine)
        export_step = step_checked(present, judged, excepted(records, lab.settings, judged))
        stepped = step_request(judged, export_step)
        judged = stepped if export_step is ExportStep.CONFIRM else _with_staying_votes(lab, records, present, stepped)
        details = {"policy": judged.policy, "engine": judged.engine}
        judged = replace(judged, barred=barred_from(records, lab.settings, judged))
        registry.keep_tables(records, request, result)
        records.save(judged, event(f"export:request:{export_step}", "worker", request.id, request.project, **details))
        lab.storage.forget_work(_read_work(request))

    return Ending(step, reason, apply)


def _with_staying_votes(lab: Lab, records: Reading, before: ExportRequest, judged: ExportRequest) -> ExportRequest:
    """Sealed votes begin anew with each submission; so do all where the gate looked again at what was approved."""
    is_new = before.state is ExportState.CHECKING and not votes_are_blind(records, lab.settings, judged)
    return replace(without_votes(judged), votes=staying(before.votes, judged) if is_new else ())


def _take_in_canonical(lab: Lab, work: Work, request: ExportRequest, result: CheckResult) -> tuple[ExportFile, ...]:
    """Every offered file, or every sheet of it, has one verdict, and each canonical file is what the result says."""
    return tuple(_with_canonical(lab, work, request.files[i - 1], f) for i, f in verdicts_of(request, result))


def verdicts_of(request: ExportRequest, result: CheckResult) -> list[tuple[int, CheckedFile]]:
    """Return what is said of every offered file, with its number; a result that leaves one out is refused."""
    return of_every_file({n: file.path for n, file in enumerate(request.files, 1)}, result.files)


def _with_canonical(lab: Lab, work: Work, file: ExportFile, checked: CheckedFile) -> ExportFile:
    judged = replace(
        file,
        path=checked.path,
        kind=checked.kind,
        findings=tuple(found.value() for found in checked.findings),
        classes=checked.classes,
        card=checked.card.value() if checked.card else None,
    )
    if not checked.sha256:
        return judged
    keep_file(lab, work, "canonical", checked, Stored(checked.sha256, checked.size), MOST_BYTES_A_FILE)
    return replace(judged, canonical=checked.sha256, canonical_name=checked.canonical_name, canonical_size=checked.size)


READ = Recipe(_prepare_read, _finish_read)
CHECK = Recipe(_prepare_check, _finish_check)
