"""Reports: what became of each submission of an export request, and what that says of the review.

Invariants:

* a submission is told from the audit log and its request alone; nothing is kept for reports;
* a report holds names of people, projects and rules, times and counts; never a value from the data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from hub.domain.audit import AuditEntry
from hub.domain.ballots import Cause
from hub.domain.exports import ExportRequest, ExportState, Severity
from hub.domain.queue import whole_seconds

SENT = ("export:request:submit", "export:request:split", "export:request:split_from")
CLAIM, VOTE, REJECT = "export:request:claim", "export:request:vote", "export:request:reject"
OPENED = "export:request:open-vote"
BECAME = {
    REJECT: ExportState.REJECTED,
    "export:request:block": ExportState.BLOCKED,
    "export:request:fail": ExportState.FAILED,
    "export:request:pass": ExportState.SUBMITTED,
    "export:request:review": ExportState.IN_REVIEW,
    "export:request:confirm": ExportState.APPROVED,
    "export:request:recheck": ExportState.RECHECKING,
    "export:request:withdraw": ExportState.WITHDRAWN,
    "export:request:release": ExportState.RELEASED,
    "export:request:revoke": ExportState.REVOKED,
}
"""What an event made of a request; a vote says itself what came of it."""
EVENTS = (*SENT, CLAIM, VOTE, OPENED, *BECAME)
MOST_RULES = 10


class Wait(StrEnum):
    """How long the first decision took, from the submission on."""

    HOUR = "one_hour"
    HALF_DAY = "twelve_hours"
    DAY = "one_day"
    THREE_DAYS = "three_days"
    WEEK = "one_week"
    LONGER = "longer"
    NONE_YET = "none_yet"


BOUNDS = (
    (timedelta(hours=1), Wait.HOUR),
    (timedelta(hours=12), Wait.HALF_DAY),
    (timedelta(days=1), Wait.DAY),
    (timedelta(days=3), Wait.THREE_DAYS),
    (timedelta(days=7), Wait.WEEK),
)


@dataclass(frozen=True, slots=True)
class Submission:
    """One submission: when it was sent, first claimed and first decided on, how it stands or ended, and by whom.

    ``turn`` counts the submissions of its request, of which there are ``turns``. ``files``, ``size`` (bytes) and the
    findings by severity are those of the request's last submission; of earlier ones they are not kept, and None.
    ``causes`` are those that stewards named who asked for changes or rejected it, each once. ``needed`` is how many
    votes its last vote was one of, as the policy asked for then.
    """

    request: str
    project: str
    author: str
    turn: int
    turns: int
    submitted: datetime
    claimed: datetime | None
    first_decision: datetime | None
    state: ExportState
    reviewers: tuple[str, ...]
    files: int | None
    size: int | None
    findings: dict[Severity, int] | None
    rules: tuple[str, ...]
    causes: tuple[Cause, ...] = ()
    needed: int | None = None


@dataclass(frozen=True, slots=True)
class ReportFigures:
    """The same in numbers: of how many submissions, the waits, how they stand, the rules that found most, the months.

    ``median`` is the median time to the first decision, of those that have one. Months are ``YYYY-MM`` in UTC, each
    with how many were submitted and how many of these are released.
    """

    submissions: int
    median: timedelta | None
    waits: dict[Wait, int]
    states: dict[ExportState, int]
    rules: dict[str, int]
    causes: dict[Cause, int]
    months: dict[str, tuple[int, int]]


def submissions_of(entries: Iterable[AuditEntry], requests: Mapping[str, ExportRequest]) -> list[Submission]:
    """Return the submissions of these requests from the entries of ``EVENTS``, in order; oldest first."""
    found: list[Submission] = []
    last: dict[str, int] = {}
    for entry in entries:
        request = requests.get(entry.event.subject)
        if request is None:
            continue
        if entry.event.name in SENT:
            last[request.id] = len(found)
            found.append(_sent(entry, request))
        elif request.id in last:
            number = last[request.id]
            found[number] = _after(found[number], entry)
    return found


def _sent(entry: AuditEntry, request: ExportRequest) -> Submission:
    turn = int(dict(entry.event.details).get("turn", "0"))
    about = (request.id, request.project, request.author, turn, request.turn, entry.at, None, None)
    if turn != request.turn:
        return Submission(*about, ExportState.CHECKING, (), None, None, None, ())
    findings = [f for file in request.files for f in file.findings]
    counts = Counter(f.severity for f in findings)
    size = sum(file.size for file in request.files)
    rules = tuple(sorted({f.check for f in findings if f.severity in (Severity.BLOCK, Severity.REVIEW)}))
    return Submission(*about, request.state, (), len(request.files), size, dict(counts), rules)


def _after(found: Submission, entry: AuditEntry) -> Submission:
    """The last submission stands where its request stands; an earlier one where it was left."""
    what = entry.event
    if what.name == CLAIM:
        return replace(found, claimed=found.claimed or entry.at)
    causes = (Cause(word) for word in dict(what.details).get("cause", "").split())
    found = replace(found, causes=tuple(dict.fromkeys((*found.causes, *causes))))
    if what.name == VOTE and (needed := dict(what.details).get("needed")):
        found = replace(found, needed=int(needed))
    if what.name in (VOTE, REJECT):
        reviewers = tuple(dict.fromkeys((*found.reviewers, what.actor)))
        found = replace(found, reviewers=reviewers, first_decision=found.first_decision or entry.at)
    if found.turn == found.turns:
        return found
    state = BECAME.get(what.name) or ExportState(dict(what.details).get("state", found.state))
    return replace(found, state=state)


def wait_of(submission: Submission) -> Wait:
    """Return how long the first decision took."""
    if submission.first_decision is None:
        return Wait.NONE_YET
    took = submission.first_decision - submission.submitted
    return next((wait for bound, wait in BOUNDS if took <= bound), Wait.LONGER)


def within(submission: Submission, since: date | None, until: date | None) -> bool:
    """Whether it was sent between two days (UTC), both included."""
    day = submission.submitted.date()
    return (since is None or since <= day) and (until is None or day <= until)


def figures_of(submissions: Iterable[Submission]) -> ReportFigures:
    """Return the numbers of some submissions."""
    found = list(submissions)
    waits, states = Counter(map(wait_of, found)), Counter(s.state for s in found)
    rules, causes = Counter(rule for s in found for rule in s.rules), Counter(c for s in found for c in s.causes)
    months: dict[str, tuple[int, int]] = {}
    for submission in found:
        month = f"{submission.submitted:%Y-%m}"
        sent, released = months.get(month, (0, 0))
        months[month] = (sent + 1, released + (submission.state is ExportState.RELEASED))
    return ReportFigures(
        len(found),
        _median([s.first_decision - s.submitted for s in found if s.first_decision is not None]),
        {wait: waits[wait] for wait in Wait},
        {state: states[state] for state in ExportState if states[state]},
        dict(sorted(rules.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_RULES]),
        {cause: causes[cause] for cause in Cause if causes[cause]},
        dict(sorted(months.items())),
    )


def _median(spans: list[timedelta]) -> timedelta | None:
    """Return the middle one, or the mean of the two in the middle, in whole seconds."""
    if not spans:
        return None
    ordered, half = sorted(spans), len(spans) // 2
    return whole_seconds(ordered[half] if len(spans) % 2 else (ordered[half - 1] + ordered[half]) / 2)
