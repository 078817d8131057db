"""Comments on an export request, on one of its files, or on a cell of a file.

Invariants:

* a comment is never changed or taken back; a correction is a new comment;
* what is meant for the stewards is read by those who may review the request, and by auditors, alone;
* a request that has ended, or that is frozen, takes none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.domain.errors import ConflictError, InvalidError, RefusedError
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.freezes import Freeze
from hub.domain.people import Person, Role
from hub.domain.projects import Project, was_ever_member
from hub.domain.votes import check_can_review

LONGEST_COMMENT = 2000
MOST_COMMENTS = 1000
OPEN = (
    ExportState.CHECKING,
    ExportState.RECHECKING,
    ExportState.BLOCKED,
    ExportState.SUBMITTED,
    ExportState.IN_REVIEW,
    ExportState.RETURNED,
    ExportState.APPROVED,
    ExportState.FAILED,
)
"""Where a request takes comments: from its first submission until it is released, or has ended without."""


class Audience(StrEnum):
    """Whom a comment is for: the stewards who may review, with the auditors, or the project as well."""

    STEWARDS = "stewards"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Place:
    """What a comment is on: a file by its path, and a cell by row and column, both counted from 1.

    An empty path is the whole request; 0 and 0 are the whole file. The header of a table is no row.
    """

    path: str = ""
    row: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said of a request, in which of its submissions (``turn``) and of which canonical bytes.

    ``canonical`` is the digest of the file as it was then, empty where the comment is on the whole request or the file
    had no canonical form.
    """

    id: str
    request: str
    turn: int
    author: str
    at: datetime
    audience: Audience
    text: str
    path: str = ""
    row: int = 0
    column: int = 0
    canonical: str = ""


def check_can_comment(person: Person, request: ExportRequest, project: Project, audience: Audience) -> None:
    """Stewards who may review a request comment on it, for the stewards or the project; its author for the project."""
    if person.name == request.author:
        if audience is not Audience.PROJECT:
            raise RefusedError(
                "The author of an export request comments for the project, where the stewards read it, too.",
                reason="own-request",
            )
        return
    check_can_review(person, request, project)


def reads_stewards_comments(person: Person, request: ExportRequest, project: Project) -> bool:
    """Whoever may review reads what stewards say among themselves; so does an auditor who never was a member."""
    if person.name == request.author or was_ever_member(person, project):
        return False
    return bool({Role.STEWARD, Role.AUDITOR} & set(person.roles))


def check_takes_comments(request: ExportRequest, in_force: list[Freeze]) -> None:
    """A request takes comments from its first submission until its end, and none while it is frozen."""
    if request.state not in OPEN:
        raise ConflictError(
            "The export request {id} is {state}; it takes comments from its first submission until its end.",
            reason="no-comments",
            id=request.id,
            state=request.state,
        )
    if any(freeze.project in ("", request.project) for freeze in in_force):
        raise ConflictError(
            "The export request {id} is frozen, so it takes no comments. Try again when the freeze is lifted.",
            reason="frozen",
            id=request.id,
        )


def check_text(text: str) -> str:
    """A comment says something, in at most 2,000 characters."""
    said = text.strip()
    if not said:
        raise InvalidError("The comment is empty; write what you have to say.", reason="comment-empty")
    if len(said) > LONGEST_COMMENT:
        raise InvalidError(
            "A comment has at most {most} characters; make two of it.", reason="comment-long", most=LONGEST_COMMENT
        )
    return said


def check_room(known: int) -> None:
    """A request takes a bounded number of comments, so that its page stays one that can be read."""
    if known >= MOST_COMMENTS:
        raise ConflictError(
            "The request has {most} comments, and takes no more.", reason="comments-full", most=MOST_COMMENTS
        )


def canonical_at(request: ExportRequest, place: Place) -> str:
    """Return the digest of the file that is commented on; a place that the request does not have is refused."""
    if not place.path:
        if place.row or place.column:
            raise InvalidError("A cell is of a file; say which one.", reason="no-such-place")
        return ""
    if min(place.row, place.column) < 0 or (place.row > 0) != (place.column > 0):
        raise InvalidError("A cell has a row and a column, both counted from 1.", reason="no-such-place")
    for file in request.files:
        if file.path == place.path:
            return file.canonical
    raise InvalidError("The request has no file of that name.", reason="no-such-place")
