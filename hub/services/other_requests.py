"""Files of a project's other requests, which count together with those of the request that is checked.

Invariants:

* counted is what left or is under way of the same datasets, so that neither a split nor one request after another takes
  apart what is blocked as one; what was blocked, rejected, returned, withdrawn or never sent tells nothing;
* of a file counts what would leave, or what was taken in where the gate has not written that yet;
* the newest files count, up to bounds, so that a check takes as long in an old project as in a young one; where one is
  left out for that, the check is told, and a steward looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from hub.domain.exports import ExportFile, ExportRequest, ExportState, offered_count
from hub.gate.exchange import MOST_FILES, OfferedFile
from hub.services.ports import Reading

COUNTED = frozenset(
    {
        ExportState.CHECKING,
        ExportState.RECHECKING,
        ExportState.SUBMITTED,
        ExportState.IN_REVIEW,
        ExportState.APPROVED,
        ExportState.RELEASING,
        ExportState.RELEASED,
        ExportState.REVOKED,
    }
)
MOST = 250
LARGEST = 2**20
MOST_BYTES = 2**23
LEFT, UNDER_WAY = "left/", "under-way/"
"""How the paths begin under which the reader is given the files."""
_PAST = frozenset({ExportState.RELEASED, ExportState.REVOKED})
_LONGEST_PATH = 280
_WITHOUT_TEXT = frozenset({".png", ".jpg", ".jpeg", ".parquet", ".safetensors"})
Kept = tuple[OfferedFile, str, int]
"""A file as the reader is asked for it, with its SHA-256 and size in the vault."""


@dataclass(frozen=True, slots=True)
class Others:
    """Files that count together with a request's, newest first; ``all_count`` is false where some had no room."""

    files: tuple[Kept, ...] = ()
    all_count: bool = True


def others_of(reading: Reading, request: ExportRequest) -> Others:
    """Return the files that count together with a request's, newest first, numbered after its own."""
    found: dict[str, tuple[str, int]] = {}
    room, all_count = MOST_BYTES, True
    for other in reversed(reading.find(ExportRequest, project=request.project)):
        if other.id == request.id or other.state not in COUNTED or not set(other.snapshots) & set(request.snapshots):
            continue
        for path, sha256, size in (kept for file in other.files for kept in _kept(file, other)):
            if sha256 in found:
                continue
            if size > min(LARGEST, room) or len(found) >= _most(request):
                all_count = False
                continue
            way = LEFT if other.state in _PAST else UNDER_WAY
            found[sha256] = (f"{way}{f'{other.id}/{path}'[-_LONGEST_PATH:]}", size)
            room -= size
    first = offered_count(request) + 1
    kept = enumerate(found.items(), start=first)
    files = tuple((OfferedFile(index=n, path=path), sha256, size) for n, (sha256, (path, size)) in kept)
    return Others(files, all_count)


def _most(request: ExportRequest) -> int:
    return min(MOST, MOST_FILES - offered_count(request))


def _kept(file: ExportFile, other: ExportRequest) -> list[tuple[str, str, int]]:
    """The path, digest and size of what would leave of a file, or may yet."""
    if PurePosixPath(file.canonical_name or file.path).suffix.lower() in _WITHOUT_TEXT:
        return []
    if file.canonical:
        return [(file.canonical_name, file.canonical, file.canonical_size)]
    return [(file.path, file.sha256, file.size)] if other.state is ExportState.CHECKING else []
