"""Lineage: which datasets the files of an export request draw on, and whether they may leave for that."""

from __future__ import annotations

from datasets_mount.catalogue import is_secret
from hub.domain.errors import NotFoundError, RefusedError
from hub.domain.exports import WORKSPACE_SOURCE, ExportRequest
from hub.domain.runs import Run, check_is_shown
from hub.domain.work import Work, WorkState
from hub.services.datasets import latest_snapshot
from hub.services.grants import check_all_granted, granted_datasets, grants_of, used_before
from hub.services.lab import Lab
from hub.services.ports import Reading


def lineage_of(reading: Reading, project: str, source: str) -> dict[str, str]:
    """Outputs of a run draw on its snapshots; those of a workspace count all that it could see, now or before."""
    if source == WORKSPACE_SOURCE:
        for dataset in used_before(reading, project):
            raise RefusedError(
                "The project {project} may no longer use the dataset {dataset}, and nobody can tell whether files of a "
                "workspace draw on it. Offer outputs of a run, or ask the dataset's owner.",
                reason="lineage-over",
                project=project,
                dataset=dataset.name,
            )
        # Outputs of runs stand in every workspace of the project, also those of runs on data that no workspace sees.
        used = {grant.dataset for grant in grants_of(reading, project) if grant.used is not None}
        visible = [d for d in granted_datasets(reading, project) if not is_secret(d) or d.name in used]
        return {d.name: latest_snapshot(reading, d.name).digest for d in visible}
    run, work = reading.get(Run, source), reading.get(Work, source)
    if run is None or work is None or run.project != project:
        raise NotFoundError("There is no run {id} in this project.", reason="not-found", id=source)
    if work.state is not WorkState.SUCCEEDED:
        raise RefusedError(
            "The run {id} is {state}; only outputs of a run that succeeded can be offered.",
            reason="run-not-succeeded",
            id=source,
            state=work.state,
        )
    check_is_shown(run)
    check_all_granted(reading, project, tuple(run.snapshots))
    return run.snapshots


def check_lineage(reading: Reading, request: ExportRequest) -> None:
    """What draws on a dataset leaves only as long as the project may use that dataset."""
    for name in request.snapshots:
        try:
            check_all_granted(reading, request.project, (name,))
        except (NotFoundError, RefusedError) as error:
            raise RefusedError(
                "The export request {id} draws on the dataset {dataset}, which the project {project} may no longer "
                "use; it is not released unless the dataset's owner grants the use again.",
                reason="lineage-over",
                id=request.id,
                dataset=name,
                project=request.project,
            ) from error


def check_draws_on_granted(lab: Lab, request: ExportRequest) -> None:
    """The same, for a page that says beforehand why a request is not released."""
    with lab.store.read() as reading:
        check_lineage(reading, request)
