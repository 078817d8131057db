"""Who may do what with an export request, in which state.

``python -m hub.review_matrix > docs/reference/review-matrix.md`` writes the page.

Each cell is what the rules say when they are asked, in the order in which the use cases ask them; nothing here decides.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus

from hub.domain import queue
from hub.domain.comments import Audience, check_can_comment, check_takes_comments
from hub.domain.descriptions import check_can_be_described
from hub.domain.errors import ConflictError, LabError, NotFoundError, RefusedError
from hub.domain.exceptions import ASKED_IN, check_can_be_excepted
from hub.domain.exports import (
    ExportRequest,
    ExportState,
    ExportStep,
    check_is_author,
    step_request,
)
from hub.domain.output_classes import KNOWN
from hub.domain.owners import check_is_asked, check_votes_for_owner
from hub.domain.people import Person
from hub.domain.quorums import Quorum
from hub.domain.releases import Release, check_stands
from hub.domain.splits import check_can_split, split_request
from hub.domain.votes import check_can_override, check_can_release, check_can_review
from hub.review_scene import FOUND, NOW, OWNER, PEOPLE, PROJECT, Who, differing, release_of, request_in
from hub.services.exports import can_see_request

HEAD = """\
# Who may do what with an export request

This page is made by `python -m hub.review_matrix` from the rules themselves; a test fails when the two differ, and
another one lets each person try each action in each state through the API.

Rows are people, columns are the states of a request: what has never been released, and what has been.

| mark | meaning |
| --- | --- |
| yes | it is done |
| no | the rules refuse it to this person, or the request does not carry the votes |
| later | not in this state, or not as long as another steward has claimed it |
| hidden | the person does not learn that there is such a request, or there is no such release |

The request of this page holds two files with the two approvals that the lab asks for, nothing is frozen, its project
may use its datasets, and the person's membership and roles have not ended. Where a dissent is overridden, a third
steward asks for changes. Where somebody votes for the owner of its data, that owner is asked, and the steward of the
first such row, and of the one after the claimant's, is the owner's. Whatever else is missing is refused on top:
see the [security model](../explanation/security-model.md).
"""
LASTS = timedelta(hours=1)
QUORUM = Quorum("b" * 64, dict.fromkeys(KNOWN, 2))
MARKS: dict[type[LabError], str] = {RefusedError: "no", ConflictError: "later", NotFoundError: "hidden"}
STATUSES = {
    "yes": HTTPStatus.OK,
    "no": HTTPStatus.FORBIDDEN,
    "later": HTTPStatus.CONFLICT,
    "hidden": HTTPStatus.NOT_FOUND,
}


Rule = Callable[[Person, ExportRequest], object]


def _reviews(person: Person, request: ExportRequest) -> None:
    check_can_review(person, request, PROJECT)


def _decides(person: Person, request: ExportRequest) -> None:
    _reviews(person, request)
    queue.check_not_claimed(request, person.name, NOW, LASTS)


def _comments(audience: Audience) -> Rule:
    def rule(person: Person, request: ExportRequest) -> None:
        check_can_comment(person, request, PROJECT, audience)
        check_takes_comments(request, [])

    return rule


def _authors(step: ExportStep) -> Rule:
    def rule(person: Person, request: ExportRequest) -> None:
        check_is_author(person, request)
        step_request(request, step)

    return rule


def _describes(person: Person, request: ExportRequest) -> None:
    check_is_author(person, request)
    check_can_be_described(request)


def _split(person: Person, request: ExportRequest) -> None:
    check_can_split(person, request, PROJECT)
    if person.name != request.author:
        queue.check_not_claimed(request, person.name, NOW, LASTS)
    split_request(request, ["a.csv"], "other", NOW)


def _asks_exception(person: Person, request: ExportRequest) -> None:
    check_is_author(person, request)
    check_can_be_excepted(request, request.files[0], FOUND)


def _decides_exception(person: Person, request: ExportRequest) -> None:
    _reviews(person, request)
    if request.state not in ASKED_IN:
        raise ConflictError("No exception is decided on in this state.", reason="request-state")


def _claim(person: Person, request: ExportRequest) -> None:
    _reviews(person, request)
    queue.claim(request, person.name, NOW, LASTS)


def _unclaim(person: Person, request: ExportRequest) -> None:
    _reviews(person, request)
    queue.unclaim(request, person.name, NOW, LASTS)


def _vote(person: Person, request: ExportRequest) -> None:
    _reviews(person, request)
    if request.state not in queue.IN_REVIEW:
        raise ConflictError("It is not in review.", reason="not-in-review")
    _decides(person, request)


def _override(person: Person, request: ExportRequest) -> None:
    check_can_override(person, differing(request), PROJECT)
    queue.check_not_claimed(request, person.name, NOW, LASTS)


def _owner_vote(person: Person, request: ExportRequest) -> None:
    check_votes_for_owner(person, request, PROJECT, OWNER, ())
    check_is_asked(replace(request, snapshots={"jobs": "d" * 64}), "jobs", ("jobs",))


def _reject(person: Person, request: ExportRequest) -> None:
    _decides(person, request)
    step_request(request, ExportStep.REJECT)


def _releasable(person: Person, request: ExportRequest) -> None:
    _reviews(person, request)
    if request.state is not ExportState.RELEASED:
        check_can_release(request, QUORUM)


def _release(person: Person, request: ExportRequest) -> None:
    """Asking again for a release that was made returns it."""
    _releasable(person, request)
    if request.state is not ExportState.RELEASED:
        step_request(request, ExportStep.BEGIN_RELEASE)


def _released(request: ExportRequest) -> Release:
    made = release_of(request)
    if made is None:
        raise NotFoundError("There is no release.", reason="not-found")
    return made


def _revoke(person: Person, request: ExportRequest) -> None:
    _releasable(person, request)
    _released(request)
    step_request(request, ExportStep.REVOKE)


def _fetch(_person: Person, request: ExportRequest) -> None:
    """Whoever may see a release may make a download of their own, until it is revoked."""
    check_stands(_released(request))


def _reopen(person: Person, request: ExportRequest) -> None:
    made = _released(request)
    _reviews(person, request)
    check_stands(made)


@dataclass(frozen=True, slots=True)
class Action:
    """What is tried: its title, its route, and the rules of whoever may see the request at all."""

    title: str
    method: str
    path: str
    rule: Rule


ACTIONS = (
    Action("See it, and the comments for the project", "GET", "/exports/{id}", lambda _person, _request: None),
    Action("List the comments that one may read", "GET", "/exports/{id}/comments", lambda _person, _request: None),
    Action("Take a canonical file", "GET", "/exports/{id}/canonical", _reviews),
    Action("Comment for the stewards", "POST", "/exports/{id}/comments#stewards", _comments(Audience.STEWARDS)),
    Action("Comment for the project", "POST", "/exports/{id}/comments#project", _comments(Audience.PROJECT)),
    Action("Say anew what its files are", "POST", "/exports/{id}/describe", _describes),
    Action("Send it through the gate", "POST", "/exports/{id}/submit", _authors(ExportStep.SUBMIT)),
    Action("Split files off", "POST", "/exports/{id}/split", _split),
    Action("List the exceptions", "GET", "/exports/{id}/exceptions", lambda _person, _request: None),
    Action("Ask for an exception", "POST", "/exports/{id}/exceptions", _asks_exception),
    Action("Decide on an exception", "POST", "/exports/{id}/exceptions/{exception}/votes", _decides_exception),
    Action("Withdraw it", "POST", "/exports/{id}/withdraw", _authors(ExportStep.WITHDRAW)),
    Action("Claim it", "POST", "/exports/{id}/claim", _claim),
    Action("Give it back", "DELETE", "/exports/{id}/claim", _unclaim),
    Action("Learn how many votes it needs", "GET", "/exports/{id}/votes", lambda _person, _request: None),
    Action("Vote on its files", "POST", "/exports/{id}/votes", _vote),
    Action("Override a dissent", "POST", "/exports/{id}/override", _override),
    Action("Vote for the owner of its data", "POST", "/exports/{id}/owner-votes", _owner_vote),
    Action("Reject it for good", "POST", "/exports/{id}/reject", _reject),
    Action("Make the release", "POST", "/exports/{id}/release", _release),
    Action("Make a download of one's own", "POST", "/releases/{id}/downloads", _fetch),
    Action("Open the release again for download", "POST", "/releases/{id}/reopen", _reopen),
    Action("Revoke the release", "POST", "/releases/{id}/revoke", _revoke),
)


def outcome(who: Who, action: Action, state: ExportState) -> str:
    """Say what comes of it: ``yes``, ``no``, ``later`` or ``hidden``."""
    person, request = who.person(), request_in(state, claimed=who.claimed)
    if not can_see_request(person, PROJECT):
        return MARKS[NotFoundError]
    try:
        action.rule(person, request)
    except (RefusedError, ConflictError, NotFoundError) as error:
        return MARKS[type(error)]
    return "yes"


def page() -> str:
    """Return the whole page as markdown."""
    return "\n".join([HEAD, *(line for action in ACTIONS for line in _table(action))])


def _table(action: Action) -> Iterator[str]:
    yield f"## {action.title}\n"
    yield f"`{action.method} {action.path.partition('#')[0]}`\n"
    yield "| | " + " | ".join(state.replace("_", " ") for state in ExportState) + " |"
    yield "| --- |" + " --- |" * len(ExportState)
    for who in PEOPLE:
        yield f"| {who.title} | " + " | ".join(outcome(who, action, state) for state in ExportState) + " |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(page())
