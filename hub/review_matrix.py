"""Who may do what with an export request, in which state.

``python -m hub.review_matrix > docs/reference/review-matrix.md`` writes the page.

Each cell is what the rules say when they are asked, in the order in which the use cases ask them; nothing here decides.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus

from hub.domain import queue
from hub.domain.ballots import Ballot, Decision, Vote
from hub.domain.comments import Audience, check_can_comment, check_takes_comments
from hub.domain.descriptions import check_can_be_described
from hub.domain.errors import ConflictError, LabError, NotFoundError, RefusedError
from hub.domain.exceptions import ASKED_IN, check_can_be_excepted
from hub.domain.exports import (
    ExportFile,
    ExportRequest,
    ExportState,
    ExportStep,
    Finding,
    Severity,
    check_is_author,
    step_request,
)
from hub.domain.file_groups import UNNAMED, context_digests
from hub.domain.output_classes import KNOWN
from hub.domain.owners import check_is_asked, check_votes_for_owner
from hub.domain.people import Person, Role
from hub.domain.projects import Project
from hub.domain.quorums import Quorum
from hub.domain.splits import check_can_split, split_request
from hub.domain.votes import check_can_override, check_can_release, check_can_review
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
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LASTS = timedelta(hours=1)
QUORUM = Quorum("b" * 64, dict.fromkeys(KNOWN, 2))
CLAIMANT = "health-steward"
OWNER = "jobs-institute"
"""The owner of the data behind the request, whose steward is ``jobs-steward``."""
EVER_RELEASED = (ExportState.RELEASED, ExportState.REVOKED)
MARKS: dict[type[LabError], str] = {RefusedError: "no", ConflictError: "later", NotFoundError: "hidden"}
STATUSES = {
    "yes": HTTPStatus.OK,
    "no": HTTPStatus.FORBIDDEN,
    "later": HTTPStatus.CONFLICT,
    "hidden": HTTPStatus.NOT_FOUND,
}


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody in front of a request: their login in the tests' lab, their role, and whether it is claimed."""

    title: str
    name: str
    role: Role
    claimed: bool = False

    def person(self) -> Person:
        """Return the person."""
        roles = (Role.STEWARD, Role.LEAD_STEWARD) if self.role is Role.LEAD_STEWARD else (self.role,)
        organisation = OWNER if self.name == "jobs-steward" else "office"
        return Person(self.name, self.name, organisation, roles)


PEOPLE = (
    Who("its author", "researcher", Role.RESEARCHER),
    Who("the project's lead", "scientist", Role.RESEARCHER),
    Who("a steward; nobody has claimed it", "jobs-steward", Role.STEWARD),
    Who("the steward who has claimed it", CLAIMANT, Role.STEWARD, claimed=True),
    Who("another steward meanwhile", "jobs-steward", Role.STEWARD, claimed=True),
    Who("a lead steward; nobody has claimed it", "lead-steward", Role.LEAD_STEWARD),
    Who("a steward who was a member once", "transport-steward", Role.STEWARD),
    Who("an auditor", "auditor", Role.AUDITOR),
    Who("an approver", "approver", Role.APPROVER),
    Who("an administrator", "administrator", Role.ADMINISTRATOR),
    Who("a researcher of another project", "outsider", Role.RESEARCHER),
)
FOUND = Finding("minimum-frequency", Severity.REVIEW, "a.csv, row 1", "A cell stands for few.")
"""What the gate found in the first file: of a rule that allows exceptions."""
PROJECT = Project(
    "wages", "Wages", "purpose", "scientist", date(2026, 1, 1), date(2026, 12, 31), 1, ("researcher",),
    ("transport-steward",),
)  # fmt: skip


def request_in(state: ExportState, *, claimed: bool) -> ExportRequest:
    """Return a request with two files that two stewards approved, in a state."""
    files = tuple(ExportFile(path, canonical="a" * 64, canonical_name=path) for path in ("a.csv", "b.csv"))
    context = context_digests("context", ())[UNNAMED]
    votes = tuple(
        Vote(who, f.path, f.canonical, "b" * 64, Decision.APPROVE, "", NOW, context=context)
        for f in files
        for who in (CLAIMANT, "jobs-steward")
    )
    made = ExportRequest(
        "export", "wages", "researcher", "run", "context", NOW, {}, files, state, "b" * 64, "1", 1, votes
    )
    return replace(made, claimed_by=CLAIMANT, claimed=NOW) if claimed else made


def differing(request: ExportRequest) -> ExportRequest:
    """Return the request with opened votes, one of which asks for a change of the first file."""
    file = request.files[0]
    dissent = Vote("doubting-steward", file.path, file.canonical, request.policy, Decision.CHANGES, "Too few", NOW)
    return replace(request, ballot=Ballot.OPENED, votes=(*request.votes, dissent))


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


def _revoke(person: Person, request: ExportRequest) -> None:
    _releasable(person, request)
    if request.state not in EVER_RELEASED:
        raise NotFoundError("There is no release.", reason="not-found")
    step_request(request, ExportStep.REVOKE)


def _fetch(_person: Person, request: ExportRequest) -> None:
    """Whoever may see a release may make a download of their own, until it is revoked."""
    if request.state not in EVER_RELEASED:
        raise NotFoundError("There is no release.", reason="not-found")
    if request.state is ExportState.REVOKED:
        raise ConflictError("It was revoked.", reason="release-revoked")


def _reopen(person: Person, request: ExportRequest) -> None:
    if request.state in EVER_RELEASED:
        _reviews(person, request)
    _fetch(person, request)


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
