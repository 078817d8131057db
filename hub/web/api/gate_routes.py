"""Routes of export requests, freezes, the audit log and the lab's key; releases are routes of their own."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.domain.audit import AuditEntry
from hub.domain.examinations import LAST
from hub.domain.exports import ExportRequest
from hub.domain.freezes import Freeze
from hub.domain.releases import Release, fingerprint
from hub.services import audit, examinations, exports, freezes, people, queue, releases, votes
from hub.services.access_log import Checked
from hub.services.lab import Lab, found
from hub.services.queue import QueueEntry
from hub.services.votes import VotesAsked
from hub.web.api.answers import ExaminationAnswer, ExportAnswer, KeyAnswer, answer_of, export_answer
from hub.web.api.routes import Download, Request, Route
from hub.web.models.records import AuditQuery, FreezeBody
from hub.web.models.review import ExportBody, OverrideBody, QueueFilter, RejectBody, VoteBody
from hub.web.models.texts import Nothing, PathQuery, ProjectFilter, ReasonBody


def list_exports(lab: Lab, actor: str, request: Request[ProjectFilter]) -> list[ExportAnswer]:
    """List export requests, newest first."""
    return [export_answer(each) for each in exports.requests(lab, actor, request.body.project)]


def post_export(lab: Lab, actor: str, request: Request[ExportBody]) -> ExportRequest:
    """Make a draft."""
    body = request.body
    files = {path: table.value() for path, table in body.files.items()}
    return exports.create_request(
        lab,
        actor,
        body.project,
        source=body.source,
        files=files,
        context=body.context,
        groups=body.grouped(),
        supporting=body.supporting,
    )


def get_export(lab: Lab, actor: str, request: Request[Nothing]) -> ExportAnswer:
    """Return a request."""
    return export_answer(exports.request(lab, actor, request.path["id"]))


def withdraw_export(lab: Lab, actor: str, request: Request[Nothing]) -> ExportRequest:
    """Withdraw a request."""
    return exports.withdraw_request(lab, actor, request.path["id"])


def reject_export(lab: Lab, actor: str, request: Request[RejectBody]) -> ExportRequest:
    """Reject a request for good."""
    body = request.body
    return votes.reject_request(lab, actor, request.path["id"], body.reason, body.turn, body.cause)


def override_dissent(lab: Lab, actor: str, request: Request[OverrideBody]) -> ExportRequest:
    """Go on against a dissent."""
    return votes.override_dissent(lab, actor, request.path["id"], request.body.reason, request.body.turn)


def get_canonical(lab: Lab, actor: str, request: Request[PathQuery]) -> Download:
    """Return a canonical file's bytes."""
    file, content = exports.canonical_file(lab, actor, request.path["id"], request.body.path)
    return Download(file.canonical_name, content)


def get_votes_asked(lab: Lab, actor: str, request: Request[Nothing]) -> VotesAsked:
    """Say how many votes it needs, and why so many."""
    return votes.asked_of(lab, actor, request.path["id"])


def post_vote(lab: Lab, actor: str, request: Request[VoteBody]) -> ExportRequest:
    """Cast votes."""
    body = request.body
    return votes.vote(
        lab,
        actor,
        request.path["id"],
        decision=body.decision,
        canonical=dict(body.canonical),
        policy=body.policy,
        reason=body.reason,
        turn=body.turn,
        cause=body.cause,
    )


def list_queue(lab: Lab, actor: str, request: Request[QueueFilter]) -> list[QueueEntry]:
    """List what waits for the stewards."""
    asked = request.body
    return queue.queue(lab, actor, asked.show, asked.project, asked.risk, asked.level)


def claim_export(lab: Lab, actor: str, request: Request[Nothing]) -> ExportRequest:
    """Take a request for a while."""
    return queue.claim_request(lab, actor, request.path["id"])


def unclaim_export(lab: Lab, actor: str, request: Request[Nothing]) -> ExportRequest:
    """Give a request back."""
    return queue.unclaim_request(lab, actor, request.path["id"])


def post_release(lab: Lab, actor: str, request: Request[Nothing]) -> Release:
    """Make the release."""
    return releases.release(lab, actor, request.path["id"])


def list_freezes(lab: Lab, actor: str, _request: Request[Nothing]) -> list[Freeze]:
    """List the freezes in force."""
    return freezes.freezes(lab, actor)


def post_freeze(lab: Lab, actor: str, request: Request[FreezeBody]) -> Freeze:
    """Stop what leaves."""
    return freezes.freeze(lab, actor, request.body.project, request.body.reason)


def lift_freeze(lab: Lab, actor: str, request: Request[ReasonBody]) -> Freeze:
    """Let leave again what a freeze stopped."""
    return freezes.lift_freeze(lab, actor, request.path["id"], request.body.reason)


def list_audit(lab: Lab, actor: str, request: Request[AuditQuery]) -> list[AuditEntry]:
    """List entries of the audit log."""
    return audit.audit_entries(lab, actor, request.body.after, request.body.limit)


def get_access_log_check(lab: Lab, actor: str, _request: Request[Nothing]) -> Checked:
    """Compare the gateway's access log with what the audit log says of it."""
    return audit.check_access_log(lab, actor)


def get_key(lab: Lab, actor: str, _request: Request[Nothing]) -> KeyAnswer:
    """Return the lab's public key."""
    people.whoami(lab, actor)
    raw = lab.signer.public_key()
    pem = Ed25519PublicKey.from_public_bytes(raw).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return KeyAnswer(pem.decode(), fingerprint(raw))


def get_promises(lab: Lab, actor: str, _request: Request[Nothing]) -> ExaminationAnswer:
    """Return the last examination by the doctor."""
    return answer_of(found(examinations.last_examination(lab, actor), "examination", LAST))


ROUTES: tuple[Route[Any], ...] = (
    Route("GET", "/exports", "Export requests, newest first", list_exports, ProjectFilter, list[ExportAnswer]),
    Route("POST", "/exports", "Make a draft of an export request (a member)", post_export, ExportBody, ExportRequest),
    Route("GET", "/exports/{id}", "An export request; the view is recorded", get_export, Nothing, ExportAnswer),
    Route("POST", "/exports/{id}/withdraw", "Withdraw it (the author)", withdraw_export, Nothing, ExportRequest),
    Route(
        "POST",
        "/exports/{id}/reject",
        "Reject it for good (a reviewing steward)",
        reject_export,
        RejectBody,
        ExportRequest,
    ),
    Route(
        "POST",
        "/exports/{id}/override",
        "Go on against the dissent of other stewards, with the reason (a reviewing lead steward)",
        override_dissent,
        OverrideBody,
        ExportRequest,
    ),
    Route(
        "GET",
        "/exports/{id}/canonical",
        "A canonical file's bytes (a reviewing steward); the view is recorded",
        get_canonical,
        PathQuery,
        Download,
    ),
    Route(
        "GET",
        "/exports/{id}/votes",
        "How many stewards must approve every file, and which output and layer of the policy ask for it",
        get_votes_asked,
        Nothing,
        VotesAsked,
    ),
    Route(
        "POST",
        "/exports/{id}/votes",
        "Vote on canonical files (a reviewing steward)",
        post_vote,
        VoteBody,
        ExportRequest,
    ),
    Route(
        "POST",
        "/exports/{id}/claim",
        "Take it for a while, in which no other steward decides on it (a reviewing steward)",
        claim_export,
        Nothing,
        ExportRequest,
    ),
    Route("DELETE", "/exports/{id}/claim", "Give it back (who claimed it)", unclaim_export, Nothing, ExportRequest),
    Route(
        "GET",
        "/queue",
        "What waits for the stewards, the longest first (steward, auditor)",
        list_queue,
        QueueFilter,
        list[QueueEntry],
    ),
    Route("POST", "/exports/{id}/release", "Make the release (a reviewing steward)", post_release, Nothing, Release),
    Route("GET", "/freezes", "The freezes in force that one may know of", list_freezes, Nothing, list[Freeze]),
    Route("POST", "/freezes", "Stop all that leaves, or a project's (a steward)", post_freeze, FreezeBody, Freeze),
    Route(
        "POST",
        "/freezes/{id}/lift",
        "Lift a freeze (a steward who never was the project's member)",
        lift_freeze,
        ReasonBody,
        Freeze,
    ),
    Route(
        "GET",
        "/audit",
        "Entries of the audit log, in order (auditor, steward)",
        list_audit,
        AuditQuery,
        list[AuditEntry],
    ),
    Route(
        "GET",
        "/promises",
        "The promises as they were last tried on the lab's machine (auditor, steward)",
        get_promises,
        Nothing,
        ExaminationAnswer,
    ),
    Route(
        "GET",
        "/audit/access-log",
        "Hash the gateway's access log again, as far as the audit log vouches for it (auditor, steward)",
        get_access_log_check,
        Nothing,
        Checked,
    ),
    Route("GET", "/key", "The public key that receipts are verified with", get_key, Nothing, KeyAnswer),
)
