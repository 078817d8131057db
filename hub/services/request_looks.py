"""A look at a request with all that stands on its page: recorded as one, in one transaction.

Invariants:

* what is returned was recorded before: the request, each file whose bytes are read, and the comments;
* who may not review the request is given no file's bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from enum import StrEnum

from hub.domain.audit import event
from hub.domain.comments import Audience, Comment
from hub.domain.errors import LabError, NotFoundError, RefusedError
from hub.domain.exceptions import GateException
from hub.domain.exports import ExportFile, ExportRequest, ExportState
from hub.domain.freezes import Freeze
from hub.domain.people import Person
from hub.domain.projects import Project
from hub.domain.queue import IN_REVIEW
from hub.domain.releases import Release
from hub.domain.votes import as_seen_by
from hub.services.comments import audiences_of, comments_viewed
from hub.services.exceptions import asked_of
from hub.services.exports import check_reads_files, files_viewed, load_visible, viewed
from hub.services.freezes import freezes_in_force
from hub.services.lab import Lab
from hub.services.offered_files import MOST_BYTES_A_FILE
from hub.services.owners import Asked, asked_about
from hub.services.owners import asked_of as owners_asked_of
from hub.services.ports import Reading, Transaction
from hub.services.votes import VotesAsked, are_sealed, votes_asked

MOST_RELEASES = 50
"""How many of a project's releases are looked through for a file of the same name, the newest first."""
Chosen = Callable[[ExportRequest], Collection[ExportFile]]


class ShownBeside(StrEnum):
    """What a file is shown beside: that of the submission before, or what left under its name."""

    SUBMISSION = "submission"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class EarlierFile:
    """A canonical file that was reviewed or left before, with the request that it was of."""

    request: str
    name: str
    sha256: str
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class RequestLook:
    """A request as the person sees it, who they are, its project, and what was said of it.

    ``audiences`` is whom the person may write a comment for; where for nobody, ``comment_rule`` says why. ``frozen``
    are the freezes in force, ``asked`` the exceptions, and ``contents`` the bytes of files by path.
    """

    request: ExportRequest
    person: Person
    project: Project
    comments: list[Comment]
    audiences: list[Audience]
    comment_rule: LabError | None
    frozen: list[Freeze]
    asked: list[GateException]
    contents: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class WholeLook(RequestLook):
    """The same of all of a request, with what its review asks for.

    That is the owners who are asked, the datasets for whose owner the person may vote, how many stewards must approve,
    and whether first votes are sealed.
    """

    owners: list[Asked]
    speaks_for: tuple[str, ...]
    votes: VotesAsked
    is_sealed: bool


def look_at_request(lab: Lab, actor: str, identifier: str, chosen: Chosen) -> WholeLook:
    """Look at a request and, where the person may review it, at the canonical files that ``chosen`` names."""
    with lab.store.begin() as records:
        seen, person, project = load_visible(records, actor, identifier)
        request = viewed(records, seen, person, project)
        files = chosen(request) if _reads_files(records, person, seen, project) else ()
        files_viewed(records, actor, request, files)
        said = _said(records, request, person, project)
        owners = asked_about(records, request, project)
        speaks_for = owners_asked_of(records, person, request, project)
        votes = votes_asked(records, lab.settings, request)
        is_sealed = request.state in IN_REVIEW and are_sealed(records, lab.settings, request)
    contents = _contents(lab, files)
    return WholeLook(request, person, project, *said, contents, owners, speaks_for, votes, is_sealed)


def look_at_file(
    lab: Lab, actor: str, identifier: str, path: str, beside: ShownBeside | None = None
) -> tuple[ExportFile, RequestLook, EarlierFile | None]:
    """Look at one canonical file, as a steward who may review its request, and at an earlier one where asked for.

    Of a figure, the bytes of the table that it was drawn from are read, too.
    """
    with lab.store.begin() as records:
        seen, person, project = load_visible(records, actor, identifier)
        check_reads_files(records, person, seen, project)
        file = _canonical_at(seen, path)
        table = _table_behind(seen, file)
        viewed_files = [file, *([table] if table else [])]
        files_viewed(records, actor, seen, viewed_files)
        earlier = _earlier_viewed(records, actor, seen, file, beside) if beside else None
        said = _said(records, seen, person, project)
        seen = as_seen_by(person, seen, project)
        file = next(f for f in seen.files if f.path == path)
    if earlier:
        earlier = replace(earlier, content=lab.vault.read(earlier.sha256, MOST_BYTES_A_FILE))
    return file, RequestLook(seen, person, project, *said, _contents(lab, viewed_files)), earlier


def earlier_content(lab: Lab, actor: str, identifier: str, path: str, beside: ShownBeside) -> bytes:
    """Return the bytes of what a canonical file is compared with, to whoever reads the file; the view is recorded."""
    with lab.store.begin() as records:
        seen, person, project = load_visible(records, actor, identifier)
        check_reads_files(records, person, seen, project)
        earlier = _earlier_viewed(records, actor, seen, _canonical_at(seen, path), beside)
    if earlier is None:
        raise NotFoundError("There is no earlier file of this name.", reason="not-found")
    return lab.vault.read(earlier.sha256, MOST_BYTES_A_FILE)


def _canonical_at(request: ExportRequest, path: str) -> ExportFile:
    file = next((f for f in request.files if f.path == path and f.canonical), None)
    if file is None:
        raise NotFoundError("The request has no canonical file of that name.", reason="not-found")
    return file


def _table_behind(request: ExportRequest, file: ExportFile) -> ExportFile | None:
    table = file.card.table if file.card else None
    return next((f for f in request.files if f.canonical and table and f.path == table.path), None)


def _earlier_viewed(
    records: Transaction, actor: str, request: ExportRequest, file: ExportFile, beside: ShownBeside
) -> EarlierFile | None:
    earlier = earlier_file(records, request, file, beside)
    if earlier:
        details = {"path": earlier.name, "sha256": earlier.sha256, "of": earlier.request}
        records.record(event("export:file:view", actor, request.id, request.project, **details))
    return earlier


def earlier_file(reading: Reading, request: ExportRequest, file: ExportFile, beside: ShownBeside) -> EarlierFile | None:
    """Return what a file is compared with; of releases, the newest of the project's last ones with such a file."""
    if beside is ShownBeside.SUBMISSION:
        return EarlierFile(request.id, file.canonical_name, file.earlier) if file.earlier else None
    heads = reading.request_heads((ExportState.RELEASED, ExportState.REVOKED), (request.project,), 0, MOST_RELEASES)
    released = {r.id: r for r in reading.find(Release, id=tuple(h.id for h in heads if h.id != request.id))}
    for release in (released[head.id] for head in heads if head.id in released):
        for left in release.files:
            if left.name == file.canonical_name:
                return EarlierFile(release.id, left.name, left.sha256)
    return None


def _reads_files(reading: Reading, person: Person, request: ExportRequest, project: Project) -> bool:
    try:
        check_reads_files(reading, person, request, project)
    except RefusedError:
        return False
    return True


def _said(
    records: Transaction, request: ExportRequest, person: Person, project: Project
) -> tuple[list[Comment], list[Audience], LabError | None, list[Freeze], list[GateException]]:
    frozen = freezes_in_force(records)
    audiences, rule = audiences_of(person, request, project, frozen)
    asked = asked_of(records, request, person, project)
    return comments_viewed(records, request, person, project), audiences, rule, frozen, asked


def _contents(lab: Lab, files: Collection[ExportFile]) -> dict[str, bytes]:
    """Read the bytes, after the look at them was recorded; no writer waits meanwhile."""
    return {f.path: lab.vault.read(f.canonical, MOST_BYTES_A_FILE) for f in files}
