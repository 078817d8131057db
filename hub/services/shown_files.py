"""Supporting files between the lab and the gate: asked for beside the files that are judged, and taken in apart.

Invariants:

* they are no file of a check's request, so that no check, register, count or vote is of them;
* each that was offered is shown or refused, and what is shown is what the container's answer says.
"""

from __future__ import annotations

from hub.domain.exports import ExportRequest
from hub.domain.supporting import SupportingFile
from hub.domain.uploads import Stored
from hub.domain.work import Work
from hub.gate.exchange import MOST_SHOWN_BYTES, CheckResult, OfferedFile, ShownFile
from hub.gate.refusals import SENTENCES
from hub.services.answers import disagreement, keep_file, of_every_file
from hub.services.lab import Lab


def supporting_entries(request: ExportRequest) -> tuple[OfferedFile, ...]:
    """Return a request's supporting files as the gate knows them: numbered after its own files."""
    return tuple(OfferedFile(index=n, path=f.path) for n, f in _numbered(request).items())


def taken_in_shown(lab: Lab, work: Work, request: ExportRequest, result: CheckResult) -> tuple[SupportingFile, ...]:
    """Return the supporting files with what the gate wrote of each, or of each sheet of it."""
    offered = _numbered(request)
    answers = of_every_file({index: file.path for index, file in offered.items()}, result.shown)
    return tuple(_taken_in(lab, work, offered[index], shown) for index, shown in answers)


def _numbered(request: ExportRequest) -> dict[int, SupportingFile]:
    return dict(enumerate(request.supporting, len(request.files) + 1))


def _taken_in(lab: Lab, work: Work, file: SupportingFile, shown: ShownFile) -> SupportingFile:
    """What is shown is there, and what is refused is not: an answer says one of the two."""
    if (shown.refusal is None) != bool(shown.sha256):
        raise disagreement()
    if shown.refusal is not None:
        return SupportingFile(shown.path, file.sha256, file.size, shown.kind, refusal=SENTENCES[shown.refusal])
    keep_file(lab, work, "shown", shown, Stored(shown.sha256, shown.size), MOST_SHOWN_BYTES)
    return SupportingFile(shown.path, file.sha256, file.size, shown.kind, shown.sha256, shown.name, shown.size)
