"""What people offer for an export: listed in their outputs folder, and copied into the vault when they submit."""

from __future__ import annotations

from dataclasses import replace

from hub.domain.errors import ConflictError
from hub.domain.exports import WORKSPACE_SOURCE, ExportFile, ExportRequest
from hub.domain.projects import Project, check_works_in
from hub.domain.runs import OutputFile, Run
from hub.domain.supporting import SupportingFile
from hub.domain.uploads import Stored
from hub.gate.sheets import split_path
from hub.services.lab import Lab, load_person
from hub.services.projects import load_project

MOST_BYTES_A_FILE = 64 * 2**20


def workspace_outputs(lab: Lab, actor: str, project_name: str) -> tuple[list[OutputFile], int]:
    """Return the files of the person's own outputs folder in a project, and how many other things were left out."""
    with lab.store.read() as reading:
        person = load_person(reading, actor)
        project = load_project(reading, person, project_name)
        check_works_in(person, project, lab.now().date())
    folders = lab.storage.project(project.name, project.uid)
    return lab.storage.listing(lab.storage.member(folders.outputs, actor, project.uid))


def take_in(
    lab: Lab, request: ExportRequest, project: Project
) -> tuple[tuple[ExportFile, ...], tuple[SupportingFile, ...]]:
    """Copy each file into the vault, or the one of an offered sheet; a run's is still what the run recorded."""
    folders = lab.storage.project(project.name, project.uid)
    if request.source == WORKSPACE_SOURCE:
        folder, recorded = folders.outputs / request.author, None
    else:
        with lab.store.read() as reading:
            run = reading.get(Run, request.source)
        folder = folders.runs / request.source
        recorded = {f.path: f.sha256 for f in run.outputs} if run else {}

    def copied(path: str) -> Stored:
        source, _ = split_path(path)
        stored = lab.storage.copy_in(folder, source, MOST_BYTES_A_FILE)
        if recorded is not None and recorded.get(source) != stored.sha256:
            raise ConflictError(
                "The file {path} is not what the run wrote; offer a file of the run's outputs.",
                reason="output-changed",
                path=path,
            )
        return stored

    files = tuple(_offered(file, copied(file.path)) for file in request.files)
    supporting = [(file.path, copied(file.path)) for file in request.supporting]
    return files, tuple(SupportingFile(path, stored.sha256, stored.size) for path, stored in supporting)


def _offered(file: ExportFile, stored: Stored) -> ExportFile:
    """Return a file as it was offered now, of which no check has said anything yet."""
    earlier = file.canonical or file.earlier
    offered = ExportFile(file.path, file.table, stored.sha256, stored.size, earlier=earlier, beside=file.beside)
    return replace(offered, group=file.group)
