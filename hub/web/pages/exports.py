"""Pages of export requests: what leaves, what the gate found, and the stewards' votes."""

from __future__ import annotations

from collections.abc import Iterable

from hub.domain.exports import (
    STEPS,
    ExportRequest,
    ExportState,
    ExportStep,
    check_can_release,
    check_can_review,
    check_is_author,
    step_request,
    without_members_votes,
)
from hub.domain.freezes import Freeze, check_leaves
from hub.domain.people import Person
from hub.domain.projects import Project
from hub.domain.queue import IN_REVIEW, check_not_claimed, holder
from hub.domain.splits import check_can_split
from hub.services import exports, freezes, lineage, people, projects
from hub.services.comments import comments_shown
from hub.services.lab import Lab
from hub.web.pages.types import Context, Page, Visit, refusal
from hub.web.previews import NoPreview, Preview, is_picture, preview_of

SHOWN_AT_ONCE = 8
LARGEST_SHOWN = 4 * 2**20
UNDER_CHECK = (ExportState.CHECKING, ExportState.RECHECKING)


def list_exports(visit: Visit) -> Context:
    """List requests, newest first."""
    return {"requests": exports.requests(visit.lab, visit.actor, visit.asked("project"))}


def show_export(visit: Visit) -> Context:
    """Show a request with its findings; a steward who may review it sees the canonical files, too."""
    lab, actor = visit.lab, visit.actor
    request = exports.request(lab, actor, visit.path["id"])
    person = people.whoami(lab, actor)
    project, _ = projects.project(lab, actor, request.project)
    reviews = refusal(lambda: check_can_review(person, request, project))
    held = holder(request, lab.now(), lab.settings.review.claim)
    return {
        "request": request,
        "checking": request.state in UNDER_CHECK,
        "in_review": request.state in IN_REVIEW,
        "held_by": held,
        "held_until": request.claimed + lab.settings.review.claim if held and request.claimed else None,
        "votes_needed": lab.settings.gate.votes,
        "reviews": reviews,
        "rules": rules(lab, person, request, project, freezes.freezes(lab, actor)),
        "possible": {str(step) for state, step in STEPS if state is request.state},
        "previews": {} if reviews else _previews(lab, actor, request),
        "released": request.state in (ExportState.RELEASED, ExportState.REVOKED),
        **said_of(lab, actor, request.id),
    }


def said_of(lab: Lab, actor: str, identifier: str) -> Context:
    """Return the comments that the person may read, whom they may write for, and the rule that says no to any."""
    found, audiences, refused = comments_shown(lab, actor, identifier)
    return {"comments": found, "audiences": audiences, "comment_rule": refused}


def rules(lab: Lab, person: Person, request: ExportRequest, project: Project, in_force: Iterable[Freeze]) -> Context:
    """Return, for each thing that can be done, the sentence of the rule that says no."""

    def is_author() -> None:
        check_is_author(person, request)

    def reviews() -> None:
        check_can_review(person, request, project)

    def is_free() -> None:
        check_not_claimed(request, person.name, lab.now(), lab.settings.review.claim)

    def is_releasable() -> None:
        check_can_release(without_members_votes(request, project), lab.settings.gate.votes)
        lineage.check_draws_on_granted(lab, request)

    return {
        "submit": refusal(is_author, lambda: step_request(request, ExportStep.SUBMIT)),
        "withdraw": refusal(is_author, lambda: step_request(request, ExportStep.WITHDRAW)),
        "split": refusal(
            lambda: check_can_split(person, request, project), lambda: step_request(request, ExportStep.SPLIT), is_free
        ),
        "vote": refusal(reviews, is_free),
        "reject": refusal(reviews, is_free, lambda: step_request(request, ExportStep.REJECT)),
        "release": refusal(reviews, is_releasable, lambda: check_leaves(in_force, project.name)),
    }


def _previews(lab: Lab, actor: str, request: ExportRequest) -> dict[str, Preview]:
    """Return previews of the first files; each look at one is recorded."""
    shown = [f for f in request.files if f.canonical and f.canonical_size <= LARGEST_SHOWN][:SHOWN_AT_ONCE]
    return {f.path: preview(lab, actor, request.id, f.path, f.kind) for f in shown}


def preview(lab: Lab, actor: str, identifier: str, path: str, kind: str) -> Preview:
    """Return the preview of one canonical file; a picture is fetched, and recorded, by the page's own address."""
    if is_picture(kind):
        return NoPreview("picture")
    file, content = exports.canonical_file(lab, actor, identifier, path)
    return preview_of(file.kind, content)


def show_file(visit: Visit) -> Context:
    """Show one canonical file alone."""
    lab, actor, path = visit.lab, visit.actor, visit.asked("path")
    file, content = exports.canonical_file(lab, actor, visit.path["id"], path)
    shown = {"id": visit.path["id"], "file": file, "preview": preview_of(file.kind, content)}
    return shown | said_of(lab, actor, visit.path["id"])


def export_progress(visit: Visit) -> Context:
    """Say whether the checks have ended; not a view, so nothing is recorded."""
    state = exports.request_state(visit.lab, visit.actor, visit.path["id"])
    return {"id": visit.path["id"], "state": state, "checking": state in UNDER_CHECK}


EXPORT = Page("/exports/{id}", "export.html", show_export)
PAGES = (
    Page("/exports", "exports.html", list_exports),
    EXPORT,
    Page("/exports/{id}/file", "export_file.html", show_file),
    Page("/exports/{id}/progress", "export_progress.html", export_progress),
)
