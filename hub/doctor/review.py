"""Promises 5 and 6, tried: votes that must not count, and releases whose bytes were changed.

All of it goes through the lab's own use cases, on a store, a vault and a key of the scene's own. What must pass is
tried, too, so that a refusal is no accident.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO

from hub.adapters.secrets import Secret
from hub.adapters.signer import is_signature
from hub.adapters.vault import FolderVault
from hub.doctor.runs import flip
from hub.doctor.scene import OWN, Scene
from hub.domain.audit import event
from hub.domain.errors import LabError
from hub.domain.examinations import Attempt, Promise, Verdict
from hub.domain.exports import Decision, ExportFile, ExportRequest, ExportState
from hub.domain.people import Organisation, Person, Role
from hub.domain.projects import Project
from hub.domain.releases import Release, verify_file, verify_receipt
from hub.domain.uploads import Stored
from hub.services import exports, releases
from hub.services.lab import Lab
from hub.services.policies import site_digest

AUTHOR, FORMER, COLLEAGUE, RESEARCHER = "author", "former", "colleague", "researcher"
MEMBER, FORGED = "member-of-project", "receipt-signature"
CONTENT = b"year,persons\n2013,120\n"
WORDS = "Number of persons by year, made by the doctor."


@dataclass(frozen=True, slots=True)
class Court:
    """A small lab with a project, people of every kind, and as many stewards as a release needs."""

    lab: Lab
    vault: FolderVault
    stewards: tuple[str, ...]

    def request(self, name: str) -> ExportRequest:
        """Make a request that is in review, with one canonical file."""
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
        return site_digest(self.lab.settings.gate)

    def vote(self, steward: str, request: ExportRequest, canonical: str = "") -> ExportRequest:
        """Vote as a steward would."""
        files = {f.path: canonical or f.canonical for f in request.files}
        approve = Decision.APPROVE
        return exports.vote(
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
        for steward in self.stewards:
            self.vote(steward, request)
        return request


def court(scene: Scene) -> Court:
    """Found it in the scene's lab."""
    stewards = tuple(f"steward-{n}" for n in range(max(2, scene.settings.gate.votes)))
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
        yield _refusal(Promise.REVIEW, f"vote-{who}", reason, tried, cast)
    request = court.request("other-bytes")
    tried = "Vote on other bytes than the ones that the gate wrote."
    yield _refusal(
        Promise.REVIEW,
        "vote-other-bytes",
        "vote-stale",
        tried,
        lambda: court.vote(court.stewards[0], request, "f" * 64),
    )
    yield _voted_twice(court)
    yield _voted_by_all(court)


def _voted_twice(court: Court) -> Attempt:
    tried = "Vote as often as votes are needed, all of them by one steward."
    needed = court.lab.settings.gate.votes
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
        for steward in court.stewards[: court.lab.settings.gate.votes]:
            court.vote(steward, request)
    except LabError as error:
        return Attempt(Promise.REVIEW, "vote-all", "host", tried, str(error), Verdict.BROKEN)
    state = court.state(request)
    holds = state is ExportState.APPROVED
    seen = "The request was approved." if holds else f"The request stayed {state}, so nothing is proved."
    return Attempt(Promise.REVIEW, "vote-all", "host", tried, seen, Verdict.HOLDS if holds else Verdict.BROKEN)


def releases_tried(court: Court) -> Iterator[Attempt]:
    """Promise 5: a release without votes, one whose bytes were changed, and what a recipient then sees."""
    lab, steward = court.lab, court.stewards[0]
    unreviewed = court.request("unreviewed")
    yield _refusal(
        Promise.RELEASES,
        "unreviewed",
        "not-approved",
        "Release a request that carries no vote.",
        lambda: releases.release(lab, steward, unreviewed.id),
    )
    changed = court.approved("changed")
    flip(court.vault, changed.files[0].canonical)
    yield _refusal(
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
    flip(court.vault, made.files[0].sha256)
    yield _refusal(
        Promise.RELEASES,
        "changed-after",
        "vault-changed",
        "Change one bit of a released file, and download it.",
        lambda: releases.released_file(lab, steward, made.id, made.files[0].name),
    )


def receipts_tried(made: Release, key: bytes, verify: Callable[..., object] = verify_receipt) -> Iterator[Attempt]:
    """Verify a receipt as a recipient does, then one with a changed number, a changed signature and a changed file."""

    def signed(signature: bytes, message: bytes) -> bool:
        return is_signature(key, signature, message)

    tried = "Verify the receipt of a release, offline, as a control."
    if _refused(lambda: verify(made.receipt, signed)):
        seen = "The receipt was refused, so nothing is proved."
        yield Attempt(Promise.RELEASES, "receipt", "host", tried, seen, Verdict.BROKEN)
        return
    yield Attempt(Promise.RELEASES, "receipt", "host", tried, "The receipt verifies.", Verdict.HOLDS)
    body = json.loads(made.receipt)
    body["files"][0]["size"] += 1
    forged = json.dumps(body, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    tried = "Change one number of a receipt, and verify it."
    yield _refusal(Promise.RELEASES, "receipt-changed", FORGED, tried, lambda: verify(forged, signed))
    signature = bytearray(base64.b64decode(json.loads(made.receipt)["signature"]))
    signature[0] ^= 1
    body = json.loads(made.receipt) | {"signature": base64.b64encode(bytes(signature)).decode()}
    other = json.dumps(body, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    tried = "Change one bit of a receipt's signature, and verify it."
    yield _refusal(Promise.RELEASES, "signature-changed", FORGED, tried, lambda: verify(other, signed))
    file = made.files[0]
    tried = "Compare a file that differs by one bit with its receipt."
    yield _refusal(
        Promise.RELEASES,
        "file-changed",
        "released-file-changed",
        tried,
        lambda: verify_file(file, Stored(_other(file.sha256), file.size)),
    )


def _other(digest: str) -> str:
    return ("1" if digest[0] == "0" else "0") + digest[1:]


def real_releases(lab: Lab) -> Iterator[Attempt]:
    """Sign with the lab's own key, and verify the receipts and the files of its latest releases."""
    tried = "Sign with the lab's own key, and verify with the key that recipients have."
    try:
        key = lab.settings.secret(Secret.PUBLIC).read_bytes()
        word = b"datalab doctor"
        good = is_signature(key, lab.signer.sign(word), word) and not is_signature(
            key, lab.signer.sign(word), word + b"."
        )
    except (LabError, OSError) as error:
        why = str(error)[:200]
        seen = f"The keys cannot be used: {why}"
        yield Attempt(Promise.RELEASES, "own-key", "host", tried, seen, Verdict.UNSEEN)
        return
    seen = "The signature verifies, and no other does." if good else "The two keys do not belong together."
    yield Attempt(Promise.RELEASES, "own-key", "host", tried, seen, Verdict.HOLDS if good else Verdict.BROKEN)
    yield _kept_releases(lab, key)


MOST_RELEASES = 50


def _kept_releases(lab: Lab, key: bytes) -> Attempt:
    tried = "Verify the receipts and the files of the lab's latest releases."
    with lab.store.read() as reading:
        latest = reading.find(Release)[-MOST_RELEASES:]
    broken = [made.id for made in latest if _refused(partial(_verified, lab, made, key))]
    names, count = ", ".join(broken[:5]), len(latest)
    seen = f"These do not verify: {names}." if broken else f"All of {count} releases verify."
    return Attempt(Promise.RELEASES, "kept", "host", tried, seen, Verdict.BROKEN if broken else Verdict.HOLDS)


def _verified(lab: Lab, made: Release, key: bytes) -> None:
    named = verify_receipt(made.receipt, lambda signature, message: is_signature(key, signature, message))
    for file, kept in zip(named, made.files, strict=True):
        verify_file(file, Stored(kept.sha256, kept.size))
        lab.vault.check(kept.sha256, kept.size)


def _refused(act: Callable[[], object]) -> bool:
    try:
        act()
    except LabError:
        return True
    return False


def _refusal(promise: Promise, name: str, wanted: str, tried: str, act: Callable[[], object]) -> Attempt:
    """Do what must be refused, and for the right reason; any other refusal may be an accident."""
    try:
        act()
    except LabError as error:
        reason = error.reason
        seen = (
            f"It was refused ({reason})." if reason == wanted else f"It was refused, but for another reason ({reason})."
        )
        return Attempt(promise, name, "host", tried, seen, Verdict.HOLDS if reason == wanted else Verdict.BROKEN)
    return Attempt(promise, name, "host", tried, "It was not refused.", Verdict.BROKEN)
