"""Promises 5 and 6, tried: votes that must not count, and releases of what was not reviewed.

All of it goes through the lab's own use cases, on a store, a vault and a key of the scene's own. What must pass is
tried, too, so that a refusal is no accident.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO

from hub.adapters.secrets import Secret
from hub.adapters.vault import FolderVault
from hub.doctor.receipts import receipts_tried
from hub.doctor.refusals import refusal
from hub.doctor.runs import flip
from hub.doctor.scene import OWN, Scene
from hub.domain.audit import event
from hub.domain.ballots import Decision
from hub.domain.errors import LabError
from hub.domain.examinations import Attempt, Promise, Verdict
from hub.domain.exports import ExportFile, ExportRequest, ExportState
from hub.domain.output_classes import OutputClass
from hub.domain.people import Organisation, Person, Role
from hub.domain.projects import Project
from hub.domain.quorums import Quorum
from hub.services import downloads, releases, votes
from hub.services.lab import Lab
from hub.services.policies import site_quorum

AUTHOR, FORMER, COLLEAGUE, RESEARCHER = "author", "former", "colleague", "researcher"
MEMBER = "member-of-project"
CONTENT = b"year,persons\n2013,120\n"
WORDS = "Number of persons by year, made by the doctor."


@dataclass(frozen=True, slots=True)
class Court:
    """A small lab with a project, people of every kind, and as many stewards as a release needs."""

    lab: Lab
    vault: FolderVault
    stewards: tuple[str, ...]

    def request(self, name: str, *classes: OutputClass) -> ExportRequest:
        """Make a request that is in review, with one canonical file of these classes of output, or of unknown ones."""
        content = CONTENT + name.encode() + b",11\n"
        stored = self.lab.vault.add(BytesIO(content), 2**20)
        file = ExportFile(
            "table.csv",
            sha256=stored.sha256,
            size=stored.size,
            kind="csv",
            canonical=stored.sha256,
            canonical_name="table.csv",
            canonical_size=stored.size,
            classes=classes,
        )
        request = ExportRequest(
            name,
            OWN,
            AUTHOR,
            "workspace",
            WORDS,
            self.lab.now(),
            {},
            (file,),
            ExportState.IN_REVIEW,
            self.policy,
            "doctor",
        )
        with self.lab.store.begin() as records:
            records.save(request, event("export:request:create", AUTHOR, name, OWN))
        return request

    @property
    def policy(self) -> str:
        """The digest of the policy in force, which requests without a dataset are under."""
        return self.quorum.policy

    @property
    def quorum(self) -> Quorum:
        """How many votes that policy asks for, class by class."""
        return site_quorum(self.lab.settings.gate)

    def needed(self, *classes: OutputClass) -> int:
        """How many votes a file of these classes needs; the strictest of them counts."""
        return max(map(self.quorum.of, classes or (OutputClass.UNKNOWN,)))

    def vote(self, steward: str, request: ExportRequest, canonical: str = "") -> ExportRequest:
        """Vote as a steward would."""
        files = {f.path: canonical or f.canonical for f in request.files}
        approve = Decision.APPROVE
        return votes.vote(
            self.lab, steward, request.id, decision=approve, canonical=files, policy=self.policy, reason="looked at it"
        )

    def state(self, request: ExportRequest) -> ExportState | None:
        """Return where the records say that it stands."""
        with self.lab.store.read() as reading:
            found = reading.get(ExportRequest, request.id)
        return found.state if found else None

    def approved(self, name: str) -> ExportRequest:
        """Make a request that carries all votes that it needs."""
        request = self.request(name)
        for steward in self.stewards[: self.needed()]:
            self.vote(steward, request)
        return request


def court(scene: Scene) -> Court:
    """Found it in the scene's lab."""
    most = site_quorum(scene.settings.gate).of(OutputClass.UNKNOWN)
    stewards = tuple(f"steward-{n}" for n in range(max(2, most)))
    roles = dict.fromkeys((AUTHOR, FORMER, COLLEAGUE, *stewards), Role.STEWARD) | {RESEARCHER: Role.RESEARCHER}
    today = datetime.now(UTC).date()
    members, former = (COLLEAGUE, RESEARCHER), (FORMER,)
    project = Project(OWN, OWN, "a purpose", AUTHOR, today, today + timedelta(days=1), scene.uid, members, former)
    with scene.lab.store.begin() as records:
        records.save(Organisation("lab", "Lab"), event("lab:organisation:add", "doctor", "lab"))
        for name, role in roles.items():
            records.save(Person(name, name, "lab", (role,)), event("lab:person:add", "doctor", name))
        records.save(project, event("lab:project:create", "doctor", OWN, OWN))
    return Court(scene.lab, scene.vault, stewards)


def votes_tried(court: Court) -> Iterator[Attempt]:
    """Promise 6: votes of whoever must not vote, and of one who votes twice."""
    for who, reason, tried in (
        (AUTHOR, "own-request", "Vote on one's own request, as a steward."),
        (COLLEAGUE, MEMBER, "Vote on a request of a project that one is a member of, as a steward."),
        (FORMER, MEMBER, "Vote on a request of a project that one was a member of, as a steward."),
        (RESEARCHER, "not-a-steward", "Vote without being a steward."),
    ):
        cast = partial(court.vote, who, court.request(f"by-{who}"))
        yield refusal(Promise.REVIEW, f"vote-{who}", reason, tried, cast)
    request = court.request("other-bytes")
    tried = "Vote on other bytes than the ones that the gate wrote."
    yield refusal(
        Promise.REVIEW,
        "vote-other-bytes",
        "vote-stale",
        tried,
        lambda: court.vote(court.stewards[0], request, "f" * 64),
    )
    yield _voted_twice(court)
    yield _voted_by_all(court)
    yield _voted_by_too_few(court)


def _voted_twice(court: Court) -> Attempt:
    tried = "Vote as often as votes are needed, all of them by one steward."
    needed = court.needed()
    if needed < 2:  # one vote cannot be cast by two
        seen = "This lab asks for one vote only, so one steward decides alone."
        return Attempt(Promise.REVIEW, "vote-twice", "host", tried, seen, Verdict.NOTE)
    request = court.request("twice")
    for _ in range(needed):
        if court.state(request) is ExportState.IN_REVIEW:
            court.vote(court.stewards[0], request)
    counted = court.state(request) is not ExportState.IN_REVIEW
    seen = "The votes counted." if counted else "They counted as one vote."
    return Attempt(Promise.REVIEW, "vote-twice", "host", tried, seen, Verdict.BROKEN if counted else Verdict.HOLDS)


def _voted_by_all(court: Court) -> Attempt:
    tried = "Vote as different, eligible stewards, as a control."
    request = court.request("by-all")
    try:
        for steward in court.stewards[: court.needed()]:
            court.vote(steward, request)
    except LabError as error:
        return Attempt(Promise.REVIEW, "vote-all", "host", tried, str(error), Verdict.BROKEN)
    state = court.state(request)
    holds = state is ExportState.APPROVED
    seen = "The request was approved." if holds else f"The request stayed {state}, so nothing is proved."
    return Attempt(Promise.REVIEW, "vote-all", "host", tried, seen, Verdict.HOLDS if holds else Verdict.BROKEN)


def _voted_by_too_few(court: Court) -> Attempt:
    """Each class of output waits for exactly as many stewards as the policy says of it."""
    tried = "Vote on an output of each class, and of an unknown one, as one steward fewer than its policy asks for."
    early, late = [], []
    for output in OutputClass:
        request = court.request(f"few-{output}", output)
        *first, last = court.stewards[: court.needed(output)]
        for steward in first:
            court.vote(steward, request)
        early += [] if not first or court.state(request) is ExportState.IN_REVIEW else [output]
        if output not in early:
            court.vote(last, request)
            late += [] if court.state(request) is ExportState.APPROVED else [output]
    seen = "Each waited for the last vote, and was approved with it."
    if early or late:
        seen = f"Some were approved too early, or not with the last vote: {', '.join([*early, *late])}."
    return Attempt(Promise.REVIEW, "vote-few", "host", tried, seen, Verdict.BROKEN if early or late else Verdict.HOLDS)


def releases_tried(court: Court) -> Iterator[Attempt]:
    """Promise 5: a release without votes, one whose bytes were changed, and what a recipient then sees."""
    lab, steward = court.lab, court.stewards[0]
    unreviewed = court.request("unreviewed")
    yield refusal(
        Promise.RELEASES,
        "unreviewed",
        "not-approved",
        "Release a request that carries no vote.",
        lambda: releases.release(lab, steward, unreviewed.id),
    )
    changed = court.approved("changed")
    flip(court.vault, changed.files[0].canonical)
    yield refusal(
        Promise.RELEASES,
        "changed-before",
        "vault-changed",
        "Change one bit of a file after the votes, and release it.",
        lambda: releases.release(lab, steward, changed.id),
    )
    try:
        made = releases.release(lab, steward, court.approved("good").id)
    except LabError as error:
        tried = "Release a request that carries all votes, as a control."
        yield Attempt(Promise.RELEASES, "release", "host", tried, str(error), Verdict.BROKEN)
        return
    yield from receipts_tried(made, lab.settings.secret(Secret.PUBLIC).read_bytes())
    own = downloads.make_download(lab, steward, made.id)
    flip(court.vault, made.files[0].sha256)
    yield refusal(
        Promise.RELEASES,
        "changed-after",
        "vault-changed",
        "Change one bit of a released file, and download it.",
        lambda: downloads.released_file(lab, steward, made.id, own.id, made.files[0].name),
    )
