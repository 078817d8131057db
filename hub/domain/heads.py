"""What lists show of an export request, without its files, votes and findings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.domain.exports import ExportRequest, ExportState, Severity


@dataclass(frozen=True, slots=True)
class RequestHead:
    """A request in a list: ``files`` is how many it has, ``risk`` its gravest finding, ``place`` its place in order."""

    place: int
    id: str
    project: str
    author: str
    state: ExportState
    turn: int
    created: datetime
    submitted: datetime | None
    claimed_by: str
    claimed: datetime | None
    files: int
    risk: Severity | None
    barred: str


@dataclass(frozen=True, slots=True)
class Asker:
    """Of a request, what the rule of who may review looks at."""

    project: str
    author: str
    barred: str


def risk_of(request: ExportRequest) -> Severity | None:
    """The gravest finding of the gate in any file; none where it found nothing."""
    found = {finding.severity for file in request.files for finding in file.findings}
    return next((severity for severity in Severity if severity in found), None)
