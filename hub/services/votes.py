"""The stewards' votes: cast, opened, overridden and counted; and the rejection of a request for good.

Invariants:

* which votes count is asked of the people as they are in the transaction that asks;
* the audit log holds the seal of a sealed vote, and what was said when all of them are opened.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from hub.domain import votes as rules
from hub.domain.audit import event
from hub.domain.ballots import Ballot, Cause, Decision, Override, Vote, check_says_what_changes, seal_of
from hub.domain.errors import ConflictError, InvalidError
from hub.domain.exports import ExportRequest, ExportState, ExportStep, contexts_of, step_request
from hub.domain.output_classes import OutputClass
from hub.domain.projects import Project
from hub.domain.queue import Seen, check_fresh, check_not_claimed, digest_of_files, without_claim
from hub.domain.reasons import is_given
from hub.domain.staying_votes import read_of
from hub.policy.layers import VOTES
from hub.services.exports import load_reviewable, load_visible
from hub.services.lab import Lab, load_person, people_today
from hub.services.policies import policy_of, quorum_in, quorum_of, votes_are_blind
from hub.services.ports import Reading, Transaction
from hub.settings import Settings

NO_FILES = "0" * 64
"""A digest that no file has."""


def counted(reading: Reading, request: ExportRequest, project: Project) -> ExportRequest:
    """Return the request with the votes and overrides that count now."""
    return rules.counting(request, project, people_today(reading, rules.voters(request)))


def counted_now(lab: Lab, request: ExportRequest, project: Project) -> ExportRequest:
    """The same, for a page that says beforehand what would be refused."""
    with lab.store.read() as reading:
        return counted(reading, request, project)


@dataclass(frozen=True, slots=True)
class VotesAsked:
    """How many different stewards must approve every file of a request, and why so many.

    ``output`` is the class of output that decides, ``layer`` the layer of the policy that asks for the number, and
    ``is_current`` is false where another policy is in force than the one that the request was checked under.
    """

    number: int
    output: OutputClass
    layer: str
    is_current: bool


def needed_for(reading: Reading, lab: Lab, request: ExportRequest) -> int:
    """Return how many different stewards must approve every file, by the policy in force and what the files hold."""
    return quorum_of(reading, lab.settings.gate, request).needed(request)


def votes_asked(reading: Reading, settings: Settings, request: ExportRequest) -> VotesAsked:
    """Return how many votes a request needs, and which class of output and layer of the policy ask for them."""
    merged = policy_of(reading, settings.gate, request)
    quorum = quorum_in(merged)
    output = quorum.deciding(request)
    strictest = output if output in quorum.votes else max(quorum.votes, key=quorum.of)
    origin = merged.origin(f"{VOTES}{strictest}")
    return VotesAsked(quorum.of(output), output, origin.words if origin else "", quorum.policy == request.policy)


def asked_of(lab: Lab, actor: str, identifier: str) -> VotesAsked:
    """The same, to whoever sees the request."""
    with lab.store.read() as reading:
        request, _, _ = load_visible(reading, actor, identifier)
        return votes_asked(reading, lab.settings, request)


def are_sealed(reading: Reading, settings: Settings, request: ExportRequest) -> bool:
    """Say whether the first votes on the request are, or will be, sealed; for a page that says so beforehand."""
    if request.ballot is not Ballot.OPEN or request.votes:
        return request.ballot is Ballot.SEALED
    return votes_are_blind(reading, settings, request)


def vote(
    lab: Lab,
    actor: str,
    identifier: str,
    *,
    decision: Decision,
    canonical: dict[str, str],
    policy: str,
    reason: str,
    turn: int = 0,
    cause: Cause = Cause.OTHER,
) -> ExportRequest:
    """Cast a steward's votes on canonical files, named by path and digest as the steward saw them.

    The last vote that is needed approves the request. A vote for changes returns it to its author with cause and
    reason, or where first votes are sealed, stands as a dissent when they are opened. ``turn`` is the submission that
    the steward saw, 0 where they do not say. A vote ends its steward's claim.
    """
    check_says_what_changes(decision, reason)
    if not canonical:
        raise InvalidError("A vote names the files that it is about.", reason="no-files")
    with lab.store.begin() as records:
        seen, project = load_reviewable(records, actor, identifier)
        seen = _in_review(counted(records, seen, project), needed_for(records, lab, seen))
        now = lab.now()
        check_not_claimed(seen, actor, now, lab.settings.review.claim)
        check_fresh(seen, Seen(turn, canonical, policy))
        why = cause if decision is Decision.CHANGES else None
        files, contexts = {f.path: f for f in seen.files}, contexts_of(seen)
        cast = tuple(
            Vote(
                *(actor, p, d, policy, decision, reason.strip(), now, why),
                context=contexts[files[p].group],
                seen=read_of(seen, files[p]),
            )
            for p, d in sorted(canonical.items())
        )
        seen = rules.seal(without_claim(seen), is_blind=votes_are_blind(records, lab.settings, seen))
        return _cast(lab, records, seen, project, cast)


def files_seen(lab: Lab, actor: str, identifier: str, digest: str) -> dict[str, str]:
    """Return the digests by path of files that somebody saw and that ``digest_of_files`` names, for a vote on them.

    Where the files are others by now, each has a digest that no file has, so that the vote is refused as a stale one.
    """
    with lab.store.read() as reading:
        files = load_visible(reading, actor, identifier)[0].files
    is_same = digest_of_files(files) == digest
    return {f.path: f.canonical if is_same else NO_FILES for f in files} if digest else {}


def _in_review(seen: ExportRequest, needed: int) -> ExportRequest:
    """A request that waits for votes; an approved one whose votes do not suffice any more waits for them again."""
    if seen.state is ExportState.SUBMITTED:
        return step_request(seen, ExportStep.REVIEW)
    if seen.state is ExportState.APPROVED and not rules.is_approved(seen, needed):
        return step_request(seen, ExportStep.REOPEN)
    if seen.state is not ExportState.IN_REVIEW:
        raise ConflictError(
            "The export request {id} is {state}; it is not in review.",
            reason="not-in-review",
            id=seen.id,
            state=seen.state,
        )
    return seen


def _cast(
    lab: Lab, records: Transaction, seen: ExportRequest, project: Project, cast: tuple[Vote, ...]
) -> ExportRequest:
    """Save the votes, open them where they are complete, and return the request as their steward may see it."""
    actor, needed = cast[0].steward, needed_for(records, lab, seen)
    voted = rules.add_votes(seen, cast)
    is_sealed = voted.ballot is Ballot.SEALED
    voted = rules.salted(voted, actor, secrets.token_hex(16)) if is_sealed else voted
    people = people_today(records, rules.voters(voted))
    opened = rules.open_if_complete(voted, rules.entitled(voted, project, people), needed)
    judged = rules.judge(opened, needed)
    details: dict[str, object] = {"files": len(cast), "needed": needed}
    details |= {"policy": cast[0].policy, "state": judged.state}
    if is_sealed:
        details["seal"] = seal_of(_own(voted, actor))
    else:
        details |= {"decision": cast[0].decision} | ({"cause": cast[0].cause} if cast[0].cause else {})
    records.save(judged, event("export:request:vote", actor, judged.id, judged.project, **details))
    if is_sealed and opened.ballot is Ballot.OPENED:
        _record_opened(records, actor, opened)
    return rules.as_seen_by(load_person(records, actor), judged, project)


def _record_opened(records: Transaction, actor: str, opened: ExportRequest) -> None:
    """Say in the log what each steward said, with the salt by which their seal is made again."""
    for steward in sorted({v.steward for v in opened.votes}):
        own = _own(opened, steward)
        said: dict[str, object] = {
            "steward": steward,
            "decision": " ".join(sorted({v.decision for v in own})),
            "seal": seal_of(own),
            "salt": own[0].salt,
        }
        causes = sorted({v.cause for v in own if v.cause})
        said |= {"cause": " ".join(causes)} if causes else {}
        records.record(event("export:request:open-vote", actor, opened.id, opened.project, **said))


def _own(request: ExportRequest, steward: str) -> tuple[Vote, ...]:
    return tuple(v for v in request.votes if v.steward == steward)


def override_dissent(lab: Lab, actor: str, identifier: str, reason: str, turn: int = 0) -> ExportRequest:
    """Go on against the dissent that there is, with the reason; a lead steward who may review the request does this.

    It takes no approval's place: where votes enough are there beside the dissent, the request is approved.
    """
    with lab.store.begin() as records:
        seen, project = load_reviewable(records, actor, identifier)
        seen, person = counted(records, seen, project), load_person(records, actor)
        rules.check_can_override(person, seen, project)
        check_not_claimed(seen, actor, lab.now(), lab.settings.review.claim)
        check_fresh(seen, Seen(turn))
        said = Override(actor, reason.strip(), lab.now(), rules.dissents(seen))
        judged = rules.judge(rules.override(without_claim(seen), said), needed_for(records, lab, seen))
        against = " ".join(sorted({v.steward for v in said.against}))
        details = {"against": against, "policy": seen.policy, "state": judged.state}
        records.save(judged, event("export:request:override", actor, identifier, seen.project, **details))
        return judged


def reject_request(
    lab: Lab, actor: str, identifier: str, reason: str, turn: int = 0, cause: Cause = Cause.OTHER
) -> ExportRequest:
    """Reject a request for good, with cause and reason; ``turn`` is the submission that the steward saw, if they say.

    While first votes are sealed nobody does, since it would take the place of a vote that others do not know.
    """
    if not is_given(reason):
        raise InvalidError("Say why you reject, so that the author understands.", reason="reason-missing")
    with lab.store.begin() as records:
        seen, _ = load_reviewable(records, actor, identifier)
        check_not_claimed(seen, actor, lab.now(), lab.settings.review.claim)
        check_fresh(seen, Seen(turn))
        rules.check_not_sealed(seen)
        rejected = step_request(without_claim(seen), ExportStep.REJECT, reason.strip(), (cause,))
        details = {"cause": cause}
        records.save(rejected, event("export:request:reject", actor, identifier, seen.project, **details))
        return rejected
