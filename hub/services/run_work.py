"""Work that runs an approved notebook."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from datasets_mount.catalogue import Snapshot
from datasets_mount.mounts import Mount
from hub.domain.audit import event
from hub.domain.errors import ConflictError, InvalidError, RefusedError
from hub.domain.notebooks import Notebook, NotebookState, check_can_run
from hub.domain.projects import Project, check_works_in
from hub.domain.runs import OutputFile, Run
from hub.domain.work import Work, WorkState, WorkStep
from hub.sandbox.exchange import RunRequest, entry_of
from hub.services.grants import check_all_granted
from hub.services.lab import Lab, known_project, load_person
from hub.services.ports import Reading, Transaction
from hub.services.recipe import MOST_NOTEBOOK_BYTES, Ending, Recipe, put_request, spec_of
from hub.services.run_report import told_by
from hub.services.runs import sees_secret
from hub.services.screen_work import begin_screening
from hub.services.snapshots import mounted
from spawner_config.isolation import ContainerSpec, Purpose


def _load(reading: Reading, work: Work) -> tuple[Run, Notebook, Project]:
    run = reading.get(Run, work.subject)
    notebook = reading.get(Notebook, run.notebook) if run else None
    project = known_project(reading, run.project) if run else None
    if run is None or notebook is None or project is None:
        raise ConflictError("The run {id} is gone.", reason="gone", id=work.subject)
    return run, notebook, project


def _prepare(lab: Lab, work: Work) -> ContainerSpec:
    """The approval is checked again when the run starts, and each dataset's bytes are hashed."""
    with lab.store.read() as reading:
        run, notebook, project = _load(reading, work)
        check_can_run(notebook)
        _check_held_back(reading, run)
        pinned = {name: reading.get(Snapshot, digest) for name, digest in run.snapshots.items()}
    folders = lab.storage.run(work.id, project.uid)
    lab.storage.put(folders.inside, "notebook.ipynb", lab.vault.read(notebook.digest, MOST_NOTEBOOK_BYTES))
    asked = RunRequest.model_validate(
        {
            "digest": notebook.digest,
            "parameters": run.parameters,
            "schema": tuple(entry_of(p) for p in notebook.parameters),
            "cell_seconds": lab.settings.run.cell_seconds or lab.settings.run.seconds,
        }
    )
    put_request(lab, folders.inside, asked)
    mounts = (
        Mount(str(folders.inside), "/in"),
        Mount(str(_outputs(lab, project, run)), "/outputs", writable=True),
        Mount(str(folders.progress), "/progress", writable=True),
        *(mounted(lab, project.name, s) for s in pinned.values() if s is not None),
    )
    return spec_of(lab, work, Purpose.RUN, "execute", mounts, image=notebook.image, uid=project.uid)


def _check_held_back(reading: Reading, run: Run) -> None:
    """On secret data a run writes where nobody looks, or not at all: also where they became secret meanwhile."""
    if sees_secret(reading, run.snapshots) and not run.is_on_secret:
        raise RefusedError("A dataset became secret since the run was asked for; start it again.", reason="tier")


def _outputs(lab: Lab, project: Project, run: Run) -> Path:
    """Where a run writes: on secret data, where nobody sees it until the gate has looked at it."""
    folder = lab.storage.held_outputs if run.is_held else lab.storage.run_outputs
    return folder(project.name, project.uid, run.id)


def _finish(lab: Lab, work: Work, step: WorkStep, reason: str) -> Ending:
    """The outputs of a run that ended in any way are recorded; what is no regular file is left out, and said.

    Outputs that cannot be taken in at all, since they are too many, make the run fail, whatever its program said.
    A run that never started because its project is full has none.
    """
    with lab.store.read() as reading:
        run, _, project = _load(reading, work)
    outputs: list[OutputFile] = []
    try:
        outputs, left_out = lab.storage.listing(_outputs(lab, project, run))
        more = _said_of_left_out(run, left_out) if left_out else ""
    except (ConflictError, InvalidError) as error:
        more = str(error) if str(error) != reason else ""
        step = WorkStep.FAIL if step is WorkStep.SUCCEED else step
    reason = f"{reason} {more}".strip()
    resources, packages = told_by(lab, work) if step is WorkStep.SUCCEED else (None, "")

    def apply(records: Transaction) -> None:
        done = replace(run, outputs=tuple(outputs), resources=resources, packages=packages)
        told = {} if run.is_on_secret else {"outputs": len(outputs)}  # the code chooses how many, and nobody looked yet
        records.save(done, event("lab:run:end", "worker", run.id, run.project, **told, end=step))
        begin_screening(lab, records, done)

    return Ending(step, reason, apply)


def _said_of_left_out(run: Run, left_out: int) -> str:
    """How many there are the code chooses, so on secret data no number is told."""
    if run.is_on_secret:
        return "Left out of the outputs: what are links, pipes or other special files."
    return f"Left out of the outputs: {left_out} that are links, pipes or other special files."


def _check(reading: Reading, work: Work) -> None:
    """A run goes on as long as its notebook is approved, its requester may work there, and its datasets are granted.

    On data that became secret it goes on only where its outputs are held back.

    A newer version takes an approval's place and does not take it back: what runs already goes on to its end.
    """
    run, notebook, project = _load(reading, work)
    if work.state is not WorkState.RUNNING or notebook.state is not NotebookState.SUPERSEDED:
        check_can_run(notebook)
    check_works_in(load_person(reading, run.requester), project, reading.moment.date())
    check_all_granted(reading, project.name, tuple(run.snapshots))
    _check_held_back(reading, run)


RUN = Recipe(_prepare, _finish, _check)
