"""Supporting files between the lab and the gate: asked for beside the files that are judged, and taken in apart.

Invariants:

* they are no file of a check's request, so that no check, register, count or vote is of them;
* each that was offered is shown or refused, and what is shown is what the container's answer says.
"""

from __future__ import annotations

from hub.domain.errors import InvalidError
from hub.domain.exports import ExportRequest
from hub.domain.supporting import SupportingFile
from hub.domain.uploads import Stored
from hub.domain.work import Work
from hub.gate.exchange import CheckResult, OfferedFile, ShownFile, file_name
from hub.gate.refusals import SENTENCES
from hub.gate.sheets import split_path
from hub.services.lab import Lab

MOST_BYTES_SHOWN = 64 * 2**20


def supporting_entries(request: ExportRequest) -> tuple[OfferedFile, ...]:
    """Return a request's supporting files as the gate knows them: numbered after its own files."""
    return tuple(OfferedFile(index=n, path=f.path) for n, f in _numbered(request).items())


def taken_in_shown(lab: Lab, work: Work, request: ExportRequest, result: CheckResult) -> tuple[SupportingFile, ...]:
    """Return the supporting files with what the gate wrote of each, or of each sheet of it."""
    offered = _numbered(request)
    covered = {index: [s for s in result.shown if s.index == index] for index in offered}
    is_known = all(_covers(file, covered[index]) for index, file in offered.items())
    if not is_known or sum(map(len, covered.values())) != len(result.shown):
        raise InvalidError("The container's result does not cover every file.", reason="bad-result")
    return tuple(_taken_in(lab, work, file, shown) for index, file in offered.items() for shown in covered[index])


def _numbered(request: ExportRequest) -> dict[int, SupportingFile]:
    return dict(enumerate(request.supporting, len(request.files) + 1))


def _covers(file: SupportingFile, shown: list[ShownFile]) -> bool:
    """A file is shown as a whole, or sheet by sheet, each under its own path."""
    if [s.part for s in shown] == [0]:
        return shown[0].path == file.path
    paths = {s.path for s in shown if split_path(s.path)[0] == file.path}
    return len(shown) > 1 and len(paths) == len({s.part for s in shown} - {0}) == len(shown)


def _taken_in(lab: Lab, work: Work, file: SupportingFile, shown: ShownFile) -> SupportingFile:
    if shown.refusal is not None or not shown.sha256:
        why = SENTENCES[shown.refusal] if shown.refusal else ""
        return SupportingFile(shown.path, file.sha256, file.size, shown.kind, refusal=why)
    path = f"shown/{file_name(shown.index, shown.part)}"
    stored = lab.storage.copy_in(lab.storage.work_out(work.id), path, MOST_BYTES_SHOWN)
    if stored != Stored(shown.sha256, shown.size):
        raise InvalidError("The container's result does not agree with its files.", reason="bad-result")
    return SupportingFile(shown.path, file.sha256, file.size, shown.kind, shown.sha256, shown.name, shown.size)
