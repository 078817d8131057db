"""Whom the page of who may do what with an export request asks about, and the request that stands before them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from hub.domain.ballots import Ballot, Decision, Vote
from hub.domain.exports import ExportFile, ExportRequest, ExportState, Finding, Severity
from hub.domain.file_groups import UNNAMED, context_digests
from hub.domain.people import Person, Role
from hub.domain.projects import Project
from hub.domain.releases import Release
from hub.domain.statements import Statement

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CLAIMANT = "health-steward"
OWNER = "jobs-institute"
"""The owner of the data behind the request, whose steward is ``jobs-steward``."""

EVER_RELEASED = (ExportState.RELEASED, ExportState.REVOKED)


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
        "export", "wages", "researcher", "run", "context", NOW, {}, files, state, "b" * 64, "1", 1, votes,
        statement=Statement("researcher", NOW, "I looked at each file.", "c" * 64),
    )  # fmt: skip
    return replace(made, claimed_by=CLAIMANT, claimed=NOW) if claimed else made


def release_of(request: ExportRequest) -> Release | None:
    """Return the release that was made of a request, where one was; it stands as the request's state says."""
    if request.state not in EVER_RELEASED:
        return None
    revoked = NOW if request.state is ExportState.REVOKED else None
    return Release(request.id, request.project, CLAIMANT, NOW, (), "", revoked)


def differing(request: ExportRequest) -> ExportRequest:
    """Return the request with opened votes, one of which asks for a change of the first file."""
    file = request.files[0]
    dissent = Vote("doubting-steward", file.path, file.canonical, request.policy, Decision.CHANGES, "Too few", NOW)
    return replace(request, ballot=Ballot.OPENED, votes=(*request.votes, dissent))
