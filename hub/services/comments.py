"""Comments on export requests: added and listed, never changed; what they say stands in no log."""

from __future__ import annotations

from hub.domain import comments as rules
from hub.domain.audit import event
from hub.domain.comments import Audience, Comment, Place
from hub.domain.errors import LabError
from hub.domain.exports import ExportRequest
from hub.domain.freezes import Freeze
from hub.domain.people import Person
from hub.domain.projects import Project, check_works_in
from hub.services.exports import load_visible
from hub.services.freezes import freezes_in_force
from hub.services.lab import Lab, new_id
from hub.services.ports import Reading, Transaction
from hub.services.refusals import records_refusals

WHOLE = Place()


@records_refusals("comment")
def add_comment(lab: Lab, actor: str, identifier: str, text: str, audience: Audience, place: Place = WHOLE) -> Comment:
    """Add a comment; its author, place and turn are audited, and not what it says."""
    with lab.store.begin() as records:
        request, person, project = load_visible(records, actor, identifier)
        rules.check_can_comment(person, request, project, audience)
        if person.name == request.author:
            check_works_in(person, project, lab.now().date())
        rules.check_takes_comments(request, freezes_in_force(records))
        said = rules.check_text(text)
        canonical = rules.canonical_at(request, place)
        rules.check_room(len(records.find(Comment, request=identifier)))
        comment = Comment(
            new_id("comment"),
            identifier,
            request.turn,
            actor,
            lab.now(),
            audience,
            said,
            place.path,
            place.row,
            place.column,
            canonical,
        )
        details: dict[str, object] = {"comment": comment.id, "for": audience, "turn": request.turn}
        details |= {"path": place.path} if place.path else {}
        details |= {"row": place.row, "column": place.column} if place.row else {}
        records.save(comment, event("export:comment:add", actor, identifier, request.project, **details))
        return comment


def comments(lab: Lab, actor: str, identifier: str) -> list[Comment]:
    """Return the comments on a request that the person may read, oldest first; the view is recorded."""
    with lab.store.begin() as records:
        return comments_viewed(records, *load_visible(records, actor, identifier))


def comments_viewed(records: Transaction, request: ExportRequest, person: Person, project: Project) -> list[Comment]:
    """Return the comments on a request that somebody may read; where there are some, the view is recorded."""
    found = _readable(records, person, request, project)
    if found:
        details = {"comments": len(found)}
        records.record(event("export:comment:view", person.name, request.id, request.project, **details))
    return found


def audiences_of(
    person: Person, request: ExportRequest, project: Project, in_force: list[Freeze]
) -> tuple[list[Audience], LabError | None]:
    """Return whom the person may write a comment for, and where for nobody, the rule that says so."""
    refusals: list[LabError] = []
    audiences: list[Audience] = []
    for audience in Audience:
        try:
            rules.check_can_comment(person, request, project, audience)
            rules.check_takes_comments(request, in_force)
            audiences.append(audience)
        except LabError as error:
            refusals.append(error)
    return audiences, None if audiences else refusals[-1]


def _readable(reading: Reading, person: Person, request: ExportRequest, project: Project) -> list[Comment]:
    reads_all = rules.reads_stewards_comments(person, request, project)
    known = reading.find(Comment, request=request.id)
    return [c for c in known if reads_all or c.audience is Audience.PROJECT]
