"""Work that screens the outputs of a run on secret data: people see them only where no check of the gate blocks.

Invariants:

* such a run writes where no workspace looks, and people read neither names nor digests of its outputs until then;
* the same programs check as for an export request, against what left and what other runs of the notebook wrote;
* what could not be read or checked stays held back; nothing but a result that covers every output shows them.
"""

from __future__ import annotations

from dataclasses import replace

from hub.domain.audit import event
from hub.domain.errors import ConflictError, LabError
from hub.domain.exports import ExportFile, ExportRequest, ExportState, Severity
from hub.domain.projects import Project
from hub.domain.runs import Run, Screening
from hub.domain.work import Work, WorkKind, WorkStep
from hub.gate.exchange import MOST_FILES, CheckResult, Verdict
from hub.services import registry
from hub.services.check_work import check_spec, planted_in, read_spec, verdicts_of
from hub.services.lab import Lab, known_project
from hub.services.offered_files import MOST_BYTES_A_FILE
from hub.services.ports import Reading, Transaction
from hub.services.recipe import Ending, Recipe, read_result
from spawner_config.isolation import ContainerSpec

UNREADABLE, UNLISTED = "unreadable", "unlisted"
"""Stand for the check that could not be made, and for files that none could be made of: hidden and special ones."""


def begin_screening(lab: Lab, records: Transaction, run: Run) -> None:
    """Queue the screening of a run that has ended; outputs that are too many or too large stay held back."""
    if run.screening is not Screening.WAITING:
        return
    too_much = len(run.outputs) > MOST_FILES or any(file.size > MOST_BYTES_A_FILE for file in run.outputs)
    if too_much or not run.outputs:
        decided = replace(run, screening=Screening.HELD if too_much else Screening.SHOWN)
        _save(records, replace(decided, screened_by=("size",) if too_much else ()))
        return
    work = Work(_read_work(run), WorkKind.SCREEN_READ, run.id, run.requester, lab.now())
    records.save(work, event("work:screen_read:queue", "worker", work.id, run.project))


def _read_work(run: Run) -> str:
    return f"{run.id}-screen-read"


def _save(records: Transaction, run: Run) -> None:
    details = {"checks": " ".join(run.screened_by)} if run.screened_by else {}
    name = "lab:run:show" if run.screening is Screening.SHOWN else "lab:run:hold"
    records.save(run, event(name, "worker", run.id, run.project, **details))


def _load(reading: Reading, work: Work) -> tuple[Run, Project]:
    run = reading.get(Run, work.subject)
    project = known_project(reading, run.project) if run else None
    if run is None or project is None:
        raise ConflictError("The run {id} is gone.", reason="gone", id=work.subject)
    return run, project


def _as_request(run: Run) -> ExportRequest:
    """The run's outputs as a request that was never made: all that the gate's programs have to know of them."""
    files = tuple(ExportFile(path=f.path, sha256=f.sha256, size=f.size) for f in run.outputs)
    about = (run.id, run.project, run.requester, run.id, "", run.created, run.snapshots, files)
    return replace(ExportRequest(*about), state=ExportState.CHECKING)


def _prepare_read(lab: Lab, work: Work) -> ContainerSpec:
    with lab.store.read() as reading:
        run, _ = _load(reading, work)
    return read_spec(lab, work, _as_request(run))


def _finish_read(lab: Lab, work: Work, step: WorkStep, reason: str) -> Ending:
    if step is not WorkStep.SUCCEED:
        return _held(lab, work, step, reason)

    def apply(records: Transaction) -> None:
        run, _ = _load(records, work)
        following = Work(f"{run.id}-screen", WorkKind.SCREEN, run.id, work.requester, lab.now())
        records.save(following, event("work:screen:queue", "worker", following.id, run.project))

    return Ending(step, reason, apply, forget_folders=False)


def _held(_lab: Lab, work: Work, step: WorkStep, reason: str) -> Ending:
    def apply(records: Transaction) -> None:
        run, _ = _load(records, work)
        _save(records, replace(run, screening=Screening.HELD, screened_by=(UNREADABLE,)))

    return Ending(step, reason, apply)


def _prepare_screen(lab: Lab, work: Work) -> ContainerSpec:
    with lab.store.read() as reading:
        run, _ = _load(reading, work)
        request = _as_request(run)
        told = registry.earlier_of(reading, request), planted_in(reading, request)
    return check_spec(lab, work, request, told, _read_work(run))


def _finish_screen(lab: Lab, work: Work, step: WorkStep, reason: str) -> Ending:
    """A check that ended well shows the outputs, or names what blocks them."""
    if step is not WorkStep.SUCCEED:
        return _held(lab, work, step, reason)
    with lab.store.read() as reading:
        run, project = _load(reading, work)
    try:
        result = read_result(lab, lab.storage.work_out(work.id), CheckResult)
        judged = [file for _, file in verdicts_of(_as_request(run), result)]
    except LabError as error:
        return _held(lab, work, WorkStep.FAIL, str(error))
    blocks = {found.check for f in judged for found in f.findings if found.severity is Severity.BLOCK}
    passed = not blocks and all(f.verdict is not Verdict.BLOCK for f in judged)
    screened_by = () if passed else tuple(sorted(blocks)) or (UNREADABLE,)
    if passed and not _shown(lab, project, run):
        passed, screened_by = False, (UNLISTED,)

    def apply(records: Transaction) -> None:
        present, _ = _load(records, work)
        screening = Screening.SHOWN if passed else Screening.HELD
        _save(records, replace(present, screening=screening, screened_by=screened_by))

    return Ending(step, reason, apply)


def _shown(lab: Lab, project: Project, run: Run) -> bool:
    """Show the checked outputs; nothing is shown where the folder holds what was never listed."""
    try:
        lab.storage.show_run(project.name, project.uid, run.id)
    except ConflictError:
        return False
    return True


SCREEN_READ = Recipe(_prepare_read, _finish_read)
SCREEN = Recipe(_prepare_screen, _finish_screen)
