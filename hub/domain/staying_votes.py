"""Approvals that stay when a request comes back: of files of which everything is as it was, and of no others."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict

from hub.domain.ballots import Ballot, Decision, Vote
from hub.domain.exports import ExportFile, ExportRequest, contexts_of, finding_id


def read_of(request: ExportRequest, file: ExportFile) -> str:
    """Return SHA-256 of what a steward reads of a file beside its bytes and context.

    These are its findings with what only stewards are told of them, its classes and card, the supporting files, and the
    snapshots of the data behind it.
    """
    parts = [
        sorted((finding_id(found), found.detail) for found in file.findings),
        list(file.classes),
        asdict(file.card) if file.card else None,
        [[other.path, other.shown] for other in request.supporting],
        sorted(request.snapshots.items()),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def may_stay(request: ExportRequest) -> tuple[Vote, ...]:
    """Return the approvals that a new submission may keep: of files that nobody wanted changed.

    All knew of them as they were cast, and no owner, whose no is on the whole, said no.
    """
    is_owners_no = any(vote.decision is Decision.CHANGES for vote in request.owner_votes)
    if request.ballot is not Ballot.OPEN or is_owners_no:
        return ()
    contested = {v.path for v in request.votes if v.decision is Decision.CHANGES}
    return tuple(v for v in request.votes if v.decision is Decision.APPROVE and v.path not in contested)


def staying(earlier: Iterable[Vote], request: ExportRequest) -> tuple[Vote, ...]:
    """Return the approvals of an earlier submission that stay in this one, which the gate has judged.

    They are of files of which everything is as it was: bytes, context, policy, what the gate says, the files that
    support the request, and the snapshots behind it. A vote that asked for changes has had its effect: whoever cast it
    votes anew.
    """
    files, contexts = {file.path: file for file in request.files}, contexts_of(request)
    present = {
        path: (file.canonical, contexts.get(file.group), request.policy, read_of(request, file))
        for path, file in files.items()
        if file.canonical
    }
    return tuple(
        v
        for v in earlier
        if v.decision is Decision.APPROVE and present.get(v.path) == (v.canonical, v.context, v.policy, v.seen)
    )
