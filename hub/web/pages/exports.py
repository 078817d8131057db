"""Pages of export requests: what leaves, what the gate found, and the stewards' votes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hub.domain.ballots import Ballot, Cause
from hub.domain.descriptions import DESCRIBED_IN
from hub.domain.errors import NotFoundError
from hub.domain.evidence import evidence_of
from hub.domain.exports import (
    STEPS,
    WORKSPACE_SOURCE,
    ExportFile,
    ExportRequest,
    ExportState,
    ExportStep,
    Severity,
    check_is_author,
    step_request,
)
from hub.domain.freezes import Freeze, check_leaves
from hub.domain.people import Person
from hub.domain.projects import Project
from hub.domain.queue import IN_REVIEW, check_not_claimed, digest_of_files, holder
from hub.domain.reproductions import Repetition, reproduction
from hub.domain.splits import check_can_split, check_stated
from hub.domain.statements import StatementAsked, statements_asked
from hub.domain.votes import (
    check_can_override,
    check_can_review,
    check_not_sealed,
    dissents,
    is_approved,
)
from hub.services import exports, lineage, owners, releases, reproductions, votes
from hub.services.lab import Lab
from hub.services.request_looks import RequestLook, WholeLook, look_at_request
from hub.web.pages.exceptions import forms, shown_exceptions
from hub.web.pages.owner_votes import owners_shown
from hub.web.pages.types import Context, Page, Visit, refusal
from hub.web.previews import NoPreview, Preview, is_picture, preview_of

SHOWN_AT_ONCE = 8
"""Files with a preview on one page."""
FILES_AT_ONCE = 20
LISTED_FILES = 100
"""A steward is shown more files than fit on a page as a list, each with a page of its own."""
LISTED = 50
LONGEST_PLACE = 16
LARGEST_SHOWN = 4 * 2**20
_STRICTEST = tuple(Severity)
UNDER_CHECK = (ExportState.CHECKING, ExportState.RECHECKING)


def list_exports(visit: Visit) -> Context:
    """List requests, newest first."""
    project, before = visit.asked("project"), place_of(visit.asked("before"))
    found = exports.request_heads(visit.lab, visit.actor, project, before, LISTED + 1)
    older = str(found[LISTED - 1].place) if len(found) > LISTED else ""
    return {"requests": found[:LISTED], "project": project, "older": older, "newest": before == 0}


def place_of(asked: str) -> int:
    """Read a place in a list from an address; what is none is the beginning."""
    return int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < LONGEST_PLACE else 0


def show_export(visit: Visit) -> Context:
    """Show a request with its findings; a steward who may review it sees the canonical files, too."""
    lab, actor = visit.lab, visit.actor
    looked = look_at_request(lab, actor, visit.path["id"], _read)
    request, person, project = looked.request, looked.person, looked.project
    reviews = refusal(lambda: check_can_review(person, request, project))
    votes_on = not reviews or looked.speaks_for
    seen = digest_of_files(request.files) if votes_on else ""
    asked = owners_shown(looked, seen)
    reads = None if asked["asked_for_owner"] else reviews
    compact = not reads and len(request.files) > FILES_AT_ONCE
    at_once = LISTED_FILES if compact else FILES_AT_ONCE
    first = _first(visit, request, at_once)
    shown = request.files[first : first + at_once]
    needed = looked.votes
    held = holder(request, lab.now(), lab.settings.review.claim)
    return {
        "request": request,
        "checking": request.state in UNDER_CHECK,
        "in_review": request.state in IN_REVIEW or lacks_votes(lab, request, project, needed),
        "sealed": looked.is_sealed,
        "dissents": dissents(request) if request.ballot is Ballot.OPENED else (),
        "causes": list(Cause),
        "held_by": held,
        "held_until": request.claimed + lab.settings.review.claim if held and request.claimed else None,
        "votes_needed": needed.number,
        "votes_asked": needed,
        "exception_votes": needed.number + lab.settings.exceptions.more_votes,
        "reviews": reviews,
        "rules": rules(lab, person, request, project, looked.frozen),
        "possible": {str(step) for state, step in STEPS if state is request.state},
        "seen": "" if reviews else seen,
        "shown": shown,
        "groups": {group.name: group for group in request.groups},
        "statements": statements_by_language(lab),
        "describable": request.state in DESCRIBED_IN,
        "first": first,
        "at_once": at_once,
        "compact": compact,
        **_changeable(visit, looked, shown, compact=compact),
        "gravest": {f.path: min((g.severity for g in f.findings), key=_STRICTEST.index, default=None) for f in shown},
        "reads": reads,
        **asked,
        "previews": {} if reads else _previews(shown, looked.contents),
        "released": request.state in (ExportState.RELEASED, ExportState.REVOKED),
        **repeated(lab, actor, request),
        **shown_exceptions(lab, actor, request, looked.asked),
        **said_of(looked),
    }


def statements_by_language(lab: Lab) -> dict[str, StatementAsked]:
    """Return the statement that an author makes, by the language of the page."""
    return {asked.language: asked for asked in statements_asked(lab.settings.statement.texts)}


def lacks_votes(lab: Lab, request: ExportRequest, project: Project, needed: votes.VotesAsked) -> bool:
    """Say whether an approved request waits for votes again, since whoever cast some may not vote any more.

    Under a policy that is not in force any more it does not: it is checked again when its release is asked for.
    """
    if request.state is not ExportState.APPROVED or not needed.is_current:
        return False
    return not is_approved(votes.counted_now(lab, request, project), needed.number)


def _changeable(visit: Visit, looked: WholeLook, shown: Iterable[ExportFile], *, compact: bool) -> Context:
    """Return the files in one of which changes can be asked for: those of the page, or of many the one asked for.

    Sealed votes are opened when every file has them, so these are cast on all; and so are those of a dissent.
    """
    request, asked = looked.request, visit.asked("changes")
    is_one = not looked.is_sealed and request.ballot is Ballot.OPEN and len(request.files) > 1
    files = [file for file in request.files if file.path == asked] if compact else shown
    return {"in_file": asked, "changeable": [(f.path, f.path) for f in files] if is_one else []}


def _first(visit: Visit, request: ExportRequest, at_once: int) -> int:
    """The first file that the page shows, counted from 0."""
    asked = min(place_of(visit.asked("from")), max(0, len(request.files) - 1))
    return asked // at_once * at_once


def repeated(lab: Lab, actor: str, request: ExportRequest) -> Context:
    """Return the repetitions of the run that the files are from; a workspace's are not repeated.

    Whom an owner named sees the request, and not the run behind it; they are told nothing of either.
    """
    found: tuple[Repetition, ...] = ()
    if request.source != WORKSPACE_SOURCE:
        try:
            found = reproductions.repetitions(lab, actor, request.source)
        except NotFoundError:
            return {"sees_run": False, "evidence": evidence_of(request.source)}
    told = {"evidence": evidence_of(request.source), "repetitions": found, "reproduction": reproduction(found)}
    return {"sees_run": True, **told}


def said_of(looked: RequestLook) -> Context:
    """Return the comments, whom the person may write one for, and the rule that says no to any."""
    return {"comments": looked.comments, "audiences": looked.audiences, "comment_rule": looked.comment_rule}


def rules(lab: Lab, person: Person, request: ExportRequest, project: Project, in_force: Iterable[Freeze]) -> Context:
    """Return, for each thing that can be done, the sentence of the rule that says no."""

    def is_author() -> None:
        check_is_author(person, request)

    def reviews() -> None:
        check_can_review(person, request, project)

    def is_free() -> None:
        check_not_claimed(request, person.name, lab.now(), lab.settings.review.claim)

    def is_releasable() -> None:
        releases.check_now(lab, request, project)
        lineage.check_draws_on_granted(lab, request)
        owners.check_agree_now(lab, request, project)

    def overrides() -> None:
        check_can_override(person, votes.counted_now(lab, request, project), project)

    return {
        "override": refusal(overrides, is_free) if dissents(request) else None,
        "submit": refusal(is_author, lambda: step_request(request, ExportStep.SUBMIT)),
        "withdraw": refusal(is_author, lambda: step_request(request, ExportStep.WITHDRAW)),
        "split": refusal(
            lambda: check_can_split(person, request, project),
            lambda: step_request(request, ExportStep.SPLIT),
            lambda: check_stated(request),
            is_free,
        ),
        "vote": refusal(reviews, is_free),
        "reject": refusal(
            reviews,
            is_free,
            lambda: check_not_sealed(request),
            lambda: step_request(request, ExportStep.REJECT),
        ),
        "release": refusal(
            reviews,
            lambda: step_request(request, ExportStep.BEGIN_RELEASE),
            is_releasable,
            lambda: check_leaves(in_force, project.name),
        ),
    }


def _with_preview(shown: Iterable[ExportFile]) -> list[ExportFile]:
    return [f for f in shown if f.canonical and f.canonical_size <= LARGEST_SHOWN][:SHOWN_AT_ONCE]


def _read(request: ExportRequest) -> list[ExportFile]:
    """Whose bytes the page reads: of a few files; a picture is fetched, and recorded, by its own address."""
    if len(request.files) > FILES_AT_ONCE:
        return []
    return [f for f in _with_preview(request.files) if not is_picture(f.kind)]


def _previews(shown: Iterable[ExportFile], contents: Mapping[str, bytes]) -> dict[str, Preview]:
    """Return previews of the first files."""
    some = _with_preview(shown)
    return {f.path: preview_of(f.kind, contents[f.path]) if f.path in contents else NoPreview("picture") for f in some}


def export_progress(visit: Visit) -> Context:
    """Say whether the checks have ended; not a view, so nothing is recorded."""
    state = exports.request_state(visit.lab, visit.actor, visit.path["id"])
    checking = state in UNDER_CHECK
    return {"id": visit.path["id"], "state": state, "checking": checking, "ended": not checking}


EXPORT = Page("/exports/{id}", "export.html", show_export, recorded=True)
PAGES = (
    Page("/exports", "exports.html", list_exports),
    EXPORT,
    Page("/exports/{id}/progress", "export_progress.html", export_progress, is_followed=True),
)

FORMS = forms(EXPORT)
